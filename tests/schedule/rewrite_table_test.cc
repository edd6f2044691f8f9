// Every rewrite of the table has a text test under tests/golden/schedule and a line in
// docs/decisions/schedules.md; wrong scripts fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
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

// The names in `// RUN: rewrite=split(i,4,clamp);tile(i) dims=n:3`.
void AddRewrites(absl::string_view run_line, std::set<std::string>* names) {
  const std::vector<absl::string_view> words = absl::StrSplit(run_line, ' ');
  for (absl::string_view word : words) {
    if (!absl::ConsumePrefix(&word, "rewrite=")) continue;
    for (absl::string_view call : absl::StrSplit(word, ';')) {
      names->emplace(call.substr(0, call.find('(')));
    }
  }
}

TEST(RewriteTable, EveryRewriteHasATextTestAndADescription) {
  std::set<std::string> tested;
  for (const auto& entry : std::filesystem::directory_iterator("tests/golden/schedule")) {
    const std::string text = ReadFile(entry.path());
    AddRewrites(text.substr(0, text.find('\n')), &tested);
  }
  const std::string doc = ReadFile("docs/decisions/schedules.md");
  for (const RewriteInfo& rewrite : AllRewrites()) {
    EXPECT_EQ(tested.count(std::string(rewrite.name)), 1u) << rewrite.name << " has no text test";
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
