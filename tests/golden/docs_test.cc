// Examples in the documentation parse, and are written as they print.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "ir/parser.h"
#include "ir/printer.h"

namespace cermet {
namespace {

constexpr char kFence[] = "```cermet\n";

std::vector<std::string> Documents() {
  std::vector<std::string> paths = {"README.md"};
  for (const auto& entry : std::filesystem::recursive_directory_iterator("docs")) {
    if (entry.path().extension() == ".md") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

TEST(DocsTest, GraphExamplesParseAndPrintBack) {
  int examples = 0;
  for (const std::string& path : Documents()) {
    std::ostringstream stream;
    stream << std::ifstream(path).rdbuf();
    const std::string text = stream.str();
    for (size_t at = text.find(kFence); at != std::string::npos; at = text.find(kFence, at + 1)) {
      const size_t begin = at + sizeof(kFence) - 1;
      const std::string example = text.substr(begin, text.find("```", begin) - begin);
      const absl::StatusOr<std::unique_ptr<Module>> module = ParseModule(example, path);
      ASSERT_TRUE(module.ok()) << path << ": " << module.status() << "\n" << example;
      EXPECT_EQ(Print(**module), example) << path;
      ++examples;
    }
  }
  EXPECT_GE(examples, 3);
}

}  // namespace
}  // namespace cermet
