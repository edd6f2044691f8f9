// cermet compile, opt, explain, and what says what this build is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/cli/cermet_command.h"

namespace cermet {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(Compile, WritesEveryKindOfFile) {
  const std::map<std::string, std::string> signs = {{".o",
                                                     "\x7f"
                                                     "ELF"},
                                                    {".so",
                                                     "\x7f"
                                                     "ELF"},
                                                    {".a", "!<arch>"}};
  for (const std::string ending : {".o", ".so", ".a", ".s", ".ll", ".ptx"}) {
    const std::string path = Folder() + "/digits" + ending;
    const Outcome outcome = Cermet(absl::StrCat("compile ", kDigits, " -o ", path));
    EXPECT_EQ(outcome.status, 0) << ending << ": " << outcome.err;
    const std::string bytes = ReadAll(path);
    EXPECT_GT(bytes.size(), 500) << ending;
    if (auto it = signs.find(ending); it != signs.end()) {
      EXPECT_THAT(bytes, StartsWith(it->second)) << ending;
    }
  }
}

TEST(Compile, HeaderDeclaresTheFunctions) {
  const std::string header = Folder() + "/digits.h";
  ASSERT_EQ(
      Cermet(absl::StrCat("compile ", kDigits, " -o ", Folder(), "/digits.o --header ", header))
          .status,
      0);
  EXPECT_THAT(ReadAll(header), HasSubstr("digits_run"));
}

TEST(Opt, RunsPassesByName) {
  const std::string model = Write("m.cermet",
                                  "graph @main(%x: f32[2]) {\n  %1 = neg(%x) : f32[2]\n  %2 = "
                                  "abs(%x) : f32[2]\n  return %2\n}\n");
  const Outcome outcome = Cermet(absl::StrCat("opt ", model, " --passes=dce --print-changed"));
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("abs(%x)"), Not(HasSubstr("neg"))));
  EXPECT_THAT(outcome.err, HasSubstr("// ---- after dce\n"));
  ExpectFailure("opt --list-passes m.cermet", 2, "reads no file: \"m.cermet\"");
  const Outcome list = Cermet("opt --list-passes");
  EXPECT_EQ(list.status, 0);
  EXPECT_THAT(list.out, AllOf(HasSubstr("dce\n"), HasSubstr("simplify/")));
}

TEST(Opt, MayReplaceTheFileThatItReads) {
  const std::string model = Folder() + "/digits.cermet";
  ASSERT_EQ(Cermet(absl::StrCat("dump ", kDigits, " -o ", model)).status, 0);
  for (const char* command : {"opt --passes=simplify,fold,dce ", "dump --stage fused "}) {
    const Outcome outcome = Cermet(absl::StrCat(command, model, " -o ", model));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    const Outcome run = Cermet(absl::StrCat("run ", model, " --case ", kDigitsCase));
    EXPECT_EQ(run.status, 0) << command << run.out << run.err;
  }
}

TEST(Explain, SaysWhatFusedAndHowItIsScheduled) {
  const Outcome outcome = Cermet(absl::StrCat("explain ", kDigits));
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("fusion:\n"), HasSubstr(" fused into "),
                                 HasSubstr("schedules:\n"), HasSubstr("passes:\n")));
}

TEST(Explain, SaysWhyAKernelStaysScalar) {
  const std::string scatter = Write("scatter.cermet",
                                    "graph @main(%x: f32[5,3], %i: i32[4,1], %u: f32[4,3]) {\n"
                                    "  %3 = scatter(%x, %i, %u) {update_window_dims = [1], "
                                    "inserted_window_dims = [0], scatter_dims_to_operand_dims = "
                                    "[0], index_vector_dim = 1} : f32[5,3] with add\n"
                                    "  return %3\n}\n");
  const std::string note = "stays scalar: kernel @scatter: its loops run in order\n";
  EXPECT_THAT(Cermet(absl::StrCat("explain ", scatter)).out, HasSubstr(note));
}

TEST(Explain, ANodeThatIsNotThereIsAnError) {
  ExpectFailure(absl::StrCat("explain ", kDigits, " --node nobody"), 2,
                "no fusion or kernel comes from a node \"nobody\"");
}

TEST(About, DevicesVersionAndOps) {
  EXPECT_THAT(Cermet("devices").out,
              AllOf(StartsWith("cpu\n"), HasSubstr("vectors"), HasSubstr("cuda\n")));
  EXPECT_THAT(Cermet("version").out, AllOf(StartsWith("cermet "), HasSubstr("LLVM ")));
  EXPECT_THAT(Cermet("ops").out,
              AllOf(HasSubstr("dot_general(2)"), HasSubstr("{contract, batch?, order?}")));
  EXPECT_THAT(Cermet("ops --onnx").out, HasSubstr("Conv 1..\n"));
}

}  // namespace
}  // namespace cermet
