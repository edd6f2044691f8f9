// The bit-exact interpreter of kernel IR: CPU and GPU schedules, before and after every rewrite.
//
// A kernel is first translated to a flat form (registers with fixed slots, one function pointer per
// instruction), then run any number of times. Memory is checked: an access outside a buffer is an
// error that names kernel, buffer, indices and shape. GPU schedules run block after block; the
// threads of a block run in lockstep between barriers, and two threads that touch one element of a
// shared buffer between two barriers, one of them writing, are an error too (a race). Copies in the
// background take place as late as their wait allows; touching an element before is an error.
// Scratch and shared memory starts out as garbage.
#ifndef CERMET_IR_KERNEL_INTERPRETER_INTERPRETER_H_
#define CERMET_IR_KERNEL_INTERPRETER_INTERPRETER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "ir/dim.h"
#include "ir/kernel/kernel.h"

namespace cermet::kernel {

struct CompiledKernel;  // the flat form

// The failed check with the lowest index (then the lowest code).
struct CheckFailure {
  int64_t code = 0;
  int64_t index = 0;
  std::string message;
};

// Immutable after Create, so any number of threads may run one interpreter on distinct arguments.
// Movable.
class Interpreter {
 public:
  // Verifies the kernel, which is copied.
  static absl::StatusOr<Interpreter> Create(const Kernel& kernel);
  Interpreter(Interpreter&&) noexcept;
  Interpreter& operator=(Interpreter&&) noexcept;
  ~Interpreter();

  const Kernel& kernel() const;
  // The iterations of the kernel's parallel (or block) loop; 1 if it has none.
  absl::StatusOr<int64_t> Iterations(absl::Span<void* const> arguments,
                                     const DimBindings& dims) const;

  // Runs the kernel over `arguments`, one pointer per kGlobal buffer, each to the bytes of the
  // buffer's shape under `dims`. A failed check lets the run go to its end and is then an error
  // (FailedPrecondition), with the details in `*failure` if that is not null.
  absl::Status Run(absl::Span<void* const> arguments, const DimBindings& dims,
                   CheckFailure* failure = nullptr) const;
  // The same for iterations [begin, end) of the parallel loop; [0, 1) for kernels without one.
  absl::Status RunRange(absl::Span<void* const> arguments, const DimBindings& dims, int64_t begin,
                        int64_t end, CheckFailure* failure = nullptr) const;

 private:
  Interpreter();
  std::unique_ptr<Kernel> kernel_;
  std::unique_ptr<CompiledKernel> code_;
};

// Create and Run in one.
absl::Status Interpret(const Kernel& kernel, absl::Span<void* const> arguments,
                       const DimBindings& dims);

}  // namespace cermet::kernel

#endif  // CERMET_IR_KERNEL_INTERPRETER_INTERPRETER_H_
