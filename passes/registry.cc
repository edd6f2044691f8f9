// The table of passes: one row each. The pass itself is in the file of its name.
#include "passes/registry.h"

#include "absl/strings/str_cat.h"
#include "ir/status.h"
#include "passes/fuse/fuse.h"
#include "passes/graph_passes.h"
#include "passes/math/expand_math.h"
#include "passes/rewriter.h"
#include "passes/simplify/rules.h"

namespace cermet {

const std::vector<PassInfo>& AllPasses() {
  static const std::vector<PassInfo>* const table = new std::vector<PassInfo>{
      {"inline_calls",
       "Puts the bodies of called graphs in the place of calls.",
       kExact,
       InlineCalls,
       {},
       /*required=*/true},
      {"simplify", "Applies algebraic rules until none matches.", kExact, Simplify,
       RuleInfos(simplify::AllRules())},
      {"fold", "Evaluates nodes whose operands are constants.", kExact, ConstantFolding,
       RuleInfos(FoldRules())},
      {"cse",
       "Merges nodes that compute the same from the same operands.",
       kExact,
       CommonSubexpressionElimination,
       {}},
      {"dce",
       "Removes nodes without a use, operands and results of control flow that nothing reads, and "
       "unused entries of the constant store.",
       kExact,
       DeadCodeElimination,
       {}},
      {"recognise", "Raises composites from the primitive ops in which exporters write them.",
       kExact, Recognise, RuleInfos(RecogniseRules())},
      {"expand_composites", "Puts the bodies of composites in their place.", kExact,
       ExpandComposites, RuleInfos(ExpandCompositesRules()), /*required=*/true},
      {"numerics",
       "Gives every reduction and contraction without one its `order`: how it is rounded.",
       kExact,
       AssignOrders,
       {},
       /*required=*/true},
      {"canonicalize_convolution",
       "Brings convolutions into the one layout that kernels compute, with padding apart.", kExact,
       CanonicalizeConvolution, RuleInfos(CanonicalizeConvolutionRules()), /*required=*/true},
      {"layout", "Moves transposes towards the results, until they meet and cancel.", kExact,
       Layout, RuleInfos(LayoutRules())},
      {"share_padding",
       "Lets other uses of a padded value read the padded one, so that it is computed into it.",
       kExact,
       SharePadding,
       {}},
      {"fuse", "Groups nodes into fusions, each of which becomes a kernel.", kExact, fuse::Fuse,
       fuse::FuseRules(), /*required=*/true},
      {"expand_math",
       "Replaces transcendental functions by their expansion into basic ops.",
       kExact,
       ExpandMath,
       {},
       /*required=*/true},
  };
  return *table;
}

const PassInfo* FindPass(absl::string_view name) {
  for (const PassInfo& pass : AllPasses()) {
    if (pass.name == name) return &pass;
  }
  return nullptr;
}

bool IsPassOrRule(absl::string_view name) {
  const size_t slash = name.find('/');
  const PassInfo* const pass = FindPass(name.substr(0, slash));
  if (pass == nullptr || slash == absl::string_view::npos) return pass != nullptr;
  for (const RuleInfo& rule : pass->rules) {
    if (rule.name == name.substr(slash + 1)) return true;
  }
  return false;
}

std::vector<std::string> RuleNames(absl::string_view pass) {
  const PassInfo* info = FindPass(pass);
  CERMET_CHECK(info != nullptr);
  std::vector<std::string> names;
  for (const RuleInfo& rule : info->rules) names.push_back(absl::StrCat(pass, "/", rule.name));
  return names;
}

const std::vector<std::string>& OptimizationPipeline() {
  static const std::vector<std::string>* const pipeline = new std::vector<std::string>{
      "inline_calls",
      // The same computation in one spelling, on constants where it is one.
      "simplify", "fold", "simplify", "fold", "cse", "dce",
      // Composites as one op, then as their own bodies.
      "recognise", "simplify", "fold", "expand_composites", "simplify",
      // How results are rounded, then where they lie.
      "numerics", "canonicalize_convolution", "fold", "layout",
      // What these left behind.
      "simplify", "fold", "layout", "simplify", "cse", "dce",
      // Last, because it spells out what simplification would take back.
      "share_padding"};
  return *pipeline;
}

const std::vector<std::string>& FusionPipeline() {
  static const std::vector<std::string>* const pipeline = new std::vector<std::string>{
      "fuse",
      // After fusion, so that a fused form still reads `exp`; the bodies then hold basic ops only.
      "expand_math", "cse"};
  return *pipeline;
}

std::string PassesMarkdown() {
  std::string text =
      "# Passes\n\n"
      "Generated from the table in passes/registry.cc by `tools/bless`; a test compares the two.\n"
      "`cermet opt --list-passes` prints the same. Any pass or rule can be left out with\n"
      "`CERMET_DISABLE=pass,pass/rule`; `--numerics exact` leaves out what is approximate.\n";
  for (const PassInfo& pass : AllPasses()) {
    absl::StrAppend(&text, "\n## ", pass.name, "\n\n", pass.doc, "\n");
    if (pass.rules.empty()) continue;
    absl::StrAppend(&text, "\n| rule | replaces | exact |\n|---|---|---|\n");
    for (const RuleInfo& rule : pass.rules) {
      const std::string exact = rule.exactness.exact()
                                    ? std::string("yes")
                                    : absl::StrCat("within ", rule.exactness.bound);
      absl::StrAppend(&text, "| ", rule.name, " | `", rule.equation, "` | ", exact, " |\n");
    }
  }
  return text;
}

}  // namespace cermet
