// Permutations of dimensions, as `transpose` has them: result dim i is operand dim permutation[i].
#ifndef CERMET_PASSES_PERMUTATION_H_
#define CERMET_PASSES_PERMUTATION_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "ir/type.h"

namespace cermet {

using Permutation = std::vector<int64_t>;

bool IsIdentity(absl::Span<const int64_t> permutation);
// inverse[permutation[i]] = i.
Permutation Invert(absl::Span<const int64_t> permutation);
// The permutation of transpose(transpose(x, first), second).
Permutation Compose(absl::Span<const int64_t> first, absl::Span<const int64_t> second);
// True if transposing `shape` only moves dims of extent 1, so that it is a reshape.
bool MovesOnlyUnitDims(absl::Span<const int64_t> permutation, const Shape& shape);

// result[i] = list[permutation[i]].
template <typename T>
std::vector<T> Permute(const std::vector<T>& list, absl::Span<const int64_t> permutation) {
  std::vector<T> result;
  for (int64_t from : permutation) result.push_back(list[from]);
  return result;
}

}  // namespace cermet

#endif  // CERMET_PASSES_PERMUTATION_H_
