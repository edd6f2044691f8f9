// cermet run and bench.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ir/literal.h"
#include "nlohmann/json.hpp"
#include "tests/cli/cermet_command.h"
#include "tools/npz/npy.h"
#include "tools/npz/npz.h"

namespace cermet {
namespace {

using testing::AllOf;
using testing::HasSubstr;

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

}  // namespace
}  // namespace cermet
