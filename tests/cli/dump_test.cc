// cermet dump, and the dumps of CERMET_DUMP.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/cli/cermet_command.h"

namespace cermet {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

TEST(Dump, GraphFormsParseBackToTheSameBytes) {
  for (const char* stage : {"import", "optimized", "fused"}) {
    const std::string first = Folder() + "/first.cermet", second = Folder() + "/second.cermet";
    ASSERT_EQ(Cermet(absl::StrCat("dump ", kDigits, " --stage ", stage, " -o ", first)).status, 0)
        << stage;
    const Outcome again = Cermet(absl::StrCat("dump ", first, " --stage import -o ", second));
    ASSERT_EQ(again.status, 0) << again.err;
    EXPECT_EQ(ReadAll(first), ReadAll(second)) << stage;
    EXPECT_EQ(ReadAll(first + ".bin"), ReadAll(second + ".bin")) << stage;
  }
}

TEST(Dump, KernelsAndProgramsParseBackToTheSameBytes) {
  for (const char* stage : {"kernel", "program"}) {
    const std::string first = Folder() + "/later.cermet";
    ASSERT_EQ(Cermet(absl::StrCat("dump ", kDigits, " --stage ", stage, " -o ", first)).status, 0)
        << stage;
    const Outcome again = Cermet(absl::StrCat("dump ", first, " --stage ", stage));
    ASSERT_EQ(again.status, 0) << again.err;
    EXPECT_EQ(ReadAll(first), again.out) << stage;
  }
  const std::string cut = Write("cut.cermet", "// a comment\nkernel @k(");
  ExpectFailure(absl::StrCat("dump ", cut, " --stage kernel"), 1, "cut.cermet:2:11: expected");
  ExpectFailure(
      absl::StrCat("dump ", Write("k.cermet", "kernel @k() {}"), " --stage kernel --dim n=2"), 2,
      "flag --dim would have no effect: MODEL is of stage kernel already");
}

TEST(Dump, EveryStageIsStable) {
  const std::map<std::string, std::string> signs = {
      {"kernel", "kernel @"}, {"program", "program"},     {"llvm", "define"},
      {"asm", ".text"},       {"ptx", ".visible .entry"}, {"plan", "workspace: "},
      {"dot", "digraph"},     {"html", "<!DOCTYPE html>"}};
  for (const auto& [stage, sign] : signs) {
    const std::string command = absl::StrCat("dump ", kDigits, " --stage ", stage);
    const Outcome first = Cermet(command);
    EXPECT_EQ(first.status, 0) << stage << ": " << first.err;
    EXPECT_THAT(first.out, HasSubstr(sign)) << stage;
    if (stage == "program" || stage == "llvm") {
      EXPECT_EQ(first.out, Cermet(command).out) << stage;
    }
  }
}

// The dumps of CERMET_DUMP, in order.
std::vector<std::string> DumpsOf(const std::string& arguments) {
  const std::string folder = Folder() + "/dumps";
  setenv("CERMET_DUMP", folder.c_str(), 1);
  const Outcome outcome = Cermet(arguments);
  unsetenv("CERMET_DUMP");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  std::vector<std::string> dumps;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".cermet") dumps.push_back(entry.path().string());
  }
  std::sort(dumps.begin(), dumps.end());
  return dumps;
}

TEST(Dump, EveryDumpOfAModuleRuns) {
  const std::string outputs = Folder() + "/outputs.npz";
  std::vector<std::string> dumps =
      DumpsOf(absl::StrCat("run ", kDigits, " --case ", kDigitsCase, " --outputs ", outputs));
  ASSERT_GE(dumps.size(), 4u);
  EXPECT_THAT(dumps[0], EndsWith("/000-import.cermet"));
  const std::string program = dumps.back();
  EXPECT_THAT(program, EndsWith("-program.cermet"));
  dumps.pop_back();
  for (const std::string& dump : dumps) {
    const std::string again = Folder() + "/again.npz";
    const Outcome run =
        Cermet(absl::StrCat("run ", dump, " --case ", kDigitsCase, " --outputs ", again));
    EXPECT_EQ(run.status, 0) << dump << run.err;
    EXPECT_EQ(ReadAll(again), ReadAll(outputs)) << dump;
  }
  EXPECT_EQ(Cermet(absl::StrCat("dump ", dumps.back(), " --stage program")).out, ReadAll(program));
  ExpectFailure("run " + program, 1, "holds a program, not a graph; only `cermet dump ");
}

TEST(Dump, WithoutTheSideFileAModuleIsShownButNotRun) {
  const std::string model = Folder() + "/digits.cermet";
  ASSERT_EQ(Cermet(absl::StrCat("dump ", kDigits, " -o ", model)).status, 0);
  std::filesystem::remove(model + ".bin");
  const std::string missing = "digits.cermet.bin: is missing; it holds the bytes of constant @";
  ExpectFailure("run " + model, 1, missing);
  ExpectFailure("run --device reference " + model, 1, missing);
  ExpectFailure("bench " + model, 1, missing);
  ExpectFailure(absl::StrCat("compile ", model, " -o ", Folder(), "/digits.o"), 1, missing);
  const std::string copy = Folder() + "/copy.cermet";
  ExpectFailure(absl::StrCat("opt --passes=simplify ", model, " -o ", copy), 1, missing);
  EXPECT_FALSE(std::filesystem::exists(copy));
  for (const char* command : {"dump --stage asm ", "opt --passes=simplify ", "explain "}) {
    EXPECT_EQ(Cermet(command + model).status, 0) << command;
  }
}

}  // namespace
}  // namespace cermet
