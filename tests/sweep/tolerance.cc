// The table of tolerances. A reduction or an op that is expanded does not compile without a row.
#include "tests/sweep/tolerance.h"

#include <cmath>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "ir/status.h"
#include "tests/support/backends.h"

namespace cermet::testing {

namespace {

// Composites that add up many elements.
bool Sums(OpCode op) {
  return op == OpCode::kSoftmax || op == OpCode::kLogSoftmax || op == OpCode::kLayerNorm ||
         op == OpCode::kAttention;
}

}  // namespace

Tolerance ToleranceOf(OpCode op) {
  constexpr Tolerance kExact{};
  // clang-format off
  switch (op) {
#define CERMET_CASES_kSource
#define CERMET_CASES_kElementwise
#define CERMET_CASES_kView
#define CERMET_CASES_kUpdate
#define CERMET_CASES_kControl
#define CERMET_CASES_kEffectful
#include "ir/op_cases.def"
      return kExact;
    // What docs/accuracy.md publishes, and the rounding of the evaluator's own result.
    case OpCode::kExp: case OpCode::kLog: case OpCode::kRsqrt: case OpCode::kTanh: case OpCode::kErf:
    case OpCode::kCbrt: case OpCode::kExpm1: case OpCode::kLog1p: case OpCode::kSin: case OpCode::kCos:
    case OpCode::kAsin: case OpCode::kAcos: case OpCode::kAtan: case OpCode::kAtan2: case OpCode::kPow:
      return {3};
    case OpCode::kTan: case OpCode::kSinh: case OpCode::kCosh: case OpCode::kAsinh: case OpCode::kAcosh:
    case OpCode::kAtanh: case OpCode::kLogistic:
      return {4};
    // Their order of rounding is the compiler's, the evaluator's is sequential.
    case OpCode::kReduce: case OpCode::kReduceWindow: case OpCode::kDotGeneral: case OpCode::kConvolution:
      return {64, true};
#define CERMET_CASES_kComposite
#include "ir/op_cases.def"
      return {Sums(op) ? 32.0 : 8.0, true};
  }
  // clang-format on
  CERMET_UNREACHABLE();
}

namespace {

double SpacingAtOne(DType dtype) {
  if (dtype == DType::kF16) return 0x1p-10;
  if (dtype == DType::kBF16) return 0x1p-7;
  return dtype == DType::kF32 ? 0x1p-23 : 0x1p-52;
}
double SmallestNormal(DType dtype) {
  if (dtype == DType::kF16) return 0x1p-14;
  return dtype == DType::kF64 ? 0x1p-1022 : 0x1p-126;
}

}  // namespace

std::string Difference(OpCode op, const Literal& actual, const Literal& expected) {
  if (SameBits(actual, expected)) return "";
  if (actual.dtype() != expected.dtype() || actual.shape() != expected.shape()) {
    return absl::StrCat("type ", actual.type().ToString(), " instead of ",
                        expected.type().ToString());
  }
  const Tolerance tolerance = ToleranceOf(op);
  const bool is_float = IsFloat(actual.dtype());
  double largest = 0;
  for (int64_t i = 0; is_float && tolerance.of_largest && i < expected.num_elements(); ++i) {
    const double magnitude = std::fabs(expected.GetFloat(i));
    if (std::isfinite(magnitude)) largest = std::max(largest, magnitude);
  }
  for (int64_t i = 0; i < expected.num_elements(); ++i) {
    if (!is_float) {
      if (actual.GetInt(i) == expected.GetInt(i)) continue;
      return absl::StrCat("element ", i, ": ", actual.GetInt(i), " instead of ",
                          expected.GetInt(i));
    }
    const double a = actual.GetFloat(i), e = expected.GetFloat(i);
    if ((std::isnan(a) && std::isnan(e)) || (a == e && std::signbit(a) == std::signbit(e)))
      continue;
    const double scale =
        std::max({tolerance.of_largest ? largest : std::fabs(e), SmallestNormal(actual.dtype())});
    if (std::fabs(a - e) <= tolerance.units * SpacingAtOne(actual.dtype()) * scale) continue;
    return absl::StrCat("element ", i, ": ", a, " instead of ", e);
  }
  return "";
}

}  // namespace cermet::testing
