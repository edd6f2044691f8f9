// The order of nodes in an ONNX graph, and the names that it uses.
#ifndef CERMET_FRONTEND_ONNX_GRAPH_ORDER_H_
#define CERMET_FRONTEND_ONNX_GRAPH_ORDER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "frontend/onnx/onnx.pb.h"

namespace cermet {

// The names that a node reads: its inputs, and what its subgraphs take from the graphs around them;
// each once, in order.
std::vector<std::string> NamesUsed(const onnx::NodeProto& node);
// The names that a graph takes from the graphs around it, each once, in order of first use.
std::vector<std::string> CapturedNames(const onnx::GraphProto& graph);

// The nodes that the outputs need, each after those that it uses, otherwise in the file's order.
// Errors: a name with two producers, a cycle.
absl::StatusOr<std::vector<const onnx::NodeProto*>> LiveNodesInOrder(const onnx::GraphProto& graph);

}  // namespace cermet

#endif  // CERMET_FRONTEND_ONNX_GRAPH_ORDER_H_
