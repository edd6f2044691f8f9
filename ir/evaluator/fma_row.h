// acc[i] = fma(x, y[i], acc[i]): the inner loop of contractions. Internal to ir/evaluator.
#ifndef CERMET_IR_EVALUATOR_FMA_ROW_H_
#define CERMET_IR_EVALUATOR_FMA_ROW_H_

#include <cstdint>

namespace cermet::evaluator {

// Floats: one rounding per element. Integers (as uint64_t): wraps.
void FmaRow(float x, const float* y, float* acc, int64_t count);
void FmaRow(double x, const double* y, double* acc, int64_t count);
void FmaRow(uint64_t x, const uint64_t* y, uint64_t* acc, int64_t count);

}  // namespace cermet::evaluator

#endif  // CERMET_IR_EVALUATOR_FMA_ROW_H_
