// Compiles a program into this process.
#ifndef CERMET_CODEGEN_JIT_H_
#define CERMET_CODEGEN_JIT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "codegen/code_cache.h"
#include "ir/program/native_code.h"
#include "ir/program/program.h"
#include "ir/target.h"

namespace cermet::codegen {

// Called with `end` 0 before and 1 after each launch, pack and copy of a run, on the run's thread;
// `launch` is its place in Launches().
using LaunchHook = void (*)(const CermetHost* host, int32_t launch, int32_t end);
// The launches, packs and copies of a program in the order of its commands, those of bodies
// included.
std::vector<const program::Command*> Launches(const program::Program& program);

struct JitOptions {
  int threads = 1;  // that compile kernels side by side; the calling thread is one of them
  CodeCache* cache = nullptr;  // not owned; asked first, and given what was compiled
  // The program's text, if the caller has it already; else it is printed for the cache.
  std::string program_text;
  // For profiles; null: the code has no trace of it.
  LaunchHook on_launch = nullptr;
};

// The native form of `program`, whose kernels are scheduled and legal for `target`. `target` must
// be one that this machine can run (HostTarget(), or a narrower one). The program may die before
// the code. Thread safe. Errors: a kernel that is not legal for a CPU (Internal: a bug of the
// schedule), or one that the target cannot run exactly.
absl::StatusOr<std::unique_ptr<program::NativeCode>> JitCompile(const program::Program& program,
                                                                const Target& target,
                                                                const JitOptions& options);

// The key of the cache entry of a program's code: its text and the target are what code depends on,
// and nothing else.
std::string CodeCacheKey(absl::string_view program_text, const Target& target);

}  // namespace cermet::codegen

#endif  // CERMET_CODEGEN_JIT_H_
