// sin, cos and tan: x = (4k + q + r) pi/2 with |r| <= 1/2, then polynomials on |y| <= pi/4 for y =
// r pi/2.
//
// The reduction is exact in effect over the whole range of x, without tables in memory (basic ops
// have no loads): the few bits of 2/pi that matter for an exponent are chosen by selects. Payne and
// Hanek, "Radian reduction for trigonometric functions", 1983.
#include <array>
#include <cstdint>

#include "ir/status.h"
#include "passes/math/functions.h"
#include "passes/math/polynomials.h"

namespace cermet::math {
namespace {

constexpr double kHalfPi = 0x1.921fb54442d18p+0, kHalfPiLow = 0x1.1a62633145c07p-54;

struct Reduced {
  Expr y;         // in [-pi/4, pi/4]
  Expr quadrant;  // i64, of which the two lowest bits count
};

// ---- values of f32, which have 24 bits

// 116 bits of 2/pi in parts of 29, whose products with 24 bits are exact. Row j serves x below
// 2^(29 (j+1)): what comes before its bits are multiples of 4 quadrants, what comes after them is
// below 2^-60.
constexpr double kTwoOverPi[5][4] = {
    {0x1.45f306d000000p-1, 0x1.9391054000000p-30, 0x1.4fe13ab000000p-59, 0x1.d1f534d000000p-88},
    {0x1.7cc1b70000000p-7, 0x1.391054a000000p-34, 0x1.fc2757c000000p-64, 0x1.1f534dd000000p-92},
    {0x1.391054a000000p-34, 0x1.fc2757c000000p-64, 0x1.1f534dd000000p-92, 0x1.81b6c52000000p-121},
    {0x1.fc2757c000000p-64, 0x1.1f534dd000000p-92, 0x1.81b6c52000000p-121, 0x1.664f10e000000p-150},
    {0x1.1f534dd000000p-92, 0x1.81b6c52000000p-121, 0x1.664f10e000000p-150, 0x1.041fe50000000p-180},
};

// x mod 4, in [-2, 2]; exact.
Expr ModFour(Expr x) { return Fma(RoundEven(x * 0.25), -4.0, x); }

Reduced ReduceNarrow(Expr magnitude) {
  std::array<Expr, 4> part;
  for (size_t i = 0; i < part.size(); ++i) part[i] = magnitude.Number(kTwoOverPi[4][i]);
  constexpr double kLimits[] = {0x1p29, 0x1p58, 0x1p87, 0x1p116};
  for (size_t j = 4; j-- > 0;) {
    const Expr below = magnitude < kLimits[j];
    for (size_t i = 0; i < part.size(); ++i) part[i] = Select(below, kTwoOverPi[j][i], part[i]);
  }
  const Expr first = ModFour(magnitude * part[0]);
  const Expr second = ModFour(magnitude * part[1]);
  const Expr third = magnitude * part[2];
  const Expr shifted = (first + second + third) + 0x1.8p52;  // rounds to the quadrant
  const Pair sum = TwoSum(first - (shifted - 0x1.8p52), second);
  const Expr r = sum.high + (sum.low + Fma(magnitude, part[3], third));
  return {r * kHalfPi, shifted.Bitcast(DType::kI64)};
}

// ---- values of f64

// The bits of 2/pi after 66 zeros, in words.
constexpr uint64_t kTwoOverPiWords[20] = {
    0x0000000000000000, 0x28be60db9391054a, 0x7f09d5f47d4d3770, 0x36d8a5664f10e410,
    0x7f9458eaf7aef158, 0x6dc91b8e909374b8, 0x01924bba82746487, 0x3f877ac72c4a69cf,
    0xba208d7d4baed121, 0x3a671c09ad17df90, 0x4e64758e60d4ce7d, 0x272117e2ef7e4a0e,
    0xc7fe25fff7816603, 0xfbcbc462d6829b47, 0xdb4d9fb3c9f2c26d, 0xd3d18fd9a797fa8b,
    0x5d49eeb1faf97c5e, 0xcf41ce7de294a4ba, 0x9afed7ec47e35742, 0x1580cc11bf1edaea};

Expr Word(Expr x, uint64_t bits) { return x.Integer(static_cast<int64_t>(bits)); }
Expr ShiftRightLogical(Expr x, Expr y) { return x.Apply(OpCode::kShiftRightLogical, y); }
Expr ShiftRightLogical(Expr x, int64_t y) { return ShiftRightLogical(x, x.Integer(y)); }
Expr ShiftLeft(Expr x, Expr y) { return x.Apply(OpCode::kShiftLeft, y); }

// The high word of the product of two words.
Expr MultiplyHigh(Expr x, Expr y) {
  const Expr mask = Word(x, 0xffffffff);
  const Expr x_low = x & mask, x_high = ShiftRightLogical(x, 32);
  const Expr y_low = y & mask, y_high = ShiftRightLogical(y, 32);
  const Expr a = x_low * y_high, b = x_high * y_low;
  const Expr middle = ShiftRightLogical(x_low * y_low, 32) + (a & mask) + (b & mask);
  return x_high * y_high + ShiftRightLogical(a, 32) + ShiftRightLogical(b, 32) +
         ShiftRightLogical(middle, 32);
}

// Three words of 2/pi * 2^(exponent + 190) mod 2^192, the highest first.
std::array<Expr, 3> TwoOverPiWindow(Expr position) {
  const Expr word = ShiftRightLogical(position, 6);
  const Expr shift = position & Word(position, 63);
  const Expr back = Word(position, 64) - shift;  // a shift by 64 gives 0
  std::array<Expr, 4> words;
  for (size_t i = 0; i < words.size(); ++i) words[i] = Word(position, kTwoOverPiWords[16 + i]);
  for (size_t w = 16; w-- > 0;) {
    const Expr here = word == Word(position, w);
    for (size_t i = 0; i < words.size(); ++i) {
      words[i] = Select(here, Word(position, kTwoOverPiWords[w + i]), words[i]);
    }
  }
  std::array<Expr, 3> window;
  for (size_t i = 0; i < window.size(); ++i) {
    window[i] = ShiftLeft(words[i], shift) | ShiftRightLogical(words[i + 1], back);
  }
  return window;
}

Reduced ReduceWide(Expr magnitude) {
  // magnitude = mantissa * 2^exponent; the products are fixed-point numbers of quadrants with 190
  // bits after the point.
  const Expr bits = magnitude.Bitcast(DType::kU64);
  const Expr biased = ShiftRightLogical(bits, 52);
  const Expr mantissa = (bits & Word(bits, 0xfffffffffffff)) | Word(bits, uint64_t{1} << 52);
  const Expr position = Maximum(biased, Word(bits, 1022)) - Word(bits, 1075 - 64);
  const std::array<Expr, 3> window = TwoOverPiWindow(position);
  const Expr product_low = mantissa * window[1];
  const Expr low = product_low + MultiplyHigh(mantissa, window[2]);
  const Expr carry = Select(low < product_low, Word(bits, 1), Word(bits, 0));
  const Expr high = mantissa * window[0] + MultiplyHigh(mantissa, window[1]) + carry;

  // The fraction as 128 bits, its sign taken out (as one's complement: off by 2^-128).
  const Expr top = ShiftLeft(high, Word(bits, 2)) | ShiftRightLogical(low, 62);
  const Expr negative = ShiftRight(top, 63);
  const Expr quadrant = ShiftRightLogical(high, 62) - negative;
  const Expr fraction = top ^ negative;
  const Expr rest = ShiftLeft(low, Word(bits, 2)) ^ negative;

  // Two doubles of its leading 106 bits.
  const Expr zeros = fraction.Apply(OpCode::kCountLeadingZeros);
  const Expr head = ShiftLeft(fraction, zeros) | ShiftRightLogical(rest, Word(bits, 64) - zeros);
  const Expr tail = ShiftLeft(head, Word(bits, 53)) | ShiftRightLogical(ShiftLeft(rest, zeros), 11);
  const Expr scale = PowerOfTwo((Word(bits, 0) - zeros).Bitcast(DType::kI64), DType::kF64);
  const auto to_float = [](Expr word) {
    return ShiftRightLogical(word, 11).Bitcast(DType::kI64).Convert(DType::kF64);
  };
  const Expr r = to_float(head) * 0x1p-53 * scale;
  const Expr r_low = to_float(tail) * 0x1p-106 * scale;
  const Pair product = TwoProduct(r, r.Number(kHalfPi));
  const Expr y = product.high + (product.low + Fma(r, kHalfPiLow, r_low * kHalfPi));
  const Expr sign = (negative & Word(bits, uint64_t{1} << 63)).Bitcast(DType::kI64);
  const Expr signed_y = (y.Bitcast(DType::kI64) ^ sign).Bitcast(DType::kF64);

  const Expr small = magnitude < 0x1.921fb54442d18p-1;
  const Expr finite = magnitude.Apply(OpCode::kIsFinite);
  const Expr reduced = Select(finite, signed_y, magnitude - magnitude);
  return {Select(small, magnitude, reduced),
          Select(small, Word(bits, 0), quadrant).Bitcast(DType::kI64)};
}

Expr SinPolynomial(Expr y, Expr z) { return Fma(y * z, Polynomial(z, kSin), y); }
Expr CosPolynomial(Expr z) { return Fma(z * z, Polynomial(z, kCos), Fma(z, -0.5, 1.0)); }

// Flips the sign of x where bit 1 of `quadrant` is set.
Expr FlipByQuadrant(Expr x, Expr quadrant) {
  const Expr sign = ShiftLeft(quadrant & quadrant.Integer(2), quadrant.Integer(62));
  return (x.Bitcast(DType::kI64) ^ sign).Bitcast(DType::kF64);
}

}  // namespace

Expr Trig(TrigFunction function, Expr x, bool narrow) {
  const Expr magnitude = Abs(x);
  const Reduced reduced = narrow ? ReduceNarrow(magnitude) : ReduceWide(magnitude);
  const Expr z = reduced.y * reduced.y;
  const Expr sin = SinPolynomial(reduced.y, z);
  const Expr cos = CosPolynomial(z);
  const Expr one = reduced.quadrant.Integer(1);
  const Expr odd = (reduced.quadrant & one) == one;
  const Expr x_sign = x.Bitcast(DType::kI64) & reduced.quadrant.Integer(INT64_MIN);
  const auto with_sign_of_x = [&](Expr value) {
    return (value.Bitcast(DType::kI64) ^ x_sign).Bitcast(DType::kF64);
  };
  switch (function) {
    case TrigFunction::kSin:
      return with_sign_of_x(FlipByQuadrant(Select(odd, cos, sin), reduced.quadrant));
    case TrigFunction::kCos:
      return FlipByQuadrant(Select(odd, sin, cos), reduced.quadrant + one);
    case TrigFunction::kTan:
      return with_sign_of_x(Select(odd, -cos, sin) / Select(odd, sin, cos));
  }
  CERMET_UNREACHABLE();
}

}  // namespace cermet::math
