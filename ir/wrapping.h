// Arithmetic modulo 2^64 on int64_t, whose own overflow is undefined.
#ifndef CERMET_IR_WRAPPING_H_
#define CERMET_IR_WRAPPING_H_

#include <cstdint>

namespace cermet {

constexpr int64_t WrappingAdd(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
constexpr int64_t WrappingSub(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}
constexpr int64_t WrappingMul(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}

}  // namespace cermet

#endif  // CERMET_IR_WRAPPING_H_
