// Common subexpression elimination: of nodes that compute the same from the same operands, the
// first one stays, and takes the locations of the others.
//
//   %1 = exp(%0)
//   %2 = exp(%0)           %1 = exp(%0)
//   %3 = add(%1, %2)  =>   %3 = add(%1, %1)
#include <set>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "ir/structural_hash.h"
#include "passes/constants.h"
#include "passes/graph_passes.h"
#include "passes/walk.h"

namespace cermet {
namespace {

// What equal nodes have in common; constants by content, so that copies of a weight are one.
using Key = std::tuple<OpCode, std::vector<Value>, uint64_t>;

Key KeyOf(const Node& node, const Module& module) {
  std::vector<Value> operands(node.operands().begin(), node.operands().end());
  uint64_t content = 0;
  if (const SymbolRef* ref = node.attrs().Find<SymbolRef>("ref")) {
    if (const ConstantEntry* entry = module.constants().Find(ref->name)) {
      content = entry->content_hash;
    }
  } else if (const Literal* literal = node.attrs().Find<Literal>("value")) {
    content =
        HashBytes(literal->data(), literal->byte_size(), static_cast<uint64_t>(literal->dtype()));
  }
  return {node.op(), std::move(operands), content};
}

bool SameConstant(const Node& a, const Node& b, const Module& module) {
  const SymbolRef* a_ref = a.attrs().Find<SymbolRef>("ref");
  const SymbolRef* b_ref = b.attrs().Find<SymbolRef>("ref");
  if (a_ref == nullptr || b_ref == nullptr) return a.attrs() == b.attrs();
  if (a_ref->name == b_ref->name) return true;
  const ConstantEntry* a_entry = module.constants().Find(a_ref->name);
  const ConstantEntry* b_entry = module.constants().Find(b_ref->name);
  return a_entry != nullptr && b_entry != nullptr && a_entry->data != nullptr &&
         b_entry->data != nullptr && a_entry->content_hash == b_entry->content_hash;
}

bool SameComputation(const Node& a, const Node& b, const Module& module) {
  if (a.types() != b.types() || a.bodies().size() != b.bodies().size()) return false;
  if (a.op() == OpCode::kConstant) return SameConstant(a, b, module);
  if (!(a.attrs() == b.attrs())) return false;
  for (size_t i = 0; i < a.bodies().size(); ++i) {
    if (!StructurallyEqual(*a.body(i), *b.body(i))) return false;
  }
  return true;
}

bool MayMerge(const Node& node) {
  return node.op() != OpCode::kParameter && node.op() != OpCode::kCall && !HasEffect(node);
}

bool MergeIn(Graph& graph, const Module& module) {
  std::map<Key, std::vector<Node*>> seen;
  std::map<Value, Value> replaced;
  std::vector<const Node*> removed;
  for (const auto& owned : graph.nodes()) {
    Node* node = owned.get();
    for (int64_t i = 0; i < node->num_operands(); ++i) {
      auto it = replaced.find(node->operand(i));
      if (it != replaced.end()) node->set_operand(i, it->second);
    }
    if (!MayMerge(*node)) continue;
    std::vector<Node*>& candidates = seen[KeyOf(*node, module)];
    Node* same = nullptr;
    for (Node* candidate : candidates) {
      if (same == nullptr && SameComputation(*candidate, *node, module)) same = candidate;
    }
    if (same == nullptr) {
      candidates.push_back(node);
      continue;
    }
    // A constant is no user's node: the names of all who share it would only be noise.
    if (!IsConstantLike(node->result())) {
      same->set_location(same->location().Merge(node->location()));
    }
    removed.push_back(node);
    for (int i = 0; i < node->num_results(); ++i) replaced[node->result(i)] = same->result(i);
  }
  if (removed.empty()) return false;
  graph.ReplaceAllUses(replaced);
  const std::set<const Node*> gone(removed.begin(), removed.end());
  graph.RemoveNodes([&](const Node& node) { return gone.count(&node) > 0; });
  return true;
}

}  // namespace

absl::StatusOr<bool> CommonSubexpressionElimination(Module& module, const PassContext&) {
  bool changed = false;
  ForEachControlOrFusionGraph(module, [&](Graph& graph) { changed |= MergeIn(graph, module); });
  return changed;
}

}  // namespace cermet
