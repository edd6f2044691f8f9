// `cermet run`: one run of a model, with its outputs shown, written or compared.
#include <chrono>
#include <cmath>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "ir/env.h"
#include "ir/status.h"
#include "runtime/profile.h"
#include "tools/cermet/case.h"
#include "tools/cermet/engine.h"
#include "tools/cermet/verbs.h"
#include "tools/npz/npz.h"

namespace cermet::cli {
namespace {

using Clock = runtime::Profile::Clock;

// The passes of a compilation that began at `start`, one after the other.
void AddPasses(const PassReport& report, Clock::time_point start, runtime::Profile* profile) {
  for (const PassRun& run : report.runs) {
    const Clock::time_point end =
        start + std::chrono::duration_cast<Clock::duration>(
                    std::chrono::duration<double, std::milli>(run.milliseconds));
    profile->Add(run.name, "pass", run.changed ? "changed" : "no change", start, end);
    start = end;
  }
}

std::string OutputName(const Graph& graph, size_t i) {
  const std::string& name = graph.result_names()[i];
  return name.empty() ? absl::StrCat("result ", i) : name;
}

// Prints a line for each expected output; an error if one is outside the tolerance or missing.
absl::Status CompareOutputs(const std::vector<std::string>& names,
                            const std::vector<Literal>& outputs, const Values& expected,
                            const Tolerance& tolerance) {
  int64_t compared = 0, bad = 0;
  for (size_t i = 0; i < outputs.size(); ++i) {
    auto it = expected.named.find(names[i]);
    if (it == expected.named.end()) {
      std::printf("%s %s: not in the case\n", names[i].c_str(),
                  outputs[i].type().ToString().c_str());
      continue;
    }
    const Comparison comparison = Compare(outputs[i], it->second, tolerance);
    ++compared;
    if (!comparison.ok) ++bad;
    const std::string detail =
        comparison.detail.empty() ? "" : absl::StrCat(" (", comparison.detail, ")");
    std::printf("%s %s: worst absolute error %.3g, worst relative error %.3g: %s%s\n",
                names[i].c_str(), outputs[i].type().ToString().c_str(), comparison.worst_absolute,
                comparison.worst_relative, comparison.ok ? "ok" : "OUTSIDE", detail.c_str());
  }
  if (compared == 0) return absl::InvalidArgumentError("the case has no outputs to compare with");
  if (bad > 0)
    return absl::AbortedError(absl::StrCat(bad, " of ", compared, " outputs are not as expected"));
  return absl::OkStatus();
}

absl::Status Run(const Arguments& arguments) {
  Progress progress;
  runtime::Profile profile;
  const std::string profile_path =
      arguments.Has("--profile") ? arguments.Get("--profile") : GetEnv(EnvVar::kTrace);
  CERMET_ASSIGN_OR_RETURN(LoadOptions load, ReadLoadOptions(arguments));
  load.needs_constants = true;
  CERMET_ASSIGN_OR_RETURN(const EngineOptions options, ReadEngineOptions(arguments));
  CERMET_ASSIGN_OR_RETURN(const Tolerance tolerance, ReadTolerance(arguments));
  CERMET_ASSIGN_OR_RETURN(Case c, ReadCase(arguments));
  UseInputs(c, &load);
  progress.Step("importing");
  Clock::time_point start = Clock::now();
  CERMET_ASSIGN_OR_RETURN(std::unique_ptr<Module> module,
                          LoadModel(arguments.positional(), load, &progress));
  profile.Add("import", "import", "", start, Clock::now());
  const Graph& graph = *module->entry();
  CERMET_RETURN_IF_ERROR(NameValues(graph, &c));
  CERMET_ASSIGN_OR_RETURN(const std::vector<Literal> inputs,
                          CompleteInputs(*module, graph, c.inputs));
  CERMET_RETURN_IF_ERROR(FixDims(module.get(), inputs));
  std::vector<std::string> names;
  for (size_t i = 0; i < graph.results().size(); ++i) names.push_back(OutputName(graph, i));

  progress.Step("compiling");
  CompileLog log;
  start = Clock::now();
  CERMET_ASSIGN_OR_RETURN(
      const std::unique_ptr<Engine> engine,
      MakeEngine(options, std::move(module), profile_path.empty() ? nullptr : &log,
                 profile_path.empty() ? nullptr : &profile));
  profile.Add("compile", "compile", "", start, Clock::now());
  AddPasses(log.report, start, &profile);
  progress.Step("running");
  start = Clock::now();
  CERMET_ASSIGN_OR_RETURN(const std::vector<Literal> outputs, engine->Run(inputs));
  profile.Add("run", "run", "", start, Clock::now());
  progress.Step("");
  if (!profile_path.empty()) CERMET_RETURN_IF_ERROR(profile.WriteTo(profile_path));
  if (arguments.Has("--outputs")) {
    std::vector<npz::NamedArray> arrays;
    for (size_t i = 0; i < outputs.size(); ++i) arrays.push_back({names[i], outputs[i]});
    CERMET_RETURN_IF_ERROR(npz::WriteNpz(arguments.Get("--outputs"), arrays));
  }
  if (c.outputs) return CompareOutputs(names, outputs, *c.outputs, tolerance);
  for (size_t i = 0; i < outputs.size(); ++i) {
    std::printf("%s %s: %s\n", names[i].c_str(), outputs[i].type().ToString().c_str(),
                outputs[i].ToString().c_str());
  }
  return absl::OkStatus();
}

}  // namespace

Verb RunVerb() {
  return {"run",
          "MODEL",
          "runs a model once",
          "Inputs that are not given are filled from a fixed seed. Without --case the outputs are "
          "printed. With it, the worst absolute and\n"
          "relative error of each output is, and the exit status is 1 when one is outside the "
          "tolerance.",
          Join({InputFlags(),
                {{"--outputs", "FILE.npz", "writes the outputs", FlagKind::kOutput},
                 {"--tolerance", "T",
                  "largest absolute error allowed, as a share of the output's largest absolute "
                  "value (default: 1e-5)"},
                 {"--rtol", "R", "instead: elementwise, |actual - expected| <= A + R * |expected|"},
                 {"--atol", "A", "see --rtol"}},
                EngineFlags(),
                ModelFlags(),
                {{"--profile", "FILE.json", "writes what took how long, for ui.perfetto.dev",
                  FlagKind::kOutput}},
                CompileFlags()}),
          Run,
          {{{"--rtol", "--atol"}, "--tolerance", "", "they are two ways to compare"},
           ReferenceConflict(),
           ModelConflict()}};
}

}  // namespace cermet::cli
