// Groups nodes into fusions, each of which becomes one kernel (a concatenation: one per piece).
//
// Afterwards a graph, and each body of its loops and conditionals, holds at its top level only
// parameters, constants, fusions, calls, if, while and return.
#ifndef CERMET_PASSES_FUSE_FUSE_H_
#define CERMET_PASSES_FUSE_FUSE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "ir/graph.h"

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

// Fuses all graphs of the module. Expects no composites. `decisions`, if not null, receives every
// decision in a stable order.
absl::Status Fuse(Module* module, const FuseOptions& options,
                  std::vector<FusionDecision>* decisions);

}  // namespace cermet::fuse

#endif  // CERMET_PASSES_FUSE_FUSE_H_
