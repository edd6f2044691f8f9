// Internal to codegen: the loads and stores of a kernel.
#ifndef CERMET_CODEGEN_BUFFER_EMITTER_H_
#define CERMET_CODEGEN_BUFFER_EMITTER_H_

#include <vector>

#include "codegen/dim_emitter.h"
#include "codegen/tile_emitter.h"
#include "ir/kernel/kernel.h"
#include "llvm/IR/IRBuilder.h"

namespace cermet::codegen {

// A scalar or tile operand with its extents.
struct TileValue {
  llvm::Value* value = nullptr;
  Extents extents;
};

class BufferEmitter {
 public:
  // `pointers` has the address of each buffer; `alias_classes` says which buffers may share memory:
  // those of one class. Both are by buffer. `read_only_memory`: buffers with access in do not
  // change while the kernel runs (GPU).
  BufferEmitter(const kernel::Kernel& kernel, llvm::IRBuilder<>& builder, DimEmitter& dims,
                std::vector<llvm::Value*> pointers, const std::vector<int32_t>& alias_classes,
                bool read_only_memory);

  // The address of one element.
  llvm::Value* Address(int32_t buffer, const std::vector<llvm::Value*>& indices);
  // `inst` is a kLoad or kStore; `mask.value` is null without a mask.
  llvm::Value* Load(const kernel::Inst& inst, const std::vector<TileValue>& indices,
                    const TileValue& mask);
  void Store(const kernel::Inst& inst, const TileValue& value,
             const std::vector<TileValue>& indices, const TileValue& mask);

 private:
  // One access resolved: a scalar or consecutive elements at `pointer`, or, if `pointers` is set,
  // one element per pointer.
  struct Place {
    llvm::Value* pointer = nullptr;
    llvm::Value* pointers = nullptr;
    llvm::Value* mask = nullptr;  // of the access's extents
    Extents extents;
  };
  Place Resolve(const kernel::Inst& inst, const std::vector<TileValue>& indices,
                const TileValue& mask);
  llvm::Value* Stride(int32_t buffer, int64_t dim);
  void Annotate(llvm::Instruction* access, int32_t buffer) const;
  llvm::Instruction* EmitLoad(const Place& place, llvm::Type* type, llvm::Align align);
  llvm::Instruction* EmitStore(const Place& place, llvm::Value* value, llvm::Align align);

  const kernel::Kernel& kernel_;
  llvm::IRBuilder<>& b_;
  DimEmitter& dims_;
  std::vector<llvm::Value*> pointers_;
  std::vector<std::vector<Dim>> strides_;
  std::vector<llvm::MDNode*> scopes_;    // !alias.scope by buffer; null if nothing is known
  std::vector<llvm::MDNode*> no_alias_;  // !noalias by buffer
  bool read_only_memory_;
};

}  // namespace cermet::codegen

#endif  // CERMET_CODEGEN_BUFFER_EMITTER_H_
