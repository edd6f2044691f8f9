// `cermet explain`: what the compiler decided, and why.
#include <algorithm>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "codegen/target.h"
#include "ir/status.h"
#include "tools/cermet/verbs.h"

namespace cermet::cli {
namespace {

absl::StatusOr<std::string> Explanation(const CompileLog& log, const std::string& node) {
  bool is_known = node.empty();
  const auto wanted = [&](const std::string& description) {
    if (node.empty()) return true;
    const bool is_wanted = absl::StrContains(description, absl::StrCat("\"", node, "\""));
    is_known |= is_wanted;
    return is_wanted;
  };
  std::string text = "fusion:\n";
  for (const FusionDecision& decision : log.fusion_decisions) {
    if (!wanted(decision.producer) && !wanted(decision.consumer)) continue;
    absl::StrAppend(&text, "  ", decision.producer,
                    decision.fused ? " fused into " : " not fused into ", decision.consumer, ": ",
                    decision.reason, "\n");
  }
  absl::StrAppend(&text, "schedules:\n");
  for (const CompileLog::KernelLog& kernel : log.kernels) {
    if (!wanted(kernel.node)) continue;
    absl::StrAppend(&text, "  ", kernel.node, "\n");
    for (const schedule::ScheduleStep& step : kernel.steps)
      absl::StrAppend(&text, "    ", step.name, "\n");
    if (node.empty()) continue;
    absl::StrAppend(&text, "  before scheduling:\n", kernel.naive);
    for (const schedule::ScheduleStep& step : kernel.steps)
      absl::StrAppend(&text, "  after ", step.name, ":\n", step.kernel);
  }
  if (!is_known)
    return UsageError(
        absl::StrCat("flag --node: no fusion or kernel comes from a node \"", node, "\""));
  if (!node.empty()) return text;
  absl::StrAppend(&text, "rules applied:\n");
  for (const auto& [rule, count] : log.report.rule_counts)
    absl::StrAppend(&text, "  ", rule, ": ", count, "\n");
  absl::StrAppend(&text, "passes:\n");
  for (const PassRun& run : log.report.runs) {
    absl::StrAppend(&text, "  ", run.name,
                    run.changed ? ": changed the module" : ": changed nothing", "\n");
  }
  return text;
}

absl::Status Explain(const Arguments& arguments) {
  CERMET_ASSIGN_OR_RETURN(const LoadOptions load, ReadLoadOptions(arguments));
  CERMET_ASSIGN_OR_RETURN(const Target host, codegen::HostTarget());
  CERMET_ASSIGN_OR_RETURN(const CompileOptions options, ReadCompileOptions(arguments, host));
  Progress progress;
  progress.Step("compiling");
  CERMET_ASSIGN_OR_RETURN(const std::unique_ptr<Module> module,
                          LoadModel(arguments.positional(), load, &progress));
  CompileLog log;
  CERMET_RETURN_IF_ERROR(Compile(module.get(), options, &log).status());
  progress.Step("");
  CERMET_ASSIGN_OR_RETURN(const std::string text, Explanation(log, arguments.Get("--node")));
  return WriteResult(arguments, text);
}

}  // namespace

Verb ExplainVerb() {
  return {"explain",
          "MODEL",
          "says what the compiler decided: fusions, schedules, rules",
          "For each pair of nodes that could have become one kernel, whether they did and why; the "
          "rewrites of each kernel's schedule; how often\n"
          "each rule fired; which passes changed the module.",
          Join({{{"--node", "NAME",
                  "only what concerns the user's node NAME, with its kernels after every rewrite"},
                 {"-o", "OUT", "writes to a file", FlagKind::kOutput}},
                ModelFlags(),
                CompileFlags()}),
          Explain,
          {ModelConflict()}};
}

}  // namespace cermet::cli
