// `cermet opt`: runs passes by name on a text module.
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "codegen/target.h"
#include "ir/printer.h"
#include "ir/status.h"
#include "passes/pass_manager.h"
#include "passes/registry.h"
#include "tools/cermet/verbs.h"

namespace cermet::cli {
namespace {

std::string PassList() {
  std::string text;
  for (const PassInfo& pass : AllPasses()) {
    absl::StrAppend(&text, pass.name, "\n    ", pass.doc, "\n");
    for (const RuleInfo& rule : pass.rules) {
      std::string left = absl::StrCat("    ", pass.name, "/", rule.name);
      if (left.size() < 48) left.resize(48, ' ');
      absl::StrAppend(&text, left, " ", rule.equation,
                      rule.exactness.exact()
                          ? ""
                          : absl::StrCat("   [approximate: ", rule.exactness.bound, "]"),
                      "\n");
    }
  }
  return text;
}

absl::Status Opt(const Arguments& arguments) {
  if (arguments.Has("--list-passes")) {
    if (!arguments.positional().empty())
      return UsageError(absl::StrCat("flag --list-passes reads no file: \"", arguments.positional(),
                                     "\" would have no effect"));
    return WriteResult(arguments, PassList());
  }
  if (!arguments.Has("--passes"))
    return UsageError("flag --passes is missing; see cermet opt --help");
  CERMET_ASSIGN_OR_RETURN(const LoadOptions load, ReadLoadOptions(arguments));
  const std::vector<std::string> passes = ParsePassList(arguments.Get("--passes"));
  for (const std::string& name : passes) {
    if (FindPass(name) == nullptr)
      return UsageError(
          absl::StrCat("there is no pass \"", name, "\"; see cermet opt --list-passes"));
  }
  CERMET_ASSIGN_OR_RETURN(const Target host, codegen::HostTarget());
  CERMET_ASSIGN_OR_RETURN(CompileOptions options, ReadCompileOptions(arguments, host));
  Progress progress;
  CERMET_ASSIGN_OR_RETURN(const std::unique_ptr<Module> module,
                          LoadModel(arguments.positional(), load, &progress));
  if (arguments.Has("--print-changed")) {
    options.passes.on_changed = [](const PassInfo& pass, const Module& changed) {
      std::fprintf(stderr, "// ---- after %s\n%s", std::string(pass.name).c_str(),
                   Print(changed).c_str());
    };
  }
  CERMET_RETURN_IF_ERROR(RunPasses(*module, passes, options.passes).status());
  return WriteModuleResult(arguments, *module);
}

}  // namespace

Verb OptVerb() {
  return {"opt",
          "FILE.cermet",
          "runs passes by name on a module and prints it",
          "With -o OUT.cermet the constants go to OUT.cermet.bin.",
          Join({{{"--passes", "A,B", "the passes, in order", FlagKind::kList},
                 {"--print-changed", "",
                  "prints the module after each pass that changed it, on standard error"},
                 {"--list-passes", "", "lists all passes and their rules instead; reads no FILE"},
                 {"-o", "OUT", "writes to a file", FlagKind::kForm}},
                ModelFlags(),
                PassFlags()}),
          Opt,
          {{{"--passes", "--print-changed", "--dim", "--checked", "--numerics", "--disable"},
            "--list-passes",
            "",
            "it lists all passes, and runs none"},
           ModelConflict("FILE.cermet")}};
}

}  // namespace cermet::cli
