// The functions under test, with their references and the largest errors that docs/accuracy.md
// publishes.
#ifndef CERMET_TESTS_PASSES_MATH_ACCURACY_H_
#define CERMET_TESTS_PASSES_MATH_ACCURACY_H_

#include <cstdint>
#include <vector>

#include "ir/op.h"

namespace cermet {

struct UnaryFunction {
  OpCode op;
  double (*reference)(double);       // for f32: its own error is below 2^-28 units of f32
  long double (*wide)(long double);  // for f64
  double f32_bound;                  // units in the last place, over all values
  double f64_bound;                  // over the samples of the tests
};
const std::vector<UnaryFunction>& UnaryFunctions();

// The distance of `value` from the exact result in units of the last place of f32 (or f64) at the
// exact result; infinite when only one of them is NaN or infinite where that is not the rounded
// result.
double UlpErrorF32(float value, double exact);
double UlpErrorF64(double value, long double exact);

struct WorstError {
  double ulp = 0;
  double at = 0;
};
// Over the f32 values with bits first, first + step, ... up to last.
WorstError MeasureF32(const UnaryFunction& function, uint32_t first, uint32_t last, uint32_t step);
WorstError MeasureF64(const UnaryFunction& function, const std::vector<double>& values);

}  // namespace cermet

#endif  // CERMET_TESTS_PASSES_MATH_ACCURACY_H_
