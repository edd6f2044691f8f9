// The public face: verifies and translates once, then makes a machine per run.
#include "ir/kernel/interpreter/interpreter.h"

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ir/kernel/interpreter/compiled_kernel.h"
#include "ir/kernel/interpreter/machine.h"
#include "ir/kernel/verifier.h"
#include "ir/status.h"

namespace cermet::kernel {

Interpreter::Interpreter() = default;
Interpreter::Interpreter(Interpreter&&) noexcept = default;
Interpreter& Interpreter::operator=(Interpreter&&) noexcept = default;
Interpreter::~Interpreter() = default;

absl::StatusOr<Interpreter> Interpreter::Create(const Kernel& kernel) {
  CERMET_RETURN_IF_ERROR(Verify(kernel));
  Interpreter interpreter;
  interpreter.kernel_ = std::make_unique<Kernel>(kernel);
  interpreter.code_ = std::make_unique<CompiledKernel>(CompileForInterpreter(*interpreter.kernel_));
  return interpreter;
}

const Kernel& Interpreter::kernel() const { return *kernel_; }

absl::StatusOr<int64_t> Interpreter::Iterations(absl::Span<void* const> arguments,
                                                const DimBindings& dims) const {
  if (kernel_->ParallelLoop() == nullptr) return 1;
  Machine machine(*kernel_, *code_);
  CERMET_RETURN_IF_ERROR(machine.Prepare(arguments, dims));
  return machine.TopIterations();
}

absl::Status Interpreter::Run(absl::Span<void* const> arguments, const DimBindings& dims,
                              CheckFailure* failure) const {
  return RunRange(arguments, dims, 0, std::numeric_limits<int64_t>::max(), failure);
}

absl::Status Interpreter::RunRange(absl::Span<void* const> arguments, const DimBindings& dims,
                                   int64_t begin, int64_t end, CheckFailure* failure) const {
  if (kernel_->ParallelLoop() == nullptr && begin > 0) return absl::OkStatus();
  if (begin >= end) return absl::OkStatus();
  Machine machine(*kernel_, *code_);
  CERMET_RETURN_IF_ERROR(machine.Prepare(arguments, dims));
  CERMET_RETURN_IF_ERROR(machine.Run(begin, end));
  if (!machine.failure()) return absl::OkStatus();
  if (failure != nullptr) *failure = *machine.failure();
  return absl::FailedPreconditionError(absl::StrCat(machine.failure()->message, " (index ",
                                                    machine.failure()->index, ", code ",
                                                    machine.failure()->code, ")"));
}

absl::Status Interpret(const Kernel& kernel, absl::Span<void* const> arguments,
                       const DimBindings& dims) {
  CERMET_ASSIGN_OR_RETURN(Interpreter interpreter, Interpreter::Create(kernel));
  return interpreter.Run(arguments, dims);
}

}  // namespace cermet::kernel
