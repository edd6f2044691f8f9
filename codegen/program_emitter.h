// Internal to codegen: a command program becomes one LLVM function over its kernels.
#ifndef CERMET_CODEGEN_PROGRAM_EMITTER_H_
#define CERMET_CODEGEN_PROGRAM_EMITTER_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "codegen/kernel_emitter.h"
#include "codegen/machine.h"
#include "ir/program/program.h"

namespace llvm {
class Module;
}  // namespace llvm

namespace cermet::codegen {

// The kernel functions that a program's launches need. Kernels with equal canonical keys share one;
// a launch whose operands share memory (an update in place) gets a variant of its own, because the
// others assume distinct memory.
struct ProgramKernels {
  // A kernel of the program and the alias classes of a launch's operands (empty: all distinct).
  using Launch = std::pair<int32_t, std::vector<int32_t>>;

  std::vector<KernelEmission> functions;  // symbols are distinct and begin with the kernel's name
  std::map<Launch, int32_t> by_launch;    // index into functions
};

// `program` must outlive the result.
ProgramKernels CollectKernels(const program::Program& program, bool internal);

// Emits int32_t symbol(const CermetHost*, void* const* buffers, void* workspace), which calls
// `kernels` by their symbols. Every Dim is evaluated on entry. After a launch whose kernel has
// checks, a failure returns its code at once: nothing later is written.
// With `observe`, calls the external function kLaunchHook around each launch (codegen::LaunchHook).
void EmitEntry(const program::Program& program, const ProgramKernels& kernels,
               const std::string& symbol, const TargetTraits& traits, llvm::Module* module,
               bool observe = false);
inline constexpr char kLaunchHook[] = "cermet.on_launch";

}  // namespace cermet::codegen

#endif  // CERMET_CODEGEN_PROGRAM_EMITTER_H_
