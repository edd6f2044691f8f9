// `cermet dump`: any form that a model takes on its way to machine code.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "codegen/object.h"
#include "codegen/ptx.h"
#include "codegen/target.h"
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

absl::Status WriteKernels(const Arguments& arguments, const std::vector<kernel::Kernel>& kernels) {
  const std::string text = PrintKernels(kernels, arguments.Get("--node"));
  if (text.empty() && arguments.Has("--node"))
    return absl::NotFoundError(
        absl::StrCat("no kernel comes from a node \"", arguments.Get("--node"), "\""));
  return WriteResult(arguments, text);
}

// The word that a text form begins with, after blank lines and comments.
absl::string_view FirstWord(absl::string_view text) {
  while (true) {
    text = absl::StripLeadingAsciiWhitespace(text);
    if (!absl::StartsWith(text, "//")) break;
    text.remove_prefix(std::min(text.size(), text.find('\n')));
  }
  return text.substr(0, text.find_first_of(" \t\r\n"));
}

// A file that holds kernels or a program already is verified and printed as that form.
absl::Status DumpLaterForm(const Arguments& arguments, const std::string& stage,
                           absl::string_view text) {
  const std::string& path = arguments.positional();
  if (stage == "kernel") {
    CERMET_ASSIGN_OR_RETURN(const std::vector<kernel::Kernel> kernels,
                            kernel::ParseKernels(text, path));
    return WriteKernels(arguments, kernels);
  }
  CERMET_ASSIGN_OR_RETURN(const program::Program program, program::ParseProgram(text, path));
  return WriteResult(arguments, program::Print(program));
}

absl::Status WriteGraphForm(const Arguments& arguments, const Module& module) {
  const std::string node = arguments.Get("--node");
  if (!node.empty()) {
    const std::string text = NodesNamed(module, node);
    if (text.empty()) return absl::NotFoundError(absl::StrCat("no node is named \"", node, "\""));
    return WriteResult(arguments, text);
  }
  return WriteModuleResult(arguments, module);
}

absl::Status Dump(const Arguments& arguments) {
  CERMET_ASSIGN_OR_RETURN(const std::string stage, arguments.Choice("--stage", kStages));
  const bool has_nodes =
      stage == "import" || stage == "optimized" || stage == "fused" || stage == "kernel";
  if (arguments.Has("--node") && !has_nodes)
    return UsageError("flag --node goes with the stages import, optimized, fused and kernel");
  if ((stage == "kernel" || stage == "program") &&
      absl::EndsWith(arguments.positional(), ".cermet")) {
    CERMET_ASSIGN_OR_RETURN(const std::string text, ReadText(arguments.positional()));
    if (FirstWord(text) == stage) return DumpLaterForm(arguments, stage, text);
  }
  CERMET_ASSIGN_OR_RETURN(const LoadOptions load, ReadLoadOptions(arguments));
  const bool gpu = stage == "ptx" || arguments.Get("--target") == "nvptx64-nvidia-cuda";
  const std::string cpu = arguments.Get("--cpu", "host");
  Target target;
  if (gpu) {
    CERMET_ASSIGN_OR_RETURN(target,
                            codegen::ParseTarget("nvptx64-nvidia-cuda", cpu == "host" ? "" : cpu));
  } else if (arguments.Has("--target") || cpu != "host") {
    CERMET_ASSIGN_OR_RETURN(
        target, codegen::ParseTarget(arguments.Get("--target"),
                                     cpu == "host" && arguments.Has("--target") ? "" : cpu));
  } else {
    CERMET_ASSIGN_OR_RETURN(target, codegen::HostTarget());
  }
  CERMET_ASSIGN_OR_RETURN(const CompileOptions options, ReadCompileOptions(arguments, target));
  Progress progress;
  progress.Step("importing");
  CERMET_ASSIGN_OR_RETURN(const std::unique_ptr<Module> module,
                          LoadModel(arguments.positional(), load));
  if (stage == "import") return WriteGraphForm(arguments, *module);
  progress.Step("compiling");
  CERMET_RETURN_IF_ERROR(Optimize(module.get(), options));
  if (stage == "optimized") return WriteGraphForm(arguments, *module);
  CERMET_RETURN_IF_ERROR(FuseModule(module.get(), options));
  if (stage == "fused") return WriteGraphForm(arguments, *module);
  if (stage == "dot") return WriteResult(arguments, DotOf(*module));
  CERMET_ASSIGN_OR_RETURN(const program::Program program, Lower(*module, options));
  progress.Step("");
  if (stage == "kernel") return WriteKernels(arguments, program.kernels);
  if (stage == "program") return WriteResult(arguments, program::Print(program));
  if (stage == "plan") return WriteResult(arguments, PlanOf(program));
  if (stage == "html") return WriteResult(arguments, HtmlOf(*module, program));
  absl::StatusOr<std::string> text = stage == "ptx"    ? codegen::EmitPtx(program, target)
                                     : stage == "llvm" ? codegen::DumpLlvm(program, target)
                                                       : codegen::DumpAsm(program, target);
  if (!text.ok()) return text.status();
  return WriteResult(arguments, *text);
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
      "IR.",
      Join({{{"--stage", "STAGE", "the form (default: import)"},
             {"--node", "NAME",
              "only what comes from the user's node NAME (stages import to kernel)"},
             {"-o", "OUT", "writes to a file"},
             {"--target", "TRIPLE", "the machine (default: this one; ptx: nvptx64-nvidia-cuda)"},
             {"--cpu", "NAME", "host, or LLVM's name of a processor (default: host; ptx: sm_80)"}},
            ModelFlags(),
            CompileFlags()}),
      Dump};
}

}  // namespace cermet::cli
