// Recognition: raises composites from the primitive ops in which exporters write them.
//
//   %1 = logistic(%0)
//   %2 = mul(%0, %1)    =>   %2 = silu(%0)
//
// Composites say what is meant: their bodies are the numerically good form, they fuse well, and
// dumps are readable. It runs after `simplify`, which brings the many spellings into few.
#include "passes/graph_passes.h"
#include "passes/recognise/rules.h"

namespace cermet {

const std::vector<RewriteRule>& RecogniseRules() {
  static const std::vector<RewriteRule>* const rules = [] {
    auto* all = new std::vector<RewriteRule>(recognise::ActivationRules());
    for (RewriteRule& rule : recognise::NormalizationRules()) all->push_back(std::move(rule));
    return all;
  }();
  return *rules;
}

absl::StatusOr<bool> Recognise(Module& module, const PassContext& context) {
  return ApplyRules(module, context, "recognise", RecogniseRules());
}

}  // namespace cermet
