// Values at a piece of a tile: expanded ones are looked up, index tiles are computed where they are
// used.
#include <utility>

#include "ir/kernel/builder.h"
#include "passes/schedule/legalizer.h"

namespace cermet::schedule {

using kernel::Block;
using kernel::Inst;
using kernel::InstKind;
using kernel::Kernel;
using kernel::KernelBuilder;
using kernel::kNoValue;
using kernel::LoopKind;
using kernel::ValueId;
using kernel::ValueType;

std::vector<ValueId> Legalizer::AllPieces(ValueId value) {
  if (!IsTile(value)) return {map_(value)};
  std::vector<ValueId> result;
  const TilePieces layout = PiecesOf(value);
  for (const Piece& piece : layout.pieces()) result.push_back(VectorAt(value, piece));
  return result;
}

// Fresh values for the pieces of a carried value or a result.
std::vector<ValueId> Legalizer::NewPieces(ValueId value) {
  if (!IsTile(value)) {
    const ValueId fresh = kernel_->NewValue(OldType(value));
    map_.Set(value, fresh);
    return {fresh};
  }
  std::vector<ValueId> fresh;
  const TilePieces layout = PiecesOf(value);
  for (const Piece& piece : layout.pieces()) {
    ValueType type{OldType(value).dtype, {}};
    if (piece.chunk.width > 1) type.extents = {piece.chunk.width};
    fresh.push_back(kernel_->NewValue(std::move(type)));
  }
  pieces_[value] = fresh;
  return fresh;
}

ValueId Legalizer::ScalarAt(ValueId value, const Position& position, int64_t element) {
  if (!IsTile(value)) return map_(value);
  const std::vector<int64_t>& extents = OldType(value).extents;
  if (extents.back() == 1) element = 0;
  auto lazy = lazy_.find(value);
  if (lazy == lazy_.end()) {
    const TilePieces layout = PiecesOf(value);
    const int64_t chunk = layout.ChunkOf(element);
    const ValueId piece = pieces_.at(value)[layout.PieceAt(position, chunk)];
    if (kernel_->type(piece).IsScalar()) return piece;
    return Here().Extract(piece, element - layout.chunks()[chunk].start);
  }
  const MemoKey key(value, position, element, 0);
  for (const auto& memo : memo_) {
    if (auto it = memo.find(key); it != memo.end()) return it->second;
  }
  const Inst& inst = *lazy->second;
  ValueId result = kNoValue;
  if (inst.kind == InstKind::kIota) {
    const size_t axis = static_cast<size_t>(inst.axis);
    result = Here().Index(axis + 1 == extents.size() ? element : position[axis]);
  } else if (inst.kind == InstKind::kSplat) {
    result = ScalarAt(inst.operands[0], position, element);
  } else {
    Inst copy = inst;
    for (ValueId& operand : copy.operands) operand = ScalarAt(operand, position, element);
    result = kernel_->NewValue({OldType(value).dtype, {}});
    copy.results = {result};
    Here().Append(std::move(copy));
  }
  memo_.back()[key] = result;
  return result;
}

ValueId Legalizer::At(ValueId value, const Piece& piece) {
  if (!IsTile(value)) return map_(value);
  if (!VariesAlongLast(value) || piece.chunk.width == 1)
    return ScalarAt(value, piece.position, piece.chunk.start);
  auto lazy = lazy_.find(value);
  if (lazy == lazy_.end()) {
    const TilePieces layout = PiecesOf(value);
    return pieces_.at(value)[layout.PieceAt(piece.position, layout.ChunkOf(piece.chunk.start))];
  }
  const MemoKey key(value, piece.position, piece.chunk.start, piece.chunk.width);
  for (const auto& memo : memo_) {
    if (auto it = memo.find(key); it != memo.end()) return it->second;
  }
  const Inst& inst = *lazy->second;
  ValueId result = kNoValue;
  if (inst.kind == InstKind::kIota) {
    KernelBuilder builder = Here();
    result = builder.Iota({piece.chunk.width}, 0);
    if (piece.chunk.start != 0) result = builder.Add(result, builder.Index(piece.chunk.start));
  } else if (inst.kind == InstKind::kSplat) {
    result = At(inst.operands[0], piece);
  } else {
    Inst copy = inst;
    std::vector<int64_t> extents;
    for (ValueId& operand : copy.operands) {
      operand = At(operand, piece);
      extents = *kernel::BroadcastExtents(extents, kernel_->type(operand).extents);
    }
    result = kernel_->NewValue({OldType(value).dtype, extents});
    copy.results = {result};
    Here().Append(std::move(copy));
  }
  memo_.back()[key] = result;
  return result;
}

ValueId Legalizer::VectorAt(ValueId value, const Piece& piece) {
  const ValueId at = At(value, piece);
  if (piece.chunk.width == 1 || !kernel_->type(at).IsScalar()) return at;
  return Here().Splat(at, {piece.chunk.width});
}

}  // namespace cermet::schedule
