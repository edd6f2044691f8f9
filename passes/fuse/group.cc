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

bool IsFreeSource(const Node& node) {
  if (node.op() == OpCode::kIota || node.op() == OpCode::kDimSize) return true;
  const Literal* literal =
      node.op() == OpCode::kConstant ? node.attrs().Find<Literal>("value") : nullptr;
  return literal != nullptr && literal->num_elements() > 0 && literal->IsSplat();
}

int64_t WeightOf(const Node& node) {
  switch (node.op()) {
    case OpCode::kSin:
    case OpCode::kCos:
    case OpCode::kTan:
      return 200;  // with the reduction of any argument
    default:
      return Info(node.op()).op_class == OpClass::kTranscendental ? 40 : 1;
  }
}

bool IsCheapView(const Node& node) {
  return node.op() == OpCode::kBroadcastInDim || node.op() == OpCode::kReshape ||
         node.op() == OpCode::kTranspose || node.op() == OpCode::kSlice ||
         node.op() == OpCode::kReverse;
}

namespace {

using lower::Index;
using lower::IndexFlow;

// Beyond it the loads and stores that fusion saves are nothing beside the work, and the time that
// LLVM takes for one function grows faster than its length.
constexpr int64_t kMostWeight = 2000;

bool IsContraction(const Node& node) { return Info(node.op()).op_class == OpClass::kContraction; }
bool IsUpdate(const Node& node) { return Info(node.op()).op_class == OpClass::kUpdate; }

bool Reads(const Node& node, Value value) {
  return std::find(node.operands().begin(), node.operands().end(), value) != node.operands().end();
}

bool HasPrologue(const Node& node) {
  return IsContraction(node) || node.op() == OpCode::kReduceWindow;
}
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

// One of a piece's root, spelt with variables that `space` comes to declare.
Index ElementOf(Value root, lower::IndexSpace* space) {
  const Shape& shape = root.type().shape;
  Index index;
  for (size_t i = 0; i < shape.size(); ++i)
    index.push_back(space->AddVariable(absl::StrCat("%o", i), shape[i]));
  return index;
}

}  // namespace

PieceReads::PieceReads(Value root, const std::deque<Node*>& members, const DimFacts& facts)
    : root(root), space(facts), index(ElementOf(root, &space)), flow(root, index, &space) {
  for (auto it = members.rbegin(); it != members.rend(); ++it) flow.Follow(*it);
}

Group::Group(Node* root, const DimFacts& facts) : root_(root), facts_(facts) {
  Record(root);
  FindPieces();
}

void Group::Prepend(Node* node) {
  const Value root = StrippedRoot();
  Record(node);
  // What the result consists of changes with the reshapes of the root, and the concatenations and
  // pads behind them.
  if (StrippedRoot() != root || lower::IsWrittenInPieces(*node)) {
    FindPieces();
    return;
  }
  for (const std::unique_ptr<PieceReads>& piece : pieces_) piece->flow.Follow(node);
  for (const std::unique_ptr<PieceReads>& piece : borders_) piece->flow.Follow(node);
}

void Group::Record(Node* node) {
  members_.push_front(node);
  member_set_.insert(node);
  weight_ += WeightOf(*node);
  const bool in_prologue = HasPrologue(*node) || prologue_.count(node) != 0;
  for (Value operand : node->operands()) {
    readers_[operand.node].insert(node->op());
    if (in_prologue) prologue_.insert(operand.node);
  }
  if (IsAnchor(*node)) anchors_.push_back(node);
  if (IsLanesReduction(*node)) row_reductions_.push_back(node);
}

Value Group::StrippedRoot() const {
  Value value = root_->result();
  while (value.node->op() == OpCode::kReshape && Contains(value.node->operand(0).node))
    value = value.node->operand(0);
  return value;
}

void Group::FindPieces() {
  const Value root = StrippedRoot();
  const Node& node = *root.node;
  std::vector<Value> roots;
  borders_.clear();
  if (lower::IsWrittenInPieces(node)) {
    const lower::Pieces found = lower::FindPieces(root, [&](const Node* n) { return Contains(n); });
    for (const lower::Piece& piece : found.computed) roots.push_back(piece.value);
    for (const lower::Piece& border : found.borders) {
      const Value padding = border.value.node->operand(1);
      borders_.push_back(std::make_unique<PieceReads>(padding, members_, facts_));
    }
  } else if (IsUpdate(node)) {
    roots.assign(node.operands().begin() + 1, node.operands().end());
  } else if (node.op() == OpCode::kCheck) {
    roots = {node.operand(0)};
  } else {
    roots = {root};
  }
  pieces_.clear();
  for (Value piece_root : roots)
    pieces_.push_back(std::make_unique<PieceReads>(piece_root, members_, facts_));
}

bool Group::ReadBy(const Node* node, OpCode op) const {
  const auto it = readers_.find(node);
  return it != readers_.end() && it->second.count(op) != 0;
}

namespace {

// Where a producer of shape `shape` is read, as dims of the piece: nullopt if it is read at
// anything but distinct variables of the piece's index, or if a variable does not run over the
// whole of the producer's dim (it was padded, sliced or concatenated).
std::optional<std::vector<int64_t>> ReadDims(const Index& read, const Shape& shape,
                                             const PieceReads& piece) {
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
bool IsReadOnce(const Index& read, const Shape& shape, const PieceReads& piece) {
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

Verdict JoinView(Node* producer, const Group& group) {
  if (!group.FeedsAnchor(producer)) return {true, "a view is an index map"};
  if (!IsCheapView(*producer))
    return {false, "its index map would run in the innermost loop of a contraction or window"};
  if (group.ReadBy(producer, OpCode::kReshape)) {
    return {false, "behind a reshape the loads of a contraction or window would need divisions"};
  }
  return {true, "the contraction or window loads through the view"};
}

bool IsPieceRoot(const Node* node, const Group& group) {
  const auto& pieces = group.pieces();
  return std::any_of(pieces.begin(), pieces.end(),
                     [&](const auto& piece) { return piece->root.node == node; });
}

Verdict JoinElementwise(Node* producer, const Group& group, const DimFacts& facts) {
  if (group.FeedsAnchor(producer))
    return {false,
            "each element would be computed again for every use by the contraction or window"};
  if (group.ReadBy(producer, OpCode::kConcat) && !IsPieceRoot(producer, group))
    return {false, "a concatenation in the middle would compute every operand for every element"};
  const Dim size = producer->type().NumElements();
  const bool may_repeat =
      IsExpensive(*producer) && size != Dim(1) && group.row_reductions().empty();
  for (const std::unique_ptr<PieceReads>& piece : group.pieces()) {
    if (piece->root.node == producer) continue;
    const IndexFlow::Reads* reads = piece->flow.Find(producer->result());
    if (reads == nullptr) continue;
    if (reads->unknown)
      return {false, "its elements are read at indices that are only known when it runs"};
    const Dim spread = piece->root.type().NumElements();
    if (may_repeat && size != spread && Range(spread - size, facts).lower.value_or(0) > 0)
      return {false, "a costly op that is broadcast would be computed again for every copy"};
  }
  return {true, "elementwise"};
}

bool IsRead(Node* node, const PieceReads& piece) {
  const IndexFlow::Reads reads = piece.flow.ReadsOf(node);
  return reads.unknown || !reads.indices.empty();
}

Verdict JoinEpilogue(Node* producer, const Group& group) {
  if (!group.row_reductions().empty()) return {false, "the consumer works row by row"};
  for (const std::unique_ptr<PieceReads>& border : group.borders()) {
    if (IsRead(producer, *border))
      return {false, "it would be computed again for every element of the border"};
  }
  int64_t num_pieces = 0;  // that compute it
  for (const std::unique_ptr<PieceReads>& piece : group.pieces()) {
    if (piece->root.node == producer) {
      ++num_pieces;
      continue;
    }
    const IndexFlow::Reads reads = piece->flow.ReadsOf(producer);
    if (!reads.unknown && reads.indices.empty()) continue;
    ++num_pieces;
    for (Node* anchor : group.anchors()) {
      if (IsRead(anchor, *piece))
        return {false, "one kernel has one contraction, window or column reduction"};
    }
    if (reads.unknown || reads.indices.size() != 1)
      return {false, "its elements are read at several places"};
    if (!IsReadOnce(reads.indices[0], producer->type().shape, *piece)) {
      return {false, "its elements are not read one by one in the order of the result"};
    }
  }
  if (num_pieces != 1) return {false, "it would be computed again for every piece that reads it"};
  return {true, "an epilogue of the producer"};
}

Verdict JoinRowReduction(Node* producer, const Group& group) {
  const Node& root = *group.StrippedRoot().node;
  if (group.pieces().size() != 1 || IsUpdate(root) || lower::IsWrittenInPieces(root))
    return {false, "the consumer has no rows of its own"};
  if (!group.anchors().empty())
    return {false, "one kernel has one contraction, window or column reduction, or rows"};
  const Shape& row = producer->type().shape;
  std::vector<Node*> reductions = group.row_reductions();
  if (!reductions.empty() && reductions[0]->type().shape != row) return {false, "the rows differ"};
  reductions.push_back(producer);
  // Where the consumer reads it, and where it reads the reductions that it holds already.
  const PieceReads& piece = *group.pieces()[0];
  const Index* common = nullptr;
  for (Node* reduction : reductions) {
    for (int i = 0; i < reduction->num_results(); ++i) {
      const IndexFlow::Reads* reads = piece.flow.Find(reduction->result(i));
      if (reads == nullptr) continue;
      if (reads->unknown || reads->indices.size() != 1)
        return {false, "the consumer does not read it once per row"};
      if (common != nullptr && *common != reads->indices[0]) return {false, "the rows differ"};
      common = &reads->indices[0];
    }
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
  const Node& root = *group.StrippedRoot().node;
  if (IsUpdate(root) && root.operand(0).node == producer) {
    return {false, "the updated tensor is changed in place"};
  }
  if (group.weight() + WeightOf(*producer) > kMostWeight)
    return {false, "the fusion is as large as is worth compiling as one kernel"};
  if (IsUpdate(root) && Reads(*producer, root.operand(0))) {
    return {false, "it reads the tensor that is then changed in place"};
  }
  switch (Info(producer->op()).op_class) {
    case OpClass::kView:
      return JoinView(producer, group);
    case OpClass::kElementwise:
    case OpClass::kTranscendental:
      return JoinElementwise(producer, group, facts);
    case OpClass::kReduction:
      return IsLanesReduction(*producer) ? JoinRowReduction(producer, group)
                                         : JoinEpilogue(producer, group);
    case OpClass::kContraction:
      return JoinEpilogue(producer, group);
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
  if (IsUpdate(*group.StrippedRoot().node)) return "update";
  std::string kind = "loop";
  for (const Node* member : group.members()) {
    if (IsContraction(*member)) return "contraction";
    if (member->op() == OpCode::kReduceWindow) kind = "window";
    if (member->op() == OpCode::kReduce) kind = "row";
  }
  return kind;
}

}  // namespace cermet::fuse
