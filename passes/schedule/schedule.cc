// Dispatch by kind of target.
#include "passes/schedule/schedule.h"

#include <utility>

#include "ir/status.h"
#include "passes/schedule/pack.h"
#include "passes/schedule/schedule_cpu.h"
#include "passes/schedule/schedule_gpu.h"

namespace cermet::schedule {

absl::Status Schedule(kernel::Kernel* kernel, const Target& target, const ScheduleOptions& options,
                      std::vector<ScheduleStep>* log) {
  switch (target.kind) {
    case TargetKind::kCpu:
      return ScheduleCpu(kernel, target, options, log);
    case TargetKind::kCuda:
      return ScheduleGpu(kernel, target, options, log);
  }
  CERMET_UNREACHABLE();
}

absl::StatusOr<kernel::Kernel> BuildPackKernel(const kernel::Packing& packing, DType dtype,
                                               const Target& target) {
  kernel::Kernel kernel = NaivePackKernel(packing, dtype);
  CERMET_RETURN_IF_ERROR(Schedule(&kernel, target, ScheduleOptions(), nullptr));
  return kernel;
}

}  // namespace cermet::schedule
