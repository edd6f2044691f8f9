// Conversions of the 16-bit formats, fma and fmod. Where hardware does it with the right rounding
// one instruction is emitted, else integer arithmetic that gives the same bits, so that no target
// calls a library.
#include "codegen/float_emitter.h"

#include "ir/status.h"
#include "llvm/IR/Intrinsics.h"
#include "llvm/IR/Module.h"

namespace cermet::codegen {
namespace {

using llvm::Constant;
using llvm::ConstantInt;
using llvm::IRBuilder;
using llvm::Type;
using llvm::Value;

// `element`, or the vector of it with as many elements as `like`.
Type* Shaped(Type* element, const Value* like) {
  if (const auto* vector = llvm::dyn_cast<llvm::VectorType>(like->getType())) {
    return llvm::VectorType::get(element, vector->getElementCount());
  }
  return element;
}

Constant* Int(const Value* like, unsigned bits, uint64_t value) {
  return ConstantInt::get(Shaped(Type::getIntNTy(like->getContext(), bits), like), value);
}

Value* HalfToFloat(IRBuilder<>& b, Value* half) {
  Type* const i32 = Shaped(b.getInt32Ty(), half);
  Type* const f32 = Shaped(b.getFloatTy(), half);
  Value* const bits = b.CreateZExt(half, i32);
  Value* const sign = b.CreateShl(b.CreateAnd(bits, 0x8000), 16);
  Value* const magnitude = b.CreateAnd(bits, 0x7fff);
  Value* const shifted = b.CreateShl(magnitude, 13);
  Value* const normal = b.CreateAdd(shifted, Int(half, 32, 112u << 23));
  Value* const special = b.CreateAdd(shifted, Int(half, 32, 224u << 23));
  Value* const scale = llvm::ConstantFP::get(f32, 0x1p-24);
  Value* const subnormal =
      b.CreateBitCast(b.CreateFMul(b.CreateSIToFP(magnitude, f32), scale), i32);
  Value* result =
      b.CreateSelect(b.CreateICmpULT(magnitude, Int(half, 32, 0x400)), subnormal, normal);
  result = b.CreateSelect(b.CreateICmpUGE(magnitude, Int(half, 32, 0x7c00)), special, result);
  return b.CreateBitCast(b.CreateOr(result, sign), f32);
}

Value* FloatToHalf(IRBuilder<>& b, Value* value) {
  Type* const i32 = Shaped(b.getInt32Ty(), value);
  Type* const f32 = Shaped(b.getFloatTy(), value);
  auto c = [&](uint32_t bits) { return Int(value, 32, bits); };
  Value* const bits = b.CreateBitCast(value, i32);
  Value* const sign = b.CreateAnd(b.CreateLShr(bits, 16), 0x8000);
  Value* const magnitude = b.CreateAnd(bits, 0x7fffffff);
  // Adding 1/2, whose last place is 2^-24, rounds a subnormal of f16 in hardware.
  Value* const sum = b.CreateFAdd(b.CreateBitCast(magnitude, f32), llvm::ConstantFP::get(f32, 0.5));
  Value* const subnormal = b.CreateSub(b.CreateBitCast(sum, i32), c(0x3f000000));
  Value* const odd = b.CreateAnd(b.CreateLShr(magnitude, 13), 1);
  Value* const rounded = b.CreateAdd(b.CreateAdd(magnitude, c(0xfff)), odd);
  Value* const normal = b.CreateLShr(b.CreateSub(rounded, c(112u << 23)), 13);
  Value* result = b.CreateSelect(b.CreateICmpULT(magnitude, c(0x38800000)), subnormal, normal);
  result = b.CreateSelect(b.CreateICmpUGE(magnitude, c(0x477ff000)), c(0x7c00), result);
  result = b.CreateSelect(b.CreateICmpUGT(magnitude, c(0x7f800000)), c(0x7e00), result);
  return b.CreateTrunc(b.CreateOr(result, sign), Shaped(b.getInt16Ty(), value));
}

Value* FloatToBFloat16(IRBuilder<>& b, Value* value) {
  Value* const bits = b.CreateBitCast(value, Shaped(b.getInt32Ty(), value));
  Value* const odd = b.CreateAnd(b.CreateLShr(bits, 16), 1);
  Value* const rounded = b.CreateAdd(b.CreateAdd(bits, Int(value, 32, 0x7fff)), odd);
  Value* const nan = b.CreateOr(bits, Int(value, 32, 0x400000));
  Value* const result = b.CreateSelect(b.CreateFCmpUNO(value, value), nan, rounded);
  return b.CreateTrunc(b.CreateLShr(result, 16), Shaped(b.getInt16Ty(), value));
}

// Single-precision fma in double: the product is exact, the sum is rounded to odd by its error term
// (TwoSum), and the last rounding is then the only one.
Value* EmulateFloatFma(IRBuilder<>& b, Value* x, Value* y, Value* z) {
  Type* const f64 = Shaped(b.getDoubleTy(), x);
  Type* const i64 = Shaped(b.getInt64Ty(), x);
  Value* const product = b.CreateFMul(b.CreateFPExt(x, f64), b.CreateFPExt(y, f64));
  Value* const addend = b.CreateFPExt(z, f64);
  Value* const sum = b.CreateFAdd(product, addend);
  Value* const part = b.CreateFSub(sum, product);
  Value* const error =
      b.CreateFAdd(b.CreateFSub(product, b.CreateFSub(sum, part)), b.CreateFSub(addend, part));
  Value* const zero = Constant::getNullValue(f64);
  Value* const bits = b.CreateBitCast(sum, i64);
  // An even sum with an error moves to the odd neighbour on the error's side: up in magnitude if
  // the signs agree.
  Value* const inexact = b.CreateFCmpONE(error, zero);
  Value* const even = b.CreateICmpEQ(b.CreateAnd(bits, 1), Constant::getNullValue(i64));
  Value* const agree =
      b.CreateICmpSGE(b.CreateXor(bits, b.CreateBitCast(error, i64)), Constant::getNullValue(i64));
  Value* const moved =
      b.CreateSelect(agree, b.CreateAdd(bits, Int(x, 64, 1)), b.CreateSub(bits, Int(x, 64, 1)));
  Value* const odd = b.CreateSelect(b.CreateAnd(inexact, even), moved, bits);
  return b.CreateFPTrunc(b.CreateBitCast(odd, f64), x->getType());
}

// The body of fmod: long division of the significands in base 2, as many bits at a time as a 64-bit
// remainder allows.
class FmodEmitter {
 public:
  explicit FmodEmitter(llvm::Function* function)
      : b_(Block(function, "")),
        function_(function),
        fraction_(function->getReturnType()->isDoubleTy() ? 52 : 23),
        width_(function->getReturnType()->isDoubleTy() ? 64 : 32) {}

  void Emit() {
    const uint64_t sign_bit = uint64_t{1} << (width_ - 1);
    const uint64_t infinity = ((uint64_t{1} << (width_ - 1 - fraction_)) - 1) << fraction_;
    Value* const bits = BitsOf(function_->getArg(0));
    Value* const x = b_.CreateAnd(bits, sign_bit - 1);
    Value* const y = b_.CreateAnd(BitsOf(function_->getArg(1)), sign_bit - 1);
    Value* undefined =
        b_.CreateOr(b_.CreateICmpEQ(y, b_.getInt64(0)), b_.CreateICmpUGT(y, b_.getInt64(infinity)));
    undefined = b_.CreateOr(undefined, b_.CreateICmpUGE(x, b_.getInt64(infinity)));
    ReturnIf(undefined, llvm::ConstantFP::getQNaN(function_->getReturnType()));
    ReturnIf(b_.CreateICmpULT(x, y), function_->getArg(0));
    const Number divisor = Normalize(y);
    Value* const rest = Remainder(Normalize(x), divisor);
    Value* const sign = b_.CreateAnd(bits, sign_bit);
    Value* const result = b_.CreateOr(Compose(rest, divisor.exponent), sign);
    b_.CreateRet(
        b_.CreateBitCast(b_.CreateTrunc(result, b_.getIntNTy(width_)), function_->getReturnType()));
  }

 private:
  // A significand with its leading one at bit `fraction_`, and the exponent field that goes with
  // it.
  struct Number {
    Value* significand;
    Value* exponent;
  };

  static llvm::BasicBlock* Block(llvm::Function* function, const char* name) {
    return llvm::BasicBlock::Create(function->getContext(), name, function);
  }
  Value* BitsOf(Value* value) {
    return b_.CreateZExt(b_.CreateBitCast(value, b_.getIntNTy(width_)), b_.getInt64Ty());
  }
  // How far the leading one of `value` is from bit `fraction_`.
  Value* LeadingShift(Value* value) {
    Value* const zeros = b_.CreateBinaryIntrinsic(llvm::Intrinsic::ctlz, value, b_.getFalse());
    return b_.CreateSub(zeros, b_.getInt64(63 - fraction_));
  }
  Value* WithoutLeadingOne(Value* significand) {
    return b_.CreateAnd(significand, (uint64_t{1} << fraction_) - 1);
  }

  void ReturnIf(Value* condition, Value* result) {
    llvm::BasicBlock* const leave = Block(function_, "leave");
    llvm::BasicBlock* const stay = Block(function_, "stay");
    b_.CreateCondBr(condition, leave, stay);
    b_.SetInsertPoint(leave);
    b_.CreateRet(result);
    b_.SetInsertPoint(stay);
  }

  Number Normalize(Value* magnitude) {
    Value* const exponent = b_.CreateLShr(magnitude, fraction_);
    Value* const subnormal = b_.CreateICmpEQ(exponent, b_.getInt64(0));
    Value* const shift = LeadingShift(magnitude);
    Value* const shifted =
        b_.CreateShl(magnitude, b_.CreateSelect(subnormal, shift, b_.getInt64(0)));
    Value* const normal = b_.CreateOr(WithoutLeadingOne(magnitude), uint64_t{1} << fraction_);
    return {b_.CreateSelect(subnormal, shifted, normal),
            b_.CreateSelect(subnormal, b_.CreateSub(b_.getInt64(1), shift), exponent)};
  }

  // x.significand * 2^(x.exponent - y.exponent) mod y.significand.
  Value* Remainder(const Number& x, const Number& y) {
    llvm::BasicBlock* const divide = b_.GetInsertBlock();
    llvm::BasicBlock* const step = Block(function_, "step");
    llvm::BasicBlock* const done = Block(function_, "done");
    Value* const first = b_.CreateURem(x.significand, y.significand);
    Value* const distance = b_.CreateSub(x.exponent, y.exponent);
    b_.CreateCondBr(b_.CreateICmpSGT(distance, b_.getInt64(0)), step, done);

    b_.SetInsertPoint(step);
    llvm::PHINode* const rest = b_.CreatePHI(b_.getInt64Ty(), 2);
    llvm::PHINode* const left = b_.CreatePHI(b_.getInt64Ty(), 2);
    Value* const bits =
        b_.CreateBinaryIntrinsic(llvm::Intrinsic::umin, left, b_.getInt64(63 - fraction_));
    Value* const next = b_.CreateURem(b_.CreateShl(rest, bits), y.significand);
    Value* const next_left = b_.CreateSub(left, bits);
    rest->addIncoming(first, divide);
    rest->addIncoming(next, step);
    left->addIncoming(distance, divide);
    left->addIncoming(next_left, step);
    b_.CreateCondBr(b_.CreateICmpSGT(next_left, b_.getInt64(0)), step, done);

    b_.SetInsertPoint(done);
    llvm::PHINode* const result = b_.CreatePHI(b_.getInt64Ty(), 2);
    result->addIncoming(first, divide);
    result->addIncoming(next, step);
    return result;
  }

  // The bits of significand * 2^exponent. Below the smallest normal number the exponent field is 0
  // and the significand stays where the divisor's unit put it.
  Value* Compose(Value* significand, Value* divisor_exponent) {
    Value* const shift = LeadingShift(significand);
    Value* const exponent = b_.CreateSub(divisor_exponent, shift);
    Value* const is_normal = b_.CreateICmpSGT(exponent, b_.getInt64(0));
    Value* const up =
        b_.CreateSelect(is_normal, shift, b_.CreateSub(divisor_exponent, b_.getInt64(1)));
    Value* const shifted = b_.CreateShl(significand, NotNegative(up));
    Value* const down = NotNegative(b_.CreateSub(b_.getInt64(1), divisor_exponent));
    Value* const subnormal = b_.CreateLShr(shifted, down);
    Value* const normal =
        b_.CreateOr(WithoutLeadingOne(shifted), b_.CreateShl(exponent, fraction_));
    Value* const bits = b_.CreateSelect(is_normal, normal, subnormal);
    return b_.CreateSelect(b_.CreateICmpEQ(significand, b_.getInt64(0)), b_.getInt64(0), bits);
  }
  Value* NotNegative(Value* value) {
    return b_.CreateBinaryIntrinsic(llvm::Intrinsic::smax, value, b_.getInt64(0));
  }

  IRBuilder<> b_;
  llvm::Function* const function_;
  const unsigned fraction_;  // bits of the significand without its leading one
  const unsigned width_;     // bits of the format
};

llvm::Function* FmodFunction(llvm::Module* module, Type* type) {
  const char* const name = type->isDoubleTy() ? "cermet.fmod.f64" : "cermet.fmod.f32";
  if (llvm::Function* const existing = module->getFunction(name)) return existing;
  llvm::Function* const function =
      llvm::Function::Create(llvm::FunctionType::get(type, {type, type}, false),
                             llvm::GlobalValue::InternalLinkage, name, module);
  function->setDoesNotThrow();
  function->setDoesNotAccessMemory();
  function->addFnAttr(llvm::Attribute::NoInline);
  FmodEmitter(function).Emit();
  return function;
}

}  // namespace

Value* EmitWiden(IRBuilder<>& b, const TargetTraits& traits, DType from, Value* bits) {
  if (from == DType::kBF16) {
    Value* const high = b.CreateShl(b.CreateZExt(bits, Shaped(b.getInt32Ty(), bits)), 16);
    return b.CreateBitCast(high, Shaped(b.getFloatTy(), bits));
  }
  CERMET_CHECK(from == DType::kF16);
  if (!traits.native_half) return HalfToFloat(b, bits);
  return b.CreateFPExt(b.CreateBitCast(bits, Shaped(b.getHalfTy(), bits)),
                       Shaped(b.getFloatTy(), bits));
}

Value* EmitNarrow(IRBuilder<>& b, const TargetTraits& traits, DType to, Value* value) {
  if (to == DType::kBF16) return FloatToBFloat16(b, value);
  CERMET_CHECK(to == DType::kF16);
  if (!traits.native_half) return FloatToHalf(b, value);
  return b.CreateBitCast(b.CreateFPTrunc(value, Shaped(b.getHalfTy(), value)),
                         Shaped(b.getInt16Ty(), value));
}

Value* EmitRoundToOddFloat(IRBuilder<>& b, Value* value) {
  Type* const i32 = Shaped(b.getInt32Ty(), value);
  Value* const nearest = b.CreateFPTrunc(value, Shaped(b.getFloatTy(), value));
  Value* const back = b.CreateFPExt(nearest, value->getType());
  Value* const above = b.CreateFCmpOGT(b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, back),
                                       b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, value));
  Value* const inexact = b.CreateFCmpONE(back, value);
  Value* const bits = b.CreateBitCast(nearest, i32);
  Value* const towards_zero = b.CreateSub(bits, b.CreateZExt(above, i32));
  Value* const odd = b.CreateOr(towards_zero, b.CreateZExt(inexact, i32));
  return b.CreateBitCast(odd, nearest->getType());
}

Value* EmitFma(IRBuilder<>& b, const TargetTraits& traits, Value* x, Value* y, Value* z) {
  if (!traits.native_fma && x->getType()->getScalarType()->isFloatTy()) {
    return EmulateFloatFma(b, x, y, z);
  }
  return b.CreateIntrinsic(llvm::Intrinsic::fma, {x->getType()}, {x, y, z});
}

Value* EmitFmod(IRBuilder<>& b, Value* x, Value* y) {
  llvm::Module* const module = b.GetInsertBlock()->getModule();
  llvm::Function* const fmod = FmodFunction(module, x->getType()->getScalarType());
  const auto* const vector = llvm::dyn_cast<llvm::FixedVectorType>(x->getType());
  if (vector == nullptr) return b.CreateCall(fmod, {x, y});
  Value* result = llvm::PoisonValue::get(x->getType());
  for (unsigned i = 0; i < vector->getNumElements(); ++i) {
    Value* const element =
        b.CreateCall(fmod, {b.CreateExtractElement(x, i), b.CreateExtractElement(y, i)});
    result = b.CreateInsertElement(result, element, i);
  }
  return result;
}

}  // namespace cermet::codegen
