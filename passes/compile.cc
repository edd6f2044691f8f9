// The list of steps. What each does and why it stands where it does is in docs/architecture.md.
#include "passes/compile.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "ir/kernel/text.h"
#include "ir/program/program.h"
#include "ir/status.h"
#include "passes/plan/build_program.h"
#include "passes/plan/memory_plan.h"
#include "passes/registry.h"

namespace cermet {
namespace {

absl::Status Run(Module* module, const std::vector<std::string>& names,
                 const CompileOptions& options, CompileLog* log) {
  if (log == nullptr) return RunPasses(*module, names, options.passes).status();
  PassOptions passes = options.passes;
  passes.fusion_decisions = &log->fusion_decisions;
  CERMET_ASSIGN_OR_RETURN(PassReport report, RunPasses(*module, names, passes));
  log->report.changes += report.changes;
  for (PassRun& run : report.runs) log->report.runs.push_back(std::move(run));
  for (const auto& [rule, count] : report.rule_counts) log->report.rule_counts[rule] += count;
  return absl::OkStatus();
}

}  // namespace

absl::Status Optimize(Module* module, const CompileOptions& options, CompileLog* log) {
  if (options.passes.dumps != nullptr) {
    CERMET_RETURN_IF_ERROR(options.passes.dumps->WriteModule("import", *module));
  }
  return Run(module, OptimizationPipeline(), options, log);
}

absl::Status FuseModule(Module* module, const CompileOptions& options, CompileLog* log) {
  return Run(module, FusionPipeline(), options, log);
}

absl::StatusOr<program::Program> Lower(const Module& module, const CompileOptions& options,
                                       CompileLog* log) {
  // By the kernel before and what is known of its arguments.
  std::map<std::string, kernel::Kernel> scheduled;
  plan::BuildProgramOptions build;
  build.schedule = [&](kernel::Kernel* kernel,
                       const std::vector<bool>& constant_arguments) -> absl::Status {
    schedule::ScheduleOptions schedule_options = options.schedule;
    schedule_options.constant_arguments = constant_arguments;
    if (log == nullptr) {
      // Models repeat their layers: a kernel that was scheduled already is not scheduled again.
      std::string key = kernel::CanonicalKey(*kernel);
      for (bool constant : constant_arguments) key += constant ? 'c' : 'v';
      auto it = scheduled.find(key);
      if (it == scheduled.end()) {
        kernel::Kernel fresh = *kernel;
        CERMET_RETURN_IF_ERROR(
            schedule::Schedule(&fresh, options.passes.target, schedule_options, nullptr));
        it = scheduled.emplace(std::move(key), std::move(fresh)).first;
      }
      std::string name = std::move(kernel->name);
      Location location = std::move(kernel->location);
      *kernel = it->second;
      kernel->name = std::move(name);
      kernel->location = std::move(location);
      return absl::OkStatus();
    }
    CompileLog::KernelLog kernel_log;
    kernel_log.node = kernel->location.NamesToString();
    kernel_log.naive = kernel::Print(*kernel);
    const absl::Status status =
        schedule::Schedule(kernel, options.passes.target, schedule_options, &kernel_log.steps);
    log->kernels.push_back(std::move(kernel_log));
    return status;
  };
  build.pack_kernel = [&](const kernel::Packing& packing, DType dtype) {
    return schedule::BuildPackKernel(packing, dtype, options.passes.target);
  };
  CERMET_ASSIGN_OR_RETURN(program::Program program, plan::BuildProgram(module, build));
  CERMET_RETURN_IF_ERROR(plan::PlanMemory(&program));
  if (options.passes.verify) CERMET_RETURN_IF_ERROR(program::Verify(program));
  if (options.passes.dumps != nullptr) {
    CERMET_RETURN_IF_ERROR(
        options.passes.dumps->WriteText("program", ".cermet", program::Print(program)));
  }
  return program;
}

absl::StatusOr<program::Program> Compile(Module* module, const CompileOptions& options,
                                         CompileLog* log) {
  CERMET_RETURN_IF_ERROR(Optimize(module, options, log));
  CERMET_RETURN_IF_ERROR(FuseModule(module, options, log));
  return Lower(*module, options, log);
}

}  // namespace cermet
