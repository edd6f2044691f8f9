// Internal to codegen: floating-point operations that are more than one LLVM instruction. All take
// scalars or vectors.
#ifndef CERMET_CODEGEN_FLOAT_EMITTER_H_
#define CERMET_CODEGEN_FLOAT_EMITTER_H_

#include "codegen/machine.h"
#include "ir/dtype.h"
#include "llvm/IR/IRBuilder.h"

namespace cermet::codegen {

// f16 or bf16 bits (i16) to float; exact.
llvm::Value* EmitWiden(llvm::IRBuilder<>& builder, const TargetTraits& traits, DType from,
                       llvm::Value* bits);
// float to f16 or bf16 bits (i16), to nearest even.
llvm::Value* EmitNarrow(llvm::IRBuilder<>& builder, const TargetTraits& traits, DType to,
                        llvm::Value* value);
// double to float, rounded to odd: rounding the result again, to a format with at most 22 bits, is
// one rounding of `value`. (Boldo and Melquiond, "Emulation of a FMA and correctly rounded sums",
// 2008.)
llvm::Value* EmitRoundToOddFloat(llvm::IRBuilder<>& builder, llvm::Value* value);
// x * y + z rounded once, of floats or doubles. Doubles need a target with a fused multiply-add.
llvm::Value* EmitFma(llvm::IRBuilder<>& builder, const TargetTraits& traits, llvm::Value* x,
                     llvm::Value* y, llvm::Value* z);
// C's fmod, exactly, of floats or doubles: LLVM's frem would call libm.
llvm::Value* EmitFmod(llvm::IRBuilder<>& builder, llvm::Value* x, llvm::Value* y);

}  // namespace cermet::codegen

#endif  // CERMET_CODEGEN_FLOAT_EMITTER_H_
