// Reads and writes golden test files.
#include "tests/golden/golden_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "ir/status.h"

namespace cermet {
namespace {

constexpr absl::string_view kRun = "// RUN: ";
constexpr absl::string_view kExpected = "// ----\n";
constexpr absl::string_view kNextCase = "// ====\n";

std::vector<std::string> SplitLines(absl::string_view text) {
  std::vector<std::string> lines;
  for (const absl::string_view line : absl::StrSplit(text, '\n'))
    lines.push_back(absl::StrCat(line, "\n"));
  if (lines.back() == "\n") {
    lines.pop_back();
  } else {
    lines.back().pop_back();
  }
  return lines;
}

}  // namespace

std::vector<std::string> FindGoldenFiles(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
    if (entry.path().extension() == ".cermet") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

absl::StatusOr<GoldenFile> ReadGoldenFile(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream) return absl::NotFoundError(absl::StrCat(path, ": cannot read"));
  const std::string content = text.str();
  const std::vector<std::string> lines = SplitLines(content);
  absl::string_view run = lines.front();
  if (!absl::ConsumePrefix(&run, kRun)) {
    return absl::InvalidArgumentError(absl::StrCat(path, ":1: expected `", kRun, "`"));
  }
  GoldenFile file;
  file.path = path;
  for (absl::string_view word :
       absl::StrSplit(absl::StripSuffix(run, "\n"), ' ', absl::SkipEmpty())) {
    const std::vector<std::string> parts = absl::StrSplit(word, absl::MaxSplits('=', 1));
    if (file.command.empty()) file.command = parts[0];
    file.options[parts[0]] = parts.size() == 2 ? parts[1] : "";
  }
  file.cases.push_back({"", 1, ""});
  bool in_expected = false;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i] == kExpected) {
      in_expected = true;
    } else if (lines[i] == kNextCase) {
      in_expected = false;
      file.cases.push_back({"", static_cast<int>(i) + 2, ""});
    } else {
      (in_expected ? file.cases.back().expected : file.cases.back().input) += lines[i];
    }
  }
  return file;
}

absl::Status WriteGoldenFile(const GoldenFile& file) {
  std::string text;
  for (const GoldenCase& golden : file.cases) {
    if (!text.empty()) absl::StrAppend(&text, kNextCase);
    text += golden.input;
    if (!golden.expected.empty()) absl::StrAppend(&text, kExpected, golden.expected);
  }
  std::ofstream stream(file.path, std::ios::binary | std::ios::trunc);
  stream << text;
  stream.close();
  return stream ? absl::OkStatus()
                : absl::UnavailableError(absl::StrCat(file.path, ": cannot write"));
}

}  // namespace cermet
