// From fused graphs to a command program: lowers and schedules every fusion, gives every value a
// buffer, and turns nodes into commands.
#ifndef CERMET_PASSES_PLAN_BUILD_PROGRAM_H_
#define CERMET_PASSES_PLAN_BUILD_PROGRAM_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ir/graph.h"
#include "ir/program/program.h"

namespace cermet::plan {

struct BuildProgramOptions {
  // Schedules a naive kernel for the target; may pack its inputs. By argument: whether its contents
  // are constants, which are packed once and not at every run.
  std::function<absl::Status(kernel::Kernel*, const std::vector<bool>& constant_arguments)>
      schedule;
  // The kernel that packs an argument at run time, scheduled.
  std::function<absl::StatusOr<kernel::Kernel>(const kernel::Packing&, DType)> pack_kernel;
};

// `module`'s entry graph is fused (passes/fuse) and free of calls. The result has buffers without
// offsets: PlanMemory gives them. A donated parameter is updated in place where no later command
// reads its old value, and else copied to at the end.
absl::StatusOr<program::Program> BuildProgram(const Module& module,
                                              const BuildProgramOptions& options);

}  // namespace cermet::plan

#endif  // CERMET_PASSES_PLAN_BUILD_PROGRAM_H_
