// What was compiled ahead of time runs without the compiler: looks at the symbols of a program that
// holds all of the executor (executor_only), for names of LLVM, the evaluator, passes and codegen.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace cermet {
namespace {

// The bytes of build/<preset>/tests/executor_only, which is not stripped: its string tables hold
// the names of all functions and of the shared libraries it loads.
std::string ExecutorProgram() {
  const char* cermet = std::getenv("CERMET_BINARY");
  const std::filesystem::path build =
      cermet == nullptr ? "build/dev" : std::filesystem::path(cermet).parent_path().parent_path();
  std::ifstream in(build / "tests" / "executor_only", std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
}

TEST(ExecutorOnly, HoldsTheExecutor) {
  const std::string program = ExecutorProgram();
  EXPECT_TRUE(absl::StrContains(program, "N6cermet7runtime8Executor"))
      << "executor_only is missing, or stripped: then the tests below show nothing";
}

TEST(ExecutorOnly, HasNoCompilerInIt) {
  const std::string program = ExecutorProgram();
  for (absl::string_view name : {"libLLVM", "4llvm", "N6cermet7codegen", "N6cermet9evaluator",
                                 "N6cermet8schedule", "N6cermet4fuse", "libprotobuf"}) {
    EXPECT_FALSE(absl::StrContains(program, name)) << "the executor's program contains " << name;
  }
}

}  // namespace
}  // namespace cermet
