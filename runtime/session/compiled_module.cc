// Compile, link into this process, and wrap in an executor.
#include "runtime/session/compiled_module.h"

#include "codegen/jit.h"
#include "ir/status.h"
#include "runtime/literal_arguments.h"
#include "runtime/session/program_cache.h"

namespace cermet {

absl::StatusOr<std::unique_ptr<CompiledModule>> CompiledModule::Create(
    std::unique_ptr<Module> module, const ModuleOptions& options, CompileLog* log) {
  CERMET_RETURN_IF_ERROR(Optimize(module.get(), options.compile, log));
  CERMET_RETURN_IF_ERROR(FuseModule(module.get(), options.compile, log));
  return CreateFused(std::move(module), options, log);
}

absl::StatusOr<std::unique_ptr<CompiledModule>> CompiledModule::CreateFused(
    std::unique_ptr<Module> module, const ModuleOptions& options, CompileLog* log) {
  // Who wants to see what lowering does has it done anew.
  const DumpDirectory* dumps = options.compile.passes.dumps;
  const bool is_watched = log != nullptr || (dumps != nullptr && dumps->enabled());
  codegen::JitOptions jit;
  program::Program program;
  if (options.code_cache == nullptr || is_watched) {
    CERMET_ASSIGN_OR_RETURN(program, Lower(*module, options.compile, log));
  } else {
    CERMET_ASSIGN_OR_RETURN(CachedProgram cached,
                            LowerThroughCache(*module, options.compile, options.code_cache));
    program = std::move(cached.program);
    jit.program_text = std::move(cached.text);
  }
  jit.threads = options.compile_threads;
  jit.cache = options.code_cache;
  if (options.profile != nullptr) jit.on_launch = LaunchProfile::Hook;
  CERMET_ASSIGN_OR_RETURN(std::unique_ptr<program::NativeCode> code,
                          codegen::JitCompile(program, options.compile.passes.target, jit));
  auto compiled = std::unique_ptr<CompiledModule>(new CompiledModule());
  if (options.profile != nullptr) {
    compiled->launches_ = std::make_unique<LaunchProfile>(program, options.profile);
  }
  CERMET_ASSIGN_OR_RETURN(
      compiled->executor_,
      runtime::Executor::Create(std::move(program), std::move(code), module->constants(),
                                options.constants, options.executor));
  compiled->module_ = std::move(module);
  return compiled;
}

absl::StatusOr<std::vector<Literal>> CompiledModule::Run(std::vector<Literal>* inputs) {
  CERMET_ASSIGN_OR_RETURN(runtime::LiteralArguments arguments,
                          runtime::LiteralArguments::Create(executor_->program(), inputs,
                                                            runtime::StateUpdates::kInPlace));
  const LaunchProfile::Scope scope(launches_.get());
  CERMET_RETURN_IF_ERROR(executor_->Run(arguments.inputs(), arguments.outputs()));
  return arguments.TakeResults();
}

}  // namespace cermet
