// Inverse trigonometric functions in f64, each from one polynomial after a reduction of its
// argument.
#include <limits>

#include "passes/math/functions.h"
#include "passes/math/polynomials.h"

namespace cermet::math {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kTanPi8 = 0x1.a827999fcef32p-2;
constexpr double kPiHigh = 0x1.921fb54442d18p+1, kPiLow = 0x1.1a62633145c07p-53;

// The angle of (y, x), both not negative, as an unevaluated sum: atan(t) is atan((t-1)/(t+1)) +
// pi/4 for medium t = y/x and pi/2 - atan(1/t) for large t, with one division for all three.
Pair FirstQuadrantAngle(Expr y, Expr x) {
  const Expr large = y * kTanPi8 > x;
  const Expr medium = (y > x * kTanPi8) & !large;
  const Expr numerator = Select(large, -x, Select(medium, y - x, y));
  const Expr denominator = Select(large, y, Select(medium, y + x, x));
  const Expr t = numerator / Select(denominator == 0, 1.0, denominator);
  const Expr z = t * t;
  const Expr turns = Select(large, 0.5, Select(medium, y.Number(0.25), 0.0));
  const Expr tail = Fma(turns, kPiLow, t * z * Polynomial(z, kAtan));
  return {turns * kPiHigh, t + tail};
}

// asin of 0 <= x <= 1/2 less x, given z = x^2.
Expr AsinTail(Expr x, Expr z) { return x * z * Polynomial(z, kAsin); }

// For 1/2 < |x| <= 1: acos|x| = 2 asin(s), s = sqrt((1 - |x|) / 2), with the rounding error of s
// made up for.
struct AsinParts {
  Expr small;  // asin(x) for |x| <= 1/2
  Expr large;  // acos|x| for the others; NaN beyond 1
};
AsinParts MakeAsinParts(Expr x) {
  const Expr square = x * x;
  const Expr z = Fma(Abs(x), -0.5, 0.5);
  const Expr s = Sqrt(z);
  const Expr error = Select(s > 0, Fma(-s, s, z) / (s + s), 0.0);
  const Expr half = s + (error + AsinTail(s, z));
  return {x + AsinTail(x, square), half + half};
}

}  // namespace

Expr Atan(Expr x) {
  const Pair angle = FirstQuadrantAngle(Abs(x), x.Number(1));
  return WithSign(angle.high + angle.low, x);
}

Expr Atan2(Expr y, Expr x) {
  // Halves the range, so that no sum overflows; two infinities have the angle of (1, 1).
  const Expr huge = Maximum(Abs(x), Abs(y)) > 0x1p1000;
  const Expr both = (Abs(x) == kInfinity) & (Abs(y) == kInfinity);
  const Expr scale = Select(huge, 0x1p-10, x.Number(1));
  const Expr x_part = Select(both, 1.0, Abs(x) * scale);
  const Expr y_part = Select(both, 1.0, Abs(y) * scale);
  const Pair angle = FirstQuadrantAngle(y_part, x_part);
  // The sign of x counts, also that of zero.
  const Expr negative = x.Bitcast(DType::kI64) < x.Bitcast(DType::kI64).Integer(0);
  const Expr left = (kPiHigh - angle.high) + (kPiLow - angle.low);
  const Expr result = WithSign(Select(negative, left, angle.high + angle.low), y);
  const Expr unordered = (x != x) | (y != y);
  return Select(unordered, x + y, result);
}

Expr Asin(Expr x) {
  const AsinParts parts = MakeAsinParts(x);
  const Expr large = kPiHigh / 2 - (parts.large - kPiLow / 2);
  return Select(Abs(x) > 0.5, WithSign(large, x), parts.small);
}

Expr Acos(Expr x) {
  const AsinParts parts = MakeAsinParts(x);
  const Expr middle = kPiHigh / 2 - (parts.small - kPiLow / 2);
  const Expr left = kPiHigh - (parts.large - kPiLow);
  return Select(x > 0.5, parts.large, Select(x < -0.5, left, middle));
}

}  // namespace cermet::math
