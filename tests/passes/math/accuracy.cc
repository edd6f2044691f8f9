// Measures bodies against glibc in a wider type.
#include "tests/passes/math/accuracy.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "passes/math/math_body.h"
#include "tests/passes/math/body_program.h"

namespace cermet {
namespace {

template <typename T>
T Logistic(T x) {
  return T{1} / (T{1} + std::exp(-x));
}
template <typename T>
T Rsqrt(T x) {
  return T{1} / std::sqrt(x);
}

#define CERMET_REFERENCE(name) \
  static_cast<double (*)(double)>(name), static_cast<long double (*)(long double)>(name)

// In units of 2^(exponent of `exact` - mantissa), no smaller than the spacing of subnormals.
template <typename T, typename Wide>
double UlpError(T value, Wide exact) {
  const T rounded = static_cast<T>(exact);
  if (std::isnan(value) || std::isnan(exact)) {
    return std::isnan(value) == std::isnan(exact) ? 0 : std::numeric_limits<double>::infinity();
  }
  if (value == rounded) {
    if (value == 0 && std::signbit(value) != std::signbit(exact)) {
      return std::numeric_limits<double>::infinity();
    }
    if (std::isinf(value)) return 0;
  }
  if (std::isinf(exact)) return std::numeric_limits<double>::infinity();
  constexpr int kDigits = std::numeric_limits<T>::digits;
  const int exponent =
      std::max(exact == 0 ? -100000 : std::ilogb(exact), std::numeric_limits<T>::min_exponent - 1);
  // An infinite value stands for the first number beyond the largest.
  const Wide number = std::isinf(value)
                          ? std::copysign(std::ldexp(Wide{1}, std::numeric_limits<T>::max_exponent),
                                          static_cast<Wide>(value))
                          : static_cast<Wide>(value);
  return static_cast<double>(std::ldexp(std::fabs(number - exact), kDigits - 1 - exponent));
}

}  // namespace

const std::vector<UnaryFunction>& UnaryFunctions() {
  static const std::vector<UnaryFunction>* const functions = new std::vector<UnaryFunction>{
      {OpCode::kRsqrt, CERMET_REFERENCE(Rsqrt), 1.5, 1.5},
      {OpCode::kCbrt, CERMET_REFERENCE(std::cbrt), 0.51, 1.1},
      {OpCode::kExp, CERMET_REFERENCE(std::exp), 0.9, 1},
      {OpCode::kExpm1, CERMET_REFERENCE(std::expm1), 0.51, 2},
      {OpCode::kLog, CERMET_REFERENCE(std::log), 0.91, 1},
      {OpCode::kLog1p, CERMET_REFERENCE(std::log1p), 0.51, 1.5},
      {OpCode::kSin, CERMET_REFERENCE(std::sin), 0.51, 1.7},
      {OpCode::kCos, CERMET_REFERENCE(std::cos), 0.51, 1.7},
      {OpCode::kTan, CERMET_REFERENCE(std::tan), 0.51, 3.5},
      {OpCode::kAsin, CERMET_REFERENCE(std::asin), 0.51, 2},
      {OpCode::kAcos, CERMET_REFERENCE(std::acos), 0.51, 1.5},
      {OpCode::kAtan, CERMET_REFERENCE(std::atan), 0.51, 1.7},
      {OpCode::kSinh, CERMET_REFERENCE(std::sinh), 0.51, 3},
      {OpCode::kCosh, CERMET_REFERENCE(std::cosh), 0.51, 3},
      {OpCode::kTanh, CERMET_REFERENCE(std::tanh), 1.6, 3},
      {OpCode::kAsinh, CERMET_REFERENCE(std::asinh), 0.51, 2.2},
      {OpCode::kAcosh, CERMET_REFERENCE(std::acosh), 0.51, 2.2},
      {OpCode::kAtanh, CERMET_REFERENCE(std::atanh), 0.51, 2.2},
      {OpCode::kErf, CERMET_REFERENCE(std::erf), 1, 1.1},
      {OpCode::kLogistic, CERMET_REFERENCE(Logistic), 2.5, 2.5},
  };
  return *functions;
}

double UlpErrorF32(float value, double exact) { return UlpError(value, exact); }
double UlpErrorF64(double value, long double exact) { return UlpError(value, exact); }

WorstError MeasureF32(const UnaryFunction& function, uint32_t first, uint32_t last, uint32_t step) {
  BodyProgram program(*MathBody(function.op, DType::kF32));
  float x[BodyProgram::kChunk] = {}, result[BodyProgram::kChunk];
  WorstError worst;
  for (uint64_t bits = first; bits <= last;) {
    int64_t count = 0;
    for (; count < BodyProgram::kChunk && bits <= last; ++count, bits += step) {
      x[count] = std::bit_cast<float>(static_cast<uint32_t>(bits));
    }
    program.Run(x, nullptr, count, result);
    for (int64_t i = 0; i < count; ++i) {
      const double exact = function.reference(x[i]);
      // Most results are the rounded ones, which leave at most half a unit.
      if (worst.ulp >= 0.5 && result[i] == static_cast<float>(exact) && exact != 0) continue;
      const double ulp = UlpErrorF32(result[i], exact);
      if (ulp > worst.ulp) worst = {ulp, x[i]};
    }
  }
  return worst;
}

WorstError MeasureF64(const UnaryFunction& function, const std::vector<double>& values) {
  BodyProgram program(*MathBody(function.op, DType::kF64));
  double result[BodyProgram::kChunk];
  WorstError worst;
  for (size_t begin = 0; begin < values.size(); begin += BodyProgram::kChunk) {
    const int64_t count =
        std::min<int64_t>(BodyProgram::kChunk, static_cast<int64_t>(values.size() - begin));
    program.Run(values.data() + begin, nullptr, count, result);
    for (int64_t i = 0; i < count; ++i) {
      const double x = values[begin + static_cast<size_t>(i)];
      const double ulp = UlpErrorF64(result[i], function.wide(x));
      if (ulp > worst.ulp) worst = {ulp, x};
    }
  }
  return worst;
}

}  // namespace cermet
