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
  enum class Overflow {
    kExcluded,  // somebody has bound the dims, and found that nothing overflows
    kNoted,     // see overflow()
  };
  // `symbols` are i64 values by name without the `?`.
  DimEmitter(llvm::BasicBlock* block, std::map<std::string, llvm::Value*> symbols,
             Overflow overflow = Overflow::kExcluded)
      : block_(block), symbols_(std::move(symbols)), overflow_kind_(overflow) {}
  // The i64 value of `dim`; all its symbols must be known.
  llvm::Value* Emit(const Dim& dim);
  // An i1 for kNoted: whether an expression that was emitted so far does not fit into 64 bits; null
  // if none was.
  llvm::Value* overflow() const { return overflow_; }

 private:
  llvm::Value* EmitAtom(llvm::IRBuilder<>& builder, const Dim::Atom& atom);
  // x + y or x * y.
  llvm::Value* Combine(llvm::IRBuilder<>& builder, bool is_product, llvm::Value* x, llvm::Value* y);

  llvm::BasicBlock* block_;
  std::map<std::string, llvm::Value*> symbols_;
  const Overflow overflow_kind_;
  llvm::Value* overflow_ = nullptr;
  std::map<Dim, llvm::Value*> emitted_;
};

}  // namespace cermet::codegen

#endif  // CERMET_CODEGEN_DIM_EMITTER_H_
