// The table of all passes over graph IR.
#ifndef CERMET_PASSES_REGISTRY_H_
#define CERMET_PASSES_REGISTRY_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "passes/pass.h"

namespace cermet {

// All rows, in the order in which a compilation first runs them.
const std::vector<PassInfo>& AllPasses();
// Null if there is no such pass.
const PassInfo* FindPass(absl::string_view name);

// Whether `name` is a pass, or a rule as `pass/rule`: what PassOptions::disabled takes.
bool IsPassOrRule(absl::string_view name);

// Its rules as PassOptions::disabled names them, `pass/rule`; the pass must exist.
std::vector<std::string> RuleNames(absl::string_view pass);

// The names of the passes that a compilation runs on a module, in order, some more than once: from
// what an importer or the API built to primitive ops with their `order`, in the layouts that
// kernels want. Fusion comes next.
const std::vector<std::string>& OptimizationPipeline();
// What follows: fusion, and what has to be expanded in the bodies of fusions.
const std::vector<std::string>& FusionPipeline();

// docs/passes.md: every pass with its rules. A test compares it with the file.
std::string PassesMarkdown();

}  // namespace cermet

#endif  // CERMET_PASSES_REGISTRY_H_
