// Internal to codegen: tiles as LLVM vectors of their elements in row-major order.
#ifndef CERMET_CODEGEN_TILE_EMITTER_H_
#define CERMET_CODEGEN_TILE_EMITTER_H_

#include <cstdint>
#include <vector>

#include "ir/kernel/kernel.h"
#include "llvm/IR/IRBuilder.h"

namespace cermet::codegen {

using Extents = std::vector<int64_t>;

// The register type of a scalar or tile, and the type that a load or store of it moves (bool:
// bytes).
llvm::Type* RegisterType(const kernel::ValueType& type, llvm::LLVMContext& context);
llvm::Type* MemoryType(const kernel::ValueType& type, llvm::LLVMContext& context);

// `value` of extents `from` (none: a scalar) repeated to the extents `to`.
llvm::Value* EmitBroadcast(llvm::IRBuilder<>& builder, llvm::Value* value, const Extents& from,
                           const Extents& to);
// The `to`-shaped part of a tile that begins at element `start` of `axis`.
llvm::Value* EmitSlice(llvm::IRBuilder<>& builder, llvm::Value* value, const Extents& from,
                       const Extents& to, int64_t axis, int64_t start);
// 0, 1, ... along `axis`.
llvm::Constant* EmitIota(llvm::LLVMContext& context, const Extents& extents, int64_t axis);

}  // namespace cermet::codegen

#endif  // CERMET_CODEGEN_TILE_EMITTER_H_
