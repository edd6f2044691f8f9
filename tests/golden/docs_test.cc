// Examples in the documentation parse, and are written as they print.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "ir/kernel/text.h"
#include "ir/parser.h"
#include "ir/printer.h"
#include "ir/program/program.h"

namespace cermet {
namespace {

std::vector<std::string> Documents() {
  std::vector<std::string> paths = {"README.md"};
  for (const auto& entry : std::filesystem::recursive_directory_iterator("docs")) {
    if (entry.path().extension() == ".md") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// Calls `check(example, path)` on each block that is fenced as `language`; returns how many there
// are.
template <typename Check>
int ForEachExample(const std::string& language, Check check) {
  const std::string fence = "```" + language + "\n";
  int examples = 0;
  for (const std::string& path : Documents()) {
    std::ostringstream stream;
    stream << std::ifstream(path).rdbuf();
    const std::string text = stream.str();
    for (size_t at = text.find(fence); at != std::string::npos; at = text.find(fence, at + 1)) {
      const size_t begin = at + fence.size();
      check(text.substr(begin, text.find("```", begin) - begin), path);
      ++examples;
    }
  }
  return examples;
}

TEST(DocsTest, GraphExamplesParseAndPrintBack) {
  const int examples =
      ForEachExample("cermet", [](const std::string& text, const std::string& path) {
        const absl::StatusOr<std::unique_ptr<Module>> module = ParseModule(text, path);
        ASSERT_TRUE(module.ok()) << path << ": " << module.status() << "\n" << text;
        EXPECT_EQ(Print(**module), text) << path;
      });
  EXPECT_GE(examples, 3);
}

TEST(DocsTest, KernelExamplesParseAndPrintBack) {
  const int examples =
      ForEachExample("kernel", [](const std::string& text, const std::string& path) {
        const absl::StatusOr<std::vector<kernel::Kernel>> kernels =
            kernel::ParseKernels(text, path);
        ASSERT_TRUE(kernels.ok()) << path << ": " << kernels.status() << "\n" << text;
        std::string printed;
        for (const kernel::Kernel& kernel : *kernels) printed += kernel::Print(kernel);
        EXPECT_EQ(printed, text) << path;
      });
  EXPECT_GE(examples, 3);
}

TEST(DocsTest, ProgramExamplesParseAndPrintBack) {
  const int examples =
      ForEachExample("program", [](const std::string& text, const std::string& path) {
        const absl::StatusOr<program::Program> program = program::ParseProgram(text, path);
        ASSERT_TRUE(program.ok()) << path << ": " << program.status() << "\n" << text;
        EXPECT_EQ(program::Print(*program), text) << path;
      });
  EXPECT_GE(examples, 1);
}

}  // namespace
}  // namespace cermet
