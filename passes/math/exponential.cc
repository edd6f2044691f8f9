// exp, log and what follows from them directly.
//
// Sources: Cody and Waite's reduction x = n ln2 + r with fma; logarithms as in FreeBSD's msun (Ng),
// f32 after N. Juffa's forum posts.
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

#include "passes/math/functions.h"
#include "passes/math/polynomials.h"

namespace cermet::math {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kLog2E = 0x1.71547652b82fep+0;
// ln2 = high + low; with fma the products need no spare bits.
constexpr double kLn2HighF32 = 0x1.62e430p-1, kLn2LowF32 = -0x1.05c610p-29;
constexpr double kLn2HighF64 = 0x1.62e42fefa39efp-1, kLn2LowF64 = 0x1.abc9e3b39803fp-56;
// The high part has 32 trailing zeros: its products with exponents are exact.
constexpr double kLn2Exact = 0x1.62e42feep-1, kLn2Rest = 0x1.a39ef35793c76p-33;

// Adding 1.5 * 2^(mantissa bits) rounds to an integer, which the low bits of the sum then hold.
double MagicOf(DType dtype) { return dtype == DType::kF32 ? 0x1.8p23 : 0x1.8p52; }
int64_t MagicBits(DType dtype) {
  return dtype == DType::kF32 ? std::bit_cast<int32_t>(0x1.8p23f)
                              : std::bit_cast<int64_t>(0x1.8p52);
}

// x = n ln2 + r with |r| <= ln2 / 2; `low` is added to r.
struct ExpReduction {
  Expr n;  // an integer
  Expr r;
};
ExpReduction ReduceExp(Expr x) {
  const bool f32 = x.dtype() == DType::kF32;
  const double magic = MagicOf(x.dtype());
  const Expr shifted = Fma(x, kLog2E, magic);
  const Expr n = shifted - magic;
  const Expr bits = shifted.Bitcast(BitsType(x.dtype()));
  const Expr high = Fma(n, f32 ? -kLn2HighF32 : -kLn2HighF64, x);
  return {bits - bits.Integer(MagicBits(x.dtype())), Fma(n, f32 ? -kLn2LowF32 : -kLn2LowF64, high)};
}

// (e^r - 1 - r) / r^2
Expr ExpTail(Expr r) {
  return r.dtype() == DType::kF32 ? Polynomial(r, kExpF32) : Polynomial(r, kExpF64);
}
Expr ExpOfReduced(Expr r) { return Fma(Fma(ExpTail(r), r, 1.0), r, 1.0); }

// p * 2^n in two steps, so that results overflow and become subnormal with one rounding.
Expr Scale(Expr p, Expr n) {
  const Expr half = ShiftRight(n, 1);
  return p * PowerOfTwo(half, p.dtype()) * PowerOfTwo(n - half, p.dtype());
}

Expr ClampExp(Expr x) {
  return x.dtype() == DType::kF32 ? Clamp(x, -104, 89) : Clamp(x, -746, 710);
}

// x = 2^k m for positive finite x, with m from `lowest` to 2 * lowest.
struct Decomposition {
  Expr k;  // in x's type
  Expr m;
};
Decomposition Decompose(Expr x, double lowest) {
  const bool f32 = x.dtype() == DType::kF32;
  const Expr subnormal = x < (f32 ? 0x1p-126 : 0x1p-1022);
  const Expr normal = Select(subnormal, x * (f32 ? 0x1p23 : 0x1p52), x);
  const Expr bias = Select(subnormal, f32 ? -23.0 : -52.0, x.Number(0));
  const Expr bits = normal.Bitcast(BitsType(x.dtype()));
  if (f32) {
    const Expr exponent =
        (bits - bits.Integer(std::bit_cast<int32_t>(static_cast<float>(lowest)))) &
        bits.Integer(static_cast<int32_t>(0xff800000));
    return {Fma(exponent.Convert(DType::kF32), 0x1p-23, bias),
            (bits - exponent).Bitcast(x.dtype())};
  }
  // Vector units convert no 64-bit integers; small ones become floats by way of the magic number.
  const Expr k = ShiftRight(bits - bits.Integer(std::bit_cast<int64_t>(lowest)), 52);
  const Expr number = (k + k.Integer(MagicBits(DType::kF64))).Bitcast(DType::kF64) - 0x1.8p52;
  return {number + bias, (bits - ShiftLeft(k, 52)).Bitcast(DType::kF64)};
}

// The values of log outside of (0, inf).
Expr WithLogSpecials(Expr x, Expr log) {
  const Expr ordinary = (x > 0) & (x < kInfinity);
  const Expr special = Select(x == 0, -kInfinity, Select(x < 0, kNan, x));
  return Select(ordinary, log, special);
}

Expr LogF32(Expr x) {
  const Decomposition d = Decompose(x, 2.0 / 3);
  const Expr f = d.m - 1.0;
  const Expr log = Fma(Fma(Polynomial(f, kLog1pF32), f, -0.5), f * f, f);
  return Fma(d.k, kLn2HighF32, log);
}

Expr LogF64(Expr x) {
  const Decomposition d = Decompose(x, std::numbers::sqrt2 / 2);
  const Expr f = d.m - 1.0;
  const Expr s = f / (f + 2.0);
  const Expr z = s * s;
  const Expr half_square = f * f * 0.5;
  const Expr tail = s * Fma(z, Polynomial(z, kAtanhF64), half_square);
  return Fma(d.k, kLn2Exact, f - (half_square - Fma(d.k, kLn2Rest, tail)));
}

// log of a positive finite f64, to some 65 bits: log m = 2 atanh(s), s = (m - 1) / (m + 1).
Pair LogPair(Expr x) {
  const Decomposition d = Decompose(x, std::numbers::sqrt2 / 2);
  const Expr f = d.m - 1.0;
  const Pair g = FastTwoSum(x.Number(2), f);
  Pair s;
  s.high = f / g.high;
  s.low = Fma(-s.high, g.low, Fma(-s.high, g.high, f)) / g.high;
  Pair z = TwoProduct(s.high, s.high);
  z.low = Fma(s.high + s.high, s.low, z.low);
  // p = 2/3 + z * tail
  Pair p = FastTwoSum(x.Number(2.0 / 3), z.high * Polynomial(z.high, kAtanhTailF64));
  p.low = p.low + 0x1.5555555555555p-55;  // 2/3 beyond its first 53 bits
  Pair cube = TwoProduct(s.high, z.high);
  cube.low = Fma(s.high, z.low, Fma(s.low, z.high, cube.low));
  Pair rest = TwoProduct(cube.high, p.high);
  rest.low = Fma(cube.high, p.low, Fma(cube.low, p.high, rest.low));
  const Pair log = FastTwoSum(s.high + s.high, rest.high);
  const Pair sum = FastTwoSum(d.k * kLn2Exact, log.high);
  return {sum.high, sum.low + Fma(d.k, kLn2Rest, log.low + (rest.low + (s.low + s.low)))};
}

// What pow(x, y) is, given |x|^y, in the cases that depend on signs, infinities and NaN.
Expr WithPowSpecials(Expr x, Expr y, Expr power) {
  const Expr half = y * 0.5;
  const Expr integer = Floor(y) == y;
  const Expr odd = integer & (Floor(half) != half);
  const Expr signed_power = Select(odd, WithSign(power, x), power);
  const Expr invalid = (x < 0) & (x > -kInfinity) & !integer;
  const Expr is_one = (x == 1) | (y == 0) | ((x == -1) & (Abs(y) == kInfinity));
  return Select(is_one, 1.0, Select(invalid, kNan, signed_power));
}

}  // namespace

Expr Exp(Expr x) {
  const ExpReduction e = ReduceExp(ClampExp(x));
  return Scale(ExpOfReduced(e.r), e.n);
}

Expr ExpOfPair(Pair x) {
  const ExpReduction e = ReduceExp(ClampExp(x.high));
  return Scale(ExpOfReduced(e.r + x.low), e.n);
}

Expr ExpBounded(Expr x) {
  const ExpReduction e = ReduceExp(x);
  return ExpOfReduced(e.r) * PowerOfTwo(e.n, x.dtype());
}

Expr Log(Expr x) { return WithLogSpecials(x, x.dtype() == DType::kF32 ? LogF32(x) : LogF64(x)); }

// e^x - 1 = 2^n (e^r - 1) + (2^n - 1), halved because 2^n may be beyond the largest number.
Expr Expm1(Expr x) {
  const ExpReduction e = ReduceExp(Clamp(x, -60, 710));
  const Expr p = Fma(ExpTail(e.r), e.r * e.r, e.r);
  const Expr half_scale = PowerOfTwo(e.n - e.n.Integer(1), DType::kF64);
  const Expr half = Fma(half_scale, p, half_scale - 0.5);
  return Select(Abs(x) < 0x1p-54, x, half + half);
}

// log(u) + c/u for u + c = 1 + x exactly.
Expr Log1p(Expr x) {
  const Pair u = TwoSum(x.Number(1), x);
  const Expr correction = Select((x > -1) & (x < 0x1p54), u.low / u.high, 0.0);
  return Select(Abs(x) < 0x1p-54, x, Log(u.high) + correction);
}

Expr Logistic(Expr x) {
  const Expr e = Exp(-Abs(x));
  return Select(x < 0, e, 1.0) / (e + 1.0);
}

Expr Rsqrt(Expr x) { return 1.0 / Sqrt(x); }

Expr Pow(Expr x, Expr y) {
  const Expr magnitude = Abs(x);
  const Pair log = LogPair(magnitude);
  const Expr ordinary = (magnitude > 0) & (magnitude < kInfinity);
  const Expr high = Select(ordinary, log.high, Select(magnitude == 0, -kInfinity, magnitude));
  const Pair product = TwoProduct(y, high);
  const Expr low = Select(Abs(product.high) < 1000, Fma(y, log.low, product.low), 0.0);
  return WithPowSpecials(x, y, ExpOfPair({product.high, low}));
}

Expr PowNarrow(Expr x, Expr y) {
  const Expr magnitude = Abs(x);
  const Decomposition d = Decompose(magnitude, std::numbers::sqrt2 / 2);
  const Expr f = d.m - 1.0;
  const Expr s = f / (f + 2.0);
  const Expr z = s * s;
  const Expr log2 = Fma(Fma(s * z, Polynomial(z, kAtanhF64), s + s), kLog2E, d.k);
  const Expr ordinary = (magnitude > 0) & (magnitude < kInfinity);
  const Expr exponent =
      Clamp(y * Select(ordinary, log2, Select(magnitude == 0, -kInfinity, magnitude)), -200, 200);
  const Expr shifted = exponent + 0x1.8p52;
  const Expr r = exponent - (shifted - 0x1.8p52);
  const Expr bits = shifted.Bitcast(DType::kI64);
  const Expr n = bits - bits.Integer(MagicBits(DType::kF64));
  const Expr power = Fma(Polynomial(r, kExp2), r, 1.0) * PowerOfTwo(n, DType::kF64);
  return WithPowSpecials(x, y, power);
}

// By binary exponentiation; negative exponents of signed types as ops.def says.
Expr IntegerPow(Expr x, Expr y) {
  const bool is_signed = IsSignedInteger(x.dtype());
  const int64_t bits = 8 * ByteSize(x.dtype()) - (is_signed ? 1 : 0);
  const Expr zero = x.Integer(0), one = x.Integer(1);
  Expr result = one;
  Expr base = x;
  for (int64_t i = 0; i < bits; ++i) {
    const Expr bit = y & x.Integer(static_cast<int64_t>(uint64_t{1} << i));
    result = Select(bit != zero, result * base, result);
    if (i + 1 < bits) base = base * base;
  }
  if (!is_signed) return result;
  const Expr minus_one = x.Integer(-1);
  const Expr odd = (y & one) != zero;
  const Expr reciprocal = Select(
      x == one, one,
      Select(x == minus_one, Select(odd, minus_one, one), Select(x == zero, minus_one, zero)));
  return Select(y < zero, reciprocal, result);
}

}  // namespace cermet::math
