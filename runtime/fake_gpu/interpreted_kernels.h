// Kernels run by the kernel interpreter, as a host device loads them.
#ifndef CERMET_RUNTIME_FAKE_GPU_INTERPRETED_KERNELS_H_
#define CERMET_RUNTIME_FAKE_GPU_INTERPRETED_KERNELS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "ir/kernel/kernel.h"
#include "runtime/host_device.h"

namespace cermet::runtime {

// A HostKernelLoader. Errors: a kernel that does not verify. Launches cut the parallel loop over
// host.parallel_for as compiled code does.
absl::StatusOr<std::unique_ptr<HostKernels>> LoadInterpretedKernels(
    absl::Span<const kernel::Kernel> kernels);

}  // namespace cermet::runtime

#endif  // CERMET_RUNTIME_FAKE_GPU_INTERPRETED_KERNELS_H_
