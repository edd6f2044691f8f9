// How far compiled code may be from the evaluator: stated once for every op.
#ifndef CERMET_TESTS_SWEEP_TOLERANCE_H_
#define CERMET_TESTS_SWEEP_TOLERANCE_H_

#include <string>

#include "ir/literal.h"
#include "ir/op.h"

namespace cermet::testing {

// In units of the result's spacing at 1 (2^-23 for f32).
struct Tolerance {
  double units = 0;         // 0: equal bits (any NaN is any other)
  bool of_largest = false;  // of the largest finite magnitude in the result, else of each element
};
Tolerance ToleranceOf(OpCode op);

// Empty if `actual` is within the tolerance of `expected`, or what differs most.
std::string Difference(OpCode op, const Literal& actual, const Literal& expected);

}  // namespace cermet::testing

#endif  // CERMET_TESTS_SWEEP_TOLERANCE_H_
