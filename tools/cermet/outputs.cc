// The files that a command line writes, looked at before the work: nobody should wait for a result
// that then has no place, or takes the place of another.
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
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

// Whether writing to one loses the other. Devices and pipes have nothing to lose.
bool AreSameFile(const std::string& a, const std::string& b) {
  std::error_code error;
  if (fs::exists(a, error) && !fs::is_regular_file(a, error)) return false;
  return fs::equivalent(a, b, error) ||
         fs::weakly_canonical(a, error) == fs::weakly_canonical(b, error);
}

}  // namespace

absl::Status CheckNotModel(const Arguments& arguments, absl::string_view flag) {
  if (!arguments.Has(flag) || !AreSameFile(arguments.Get(flag), arguments.positional()))
    return absl::OkStatus();
  return UsageError(absl::StrCat("flag ", flag, " names the model itself, \"",
                                 arguments.positional(), "\", which would be lost"));
}

absl::Status CheckOutputs(const Verb& verb, const Arguments& arguments) {
  std::vector<absl::string_view> others;  // flags whose files this one must not replace
  for (const Flag& flag : verb.flags) {
    if (flag.kind == FlagKind::kInput && arguments.Has(flag.name)) others.push_back(flag.name);
  }
  for (const Flag& flag : verb.flags) {
    const bool is_output = flag.kind == FlagKind::kOutput || flag.kind == FlagKind::kForm;
    if (!is_output || !arguments.Has(flag.name)) continue;
    const std::string path = arguments.Get(flag.name);
    if (path == "-")
      return UsageError(absl::StrCat("flag ", flag.name,
                                     " writes to a file; that of standard output is /dev/stdout"));
    for (absl::string_view other : others) {
      if (AreSameFile(path, arguments.Get(other)))
        return UsageError(
            absl::StrCat("flags ", other, " and ", flag.name, " name one file, ", path));
    }
    others.push_back(flag.name);
    if (flag.kind == FlagKind::kOutput) CERMET_RETURN_IF_ERROR(CheckNotModel(arguments, flag.name));
    CERMET_RETURN_IF_ERROR(CheckPlace(path));
  }
  return absl::OkStatus();
}

}  // namespace cermet::cli
