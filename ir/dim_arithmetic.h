// Total arithmetic on 64-bit integers, as Dims define it: nothing traps or wraps.
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

// Rounds down; by 0 it gives 0.
inline int64_t FloorDivInt(int64_t a, int64_t b) {
  if (b == 0) return 0;
  if (b == -1) return a == kMinInt ? kMaxInt : -a;
  const int64_t quotient = a / b;
  return a % b != 0 && (a % b < 0) != (b < 0) ? quotient - 1 : quotient;
}

// Rounds up; by 0 it gives 0.
inline int64_t CeilDivInt(int64_t a, int64_t b) {
  const int64_t floor = FloorDivInt(a, b);
  const bool is_exact = b == 0 || b == -1 || a % b == 0;
  return is_exact ? floor : floor + 1;
}

// What FloorDivInt leaves: of the sign of `b`; by 0 it gives `a`.
inline int64_t FloorModInt(int64_t a, int64_t b) {
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
