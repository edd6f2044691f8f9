// The graph passes of the table in passes/registry.cc. Each is documented in the file of its name.
#ifndef CERMET_PASSES_GRAPH_PASSES_H_
#define CERMET_PASSES_GRAPH_PASSES_H_

#include <vector>

#include "absl/status/statusor.h"
#include "ir/graph.h"
#include "passes/pass.h"
#include "passes/rewriter.h"

namespace cermet {

absl::StatusOr<bool> InlineCalls(Module& module, const PassContext& context);
absl::StatusOr<bool> Simplify(Module& module, const PassContext& context);
absl::StatusOr<bool> ConstantFolding(Module& module, const PassContext& context);
absl::StatusOr<bool> CommonSubexpressionElimination(Module& module, const PassContext& context);
absl::StatusOr<bool> DeadCodeElimination(Module& module, const PassContext& context);
absl::StatusOr<bool> ExpandComposites(Module& module, const PassContext& context);
absl::StatusOr<bool> CanonicalizeConvolution(Module& module, const PassContext& context);
absl::StatusOr<bool> Layout(Module& module, const PassContext& context);
absl::StatusOr<bool> SharePadding(Module& module, const PassContext& context);
absl::StatusOr<bool> Recognise(Module& module, const PassContext& context);
absl::StatusOr<bool> AssignOrders(Module& module, const PassContext& context);

// The rules of the passes that are made of rules.
const std::vector<RewriteRule>& FoldRules();
const std::vector<RewriteRule>& RecogniseRules();
const std::vector<RewriteRule>& ExpandCompositesRules();
const std::vector<RewriteRule>& CanonicalizeConvolutionRules();
const std::vector<RewriteRule>& LayoutRules();

}  // namespace cermet

#endif  // CERMET_PASSES_GRAPH_PASSES_H_
