// What the verbs share: reading models and compile options, progress, output files.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "codegen/target.h"
#include "frontend/onnx/importer.h"
#include "ir/parser.h"
#include "ir/status.h"
#include "passes/bind_dims.h"
#include "passes/registry.h"
#include "tools/cermet/verbs.h"

namespace cermet::cli {

namespace {

// Tiles beyond these do not fit into any machine's registers, and only cost time to compile.
constexpr int64_t kMostTileRows = 32, kMostTileColumns = 256;

std::vector<Flag> ScheduleFlags() {
  return {{"--vector-bytes", "N", "vectors of schedules: 16, 32 or 64 (default: the machine's)"},
          {"--tile-rows", "N", "rows of a register tile, 1 to 32 (default: chosen)"},
          {"--tile-columns", "N", "columns of a register tile, 1 to 256 (default: chosen)"}};
}

}  // namespace

std::vector<Flag> ModelFlags() {
  return {{"--dim", "NAME=N", "fixes a symbolic dim of the model", FlagKind::kRepeated},
          {"--checked", "", "ONNX: fail on an index out of range and on integer division by zero"}};
}

Conflict ModelConflict(absl::string_view positional) {
  return {{"--checked"}, positional, "*.cermet", "the checks of a module are in its text"};
}

std::vector<Flag> PassFlags() {
  return {{"--numerics", "exact|standard",
           "exact: only rewrites that keep every bit (default: standard)"},
          {"--disable", "A,B", "leaves out passes, or rules as pass/rule; see opt --list-passes",
           FlagKind::kList}};
}

std::vector<Flag> CompileFlags() { return Join({PassFlags(), ScheduleFlags()}); }

std::vector<Flag> TargetFlags() {
  return {{"--target", "TRIPLE",
           "LLVM's name of a machine, such as aarch64-linux-gnu (default: this one; for PTX: "
           "nvptx64-nvidia-cuda)"},
          {"--cpu", "NAME",
           "host, or LLVM's name of a processor (default: host, or the target's minimum)"}};
}

std::vector<Flag> Join(std::vector<std::vector<Flag>> lists) {
  std::vector<Flag> all;
  for (std::vector<Flag>& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

absl::StatusOr<DimBindings> DimFlags(const Arguments& arguments) {
  DimBindings dims;
  for (const std::string& text : arguments.All("--dim")) {
    const size_t equals = text.rfind('=');
    int64_t value = 0;
    if (equals == std::string::npos || equals == 0 ||
        !absl::SimpleAtoi(text.substr(equals + 1), &value) || value < 0) {
      return UsageError(absl::StrCat(
          "flag --dim needs NAME=N with an integer N of at least 0, not \"", text, "\""));
    }
    if (!dims.emplace(text.substr(0, equals), value).second)
      return UsageError(absl::StrCat("flag --dim gives dim ", text.substr(0, equals), " twice"));
  }
  return dims;
}

absl::StatusOr<LoadOptions> ReadLoadOptions(const Arguments& arguments) {
  LoadOptions options;
  CERMET_ASSIGN_OR_RETURN(options.dims, DimFlags(arguments));
  options.checked = arguments.Has("--checked");
  return options;
}

namespace {

absl::Status DimError(const DimBindings& dims, const absl::Status& status) {
  return UsageError(absl::StrCat("with --dim ",
                                 absl::StrJoin(dims, " --dim ", absl::PairFormatter("=")), ": ",
                                 status.message()));
}

// A failure to import with the flags --dim is one of the flags if the model can be imported
// without them, or needs some.
absl::Status ImportError(const std::string& path, ImportOptions import,
                         const absl::Status& status) {
  if (import.dims.empty() || status.code() == absl::StatusCode::kFailedPrecondition) return status;
  const DimBindings dims = std::exchange(import.dims, {});
  const absl::Status without = ImportOnnx(path, import).status();
  if (!without.ok() && without.code() != absl::StatusCode::kFailedPrecondition) return status;
  return DimError(dims, status);
}

absl::StatusOr<std::unique_ptr<Module>> LoadOnnx(const std::string& path,
                                                 const LoadOptions& options, Progress* progress) {
  ImportOptions import;
  import.dims = options.dims;
  import.checked = options.checked;
  absl::StatusOr<std::unique_ptr<Module>> module = ImportOnnx(path, import);
  if (module.ok()) return module;
  if (module.status().code() != absl::StatusCode::kFailedPrecondition ||
      options.input_shapes.empty())
    return ImportError(path, import, module.status());
  import.input_shapes = options.input_shapes;
  absl::StatusOr<std::unique_ptr<Module>> fixed = ImportOnnx(path, import);
  absl::string_view what = "the dims are fixed to the given inputs' shapes";
  if (fixed.status().code() == absl::StatusCode::kFailedPrecondition) {
    import.input_values = options.input_values;
    fixed = ImportOnnx(path, import);
    what = "shapes are computed from the given inputs' values";
  }
  if (fixed.ok()) progress->Note(absl::StrCat("cermet: ", what, ": ", module.status().message()));
  return fixed;
}

// Why `path` cannot be read as graph IR, if it holds a later form.
absl::Status CheckIsGraph(const std::string& path) {
  CERMET_ASSIGN_OR_RETURN(const std::string text, ReadText(path));
  const absl::string_view form = FirstWord(text);
  if (form != "kernel" && form != "program") return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(path, ": holds a ", form,
                                                 ", not a graph; only `cermet dump ", path,
                                                 " --stage ", form, "` reads it"));
}

absl::StatusOr<std::unique_ptr<Module>> LoadText(const std::string& path,
                                                 const LoadOptions& options) {
  CERMET_RETURN_IF_ERROR(CheckIsGraph(path));
  CERMET_ASSIGN_OR_RETURN(std::unique_ptr<Module> module, ReadModule(path));
  if (options.needs_constants) CERMET_RETURN_IF_ERROR(CheckConstants(*module, path));
  if (module->entry() == nullptr)
    return absl::InvalidArgumentError(absl::StrCat(path, ": holds no graph"));
  if (options.dims.empty()) return module;
  const absl::Status bound = BindDims(module.get(), options.dims);
  if (!bound.ok()) return DimError(options.dims, bound);
  return module;
}

}  // namespace

absl::Status CheckConstants(const Module& module, const std::string& path) {
  for (const auto& [name, entry] : module.constants().entries()) {
    if (entry.HasBytes()) continue;
    return absl::FailedPreconditionError(
        absl::StrCat(path, ".bin: is missing; it holds the bytes of constant @", name,
                     ". It was written with the text, and has to stay next to it"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Module>> LoadModel(const std::string& path,
                                                  const LoadOptions& options, Progress* progress) {
  if (path.empty()) return UsageError("no MODEL is given");
  if (absl::EndsWith(path, ".onnx")) return LoadOnnx(path, options, progress);
  if (absl::EndsWith(path, ".cermet")) return LoadText(path, options);
  if (absl::EndsWith(path, ".pb"))
    return absl::UnimplementedError(
        absl::StrCat(path, ": GraphDef files cannot be imported; convert the model to ONNX"));
  return UsageError(absl::StrCat("MODEL \"", path, "\" is neither .onnx nor .cermet"));
}

absl::StatusOr<Target> ReadTarget(const Arguments& arguments, absl::string_view default_triple) {
  const std::string triple = arguments.Get("--target", default_triple);
  absl::StatusOr<Target> target =
      codegen::ParseTarget(triple, arguments.Get("--cpu", triple.empty() ? "host" : ""));
  if (!target.ok()) return UsageError(target.status().message());
  return target;
}

absl::string_view FirstWord(absl::string_view text) {
  while (true) {
    text = absl::StripLeadingAsciiWhitespace(text);
    if (!absl::StartsWith(text, "//")) break;
    text.remove_prefix(std::min(text.size(), text.find('\n')));
  }
  return text.substr(0, text.find_first_of(" \t\r\n"));
}

absl::StatusOr<CompileOptions> ReadCompileOptions(const Arguments& arguments,
                                                  const Target& target) {
  CompileOptions options;
  const absl::Status environment = ApplyEnvironment(&options.passes);
  if (!environment.ok()) return UsageError(environment.message());
  options.passes.target = target;
  CERMET_ASSIGN_OR_RETURN(const std::string numerics,
                          arguments.Choice("--numerics", {"standard", "exact"}));
  options.passes.numerics = numerics == "exact" ? Numerics::kExact : Numerics::kStandard;
  for (const std::string& name : ParsePassList(arguments.Get("--disable"))) {
    if (!IsPassOrRule(name))
      return UsageError(absl::StrCat("flag --disable: there is no pass or rule \"", name,
                                     "\"; see cermet opt --list-passes"));
    options.passes.disabled.push_back(name);
  }
  if (target.kind == TargetKind::kCuda) {
    CERMET_RETURN_IF_ERROR(
        arguments.Forbid(NamesOf(ScheduleFlags()), "it is for the schedules of CPUs"));
  }
  CERMET_ASSIGN_OR_RETURN(const int64_t bytes, arguments.Int("--vector-bytes", 0, 16, 64));
  if (bytes != 0 && bytes != 16 && bytes != 32 && bytes != 64)
    return UsageError(absl::StrCat("flag --vector-bytes needs 16, 32 or 64, not ", bytes));
  options.schedule.vector_bytes = bytes;
  CERMET_ASSIGN_OR_RETURN(options.schedule.tile_rows,
                          arguments.Int("--tile-rows", 0, 1, kMostTileRows));
  CERMET_ASSIGN_OR_RETURN(options.schedule.tile_columns,
                          arguments.Int("--tile-columns", 0, 1, kMostTileColumns));
  return options;
}

Progress::Progress() : terminal_(isatty(STDERR_FILENO) != 0) {}

void Progress::Step(absl::string_view what) {
  step_ = std::string(what);
  if (!terminal_) return;
  std::fprintf(stderr, "\r\033[K%s", step_.c_str());
  std::fflush(stderr);
}

void Progress::Note(absl::string_view text) {
  const std::string step = step_;
  Step("");
  std::fprintf(stderr, "%s\n", std::string(text).c_str());
  Step(step);
}

}  // namespace cermet::cli
