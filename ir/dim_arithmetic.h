// Total arithmetic on the integers of Dims. Internal to ir/dim*.cc.
#ifndef CERMET_IR_DIM_ARITHMETIC_H_
#define CERMET_IR_DIM_ARITHMETIC_H_

#include <cstdint>
#include <limits>
#include <numeric>

namespace cermet {

inline constexpr int64_t kMaxInt = std::numeric_limits<int64_t>::max();
inline constexpr int64_t kMinInt = std::numeric_limits<int64_t>::min();

inline int64_t SaturatingAdd(int64_t a, int64_t b) {
  int64_t result;
  if (__builtin_add_overflow(a, b, &result)) return a > 0 ? kMaxInt : kMinInt;
  return result;
}

inline int64_t SaturatingMul(int64_t a, int64_t b) {
  int64_t result;
  if (__builtin_mul_overflow(a, b, &result)) return (a > 0) == (b > 0) ? kMaxInt : kMinInt;
  return result;
}

inline int64_t FloorDivInt(int64_t a, int64_t b) {
  if (b == 0) return 0;
  if (b == -1) return a == kMinInt ? kMaxInt : -a;
  const int64_t quotient = a / b;
  return a % b != 0 && (a % b < 0) != (b < 0) ? quotient - 1 : quotient;
}

inline int64_t ModInt(int64_t a, int64_t b) {
  if (b == 0) return a;
  if (b == -1) return 0;
  const int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

inline int64_t GcdInt(int64_t a, int64_t b) {
  if (a == kMinInt || b == kMinInt) return 1;
  return std::gcd(a, b);
}

}  // namespace cermet

#endif  // CERMET_IR_DIM_ARITHMETIC_H_
