// Estimates of how long a kernel's loops take, to decide when threads pay.
#ifndef CERMET_PASSES_PLAN_WORK_H_
#define CERMET_PASSES_PLAN_WORK_H_

#include <cstdint>

#include "ir/dim.h"
#include "ir/kernel/kernel.h"

namespace cermet::plan {

// Roughly the cycles that one iteration of the kernel's parallel loop takes; symbolic extents count
// as their bound, or 64.
int64_t IterationCycles(const kernel::Kernel& kernel, const DimFacts& facts);
// The least number of iterations worth handing to another thread (some 10 microseconds of work).
int64_t LaunchGrain(const kernel::Kernel& kernel, const DimFacts& facts);

}  // namespace cermet::plan

#endif  // CERMET_PASSES_PLAN_WORK_H_
