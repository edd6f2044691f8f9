// Kernels run as machine code, as a host device loads them.
#ifndef CERMET_TESTS_DEVICE_COMPILED_KERNELS_LOADER_H_
#define CERMET_TESTS_DEVICE_COMPILED_KERNELS_LOADER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "ir/kernel/kernel.h"
#include "runtime/host_device.h"

namespace cermet::testing {

// A HostKernelLoader: each kernel is compiled by the JIT for this machine, as a program of one
// launch. Errors: a kernel that does not verify, or is not one for CPUs.
absl::StatusOr<std::unique_ptr<runtime::HostKernels>> LoadCompiledKernels(
    absl::Span<const kernel::Kernel> kernels);

}  // namespace cermet::testing

#endif  // CERMET_TESTS_DEVICE_COMPILED_KERNELS_LOADER_H_
