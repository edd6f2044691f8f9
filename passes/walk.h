// Walking the graphs of a module.
#ifndef CERMET_PASSES_WALK_H_
#define CERMET_PASSES_WALK_H_

#include <functional>

#include "ir/graph.h"

namespace cermet {

// Calls `visit` for every graph of the module and every body of an `if` or `while` in them, bodies
// before the graph they are in. The bodies of fusions are left out: `fuse` has made each of them so
// that it can be lowered, and a module that is read back fused runs through the passes again.
// Scalar bodies (the combiners of reductions and scatters) are left out too: they are a single op
// in nearly all cases, and recognised by that.
void ForEachControlGraph(Module& module, const std::function<void(Graph&)>& visit);

// The same with the bodies of fusions: for what keeps every node that is needed as it is, and for
// what lowering cannot do without, where somebody wrote the fusion.
void ForEachControlOrFusionGraph(Module& module, const std::function<void(Graph&)>& visit);

using ForEachGraph = void (*)(Module& module, const std::function<void(Graph&)>& visit);

// True if running the node, or one in its bodies, has an effect; calls count as having one.
bool HasEffect(const Node& node);

// Removes the nodes without effect that no result and no node with an effect needs, in this graph
// (not in bodies). Parameters stay. True if there were any.
bool RemoveDeadNodes(Graph& graph);

}  // namespace cermet

#endif  // CERMET_PASSES_WALK_H_
