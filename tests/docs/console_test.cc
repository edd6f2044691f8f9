// Runs the commands that the documentation shows, and compares what they print with what is shown.
//
// A block fenced as `console` holds lines `$ cermet ...`, each followed by its output; a line `...`
// in it stands for any number of lines.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace cermet {
namespace {

constexpr absl::string_view kPrompt = "$ cermet ";

struct Example {
  std::string place;      // README.md:20
  std::string arguments;  // of cermet
  std::vector<std::string> expected;
};

std::vector<std::string> Documents() {
  std::vector<std::string> paths = {"README.md"};
  for (const auto& entry : std::filesystem::recursive_directory_iterator("docs")) {
    if (entry.path().extension() == ".md") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::vector<Example> Examples() {
  std::vector<Example> examples;
  for (const std::string& path : Documents()) {
    std::ifstream in(path);
    bool inside = false;
    int number = 0;
    for (std::string line; std::getline(in, line);) {
      ++number;
      if (absl::StartsWith(line, "```")) {
        inside = !inside && line == "```console";
      } else if (inside && absl::StartsWith(line, kPrompt)) {
        examples.push_back({absl::StrCat(path, ":", number), line.substr(kPrompt.size()), {}});
      } else if (inside && !examples.empty()) {
        examples.back().expected.push_back(line);
      }
    }
  }
  return examples;
}

std::string OutputOf(const std::string& arguments) {
  const char* binary = std::getenv("CERMET_BINARY");
  const std::string command =
      absl::StrCat(binary == nullptr ? "build/dev/bin/cermet" : binary, " ", arguments, " 2>&1");
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return "popen failed";
  std::string output;
  char buffer[4096];
  while (size_t count = fread(buffer, 1, sizeof(buffer), pipe)) output.append(buffer, count);
  pclose(pipe);
  return output;
}

// `...` takes as few lines as it can.
bool Matches(const std::vector<std::string>& expected, const std::vector<std::string>& actual) {
  size_t at = 0;
  bool skip = false;
  for (const std::string& line : expected) {
    if (line == "...") {
      skip = true;
      continue;
    }
    while (skip && at < actual.size() && actual[at] != line) ++at;
    if (at == actual.size() || actual[at] != line) return false;
    ++at;
    skip = false;
  }
  return skip || at == actual.size();
}

TEST(Console, CommandsPrintWhatTheDocumentationShows) {
  const std::vector<Example> examples = Examples();
  EXPECT_GE(examples.size(), 4);
  for (const Example& example : examples) {
    const std::string output = OutputOf(example.arguments);
    std::vector<std::string> lines = absl::StrSplit(output, '\n');
    std::vector<std::string> expected = example.expected;
    for (std::vector<std::string>* text : {&lines, &expected}) {
      while (!text->empty() && text->back().empty()) text->pop_back();
    }
    EXPECT_TRUE(Matches(expected, lines))
        << example.place << ": `cermet " << example.arguments << "` now prints\n"
        << output;
  }
}

}  // namespace
}  // namespace cermet
