// The compiler from a module to a command program, as one readable list of steps.
//
//   Optimize    graph IR -> graph IR         simplify, recognise, lay out, expand, state rounding
//   FuseModule  graph IR -> fused graph      group nodes into kernels, expand transcendentals
//   Lower       fused    -> command program  lower each fusion, schedule its kernels, give values
//                                            buffers, plan memory
//
// Each step's form can be printed, parsed back and run; `cermet dump` shows them. Not thread safe
// on one module; modules are independent.
#ifndef CERMET_PASSES_COMPILE_H_
#define CERMET_PASSES_COMPILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ir/graph.h"
#include "ir/program/program.h"
#include "passes/pass_manager.h"
#include "passes/schedule/schedule.h"

namespace cermet {

struct CompileOptions {
  PassOptions passes;  // numerics, target, disabled passes and rules, dumps
  // Overrides of tile sizes, for tuning and tests; bits never depend on them.
  schedule::ScheduleOptions schedule;
};

// What the steps did, for `cermet explain` and `cermet dump --stage kernel`.
struct CompileLog {
  PassReport report;
  std::vector<FusionDecision> fusion_decisions;
  struct KernelLog {
    std::string node;                           // the fusion, as errors name it
    std::string naive;                          // the kernel before scheduling
    std::vector<schedule::ScheduleStep> steps;  // each rewrite and the kernel after it
  };
  std::vector<KernelLog> kernels;
};

absl::Status Optimize(Module* module, const CompileOptions& options, CompileLog* log = nullptr);
absl::Status FuseModule(Module* module, const CompileOptions& options, CompileLog* log = nullptr);
absl::StatusOr<program::Program> Lower(const Module& module, const CompileOptions& options,
                                       CompileLog* log = nullptr);

// All three. `module` is left fused; its constant store holds the bytes of the program's constants.
// Errors name the node.
absl::StatusOr<program::Program> Compile(Module* module, const CompileOptions& options,
                                         CompileLog* log = nullptr);

}  // namespace cermet

#endif  // CERMET_PASSES_COMPILE_H_
