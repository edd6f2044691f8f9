// A module compiled for this machine and ready to run: passes, code generation and executor behind
// one call.
#ifndef CERMET_RUNTIME_SESSION_COMPILED_MODULE_H_
#define CERMET_RUNTIME_SESSION_COMPILED_MODULE_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "codegen/code_cache.h"
#include "ir/graph.h"
#include "ir/literal.h"
#include "passes/compile.h"
#include "runtime/constant_cache.h"
#include "runtime/executor.h"
#include "runtime/profile.h"
#include "runtime/session/launch_profile.h"

namespace cermet {

struct ModuleOptions {
  CompileOptions compile;  // its target must be this machine's, or narrower
  int compile_threads = 1;
  codegen::CodeCache* code_cache = nullptr;     // not owned; null: compile anew
  runtime::ConstantCache* constants = nullptr;  // not owned; null: a cache of its own
  runtime::ExecutorOptions executor;
  runtime::Profile* profile = nullptr;  // not owned; null: launches are not timed
};

// Thread safe after it was made.
class CompiledModule {
 public:
  // Compiles `module` (which is left in fused form inside). `log`, if not null, receives what the
  // compiler did.
  static absl::StatusOr<std::unique_ptr<CompiledModule>> Create(std::unique_ptr<Module> module,
                                                                const ModuleOptions& options,
                                                                CompileLog* log = nullptr);

  // The same for a module that is in fused form already.
  static absl::StatusOr<std::unique_ptr<CompiledModule>> CreateFused(std::unique_ptr<Module> module,
                                                                     const ModuleOptions& options,
                                                                     CompileLog* log = nullptr);

  // Runs on whole values, in the order of the entry graph's parameters. Inputs are read only, but
  // for donated parameters: those are updated in place (and the result that updates them is a
  // copy).
  absl::StatusOr<std::vector<Literal>> Run(std::vector<Literal>* inputs);
  // The caller's memory, for callers that count copies.
  runtime::Executor& executor() { return *executor_; }
  const program::Program& program() const { return executor_->program(); }
  const Module& module() const { return *module_; }
  // What to put around runs of executor() (LaunchProfile::Scope); null without a profile.
  LaunchProfile* launches() { return launches_.get(); }

 private:
  CompiledModule() = default;
  std::unique_ptr<Module> module_;
  std::unique_ptr<runtime::Executor> executor_;
  std::unique_ptr<LaunchProfile> launches_;
};

}  // namespace cermet

#endif  // CERMET_RUNTIME_SESSION_COMPILED_MODULE_H_
