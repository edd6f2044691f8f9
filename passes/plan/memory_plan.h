// Places the temporary buffers of a program in one workspace.
#ifndef CERMET_PASSES_PLAN_MEMORY_PLAN_H_
#define CERMET_PASSES_PLAN_MEMORY_PLAN_H_

#include "absl/status/status.h"
#include "ir/program/program.h"

namespace cermet::plan {

// Sets the offsets of temps, temp_bytes and scratch_bytes. Buffers that live at the same time never
// overlap. Buffers of constant size are placed largest first at the lowest free offset (as
// TensorFlow Lite's greedy-by-size planner does); buffers of symbolic size share slots of equal
// size expression behind them, so that every offset is an expression known before the run.
absl::Status PlanMemory(program::Program* program);

}  // namespace cermet::plan

#endif  // CERMET_PASSES_PLAN_MEMORY_PLAN_H_
