// `cermet bench`: how long compiling and running take, and how much memory a run needs.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "ir/output_file.h"
#include "ir/status.h"
#include "nlohmann/json.hpp"
#include "runtime/profile.h"
#include "tools/cermet/case.h"
#include "tools/cermet/engine.h"
#include "tools/cermet/proc.h"
#include "tools/cermet/verbs.h"

namespace cermet::cli {
namespace {

using Clock = std::chrono::steady_clock;
double MillisecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

constexpr int kWarmUpRuns = 3;
constexpr size_t kFewestRuns = 5;

struct Timing {
  double compile_ms = 0, first_run_ms = 0, median_ms = 0, min_ms = 0;
  size_t runs = 0;
};

absl::Status TimeRuns(Engine* engine, double min_seconds, Timing* timing) {
  for (int i = 0; i < kWarmUpRuns; ++i) CERMET_RETURN_IF_ERROR(engine->RunAgain());
  std::vector<double> times;
  const Clock::time_point begin = Clock::now();
  while (times.size() < kFewestRuns || MillisecondsSince(begin) < 1e3 * min_seconds) {
    const Clock::time_point start = Clock::now();
    CERMET_RETURN_IF_ERROR(engine->RunAgain());
    times.push_back(MillisecondsSince(start));
  }
  std::sort(times.begin(), times.end());
  timing->runs = times.size();
  timing->min_ms = times.front();
  timing->median_ms = times[times.size() / 2];
  return absl::OkStatus();
}

absl::Status Bench(const Arguments& arguments) {
  Progress progress;
  CERMET_ASSIGN_OR_RETURN(LoadOptions load, ReadLoadOptions(arguments));
  load.needs_constants = true;
  CERMET_ASSIGN_OR_RETURN(const std::optional<double> min_time, arguments.Number("--min-time"));
  CERMET_ASSIGN_OR_RETURN(const EngineOptions options, ReadEngineOptions(arguments));
  CERMET_ASSIGN_OR_RETURN(Case c, ReadCase(arguments));
  UseInputs(c, &load);
  Timing timing;
  runtime::Profile profile;
  progress.Step("compiling");
  const Clock::time_point start = Clock::now();
  CERMET_ASSIGN_OR_RETURN(std::unique_ptr<Module> module,
                          LoadModel(arguments.positional(), load, &progress));
  CERMET_RETURN_IF_ERROR(NameValues(*module->entry(), &c));
  const double import_ms = MillisecondsSince(start);
  CERMET_ASSIGN_OR_RETURN(const std::vector<Literal> inputs,
                          CompleteInputs(*module, *module->entry(), c.inputs));
  CERMET_RETURN_IF_ERROR(FixDims(module.get(), inputs));
  const Clock::time_point compile_start = Clock::now();
  CERMET_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                          MakeEngine(options, std::move(module), nullptr,
                                     arguments.Has("--profile") ? &profile : nullptr));
  timing.compile_ms = import_ms + MillisecondsSince(compile_start);
  progress.Step("running");
  const Clock::time_point first_start = Clock::now();
  CERMET_RETURN_IF_ERROR(engine->Run(inputs).status());
  timing.first_run_ms = MillisecondsSince(first_start);
  CERMET_RETURN_IF_ERROR(TimeRuns(engine.get(), min_time.value_or(1), &timing));
  progress.Step("");
  struct rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);

  std::printf("compile    %10.3f ms   (import and code)\n", timing.compile_ms);
  std::printf("first run  %10.3f ms\n", timing.first_run_ms);
  std::printf("median     %10.3f ms   (%zu runs, %lld thread%s)\n", timing.median_ms, timing.runs,
              static_cast<long long>(options.threads), options.threads == 1 ? "" : "s");
  std::printf("minimum    %10.3f ms\n", timing.min_ms);
  std::printf("workspace  %10lld bytes planned, %lld at the peak\n",
              static_cast<long long>(engine->planned_bytes()),
              static_cast<long long>(engine->peak_bytes()));
  if (arguments.Has("--profile"))
    CERMET_RETURN_IF_ERROR(profile.WriteTo(arguments.Get("--profile")));
  if (!arguments.Has("--json")) return absl::OkStatus();
  const nlohmann::json json = {{"compile_ms", timing.compile_ms},
                               {"first_run_ms", timing.first_run_ms},
                               {"median_ms", timing.median_ms},
                               {"min_ms", timing.min_ms},
                               {"runs", timing.runs},
                               {"threads", options.threads},
                               {"peak_bytes", engine->peak_bytes()},
                               {"planned_bytes", engine->planned_bytes()},
                               {"max_rss_bytes", int64_t{usage.ru_maxrss} * 1024},
                               {"cpu", ProcValue("/proc/cpuinfo", "model name")},
                               {"model", arguments.positional()},
                               {"device", options.device}};
  return WriteFile(arguments.Get("--json"), {json.dump(1) + "\n"});
}

}  // namespace

Verb BenchVerb() {
  return {
      "bench",
      "MODEL",
      "times compiling and running a model",
      "Runs are timed after some warm-up runs, on inputs that are given or filled from a fixed "
      "seed.",
      Join({InputFlags(),
            {{"--min-time", "S", "seconds of timed runs (default: 1)"},
             {"--json", "FILE.json", "writes every number", FlagKind::kOutput},
             {"--profile", "FILE.json",
              "writes what took how long in every run, for ui.perfetto.dev", FlagKind::kOutput}},
            EngineFlags(),
            ModelFlags(),
            CompileFlags()}),
      Bench,
      {ReferenceConflict({"--profile"}), ModelConflict()}};
}

}  // namespace cermet::cli
