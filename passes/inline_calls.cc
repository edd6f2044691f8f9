// Puts the bodies of called graphs in the place of calls, and removes the graphs that were called.
//
//   %1 = call(%0) {callee = @square}   =>   %1 = mul(%0, %0)
//
// It runs first: everything after sees whole graphs, and calls reach no kernel.
#include <set>

#include "absl/strings/str_cat.h"
#include "ir/status.h"
#include "passes/graph_passes.h"
#include "passes/walk.h"

namespace cermet {
namespace {

// Deeper nesting than this is recursion.
constexpr int kMaxDepth = 64;

absl::StatusOr<bool> InlineIn(Graph& graph, const Module& module, std::set<std::string>* called) {
  std::map<Value, Value> replacements;
  std::set<const Node*> calls;
  for (size_t i = 0, size = graph.nodes().size(); i < size; ++i) {
    Node* node = graph.nodes()[i].get();
    if (node->op() != OpCode::kCall) continue;
    const std::string& name = node->attrs().Get<SymbolRef>("callee").name;
    const Graph* callee = module.FindGraph(name);
    if (callee == nullptr || callee == &graph) {
      return absl::InvalidArgumentError(absl::StrCat(
          node->Describe(), callee == nullptr ? ": there is no graph @" : ": recursive call of @",
          name));
    }
    const std::vector<Value> results =
        InlineGraph(*callee, &graph, node->operands(), node->location());
    for (int64_t r = 0; r < node->num_results(); ++r) {
      replacements[node->result(static_cast<int>(r))] = results[r];
    }
    calls.insert(node);
    called->insert(name);
  }
  if (calls.empty()) return false;
  graph.ReplaceAllUses(replacements);
  graph.RemoveNodes([&](const Node& node) { return calls.count(&node) > 0; });
  graph.SortTopologically();
  return true;
}

}  // namespace

absl::StatusOr<bool> InlineCalls(Module& module, const PassContext&) {
  std::set<std::string> called;
  absl::Status status;
  bool changed = false;
  bool again = true;
  for (int depth = 0; again; ++depth) {
    if (depth == kMaxDepth) {
      return absl::InvalidArgumentError("calls are recursive, or nested too deeply to inline");
    }
    again = false;
    ForEachControlOrFusionGraph(module, [&](Graph& graph) {
      if (!status.ok()) return;
      absl::StatusOr<bool> inlined = InlineIn(graph, module, &called);
      status = inlined.status();
      again |= inlined.ok() && *inlined;
    });
    CERMET_RETURN_IF_ERROR(status);
    changed |= again;
  }
  for (const std::string& name : called) {
    if (module.FindGraph(name) != module.entry()) module.RemoveGraph(name);
  }
  return changed;
}

}  // namespace cermet
