// How far results may differ from evaluating every node as written.
#ifndef CERMET_IR_NUMERICS_H_
#define CERMET_IR_NUMERICS_H_

#include <cstdint>

namespace cermet {

enum class Numerics : uint8_t {
  kExact,     // only rewrites that keep every bit
  kStandard,  // also those marked approximate(bound)
};

}  // namespace cermet

#endif  // CERMET_IR_NUMERICS_H_
