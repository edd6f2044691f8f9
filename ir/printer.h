// The text form of modules, graphs and nodes (`.cermet`). Printing and parsing are inverse, byte for byte.
#ifndef CERMET_IR_PRINTER_H_
#define CERMET_IR_PRINTER_H_

#include <string>

#include "ir/graph.h"

namespace cermet {

// Deterministic. Values are named %0, %1, ... in node order (parameters by their user name where that is an identifier and unique).
// Constants of the store are printed as references with type and content hash; their bytes go to the side file.
std::string Print(const Module& module);
std::string Print(const Graph& graph);
std::string Print(const Node& node);  // one line, operands by id

}  // namespace cermet

#endif  // CERMET_IR_PRINTER_H_
