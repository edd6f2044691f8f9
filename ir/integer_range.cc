// Follows from the width and the sign.
#include "ir/integer_range.h"

#include <limits>

namespace cermet {

std::optional<IntegerRange> RangeOf(DType dtype) {
  if (dtype == DType::kBool) return IntegerRange{0, 1};
  if (!IsInteger(dtype) || dtype == DType::kU64) return std::nullopt;
  if (dtype == DType::kI64) {
    return IntegerRange{std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()};
  }
  const int64_t bits = 8 * ByteSize(dtype);
  if (!IsSignedInteger(dtype)) return IntegerRange{0, (int64_t{1} << bits) - 1};
  const int64_t half = int64_t{1} << (bits - 1);
  return IntegerRange{-half, half - 1};
}

}  // namespace cermet
