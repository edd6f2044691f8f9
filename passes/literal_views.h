// Views of tensors in memory, fast enough for the weights of a model.
#ifndef CERMET_PASSES_LITERAL_VIEWS_H_
#define CERMET_PASSES_LITERAL_VIEWS_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "ir/constant_store.h"
#include "ir/dtype.h"
#include "ir/literal.h"

namespace cermet {

// The elements of a constant where they lie, in a literal or in the constant store; valid as long
// as those are.
struct LiteralView {
  LiteralView(const Literal& literal)  // NOLINT: a literal is a view of itself
      : dtype(literal.dtype()), shape(literal.shape()), data(literal.data()) {}
  LiteralView(const ConstantEntry& entry)  // NOLINT: as above; the entry has bytes
      : dtype(entry.dtype), shape(entry.shape), data(entry.data) {}

  DType dtype;
  absl::Span<const int64_t> shape;
  const void* data;
};

// Result dim i is dim permutation[i] of `view`.
Literal TransposeLiteral(LiteralView view, absl::Span<const int64_t> permutation);
// The same bytes under another shape of as many elements.
Literal ReshapeLiteral(LiteralView view, std::vector<int64_t> shape);

}  // namespace cermet

#endif  // CERMET_PASSES_LITERAL_VIEWS_H_
