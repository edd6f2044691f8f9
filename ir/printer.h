// The text form of modules, graphs and nodes (`.cermet`). Printing and parsing are inverse, byte
// for byte. docs/ir.md has the grammar.
#ifndef CERMET_IR_PRINTER_H_
#define CERMET_IR_PRINTER_H_

#include <string>

#include "absl/status/status.h"
#include "ir/graph.h"

namespace cermet {

// Deterministic. Values are named %0, %1, ... in node order (parameters by their user name where
// that is a name and unique); result 1 of a node with several is `%3#1`. Constants of the store are
// printed as references with type and content hash; their bytes go to the side file. The names in
// locations are printed, places in files are not: the parser sets them anew.
std::string Print(const Module& module);
std::string Print(const Graph& graph);
std::string Print(const Node& node);  // one line, operands by id, bodies as `{...}`

// Writes the text to `path`, and the bytes of the constants, if there are some, to the side file
// `path` + ".bin" (not if `path` is a device or a pipe). Files that are there are replaced once all
// is written, so the module may have been read from them, and an error leaves them as they were.
absl::Status WriteModule(const Module& module, const std::string& path);

}  // namespace cermet

#endif  // CERMET_IR_PRINTER_H_
