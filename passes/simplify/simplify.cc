// Algebraic simplification: applies the rules of passes/simplify/ until none matches.
//
//   %1 = transpose(%0) {permutation = [1, 0]}           %3 = mul(%0, %c)
//   %2 = transpose(%1) {permutation = [1, 0]}     =>
//   %3 = mul(%2, %c)
//
// It runs first, so that later passes meet each construct in one form: constants on the right,
// broadcasts without unit dims, no chains of views. It runs again after passes that leave work
// behind (recognise, expand_composites, layout).
#include "passes/graph_passes.h"
#include "passes/simplify/rules.h"

namespace cermet {

absl::StatusOr<bool> Simplify(Module& module, const PassContext& context) {
  return ApplyRules(module, context, "simplify", simplify::AllRules());
}

namespace simplify {

const std::vector<RewriteRule>& AllRules() {
  static const std::vector<RewriteRule>* const rules = [] {
    auto* all = new std::vector<RewriteRule>();
    for (auto* table : {&AlgebraRules, &ConversionRules, &TransposeRules, &ViewRules, &SliceRules,
                        &ShapeRules, &ReductionRules, &ScalingRules, &ControlRules}) {
      for (RewriteRule& rule : table()) all->push_back(std::move(rule));
    }
    return all;
  }();
  return *rules;
}

}  // namespace simplify
}  // namespace cermet
