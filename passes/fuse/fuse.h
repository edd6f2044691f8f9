// Groups nodes into fusions, each of which becomes one kernel (a concatenation: one per piece).
//
// Afterwards a graph, and each body of its loops and conditionals, holds at its top level only
// parameters, constants, fusions, calls, if, while and return.
#ifndef CERMET_PASSES_FUSE_FUSE_H_
#define CERMET_PASSES_FUSE_FUSE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "ir/graph.h"
#include "passes/pass.h"

namespace cermet::fuse {

// The pass `fuse`: fuses all graphs of the module; false if there was nothing to fuse. Expects no
// composites. Every decision goes to `context.fusion_decisions`.
absl::StatusOr<bool> Fuse(Module& module, const PassContext& context);

// The rules by which a producer joins its consumers (passes/fuse/group.h). With all of them
// disabled each node is a fusion of its own.
std::vector<RuleInfo> FuseRules();

}  // namespace cermet::fuse

#endif  // CERMET_PASSES_FUSE_FUSE_H_
