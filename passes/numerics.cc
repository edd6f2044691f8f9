// Numerics: says how every reduction and contraction without an `order` is rounded (ir/order.h).
//
//   %2 = reduce(%x, %0) {dims = [1]} ...   =>   ... {dims = [1], order = lanes(64)} ...
//
// From here on rounding is part of the program. The choice depends on the op and on its logical
// shape alone, so it is made before any pass changes layouts: `layout` keeps what an order means,
// and no schedule may change it. See docs/decisions/numerics.md.
#include <algorithm>

#include "ir/order.h"
#include "passes/graph_passes.h"
#include "passes/walk.h"

namespace cermet {
namespace {

constexpr int64_t kLanes = 64;

// The number of elements in the innermost run of reduced dims, if that run reaches the last dim.
Dim InnermostRun(const Node& node) {
  const std::vector<int64_t>& dims = node.attrs().Ints("dims");
  const Shape& shape = node.operand(0).type().shape;
  Dim elements = 1;
  for (int64_t i = node.operand(0).type().rank() - 1; i >= 0; --i) {
    if (std::find(dims.begin(), dims.end(), i) == dims.end()) break;
    elements = elements * shape[i];
  }
  return elements;
}

// Rows in memory are reduced in lanes, so that vectors run along them. Everything else has another
// dim to put vectors along: contractions and windows along features, columns along the row.
Order OrderFor(const Node& node) {
  if (node.op() == OpCode::kReduce && InnermostRun(node) != Dim(1)) {
    return {Order::Kind::kLanes, kLanes};
  }
  return {};
}

bool HasOrder(OpCode op) {
  return op == OpCode::kReduce || op == OpCode::kReduceWindow || op == OpCode::kDotGeneral ||
         op == OpCode::kConvolution;
}

}  // namespace

absl::StatusOr<bool> AssignOrders(Module& module, const PassContext&) {
  bool changed = false;
  ForEachControlOrFusionGraph(module, [&](Graph& graph) {
    for (const auto& node : graph.nodes()) {
      if (!HasOrder(node->op()) || node->attrs().Has("order")) continue;
      node->mutable_attrs().Set("order", Word{OrderFor(*node).ToString()});
      changed = true;
    }
  });
  return changed;
}

}  // namespace cermet
