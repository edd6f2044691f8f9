// `cermet compile`: a model as a file of native code, with a C header.
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "codegen/object.h"
#include "codegen/ptx.h"
#include "ir/output_file.h"
#include "ir/status.h"
#include "tools/cermet/verbs.h"

namespace cermet::cli {
namespace {

struct KindRow {
  absl::string_view ending;
  std::optional<codegen::OutputKind> kind;  // absent: PTX
};
constexpr KindRow kKinds[] = {
    {".o", codegen::OutputKind::kObject},        {".a", codegen::OutputKind::kArchive},
    {".so", codegen::OutputKind::kSharedObject}, {".s", codegen::OutputKind::kAssembly},
    {".ll", codegen::OutputKind::kLlvmIr},       {".ptx", std::nullopt},
};

absl::Status CompileModel(const Arguments& arguments) {
  const std::string out = arguments.Get("-o");
  if (out.empty()) return UsageError("flag -o is missing; see cermet compile --help");
  const std::string ending = std::filesystem::path(out).extension().string();
  const KindRow* row = nullptr;
  for (const KindRow& candidate : kKinds) {
    if (candidate.ending == ending) row = &candidate;
  }
  if (row == nullptr)
    return UsageError(absl::StrCat("OUT \"", out, "\" ends in none of .o .a .so .ptx .s .ll"));
  const bool gpu = !row->kind.has_value();
  CERMET_ASSIGN_OR_RETURN(LoadOptions load, ReadLoadOptions(arguments));
  load.needs_constants = !gpu;  // PTX has none of them inside
  CERMET_ASSIGN_OR_RETURN(const Target target, ReadTarget(arguments, gpu ? kGpuTriple : ""));
  if ((target.kind == TargetKind::kCuda) != gpu)
    return UsageError(absl::StrCat("target ", target.triple, " does not make ", ending, " files"));
  CERMET_ASSIGN_OR_RETURN(const CompileOptions options, ReadCompileOptions(arguments, target));

  Progress progress;
  progress.Step("importing");
  CERMET_ASSIGN_OR_RETURN(const std::unique_ptr<Module> module,
                          LoadModel(arguments.positional(), load, &progress));
  progress.Step("compiling");
  CERMET_ASSIGN_OR_RETURN(const program::Program program, Compile(module.get(), options));
  if (gpu) {
    CERMET_ASSIGN_OR_RETURN(const std::string text, codegen::EmitPtx(program, target));
    return WriteFile(out, {text});
  }
  codegen::ObjectOptions object;
  object.kind = *row->kind;
  object.name = arguments.Get("--name", std::filesystem::path(out).stem().string());
  CERMET_ASSIGN_OR_RETURN(const std::string bytes,
                          codegen::EmitObject(program, module->constants(), target, object));
  CERMET_ASSIGN_OR_RETURN(OutputFile code, OutputFile::Write(out, {bytes}));
  if (arguments.Has("--header")) {  // both files or neither: they belong together
    CERMET_RETURN_IF_ERROR(
        WriteFile(arguments.Get("--header"), {codegen::EmitHeader(program, object)}));
  }
  return code.Commit();
}

}  // namespace

Verb CompileVerb() {
  return {
      "compile",
      "MODEL",
      "compiles a model to a file of native code",
      "The ending of OUT says what is made: .o object, .a archive, .so shared object, .s assembly, "
      ".ll LLVM IR, .ptx PTX for a GPU.\n"
      "An object needs nothing but memcpy, memset and memmove; the header declares its functions.",
      Join({{{"-o", "OUT", "the file to write", FlagKind::kOutput},
             {"--header", "OUT.h", "writes a C header for it", FlagKind::kOutput},
             {"--name", "NAME",
              "prefix of the C functions (default: OUT without folder and ending)"}},
            TargetFlags(),
            ModelFlags(),
            CompileFlags()}),
      CompileModel,
      {{{"--header", "--name"}, "-o", "*.ptx", "PTX has no C functions"}, ModelConflict()}};
}

}  // namespace cermet::cli
