// Places the temporary buffers of a program in one workspace.
#ifndef CERMET_PASSES_PLAN_MEMORY_PLAN_H_
#define CERMET_PASSES_PLAN_MEMORY_PLAN_H_

#include "absl/status/status.h"
#include "ir/program/program.h"

namespace cermet::plan {

// Sets the offsets of temps, temp_bytes and scratch_bytes. Buffers that live at the same time never
// overlap, for any values of the symbols that the facts allow. Buffers are placed largest first at
// the lowest free offset (as TensorFlow Lite's greedy-by-size planner does), sizes and offsets
// being expressions known before the run. An error is a size that overflows.
absl::Status PlanMemory(program::Program* program);

}  // namespace cermet::plan

#endif  // CERMET_PASSES_PLAN_MEMORY_PLAN_H_
