// The bit-exact interpreter of kernel IR: CPU and GPU schedules, before and after every rewrite.
#ifndef CERMET_IR_KERNEL_INTERPRETER_INTERPRETER_H_
#define CERMET_IR_KERNEL_INTERPRETER_INTERPRETER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "ir/dim.h"
#include "ir/kernel/kernel.h"

namespace cermet::kernel {

// Runs `kernel` over `arguments`, one pointer per kGlobal buffer, each to the bytes of the buffer's shape under `dims`. Indices are
// checked: an access outside a buffer is an error that names kernel, buffer, indices and shape. A failed check is an error too
// (FailedPrecondition, `code` and message of the lowest index). Blocks run one after another; threads of a block run in lockstep between
// barriers. Thread safe for distinct arguments.
absl::Status Interpret(const Kernel& kernel, absl::Span<void* const> arguments, const DimBindings& dims);

}  // namespace cermet::kernel

#endif  // CERMET_IR_KERNEL_INTERPRETER_INTERPRETER_H_
