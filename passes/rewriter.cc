// The driver of rewrite rules. It sweeps over the nodes of a graph in order; new nodes are
// appended, so that the same sweep also visits them; at the end of a sweep uses are redirected,
// dead nodes removed and the order restored. Sweeps go on until one changes nothing.
#include "passes/rewriter.h"

#include <algorithm>
#include <array>
#include <set>

#include "absl/strings/str_cat.h"
#include "ir/infer.h"
#include "ir/status.h"

namespace cermet {
namespace {

// Far more than any terminating set of rules needs: a bound for finding those that do not.
constexpr int kMaxSweeps = 200;

}  // namespace

Rewriter::Rewriter(Module& module, Graph& graph, const PassContext& context)
    : module_(module), context_(context), builder_(&graph) {}

void Rewriter::Absorb(const Node& node) {
  builder_.set_location(node.location().Merge(builder_.location()));
}

void Rewriter::AbsorbBetween(const Node& root, absl::Span<const Value> leaves) {
  std::map<int64_t, const Node*> matched = {{root.id(), &root}};  // by id: in the order of the text
  std::vector<const Node*> worklist = {&root};
  while (!worklist.empty()) {
    const Node* node = worklist.back();
    worklist.pop_back();
    for (Value operand : node->operands()) {
      const bool is_leaf = std::find(leaves.begin(), leaves.end(), operand) != leaves.end();
      if (is_leaf || operand.node->op() == OpCode::kParameter) continue;
      if (matched.insert({operand.node->id(), operand.node}).second) {
        worklist.push_back(operand.node);
      }
    }
  }
  Location location;
  for (const auto& [id, node] : matched) location = location.Merge(node->location());
  builder_.set_location(std::move(location));
}

bool Rewriter::HasOneUse(Value value) const {
  auto it = uses_.find(value);
  return it != uses_.end() && it->second == 1;
}

void Rewriter::CountUses(const Node& node, const Replacement& replacement, size_t first_new_node) {
  const auto add = [&](Value value, int64_t count) {
    auto it = uses_.find(value);
    if (it != uses_.end()) it->second += count;
  };
  const auto& nodes = builder_.graph()->nodes();
  for (size_t i = first_new_node; i < nodes.size(); ++i) {
    for (Value operand : nodes[i]->operands()) add(operand, 1);
  }
  for (size_t i = 0; i < replacement.size(); ++i) {
    const auto it = uses_.find(Value{const_cast<Node*>(&node), static_cast<int>(i)});
    if (it != uses_.end()) add(replacement[i], it->second);
  }
}

class RuleDriver {
 public:
  RuleDriver(Module& module, const PassContext& context, absl::string_view pass,
             absl::Span<const RewriteRule> rules)
      : module_(module), context_(context), pass_(pass) {
    for (const RewriteRule& rule : rules) {
      if (!context.Allows(pass, rule.name, rule.exactness)) continue;
      for (OpCode root : rule.roots) rules_of_[static_cast<int>(root)].push_back(&rule);
    }
  }

  absl::StatusOr<bool> Run(Graph& graph) {
    bool changed = RemoveDeadNodes(graph);
    for (int sweep = 0; sweep < kMaxSweeps; ++sweep) {
      CERMET_ASSIGN_OR_RETURN(const bool swept, Sweep(graph));
      if (!swept) return changed;
      changed = true;
    }
    return absl::InternalError(absl::StrCat("rule ", pass_, "/", last_rule_,
                                            " still applies after ", kMaxSweeps, " sweeps over @",
                                            graph.name()));
  }

 private:
  absl::StatusOr<bool> Sweep(Graph& graph) {
    Rewriter rewriter(module_, graph, context_);
    rewriter.uses_ = graph.CountUses();
    std::map<Value, Value> replaced;
    std::set<const Node*> removed;
    for (size_t i = 0; i < graph.nodes().size(); ++i) {
      Node* node = graph.nodes()[i].get();
      ResolveOperands(replaced, node);
      CERMET_ASSIGN_OR_RETURN(const Replacement replacement, Rewrite(node, rewriter));
      if (replacement.empty()) continue;
      removed.insert(node);
      for (int64_t r = 0; r < node->num_results(); ++r) {
        replaced[node->result(static_cast<int>(r))] = replacement[r];
      }
    }
    if (removed.empty()) return false;
    graph.ReplaceAllUses(replaced);
    graph.RemoveNodes([&](const Node& node) { return removed.count(&node) > 0; });
    RemoveDeadNodes(graph);
    graph.SortTopologically();
    return true;
  }

  static void ResolveOperands(const std::map<Value, Value>& replaced, Node* node) {
    for (int64_t i = 0; i < node->num_operands(); ++i) {
      Value operand = node->operand(i);
      for (auto it = replaced.find(operand); it != replaced.end(); it = replaced.find(operand)) {
        operand = it->second;
      }
      node->set_operand(i, operand);
    }
  }

  absl::StatusOr<Replacement> Rewrite(Node* node, Rewriter& rewriter) {
    Graph* graph = node->graph();
    for (const RewriteRule* rule : rules_of_[static_cast<int>(node->op())]) {
      const size_t num_nodes = graph->nodes().size();
      rewriter.builder_.set_location(node->location());
      Replacement replacement = rule->apply(*node, rewriter);
      if (!rewriter.builder_.ok()) {
        return absl::InternalError(absl::StrCat("rule ", pass_, "/", rule->name, " at ",
                                                node->Describe(), ": ",
                                                rewriter.builder_.status().message()));
      }
      if (replacement.empty()) {
        CERMET_CHECK(graph->nodes().size() == num_nodes);  // a rule builds only once it matches
        continue;
      }
      CERMET_RETURN_IF_ERROR(CheckTypes(*node, *rule, replacement));
      rewriter.CountUses(*node, replacement, num_nodes);
      context_.CountRule(pass_, rule->name);
      last_rule_ = rule->name;
      return replacement;
    }
    return Replacement();
  }

  absl::Status CheckTypes(const Node& node, const RewriteRule& rule,
                          const Replacement& replacement) {
    CERMET_CHECK(static_cast<int64_t>(replacement.size()) == node.num_results());
    for (int64_t i = 0; i < node.num_results(); ++i) {
      if (TypesAgree(replacement[i].type(), node.type(i))) continue;
      return absl::InternalError(absl::StrCat(
          "rule ", pass_, "/", rule.name, " at ", node.Describe(), " replaces a value of type ",
          node.type(i).ToString(), " by one of type ", replacement[i].type().ToString()));
    }
    return absl::OkStatus();
  }

  Module& module_;
  const PassContext& context_;
  absl::string_view pass_;
  std::array<std::vector<const RewriteRule*>, kNumOps> rules_of_;
  absl::string_view last_rule_;
};

absl::StatusOr<bool> ApplyRules(Module& module, const PassContext& context, absl::string_view pass,
                                absl::Span<const RewriteRule> rules, ForEachGraph for_each) {
  RuleDriver driver(module, context, pass, rules);
  bool changed = false;
  absl::Status status;
  for_each(module, [&](Graph& graph) {
    if (!status.ok()) return;
    absl::StatusOr<bool> result = driver.Run(graph);
    status = result.status();
    changed |= result.ok() && *result;
  });
  CERMET_RETURN_IF_ERROR(status);
  return changed;
}

std::vector<RuleInfo> RuleInfos(absl::Span<const RewriteRule> rules) {
  std::vector<RuleInfo> infos;
  for (const RewriteRule& rule : rules) {
    infos.push_back({std::string(rule.name), std::string(rule.equation), rule.exactness});
  }
  return infos;
}

}  // namespace cermet
