// Internal to codegen: the LLVM IR of one basic elementwise op, on scalars or vectors. The
// emitter's half of a row of ir/ops.def: it gives the bits of ir/scalar_ops.h, except that the
// payload and sign of a NaN are whatever the target makes them.
//
// In registers a bool is an i1, an f16 or bf16 the i16 with its bits, and a tile the vector of its
// elements in row-major order.
#ifndef CERMET_CODEGEN_ELEMENTWISE_EMITTER_H_
#define CERMET_CODEGEN_ELEMENTWISE_EMITTER_H_

#include "codegen/machine.h"
#include "ir/dtype.h"
#include "ir/scalar_ops.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/IR/IRBuilder.h"

namespace cermet::codegen {

llvm::Type* RegisterType(DType dtype, llvm::LLVMContext& context);
llvm::Type* MemoryType(DType dtype, llvm::LLVMContext& context);  // bool: i8
// A scalar constant in a register.
llvm::Constant* RegisterConstant(DType dtype, ScalarBits bits, llvm::LLVMContext& context);

// `operands` have one shape, except that select takes a scalar predicate with vectors. May call
// helper functions, which it adds to the module of the builder's insertion point.
llvm::Value* EmitElementwise(llvm::IRBuilder<>& builder, const TargetTraits& traits,
                             const ScalarOp& op, llvm::ArrayRef<llvm::Value*> operands);

}  // namespace cermet::codegen

#endif  // CERMET_CODEGEN_ELEMENTWISE_EMITTER_H_
