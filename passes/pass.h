// What a pass is: a function over a module that says whether it changed anything, and a row that
// describes it. passes/registry.h has the table of rows, passes/pass_manager.h runs them.
#ifndef CERMET_PASSES_PASS_H_
#define CERMET_PASSES_PASS_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ir/graph.h"
#include "ir/numerics.h"
#include "ir/target.h"

namespace cermet {

// Whether a pass or rule keeps every bit of every result. `bound` says how far an approximate one
// may move a result, in words; it is empty for an exact one. `--numerics exact` leaves approximate
// rules out.
struct Exactness {
  absl::string_view bound;
  constexpr bool exact() const { return bound.empty(); }
};
inline constexpr Exactness kExact = {};
constexpr Exactness Approximate(absl::string_view bound) { return Exactness{bound}; }

// One question of the pass `fuse` and its answer, for `cermet explain`.
struct FusionDecision {
  std::string producer;  // as errors name nodes
  std::string consumer;  // the root of the group that uses it
  bool fused = false;
  std::string reason;  // why, or why not
};

// What passes need besides the module, and the outputs that they have besides it.
struct PassContext {
  Numerics numerics = Numerics::kStandard;
  Target target;
  std::set<std::string> disabled;  // names of passes, and of rules as `pass/rule`

  // Not owned; may be null. How often each rule, named `pass/rule`, was applied; and every decision
  // about a fusion, in a stable order.
  std::map<std::string, int64_t>* rule_counts = nullptr;
  std::vector<FusionDecision>* fusion_decisions = nullptr;

  // False if `pass/rule` is disabled, or approximate where only exact rewrites are wanted.
  bool Allows(absl::string_view pass, absl::string_view rule, Exactness exactness) const;
  void CountRule(absl::string_view pass, absl::string_view rule) const;
};

// Rewrites `module` in place; true if anything but names and locations changed. On an error the
// module is still well-formed enough to print.
using PassFunction = absl::StatusOr<bool> (*)(Module& module, const PassContext& context);

struct RuleInfo {
  std::string name;      // without the pass: `add_zero`
  std::string equation;  // what it replaces by what
  Exactness exactness;
};

struct PassInfo {
  absl::string_view name;
  absl::string_view doc;
  Exactness exactness;  // of the pass itself; its rules have their own
  PassFunction run;
  std::vector<RuleInfo> rules;
  // Lowering cannot do without it: a limit on changes does not skip it.
  bool required = false;
};

}  // namespace cermet

#endif  // CERMET_PASSES_PASS_H_
