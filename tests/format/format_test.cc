// Every source file stands as clang-format 22 writes it.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace cermet {
namespace {

constexpr char kTool[] = "clang-format-22";

// What the command prints.
std::string Output(const std::string& command) {
  std::string text;
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return "cannot run " + command;
  std::array<char, 4096> part;
  while (fgets(part.data(), part.size(), pipe) != nullptr) text += part.data();
  pclose(pipe);
  return text;
}

TEST(Format, IsThatOfClangFormat) {
  if (Output(std::string("command -v ") + kTool).empty()) {
    GTEST_SKIP() << "SKIPPED: " << kTool << " is not on the path";
  }
  const std::string badly_formatted =
      Output(std::string("find ir frontend passes codegen runtime tools tests -name '*.cc' -o "
                         "-name '*.h' -o -name '*.def' | sort | xargs -P 2 -n 40 ") +
             kTool + " --dry-run -ferror-limit=1 2>&1 | grep -o '^[^ ]*: warning'");
  EXPECT_EQ(badly_formatted, "") << "run " << kTool << " -i on these files";
}

}  // namespace
}  // namespace cermet
