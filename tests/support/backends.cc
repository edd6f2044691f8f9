// The pipeline from module to results, with and without native code.
#include "tests/support/backends.h"

#include <cmath>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "codegen/jit.h"
#include "codegen/target.h"
#include "ir/status.h"
#include "runtime/executor.h"
#include "runtime/literal_arguments.h"
#include "tests/support/program_interpreter.h"

namespace cermet::testing {
namespace {

absl::Status Annotate(const absl::Status& status, const char* step) {
  return absl::Status(status.code(), absl::StrCat(step, ": ", status.message()));
}

absl::StatusOr<std::vector<Literal>> RunNative(const program::Program& program,
                                               const Target& target, const Module& module,
                                               std::vector<Literal> inputs) {
  CERMET_ASSIGN_OR_RETURN(std::unique_ptr<program::NativeCode> code,
                          codegen::JitCompile(program, target, codegen::JitOptions{}));
  CERMET_ASSIGN_OR_RETURN(std::unique_ptr<runtime::Executor> executor,
                          runtime::Executor::Create(program, std::move(code), module.constants(),
                                                    nullptr, runtime::ExecutorOptions{}));
  CERMET_ASSIGN_OR_RETURN(
      runtime::LiteralArguments arguments,
      runtime::LiteralArguments::Create(program, &inputs, runtime::StateUpdates::kCopied));
  CERMET_RETURN_IF_ERROR(executor->Run(arguments.inputs(), arguments.outputs()));
  return arguments.TakeResults();
}

}  // namespace

absl::StatusOr<std::vector<Literal>> RunCompiled(const Module& module,
                                                 const std::vector<Literal>& inputs,
                                                 CompileOptions options) {
  CERMET_ASSIGN_OR_RETURN(options.passes.target, codegen::HostTarget());
  const std::unique_ptr<Module> copy = module.Clone();
  CERMET_ASSIGN_OR_RETURN(const program::Program program, Compile(copy.get(), options));
  return RunNative(program, options.passes.target, *copy, inputs);
}

absl::StatusOr<BackendResults> RunBackends(const Module& module, const std::vector<Literal>& inputs,
                                           CompileOptions options) {
  CERMET_ASSIGN_OR_RETURN(options.passes.target, codegen::HostTarget());
  const std::unique_ptr<Module> copy = module.Clone();
  absl::StatusOr<program::Program> program = Compile(copy.get(), options);
  if (!program.ok()) return Annotate(program.status(), "compile");
  BackendResults results;
  absl::StatusOr<std::vector<Literal>> compiled =
      RunNative(*program, options.passes.target, *copy, inputs);
  if (!compiled.ok()) return Annotate(compiled.status(), "native code");
  results.compiled = *std::move(compiled);
  absl::StatusOr<std::vector<Literal>> interpreted =
      InterpretProgram(*program, copy->constants(), inputs);
  if (!interpreted.ok()) return Annotate(interpreted.status(), "interpreter");
  results.interpreted = *std::move(interpreted);
  return results;
}

bool SameBits(const Literal& a, const Literal& b) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return false;
  if (!IsFloat(a.dtype())) return a == b;
  const int64_t width = ByteSize(a.dtype());
  for (int64_t i = 0; i < a.num_elements(); ++i) {
    if (std::isnan(a.GetFloat(i)) && std::isnan(b.GetFloat(i))) continue;
    const auto at = [&](const Literal& literal) {
      return static_cast<const char*>(literal.data()) + i * width;
    };
    if (std::memcmp(at(a), at(b), static_cast<size_t>(width)) != 0) return false;
  }
  return true;
}

}  // namespace cermet::testing
