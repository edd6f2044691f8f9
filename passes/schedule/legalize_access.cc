// Loads and stores: contiguous vectors, scalars, gathers, and stores of single elements.
#include <algorithm>
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

}  // namespace cermet::schedule
