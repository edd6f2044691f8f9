// Permutations of dimensions.
#include "passes/permutation.h"

namespace cermet {

bool IsIdentity(absl::Span<const int64_t> permutation) {
  for (size_t i = 0; i < permutation.size(); ++i) {
    if (permutation[i] != static_cast<int64_t>(i)) return false;
  }
  return true;
}

Permutation Invert(absl::Span<const int64_t> permutation) {
  Permutation inverse(permutation.size());
  for (size_t i = 0; i < permutation.size(); ++i) inverse[permutation[i]] = i;
  return inverse;
}

Permutation Compose(absl::Span<const int64_t> first, absl::Span<const int64_t> second) {
  Permutation both;
  for (int64_t i : second) both.push_back(first[i]);
  return both;
}

bool MovesOnlyUnitDims(absl::Span<const int64_t> permutation, const Shape& shape) {
  int64_t last = -1;
  for (int64_t from : permutation) {
    if (shape[from] == Dim(1)) continue;
    if (from < last) return false;
    last = from;
  }
  return true;
}

}  // namespace cermet
