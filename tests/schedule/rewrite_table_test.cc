// Every rewrite of the table has a text test under tests/golden/schedule and a line in
// docs/decisions/schedules.md; wrong scripts fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "passes/schedule/rewrite_script.h"
#include "tests/schedule/schedule_testing.h"

namespace cermet::schedule {
namespace {

using ::testing::HasSubstr;

std::string ReadFile(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(RewriteTable, EveryRewriteHasATextTestAndADescription) {
  std::string run_lines;
  for (const auto& entry : std::filesystem::directory_iterator("tests/golden/schedule")) {
    const std::string text = ReadFile(entry.path());
    run_lines += text.substr(0, text.find('\n')) + "\n";
  }
  const std::string doc = ReadFile("docs/decisions/schedules.md");
  for (const RewriteInfo& rewrite : AllRewrites()) {
    EXPECT_THAT(run_lines, HasSubstr(std::string(rewrite.name)));
    EXPECT_THAT(doc, HasSubstr(absl::StrCat("| `", rewrite.name, "`")));
  }
}

TEST(RewriteTable, WrongScriptsSayWhatIsWrong) {
  const std::string text =
      R"(kernel @k(%x: f32[7], %y: f32[7] out) { parallel %i in 0..7 { %y[%i] = %x[%i] } })";
  const auto error = [&](absl::string_view script) {
    kernel::Kernel kernel = ParseKernel(text);
    return std::string(ApplyRewrites(&kernel, script).message());
  };
  EXPECT_THAT(error("spilt(i,4,clamp)"), HasSubstr("there is no rewrite `spilt`"));
  EXPECT_THAT(error("split(i,4)"), HasSubstr("expected split(loop, factor,"));
  EXPECT_THAT(error("split(i,four,clamp)"), HasSubstr("`four` is not a positive number"));
  EXPECT_THAT(error("split(i,4,cut)"), HasSubstr("`cut` is none of"));
  EXPECT_THAT(error("split(j,4,clamp)"), HasSubstr("kernel @k has no loop %j"));
  EXPECT_THAT(error("split(i,4,clamp"), HasSubstr("no `)`"));
  EXPECT_THAT(error("pack(y,0,4)"), HasSubstr("%y cannot be packed by dim 0"));
  EXPECT_THAT(error("pack(z,0,4)"), HasSubstr("has no buffer %z"));
  EXPECT_THAT(error("merge_dims(x,0)"), HasSubstr("cannot be merged"));
  EXPECT_THAT(error("lanes(i)"), HasSubstr("has no lanes"));
  EXPECT_THAT(error("mark(i,wide)"), HasSubstr("no kind of loop"));
  EXPECT_THAT(error("schedule(tpu)"), HasSubstr("expected schedule(gpu) or schedule(cpu,bytes)"));
}

}  // namespace
}  // namespace cermet::schedule
