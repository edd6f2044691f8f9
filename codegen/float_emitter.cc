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

// The body of the helper below: long division of the significands in base 2, as many bits at a time
// as a 64-bit remainder allows.
void BuildFmod(llvm::Function* function) {
  IRBuilder<> b(llvm::BasicBlock::Create(function->getContext(), "", function));
  Type* const type = function->getReturnType();
  const unsigned fraction = type->isDoubleTy() ? 52 : 23;
  const unsigned width = type->isDoubleTy() ? 64 : 32;
  Type* const i64 = b.getInt64Ty();
  auto block = [&](const char* name) {
    return llvm::BasicBlock::Create(function->getContext(), name, function);
  };
  auto bits_of = [&](Value* value) {
    return b.CreateZExt(b.CreateBitCast(value, b.getIntNTy(width)), i64);
  };
  const uint64_t sign_bit = uint64_t{1} << (width - 1);
  const uint64_t infinity = ((uint64_t{1} << (width - 1 - fraction)) - 1) << fraction;
  const uint64_t implicit = uint64_t{1} << fraction;
  Value* const x = bits_of(function->getArg(0));
  Value* const y = b.CreateAnd(bits_of(function->getArg(1)), sign_bit - 1);
  Value* const sign = b.CreateAnd(x, sign_bit);
  Value* const ax = b.CreateAnd(x, sign_bit - 1);

  llvm::BasicBlock* const nan = block("nan");
  llvm::BasicBlock* const finite = block("finite");
  llvm::BasicBlock* const small = block("small");
  llvm::BasicBlock* const divide = block("divide");
  llvm::BasicBlock* const step = block("step");
  llvm::BasicBlock* const done = block("done");
  Value* undefined =
      b.CreateOr(b.CreateICmpEQ(y, b.getInt64(0)), b.CreateICmpUGT(y, b.getInt64(infinity)));
  undefined = b.CreateOr(undefined, b.CreateICmpUGE(ax, b.getInt64(infinity)));
  b.CreateCondBr(undefined, nan, finite);
  b.SetInsertPoint(nan);
  b.CreateRet(llvm::ConstantFP::getQNaN(type));
  b.SetInsertPoint(finite);
  b.CreateCondBr(b.CreateICmpULT(ax, y), small, divide);
  b.SetInsertPoint(small);
  b.CreateRet(function->getArg(0));

  b.SetInsertPoint(divide);
  // A significand with its leading one at bit `fraction`, and the exponent that goes with it.
  auto normalize = [&](Value* magnitude) -> std::pair<Value*, Value*> {
    Value* const exponent = b.CreateLShr(magnitude, fraction);
    Value* const subnormal = b.CreateICmpEQ(exponent, b.getInt64(0));
    Value* const zeros = b.CreateBinaryIntrinsic(llvm::Intrinsic::ctlz, magnitude, b.getFalse());
    Value* const shift = b.CreateSub(zeros, b.getInt64(63 - fraction));
    Value* const shifted = b.CreateShl(magnitude, b.CreateSelect(subnormal, shift, b.getInt64(0)));
    Value* const normal = b.CreateOr(b.CreateAnd(magnitude, implicit - 1), implicit);
    return {b.CreateSelect(subnormal, shifted, normal),
            b.CreateSelect(subnormal, b.CreateSub(b.getInt64(1), shift), exponent)};
  };
  const auto [mx, ex] = normalize(ax);
  const auto [my, ey] = normalize(y);
  Value* const rest = b.CreateURem(mx, my);
  Value* const distance = b.CreateSub(ex, ey);
  b.CreateCondBr(b.CreateICmpSGT(distance, b.getInt64(0)), step, done);

  b.SetInsertPoint(step);
  llvm::PHINode* const m = b.CreatePHI(i64, 2);
  llvm::PHINode* const d = b.CreatePHI(i64, 2);
  Value* const bits = b.CreateBinaryIntrinsic(llvm::Intrinsic::umin, d, b.getInt64(63 - fraction));
  Value* const next = b.CreateURem(b.CreateShl(m, bits), my);
  Value* const left = b.CreateSub(d, bits);
  m->addIncoming(rest, divide);
  d->addIncoming(distance, divide);
  m->addIncoming(next, step);
  d->addIncoming(left, step);
  b.CreateCondBr(b.CreateICmpSGT(left, b.getInt64(0)), step, done);

  b.SetInsertPoint(done);
  llvm::PHINode* const r = b.CreatePHI(i64, 2);
  r->addIncoming(rest, divide);
  r->addIncoming(next, step);
  Value* const zeros = b.CreateBinaryIntrinsic(llvm::Intrinsic::ctlz, r, b.getFalse());
  Value* const shift = b.CreateSub(zeros, b.getInt64(63 - fraction));
  Value* const exponent = b.CreateSub(ey, shift);
  Value* const is_normal = b.CreateICmpSGT(exponent, b.getInt64(0));
  // Below the smallest normal number the exponent field is 0 and the significand stays where y's
  // unit put it.
  Value* const up = b.CreateSelect(is_normal, shift, b.CreateSub(ey, b.getInt64(1)));
  Value* const significand =
      b.CreateShl(r, b.CreateBinaryIntrinsic(llvm::Intrinsic::smax, up, b.getInt64(0)));
  Value* const down =
      b.CreateBinaryIntrinsic(llvm::Intrinsic::smax, b.CreateSub(b.getInt64(1), ey), b.getInt64(0));
  Value* const subnormal = b.CreateLShr(significand, down);
  Value* const normal =
      b.CreateOr(b.CreateAnd(significand, implicit - 1), b.CreateShl(exponent, fraction));
  Value* result = b.CreateSelect(is_normal, normal, subnormal);
  result = b.CreateSelect(b.CreateICmpEQ(r, b.getInt64(0)), b.getInt64(0), result);
  result = b.CreateTrunc(b.CreateOr(result, sign), b.getIntNTy(width));
  b.CreateRet(b.CreateBitCast(result, type));
}

llvm::Function* FmodHelper(llvm::Module* module, Type* type) {
  const char* const name = type->isDoubleTy() ? "cermet.fmod.f64" : "cermet.fmod.f32";
  if (llvm::Function* const existing = module->getFunction(name)) return existing;
  llvm::Function* const function =
      llvm::Function::Create(llvm::FunctionType::get(type, {type, type}, false),
                             llvm::GlobalValue::InternalLinkage, name, module);
  function->setDoesNotThrow();
  function->setDoesNotAccessMemory();
  function->addFnAttr(llvm::Attribute::NoInline);
  BuildFmod(function);
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
  llvm::Function* const helper = FmodHelper(module, x->getType()->getScalarType());
  const auto* const vector = llvm::dyn_cast<llvm::FixedVectorType>(x->getType());
  if (vector == nullptr) return b.CreateCall(helper, {x, y});
  Value* result = llvm::PoisonValue::get(x->getType());
  for (unsigned i = 0; i < vector->getNumElements(); ++i) {
    Value* const element =
        b.CreateCall(helper, {b.CreateExtractElement(x, i), b.CreateExtractElement(y, i)});
    result = b.CreateInsertElement(result, element, i);
  }
  return result;
}

}  // namespace cermet::codegen
