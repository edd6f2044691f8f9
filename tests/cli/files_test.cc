// What cermet does to files: nothing is lost, and what cannot be read or written says why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/cli/cermet_command.h"

namespace cermet {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(Files, AModelIsNotOverwrittenBySomethingElse) {
  const std::string model = Write("m.cermet", kText);
  const std::string same = Folder() + "/./m.cermet";
  for (const char* command :
       {"dump --stage kernel -o ", "run --outputs ", "run --profile ", "bench --json "}) {
    ExpectFailure(absl::StrCat(command, same, " ", model), 2, "names the model itself");
    EXPECT_EQ(ReadAll(model), kText) << command;
  }
  for (const char* command : {"run --outputs ", "opt --passes cse -o "}) {
    ExpectFailure(absl::StrCat(command, model, ".bin ", model), 2, "names the model's constants");
  }
  ExpectFailure(absl::StrCat("run ", model), 2, "CERMET_TRACE names the model itself",
                absl::StrCat("CERMET_TRACE=", model));
  EXPECT_EQ(ReadAll(model), kText);
}

TEST(Files, AnOutputReplacesNoOtherFileOfTheCommand) {
  const std::string object = Folder() + "/q.o", link = Folder() + "/link.h";
  std::filesystem::remove(object);
  std::filesystem::remove(link);
  const std::string compile = absl::StrCat("compile ", kDigits, " -o ", object, " --header ");
  ExpectFailure(compile + object, 2, "flags -o and --header name one file");
  ExpectFailure(
      compile + Folder() + "/../" + std::filesystem::path(Folder()).filename().string() + "/q.o", 2,
      "flags -o and --header name one file");
  EXPECT_FALSE(std::filesystem::exists(object));
  Write("q.o", "");
  std::filesystem::create_symlink("q.o", link);
  ExpectFailure(compile + link, 2, "flags -o and --header name one file");
  const std::string model = Write("m.cermet", kText);
  const std::string arrays = Write("c.npz", "arrays");
  for (const char* flag : {"--case", "--inputs"}) {
    ExpectFailure(absl::StrCat("run ", model, " ", flag, " ", arrays, " --outputs ", arrays), 2,
                  absl::StrCat("flags ", flag, " and --outputs name one file"));
  }
  ExpectFailure(absl::StrCat("run ", model, " --input x=", arrays, " --outputs ", arrays), 2,
                "flags --input and --outputs name one file");
  const std::string dangling = Folder() + "/dangling", missing = Folder() + "/missing.npz";
  std::filesystem::remove(dangling);
  std::filesystem::create_symlink("missing.npz", dangling);
  ExpectFailure(absl::StrCat("run ", model, " --outputs ", missing, " --profile ", dangling), 2,
                "flags --outputs and --profile name one file");
  const std::string bench = "bench --min-time 0 --json /dev/null --profile /dev/null ";
  EXPECT_EQ(Cermet(bench + model).status, 0);
}

TEST(Files, StandardOutputMayBeAFile) {
  const std::string model = Write("m.cermet", kText);
  const Outcome outcome = Cermet(absl::StrCat("run ", model, " --profile /dev/stdout"));
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(absl::StartsWith(outcome.out, "{")) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("sum f32["));
}

TEST(Files, OutputsAreCheckedBeforeTheWork) {
  const std::string header = " --header /no/folder/q.h", object = Folder() + "/q.o";
  ExpectFailure(absl::StrCat("compile ", kDigits, " -o ", object, header), 1,
                "/no/folder/q.h: cannot write: No such file or directory");
  EXPECT_FALSE(std::filesystem::exists(object));
  ExpectFailure(absl::StrCat("run ", kDigits, " --profile ", Folder()), 1,
                ": cannot write: Is a directory");
  ExpectFailure(absl::StrCat("run ", kDigits, " --profile ", Write("file", ""), "/x"), 1,
                ": cannot write: Not a directory");
}

TEST(Files, FoldersAreNoModels) {
  for (const char* name : {"/m.onnx", "/m.cermet"}) {
    std::filesystem::create_directories(Folder() + name);
    ExpectFailure(absl::StrCat("dump ", Folder(), name), 1, "cannot read: it is a folder");
  }
}

TEST(Files, AFullDiskIsAFailure) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "there is no /dev/full";
  const std::string model = Write("m.cermet", kText);
  for (const std::string& arguments :
       std::vector<std::string>{"--help", "run --help", "version", "devices", "ops", "run " + model,
                                "bench --min-time 0 " + model, "dump " + model, "explain " + model,
                                absl::StrCat("dump ", kDigits), absl::StrCat("run ", kDigits)}) {
    const std::string err = Folder() + "/err";
    EXPECT_EQ(Shell(absl::StrCat("CERMET_CACHE_DIR=off '", Binary(), "' ", arguments,
                                 " > /dev/full 2> '", err, "'")),
              1)
        << arguments;
    EXPECT_THAT(ReadAll(err), HasSubstr("cannot write to standard output")) << arguments;
  }
}

// Progress and what is printed share a terminal's line.
TEST(Files, ATerminalShowsProgressAndThenTheResult) {
  if (Shell("script -qec true /dev/null > /dev/null 2>&1 < /dev/null") != 0)
    GTEST_SKIP() << "there is no `script`, or no pseudo-terminal for it";
  const std::string model = Write("m.cermet", kText), out = Folder() + "/terminal";
  for (const char* arguments :
       {"dump ", "dump --stage fused ", "dump --stage dot ", "dump --stage asm ", "explain ",
        "run ", "bench --min-time 0 ", "opt --passes=cse "}) {
    ASSERT_EQ(Shell(absl::StrCat("script -qec \"'", Binary(), "' ", arguments, model, "\" '", out,
                                 "' > /dev/null < /dev/null")),
              0)
        << arguments;
    const std::string text = ReadAll(out);
    for (const char* step : {"importing", "compiling", "running"}) {
      const size_t place = text.find(step);
      if (place == std::string::npos) continue;
      EXPECT_THAT(text.substr(place + std::string(step).size()), StartsWith("\r\033[K"))
          << arguments << text;
    }
  }
}

TEST(Files, FailuresOfWritingLeaveWhatWasThere) {
  const std::string header = Write("old.h", "old"), object = Write("old.o", "old");
  const std::string missing = Folder() + "/missing/m.h";
  ExpectFailure(absl::StrCat("compile ", kDigits, " -o ", object, " --header ", missing), 1,
                "missing/m.h: cannot write: No such file or directory");
  EXPECT_EQ(ReadAll(object), "old");
  ExpectFailure(
      absl::StrCat("compile ", kDigits, " -o ", Folder(), "/missing/m.o --header ", header), 1,
      "missing/m.o: cannot write: No such file or directory");
  EXPECT_EQ(ReadAll(header), "old");
  ExpectFailure(absl::StrCat("dump ", kDigits, " -o /dev/full"), 1,
                "/dev/full: cannot write: No space left on device");
  ExpectFailure(absl::StrCat("dump ", kDigits, " -o ", Folder()), 1,
                ": cannot write: Is a directory");
  for (const auto& entry : std::filesystem::directory_iterator(Folder())) {
    EXPECT_THAT(entry.path().string(), Not(HasSubstr(".new"))) << "a temporary is left";
  }
}

TEST(Files, DamagedConstantsAreAnError) {
  const std::string model = Folder() + "/digits.cermet";
  ASSERT_EQ(Cermet(absl::StrCat("dump ", kDigits, " -o ", model)).status, 0);
  std::string bytes = ReadAll(model + ".bin");
  bytes[bytes.size() - 64] ^= 1;
  Write("digits.cermet.bin", bytes);
  ExpectFailure(absl::StrCat("run ", model), 1, "digits.cermet.bin: constant @");
  EXPECT_EQ(Cermet(absl::StrCat("dump ", kDigits, " -o ", model)).status, 0);
  EXPECT_EQ(Cermet(absl::StrCat("run ", model)).status, 0);
}

}  // namespace
}  // namespace cermet
