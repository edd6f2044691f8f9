// What the verbs share: reading models and compile options, progress, output files.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "frontend/onnx/importer.h"
#include "ir/output_file.h"
#include "ir/parser.h"
#include "ir/printer.h"
#include "ir/status.h"
#include "passes/bind_dims.h"
#include "tools/cermet/verbs.h"

namespace cermet::cli {

std::vector<Flag> ModelFlags() {
  return {{"--dim", "NAME=N", "fixes a symbolic dim of the model", true},
          {"--checked", "", "ONNX: fail on an index out of range and on integer division by zero"}};
}

std::vector<Flag> CompileFlags() {
  return {{"--numerics", "exact|standard",
           "exact: only rewrites that keep every bit (default: standard)"},
          {"--disable", "A,B", "leaves out passes, or rules as pass/rule; see opt --list-passes"},
          {"--vector-bytes", "N", "vectors of schedules: 16, 32 or 64 (default: the machine's)"},
          {"--tile-rows", "N", "rows of a register tile (default: chosen)"},
          {"--tile-columns", "N", "columns of a register tile (default: chosen)"}};
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
      return UsageError(absl::StrCat("flag --dim needs NAME=N, not \"", text, "\""));
    }
    if (!dims.emplace(text.substr(0, equals), value).second)
      return UsageError(absl::StrCat("dim ", text.substr(0, equals), " is given twice"));
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

absl::StatusOr<std::unique_ptr<Module>> LoadOnnx(const std::string& path,
                                                 const LoadOptions& options) {
  ImportOptions import;
  import.dims = options.dims;
  import.checked = options.checked;
  absl::StatusOr<std::unique_ptr<Module>> module = ImportOnnx(path, import);
  if (module.status().code() != absl::StatusCode::kFailedPrecondition ||
      options.input_shapes.empty())
    return module;
  import.input_shapes = options.input_shapes;
  absl::StatusOr<std::unique_ptr<Module>> fixed = ImportOnnx(path, import);
  absl::string_view what = "the dims are fixed to the given inputs' shapes";
  if (fixed.status().code() == absl::StatusCode::kFailedPrecondition) {
    import.input_values = options.input_values;
    fixed = ImportOnnx(path, import);
    what = "shapes are computed from the given inputs' values";
  }
  if (!fixed.ok()) return fixed.status();
  std::fprintf(stderr, "cermet: %s: %s\n", std::string(what).c_str(),
               std::string(module.status().message()).c_str());
  return fixed;
}

absl::StatusOr<std::unique_ptr<Module>> LoadText(const std::string& path,
                                                 const LoadOptions& options) {
  CERMET_ASSIGN_OR_RETURN(std::unique_ptr<Module> module, ReadModule(path));
  if (module->entry() == nullptr)
    return absl::InvalidArgumentError(absl::StrCat(path, ": holds no graph"));
  if (!options.dims.empty()) CERMET_RETURN_IF_ERROR(BindDims(module.get(), options.dims));
  return module;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Module>> LoadModel(const std::string& path,
                                                  const LoadOptions& options) {
  if (path.empty()) return UsageError("no MODEL is given");
  if (absl::EndsWith(path, ".onnx")) return LoadOnnx(path, options);
  if (absl::EndsWith(path, ".cermet")) return LoadText(path, options);
  if (absl::EndsWith(path, ".pb"))
    return absl::UnimplementedError(
        absl::StrCat(path, ": GraphDef files cannot be imported; convert the model to ONNX"));
  return UsageError(absl::StrCat("MODEL \"", path, "\" is neither .onnx nor .cermet"));
}

absl::StatusOr<CompileOptions> ReadCompileOptions(const Arguments& arguments,
                                                  const Target& target) {
  CompileOptions options;
  CERMET_RETURN_IF_ERROR(ApplyEnvironment(&options.passes));
  options.passes.target = target;
  CERMET_ASSIGN_OR_RETURN(const std::string numerics,
                          arguments.Choice("--numerics", {"standard", "exact"}));
  options.passes.numerics = numerics == "exact" ? Numerics::kExact : Numerics::kStandard;
  for (const std::string& name : ParsePassList(arguments.Get("--disable")))
    options.passes.disabled.push_back(name);
  CERMET_ASSIGN_OR_RETURN(options.schedule.vector_bytes, arguments.Int("--vector-bytes", 0, 16));
  if (arguments.Has("--vector-bytes") && options.schedule.vector_bytes != 16 &&
      options.schedule.vector_bytes != 32 && options.schedule.vector_bytes != 64) {
    return UsageError("flag --vector-bytes needs 16, 32 or 64");
  }
  CERMET_ASSIGN_OR_RETURN(options.schedule.tile_rows, arguments.Int("--tile-rows", 0, 1));
  CERMET_ASSIGN_OR_RETURN(options.schedule.tile_columns, arguments.Int("--tile-columns", 0, 1));
  return options;
}

Progress::Progress() : terminal_(isatty(STDERR_FILENO) != 0) {}

void Progress::Step(absl::string_view what) {
  if (!terminal_) return;
  std::fprintf(stderr, "\r\033[K%s", std::string(what).c_str());
  std::fflush(stderr);
}

absl::Status CheckOutputs(const Arguments& arguments, absl::Span<const absl::string_view> flags) {
  for (absl::string_view flag : flags) {
    std::error_code error;
    if (!arguments.Has(flag) ||
        !std::filesystem::equivalent(arguments.Get(flag), arguments.positional(), error)) {
      continue;
    }
    return UsageError(absl::StrCat("flag ", flag, " names the model itself, \"",
                                   arguments.positional(), "\", which would be lost"));
  }
  return absl::OkStatus();
}

absl::Status WriteResult(const Arguments& arguments, absl::string_view text) {
  CERMET_RETURN_IF_ERROR(CheckOutputs(arguments, {"-o"}));
  if (arguments.Has("-o")) return WriteFile(arguments.Get("-o"), {text});
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (std::fflush(stdout) == 0) return absl::OkStatus();
  return absl::UnavailableError("cannot write to standard output");
}

absl::Status WriteModuleResult(const Arguments& arguments, const Module& module) {
  if (!absl::EndsWith(arguments.positional(), ".cermet")) {
    CERMET_RETURN_IF_ERROR(CheckOutputs(arguments, {"-o"}));
  }
  if (arguments.Has("-o")) return WriteModule(module, arguments.Get("-o"));
  return WriteResult(arguments, Print(module));
}

}  // namespace cermet::cli
