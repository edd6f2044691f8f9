// A shell command with its output in files.
#include "tests/cli/cermet_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"

namespace cermet {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

std::string Folder() {
  const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "cermet_cli" /
                                       absl::StrCat(test->test_suite_name(), ".", test->name());
  std::filesystem::create_directories(folder);
  return folder.string();
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string Write(const std::string& name, const std::string& text) {
  const std::string path = Folder() + "/" + name;
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  return path;
}

std::string Binary() {
  const char* binary = std::getenv("CERMET_BINARY");
  return binary != nullptr ? binary : "build/dev/bin/cermet";
}

int Shell(const std::string& command) {
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Outcome Cermet(const std::string& arguments, const std::string& environment) {
  const std::string out = Folder() + "/stdout", err = Folder() + "/stderr";
  Outcome outcome;
  outcome.status = Shell(absl::StrCat("CERMET_CACHE_DIR='", Folder(), "/cache' ", environment, " '",
                                      Binary(), "' ", arguments, " > '", out, "' 2> '", err, "'"));
  outcome.out = ReadAll(out);
  outcome.err = ReadAll(err);
  return outcome;
}

void ExpectFailure(const std::string& arguments, int status, const std::string& message,
                   const std::string& environment) {
  const Outcome outcome = Cermet(arguments, environment);
  EXPECT_EQ(outcome.status, status) << arguments;
  EXPECT_THAT(outcome.err, AllOf(StartsWith("cermet: "), HasSubstr(message))) << arguments;
  EXPECT_EQ(outcome.out, "") << arguments;
}

}  // namespace cermet
