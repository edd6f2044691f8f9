// One recursion over concatenations and pads, adding up offsets.
#include "passes/lower/pieces.h"

#include <algorithm>

namespace cermet::lower {

bool IsWrittenInPieces(const Node& node) {
  if (node.op() == OpCode::kConcat) return true;
  if (node.op() != OpCode::kPad) return false;
  const std::vector<Dim>& low = node.attrs().Dims("low");
  const std::vector<Dim>& high = node.attrs().Dims("high");
  const std::vector<int64_t>& interior = node.attrs().Ints("interior");
  bool adds = false;
  for (size_t i = 0; i < low.size(); ++i) {
    if (!low[i].IsConstant() || !high[i].IsConstant() || interior[i] != 0) return false;
    if (low[i].value() < 0 || high[i].value() < 0) return false;
    adds |= low[i].value() + high[i].value() > 0;
  }
  size_t rank = low.size();  // of the dims up to the innermost one
  while (rank > 0 && node.type().shape[rank - 1] == Dim(1)) --rank;
  return adds && rank > 0 && low[rank - 1] == Dim(0) && high[rank - 1] == Dim(0);
}

namespace {

void Collect(Value value, const Index& offset, const std::function<bool(const Node*)>& inside,
             Pieces* pieces) {
  const Node& node = *value.node;
  if (!inside(&node) || !IsWrittenInPieces(node)) {
    pieces->computed.push_back({value, offset});
    return;
  }
  Index at = offset;
  if (node.op() == OpCode::kPad) {
    pieces->borders.push_back({value, offset});
    for (size_t i = 0; i < at.size(); ++i) at[i] = at[i] + node.attrs().Dims("low")[i];
    Collect(node.operand(0), at, inside, pieces);
    return;
  }
  const int64_t dim = node.attrs().Int("dim");
  for (Value operand : node.operands()) {
    Collect(operand, at, inside, pieces);
    at[dim] = at[dim] + operand.type().shape[dim];
  }
}

}  // namespace

Pieces FindPieces(Value root, const std::function<bool(const Node*)>& inside) {
  Pieces pieces;
  Collect(root, Index(root.type().rank(), Dim(0)), inside, &pieces);
  return pieces;
}

}  // namespace cermet::lower
