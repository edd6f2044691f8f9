// Kernel instructions to LLVM IR, one to a few each. Loops come out rotated (a guard, then a body
// that tests at its end), the form in which loop-invariant code motion and strength reduction work
// best, and are marked so that nobody unrolls or vectorises them: both were decided by the
// schedule.
#include "codegen/body_emitter.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "codegen/elementwise_emitter.h"
#include "codegen/warp_emitter.h"
#include "ir/status.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/MDBuilder.h"

namespace cermet::codegen {

using kernel::Block;
using kernel::Inst;
using kernel::InstKind;
using kernel::LoopKind;
using kernel::ValueId;
using llvm::Value;

namespace {

// Loops are as the schedule wants them.
void KeepLoop(llvm::BranchInst* back_edge) {
  llvm::LLVMContext& context = back_edge->getContext();
  auto flag = [&](const char* name) {
    return llvm::MDNode::get(context, {llvm::MDString::get(context, name)});
  };
  llvm::Metadata* const no_vectors = llvm::MDNode::get(
      context, {llvm::MDString::get(context, "llvm.loop.vectorize.enable"),
                llvm::ConstantAsMetadata::get(llvm::ConstantInt::getFalse(context))});
  llvm::MDNode* const id = llvm::MDNode::getDistinct(
      context,
      {nullptr, flag("llvm.loop.mustprogress"), flag("llvm.loop.unroll.disable"), no_vectors});
  id->replaceOperandWith(0, id);
  back_edge->setMetadata(llvm::LLVMContext::MD_loop, id);
}

absl::Status CheckBlock(const kernel::Kernel& kernel, const Block& block,
                        const TargetTraits& traits) {
  for (const Inst& inst : block.insts) {
    if (inst.order_lanes > 1) {
      return absl::InternalError(absl::StrCat("kernel ", kernel.name, ": a loop with order lanes ",
                                              inst.order_lanes, " reached code generation"));
    }
    const bool is_double_fma = inst.kind == InstKind::kCompute && inst.op == OpCode::kFma &&
                               kernel.type(inst.results[0]).dtype == DType::kF64;
    if (is_double_fma && !traits.native_fma) {
      return absl::UnimplementedError(
          absl::StrCat("kernel ", kernel.name, ": the target has no fused multiply-add of f64"));
    }
    if (!traits.is_gpu && kernel::Info(inst.kind).place != kernel::InstPlace::kAnywhere) {
      return absl::UnimplementedError(absl::StrCat("kernel ", kernel.name, ": ", Name(inst.kind),
                                                   " is for the threads of a GPU, not for a CPU"));
    }
    for (const Block& inner : inst.blocks) {
      CERMET_RETURN_IF_ERROR(CheckBlock(kernel, inner, traits));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckEmittable(const kernel::Kernel& kernel, const TargetTraits& traits) {
  return CheckBlock(kernel, kernel.body, traits);
}

BodyEmitter::BodyEmitter(const kernel::Kernel& kernel, const TargetTraits& traits,
                         llvm::IRBuilder<>& builder, DimEmitter& dims, BufferEmitter& buffers,
                         BodyHooks& hooks)
    : kernel_(kernel),
      traits_(traits),
      b_(builder),
      dims_(dims),
      buffers_(buffers),
      hooks_(hooks),
      values_(kernel.value_types.size(), nullptr) {}

llvm::BasicBlock* BodyEmitter::NewBlock(const char* name) {
  return llvm::BasicBlock::Create(b_.getContext(), name, b_.GetInsertBlock()->getParent());
}

TileValue BodyEmitter::Tile(ValueId id) const {
  if (id == kernel::kNoValue) return {};
  return {values_[id], kernel_.type(id).extents};
}

std::vector<TileValue> BodyEmitter::Indices(const Inst& inst, size_t first) const {
  std::vector<TileValue> indices;
  for (size_t i = first; i < inst.operands.size(); ++i) indices.push_back(Tile(inst.operands[i]));
  return indices;
}

void BodyEmitter::EmitBlock(const Block& block) {
  for (const Inst& inst : block.insts) EmitInst(inst);
}

void BodyEmitter::EmitInst(const Inst& inst) {
  switch (inst.kind) {
    case InstKind::kConstant: {
      const kernel::ValueType& type = kernel_.type(inst.results[0]);
      Value* const scalar = RegisterConstant(type.dtype, inst.bits, b_.getContext());
      return SetResult(inst, EmitBroadcast(b_, scalar, {}, type.extents));
    }
    case InstKind::kDim:
      return SetResult(inst, dims_.Emit(inst.dim));
    case InstKind::kIota: {
      const kernel::ValueType& type = kernel_.type(inst.results[0]);
      if (type.fragment != kernel::Fragment::kNone) {
        return SetResult(inst, EmitFragmentIota(b_, type.fragment, inst.axis));
      }
      return SetResult(inst, EmitIota(b_.getContext(), type.extents, inst.axis));
    }
    case InstKind::kCompute:
      return SetResult(inst, EmitCompute(inst));
    case InstKind::kLoad:
      return SetResult(inst, buffers_.Load(inst, Indices(inst, 0), Tile(inst.mask)));
    case InstKind::kStore:
      return buffers_.Store(inst, Tile(inst.operands[0]), Indices(inst, 1), Tile(inst.mask));
    case InstKind::kSlice: {
      const TileValue tile = Tile(inst.operands[0]);
      return SetResult(
          inst, EmitSlice(b_, tile.value, tile.extents, kernel_.type(inst.results[0]).extents,
                          inst.axis, inst.start));
    }
    case InstKind::kExtract:
      return SetResult(inst, b_.CreateExtractElement(values_[inst.operands[0]],
                                                     static_cast<uint64_t>(inst.start)));
    case InstKind::kSplat: {
      const TileValue tile = Tile(inst.operands[0]);
      return SetResult(
          inst, EmitBroadcast(b_, tile.value, tile.extents, kernel_.type(inst.results[0]).extents));
    }
    case InstKind::kFor:
      return EmitFor(inst);
    case InstKind::kIf:
      return EmitIf(inst);
    case InstKind::kBarrier:
      return hooks_.Barrier(b_);
    case InstKind::kShuffle:
      return SetResult(inst, EmitShuffle(b_, inst, kernel_.type(inst.results[0]).dtype,
                                         values_[inst.operands[0]]));
    case InstKind::kCopyAsync:
      return EmitCopy(inst);
    case InstKind::kCommit:
      return EmitCommit(b_);
    case InstKind::kWait:
      return EmitWait(b_, inst.count);
    case InstKind::kMma:
      return SetResult(inst, EmitMma(b_, inst.mma, values_[inst.operands[0]],
                                     values_[inst.operands[1]], values_[inst.operands[2]]));
    case InstKind::kCheck:
      return EmitCheck(inst);
  }
  CERMET_UNREACHABLE();
}

Value* BodyEmitter::EmitCompute(const Inst& inst) {
  const kernel::ValueType& result = kernel_.type(inst.results[0]);
  const bool is_select = inst.op == OpCode::kSelect;
  llvm::SmallVector<Value*, 3> operands;
  for (size_t i = 0; i < inst.operands.size(); ++i) {
    const TileValue tile = Tile(inst.operands[i]);
    const bool scalar_predicate = is_select && i == 0 && tile.extents.empty();
    operands.push_back(scalar_predicate
                           ? tile.value
                           : EmitBroadcast(b_, tile.value, tile.extents, result.extents));
  }
  ScalarOp op;
  op.op = inst.op;
  op.operand = kernel_.type(inst.operands[is_select ? 1 : 0]).dtype;
  op.result = result.dtype;
  op.direction = inst.direction;
  return EmitElementwise(b_, traits_, op, operands);
}

void BodyEmitter::EmitFor(const Inst& inst) {
  BodyHooks::LoopBounds bounds{values_[inst.operands[0]], values_[inst.operands[1]],
                               b_.getInt64(inst.step), /*once=*/false};
  if (inst.loop != LoopKind::kSerial && inst.loop != LoopKind::kUnrolled) {
    bounds = hooks_.Bounds(b_, inst, bounds);
  }
  const Block& body = inst.blocks[0];
  const size_t carried = inst.results.size();
  std::vector<Value*> inits;
  for (size_t i = 0; i < carried; ++i) inits.push_back(values_[inst.operands[2 + i]]);
  if (bounds.once) {
    values_[body.params[0]] = bounds.lower;
    for (size_t i = 0; i < carried; ++i) values_[body.params[1 + i]] = inits[i];
    EmitBlock(body);
    for (size_t i = 0; i < carried; ++i) values_[inst.results[i]] = values_[body.yields[i]];
    return;
  }

  llvm::BasicBlock* const before = b_.GetInsertBlock();
  llvm::BasicBlock* const loop = NewBlock("loop");
  llvm::BasicBlock* const exit = NewBlock("exit");
  b_.CreateCondBr(b_.CreateICmpSLT(bounds.lower, bounds.upper), loop, exit);

  b_.SetInsertPoint(loop);
  llvm::PHINode* const iv = b_.CreatePHI(b_.getInt64Ty(), 2, inst.iv_name);
  iv->addIncoming(bounds.lower, before);
  values_[body.params[0]] = iv;
  std::vector<llvm::PHINode*> phis;
  for (size_t i = 0; i < carried; ++i) {
    phis.push_back(b_.CreatePHI(inits[i]->getType(), 2));
    phis[i]->addIncoming(inits[i], before);
    values_[body.params[1 + i]] = phis[i];
  }
  EmitBlock(body);
  if (inst.loop != LoopKind::kSerial && inst.loop != LoopKind::kUnrolled) {
    hooks_.EndIteration(b_, inst);
  }
  llvm::BasicBlock* const latch = b_.GetInsertBlock();
  Value* const next = b_.CreateNSWAdd(iv, bounds.step);
  KeepLoop(b_.CreateCondBr(b_.CreateICmpSLT(next, bounds.upper), loop, exit));
  iv->addIncoming(next, latch);

  b_.SetInsertPoint(exit);
  for (size_t i = 0; i < carried; ++i) {
    Value* const yielded = values_[body.yields[i]];
    phis[i]->addIncoming(yielded, latch);
    llvm::PHINode* const result = b_.CreatePHI(inits[i]->getType(), 2);
    result->addIncoming(inits[i], before);
    result->addIncoming(yielded, latch);
    values_[inst.results[i]] = result;
  }
}

void BodyEmitter::EmitIf(const Inst& inst) {
  llvm::BasicBlock* const branches[2] = {NewBlock("then"), NewBlock("else")};
  llvm::BasicBlock* const after = NewBlock("endif");
  b_.CreateCondBr(values_[inst.operands[0]], branches[0], branches[1]);
  llvm::BasicBlock* ends[2];
  for (int i = 0; i < 2; ++i) {
    b_.SetInsertPoint(branches[i]);
    if (inst.blocks.size() > static_cast<size_t>(i)) EmitBlock(inst.blocks[i]);
    ends[i] = b_.GetInsertBlock();
    b_.CreateBr(after);
  }
  b_.SetInsertPoint(after);
  for (size_t r = 0; r < inst.results.size(); ++r) {
    llvm::PHINode* const phi =
        b_.CreatePHI(RegisterType(kernel_.type(inst.results[r]), b_.getContext()), 2);
    for (int i = 0; i < 2; ++i) phi->addIncoming(values_[inst.blocks[i].yields[r]], ends[i]);
    values_[inst.results[r]] = phi;
  }
}

void BodyEmitter::EmitCopy(const Inst& inst) {
  const size_t rank = kernel_.buffers[inst.buffer].shape.size();
  std::vector<Value*> to, from;
  for (size_t i = 0; i < inst.operands.size(); ++i) {
    (i < rank ? to : from).push_back(values_[inst.operands[i]]);
  }
  const int64_t bytes =
      std::max<int64_t>(inst.lanes, 1) * ByteSize(kernel_.buffers[inst.buffer].dtype);
  EmitCopyAsync(b_, buffers_.Address(inst.buffer, to), buffers_.Address(inst.source, from), bytes,
                inst.mask == kernel::kNoValue ? nullptr : values_[inst.mask]);
}

void BodyEmitter::EmitCheck(const Inst& inst) {
  llvm::BasicBlock* const failed = NewBlock("failed");
  llvm::BasicBlock* const after = NewBlock("checked");
  llvm::MDBuilder metadata(b_.getContext());
  b_.CreateCondBr(values_[inst.operands[0]], after, failed, metadata.createLikelyBranchWeights());
  b_.SetInsertPoint(failed);
  hooks_.CheckFailed(b_, inst, values_[inst.operands[1]]);
  b_.CreateBr(after);
  b_.SetInsertPoint(after);
}

}  // namespace cermet::codegen
