// Walking the graphs of a module, and removing what a graph does not need.
#include "passes/walk.h"

#include <unordered_set>
#include <vector>

namespace cermet {
namespace {

bool IsControl(OpCode op) { return op == OpCode::kIf || op == OpCode::kWhile; }

bool IsControlOrFusion(OpCode op) { return IsControl(op) || op == OpCode::kFusion; }

// The graph after the bodies of its nodes whose op `enters`.
void Visit(Graph& graph, bool (*enters)(OpCode op), const std::function<void(Graph&)>& visit) {
  for (const auto& node : graph.nodes()) {
    if (!enters(node->op())) continue;
    for (const auto& body : node->bodies()) Visit(*body, enters, visit);
  }
  visit(graph);
}

}  // namespace

void ForEachControlGraph(Module& module, const std::function<void(Graph&)>& visit) {
  for (const auto& graph : module.graphs()) Visit(*graph, IsControl, visit);
}

void ForEachControlOrFusionGraph(Module& module, const std::function<void(Graph&)>& visit) {
  for (const auto& graph : module.graphs()) Visit(*graph, IsControlOrFusion, visit);
}

bool HasEffect(const Node& node) {
  if (Info(node.op()).effect == Effect::kEffect || node.op() == OpCode::kCall) return true;
  for (const auto& body : node.bodies()) {
    for (const auto& inner : body->nodes()) {
      if (HasEffect(*inner)) return true;
    }
  }
  return false;
}

bool RemoveDeadNodes(Graph& graph) {
  std::unordered_set<const Node*> live;
  std::vector<const Node*> worklist;
  auto mark = [&](const Node* node) {
    if (live.insert(node).second) worklist.push_back(node);
  };
  for (Value result : graph.results()) mark(result.node);
  for (const auto& node : graph.nodes()) {
    if (node->op() == OpCode::kParameter || HasEffect(*node)) mark(node.get());
  }
  while (!worklist.empty()) {
    const Node* node = worklist.back();
    worklist.pop_back();
    for (Value operand : node->operands()) mark(operand.node);
  }
  if (live.size() == graph.nodes().size()) return false;
  graph.RemoveNodes([&](const Node& node) { return live.count(&node) == 0; });
  return true;
}

}  // namespace cermet
