// Internal to codegen: what the threads of a GPU's warp do together, and copies in the background.
#ifndef CERMET_CODEGEN_WARP_EMITTER_H_
#define CERMET_CODEGEN_WARP_EMITTER_H_

#include "ir/kernel/kernel.h"
#include "llvm/IR/IRBuilder.h"

namespace cermet::codegen {

// `value` is the scalar operand of a kShuffle, of element type `dtype`.
llvm::Value* EmitShuffle(llvm::IRBuilder<>& b, const kernel::Inst& shuffle, DType dtype,
                         llvm::Value* value);
// The rows (axis 0) or columns (axis 1) of a thread's elements of a fragment, a vector of i64.
llvm::Value* EmitFragmentIota(llvm::IRBuilder<>& b, kernel::Fragment fragment, int64_t axis);
// Operands and result are vectors of a thread's elements.
llvm::Value* EmitMma(llvm::IRBuilder<>& b, kernel::MmaMode mode, llvm::Value* a_operand,
                     llvm::Value* b_operand, llvm::Value* c_operand);
// Copies 4, 8 or 16 bytes from global to shared memory; zeros where `mask` (may be null) is false.
void EmitCopyAsync(llvm::IRBuilder<>& b, llvm::Value* to, llvm::Value* from, int64_t bytes,
                   llvm::Value* mask);
void EmitCommit(llvm::IRBuilder<>& b);
void EmitWait(llvm::IRBuilder<>& b, int64_t groups_left);

}  // namespace cermet::codegen

#endif  // CERMET_CODEGEN_WARP_EMITTER_H_
