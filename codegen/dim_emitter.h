// Internal to codegen: the value of a Dim expression, in code.
#ifndef CERMET_CODEGEN_DIM_EMITTER_H_
#define CERMET_CODEGEN_DIM_EMITTER_H_

#include <map>
#include <string>

#include "ir/dim.h"
#include "llvm/IR/IRBuilder.h"

namespace cermet::codegen {

// Emits Dims at the end of one block, which must dominate all uses, and each distinct Dim once.
class DimEmitter {
 public:
  // `symbols` are i64 values by name without the `?`.
  DimEmitter(llvm::BasicBlock* block, std::map<std::string, llvm::Value*> symbols)
      : block_(block), symbols_(std::move(symbols)) {}
  // The i64 value of `dim`; all its symbols must be known.
  llvm::Value* Emit(const Dim& dim);

 private:
  llvm::Value* EmitAtom(llvm::IRBuilder<>& builder, const Dim::Atom& atom);

  llvm::BasicBlock* block_;
  std::map<std::string, llvm::Value*> symbols_;
  std::map<Dim, llvm::Value*> emitted_;
};

}  // namespace cermet::codegen

#endif  // CERMET_CODEGEN_DIM_EMITTER_H_
