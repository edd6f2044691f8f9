// Compares compiled code with the evaluator by the tolerance that the op table states.
#ifndef CERMET_TESTS_SWEEP_TOLERANCE_H_
#define CERMET_TESTS_SWEEP_TOLERANCE_H_

#include <string>

#include "ir/literal.h"
#include "ir/op.h"

namespace cermet::testing {

// Empty if `actual` is within the tolerance of `expected`, or what differs most.
std::string Difference(OpCode op, const Literal& actual, const Literal& expected);

}  // namespace cermet::testing

#endif  // CERMET_TESTS_SWEEP_TOLERANCE_H_
