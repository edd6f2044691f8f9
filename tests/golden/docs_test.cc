// Examples in the documentation parse, and are written as they print; pages and tables that come
// from a table of the code are what it says.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "ir/env.h"
#include "ir/kernel/kernel.h"
#include "ir/kernel/text.h"
#include "ir/op_reference.h"
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

std::string ReadFile(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// Calls `check(example, path)` on each block that is fenced as `language`; returns how many there
// are.
template <typename Check>
int ForEachExample(const std::string& language, Check check) {
  const std::string fence = "```" + language + "\n";
  int examples = 0;
  for (const std::string& path : Documents()) {
    const std::string text = ReadFile(path);
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

// The lines that a hunk leaves and removes, as they stand in the file.
std::string OldLines(const std::string& hunk) {
  std::string lines;
  std::istringstream in(hunk);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(' ') || line.starts_with('-'))
      absl::StrAppend(&lines, line.substr(1), "\n");
  }
  return lines;
}

// As `git diff` writes them; the numbers of lines may be old.
TEST(DocsTest, DiffsApply) {
  const int examples = ForEachExample("diff", [](const std::string& text, const std::string& path) {
    const std::string header = "\n+++ b/";
    for (size_t at = text.find(header); at != std::string::npos; at = text.find(header, at + 1)) {
      const size_t name = at + header.size(), name_end = text.find('\n', name);
      const std::string file = ReadFile(text.substr(name, name_end - name));
      const std::string hunks = text.substr(name_end, text.find("\ndiff ", name_end) - name_end);
      for (size_t hunk = hunks.find("\n@@ "); hunk != std::string::npos;) {
        const size_t next = hunks.find("\n@@ ", hunk + 1);
        const std::string old = OldLines(hunks.substr(hunk + 1, next - hunk - 1));
        EXPECT_NE(file.find(old), std::string::npos) << path << ": not in the file:\n" << old;
        hunk = next;
      }
    }
  });
  EXPECT_GE(examples, 2);
}

TEST(DocsTest, OpsAreUpToDate) {
  const std::string text = OpsMarkdown();
  if (!GetEnv(EnvVar::kBless).empty()) std::ofstream("docs/ops.md") << text;
  EXPECT_TRUE(ReadFile("docs/ops.md") == text) << "docs/ops.md is out of date: run tools/bless";
}

TEST(DocsTest, EnvironmentVariablesAreTheTable) {
  std::string rows;
  for (const EnvVarInfo& variable : AllEnvVars())
    absl::StrAppend(&rows, "| `", variable.name, "` | ", variable.doc, " |\n");
  EXPECT_NE(ReadFile("docs/debugging.md").find("|---|---|\n" + rows), std::string::npos)
      << "the table in docs/debugging.md should be\n"
      << rows;
}

TEST(DocsTest, KernelInstructionsAreTheTable) {
  std::string table = "| text | meaning |\n|---|---|\n";
  for (const kernel::InstInfo& inst : kernel::AllInsts()) {
    const std::vector<std::string> examples = absl::StrSplit(inst.text, "; ");
    absl::StrAppend(&table, "| `", absl::StrJoin(examples, "`, `"), "` | ", inst.meaning, " |\n");
  }
  EXPECT_NE(ReadFile("docs/kernel-ir.md").find(table), std::string::npos)
      << "the table in docs/kernel-ir.md should be\n"
      << table;
}

}  // namespace
}  // namespace cermet
