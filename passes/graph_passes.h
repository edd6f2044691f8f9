// The graph passes of the table in passes/registry.cc. Each is documented in the file of its name.
#ifndef CERMET_PASSES_GRAPH_PASSES_H_
#define CERMET_PASSES_GRAPH_PASSES_H_

#include "absl/status/statusor.h"
#include "ir/graph.h"
#include "passes/pass.h"

namespace cermet {

absl::StatusOr<bool> DeadCodeElimination(Module& module, const PassContext& context);

}  // namespace cermet

#endif  // CERMET_PASSES_GRAPH_PASSES_H_
