// Rebuilds the kernel, expanding every tile instruction into one instruction per piece.
//
// Index tiles (i64, computed) are not expanded where they are defined but where they are used: a
// contiguous access needs the scalar index of its first element only, a gather a vector of indices.
#include "passes/schedule/legalize.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ir/kernel/builder.h"
#include "ir/status.h"
#include "passes/schedule/legalizer.h"
#include "passes/schedule/simplify_indices.h"

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

namespace {

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

}  // namespace

Legalizer::Legalizer(Kernel* kernel, int64_t lanes)
    : kernel_(kernel), old_(*kernel), analysis_(IndexAnalysis::OfKernel(&old_)), lanes_(lanes) {
  ForEachInst(old_.body, [&](const Inst& inst) {
    if (inst.kind == InstKind::kIota) iotas_[inst.results[0]] = &inst;
  });
}

absl::Status Legalizer::Run() {
  Block body;
  CERMET_RETURN_IF_ERROR(ExpandBlock(old_.body, &body));
  kernel_->body = std::move(body);
  return absl::OkStatus();
}

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
  if (has_tile && OldType(inst.results[0]).fragment != kernel::Fragment::kNone) {
    return absl::UnimplementedError(absl::StrCat(
        "kernel @", kernel_->name, ": fragments are for GPUs, whose code is not legalized"));
  }
  switch (inst.kind) {
    case InstKind::kConstant:
    case InstKind::kDim:
    case InstKind::kCheck:
      CopyScalar(inst);
      return absl::OkStatus();
    case InstKind::kBarrier:
    case InstKind::kShuffle:
    case InstKind::kCopyAsync:
    case InstKind::kCommit:
    case InstKind::kWait:
    case InstKind::kMma:
      return absl::UnimplementedError(absl::StrCat("kernel @", kernel_->name, ": ", Name(inst.kind),
                                                   " is for GPUs, whose code is not legalized"));
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

absl::Status Legalize(Kernel* kernel, int64_t vector_bytes) {
  Kernel legal = *kernel;
  CERMET_RETURN_IF_ERROR(Legalizer(&legal, vector_bytes / WidestElement(*kernel)).Run());
  *kernel = std::move(legal);
  SimplifyIndices(kernel);
  return absl::OkStatus();
}

}  // namespace cermet::schedule
