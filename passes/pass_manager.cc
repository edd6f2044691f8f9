// The pass manager: verifies after each change, compares structural hashes to catch a pass that
// claims a change or none wrongly, times, dumps what changed, and keeps to a limit for bisecting.
#include "passes/pass_manager.h"

#include <chrono>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "ir/env.h"
#include "ir/status.h"
#include "ir/structural_hash.h"
#include "ir/verifier.h"
#include "passes/registry.h"

namespace cermet {
namespace {

absl::Status Annotate(const absl::Status& status, absl::string_view pass,
                      absl::string_view what = "") {
  return absl::Status(status.code(), absl::StrCat("pass ", pass, what, ": ", status.message()));
}

}  // namespace

absl::StatusOr<PassReport> RunPassInfos(Module& module, absl::Span<const PassInfo* const> passes,
                                        const PassOptions& options) {
  PassReport report;
  PassContext context;
  context.numerics = options.numerics;
  context.target = options.target;
  context.disabled.insert(options.disabled.begin(), options.disabled.end());
  context.rule_counts = &report.rule_counts;
  context.fusion_decisions = options.fusion_decisions;
  uint64_t hash = StructuralHash(module);
  for (const PassInfo* pass : passes) {
    if (options.limit >= 0 && report.changes >= options.limit && !pass->required) continue;
    if (context.disabled.count(std::string(pass->name)) > 0) continue;
    if (!pass->exactness.exact() && options.numerics == Numerics::kExact) continue;
    const auto start = std::chrono::steady_clock::now();
    absl::StatusOr<bool> changed = pass->run(module, context);
    const std::chrono::duration<double, std::milli> elapsed =
        std::chrono::steady_clock::now() - start;
    if (!changed.ok()) return Annotate(changed.status(), pass->name);
    report.runs.push_back({std::string(pass->name), *changed, elapsed.count()});

    const uint64_t hash_after = StructuralHash(module);
    if (*changed != (hash_after != hash)) {
      return absl::InternalError(absl::StrCat(
          "pass ", pass->name, " says that it ", *changed ? "changed" : "did not change",
          " the module, but its structure is ", *changed ? "the same" : "another"));
    }
    hash = hash_after;
    if (!*changed) continue;
    ++report.changes;
    // Errors and dumps then speak of the same numbers.
    for (const std::unique_ptr<Graph>& graph : module.graphs()) graph->RenumberIds();
    if (options.dumps != nullptr) {
      CERMET_RETURN_IF_ERROR(options.dumps->WriteModule(pass->name, module));
    }
    if (options.verify) {
      absl::Status status = Verify(module);
      if (!status.ok()) return Annotate(status, pass->name, " left an invalid module");
    }
    if (options.on_changed) options.on_changed(*pass, module);
  }
  return report;
}

absl::StatusOr<PassReport> RunPasses(Module& module, absl::Span<const std::string> names,
                                     const PassOptions& options) {
  std::vector<const PassInfo*> passes;
  for (const std::string& name : names) {
    const PassInfo* pass = FindPass(name);
    if (pass == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("there is no pass called `", name, "`; --list-passes shows them"));
    }
    passes.push_back(pass);
  }
  return RunPassInfos(module, passes, options);
}

absl::Status ApplyEnvironment(PassOptions* options) {
  for (std::string& name : ParsePassList(GetEnv(EnvVar::kDisable))) {
    if (!IsPassOrRule(name)) {
      return absl::InvalidArgumentError(
          absl::StrCat("CERMET_DISABLE: there is no pass or rule called `", name, "`"));
    }
    options->disabled.push_back(std::move(name));
  }
  const std::string limit = GetEnv(EnvVar::kPassLimit);
  if (!limit.empty() && (!absl::SimpleAtoi(limit, &options->limit) || options->limit < 0)) {
    return absl::InvalidArgumentError(
        absl::StrCat("CERMET_PASS_LIMIT must be a number of changes, but is `", limit, "`"));
  }
  return absl::OkStatus();
}

std::vector<std::string> ParsePassList(absl::string_view text) {
  std::vector<std::string> names;
  for (absl::string_view name : absl::StrSplit(text, ',')) {
    name = absl::StripAsciiWhitespace(name);
    if (!name.empty()) names.emplace_back(name);
  }
  return names;
}

}  // namespace cermet
