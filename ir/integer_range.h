// The values that an integer type has.
#ifndef CERMET_IR_INTEGER_RANGE_H_
#define CERMET_IR_INTEGER_RANGE_H_

#include <cstdint>
#include <optional>

#include "ir/dtype.h"

namespace cermet {

struct IntegerRange {
  int64_t low = 0;
  int64_t high = 0;  // inclusive
};

// Of bool (0 and 1) and integer types; nothing for u64, whose values int64_t does not hold, and for
// other types.
std::optional<IntegerRange> RangeOf(DType dtype);

}  // namespace cermet

#endif  // CERMET_IR_INTEGER_RANGE_H_
