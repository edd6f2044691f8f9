// Intrinsics of the NVPTX backend, for sm_80 and later. Registers of an mma hold two 16-bit
// elements or one tf32 each.
#include "codegen/warp_emitter.h"

#include <vector>

#include "ir/kernel/fragment.h"
#include "ir/status.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/IntrinsicsNVPTX.h"

namespace cermet::codegen {

using kernel::Fragment;
using kernel::Inst;
using kernel::MmaMode;
using kernel::ShuffleKind;
using llvm::Value;
namespace Intrinsic = llvm::Intrinsic;

namespace {

constexpr int32_t kAllLanes = -1;
constexpr int32_t kLastLane = 31;  // the highest lane that a shuffle reads, for warps of 32

Value* Call(llvm::IRBuilder<>& b, Intrinsic::ID id, llvm::ArrayRef<Value*> arguments) {
  return b.CreateIntrinsic(id, llvm::ArrayRef<llvm::Type*>(), arguments);
}

Intrinsic::ID ShuffleIntrinsic(ShuffleKind kind) {
  switch (kind) {
    case ShuffleKind::kXor:
      return Intrinsic::nvvm_shfl_sync_bfly_i32;
    case ShuffleKind::kDown:
      return Intrinsic::nvvm_shfl_sync_down_i32;
    case ShuffleKind::kLane:
      return Intrinsic::nvvm_shfl_sync_idx_i32;
  }
  CERMET_UNREACHABLE();
}

// The elements of `operand` in registers of type `type`, in order.
void AppendRegisters(llvm::IRBuilder<>& b, Value* operand, llvm::Type* type,
                     std::vector<Value*>* registers) {
  const auto bits = static_cast<unsigned>(operand->getType()->getPrimitiveSizeInBits());
  const unsigned count = bits / static_cast<unsigned>(type->getPrimitiveSizeInBits());
  Value* const packed = b.CreateBitCast(operand, llvm::FixedVectorType::get(b.getInt32Ty(), count));
  for (unsigned i = 0; i < count; ++i) {
    Value* const word = b.CreateExtractElement(packed, uint64_t{i});
    registers->push_back(b.CreateBitCast(word, type));
  }
}

// f32 to tf32 by rounding to nearest, ties away from zero; the result is a vector of words.
Value* RoundToTf32(llvm::IRBuilder<>& b, Value* operand) {
  const unsigned count = llvm::cast<llvm::FixedVectorType>(operand->getType())->getNumElements();
  Value* words = llvm::PoisonValue::get(llvm::FixedVectorType::get(b.getInt32Ty(), count));
  for (unsigned i = 0; i < count; ++i) {
    Value* const element = b.CreateExtractElement(operand, uint64_t{i});
    words =
        b.CreateInsertElement(words, Call(b, Intrinsic::nvvm_f2tf32_rna, {element}), uint64_t{i});
  }
  return words;
}

Intrinsic::ID MmaIntrinsic(MmaMode mode) {
  switch (mode) {
    case MmaMode::kTf32:
      return Intrinsic::nvvm_mma_m16n8k8_row_col_tf32;
    case MmaMode::kF16:
      return Intrinsic::nvvm_mma_m16n8k16_row_col_f32_f32;
    case MmaMode::kBf16:
      return Intrinsic::nvvm_mma_m16n8k16_row_col_bf16;
  }
  CERMET_UNREACHABLE();
}

}  // namespace

Value* EmitShuffle(llvm::IRBuilder<>& b, const Inst& shuffle, DType dtype, Value* value) {
  const auto bits = dtype == DType::kBool ? 1u : static_cast<unsigned>(8 * ByteSize(dtype));
  llvm::Type* const type = value->getType();
  Value* const whole = b.CreateBitCast(value, b.getIntNTy(bits));
  const auto move = [&](Value* word) {
    return Call(b, ShuffleIntrinsic(shuffle.shuffle),
                {b.getInt32(kAllLanes), word, b.getInt32(static_cast<uint32_t>(shuffle.count)),
                 b.getInt32(kLastLane)});
  };
  if (bits <= 32) {
    Value* const moved = move(b.CreateZExt(whole, b.getInt32Ty()));
    return b.CreateBitCast(b.CreateTrunc(moved, b.getIntNTy(bits)), type);
  }
  Value* const low = move(b.CreateTrunc(whole, b.getInt32Ty()));
  Value* const high = move(b.CreateTrunc(b.CreateLShr(whole, 32), b.getInt32Ty()));
  Value* const moved = b.CreateOr(b.CreateZExt(low, b.getInt64Ty()),
                                  b.CreateShl(b.CreateZExt(high, b.getInt64Ty()), 32));
  return b.CreateBitCast(moved, type);
}

Value* EmitFragmentIota(llvm::IRBuilder<>& b, Fragment fragment, int64_t axis) {
  const kernel::FragmentAxis where = kernel::AxisOf(fragment, axis);
  Value* const lane = Call(b, Intrinsic::nvvm_read_ptx_sreg_laneid, {});
  Value* const part =
      b.CreateURem(b.CreateUDiv(lane, b.getInt32(where.divisor)), b.getInt32(where.modulus));
  Value* const first = b.CreateZExt(b.CreateMul(part, b.getInt32(where.scale)), b.getInt64Ty());
  llvm::SmallVector<uint64_t, 8> offsets(where.offsets.begin(), where.offsets.end());
  return b.CreateAdd(b.CreateVectorSplat(offsets.size(), first),
                     llvm::ConstantDataVector::get(b.getContext(), offsets));
}

Value* EmitMma(llvm::IRBuilder<>& b, MmaMode mode, Value* a_operand, Value* b_operand,
               Value* c_operand) {
  llvm::Type* word = b.getInt32Ty();
  if (mode == MmaMode::kTf32) {
    a_operand = RoundToTf32(b, a_operand);
    b_operand = RoundToTf32(b, b_operand);
  } else if (mode == MmaMode::kF16) {
    word = llvm::FixedVectorType::get(b.getHalfTy(), 2);
  }
  std::vector<Value*> registers;
  AppendRegisters(b, a_operand, word, &registers);
  AppendRegisters(b, b_operand, word, &registers);
  AppendRegisters(b, c_operand, b.getFloatTy(), &registers);
  Value* const results = Call(b, MmaIntrinsic(mode), registers);
  Value* vector = llvm::PoisonValue::get(c_operand->getType());
  for (unsigned i = 0; i < 4; ++i) {
    vector = b.CreateInsertElement(vector, b.CreateExtractValue(results, i), uint64_t{i});
  }
  return vector;
}

void EmitCopyAsync(llvm::IRBuilder<>& b, Value* to, Value* from, int64_t bytes, Value* mask) {
  const Intrinsic::ID whole = bytes == 4   ? Intrinsic::nvvm_cp_async_ca_shared_global_4
                              : bytes == 8 ? Intrinsic::nvvm_cp_async_ca_shared_global_8
                                           : Intrinsic::nvvm_cp_async_cg_shared_global_16;
  const Intrinsic::ID part = bytes == 4   ? Intrinsic::nvvm_cp_async_ca_shared_global_4_s
                             : bytes == 8 ? Intrinsic::nvvm_cp_async_ca_shared_global_8_s
                                          : Intrinsic::nvvm_cp_async_cg_shared_global_16_s;
  if (mask == nullptr) {
    Call(b, whole, {to, from});
    return;
  }
  // What is not read of the source is zeros.
  Call(b, part, {to, from, b.CreateSelect(mask, b.getInt32(bytes), b.getInt32(0))});
}

void EmitCommit(llvm::IRBuilder<>& b) { Call(b, Intrinsic::nvvm_cp_async_commit_group, {}); }

void EmitWait(llvm::IRBuilder<>& b, int64_t groups_left) {
  Call(b, Intrinsic::nvvm_cp_async_wait_group, {b.getInt32(static_cast<uint32_t>(groups_left))});
}

}  // namespace cermet::codegen
