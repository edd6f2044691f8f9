// Runs passes over a module, and watches them: what changed is verified, timed, dumped and counted.
#ifndef CERMET_PASSES_PASS_MANAGER_H_
#define CERMET_PASSES_PASS_MANAGER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ir/graph.h"
#include "passes/dump_directory.h"
#include "passes/pass.h"

namespace cermet {

struct PassOptions {
  Numerics numerics = Numerics::kStandard;
  Target target;
  std::vector<std::string> disabled;  // passes, and rules as `pass/rule`
  int64_t limit = -1;  // after this many changes, only required passes run; -1: no limit
  bool verify = true;  // verify the module after every change
  DumpDirectory* dumps = nullptr;                           // not owned; may be null
  std::vector<FusionDecision>* fusion_decisions = nullptr;  // appended to; not owned, may be null
  // Called after each pass that changed the module (`--print-changed`).
  std::function<void(const PassInfo& pass, const Module& module)> on_changed;
};

// One line of the report: a pass that ran.
struct PassRun {
  std::string name;
  bool changed = false;
  double milliseconds = 0;
};

struct PassReport {
  std::vector<PassRun> runs;                   // in order
  std::map<std::string, int64_t> rule_counts;  // by `pass/rule`
  int64_t changes = 0;                         // passes that changed the module
};

// Runs the passes called `names` in order. An error names the pass: an unknown name, a failure of
// the pass, a module that no longer verifies, or a pass that lies about having changed it.
absl::StatusOr<PassReport> RunPasses(Module& module, absl::Span<const std::string> names,
                                     const PassOptions& options);

// The same for passes that are given as rows, not by name.
absl::StatusOr<PassReport> RunPassInfos(Module& module, absl::Span<const PassInfo* const> passes,
                                        const PassOptions& options);

// Fills what the environment says into `options`: CERMET_DISABLE and CERMET_PASS_LIMIT. An error
// names the variable, and a pass or rule that does not exist.
absl::Status ApplyEnvironment(PassOptions* options);

// The names in a list `a,b,c`; empty ones are dropped.
std::vector<std::string> ParsePassList(absl::string_view text);

}  // namespace cermet

#endif  // CERMET_PASSES_PASS_MANAGER_H_
