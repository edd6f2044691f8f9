// Groups nodes into fusions, each of which becomes one kernel (a concatenation: one per piece).
//
// Afterwards a graph, and each body of its loops and conditionals, holds at its top level only
// parameters, constants, fusions, calls, if, while and return.
#ifndef CERMET_PASSES_FUSE_FUSE_H_
#define CERMET_PASSES_FUSE_FUSE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ir/graph.h"
#include "passes/pass.h"

namespace cermet::fuse {

// One question that the pass asked, for `cermet explain`.
struct FusionDecision {
  std::string producer;  // as errors name nodes
  std::string consumer;  // the root of the group that uses it
  bool fused = false;
  std::string reason;  // why, or why not
};

struct FuseOptions {
  bool enabled = true;  // false: every node is a fusion of its own
};

// Fuses all graphs of the module; false if there was nothing to fuse. Expects no composites.
// `decisions`, if not null, receives every decision in a stable order.
absl::StatusOr<bool> Fuse(Module* module, const FuseOptions& options,
                          std::vector<FusionDecision>* decisions);

// The pass `fuse`. Its rule `merge` is what puts nodes together; without it each is a fusion alone.
absl::StatusOr<bool> FusePass(Module& module, const PassContext& context);
std::vector<RuleInfo> FuseRules();

}  // namespace cermet::fuse

#endif  // CERMET_PASSES_FUSE_FUSE_H_
