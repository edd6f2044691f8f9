// The fusion rules. Each follows from what lowering can do without computing anything twice or
// storing it in between:
//
//   elementwise    ops join any consumer, unless each of their elements would be computed many
//                  times
//   view           views do too; before a contraction if its loads stay simple: transposes, slices,
//                  broadcasts, one reshape of an operand
//   epilogue       contractions and windows join the elementwise ops after them if every element is
//                  read at one place, in one of the pieces of the result
//   row_reduction  reductions of rows join a consumer that reads them once per row; several share
//                  the row
//
// Concatenations and pads at the root are written in pieces, each computed in place
// (passes/lower/pieces.h).
#include "passes/fuse/group.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "ir/order_attribute.h"
#include "ir/status.h"
#include "passes/lower/index_flow.h"
#include "passes/lower/pieces.h"

namespace cermet::fuse {

bool Group::Contains(const Node* node) const {
  return std::find(members.begin(), members.end(), node) != members.end();
}

void Group::Add(Node* node, const NodeOrder& order) {
  const auto before = [&](const Node* a, const Node* b) { return order.at(a) < order.at(b); };
  members.insert(std::upper_bound(members.begin(), members.end(), node, before), node);
}

bool IsFreeSource(const Node& node) {
  if (node.op() == OpCode::kIota || node.op() == OpCode::kDimSize) return true;
  const Literal* literal =
      node.op() == OpCode::kConstant ? node.attrs().Find<Literal>("value") : nullptr;
  return literal != nullptr && literal->num_elements() > 0 && literal->IsSplat();
}

bool IsCheapView(const Node& node) {
  return node.op() == OpCode::kBroadcastInDim || node.op() == OpCode::kReshape ||
         node.op() == OpCode::kTranspose || node.op() == OpCode::kSlice ||
         node.op() == OpCode::kReverse;
}

namespace {

using lower::Index;
using lower::IndexFlow;
using lower::IndexSpace;

bool IsContraction(const Node& node) { return Info(node.op()).op_class == OpClass::kContraction; }
bool IsUpdate(const Node& node) { return Info(node.op()).op_class == OpClass::kUpdate; }
// What the loops of a fusion are built around, at most one in each: computed in loops of its own,
// and none of its elements twice. The rest of the fusion is its prologue and epilogue.
bool IsAnchor(const Node& node) {
  return IsContraction(node) ||
         (Info(node.op()).op_class == OpClass::kReduction && !IsLanesReduction(node));
}
bool IsExpensive(const Node& node) {
  return Info(node.op()).op_class == OpClass::kTranscendental || node.op() == OpCode::kDiv ||
         node.op() == OpCode::kSqrt || node.op() == OpCode::kRem;
}

Value StripReshapes(Value value, const Group& group) {
  while (value.node->op() == OpCode::kReshape && group.Contains(value.node->operand(0).node))
    value = value.node->operand(0);
  return value;
}

lower::Pieces PiecesOf(Value root, const Group& group) {
  return lower::FindPieces(root, [&](const Node* n) { return group.Contains(n); });
}

// Whose elements the loops of the fusion run over: the root, or the pieces that a concatenation or
// pad at the root is written in.
std::vector<Value> PieceRoots(const Group& group) {
  Value root = StripReshapes(group.root->result(), group);
  Node* node = root.node;
  if (lower::IsWrittenInPieces(*node)) {
    std::vector<Value> roots;
    for (const lower::Piece& piece : PiecesOf(root, group).computed) roots.push_back(piece.value);
    return roots;
  }
  if (IsUpdate(*node)) return {node->operands().begin() + 1, node->operands().end()};
  if (node->op() == OpCode::kCheck) return {node->operand(0)};
  return {root};
}

struct Piece {
  Value root;
  Index index;
  IndexSpace space;
  std::unique_ptr<IndexFlow> flow;
};

Piece AnalysePiece(Value root, const std::vector<Node*>& members, const DimFacts& facts) {
  Piece piece{root, {}, IndexSpace(facts), nullptr};
  const Shape& shape = root.type().shape;
  for (size_t i = 0; i < shape.size(); ++i)
    piece.index.push_back(piece.space.AddVariable(absl::StrCat("%o", i), shape[i]));
  piece.flow = std::make_unique<IndexFlow>(members, root, piece.index, &piece.space);
  return piece;
}

// Members through which `node` feeds a contraction or a window of the group (its prologue).
bool FeedsAnchor(const Node* node, const Group& group) {
  for (const Node* member : group.members) {
    const auto& operands = member->operands();
    const bool uses =
        std::any_of(operands.begin(), operands.end(), [&](Value v) { return v.node == node; });
    if (!uses) continue;
    if (IsContraction(*member) || member->op() == OpCode::kReduceWindow) return true;
    if (FeedsAnchor(member, group)) return true;
  }
  return false;
}

bool UsedBy(const Node* node, const Group& group, OpCode op) {
  for (const Node* member : group.members) {
    if (member->op() != op) continue;
    for (Value operand : member->operands()) {
      if (operand.node == node) return true;
    }
  }
  return false;
}

// Where a producer of shape `shape` is read, as dims of the piece: nullopt if it is read at
// anything but distinct variables of the piece's index, or if a variable does not run over the
// whole of the producer's dim (it was padded, sliced or concatenated).
std::optional<std::vector<int64_t>> ReadDims(const Index& read, const Shape& shape,
                                             const Piece& piece) {
  std::vector<int64_t> dims;
  for (size_t i = 0; i < read.size(); ++i) {
    const auto it = std::find(piece.index.begin(), piece.index.end(), read[i]);
    if (it == piece.index.end()) return std::nullopt;
    const int64_t dim = it - piece.index.begin();
    if (std::find(dims.begin(), dims.end(), dim) != dims.end()) return std::nullopt;
    if (piece.root.type().shape[dim] != shape[i]) return std::nullopt;
    dims.push_back(dim);
  }
  return dims;
}

// Every element of the producer is read exactly once over the piece, dims of extent 1 aside.
bool IsReadOnce(const Index& read, const Shape& shape, const Piece& piece) {
  Index index;
  Shape extents;
  for (size_t i = 0; i < read.size(); ++i) {
    if (shape[i] == Dim(1)) continue;
    index.push_back(read[i]);
    extents.push_back(shape[i]);
  }
  const std::optional<std::vector<int64_t>> dims = ReadDims(index, extents, piece);
  if (!dims.has_value()) return false;
  for (int64_t d = 0; d < static_cast<int64_t>(piece.index.size()); ++d) {
    if (piece.root.type().shape[d] != Dim(1) &&
        std::find(dims->begin(), dims->end(), d) == dims->end())
      return false;
  }
  return true;
}

// The shape of the rows that the group's reductions share, if there are any.
const Shape* RowShape(const Group& group) {
  for (const Node* member : group.members) {
    if (IsLanesReduction(*member)) return &member->type().shape;
  }
  return nullptr;
}

Verdict JoinView(Node* producer, const Group& group) {
  if (!FeedsAnchor(producer, group)) return {true, "a view is an index map"};
  if (!IsCheapView(*producer))
    return {false, "its index map would run in the innermost loop of a contraction or window"};
  if (UsedBy(producer, group, OpCode::kReshape)) {
    return {false, "behind a reshape the loads of a contraction or window would need divisions"};
  }
  return {true, "the contraction or window loads through the view"};
}

Verdict JoinElementwise(Node* producer, const Group& group, const DimFacts& facts) {
  if (FeedsAnchor(producer, group))
    return {false,
            "each element would be computed again for every use by the contraction or window"};
  const std::vector<Value> roots = PieceRoots(group);
  if (UsedBy(producer, group, OpCode::kConcat) &&
      std::find(roots.begin(), roots.end(), producer->result()) == roots.end()) {
    return {false, "a concatenation in the middle would compute every operand for every element"};
  }
  const Shape* rows = RowShape(group);
  for (Value piece_root : roots) {
    if (piece_root.node == producer) continue;
    const Piece piece = AnalysePiece(piece_root, group.members, facts);
    const IndexFlow::Reads* reads = piece.flow->Find(producer->result());
    if (reads == nullptr) continue;
    if (reads->unknown)
      return {false, "its elements are read at indices that are only known when it runs"};
    const bool scalar = producer->type().NumElements() == Dim(1);
    const bool per_row = rows != nullptr && producer->type().shape.size() <= rows->size();
    const Dim spread = piece_root.type().NumElements();
    if (IsExpensive(*producer) && !scalar && !per_row && rows == nullptr &&
        producer->type().NumElements() != spread &&
        Range(spread - producer->type().NumElements(), facts).lower.value_or(0) > 0) {
      return {false, "a costly op that is broadcast would be computed again for every copy"};
    }
  }
  return {true, "elementwise"};
}

bool IsRead(Node* node, const Piece& piece) {
  const IndexFlow::Reads reads = piece.flow->ReadsOf(node);
  return reads.unknown || !reads.indices.empty();
}

// Does the value of a pad at the root, which is computed for every element of the border, need it?
bool IsReadByBorder(Node* producer, const Group& group, const DimFacts& facts) {
  const Value root = StripReshapes(group.root->result(), group);
  if (!lower::IsWrittenInPieces(*root.node)) return false;
  for (const lower::Piece& border : PiecesOf(root, group).borders) {
    const Value padding = border.value.node->operand(1);
    if (IsRead(producer, AnalysePiece(padding, group.members, facts))) return true;
  }
  return false;
}

Verdict JoinEpilogue(Node* producer, const Group& group, const DimFacts& facts) {
  if (RowShape(group) != nullptr) return {false, "the consumer works row by row"};
  if (IsReadByBorder(producer, group, facts))
    return {false, "it would be computed again for every element of the border"};
  int64_t num_pieces = 0;  // that compute it
  for (Value piece_root : PieceRoots(group)) {
    if (piece_root.node == producer) {
      ++num_pieces;
      continue;
    }
    const Piece piece = AnalysePiece(piece_root, group.members, facts);
    const IndexFlow::Reads reads = piece.flow->ReadsOf(producer);
    if (!reads.unknown && reads.indices.empty()) continue;
    ++num_pieces;
    for (Node* member : group.members) {
      if (IsAnchor(*member) && IsRead(member, piece))
        return {false, "one kernel has one contraction, window or column reduction"};
    }
    if (reads.unknown || reads.indices.size() != 1)
      return {false, "its elements are read at several places"};
    if (!IsReadOnce(reads.indices[0], producer->type().shape, piece)) {
      return {false, "its elements are not read one by one in the order of the result"};
    }
  }
  if (num_pieces != 1) return {false, "it would be computed again for every piece that reads it"};
  return {true, "an epilogue of the producer"};
}

Verdict JoinRowReduction(Node* producer, const Group& group, const DimFacts& facts) {
  const std::vector<Value> roots = PieceRoots(group);
  const Value root = StripReshapes(group.root->result(), group);
  if (roots.size() != 1 || IsUpdate(*group.root) || lower::IsWrittenInPieces(*root.node))
    return {false, "the consumer has no rows of its own"};
  for (const Node* member : group.members) {
    if (IsAnchor(*member))
      return {false, "one kernel has one contraction, window or column reduction, or rows"};
  }
  const Shape& row = producer->type().shape;
  if (const Shape* rows = RowShape(group); rows != nullptr && *rows != row)
    return {false, "the rows differ"};
  const Piece piece = AnalysePiece(roots[0], group.members, facts);
  // Where the consumer reads it, and where it reads the reductions that it holds already.
  std::vector<Value> reductions;
  for (Node* member : group.members) {
    for (int i = 0; IsLanesReduction(*member) && i < member->num_results(); ++i)
      reductions.push_back(member->result(i));
  }
  for (int i = 0; i < producer->num_results(); ++i) reductions.push_back(producer->result(i));
  const Index* common = nullptr;
  for (Value reduction : reductions) {
    const IndexFlow::Reads* reads = piece.flow->Find(reduction);
    if (reads == nullptr) continue;
    if (reads->unknown || reads->indices.size() != 1)
      return {false, "the consumer does not read it once per row"};
    if (common != nullptr && *common != reads->indices[0]) return {false, "the rows differ"};
    common = &reads->indices[0];
  }
  if (common == nullptr || !ReadDims(*common, row, piece).has_value()) {
    return {false, "the consumer does not read it once per row"};
  }
  return {true, "the reduction shares the consumer's rows"};
}

}  // namespace

absl::string_view RuleFor(const Node& producer) {
  switch (Info(producer.op()).op_class) {
    case OpClass::kView:
      return "view";
    case OpClass::kElementwise:
    case OpClass::kTranscendental:
      return "elementwise";
    case OpClass::kReduction:
      return IsLanesReduction(producer) ? "row_reduction" : "epilogue";
    case OpClass::kContraction:
      return "epilogue";
    case OpClass::kUpdate:
    case OpClass::kSource:
    case OpClass::kControl:
    case OpClass::kEffectful:
    case OpClass::kComposite:
      return "";
  }
  CERMET_UNREACHABLE();
}

Verdict MayJoin(Node* producer, const Group& group, const DimFacts& facts) {
  const Value root = StripReshapes(group.root->result(), group);
  if (IsUpdate(*root.node) && root.node->operand(0).node == producer) {
    return {false, "the updated tensor is changed in place"};
  }
  switch (Info(producer->op()).op_class) {
    case OpClass::kView:
      return JoinView(producer, group);
    case OpClass::kElementwise:
    case OpClass::kTranscendental:
      return JoinElementwise(producer, group, facts);
    case OpClass::kReduction:
      return IsLanesReduction(*producer) ? JoinRowReduction(producer, group, facts)
                                         : JoinEpilogue(producer, group, facts);
    case OpClass::kContraction:
      return JoinEpilogue(producer, group, facts);
    case OpClass::kUpdate:
      return {false, "an update is written in place by a kernel of its own"};
    case OpClass::kSource:
    case OpClass::kControl:
    case OpClass::kEffectful:
    case OpClass::kComposite:
      return {false, "not computed by a kernel"};
  }
  CERMET_UNREACHABLE();
}

std::string KindOf(const Group& group) {
  const Value root = StripReshapes(group.root->result(), group);
  if (IsUpdate(*root.node)) return "update";
  std::string kind = "loop";
  for (const Node* member : group.members) {
    if (IsContraction(*member)) return "contraction";
    if (member->op() == OpCode::kReduceWindow) kind = "window";
    if (member->op() == OpCode::kReduce) kind = "row";
  }
  return kind;
}

}  // namespace cermet::fuse
