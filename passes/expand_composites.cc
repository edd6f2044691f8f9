// Puts the bodies of composites (ir/composites.h) in their place.
//
//   %1 = silu(%0)   =>   %1 = logistic(%0)
//                        %2 = mul(%0, %1)
//
// It runs late: until here simplification, recognition and (one day) gradients have seen each
// composite as one op. It runs before `numerics`, which gives the reductions inside their order.
#include "ir/composites.h"
#include "ir/status.h"
#include "passes/graph_passes.h"
#include "passes/rewriter.h"

namespace cermet {
namespace {

// composite(x) = its body
Replacement Expand(Node& node, Rewriter& rewriter) {
  absl::StatusOr<std::unique_ptr<Graph>> body = CompositeBody(node);
  if (!body.ok()) {
    rewriter.builder().Fail(body.status());
    return {};
  }
  return InlineGraph(**body, node.graph(), node.operands(), node.location());
}

std::vector<OpCode> Composites() {
  std::vector<OpCode> codes;
  for (const OpInfo& info : AllOps()) {
    if (info.op_class == OpClass::kComposite) codes.push_back(info.code);
  }
  return codes;
}

}  // namespace

const std::vector<RewriteRule>& ExpandCompositesRules() {
  static const std::vector<RewriteRule>* const rules = new std::vector<RewriteRule>{
      {"expand", "composite(x) = its body", kExact, Composites(), Expand}};
  return *rules;
}

absl::StatusOr<bool> ExpandComposites(Module& module, const PassContext& context) {
  return ApplyRules(module, context, "expand_composites", ExpandCompositesRules(),
                    ForEachControlOrFusionGraph);
}

}  // namespace cermet
