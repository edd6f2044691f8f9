// Command lines that are right and wrong: help, exit statuses, and what errors say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ir/literal.h"
#include "tests/cli/cermet_command.h"
#include "tools/npz/npy.h"

namespace cermet {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(Usage, HelpListsEveryVerb) {
  const Outcome help = Cermet("--help");
  EXPECT_EQ(help.status, 0);
  for (const char* verb : {"run MODEL", "bench MODEL", "compile MODEL", "dump MODEL",
                           "opt FILE.cermet", "explain MODEL", "devices", "version", "ops"}) {
    EXPECT_THAT(help.out, HasSubstr(verb));
  }
  EXPECT_EQ(Cermet("").status, 2);
  EXPECT_EQ(Cermet("help run").out, Cermet("run --help").out);
  EXPECT_EQ(Cermet("--version").out, Cermet("version").out);
}

TEST(Usage, HelpOfEveryVerbNamesItsFlags) {
  const std::map<std::string, std::vector<std::string>> flags = {
      {"run",
       {"--inputs", "--input", "--outputs", "--case", "--tolerance", "--rtol", "--atol",
        "--threads", "--device", "--dim", "--profile"}},
      {"bench", {"--inputs", "--case", "--threads", "--device", "--min-time", "--json"}},
      {"compile", {"-o", "--header", "--target", "--cpu", "--dim"}},
      {"dump", {"--stage", "--node", "-o"}},
      {"opt", {"--passes", "--print-changed", "--list-passes"}},
      {"explain", {"--node"}},
      {"devices", {}},
      {"version", {}},
      {"ops", {}}};
  for (const auto& [verb, names] : flags) {
    const Outcome help = Cermet(verb + " --help");
    EXPECT_EQ(help.status, 0) << verb;
    EXPECT_THAT(help.out, StartsWith("usage: cermet " + verb));
    for (const std::string& name : names) EXPECT_THAT(help.out, HasSubstr("\n  " + name)) << verb;
  }
}

TEST(Usage, WrongCommandLinesExitWith2) {
  ExpectFailure("fly", 2, "unknown verb \"fly\"; see cermet --help");
  ExpectFailure("run", 2, "no MODEL is given");
  ExpectFailure("run --wings 2 a.onnx", 2, "unknown flag --wings; see cermet run --help");
  ExpectFailure("run a.onnx b.onnx", 2, "unexpected argument \"b.onnx\"");
  ExpectFailure("run a.onnx --threads", 2, "flag --threads needs N");
  ExpectFailure(absl::StrCat("run ", kDigits, " --threads 0"), 2,
                "flag --threads needs an integer from 1 to 1024, not \"0\"");
  ExpectFailure(absl::StrCat("run ", kDigits, " --threads two"), 2, "not \"two\"");
  ExpectFailure(absl::StrCat("run ", kDigits, " --threads 1 --threads 2"), 2,
                "flag --threads is given twice");
  ExpectFailure(absl::StrCat("run ", kDigits, " --checked=yes"), 2,
                "flag --checked takes no value");
  ExpectFailure(absl::StrCat("run ", kDigits, " --dim batch"), 2,
                "flag --dim needs NAME=N with an integer N of at least 0, not \"batch\"");
  ExpectFailure(absl::StrCat("run ", kDigits, " --dim n=1 --dim n=2"), 2,
                "flag --dim gives dim n twice");
  ExpectFailure(absl::StrCat("dump ", kDigits, " -o -"), 2,
                "flag -o writes to a file; that of standard output is /dev/stdout");
  ExpectFailure(absl::StrCat("run ", kDigits, " --device tpu"), 2,
                "flag --device needs one of cpu, cuda, reference, not \"tpu\"");
  ExpectFailure(absl::StrCat("run ", kDigits, " --tolerance -1 --case ", kDigitsCase), 2,
                "flag --tolerance needs a number that is not negative");
  ExpectFailure(absl::StrCat("run ", kDigits, " --tolerance 1"), 2, "tolerances need --case");
  ExpectFailure(absl::StrCat("run ", kDigits, " --case ", kDigitsCase, " --tolerance 1 --rtol 1"),
                2, "flag --rtol does not go with --tolerance 1");
  ExpectFailure(absl::StrCat("run ", kDigits, " --input x"), 2,
                "flag --input needs NAME=FILE, not \"x\"");
  ExpectFailure(absl::StrCat("run ", kDigits, " --input x=y.txt"), 2, "is neither .npy nor .pb");
  ExpectFailure("run model.txt", 2, "MODEL \"model.txt\" is neither .onnx nor .cermet");
  ExpectFailure(absl::StrCat("dump ", kDigits, " --stage soup"), 2,
                "flag --stage needs one of import, optimized");
  ExpectFailure(absl::StrCat("compile ", kDigits), 2, "flag -o is missing");
  ExpectFailure(absl::StrCat("compile ", kDigits, " -o m.exe"), 2,
                "ends in none of .o .a .so .ptx .s .ll");
  ExpectFailure(absl::StrCat("compile ", kDigits, " -o m.o --target moon"), 2, "moon");
  ExpectFailure("opt m.cermet", 2, "flag --passes is missing");
  ExpectFailure("opt m.cermet --passes=fly", 2,
                "there is no pass \"fly\"; see cermet opt --list-passes");
}

TEST(Usage, FailuresExitWith1) {
  ExpectFailure("run /no/such.onnx", 1, "/no/such.onnx: cannot open");
  ExpectFailure("run " + Write("bad.onnx", "garbage"), 1, "bad.onnx: not an ONNX model");
  ExpectFailure("run " + Write("bad.cermet", "graph @main(\n"), 1, "bad.cermet:");
  ExpectFailure("run " + Write("frozen.pb", ""), 1, "GraphDef files cannot be imported");
  ExpectFailure(absl::StrCat("run ", kDigits, " --device cuda"), 1, "device cuda");
  ExpectFailure(absl::StrCat("run ", kDigits, " --case /no/case.npz"), 1, "/no/case.npz");
  ExpectFailure(absl::StrCat("run ", kDigits, " --inputs ", Write("bad.npz", "garbage")), 1,
                "bad.npz");
  ExpectFailure(absl::StrCat("dump ", kDigits, " -o /no/folder/x"), 1,
                "/no/folder/x: cannot write");
}

// What the model does not have, but the command line names.

TEST(Usage, NamesThatTheModelLacksExitWith2) {
  ExpectFailure(absl::StrCat("run ", kDigits, " --dim wings=2"), 2,
                "with --dim wings=2: tools/demo_network/model.onnx: the model has no symbolic dim "
                "\"wings\"; it has n");
  const std::string model = Write("m.cermet", kText), npy = Folder() + "/x.npy";
  ExpectFailure(absl::StrCat("dump ", model, " --dim wings=2"), 2,
                "with --dim wings=2: there is no dim ?wings");
  ASSERT_TRUE(npz::WriteNpy(npy, Literal(DType::kF32, {3, 2})).ok());
  ExpectFailure(absl::StrCat("run ", model, " --input z=", npy), 2,
                "flag --input: the model has no input \"z\"; it has x, y");
  ExpectFailure(
      absl::StrCat("run ", kDigits, " --inputs ", kDigitsCase), 1,
      "flag --inputs: the model has no input \"in_image\"; it has image; arrays in_<input> "
      "are those of a --case");
  ExpectFailure(absl::StrCat("run ", model, " --case ", kDigitsCase), 1,
                "flag --case: the model has no input \"image\"");
  for (const char* stage : {"import", "fused", "kernel"}) {
    ExpectFailure(absl::StrCat("dump ", model, " --node nobody --stage ", stage), 2, "\"nobody\"");
  }
}

TEST(Usage, FlagsWithoutEffectExitWith2) {
  const std::string digits(kDigits), model = Write("m.cermet", kText);
  for (const char* flag : {"--no-cache", "--numerics exact", "--disable cse", "--vector-bytes 32",
                           "--tile-rows 2", "--tile-columns 2"}) {
    ExpectFailure(absl::StrCat("run ", digits, " --device reference ", flag), 2,
                  "does not go with --device reference: the evaluator compiles");
  }
  ExpectFailure("bench " + digits + " --device reference --profile " + Folder() + "/p.json", 2,
                "flag --profile does not go with --device reference");
  ExpectFailure("run " + model + " --checked", 2, "flag --checked does not go with MODEL");
  ExpectFailure("compile " + digits + " -o m.ptx --header m.h", 2, "PTX has no C functions");
  ExpectFailure("compile " + digits + " -o m.ptx --name m", 2, "PTX has no C functions");
  ExpectFailure("compile " + digits + " -o m.ptx --tile-rows 4", 2,
                "flag --tile-rows would have no effect: it is for the schedules of CPUs");
  ExpectFailure("opt --list-passes --passes=cse", 2,
                "flag --passes does not go with --list-passes");
  ExpectFailure("opt m.cermet --passes=cse --tile-rows 4", 2, "unknown flag --tile-rows");
  ExpectFailure("dump " + digits + " --stage asm --node x", 2,
                "flag --node does not go with --stage asm");
  ExpectFailure("dump " + digits + " --stage ptx --target x86_64-linux-gnu", 2,
                "has no stage ptx: PTX is for GPUs");
  ExpectFailure("dump " + digits + " --stage asm --target nvptx64-nvidia-cuda", 2,
                "has no stage asm; its code is stage ptx");
  ExpectFailure("run " + digits + " --input x=a.npy --input x=b.npy", 2,
                "flag --input gives input \"x\" twice");
}

TEST(Usage, WrongValuesExitWith2) {
  const std::string digits(kDigits);
  ExpectFailure("run " + digits + " --disable nonsense", 2,
                "flag --disable: there is no pass or rule \"nonsense\"");
  ExpectFailure("run " + digits + " --disable simplify/nonsense", 2, "\"simplify/nonsense\"");
  ExpectFailure("run " + digits + " --tile-rows 1000000000", 2,
                "flag --tile-rows needs an integer from 1 to 32, not \"1000000000\"");
  ExpectFailure("run " + digits + " --tile-columns 1000000000", 2, "from 1 to 256");
  ExpectFailure("run " + digits + " --vector-bytes 48", 2, "needs 16, 32 or 64, not 48");
  ExpectFailure("run " + digits + " --threads 5000", 2, "from 1 to 1024, not \"5000\"");
  ExpectFailure("compile " + digits + " -o m.o --name=", 2, "flag --name needs NAME");
  ExpectFailure("compile " + digits + " -o ''", 2, "flag -o needs OUT");
  for (const char* verb : {"dump --stage asm ", "compile -o m.o "}) {
    ExpectFailure(verb + digits + " --target moon", 2, "cannot compile for moon");
    ExpectFailure(verb + digits + " --cpu i386", 2, "below Cermet's minimum");
  }
  ExpectFailure("dump " + digits + " --stage ptx --cpu haswell", 2,
                "nvptx64 knows no GPU haswell; their names are sm_80");
}

TEST(Usage, WrongEnvironmentExitsWith2) {
  const std::string run = absl::StrCat("run ", kDigits);
  for (const char* threads : {"0", "-2", "5000", "two"}) {
    ExpectFailure(
        run, 2,
        absl::StrCat("CERMET_THREADS needs an integer from 1 to 1024, not \"", threads, "\""),
        absl::StrCat("CERMET_THREADS=", threads));
  }
  ExpectFailure(run, 2, "CERMET_VERIFY needs eval, not \"foo\"", "CERMET_VERIFY=foo");
  ExpectFailure(run, 2, "CERMET_DISABLE: there is no pass", "CERMET_DISABLE=nonsense");
  ExpectFailure(run, 2, "CERMET_PASS_LIMIT must be a number", "CERMET_PASS_LIMIT=few");
  EXPECT_EQ(Cermet(run, "CERMET_THREADS=2 CERMET_VERIFY=eval").status, 0);
  for (const char* variable : {"CERMET_VERIFY=eval", "CERMET_DUMP=nowhere"}) {
    ExpectFailure(run + " --device reference", 2, "are for what the compiler makes", variable);
  }
}

TEST(Usage, WrongInputsExitWith1) {
  const std::string model = Write("m.cermet", kText), npy = Folder() + "/x.npy";
  ASSERT_TRUE(npz::WriteNpy(npy, Literal(DType::kF32, {3, 5})).ok());
  ExpectFailure(absl::StrCat("run ", model, " --input x=", npy), 1,
                "input \"x\" is f32[3,5], the model takes f32[?n,2]");
  ASSERT_TRUE(npz::WriteNpy(npy, Literal(DType::kI32, {3, 2})).ok());
  ExpectFailure(absl::StrCat("run ", model, " --input x=", npy), 1, "input \"x\" is i32[3,2]");
}

TEST(Usage, DimsThatTheModelCannotHave) {
  const std::string model =
      Write("m.cermet",
            "dim ?n in 2..64\n"
            "graph @main(%x: f32[?n], %y: f32[?m]) {\n"
            "  %2 = add(%x, %y) : f32[?n] \"sum\"\n"
            "  %3 = slice(%2) {start = [0], limit = [8], stride = [1]} : f32[8] \"head\"\n"
            "  return %3 \"out\"\n"
            "}\n");
  const std::string x = Folder() + "/x.npy", y = Folder() + "/y.npy";
  ASSERT_TRUE(npz::WriteNpy(x, Literal(DType::kF32, {9})).ok());
  ASSERT_TRUE(npz::WriteNpy(y, Literal(DType::kF32, {10})).ok());
  for (const char* device : {"cpu", "reference"}) {
    const std::string run = absl::StrCat("run ", model, " --device ", device);
    EXPECT_EQ(Cermet(run).status, 0);  // what is not given is chosen to fit
    EXPECT_EQ(Cermet(absl::StrCat(run, " --input x=", x)).status, 0);
    ExpectFailure(absl::StrCat(run, " --dim n=65"), 2,
                  "dim ?n = 65 (dim 0 of input \"x\") is outside of its bounds 2..64");
    ExpectFailure(absl::StrCat(run, " --dim n=7"), 2,
                  "slice %3 \"head\" (" + model + ":4): needs 8 <= ?n, but ?n = 7 (dim 0 of input");
    ExpectFailure(absl::StrCat(run, " --input x=", x, " --input y=", y), 1,
                  "needs ?n = ?m, but ?n = 9 (dim 0 of input \"x\") and ?m = 10 (dim 0 of");
  }
  ExpectFailure(absl::StrCat("compile ", model, " -o ", Folder(), "/m.o --dim n=9 --dim m=8"), 2,
                "needs ?n = ?m, but ?n = 9");
  ExpectFailure(absl::StrCat("bench ", model, " --dim m=1"), 2, "needs ?n = ?m, but ?n in 2..64");
}

TEST(Usage, HugeDimsExitWith1) {
  const std::string model = Write("m.cermet", kText);
  ExpectFailure(absl::StrCat("run ", model, " --dim n=1000000000000"), 1, "1000000000000");
  ExpectFailure(absl::StrCat("run ", model, " --dim n=9223372036854775807"), 1,
                "9223372036854775807");
}

TEST(Usage, HugeOutputsExitWith1) {
  const std::string model = Write("m.cermet",
                                  "graph @main(%x: f32[]) {\n"
                                  "  %1 = broadcast_in_dim(%x) {dims = []} : f32[4000000,4000000]\n"
                                  "  return %1 \"y\"\n"
                                  "}\n");
  ExpectFailure(absl::StrCat("run ", model), 1, "output \"y\": no memory for");
}

}  // namespace
}  // namespace cermet
