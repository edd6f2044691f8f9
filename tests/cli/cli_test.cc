// The command line as a user meets it: what it prints, what it writes, and how it fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ir/literal.h"
#include "nlohmann/json.hpp"
#include "tools/npz/npy.h"
#include "tools/npz/npz.h"

namespace cermet {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr char kDigits[] = "tools/demo_network/model.onnx";
constexpr char kDigitsCase[] = "tools/demo_network/case.npz";

struct Outcome {
  int status = -1;
  std::string out, err;
};

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

// `environment` is as a shell has it before a command.
Outcome Cermet(const std::string& arguments, const std::string& environment = "") {
  const std::string out = Folder() + "/stdout", err = Folder() + "/stderr";
  Outcome outcome;
  outcome.status = Shell(absl::StrCat("CERMET_CACHE_DIR='", Folder(), "/cache' ", environment, " '",
                                      Binary(), "' ", arguments, " > '", out, "' 2> '", err, "'"));
  outcome.out = ReadAll(out);
  outcome.err = ReadAll(err);
  return outcome;
}

// The one line of a failure.
void ExpectFailure(const std::string& arguments, int status, const std::string& message,
                   const std::string& environment = "") {
  const Outcome outcome = Cermet(arguments, environment);
  EXPECT_EQ(outcome.status, status) << arguments;
  EXPECT_THAT(outcome.err, AllOf(StartsWith("cermet: "), HasSubstr(message))) << arguments;
  EXPECT_EQ(outcome.out, "") << arguments;
}

constexpr char kText[] =
    "graph @main(%x: f32[?n,2], %y: f32[2]) {\n"
    "  %2 = broadcast_in_dim(%y) {dims = [1]} : f32[?n,2]\n"
    "  %3 = add(%x, %2) : f32[?n,2]\n"
    "  return %3 \"sum\"\n"
    "}\n";

// ---- usage

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

TEST(Run, DimsThatABranchCannotHave) {
  const std::string model =
      Write("m.cermet",
            "graph @main(%p: bool, %x: f32[?n]) {\n"
            "  %2 = if(%p, %x) : f32[2] {\n"
            "    @then(%v: f32[?n]) {\n"
            "      %1 = slice(%v) {start = [6], limit = [8], stride = [1]} : f32[2]\n"
            "      return %1\n"
            "    }\n"
            "    @else(%v: f32[?n]) {\n"
            "      %1 = slice(%v) {start = [0], limit = [2], stride = [1]} : f32[2]\n"
            "      return %1\n"
            "    }\n"
            "  }\n"
            "  return %2 \"out\"\n"
            "}\n");
  const std::string p = Folder() + "/p.npy", x = Folder() + "/x.npy";
  ASSERT_TRUE(npz::WriteNpy(p, Literal(DType::kBool, {})).ok());
  ASSERT_TRUE(npz::WriteNpy(x, Literal::FromValues<float>({3}, {1, 2, 3})).ok());
  for (const char* device : {"cpu", "reference"}) {
    const Outcome outcome = Cermet(
        absl::StrCat("run ", model, " --input p=", p, " --input x=", x, " --device ", device));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "out f32[2]: [1, 2]\n");
  }
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

TEST(Usage, AModelIsNotOverwrittenBySomethingElse) {
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

// ---- files

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
  for (const std::string& arguments : std::vector<std::string>{
           "--help", "run --help", "version", "devices", "ops", "run " + model,
           "bench --min-time 0 " + model, "dump " + model, "explain " + model}) {
    const std::string err = Folder() + "/err";
    EXPECT_EQ(Shell(absl::StrCat("'", Binary(), "' ", arguments, " > /dev/full 2> '", err, "'")), 1)
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

// ---- run

TEST(Run, EmptyTensors) {
  const std::string model = Write("m.cermet", kText);
  for (const char* device : {"cpu", "reference"}) {
    const Outcome outcome = Cermet(absl::StrCat("run ", model, " --dim n=0 --device ", device));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "sum f32[0,2]: []\n");
  }
}

TEST(Run, PrintsOutputs) {
  const std::string model = Write("m.cermet", kText), x = Folder() + "/x.npy",
                    y = Folder() + "/y.npy";
  ASSERT_TRUE(npz::WriteNpy(x, Literal::FromValues<float>({1, 2}, {1, 2})).ok());
  ASSERT_TRUE(npz::WriteNpy(y, Literal::FromValues<float>({2}, {10, 20})).ok());
  for (const char* device : {"cpu", "reference"}) {
    const Outcome outcome = Cermet(
        absl::StrCat("run ", model, " --input x=", x, " --input=y=", y, " --device ", device));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "sum f32[1,2]: [[11, 22]]\n");
  }
}

TEST(Run, ComparesWithACase) {
  for (const char* device : {"cpu", "reference"}) {
    const Outcome outcome = Cermet(absl::StrCat("run ", kDigits, " --case ", kDigitsCase,
                                                " --tolerance 1e-5 --threads 2 --device ", device));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_THAT(outcome.out, AllOf(HasSubstr("worst absolute error"),
                                   HasSubstr("worst relative error"), HasSubstr(": ok\n")));
  }
}

TEST(Run, ExitsWith1OutsideTheTolerance) {
  const Outcome outcome =
      Cermet(absl::StrCat("run ", kDigits, " --case ", kDigitsCase, " --tolerance 0"));
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, HasSubstr(": OUTSIDE\n"));
  EXPECT_THAT(outcome.err, HasSubstr("cermet: 1 of 1 outputs are not as expected"));
}

TEST(Run, FillsInputsAlikeAndWritesOutputs) {
  const std::string model = Write("m.cermet", kText), first = Folder() + "/a.npz",
                    second = Folder() + "/b.npz";
  ASSERT_EQ(Cermet(absl::StrCat("run ", model, " --outputs ", first)).status, 0);
  ASSERT_EQ(Cermet(absl::StrCat("run ", model, " --threads 2 --outputs ", second)).status, 0);
  EXPECT_EQ(ReadAll(first), ReadAll(second));
  const absl::StatusOr<std::vector<npz::NamedArray>> arrays = npz::ReadNpz(first);
  ASSERT_TRUE(arrays.ok()) << arrays.status();
  EXPECT_EQ((*arrays)[0].name, "sum");
}

TEST(Run, NoCacheLeavesTheCacheAlone) {
  const std::string cache = Folder() + "/cache", model = Write("m.cermet", kText);
  std::filesystem::remove_all(cache);
  ASSERT_EQ(Cermet("run --no-cache " + model).status, 0);
  EXPECT_FALSE(std::filesystem::exists(cache));
  ASSERT_EQ(Cermet("run " + model).status, 0);
  EXPECT_TRUE(std::filesystem::exists(cache));
}

TEST(Run, ProfileIsATrace) {
  const std::string trace = Folder() + "/trace.json";
  ASSERT_EQ(Cermet(absl::StrCat("run ", kDigits, " --profile ", trace)).status, 0);
  const nlohmann::json json = nlohmann::json::parse(ReadAll(trace), nullptr, false);
  ASSERT_TRUE(json.contains("traceEvents"));
  EXPECT_GT(json["traceEvents"].size(), 3);
}

// ---- the other verbs

TEST(Bench, WritesItsNumbers) {
  const std::string path = Folder() + "/bench.json";
  const Outcome outcome = Cermet(absl::StrCat("bench ", kDigits, " --case ", kDigitsCase,
                                              " --min-time 0.01 --threads 2 --json ", path));
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  const nlohmann::json json = nlohmann::json::parse(ReadAll(path), nullptr, false);
  for (const char* key : {"compile_ms", "first_run_ms", "median_ms", "min_ms", "runs", "threads",
                          "peak_bytes", "planned_bytes", "max_rss_bytes", "cpu"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_EQ(json["threads"], 2);
  EXPECT_EQ(json["peak_bytes"], json["planned_bytes"]);
}

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

// ---- files

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

TEST(Files, AFullStandardOutputIsAFailure) {
  for (const std::string& arguments :
       {std::string("version"), absl::StrCat("dump ", kDigits), absl::StrCat("run ", kDigits)}) {
    const char* binary = std::getenv("CERMET_BINARY");
    const std::string command =
        absl::StrCat("CERMET_CACHE_DIR=off '", binary != nullptr ? binary : "build/dev/bin/cermet",
                     "' ", arguments, " > /dev/full 2> '", Folder(), "/stderr'");
    EXPECT_NE(std::system(command.c_str()), 0) << arguments;
    EXPECT_THAT(ReadAll(Folder() + "/stderr"), HasSubstr("cannot write to standard output"));
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
