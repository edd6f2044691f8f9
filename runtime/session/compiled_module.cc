// Compile, link into this process, and wrap in an executor.
#include "runtime/session/compiled_module.h"

#include <cstring>

#include "codegen/jit.h"
#include "ir/status.h"

namespace cermet {

absl::StatusOr<std::unique_ptr<CompiledModule>> CompiledModule::Create(
    std::unique_ptr<Module> module, const ModuleOptions& options, CompileLog* log) {
  CERMET_RETURN_IF_ERROR(Optimize(module.get(), options.compile, log));
  CERMET_RETURN_IF_ERROR(FuseModule(module.get(), options.compile, log));
  return CreateFused(std::move(module), options, log);
}

absl::StatusOr<std::unique_ptr<CompiledModule>> CompiledModule::CreateFused(
    std::unique_ptr<Module> module, const ModuleOptions& options, CompileLog* log) {
  CERMET_ASSIGN_OR_RETURN(program::Program program, Lower(*module, options.compile, log));
  codegen::JitOptions jit;
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
  const program::Program& program = executor_->program();
  std::vector<std::vector<int64_t>> shapes;
  std::vector<runtime::InputView> views;
  for (Literal& input : *inputs) {
    shapes.push_back(input.shape());
    views.push_back({input.data(), input.shape()});
  }
  CERMET_ASSIGN_OR_RETURN(const std::vector<std::vector<int64_t>> output_shapes,
                          executor_->OutputShapes(shapes));
  std::vector<Literal> outputs(program.num_outputs());
  std::vector<void*> pointers(outputs.size());
  std::vector<int32_t> updated(outputs.size(),
                               -1);  // the buffer of the input that an output updates
  for (const program::Buffer& buffer : program.buffers) {
    if (buffer.kind != program::BufferKind::kOutput) continue;
    outputs[buffer.index] = Literal(buffer.type.dtype, output_shapes[buffer.index]);
    updated[buffer.index] = buffer.alias;
    pointers[buffer.index] = buffer.alias >= 0 ? nullptr : outputs[buffer.index].data();
  }
  const LaunchProfile::Scope scope(launches_.get());
  CERMET_RETURN_IF_ERROR(executor_->Run(views, pointers));
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (updated[i] < 0) continue;
    const Literal& state = (*inputs)[program.buffers[updated[i]].index];
    std::memcpy(outputs[i].data(), state.data(), state.byte_size());
  }
  return outputs;
}

}  // namespace cermet
