// Internal to codegen: LLVM's target machines, the optimisation pipeline, and the way from a module
// to bytes.
#ifndef CERMET_CODEGEN_MACHINE_H_
#define CERMET_CODEGEN_MACHINE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ir/target.h"

namespace llvm {
class Module;
class TargetMachine;
}  // namespace llvm

namespace cermet::codegen {

// What the emitters need to know of a target beyond the data layout.
struct TargetTraits {
  bool native_half = false;  // converts f16 to and from f32 in hardware, rounding to nearest even
  bool native_fma = false;
  bool is_gpu = false;
};

enum class CodeUse { kJit, kObject };

// Errors name an unknown triple or CPU and what there is.
absl::StatusOr<std::unique_ptr<llvm::TargetMachine>> CreateMachine(const Target& target,
                                                                   CodeUse use);
TargetTraits Traits(const llvm::TargetMachine& machine);

// The module gets its data layout and triple from the machine.
void SetTarget(const llvm::TargetMachine& machine, llvm::Module* module);

// A short pipeline: scalar clean-up and loop-invariant code motion. No vectoriser, no unrolling, no
// inlining of kernels, and nothing that changes how a value is rounded. Verifies the module first:
// an error there is a bug of the emitter (Internal).
absl::Status Optimize(llvm::TargetMachine* machine, llvm::Module* module);

enum class FileKind { kObject, kAssembly };
absl::StatusOr<std::string> EmitMachineCode(llvm::TargetMachine* machine, llvm::Module* module,
                                            FileKind kind);

// LLVM's version and the settings of this pipeline, for cache keys.
std::string CodeGeneratorVersion();

}  // namespace cermet::codegen

#endif  // CERMET_CODEGEN_MACHINE_H_
