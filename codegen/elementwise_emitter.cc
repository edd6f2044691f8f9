// One method per row of the op table. Every op is total, so what LLVM leaves undefined (division by
// zero, large shifts, conversions out of range) is guarded here; with constant operands the guards
// fold away. No fast-math flag is ever set.
#include "codegen/elementwise_emitter.h"

#include "codegen/float_emitter.h"
#include "ir/status.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Intrinsics.h"

namespace cermet::codegen {
namespace {

using llvm::ArrayRef;
using llvm::Constant;
using llvm::ConstantInt;
using llvm::IRBuilder;
using llvm::Type;
using llvm::Value;
using llvm::Intrinsic::ID;

bool IsNarrowFloat(DType dtype) { return dtype == DType::kF16 || dtype == DType::kBF16; }

Type* ShapedRegisterType(DType dtype, const Value* like) {
  Type* const element = RegisterType(dtype, like->getContext());
  if (const auto* vector = llvm::dyn_cast<llvm::VectorType>(like->getType())) {
    return llvm::VectorType::get(element, vector->getElementCount());
  }
  return element;
}

Constant* Zero(const Value* like) { return Constant::getNullValue(like->getType()); }
Constant* AllOnes(const Value* like) { return Constant::getAllOnesValue(like->getType()); }
Constant* Int(const Value* like, uint64_t value) {
  return ConstantInt::get(like->getType(), value);
}
uint64_t Width(const Value* value) { return value->getType()->getScalarSizeInBits(); }

class Emitter {
 public:
  Emitter(IRBuilder<>& builder, const TargetTraits& traits, const ScalarOp& op)
      : b_(builder), traits_(traits), op_(op) {}

  // f16 and bf16 compute in f32 and round once; ops that only move bits do not convert.
  Value* Emit(ArrayRef<Value*> x) {
    const bool moves_bits =
        op_.op == OpCode::kConvert || op_.op == OpCode::kBitcast || op_.op == OpCode::kSelect;
    if (!IsNarrowFloat(op_.operand) || moves_bits) return Dispatch(x);
    const DType narrow = op_.operand;
    llvm::SmallVector<Value*, 3> wide;
    for (Value* value : x) wide.push_back(EmitWiden(b_, traits_, narrow, value));
    op_.operand = DType::kF32;
    Value* const result = Dispatch(wide);
    return op_.result == narrow ? EmitNarrow(b_, traits_, narrow, result) : result;
  }

 private:
  // Calls the method that is named like the op's row: a row without one does not compile.
  Value* Dispatch(ArrayRef<Value*> x) {
    switch (op_.op) {
#define CERMET_EMIT_kElementwise(Enum) return Enum(x);
#define CERMET_EMIT_kTranscendental(Enum) break;
#define CERMET_EMIT_kSource(Enum) break;
#define CERMET_EMIT_kView(Enum) break;
#define CERMET_EMIT_kUpdate(Enum) break;
#define CERMET_EMIT_kReduction(Enum) break;
#define CERMET_EMIT_kContraction(Enum) break;
#define CERMET_EMIT_kControl(Enum) break;
#define CERMET_EMIT_kEffectful(Enum) break;
#define CERMET_EMIT_kComposite(Enum) break;
#define CERMET_OP(Enum, name, op_class, ...) \
  case OpCode::k##Enum:                      \
    CERMET_EMIT_##op_class(Enum)
#include "ir/ops.def"
#undef CERMET_OP
    }
    CERMET_UNREACHABLE();
  }

  using Operands = ArrayRef<Value*>;
  Value* Unary(ID id, Value* x) { return b_.CreateUnaryIntrinsic(id, x); }
  Value* Binary(ID id, Value* x, Value* y) { return b_.CreateBinaryIntrinsic(id, x, y); }
  bool IsBool() const { return op_.operand == DType::kBool; }
  bool IsFloating() const { return IsFloat(op_.operand); }
  bool Signed() const { return IsSignedInteger(op_.operand); }

  Value* Neg(Operands x) { return IsFloating() ? b_.CreateFNeg(x[0]) : b_.CreateNeg(x[0]); }
  Value* Abs(Operands x) {
    if (IsFloating()) return Unary(llvm::Intrinsic::fabs, x[0]);
    return Signed() ? Binary(llvm::Intrinsic::abs, x[0], b_.getFalse()) : x[0];
  }
  Value* Sign(Operands x) {
    if (IsFloating()) {
      Value* const one = llvm::ConstantFP::get(x[0]->getType(), 1.0);
      Value* const zero_or_nan = b_.CreateFCmpUEQ(x[0], Zero(x[0]));
      return b_.CreateSelect(zero_or_nan, x[0], Binary(llvm::Intrinsic::copysign, one, x[0]));
    }
    if (!Signed()) return Binary(llvm::Intrinsic::umin, x[0], Int(x[0], 1));
    return Binary(llvm::Intrinsic::smin, Binary(llvm::Intrinsic::smax, x[0], AllOnes(x[0])),
                  Int(x[0], 1));
  }
  Value* Not(Operands x) { return b_.CreateNot(x[0]); }
  Value* PopCount(Operands x) { return Unary(llvm::Intrinsic::ctpop, x[0]); }
  Value* CountLeadingZeros(Operands x) {
    return Binary(llvm::Intrinsic::ctlz, x[0], b_.getFalse());
  }
  Value* Floor(Operands x) { return Unary(llvm::Intrinsic::floor, x[0]); }
  Value* Ceil(Operands x) { return Unary(llvm::Intrinsic::ceil, x[0]); }
  Value* Trunc(Operands x) { return Unary(llvm::Intrinsic::trunc, x[0]); }
  Value* RoundEven(Operands x) { return Unary(llvm::Intrinsic::roundeven, x[0]); }
  Value* Sqrt(Operands x) { return Unary(llvm::Intrinsic::sqrt, x[0]); }
  Value* IsFinite(Operands x) {
    return b_.CreateFCmpOLT(Unary(llvm::Intrinsic::fabs, x[0]),
                            llvm::ConstantFP::getInfinity(x[0]->getType()));
  }

  Value* Add(Operands x) {
    if (IsBool()) return b_.CreateOr(x[0], x[1]);
    return IsFloating() ? b_.CreateFAdd(x[0], x[1]) : b_.CreateAdd(x[0], x[1]);
  }
  Value* Sub(Operands x) {
    return IsFloating() ? b_.CreateFSub(x[0], x[1]) : b_.CreateSub(x[0], x[1]);
  }
  Value* Mul(Operands x) {
    if (IsBool()) return b_.CreateAnd(x[0], x[1]);
    return IsFloating() ? b_.CreateFMul(x[0], x[1]) : b_.CreateMul(x[0], x[1]);
  }
  Value* Div(Operands x) {
    if (IsFloating()) return b_.CreateFDiv(x[0], x[1]);
    const Guarded y = GuardDivisor(x[0], x[1]);
    Value* const quotient =
        Signed() ? b_.CreateSDiv(x[0], y.divisor) : b_.CreateUDiv(x[0], y.divisor);
    return b_.CreateSelect(y.by_zero, AllOnes(x[0]), quotient);
  }
  Value* Rem(Operands x) {
    if (IsFloating()) return EmitFmod(b_, x[0], x[1]);
    const Guarded y = GuardDivisor(x[0], x[1]);
    Value* const rest = Signed() ? b_.CreateSRem(x[0], y.divisor) : b_.CreateURem(x[0], y.divisor);
    return b_.CreateSelect(y.by_zero, x[0], rest);
  }
  // x/0 is -1 and x%0 is x; MIN/-1 is MIN and MIN%-1 is 0: in these cases LLVM divides by 1.
  struct Guarded {
    Value* divisor;
    Value* by_zero;
  };
  Guarded GuardDivisor(Value* x, Value* y) {
    Value* const by_zero = b_.CreateICmpEQ(y, Zero(y));
    Value* undefined = by_zero;
    if (Signed()) {
      Value* const min = ConstantInt::get(y->getType(), llvm::APInt::getSignedMinValue(Width(y)));
      Value* const overflow = b_.CreateAnd(b_.CreateICmpEQ(y, AllOnes(y)), b_.CreateICmpEQ(x, min));
      undefined = b_.CreateOr(undefined, overflow);
    }
    return {b_.CreateSelect(undefined, Int(y, 1), y), by_zero};
  }

  Value* Maximum(Operands x) { return Max(x[0], x[1]); }
  Value* Minimum(Operands x) { return Min(x[0], x[1]); }
  Value* Clamp(Operands x) { return Min(Max(x[1], x[0]), x[2]); }
  Value* Max(Value* x, Value* y) {
    if (IsBool()) return b_.CreateOr(x, y);
    if (IsFloating()) return Better(llvm::CmpInst::FCMP_OGT, x, y);
    return Binary(Signed() ? llvm::Intrinsic::smax : llvm::Intrinsic::umax, x, y);
  }
  Value* Min(Value* x, Value* y) {
    if (IsBool()) return b_.CreateAnd(x, y);
    if (IsFloating()) return Better(llvm::CmpInst::FCMP_OLT, x, y);
    return Binary(Signed() ? llvm::Intrinsic::smin : llvm::Intrinsic::umin, x, y);
  }
  // y if y beats x or y is NaN, else x. The inner select is x86's maxps or minps; with a constant y
  // the outer one folds away.
  Value* Better(llvm::CmpInst::Predicate beats, Value* x, Value* y) {
    Value* const better = b_.CreateSelect(b_.CreateFCmp(beats, y, x), y, x);
    return b_.CreateSelect(b_.CreateFCmpUNO(y, y), y, better);
  }

  Value* And(Operands x) { return b_.CreateAnd(x[0], x[1]); }
  Value* Or(Operands x) { return b_.CreateOr(x[0], x[1]); }
  Value* Xor(Operands x) { return b_.CreateXor(x[0], x[1]); }
  Value* ShiftLeft(Operands x) { return Shifted(x, b_.CreateShl(x[0], InRange(x[1]))); }
  Value* ShiftRightLogical(Operands x) { return Shifted(x, b_.CreateLShr(x[0], InRange(x[1]))); }
  Value* ShiftRightArithmetic(Operands x) {
    return b_.CreateAShr(x[0], Binary(llvm::Intrinsic::umin, x[1], Int(x[1], Width(x[1]) - 1)));
  }
  Value* InRange(Value* amount) { return b_.CreateAnd(amount, Int(amount, Width(amount) - 1)); }
  Value* Shifted(Operands x, Value* result) {
    return b_.CreateSelect(b_.CreateICmpULT(x[1], Int(x[1], Width(x[1]))), result, Zero(result));
  }

  Value* Compare(Operands x) { return b_.CreateCmp(Predicate(), x[0], x[1]); }
  llvm::CmpInst::Predicate Predicate() const {
    using P = llvm::CmpInst;
    const auto pick = [&](P::Predicate floating, P::Predicate with_sign, P::Predicate without) {
      return IsFloating() ? floating : Signed() ? with_sign : without;
    };
    switch (op_.direction) {
      case CompareDirection::kEq:
        return pick(P::FCMP_OEQ, P::ICMP_EQ, P::ICMP_EQ);
      case CompareDirection::kNe:
        return pick(P::FCMP_UNE, P::ICMP_NE, P::ICMP_NE);
      case CompareDirection::kLt:
        return pick(P::FCMP_OLT, P::ICMP_SLT, P::ICMP_ULT);
      case CompareDirection::kLe:
        return pick(P::FCMP_OLE, P::ICMP_SLE, P::ICMP_ULE);
      case CompareDirection::kGt:
        return pick(P::FCMP_OGT, P::ICMP_SGT, P::ICMP_UGT);
      case CompareDirection::kGe:
        return pick(P::FCMP_OGE, P::ICMP_SGE, P::ICMP_UGE);
    }
    CERMET_UNREACHABLE();
  }
  Value* Select(Operands x) { return b_.CreateSelect(x[0], x[1], x[2]); }
  Value* Fma(Operands x) { return EmitFma(b_, traits_, x[0], x[1], x[2]); }

  // A bool is a byte in memory and one bit here.
  Value* Bitcast(Operands x) {
    if (op_.result == op_.operand) return x[0];
    Type* const type = ShapedRegisterType(op_.result, x[0]);
    if (IsBool()) return b_.CreateZExt(x[0], type);
    if (op_.result == DType::kBool) return b_.CreateTrunc(x[0], type);
    return b_.CreateBitCast(x[0], type);
  }

  Value* Convert(Operands x) {
    if (op_.operand == op_.result) return x[0];
    if (!IsNarrowFloat(op_.operand)) return ConvertFrom(op_.operand, x[0]);
    Value* const wide = EmitWiden(b_, traits_, op_.operand, x[0]);
    return op_.result == DType::kF32 ? wide : ConvertFrom(DType::kF32, wide);
  }

  Value* ConvertFrom(DType from, Value* x) {
    Type* const type = ShapedRegisterType(op_.result, x);
    if (op_.result == DType::kBool) {
      return IsFloat(from) ? b_.CreateFCmpUNE(x, Zero(x)) : b_.CreateICmpNE(x, Zero(x));
    }
    if (IsInteger(op_.result)) {
      if (!IsFloat(from)) return b_.CreateIntCast(x, type, IsSignedInteger(from));
      const ID saturate =
          IsSignedInteger(op_.result) ? llvm::Intrinsic::fptosi_sat : llvm::Intrinsic::fptoui_sat;
      return b_.CreateIntrinsic(saturate, {type, x->getType()}, {x});
    }
    if (IsNarrowFloat(op_.result))
      return EmitNarrow(b_, traits_, op_.result, ToFloatFor16(from, x));
    if (IsFloat(from)) return b_.CreateFPCast(x, type);
    return IsSignedInteger(from) ? b_.CreateSIToFP(x, type) : b_.CreateUIToFP(x, type);
  }

  // f64 to a 16-bit format is one rounding; integers go through f32, as in ir/scalar_ops.
  Value* ToFloatFor16(DType from, Value* x) {
    if (from == DType::kF32) return x;
    if (from == DType::kF64) return EmitRoundToOddFloat(b_, x);
    Type* const type = ShapedRegisterType(DType::kF32, x);
    return IsSignedInteger(from) ? b_.CreateSIToFP(x, type) : b_.CreateUIToFP(x, type);
  }

  IRBuilder<>& b_;
  const TargetTraits& traits_;
  ScalarOp op_;
};

}  // namespace

Type* RegisterType(DType dtype, llvm::LLVMContext& context) {
  switch (dtype) {
    case DType::kBool:
      return Type::getInt1Ty(context);
    case DType::kI8:
    case DType::kU8:
      return Type::getInt8Ty(context);
    case DType::kI16:
    case DType::kU16:
    case DType::kF16:
    case DType::kBF16:
      return Type::getInt16Ty(context);
    case DType::kI32:
    case DType::kU32:
      return Type::getInt32Ty(context);
    case DType::kI64:
    case DType::kU64:
      return Type::getInt64Ty(context);
    case DType::kF32:
      return Type::getFloatTy(context);
    case DType::kF64:
      return Type::getDoubleTy(context);
    case DType::kToken:
      break;
  }
  CERMET_UNREACHABLE();
}

Type* MemoryType(DType dtype, llvm::LLVMContext& context) {
  return dtype == DType::kBool ? Type::getInt8Ty(context) : RegisterType(dtype, context);
}

Constant* RegisterConstant(DType dtype, ScalarBits bits, llvm::LLVMContext& context) {
  Type* const type = RegisterType(dtype, context);
  const llvm::APInt value(type->getScalarSizeInBits(), bits, /*isSigned=*/false,
                          /*implicitTrunc=*/true);
  if (type->isFloatingPointTy()) {
    return llvm::ConstantFP::get(context, llvm::APFloat(type->getFltSemantics(), value));
  }
  return ConstantInt::get(context, value);
}

Value* EmitElementwise(IRBuilder<>& builder, const TargetTraits& traits, const ScalarOp& op,
                       ArrayRef<Value*> operands) {
  return Emitter(builder, traits, op).Emit(operands);
}

}  // namespace cermet::codegen
