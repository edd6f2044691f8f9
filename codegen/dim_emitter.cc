// Dims as integer arithmetic. As a rule whoever bound the dims has evaluated the same expressions
// with overflow checks, so this arithmetic does not wrap.
#include "codegen/dim_emitter.h"

#include "ir/status.h"
#include "llvm/IR/Intrinsics.h"

namespace cermet::codegen {
namespace {

using llvm::Value;

// FloorDivInt and FloorModInt (ir/dim_arithmetic.h): total, also by 0 and by -1, for which the machine's
// division traps.
Value* FloorDivMod(llvm::IRBuilder<>& b, Value* x, Value* y, bool quotient) {
  Value* const zero = b.getInt64(0);
  Value* const by_zero = b.CreateICmpEQ(y, zero);
  Value* const by_minus_1 = b.CreateICmpEQ(y, b.getInt64(-1));
  Value* const divisor = b.CreateSelect(b.CreateOr(by_zero, by_minus_1), b.getInt64(1), y);
  Value* const rest = b.CreateSRem(x, divisor);
  Value* const signs_differ = b.CreateICmpSLT(b.CreateXor(rest, divisor), zero);
  Value* const adjust = b.CreateAnd(b.CreateICmpNE(rest, zero), signs_differ);
  if (!quotient) {
    Value* const mod = b.CreateAdd(rest, b.CreateSelect(adjust, divisor, zero));
    return b.CreateSelect(by_zero, x, mod);
  }
  Value* const floor = b.CreateSub(b.CreateSDiv(x, divisor), b.CreateZExt(adjust, b.getInt64Ty()));
  // 0 - x, but the largest number for the least.
  Value* const negated = b.CreateBinaryIntrinsic(llvm::Intrinsic::ssub_sat, zero, x);
  return b.CreateSelect(by_zero, zero, b.CreateSelect(by_minus_1, negated, floor));
}

}  // namespace

Value* DimEmitter::EmitAtom(llvm::IRBuilder<>& b, const Dim::Atom& atom) {
  if (atom.kind == Dim::AtomKind::kSymbol) {
    const auto symbol = symbols_.find(atom.symbol);
    CERMET_CHECK(symbol != symbols_.end());
    return symbol->second;
  }
  Value* const x = Emit(atom.args[0]);
  Value* const y = Emit(atom.args[1]);
  switch (atom.kind) {
    case Dim::AtomKind::kSymbol:
      break;
    case Dim::AtomKind::kFloorDiv:
      return FloorDivMod(b, x, y, /*quotient=*/true);
    case Dim::AtomKind::kMod:
      return FloorDivMod(b, x, y, /*quotient=*/false);
    case Dim::AtomKind::kMax:
      return b.CreateBinaryIntrinsic(llvm::Intrinsic::smax, x, y);
    case Dim::AtomKind::kMin:
      return b.CreateBinaryIntrinsic(llvm::Intrinsic::smin, x, y);
  }
  CERMET_UNREACHABLE();
}

Value* DimEmitter::Combine(llvm::IRBuilder<>& b, bool is_product, Value* x, Value* y) {
  if (overflow_kind_ == Overflow::kExcluded)
    return is_product ? b.CreateNSWMul(x, y) : b.CreateNSWAdd(x, y);
  Value* const pair = b.CreateBinaryIntrinsic(
      is_product ? llvm::Intrinsic::smul_with_overflow : llvm::Intrinsic::sadd_with_overflow, x, y);
  Value* const overflows = b.CreateExtractValue(pair, 1);
  overflow_ = overflow_ == nullptr ? overflows : b.CreateOr(overflow_, overflows);
  return b.CreateExtractValue(pair, 0);
}

Value* DimEmitter::Emit(const Dim& dim) {
  llvm::LLVMContext& context = block_->getContext();
  if (dim.IsConstant()) {
    return llvm::ConstantInt::getSigned(llvm::Type::getInt64Ty(context), dim.constant());
  }
  if (const auto known = emitted_.find(dim); known != emitted_.end()) return known->second;
  llvm::IRBuilder<> b(context);
  if (llvm::Instruction* const end = block_->getTerminator()) {
    b.SetInsertPoint(end);
  } else {
    b.SetInsertPoint(block_);
  }
  Value* sum = llvm::ConstantInt::getSigned(b.getInt64Ty(), dim.constant());
  for (const Dim::Term& term : dim.terms()) {
    Value* product = llvm::ConstantInt::getSigned(b.getInt64Ty(), term.coefficient);
    for (const Dim::Atom& atom : term.factors) {
      product = Combine(b, /*is_product=*/true, EmitAtom(b, atom), product);
    }
    sum = Combine(b, /*is_product=*/false, product, sum);
  }
  return emitted_[dim] = sum;
}

}  // namespace cermet::codegen
