// Internal to codegen: the instructions of kernel bodies, shared by the CPU's and the GPU's kernel
// functions.
#ifndef CERMET_CODEGEN_BODY_EMITTER_H_
#define CERMET_CODEGEN_BODY_EMITTER_H_

#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "codegen/buffer_emitter.h"
#include "codegen/machine.h"
#include "ir/kernel/kernel.h"
#include "llvm/IR/IRBuilder.h"

namespace cermet::codegen {

// Where the two kinds of function differ.
class BodyHooks {
 public:
  virtual ~BodyHooks() = default;
  // Bounds of a parallel, block or thread loop as this function runs it: [lower, upper) by step,
  // given those of the kernel. With `once`, the body runs exactly once, for `lower`.
  struct LoopBounds {
    llvm::Value* lower;
    llvm::Value* upper;
    llvm::Value* step;
    bool once = false;
  };
  virtual LoopBounds Bounds(llvm::IRBuilder<>& b, const kernel::Inst& loop, LoopBounds bounds) = 0;
  virtual void Barrier(llvm::IRBuilder<>& b) = 0;
  // At the end of the body of a loop that Bounds was asked about, unless it runs once.
  virtual void EndIteration(llvm::IRBuilder<>& b, const kernel::Inst& loop) {}
  virtual void CheckFailed(llvm::IRBuilder<>& b, const kernel::Inst& check, llvm::Value* index) = 0;
};

class BodyEmitter {
 public:
  // All references must outlive the emitter. The builder stands where the body begins.
  BodyEmitter(const kernel::Kernel& kernel, const TargetTraits& traits, llvm::IRBuilder<>& builder,
              DimEmitter& dims, BufferEmitter& buffers, BodyHooks& hooks);

  void EmitBlock(const kernel::Block& block);
  void EmitInst(const kernel::Inst& inst);
  llvm::Value* value(kernel::ValueId id) const { return values_[id]; }

 private:
  TileValue Tile(kernel::ValueId id) const;
  llvm::Value* EmitCompute(const kernel::Inst& inst);
  void EmitFor(const kernel::Inst& inst);
  void EmitIf(const kernel::Inst& inst);
  void EmitCheck(const kernel::Inst& inst);
  void EmitCopy(const kernel::Inst& inst);
  std::vector<TileValue> Indices(const kernel::Inst& inst, size_t first) const;
  void SetResult(const kernel::Inst& inst, llvm::Value* value) { values_[inst.results[0]] = value; }
  llvm::BasicBlock* NewBlock(const char* name);

  const kernel::Kernel& kernel_;
  const TargetTraits& traits_;
  llvm::IRBuilder<>& b_;
  DimEmitter& dims_;
  BufferEmitter& buffers_;
  BodyHooks& hooks_;
  std::vector<llvm::Value*> values_;  // by ValueId
};

// Refuses what no emitter takes: lanes loops, ops that the target cannot round as defined, and on
// CPUs what only the threads of a GPU can do. Errors are Internal or Unimplemented and name the
// kernel.
absl::Status CheckEmittable(const kernel::Kernel& kernel, const TargetTraits& traits);

}  // namespace cermet::codegen

#endif  // CERMET_CODEGEN_BODY_EMITTER_H_
