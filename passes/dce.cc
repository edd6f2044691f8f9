// Dead code elimination: removes nodes without a use, operands of `if` and `while` that their
// bodies do not use, results of `if` that nobody reads, and entries of the store that no node
// refers to.
//
//   %1 = exp(%0)
//   %2 = neg(%0)      =>    %2 = neg(%0)
//   return %2               return %2
#include <set>
#include <unordered_set>

#include "ir/status.h"
#include "passes/graph_passes.h"
#include "passes/walk.h"

namespace cermet {
namespace {

// What to keep of a list, by index.
using Kept = std::vector<int64_t>;

std::set<Value> UsedValues(const Graph& graph) {
  std::set<Value> used(graph.results().begin(), graph.results().end());
  for (const auto& node : graph.nodes()) {
    used.insert(node->operands().begin(), node->operands().end());
  }
  return used;
}

template <typename T>
std::vector<T> Select(const std::vector<T>& list, const Kept& kept) {
  std::vector<T> selected;
  for (int64_t i : kept) selected.push_back(list[i]);
  return selected;
}

void KeepParameters(Graph* graph, const Kept& kept) {
  const std::set<int64_t> keep(kept.begin(), kept.end());
  for (int64_t i = static_cast<int64_t>(graph->parameters().size()) - 1; i >= 0; --i) {
    if (keep.count(i) == 0) graph->RemoveParameter(i);
  }
}

void KeepResults(Graph* graph, const Kept& kept) {
  const std::vector<std::string> names = graph->result_names();
  const bool named = names.size() == graph->results().size();
  graph->set_results(Select(graph->results(), kept));
  if (named) graph->set_result_names(Select(names, kept));
}

// Puts a copy of `node` with fewer operands and results (and the bodies given) in its place.
void Replace(Graph& graph, Node* node, std::vector<Value> operands, const Kept& kept_results,
             std::vector<std::unique_ptr<Graph>> bodies) {
  Node* copy = graph.AddNode(node->op(), std::move(operands), Select(node->types(), kept_results),
                             node->attrs(), std::move(bodies), node->location());
  std::map<Value, Value> replacements;
  for (size_t i = 0; i < kept_results.size(); ++i) {
    replacements[node->result(static_cast<int>(kept_results[i]))] =
        copy->result(static_cast<int>(i));
  }
  graph.ReplaceAllUses(replacements);
  graph.RemoveNodes([&](const Node& other) { return &other == node; });
  graph.SortTopologically();
}

Kept UsedResults(const Node& node, const std::set<Value>& used) {
  Kept kept;
  for (int i = 0; i < node.num_results(); ++i) {
    if (used.count(Value{const_cast<Node*>(&node), i}) > 0) kept.push_back(i);
  }
  return kept;
}

std::vector<std::unique_ptr<Graph>> CloneBodies(const Node& node) {
  std::vector<std::unique_ptr<Graph>> bodies;
  for (const auto& body : node.bodies()) bodies.push_back(body->Clone(body->name()));
  return bodies;
}

// Drops the results of an `if` that nobody reads, and the operands that then no branch uses.
bool PruneIf(Graph& graph, Node* node, const std::set<Value>& used) {
  const Kept results = UsedResults(*node, used);
  std::vector<std::unique_ptr<Graph>> bodies = CloneBodies(*node);
  std::set<int64_t> used_parameters;
  for (auto& body : bodies) {
    KeepResults(body.get(), results);
    RemoveDeadNodes(*body);
    for (Value value : UsedValues(*body)) {
      if (value.node->op() == OpCode::kParameter) {
        used_parameters.insert(value.node->attrs().Int("index"));
      }
    }
  }
  const Kept parameters(used_parameters.begin(), used_parameters.end());
  if (static_cast<int64_t>(results.size()) == node->num_results() &&
      static_cast<int64_t>(parameters.size()) == node->num_operands() - 1) {
    return false;
  }
  std::vector<Value> operands = {node->operand(0)};
  for (int64_t i : parameters) operands.push_back(node->operand(i + 1));
  for (auto& body : bodies) KeepParameters(body.get(), parameters);
  Replace(graph, node, std::move(operands), results, std::move(bodies));
  return true;
}

// The parameters of `graph` that the results in `wanted`, or nodes with an effect, depend on.
std::set<int64_t> NeededParameters(const Graph& graph, const Kept& wanted) {
  std::unique_ptr<Graph> clone = graph.Clone(graph.name());
  clone->set_results(Select(clone->results(), wanted));
  clone->set_result_names({});
  RemoveDeadNodes(*clone);
  std::set<int64_t> needed;
  for (Value value : UsedValues(*clone)) {
    if (value.node->op() == OpCode::kParameter) needed.insert(value.node->attrs().Int("index"));
  }
  return needed;
}

// Drops the carried values of a `while` on which nothing depends but themselves.
bool PruneWhile(Graph& graph, Node* node, const std::set<Value>& used) {
  const Kept results = UsedResults(*node, used);
  std::set<int64_t> live(results.begin(), results.end());
  const std::set<int64_t> condition = NeededParameters(*node->body(0), {0});
  live.insert(condition.begin(), condition.end());
  for (size_t before = live.size() + 1; before != live.size();) {
    before = live.size();
    const std::set<int64_t> needed =
        NeededParameters(*node->body(1), Kept(live.begin(), live.end()));
    live.insert(needed.begin(), needed.end());
  }
  if (static_cast<int64_t>(live.size()) == node->num_operands()) return false;
  const Kept kept(live.begin(), live.end());
  std::vector<std::unique_ptr<Graph>> bodies = CloneBodies(*node);
  KeepResults(bodies[1].get(), kept);
  for (auto& body : bodies) {
    RemoveDeadNodes(*body);
    KeepParameters(body.get(), kept);
  }
  std::vector<Value> operands;
  for (int64_t i : kept) operands.push_back(node->operand(i));
  Replace(graph, node, std::move(operands), kept, std::move(bodies));
  return true;
}

bool PruneControlFlow(Graph& graph) {
  std::vector<Node*> nodes;
  for (const auto& node : graph.nodes()) {
    if (node->op() == OpCode::kIf || node->op() == OpCode::kWhile) nodes.push_back(node.get());
  }
  bool changed = false;
  // From the last, so that operands which one drops leave an earlier one's results unused.
  for (auto it = nodes.rbegin(); it != nodes.rend(); ++it) {
    const std::set<Value> used = UsedValues(graph);
    changed |=
        (*it)->op() == OpCode::kIf ? PruneIf(graph, *it, used) : PruneWhile(graph, *it, used);
  }
  return changed;
}

void CollectReferences(const Graph& graph, std::set<std::string>* names) {
  for (const auto& node : graph.nodes()) {
    if (const SymbolRef* ref = node->attrs().Find<SymbolRef>("ref")) names->insert(ref->name);
    for (const auto& body : node->bodies()) CollectReferences(*body, names);
  }
}

// The store is not part of a module's structure: removing from it does not count as a change.
void EraseUnusedConstants(Module& module) {
  std::set<std::string> used;
  for (const auto& graph : module.graphs()) CollectReferences(*graph, &used);
  std::vector<std::string> unused;
  for (const auto& [name, entry] : module.constants().entries()) {
    if (used.count(name) == 0) unused.push_back(name);
  }
  for (const std::string& name : unused) module.constants().Erase(name);
}

}  // namespace

absl::StatusOr<bool> DeadCodeElimination(Module& module, const PassContext&) {
  bool changed = false;
  for (bool again = true; again;) {
    again = false;
    ForEachControlOrFusionGraph(module, [&](Graph& graph) {
      again |= RemoveDeadNodes(graph);
      again |= PruneControlFlow(graph);
    });
    changed |= again;
  }
  EraseUnusedConstants(module);
  return changed;
}

}  // namespace cermet
