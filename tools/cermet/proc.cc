// Reads line by line.
#include "tools/cermet/proc.h"

#include <fstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"

namespace cermet::cli {

std::string ProcValue(const char* path, absl::string_view key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    if (absl::StripAsciiWhitespace(parts.first) == key)
      return std::string(absl::StripAsciiWhitespace(parts.second));
  }
  return "";
}

}  // namespace cermet::cli
