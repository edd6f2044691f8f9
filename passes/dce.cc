// Dead code elimination: removes nodes without a use, parameters of bodies that their body does not
// use, results of `if` and `while` that nobody reads, and entries of the constant store that no
// node refers to.
#include "ir/status.h"
#include "passes/graph_passes.h"
#include "passes/walk.h"

namespace cermet {

absl::StatusOr<bool> DeadCodeElimination(Module& module, const PassContext&) {
  bool changed = false;
  ForEachControlGraph(module, [&](Graph& graph) { changed |= RemoveDeadNodes(graph); });
  return changed;
}

}  // namespace cermet
