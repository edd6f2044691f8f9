// The cases of the op sweep: for every op, graphs of one node of interest over element types and
// shapes.
#ifndef CERMET_TESTS_SWEEP_SWEEP_CASE_H_
#define CERMET_TESTS_SWEEP_SWEEP_CASE_H_

#include <functional>
#include <string>
#include <vector>

#include "ir/builder.h"
#include "ir/literal.h"

namespace cermet::testing {

struct SweepCase {
  OpCode op;
  std::string name;             // such as `add/f32/odd`
  std::vector<Literal> inputs;  // one per parameter
  // Makes the results from the parameters. The first dims of parameters are symbolic if `symbolic`.
  std::function<std::vector<Value>(Builder&, const std::vector<Value>&)> build;
  bool symbolic = false;
};

// `full`: every op with every element type and every shape; otherwise a sample in which each op
// meets each element type and each shape, and each element type each shape.
std::vector<SweepCase> ElementwiseCases(bool full);
std::vector<SweepCase> ViewCases(bool full);
std::vector<SweepCase> ReductionCases(bool full);
std::vector<SweepCase> OtherCases(bool full);  // sources, control flow, effects, composites

// Values of all kinds for an element type: small numbers, zeros of both signs, infinities, NaN,
// extremes.
Literal AnyValues(DType dtype, std::vector<int64_t> shape, uint32_t seed);
// Small numbers, whose sums and products stay in range.
Literal SmallValues(DType dtype, std::vector<int64_t> shape, uint32_t seed);

std::vector<DType> DTypesOf(DTypeSet set);

}  // namespace cermet::testing

#endif  // CERMET_TESTS_SWEEP_SWEEP_CASE_H_
