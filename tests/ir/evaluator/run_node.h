// Runs one op on literals: for tests of the evaluator.
#ifndef CERMET_TESTS_IR_EVALUATOR_RUN_NODE_H_
#define CERMET_TESTS_IR_EVALUATOR_RUN_NODE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "ir/builder.h"
#include "ir/evaluator/evaluator.h"

namespace cermet {

// Builds a graph over parameters p0, p1, ... of the inputs' types, and runs it.
inline absl::StatusOr<std::vector<Literal>> RunGraphOn(
    const std::vector<Literal>& inputs,
    const std::function<std::vector<Value>(Builder&, const std::vector<Value>&)>& build) {
  Module module;
  Graph* graph = module.AddGraph("main");
  std::vector<Value> parameters;
  for (const Literal& input : inputs) {
    const std::string name = "p" + std::to_string(parameters.size());
    parameters.push_back(graph->AddParameter(input.type(), name)->result());
  }
  Builder b(graph);
  graph->set_results(build(b, parameters));
  if (!b.ok()) return b.status();
  return Evaluate(module, *graph, inputs);
}

inline Literal RunOne(const std::vector<Literal>& inputs,
                      const std::function<Value(Builder&, const std::vector<Value>&)>& build) {
  absl::StatusOr<std::vector<Literal>> results = RunGraphOn(
      inputs,
      [&](Builder& b, const std::vector<Value>& p) { return std::vector<Value>{build(b, p)}; });
  EXPECT_TRUE(results.ok()) << results.status();
  return results.ok() ? (*results)[0] : Literal();
}

inline Literal RunOp(OpCode op, const std::vector<Literal>& inputs, AttrMap attrs = {}) {
  return RunOne(inputs,
                [&](Builder& b, const std::vector<Value>& p) { return b.Make(op, p, attrs); });
}

inline Literal F32(std::vector<int64_t> shape, std::vector<float> values) {
  return Literal::FromValues<float>(std::move(shape), values);
}
inline Literal I32(std::vector<int64_t> shape, std::vector<int32_t> values) {
  return Literal::FromValues<int32_t>(std::move(shape), values);
}

// Distinct small values: i * 7 mod 23 - 11.
inline Literal Numbered(DType dtype, std::vector<int64_t> shape) {
  Literal literal(dtype, std::move(shape));
  for (int64_t i = 0; i < literal.num_elements(); ++i) {
    if (IsFloat(dtype)) {
      literal.SetFloat(i, static_cast<double>(i * 7 % 23 - 11));
    } else {
      literal.SetInt(i, i * 7 % 23 - 11);
    }
  }
  return literal;
}

}  // namespace cermet

#endif  // CERMET_TESTS_IR_EVALUATOR_RUN_NODE_H_
