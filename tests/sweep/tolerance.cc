// Compares results element by element, by the tolerance in the op's row.
#include "tests/sweep/tolerance.h"

#include <cmath>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "tests/support/backends.h"

namespace cermet::testing {

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
  const OpTolerance tolerance = Info(op).tolerance;
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
