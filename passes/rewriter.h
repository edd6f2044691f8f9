// Rewriting a graph by named rules until none applies.
//
// A rule looks at one node and either does nothing or builds, with the Rewriter's builder, what
// replaces its results. It changes nothing else: the driver redirects the uses, removes what became
// dead, and keeps the order of nodes. A rule builds only once it knows that it matches.
#ifndef CERMET_PASSES_REWRITER_H_
#define CERMET_PASSES_REWRITER_H_

#include <map>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ir/builder.h"
#include "ir/graph.h"
#include "passes/constants.h"
#include "passes/pass.h"
#include "passes/walk.h"

namespace cermet {

// What stands for the results of a node, one value each; empty: the rule does not match.
using Replacement = std::vector<Value>;

// What a rule may use.
class Rewriter {
 public:
  Rewriter(Module& module, Graph& graph, const PassContext& context);

  Module& module() { return module_; }
  const PassContext& context() const { return context_; }
  // Makes nodes at the location of the node that is being rewritten.
  Builder& builder() { return builder_; }
  // Nodes made from now on also come from where `node`, which they make superfluous, came from.
  void Absorb(const Node& node);
  // The same for all nodes on which `root` depends, down to `leaves`: a pattern that was matched.
  void AbsorbBetween(const Node& root, absl::Span<const Value> leaves);
  // True if `value` has certainly one use. Values that are new in this sweep over the graph, and
  // those that got a new use in it, have to wait for the next sweep.
  bool HasOneUse(Value value) const;
  // True if `value` was used when the sweep began.
  bool IsUsed(Value value) const { return uses_.find(value) != uses_.end(); }
  Value Constant(Literal value, absl::string_view hint) {
    return MakeConstant(module_, builder_, std::move(value), hint);
  }

 private:
  friend class RuleDriver;
  // Counts the uses that a replacement brings: those of its new nodes, and those of what it stands
  // for.
  void CountUses(const Node& node, const Replacement& replacement, size_t first_new_node);

  Module& module_;
  const PassContext& context_;
  Builder builder_;
  std::map<Value, int64_t> uses_;
};

struct RewriteRule {
  absl::string_view name;
  absl::string_view equation;  // `x + 0 = x`
  Exactness exactness;
  std::vector<OpCode> roots;  // the ops of the nodes that it looks at
  Replacement (*apply)(Node& node, Rewriter& rewriter);
};

// Applies the rules of `pass` that the context allows to the graphs that `for_each` visits, until
// none matches. True if any did, or if dead nodes were removed. An error names the rule that built
// something invalid, or did not come to an end.
absl::StatusOr<bool> ApplyRules(Module& module, const PassContext& context, absl::string_view pass,
                                absl::Span<const RewriteRule> rules,
                                ForEachGraph for_each = ForEachControlGraph);

// The rows of the pass table for `rules`.
std::vector<RuleInfo> RuleInfos(absl::Span<const RewriteRule> rules);

}  // namespace cermet

#endif  // CERMET_PASSES_REWRITER_H_
