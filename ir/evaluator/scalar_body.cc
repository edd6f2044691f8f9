// Bodies over scalars (combiners of reductions and scatters), run element by element. A body of
// elementwise ops and constants becomes a straight list of steps on bits; any other runs as a
// graph.
#include <map>

#include "ir/builder.h"
#include "ir/evaluator/indexing.h"
#include "ir/evaluator/node_evaluators.h"
#include "ir/status.h"

namespace cermet::evaluator {

ScalarBody::ScalarBody(const Graph& body, const Scope& scope)
    : body_(body), scope_(scope), simple_(SimpleCombiner(body)) {
  flat_ = Flatten();
}

bool ScalarBody::Flatten() {
  std::map<const Node*, int> places;
  for (const std::unique_ptr<Node>& node : body_.nodes()) {
    if (node->num_results() != 1 || !node->type().IsScalar()) return false;
    const int place = static_cast<int>(values_.size());
    places[node.get()] = place;
    values_.push_back(0);
    if (node->op() == OpCode::kParameter) continue;
    if (node->op() == OpCode::kConstant) {
      const Literal* value = node->attrs().Find<Literal>("value");
      if (value == nullptr) return false;
      values_.back() = LoadElement(*value, 0);
      continue;
    }
    if (!IsElementwise(node->op())) return false;
    Step step;
    step.op = ScalarOpOf(*node);
    step.result = place;
    step.num_operands = static_cast<int>(node->num_operands());
    for (int k = 0; k < step.num_operands; ++k) {
      step.operands[k] = places.at(node->operand(k).node);
    }
    steps_.push_back(step);
  }
  for (Value result : body_.results()) results_.push_back(places.at(result.node));
  return true;
}

absl::Status ScalarBody::Run(const ScalarBits* arguments, ScalarBits* results) {
  if (!flat_) return RunAsGraph(arguments, results);
  std::copy_n(arguments, body_.parameters().size(), values_.begin());
  for (const Step& step : steps_) {
    ScalarBits operands[3] = {0, 0, 0};
    for (int k = 0; k < step.num_operands; ++k) {
      operands[k] = values_[static_cast<size_t>(step.operands[k])];
    }
    values_[static_cast<size_t>(step.result)] = ApplyElementwise(step.op, operands);
  }
  for (size_t i = 0; i < results_.size(); ++i) {
    results[i] = values_[static_cast<size_t>(results_[i])];
  }
  return absl::OkStatus();
}

absl::Status ScalarBody::RunAsGraph(const ScalarBits* arguments, ScalarBits* results) {
  std::vector<Literal> literals;
  for (size_t i = 0; i < body_.parameters().size(); ++i) {
    literals.emplace_back(body_.parameters()[i]->type().dtype, Extents{});
    StoreElement(&literals.back(), 0, arguments[i]);
  }
  std::vector<const Literal*> operands;
  for (const Literal& literal : literals) operands.push_back(&literal);
  CERMET_ASSIGN_OR_RETURN(const std::vector<Literal> values, RunGraph(body_, operands, scope_));
  for (size_t i = 0; i < values.size(); ++i) results[i] = LoadElement(values[i], 0);
  return absl::OkStatus();
}

}  // namespace cermet::evaluator
