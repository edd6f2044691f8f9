// The schedule for NVIDIA GPUs.
#ifndef CERMET_PASSES_SCHEDULE_SCHEDULE_GPU_H_
#define CERMET_PASSES_SCHEDULE_SCHEDULE_GPU_H_

#include <vector>

#include "absl/status/status.h"
#include "ir/kernel/kernel.h"
#include "ir/target.h"
#include "passes/schedule/schedule.h"

namespace cermet::schedule {

// As Schedule (schedule.h), for kCuda targets: matrix products on square tiles of threads with
// operands in shared memory, rows with inner loops on a block each, everything else one output
// element per thread. Unimplemented for kernels with checks, which only the host reports.
absl::Status ScheduleGpu(kernel::Kernel* kernel, const Target& target,
                         const ScheduleOptions& options, std::vector<ScheduleStep>* log);

}  // namespace cermet::schedule

#endif  // CERMET_PASSES_SCHEDULE_SCHEDULE_GPU_H_
