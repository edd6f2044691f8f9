// Views of tensors in memory, fast enough for the weights of a model.
#ifndef CERMET_PASSES_LITERAL_VIEWS_H_
#define CERMET_PASSES_LITERAL_VIEWS_H_

#include <cstdint>

#include "absl/types/span.h"
#include "ir/literal.h"

namespace cermet {

// Result dim i is dim permutation[i] of `literal`.
Literal TransposeLiteral(const Literal& literal, absl::Span<const int64_t> permutation);
// The same bytes under another shape of as many elements.
Literal ReshapeLiteral(const Literal& literal, std::vector<int64_t> shape);

}  // namespace cermet

#endif  // CERMET_PASSES_LITERAL_VIEWS_H_
