// `cermet dump`: any form that a model takes on its way to machine code.
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "codegen/object.h"
#include "codegen/ptx.h"
#include "ir/kernel/text.h"
#include "ir/parser.h"
#include "ir/printer.h"
#include "ir/program/program.h"
#include "ir/status.h"
#include "tools/cermet/dump_views.h"
#include "tools/cermet/verbs.h"

namespace cermet::cli {
namespace {

constexpr absl::string_view kStages[] = {"import",  "optimized", "fused", "kernel",
                                         "program", "llvm",      "asm",   "ptx",
                                         "plan",    "dot",       "html"};

// Kernels one after the other, those of the user's node `node` if it is given.
std::string PrintKernels(const std::vector<kernel::Kernel>& kernels, const std::string& node) {
  std::string text;
  for (const kernel::Kernel& kernel : kernels) {
    if (!node.empty() && !KernelBelongsTo(kernel, node)) continue;
    absl::StrAppend(&text, text.empty() ? "" : "\n", kernel::Print(kernel));
  }
  return text;
}

absl::StatusOr<std::string> KernelText(const std::vector<kernel::Kernel>& kernels,
                                       const std::string& node) {
  std::string text = PrintKernels(kernels, node);
  if (text.empty() && !node.empty())
    return UsageError(absl::StrCat("flag --node: no kernel comes from a node \"", node, "\""));
  return text;
}

// Of a file that holds kernels or a program already: it is verified and printed as that form.
absl::StatusOr<std::string> LaterFormText(const Arguments& arguments, const std::string& stage,
                                          absl::string_view text) {
  CERMET_RETURN_IF_ERROR(
      arguments.Forbid(NamesOf(Join({ModelFlags(), TargetFlags(), CompileFlags()})),
                       absl::StrCat("MODEL is of stage ", stage, " already")));
  const std::string& path = arguments.positional();
  if (stage == "kernel") {
    CERMET_ASSIGN_OR_RETURN(const std::vector<kernel::Kernel> kernels,
                            kernel::ParseKernels(text, path));
    return KernelText(kernels, arguments.Get("--node"));
  }
  CERMET_ASSIGN_OR_RETURN(const program::Program program, program::ParseProgram(text, path));
  return program::Print(program);
}

// Empty for all of the module.
absl::StatusOr<std::string> GraphText(const Module& module, const std::string& node) {
  if (node.empty()) return std::string();
  std::string text = NodesNamed(module, node);
  if (text.empty()) return UsageError(absl::StrCat("flag --node: no node is named \"", node, "\""));
  return text;
}

// `module` as imported; it is brought to the stage, as far as graph IR goes.
absl::StatusOr<std::string> FormText(const Arguments& arguments, absl::string_view stage,
                                     const CompileOptions& options, Module* module) {
  const std::string node = arguments.Get("--node");
  if (stage == "import") return GraphText(*module, node);
  CERMET_RETURN_IF_ERROR(Optimize(module, options));
  if (stage == "optimized") return GraphText(*module, node);
  CERMET_RETURN_IF_ERROR(FuseModule(module, options));
  if (stage == "fused") return GraphText(*module, node);
  if (stage == "dot") return DotOf(*module);
  CERMET_ASSIGN_OR_RETURN(const program::Program program, Lower(*module, options));
  if (stage == "kernel") return KernelText(program.kernels, node);
  if (stage == "program") return program::Print(program);
  if (stage == "plan") return PlanOf(program);
  if (stage == "html") return HtmlOf(*module, program);
  if (stage == "ptx") return codegen::EmitPtx(program, options.passes.target);
  if (stage == "llvm") return codegen::DumpLlvm(program, options.passes.target);
  return codegen::DumpAsm(program, options.passes.target);
}

// The target's kind must be that of the stage's code.
absl::StatusOr<Target> StageTarget(const Arguments& arguments, absl::string_view stage) {
  CERMET_ASSIGN_OR_RETURN(Target target, ReadTarget(arguments, stage == "ptx" ? kGpuTriple : ""));
  const bool gpu = target.kind == TargetKind::kCuda;
  if (gpu ? stage == "llvm" || stage == "asm" : stage == "ptx") {
    return UsageError(absl::StrCat("target ", target.triple, " has no stage ", stage,
                                   gpu ? "; its code is stage ptx" : ": PTX is for GPUs"));
  }
  return target;
}

absl::Status Dump(const Arguments& arguments) {
  CERMET_ASSIGN_OR_RETURN(const std::string stage, arguments.Choice("--stage", kStages));
  if ((stage == "kernel" || stage == "program") &&
      absl::EndsWith(arguments.positional(), ".cermet")) {
    CERMET_ASSIGN_OR_RETURN(const std::string file, ReadText(arguments.positional()));
    if (FirstWord(file) == stage) {
      CERMET_ASSIGN_OR_RETURN(const std::string text, LaterFormText(arguments, stage, file));
      return WriteResult(arguments, text);
    }
  }
  CERMET_ASSIGN_OR_RETURN(const LoadOptions load, ReadLoadOptions(arguments));
  CERMET_ASSIGN_OR_RETURN(const Target target, StageTarget(arguments, stage));
  CERMET_ASSIGN_OR_RETURN(const CompileOptions options, ReadCompileOptions(arguments, target));
  Progress progress;
  progress.Step("importing");
  CERMET_ASSIGN_OR_RETURN(const std::unique_ptr<Module> module,
                          LoadModel(arguments.positional(), load, &progress));
  progress.Step("compiling");
  CERMET_ASSIGN_OR_RETURN(const std::string text,
                          FormText(arguments, stage, options, module.get()));
  progress.Step("");
  const bool is_module =
      (stage == "import" || stage == "optimized" || stage == "fused") && !arguments.Has("--node");
  return is_module ? WriteModuleResult(arguments, *module) : WriteResult(arguments, text);
}

}  // namespace

Verb DumpVerb() {
  return {
      "dump",
      "MODEL",
      "prints a form that the model takes on its way to machine code",
      "Stages, in order: import, optimized and fused (graph IR), kernel (kernel IR, scheduled), "
      "program (the command program), llvm, asm or\n"
      "ptx. Views: plan (where every buffer lies in memory), dot (the fused graph for Graphviz), "
      "html (fused graph and kernels, linked).\n"
      "With -o OUT.cermet the constants of graph IR go to OUT.cermet.bin. All forms up to program "
      "parse back: MODEL may be such a file, of the stage\nasked for or an earlier one of graph "
      "IR. Flags of a later step, such as --tile-rows for stage import, change nothing.",
      Join({{{"--stage", "STAGE", "the form (default: import)"},
             {"--node", "NAME",
              "only what comes from the user's node NAME (stages import to kernel)"},
             {"-o", "OUT", "writes to a file", FlagKind::kForm}},
            TargetFlags(),
            ModelFlags(),
            CompileFlags()}),
      Dump,
      {{{"--node"}, "--stage", "program|llvm|asm|ptx|plan|dot|html", "it shows the whole model"},
       ModelConflict()}};
}

}  // namespace cermet::cli
