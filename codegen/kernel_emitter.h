// Internal to codegen: one kernel becomes one LLVM function.
#ifndef CERMET_CODEGEN_KERNEL_EMITTER_H_
#define CERMET_CODEGEN_KERNEL_EMITTER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "codegen/machine.h"
#include "ir/kernel/kernel.h"
#include "ir/program/program.h"

namespace llvm {
class Function;
class Module;
}  // namespace llvm

namespace cermet::codegen {

struct KernelEmission {
  const kernel::Kernel* kernel = nullptr;
  std::string symbol;
  bool internal = false;  // visible in its module only
  // By argument: two arguments that may be the same memory are in one class. Empty: every argument
  // is a class of its own.
  std::vector<int32_t> alias_classes;
  absl::Span<const program::CheckMessage> checks;  // gives the codes of kCheck; may be empty
};

// Emits void symbol(...) of codegen/abi.h for a CPU kernel. Vectors are LLVM vectors of any size;
// loops stay loops. Errors (Internal): what `legalize` should have rewritten (lanes loops), GPU
// loops and barriers, an op the target cannot do exactly.
absl::Status EmitKernel(const KernelEmission& emission, const TargetTraits& traits,
                        llvm::Module* module);

// Emits int64_t symbol(void* const* args, const int64_t* dims): the number of iterations of the
// kernel's parallel loop, which must exist.
llvm::Function* EmitIterations(const kernel::Kernel& kernel, const std::string& symbol,
                               const TargetTraits& traits, llvm::Module* module);

// The number of iterations if it is known now; 1 for a kernel without a parallel loop.
std::optional<int64_t> StaticIterations(const kernel::Kernel& kernel);
bool HasChecks(const kernel::Kernel& kernel);

// The size of a worker's scratch memory: kScratch buffers in order, each at a multiple of 64 bytes.
std::vector<int64_t> ScratchOffsets(const kernel::Kernel& kernel);

}  // namespace cermet::codegen

#endif  // CERMET_CODEGEN_KERNEL_EMITTER_H_
