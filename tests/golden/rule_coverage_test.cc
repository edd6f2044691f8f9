// Every rule of every pass fires in some golden test of tests/golden/passes.
#include <map>
#include <set>

#include "gtest/gtest.h"
#include "ir/parser.h"
#include "passes/pass_manager.h"
#include "passes/registry.h"
#include "tests/golden/golden_file.h"

namespace cermet {
namespace {

TEST(RuleCoverageTest, EveryRuleFires) {
  std::map<std::string, int64_t> counts;
  for (const std::string& path : FindGoldenFiles("tests/golden/passes")) {
    const absl::StatusOr<GoldenFile> file = ReadGoldenFile(path);
    ASSERT_TRUE(file.ok()) << file.status();
    if (file->command != "passes") continue;
    for (const GoldenCase& golden : file->cases) {
      const auto module = ParseModule(golden.input, path);
      ASSERT_TRUE(module.ok()) << module.status();
      const auto names = ParsePassList(file->options.at("passes"));
      const auto report = RunPasses(**module, names, PassOptions());
      if (!report.ok()) continue;  // the golden test of the file expects an error
      for (const auto& [rule, count] : report->rule_counts) counts[rule] += count;
    }
  }
  for (const PassInfo& pass : AllPasses()) {
    for (const RuleInfo& rule : pass.rules) {
      const std::string name = std::string(pass.name) + "/" + rule.name;
      EXPECT_GT(counts[name], 0) << name << " has no test in tests/golden/passes";
    }
  }
}

}  // namespace
}  // namespace cermet
