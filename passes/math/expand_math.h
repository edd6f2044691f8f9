// The pass `expand_math`, and the same for one graph.
#ifndef CERMET_PASSES_MATH_EXPAND_MATH_H_
#define CERMET_PASSES_MATH_EXPAND_MATH_H_

#include "absl/status/statusor.h"
#include "ir/graph.h"
#include "passes/pass.h"

namespace cermet {

// Replaces every transcendental node, also in bodies, by basic ops of its shape. True if there was
// one.
absl::StatusOr<bool> ExpandMath(Module& module, const PassContext& context);
bool ExpandMath(Graph& graph);

}  // namespace cermet

#endif  // CERMET_PASSES_MATH_EXPAND_MATH_H_
