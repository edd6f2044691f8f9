// The grain of a launch is a number in a program's code, and a device is told it at the launch: the
// code has grain 1, and the host's parallel_for raises it.
#include "tests/device/compiled_kernels_loader.h"

#include <algorithm>
#include <string>
#include <vector>

#include "codegen/jit.h"
#include "codegen/target.h"
#include "ir/kernel/verifier.h"
#include "ir/literal.h"
#include "ir/program/program.h"
#include "ir/status.h"
#include "tests/codegen/compiled_kernels.h"

namespace cermet::testing {
namespace {

// How many checks a test's kernel may have.
constexpr int kChecks = 8;

struct GrainedHost {
  const CermetHost* host;
  int64_t grain;
};

void ParallelForWithGrain(void* pool, int64_t n, int64_t grain, CermetBody body, void* context) {
  const auto* const grained = static_cast<const GrainedHost*>(pool);
  grained->host->parallel_for(grained->host->pool, n, std::max(grain, grained->grain), body,
                              context);
}

class CompiledKernels : public runtime::HostKernels {
 public:
  absl::Status Add(const kernel::Kernel& kernel, const Target& target) {
    Compiled compiled;
    compiled.program = LaunchAll({kernel}, 1);
    for (int i = 0; i < kChecks; ++i) compiled.program.checks.push_back({1, "failed", ""});
    CERMET_ASSIGN_OR_RETURN(compiled.code,
                            codegen::JitCompile(compiled.program, target, codegen::JitOptions{}));
    compiled_.push_back(std::move(compiled));
    return absl::OkStatus();
  }

  absl::Status Run(int64_t kernel, const CermetHost& host, absl::Span<void* const> arguments,
                   const DimBindings& dims, int64_t grain) override {
    const Compiled& compiled = compiled_[kernel];
    const program::Program& program = compiled.program;
    std::vector<void*> buffers(arguments.size() + 1);
    for (size_t i = 0; i < arguments.size(); ++i) {
      const program::Buffer& buffer = program.buffers[i];
      const bool is_input = buffer.kind == program::BufferKind::kInput;
      buffers[is_input ? buffer.index : program.num_inputs() + buffer.index] = arguments[i];
    }
    std::vector<int64_t> values;
    for (const std::string& symbol : program.symbols) values.push_back(dims.at(symbol));
    buffers.back() = values.data();
    CERMET_ASSIGN_OR_RETURN(const int64_t bytes, program.WorkspaceBytes(host.max_workers, dims));
    Literal workspace(DType::kU8, {bytes});
    GrainedHost grained{&host, grain};
    const CermetHost wrapped = {ParallelForWithGrain, &grained, host.max_workers, host.error};
    host.error->code = compiled.code->entry()(&wrapped, buffers.data(), workspace.data());
    return absl::OkStatus();
  }

 private:
  struct Compiled {
    program::Program program;
    std::unique_ptr<program::NativeCode> code;
  };
  std::vector<Compiled> compiled_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<runtime::HostKernels>> LoadCompiledKernels(
    absl::Span<const kernel::Kernel> kernels) {
  CERMET_ASSIGN_OR_RETURN(const Target target, codegen::HostTarget());
  auto compiled = std::make_unique<CompiledKernels>();
  for (const kernel::Kernel& kernel : kernels) {
    CERMET_RETURN_IF_ERROR(kernel::Verify(kernel));
    CERMET_RETURN_IF_ERROR(compiled->Add(kernel, target));
  }
  return std::unique_ptr<runtime::HostKernels>(std::move(compiled));
}

}  // namespace cermet::testing
