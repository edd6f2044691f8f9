// Walks backwards from what is wanted, then copies forwards.
#include "runtime/session/subgraph.h"

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "ir/status.h"

namespace cermet {
namespace {

// What a run computes and does.
struct Needed {
  std::set<const Node*> nodes;
  std::set<int> effects;
};

Needed FindNeeded(const api::Graph& graph, const RunRequest& request) {
  Needed needed;
  const std::set<Value> fed(request.feeds.begin(), request.feeds.end());
  std::vector<Value> stack = request.fetches;
  stack.insert(stack.end(), request.values.begin(), request.values.end());
  const auto add = [&](int effect) {
    if (needed.effects.insert(effect).second) stack.push_back(graph.effects()[effect].value);
  };
  for (int effect : request.effects) {
    add(effect);
    for (int before : graph.effects()[effect].after) add(before);
  }
  while (!stack.empty()) {
    const Value value = stack.back();
    stack.pop_back();
    if (fed.count(value) != 0 || !needed.nodes.insert(value.node).second) continue;
    for (Value operand : value.node->operands()) stack.push_back(operand);
    for (int effect : graph.ControlInputs(value.node)) {
      add(effect);
      for (int before : graph.effects()[effect].after) add(before);
    }
  }
  return needed;
}

}  // namespace

absl::StatusOr<Subgraph> ExtractSubgraph(const api::Graph& graph, const RunRequest& request) {
  const Needed all = FindNeeded(graph, request);
  const std::set<const Node*>& needed = all.nodes;
  std::map<Value, Value> updates;
  for (int effect : all.effects) {
    const Value variable = graph.effects()[effect].variable;
    if (!variable) continue;
    CERMET_ASSIGN_OR_RETURN(updates[variable], graph.ValueAfter(variable, all.effects));
  }

  Subgraph result;
  result.module = std::make_unique<Module>();
  cermet::Graph* main = result.module->AddGraph("main");
  std::map<Value, Value> values;
  for (size_t i = 0; i < request.feeds.size(); ++i) {
    const Value feed = request.feeds[i];
    values[feed] =
        main->AddParameter(feed.type(), request.feed_names[i], feed.node->location())->result();
  }
  for (const api::Graph::VariableInfo& variable : graph.variables()) {
    const bool is_read = needed.count(variable.value.node) != 0;
    const bool is_updated = updates.count(variable.value) != 0;
    if (!is_read && !is_updated) continue;
    Node* parameter =
        main->AddParameter(variable.value.type(), variable.name, variable.value.node->location());
    if (is_updated) parameter->mutable_attrs().Set("donated", true);
    values.emplace(variable.value, parameter->result());
    result.variables.push_back({variable.value, variable.name, is_read, is_updated});
  }
  for (const std::unique_ptr<Node>& node : graph.module().entry()->nodes()) {
    if (needed.count(node.get()) == 0) continue;
    if (node->op() == OpCode::kParameter) {
      if (values.count(node->result()) != 0) continue;  // a variable
      return absl::InvalidArgumentError(
          absl::StrCat("placeholder \"", node->attrs().Get<std::string>("name"), "\" of type ",
                       node->type().ToString(), " is needed by a fetch and not fed"));
    }
    std::vector<Value> operands;
    for (Value operand : node->operands()) operands.push_back(values.at(operand));
    std::vector<std::unique_ptr<cermet::Graph>> bodies;
    for (const std::unique_ptr<cermet::Graph>& body : node->bodies())
      bodies.push_back(body->Clone(body->name()));
    Node* copy = main->AddNode(node->op(), std::move(operands), node->types(), node->attrs(),
                               std::move(bodies), node->location());
    for (int i = 0; i < node->num_results(); ++i) {
      values.emplace(node->result(i), copy->result(i));  // one that is fed stays so
    }
  }
  std::vector<Value> results;
  std::vector<std::string> names;
  for (Value fetch : request.fetches) {
    results.push_back(values.at(fetch));
    names.push_back("");
  }
  for (const auto& [variable, value] : updates) {
    results.push_back(values.at(value));
    names.push_back(variable.node->attrs().Get<std::string>("name"));
  }
  main->set_results(std::move(results));
  main->set_result_names(std::move(names));
  return result;
}

}  // namespace cermet
