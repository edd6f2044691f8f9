// Each range of a launch is one run of the interpreter; the lowest failed check of all ranges is
// the launch's.
#include "runtime/fake_gpu/interpreted_kernels.h"

#include <mutex>
#include <utility>
#include <vector>

#include "ir/kernel/interpreter/interpreter.h"
#include "ir/status.h"

namespace cermet::runtime {
namespace {

// What the ranges of one launch share.
struct LaunchState {
  const kernel::Interpreter* interpreter;
  absl::Span<void* const> arguments;
  const DimBindings* dims;
  CermetError* error;
  std::mutex mutex;  // guards the rest
  absl::Status status;
};

// The code of an error is not 0, whatever the program's own code is.
void Record(const kernel::CheckFailure& failure, CermetError* error) {
  const bool is_first = error->code == 0 || failure.index < error->index ||
                        (failure.index == error->index && failure.code < error->check);
  if (is_first) *error = {1, static_cast<int32_t>(failure.code), failure.index, 0};
}

void RunRange(void* context, int64_t worker, int64_t begin, int64_t end) {
  LaunchState* const state = static_cast<LaunchState*>(context);
  kernel::CheckFailure failure;
  absl::Status status =
      state->interpreter->RunRange(state->arguments, *state->dims, begin, end, &failure);
  if (status.ok()) return;
  const std::lock_guard<std::mutex> lock(state->mutex);
  if (status.code() == absl::StatusCode::kFailedPrecondition) {
    Record(failure, state->error);
  } else if (state->status.ok()) {
    state->status = std::move(status);
  }
}

class InterpretedKernels : public HostKernels {
 public:
  explicit InterpretedKernels(std::vector<kernel::Interpreter> interpreters)
      : interpreters_(std::move(interpreters)) {}

  absl::Status Run(int64_t kernel, const CermetHost& host, absl::Span<void* const> arguments,
                   const DimBindings& dims, int64_t grain) override {
    const kernel::Interpreter& interpreter = interpreters_[kernel];
    CERMET_ASSIGN_OR_RETURN(int64_t iterations, interpreter.Iterations(arguments, dims));
    LaunchState state{&interpreter, arguments, &dims, host.error, {}, {}};
    host.parallel_for(host.pool, iterations, grain, RunRange, &state);
    return state.status;
  }

 private:
  std::vector<kernel::Interpreter> interpreters_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<HostKernels>> LoadInterpretedKernels(
    absl::Span<const kernel::Kernel> kernels) {
  std::vector<kernel::Interpreter> interpreters;
  for (const kernel::Kernel& kernel : kernels) {
    CERMET_ASSIGN_OR_RETURN(kernel::Interpreter interpreter, kernel::Interpreter::Create(kernel));
    interpreters.push_back(std::move(interpreter));
  }
  return std::unique_ptr<HostKernels>(
      std::make_unique<InterpretedKernels>(std::move(interpreters)));
}

}  // namespace cermet::runtime
