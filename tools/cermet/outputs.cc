// The files that a command line writes. They are looked at before the work: nobody should wait for
// a result that then has no place, or takes the place of another.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ir/env.h"
#include "ir/output_file.h"
#include "ir/printer.h"
#include "ir/status.h"
#include "tools/cermet/verbs.h"

namespace cermet::cli {
namespace {

namespace fs = std::filesystem;

absl::Status CheckPlace(const std::string& path) {
  std::error_code error;
  const fs::path folder = fs::path(path).parent_path();
  int number = 0;
  if (fs::is_directory(path, error)) {
    number = EISDIR;
  } else if (!folder.empty() && !fs::is_directory(folder, error)) {
    number = fs::exists(folder, error) ? ENOTDIR : ENOENT;
  }
  if (number == 0) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(path, ": cannot write: ", std::strerror(number)));
}

// The file that `path` leads to, which need not be there.
fs::path Resolve(const std::string& path) {
  std::error_code error;
  return fs::weakly_canonical(FollowLinks(path), error);
}

// Whether writing to one loses the other. Devices and pipes have nothing to lose.
bool AreSameFile(const std::string& a, const std::string& b) {
  std::error_code error;
  if (fs::exists(a, error) && !fs::is_regular_file(a, error)) return false;
  return fs::equivalent(a, b, error) || Resolve(a) == Resolve(b);
}

struct NamedFile {
  std::string flag;
  std::string path;
  bool is_form = false;  // of the model, which it may replace
};

// The files of the command line that are read, but for the model.
std::vector<NamedFile> Inputs(const Verb& verb, const Arguments& arguments) {
  std::vector<NamedFile> files;
  for (const Flag& flag : verb.flags) {
    if (flag.kind == FlagKind::kInput && arguments.Has(flag.name))
      files.push_back({std::string(flag.name), arguments.Get(flag.name)});
    if (flag.kind != FlagKind::kNamedInputs) continue;
    for (const std::string& value : arguments.All(flag.name)) {
      const size_t equals = value.find('=');
      if (equals != std::string::npos)
        files.push_back({std::string(flag.name), value.substr(equals + 1)});
    }
  }
  return files;
}

std::vector<NamedFile> Outputs(const Verb& verb, const Arguments& arguments) {
  std::vector<NamedFile> files;
  for (const Flag& flag : verb.flags) {
    const bool is_form = flag.kind == FlagKind::kForm;
    if ((is_form || flag.kind == FlagKind::kOutput) && arguments.Has(flag.name))
      files.push_back({std::string(flag.name), arguments.Get(flag.name), is_form});
  }
  const std::string trace = GetEnv(EnvVar::kTrace);
  if (verb.name == "run" && !arguments.Has("--profile") && !trace.empty())
    files.push_back({"CERMET_TRACE", trace});
  return files;
}

bool IsModuleText(absl::string_view path) { return absl::EndsWith(path, ".cermet"); }
// Where the constants of a module text are.
std::string SideFile(absl::string_view path) { return absl::StrCat(path, ".bin"); }

absl::Status NamesTheModel(absl::string_view flag, absl::string_view what, absl::string_view path) {
  return UsageError(
      absl::StrCat("flag ", flag, " names ", what, ", \"", path, "\", which would be lost"));
}

absl::Status CheckNotConstants(absl::string_view flag, const std::string& path,
                               const std::string& model) {
  if (IsModuleText(model) && AreSameFile(path, SideFile(model)))
    return NamesTheModel(flag, "the model's constants", SideFile(model));
  return absl::OkStatus();
}

absl::Status CheckNotModel(absl::string_view flag, const std::string& path,
                           const std::string& model) {
  if (AreSameFile(path, model)) return NamesTheModel(flag, "the model itself", model);
  return CheckNotConstants(flag, path, model);
}

}  // namespace

absl::Status CheckOutputs(const Verb& verb, const Arguments& arguments) {
  std::vector<NamedFile> others = Inputs(verb, arguments);  // which an output must not replace
  const auto add = [&](absl::string_view flag, const std::string& path) {
    for (const NamedFile& other : others) {
      if (AreSameFile(path, other.path))
        return UsageError(
            absl::StrCat("flags ", other.flag, " and ", flag, " name one file, ", path));
    }
    others.push_back({std::string(flag), path});
    return absl::OkStatus();
  };
  for (const NamedFile& output : Outputs(verb, arguments)) {
    if (output.path == "-")
      return UsageError(absl::StrCat("flag ", output.flag,
                                     " writes to a file; that of standard output is /dev/stdout"));
    CERMET_RETURN_IF_ERROR(add(output.flag, output.path));
    if (output.is_form) {
      CERMET_RETURN_IF_ERROR(CheckNotConstants(output.flag, output.path, arguments.positional()));
      if (IsModuleText(output.path))
        CERMET_RETURN_IF_ERROR(add(output.flag, SideFile(output.path)));
    } else {
      CERMET_RETURN_IF_ERROR(CheckNotModel(output.flag, output.path, arguments.positional()));
    }
    CERMET_RETURN_IF_ERROR(CheckPlace(output.path));
  }
  return absl::OkStatus();
}

absl::Status WriteResult(const Arguments& arguments, absl::string_view text) {
  if (arguments.Has("-o")) {
    const std::string path = arguments.Get("-o");
    CERMET_RETURN_IF_ERROR(CheckNotModel("-o", path, arguments.positional()));
    return WriteFile(path, {text});
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (std::fflush(stdout) == 0) return absl::OkStatus();
  return absl::UnavailableError("cannot write to standard output");
}

absl::Status WriteModuleResult(const Arguments& arguments, const Module& module) {
  if (!arguments.Has("-o")) return WriteResult(arguments, Print(module));
  CERMET_RETURN_IF_ERROR(IsModuleText(arguments.positional())
                             ? CheckConstants(module, arguments.positional())
                             : CheckNotModel("-o", arguments.Get("-o"), arguments.positional()));
  return WriteModule(module, arguments.Get("-o"));
}

}  // namespace cermet::cli
