// Rebuilds the kernel, expanding every tile instruction into one instruction per piece.
//
// Index tiles (i64, computed) are not expanded where they are defined but where they are used: a
// contiguous access needs the scalar index of its first element only, a gather a vector of indices.
#include "passes/schedule/legalize.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "ir/status.h"
#include "passes/schedule/index_analysis.h"
#include "passes/schedule/kernel_walk.h"
#include "passes/schedule/simplify_indices.h"
#include "passes/schedule/tile_pieces.h"

namespace cermet::schedule {
namespace {

using kernel::Block;
using kernel::Inst;
using kernel::InstKind;
using kernel::Kernel;
using kernel::KernelBuilder;
using kernel::kNoValue;
using kernel::LoopKind;
using kernel::ValueId;
using kernel::ValueType;

// The bytes of the widest elements that tiles hold, masks and computed indices left out; at
// least 4.
int64_t WidestElement(const Kernel& kernel) {
  int64_t widest = 4;
  ForEachInst(kernel.body, [&](const Inst& inst) {
    const bool access = inst.kind == InstKind::kLoad || inst.kind == InstKind::kStore;
    for (ValueId value : inst.results) {
      const ValueType& type = kernel.type(value);
      if (type.IsScalar() || (type.dtype == DType::kI64 && !access)) continue;
      widest = std::max(widest, ByteSize(type.dtype));
    }
    if (inst.kind == InstKind::kStore && !kernel.type(inst.operands[0]).IsScalar()) {
      widest = std::max(widest, ByteSize(kernel.type(inst.operands[0]).dtype));
    }
  });
  return widest;
}

class Legalizer {
 public:
  Legalizer(Kernel* kernel, int64_t vector_bytes)
      : kernel_(kernel),
        old_(*kernel),
        analysis_(IndexAnalysis::OfKernel(&old_)),
        lanes_(vector_bytes / WidestElement(*kernel)) {
    ForEachInst(old_.body, [&](const Inst& inst) {
      if (inst.kind == InstKind::kIota) iotas_[inst.results[0]] = &inst;
    });
  }

  absl::Status Run() {
    Block body;
    CERMET_RETURN_IF_ERROR(ExpandBlock(old_.body, &body));
    kernel_->body = std::move(body);
    return absl::OkStatus();
  }

 private:
  using Position = std::vector<int64_t>;
  // An index tile's element or vector: value, position, start, width (0: the scalar at `start`).
  using MemoKey = std::tuple<ValueId, Position, int64_t, int64_t>;

  const ValueType& OldType(ValueId value) const { return old_.type(value); }
  bool IsTile(ValueId value) const { return !OldType(value).IsScalar(); }
  TilePieces PiecesOf(ValueId value) const { return TilePieces(OldType(value).extents, lanes_); }
  KernelBuilder Here() { return KernelBuilder(kernel_, blocks_.back()); }

  absl::Status ExpandBlock(const Block& from, Block* to);
  absl::Status Insts(const Block& from);
  absl::Status Expand(const Inst& inst);
  absl::Status ExpandFor(const Inst& inst);
  void ExpandUnrolled(const Inst& inst, int64_t lower, int64_t upper, absl::Status* status);
  absl::Status ExpandIf(const Inst& inst);
  absl::Status ExpandSlice(const Inst& inst);
  void ExpandCompute(const Inst& inst);
  void ExpandLoad(const Inst& inst);
  void ExpandStore(const Inst& inst);
  void StoreElements(const Inst& inst, const Piece& piece);
  void CopyScalar(const Inst& inst);

  // The pieces of any value, vectors as wide as their chunks: what carried and yielded values need.
  std::vector<ValueId> AllPieces(ValueId value);
  std::vector<ValueId> NewPieces(ValueId value);
  // The value at a piece of a broadcast: a vector of the chunk's width, or a scalar when it does
  // not vary.
  ValueId At(ValueId value, const Piece& piece);
  ValueId VectorAt(ValueId value, const Piece& piece);
  ValueId ScalarAt(ValueId value, const Position& position, int64_t element);
  std::vector<ValueId> FirstElement(const std::vector<ValueId>& indices, const Piece& piece);
  ValueId MaskAt(const Inst& inst, const Piece& piece);
  bool IsLazy(const Inst& inst) const;
  enum class AccessKind { kInvariant, kContiguous, kScattered };
  AccessKind Classify(const std::vector<ValueId>& indices) const;
  bool VariesAlongLast(ValueId value) const {
    return IsTile(value) && OldType(value).extents.back() > 1;
  }

  Kernel* kernel_;
  const Kernel old_;
  IndexAnalysis analysis_;
  const int64_t lanes_;
  ValueMap map_;                                               // scalars
  absl::flat_hash_map<ValueId, std::vector<ValueId>> pieces_;  // tiles that are expanded
  absl::flat_hash_map<ValueId, const Inst*> lazy_;             // index tiles, by definition
  absl::flat_hash_map<ValueId, const Inst*> iotas_;
  std::vector<Block*> blocks_;
  std::vector<std::map<MemoKey, ValueId>> memo_;  // one per open block
};

absl::Status Legalizer::ExpandBlock(const Block& from, Block* to) {
  blocks_.push_back(to);
  memo_.emplace_back();
  absl::Status status = Insts(from);
  if (status.ok()) {
    for (ValueId yield : from.yields) {
      for (ValueId piece : AllPieces(yield)) to->yields.push_back(piece);
    }
  }
  memo_.pop_back();
  blocks_.pop_back();
  return status;
}

absl::Status Legalizer::Insts(const Block& from) {
  for (const Inst& inst : from.insts) CERMET_RETURN_IF_ERROR(Expand(inst));
  return absl::OkStatus();
}

bool Legalizer::IsLazy(const Inst& inst) const {
  return OldType(inst.results[0]).dtype == DType::kI64 || inst.kind == InstKind::kSplat;
}

absl::Status Legalizer::Expand(const Inst& inst) {
  const bool has_tile = !inst.results.empty() && IsTile(inst.results[0]);
  switch (inst.kind) {
    case InstKind::kConstant:
    case InstKind::kDim:
    case InstKind::kBarrier:
    case InstKind::kCheck:
      CopyScalar(inst);
      return absl::OkStatus();
    case InstKind::kIota:
    case InstKind::kSplat:
      lazy_[inst.results[0]] = &inst;
      return absl::OkStatus();
    case InstKind::kCompute:
      if (!has_tile) {
        CopyScalar(inst);
      } else if (IsLazy(inst)) {
        lazy_[inst.results[0]] = &inst;
      } else {
        ExpandCompute(inst);
      }
      return absl::OkStatus();
    case InstKind::kLoad:
      if (has_tile) {
        ExpandLoad(inst);
      } else {
        CopyScalar(inst);
      }
      return absl::OkStatus();
    case InstKind::kStore:
      ExpandStore(inst);
      return absl::OkStatus();
    case InstKind::kSlice:
      return ExpandSlice(inst);
    case InstKind::kExtract:
      map_.Set(inst.results[0], ScalarAt(inst.operands[0], {}, inst.start));
      return absl::OkStatus();
    case InstKind::kFor:
      return ExpandFor(inst);
    case InstKind::kIf:
      return ExpandIf(inst);
  }
  CERMET_UNREACHABLE();
}

void Legalizer::CopyScalar(const Inst& inst) {
  Inst copy = inst;
  for (ValueId& operand : copy.operands) operand = map_(operand);
  if (copy.mask != kNoValue) copy.mask = map_(copy.mask);
  for (ValueId& result : copy.results) {
    const ValueId fresh = kernel_->NewValue(OldType(result));
    map_.Set(result, fresh);
    result = fresh;
  }
  Here().Append(std::move(copy));
}

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

void Legalizer::ExpandCompute(const Inst& inst) {
  const ValueId old = inst.results[0];
  std::vector<ValueId> fresh;
  const TilePieces layout = PiecesOf(old);
  for (const Piece& piece : layout.pieces()) {
    Inst copy = inst;
    std::vector<int64_t> extents;
    for (ValueId& operand : copy.operands) {
      operand = At(operand, piece);
      extents = *kernel::BroadcastExtents(extents, kernel_->type(operand).extents);
    }
    copy.results = {kernel_->NewValue({OldType(old).dtype, extents})};
    fresh.push_back(copy.results[0]);
    Here().Append(std::move(copy));
  }
  pieces_[old] = std::move(fresh);
}

// How an access moves along the last axis.
Legalizer::AccessKind Legalizer::Classify(const std::vector<ValueId>& indices) const {
  bool varies = false;
  for (size_t d = 0; d < indices.size(); ++d) {
    if (!VariesAlongLast(indices[d])) continue;
    const Polynomial index = analysis_.Value(indices[d]);
    int64_t stride = 0;
    for (const Polynomial::Term& term : index.terms()) {
      for (Atom atom : term.atoms) {
        if (atom < 0 || !VariesAlongLast(atom)) continue;
        auto iota = iotas_.find(atom);
        const bool is_last_axis =
            iota != iotas_.end() &&
            static_cast<size_t>(iota->second->axis) + 1 == OldType(atom).extents.size();
        if (!is_last_axis || term.atoms.size() != 1) return AccessKind::kScattered;
        stride += term.coefficient;
      }
    }
    if (stride == 0) continue;
    if (stride != 1 || d + 1 != indices.size()) return AccessKind::kScattered;
    varies = true;
  }
  return varies ? AccessKind::kContiguous : AccessKind::kInvariant;
}

std::vector<ValueId> Legalizer::FirstElement(const std::vector<ValueId>& indices,
                                             const Piece& piece) {
  std::vector<ValueId> result;
  for (ValueId index : indices)
    result.push_back(ScalarAt(index, piece.position, piece.chunk.start));
  return result;
}

ValueId Legalizer::MaskAt(const Inst& inst, const Piece& piece) {
  return inst.mask == kNoValue ? kNoValue : VectorAt(inst.mask, piece);
}

void Legalizer::ExpandLoad(const Inst& inst) {
  const ValueId old = inst.results[0];
  AccessKind kind = Classify(inst.operands);
  const bool mask_varies = inst.mask != kNoValue && VariesAlongLast(inst.mask);
  if (kind == AccessKind::kInvariant && mask_varies) kind = AccessKind::kScattered;
  std::vector<ValueId> fresh;
  const TilePieces layout = PiecesOf(old);
  for (const Piece& piece : layout.pieces()) {
    if (piece.chunk.width == 1 || kind == AccessKind::kInvariant) {
      const ValueId mask = inst.mask == kNoValue ? kNoValue : At(inst.mask, piece);
      const std::vector<ValueId> indices = FirstElement(inst.operands, piece);
      fresh.push_back(Here().Load(inst.buffer, indices, mask));
    } else if (kind == AccessKind::kContiguous) {
      const std::vector<ValueId> indices = FirstElement(inst.operands, piece);
      const ValueId mask = MaskAt(inst, piece);
      fresh.push_back(Here().Load(inst.buffer, indices, mask, piece.chunk.width));
    } else {
      std::vector<ValueId> indices;
      for (ValueId operand : inst.operands) indices.push_back(At(operand, piece));
      const bool all_scalar = std::all_of(indices.begin(), indices.end(),
                                          [&](ValueId v) { return kernel_->type(v).IsScalar(); });
      if (all_scalar) indices.back() = Here().Splat(indices.back(), {piece.chunk.width});
      const ValueId mask = MaskAt(inst, piece);
      fresh.push_back(Here().Load(inst.buffer, indices, mask));
    }
  }
  pieces_[old] = std::move(fresh);
}

void Legalizer::StoreElements(const Inst& inst, const Piece& piece) {
  const std::vector<ValueId> operands(inst.operands.begin() + 1, inst.operands.end());
  for (int64_t lane = 0; lane < piece.chunk.width; ++lane) {
    const int64_t element = piece.chunk.start + lane;
    auto store = [&](KernelBuilder& builder) {
      blocks_.push_back(builder.block());
      memo_.emplace_back();
      std::vector<ValueId> indices;
      for (ValueId index : operands) indices.push_back(ScalarAt(index, piece.position, element));
      const ValueId value = ScalarAt(inst.operands[0], piece.position, element);
      builder.Store(inst.buffer, value, indices);
      memo_.pop_back();
      blocks_.pop_back();
    };
    if (inst.mask == kNoValue) {
      KernelBuilder builder = Here();
      store(builder);
      continue;
    }
    Here().If(
        ScalarAt(inst.mask, piece.position, element),
        [&](KernelBuilder& builder) {
          store(builder);
          return std::vector<ValueId>();
        },
        [](KernelBuilder&) { return std::vector<ValueId>(); });
  }
}

void Legalizer::ExpandStore(const Inst& inst) {
  const std::vector<ValueId> operands(inst.operands.begin() + 1, inst.operands.end());
  std::vector<int64_t> extents;
  for (ValueId index : operands) {
    if (IsTile(index)) extents = *kernel::BroadcastExtents(extents, OldType(index).extents);
  }
  if (extents.empty()) return CopyScalar(inst);
  const AccessKind kind = Classify(operands);
  const TilePieces layout(extents, lanes_);
  for (const Piece& piece : layout.pieces()) {
    if (kind == AccessKind::kContiguous && piece.chunk.width > 1) {
      const std::vector<ValueId> indices = FirstElement(operands, piece);
      const ValueId value = VectorAt(inst.operands[0], piece);
      const ValueId mask = MaskAt(inst, piece);
      Here().Store(inst.buffer, value, indices, mask, piece.chunk.width);
    } else {
      StoreElements(inst, piece);
    }
  }
}

absl::Status Legalizer::ExpandSlice(const Inst& inst) {
  const ValueId old = inst.results[0], source = inst.operands[0];
  const TilePieces to = PiecesOf(old), from = PiecesOf(source);
  const bool along_last = static_cast<size_t>(inst.axis) + 1 == OldType(old).extents.size();
  std::vector<ValueId> fresh;
  for (const Piece& piece : to.pieces()) {
    Piece read = piece;
    if (along_last) {
      read.chunk.start += inst.start;
    } else {
      read.position[inst.axis] += inst.start;
    }
    const Chunk& holder = from.chunks()[from.ChunkOf(read.chunk.start)];
    const int64_t offset = read.chunk.start - holder.start;
    if (read.chunk.width == 1 && VariesAlongLast(source)) {
      fresh.push_back(ScalarAt(source, read.position, read.chunk.start));
    } else if (offset == 0 && holder.width == read.chunk.width) {
      fresh.push_back(At(source, read));
    } else if (offset + read.chunk.width <= holder.width) {
      const ValueId vector = VectorAt(source, {read.position, holder});
      fresh.push_back(Here().Slice(vector, 0, offset, read.chunk.width));
    } else {
      return absl::UnimplementedError(
          absl::StrCat("kernel @", old_.name, ": a slice across vectors"));
    }
  }
  pieces_[old] = std::move(fresh);
  return absl::OkStatus();
}

absl::Status Legalizer::ExpandFor(const Inst& inst) {
  if (inst.loop == LoopKind::kUnrolled) {
    const Polynomial lower = analysis_.Value(inst.operands[0]),
                     upper = analysis_.Value(inst.operands[1]);
    absl::Status status;
    ExpandUnrolled(inst, lower.constant(), upper.constant(), &status);
    return status;
  }
  Inst copy = inst;
  copy.results.clear();
  copy.operands = {map_(inst.operands[0]), map_(inst.operands[1])};
  for (size_t i = 0; i < inst.results.size(); ++i) {
    for (ValueId piece : AllPieces(inst.operands[2 + i])) copy.operands.push_back(piece);
  }
  for (size_t b = 0; b < inst.blocks.size(); ++b) {
    Block block;
    for (ValueId param : inst.blocks[b].params) {
      for (ValueId piece : NewPieces(param)) block.params.push_back(piece);
    }
    CERMET_RETURN_IF_ERROR(ExpandBlock(inst.blocks[b], &block));
    copy.blocks[b] = std::move(block);
  }
  for (ValueId result : inst.results) {
    for (ValueId piece : NewPieces(result)) copy.results.push_back(piece);
  }
  Here().Append(std::move(copy));
  return absl::OkStatus();
}

void Legalizer::ExpandUnrolled(const Inst& inst, int64_t lower, int64_t upper,
                               absl::Status* status) {
  const Block& body = inst.blocks[0];
  auto bind = [&](ValueId to, ValueId scalar, const std::vector<ValueId>& pieces) {
    if (IsTile(to)) {
      pieces_[to] = pieces;
    } else {
      map_.Set(to, scalar);
    }
  };
  std::vector<std::vector<ValueId>> carried;
  for (size_t i = 0; i < inst.results.size(); ++i)
    carried.push_back(AllPieces(inst.operands[2 + i]));
  for (int64_t iteration = lower; iteration < upper && status->ok(); iteration += inst.step) {
    memo_.back().clear();  // index tiles of the body differ from iteration to iteration
    map_.Set(body.params[0], Here().Index(iteration));
    for (size_t i = 0; i < carried.size(); ++i) bind(body.params[1 + i], carried[i][0], carried[i]);
    *status = Insts(body);
    for (size_t i = 0; i < carried.size() && status->ok(); ++i)
      carried[i] = AllPieces(body.yields[i]);
  }
  memo_.back().clear();
  for (size_t i = 0; i < carried.size(); ++i) bind(inst.results[i], carried[i][0], carried[i]);
}

absl::Status Legalizer::ExpandIf(const Inst& inst) {
  Inst copy = inst;
  copy.results.clear();
  copy.operands = {map_(inst.operands[0])};
  for (size_t b = 0; b < 2; ++b) {
    Block block;
    CERMET_RETURN_IF_ERROR(ExpandBlock(inst.blocks[b], &block));
    copy.blocks[b] = std::move(block);
  }
  for (ValueId result : inst.results) {
    for (ValueId piece : NewPieces(result)) copy.results.push_back(piece);
  }
  Here().Append(std::move(copy));
  return absl::OkStatus();
}

}  // namespace

absl::Status Legalize(Kernel* kernel, int64_t vector_bytes) {
  Kernel legal = *kernel;
  CERMET_RETURN_IF_ERROR(Legalizer(&legal, vector_bytes).Run());
  *kernel = std::move(legal);
  SimplifyIndices(kernel);
  return absl::OkStatus();
}

}  // namespace cermet::schedule
