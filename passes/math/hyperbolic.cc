// Hyperbolic functions, their inverses, erf, and cbrt.
#include <cmath>
#include <limits>
#include <numbers>

#include "passes/math/functions.h"
#include "passes/math/polynomials.h"

namespace cermet::math {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// 1 - 2 / (e^2|x| + 1), and a polynomial where that cancels.
Expr TanhF32(Expr x) {
  const Expr magnitude = Abs(x);
  const Expr e = ExpBounded(Minimum(magnitude + magnitude, x.Number(20)));
  const Expr large = 1.0 - 2.0 / (e + 1.0);
  const Expr z = x * x;
  const Expr small = Fma(magnitude * z, Polynomial(z, kTanhF32), magnitude);
  return WithSign(Select(magnitude < 0.55, small, large), x);
}

// t / (t + 2) for t = e^2|x| - 1
Expr TanhF64(Expr x) {
  const Expr magnitude = Minimum(Abs(x), x.Number(22));
  const Expr t = Expm1(magnitude + magnitude);
  return WithSign(t / (t + 2.0), x);
}

}  // namespace

Expr Tanh(Expr x) { return x.dtype() == DType::kF32 ? TanhF32(x) : TanhF64(x); }

// A polynomial near 0; 1 - erfc beyond, where log(erfc) is a polynomial.
Expr Erf(Expr x) {
  const bool f32 = x.dtype() == DType::kF32;
  const Expr magnitude = Abs(x);
  const Expr z = x * x;
  const Expr small = Fma(x, f32 ? Polynomial(z, kErfSmallF32) : Polynomial(z, kErfSmallF64), x);
  const Expr t = Minimum(magnitude, x.Number(f32 ? 4 : 6));
  const Expr p = f32 ? Polynomial(t, kErfLargeF32) : Polynomial(t - 2.0, kErfLargeF64);
  const Expr large = 1.0 - ExpBounded(Fma(p, t, -t));
  return Select(magnitude < 0.9277, small, WithSign(large, x));
}

// From t = e^|x| - 1; beyond the range of e^|x|, as a square of e^(|x|/2).
Expr Sinh(Expr x) {
  const Expr magnitude = Abs(x);
  const Expr t = Expm1(magnitude);
  const Expr medium = 0.5 * (t + t / (t + 1.0));
  const Expr root = Exp(magnitude * 0.5);
  const Expr large = 0.5 * root * root;
  return WithSign(Select(magnitude < 40, medium, large), x);
}

Expr Cosh(Expr x) {
  const Expr magnitude = Abs(x);
  const Expr root = Exp(magnitude * 0.5);
  const Expr e = Exp(magnitude);
  return Select(magnitude < 40, 0.5 * e + 0.5 / e, 0.5 * root * root);
}

Expr Asinh(Expr x) {
  const Expr magnitude = Abs(x);
  const Expr square = magnitude * magnitude;
  const Expr medium = Log1p(magnitude + square / (1.0 + Sqrt(square + 1.0)));
  const Expr large = Log(magnitude) + std::numbers::ln2;
  return WithSign(Select(magnitude < 0x1p28, medium, large), x);
}

Expr Acosh(Expr x) {
  const Expr t = x - 1.0;
  const Expr medium = Log1p(t + Sqrt(Fma(t, t, t + t)));
  const Expr large = Log(x) + std::numbers::ln2;
  const Expr result = Select(x < 0x1p28, medium, large);
  return Select(x < 1, std::numeric_limits<double>::quiet_NaN(), result);
}

Expr Atanh(Expr x) {
  const Expr magnitude = Abs(x);
  return WithSign(0.5 * Log1p((magnitude + magnitude) / (1.0 - magnitude)), x);
}

// A first guess from a third of the exponent (as in FreeBSD's s_cbrt.c), then Halley's iteration.
Expr Cbrt(Expr x) {
  const Expr magnitude = Abs(x);
  const Expr tiny = magnitude < 0x1p-900;
  const Expr huge = magnitude > 0x1p900;
  const Expr a = Select(tiny, magnitude * 0x1p300, Select(huge, magnitude * 0x1p-300, magnitude));
  const Expr head = ShiftRight(a.Bitcast(DType::kI64), 32);
  const Expr number = (head + head.Integer(0x4338000000000000)).Bitcast(DType::kF64) - 0x1.8p52;
  const Expr third = Fma(number, 1.0 / 3, 0x1.8p52 + 715094163.0);
  Expr t = ShiftLeft(third.Bitcast(DType::kI64) - head.Integer(0x4338000000000000), 32)
               .Bitcast(DType::kF64);
  for (int i = 0; i < 3; ++i) {
    const Expr cube = t * t * t;
    t = Fma(t, (a - cube) / (cube + cube + a), t);
  }
  const Expr scaled = t * Select(tiny, 0x1p-100, Select(huge, 0x1p100, x.Number(1)));
  const Expr ordinary = (magnitude > 0) & (magnitude < kInfinity);
  return Select(ordinary, WithSign(scaled, x), x);
}

}  // namespace cermet::math
