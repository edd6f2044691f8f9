// Views of graphs and programs that are for reading only.
#ifndef CERMET_TOOLS_CERMET_DUMP_VIEWS_H_
#define CERMET_TOOLS_CERMET_DUMP_VIEWS_H_

#include <string>

#include "ir/graph.h"
#include "ir/program/program.h"

namespace cermet::cli {

// The lines of the nodes of the entry graph (and the bodies in it) that come from the user's node
// `name`; empty if there are none.
std::string NodesNamed(const Module& module, const std::string& name);
bool KernelBelongsTo(const kernel::Kernel& kernel, const std::string& name);

// A table of all buffers with their places in memory, and from which command to which they are
// used.
std::string PlanOf(const program::Program& program);
// The entry graph for Graphviz: one box for each node but constants.
std::string DotOf(const Module& module);
// A page with the graphs and the kernels of a program.
std::string HtmlOf(const Module& module, const program::Program& program);

}  // namespace cermet::cli

#endif  // CERMET_TOOLS_CERMET_DUMP_VIEWS_H_
