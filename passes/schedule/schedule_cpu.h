// The schedule for x86 CPUs.
#ifndef CERMET_PASSES_SCHEDULE_SCHEDULE_CPU_H_
#define CERMET_PASSES_SCHEDULE_SCHEDULE_CPU_H_

#include <vector>

#include "absl/status/status.h"
#include "ir/kernel/kernel.h"
#include "ir/target.h"
#include "passes/schedule/schedule.h"

namespace cermet::schedule {

// As Schedule (schedule.h), for kCpu targets.
absl::Status ScheduleCpu(kernel::Kernel* kernel, const Target& target,
                         const ScheduleOptions& options, std::vector<ScheduleStep>* log);

}  // namespace cermet::schedule

#endif  // CERMET_PASSES_SCHEDULE_SCHEDULE_CPU_H_
