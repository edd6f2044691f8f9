// The project of docs/embedding.md: it configures around this tree and its program compiles; the slow
// test builds all of it and runs it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"

namespace cermet {
namespace {

namespace fs = std::filesystem;

std::string ReadAll(const fs::path& path) {
  std::ifstream in(path);
  return std::string((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
}

// The text of the first block that is fenced with `language`.
std::string Block(const std::string& page, const std::string& language) {
  const std::string fence = absl::StrCat("\n```", language, "\n");
  size_t begin = page.find(fence);
  if (begin == std::string::npos) return "";
  begin += fence.size();
  return page.substr(begin, page.find("\n```", begin) + 1 - begin);
}

class EmbeddingTest : public ::testing::Test {
 protected:
  EmbeddingTest() : page_(ReadAll("docs/embedding.md")) {
    // Always the same, so that a compiler cache knows the files.
    const auto* const test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(::testing::TempDir()) / "cermet_embedding" / test->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    std::ofstream(folder_ / "CMakeLists.txt") << Block(page_, "cmake");
    std::ofstream(folder_ / "app.cc") << Block(page_, "cpp");
    fs::create_directory_symlink(fs::current_path(), folder_ / "cermet");
  }
  ~EmbeddingTest() override { fs::remove_all(folder_); }

  // What a command in the project's folder prints; it must succeed.
  std::string Shell(const std::string& command) {
    const std::string log = folder_ / "log";
    const int status = std::system(
        absl::StrCat("cd '", folder_.string(), "' && (", command, ") > log 2>&1").c_str());
    const std::string text = ReadAll(log);
    EXPECT_EQ(status, 0) << command << ":\n" << text;
    return text;
  }

  fs::path folder_;
  std::string page_;
};

TEST_F(EmbeddingTest, ConfiguresAndCompilesTheProgram) {
  // An exception in the user's code, to see that Cermet's options are not passed on.
  std::ofstream(folder_ / "app.cc", std::ios::app) << "int Fail() { throw 1; }\n";
  Shell("cmake -G Ninja -S . -B build -DCMAKE_BUILD_TYPE=Release");
  Shell("cmake --build build --target CMakeFiles/app.dir/app.cc.o");
}

TEST_F(EmbeddingTest, SlowBuildsAndRuns) {
  Shell("cmake -G Ninja -S . -B build -DCMAKE_BUILD_TYPE=Dev && cmake --build build");
  const std::string output = Shell("build/app");
  EXPECT_NE(page_.find("\n" + output + "```"), std::string::npos) << output;
}

}  // namespace
}  // namespace cermet
