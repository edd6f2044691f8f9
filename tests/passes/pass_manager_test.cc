// The pass manager: what it checks, counts, dumps and stops.
#include "passes/pass_manager.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ir/builder.h"
#include "ir/parser.h"
#include "passes/registry.h"

namespace cermet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// x + x, twice the same, and a node that nothing uses.
std::unique_ptr<Module> SampleModule() {
  auto module = ParseModule(
      "graph @main(%x: f32[4]) {\n"
      "  %1 = neg(%x) : f32[4]\n"
      "  %2 = neg(%1) : f32[4]\n"
      "  %3 = exp(%x) : f32[4]\n"
      "  return %2\n"
      "}\n",
      "sample.cermet");
  EXPECT_TRUE(module.ok()) << module.status();
  return *std::move(module);
}

absl::StatusOr<bool> ClaimsChange(Module&, const PassContext&) { return true; }
absl::StatusOr<bool> HidesChange(Module& module, const PassContext&) {
  module.entry()->set_results({module.entry()->parameter(0)->result()});
  return false;
}
absl::StatusOr<bool> BreaksTypes(Module& module, const PassContext&) {
  module.entry()->nodes()[1]->set_type(0, Type(DType::kF32, {Dim(5)}));
  return true;
}
absl::StatusOr<bool> Fails(Module&, const PassContext&) {
  return absl::InvalidArgumentError("no such luck");
}

absl::Status RunOne(PassFunction function) {
  const PassInfo pass = {"the_pass", "", kExact, function, {}};
  const PassInfo* const list[] = {&pass};
  const std::unique_ptr<Module> module = SampleModule();
  return RunPassInfos(*module, list, PassOptions()).status();
}

TEST(PassManagerTest, FusionDecisionsAreAnOutput) {
  const auto decisions = [](std::vector<std::string> disabled) {
    std::vector<FusionDecision> made;
    PassOptions options;
    options.disabled = std::move(disabled);
    options.fusion_decisions = &made;
    const std::unique_ptr<Module> module = SampleModule();
    const std::vector<std::string> passes = {"dce", "fuse"};
    EXPECT_TRUE(RunPasses(*module, passes, options).ok());
    return made;
  };
  const std::vector<FusionDecision> fused = decisions({});
  ASSERT_EQ(fused.size(), 1u);
  EXPECT_THAT(fused[0].producer, HasSubstr("neg %1"));
  EXPECT_THAT(fused[0].consumer, HasSubstr("neg %2"));
  EXPECT_TRUE(fused[0].fused);
  EXPECT_EQ(fused[0].reason, "elementwise");
  const std::vector<FusionDecision> apart = decisions(RuleNames("fuse"));
  ASSERT_EQ(apart.size(), 1u);
  EXPECT_FALSE(apart[0].fused);
  EXPECT_EQ(apart[0].reason, "the rule fuse/elementwise is disabled");
}

TEST(PassManagerTest, CatchesAPassThatLies) {
  EXPECT_THAT(std::string(RunOne(ClaimsChange).message()),
              HasSubstr("pass the_pass says that it changed the module"));
  EXPECT_THAT(std::string(RunOne(HidesChange).message()),
              HasSubstr("pass the_pass says that it did not change the module"));
}

TEST(PassManagerTest, NamesThePassThatFailsOrBreaksTheModule) {
  EXPECT_THAT(std::string(RunOne(Fails).message()), HasSubstr("pass the_pass: no such luck"));
  EXPECT_THAT(std::string(RunOne(BreaksTypes).message()),
              HasSubstr("pass the_pass left an invalid module: neg"));
}

TEST(PassManagerTest, NamesAnUnknownPass) {
  const std::unique_ptr<Module> module = SampleModule();
  const auto report = RunPasses(*module, {"dce", "frobnicate"}, PassOptions());
  EXPECT_THAT(std::string(report.status().message()), HasSubstr("`frobnicate`"));
}

TEST(PassManagerTest, ReportsRunsAndRules) {
  const std::unique_ptr<Module> module = SampleModule();
  const auto report = RunPasses(*module, {"simplify", "cse", "dce"}, PassOptions());
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->runs.size(), 3u);
  EXPECT_TRUE(report->runs[0].changed);
  EXPECT_FALSE(report->runs[1].changed);
  EXPECT_EQ(report->changes, 1);
  EXPECT_EQ(report->rule_counts.at("simplify/double_negation"), 1);
}

TEST(PassManagerTest, LeavesOutWhatIsDisabled) {
  const std::unique_ptr<Module> module = SampleModule();
  PassOptions options;
  options.disabled = {"dce", "simplify/double_negation"};
  const auto report = RunPasses(*module, {"dce", "simplify"}, options);
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->runs.size(), 1u);
  EXPECT_EQ(report->runs[0].name, "simplify");
  EXPECT_TRUE(report->rule_counts.empty());
}

TEST(PassManagerTest, StopsAtTheLimit) {
  const std::unique_ptr<Module> module = SampleModule();
  PassOptions options;
  options.limit = 0;
  const auto report = RunPasses(*module, {"simplify", "dce"}, options);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->runs.empty());
  EXPECT_EQ(module->entry()->nodes().size(), 4u);
}

TEST(PassManagerTest, RunsRequiredPassesBeyondTheLimit) {
  auto module = ParseModule(
      "graph @main(%x: f32[4]) {\n"
      "  %1 = silu(%x) : f32[4]\n"
      "  %2 = exp(%x) : f32[4]\n"
      "  return %1\n"
      "}\n",
      "sample.cermet");
  ASSERT_TRUE(module.ok()) << module.status();
  PassOptions options;
  options.limit = 0;
  const auto report = RunPasses(**module, {"dce", "expand_composites", "dce"}, options);
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->runs.size(), 1u);
  EXPECT_EQ(report->runs[0].name, "expand_composites");
}

TEST(PassManagerTest, DumpsWhatChanged) {
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / "pass_manager_dumps";
  std::filesystem::remove_all(folder);
  const std::unique_ptr<Module> module = SampleModule();
  DumpDirectory dumps(folder.string());
  ASSERT_TRUE(dumps.WriteText("import", ".cermet", "// imported\n").ok());
  PassOptions options;
  options.dumps = &dumps;
  std::vector<std::string> changed;
  options.on_changed = [&](const PassInfo& pass, const Module&) {
    changed.emplace_back(pass.name);
  };
  ASSERT_TRUE(RunPasses(*module, {"cse", "dce", "simplify"}, options).ok());
  EXPECT_THAT(changed, ElementsAre("dce", "simplify"));
  EXPECT_TRUE(std::filesystem::exists(folder / "000-import.cermet"));
  EXPECT_TRUE(std::filesystem::exists(folder / "001-dce.cermet"));
  EXPECT_TRUE(std::filesystem::exists(folder / "002-simplify.cermet"));
  EXPECT_FALSE(std::filesystem::exists(folder / "003-simplify.cermet"));
}

TEST(PassManagerTest, ParsesLists) {
  EXPECT_THAT(ParsePassList(" fold, cse,,dce "), ElementsAre("fold", "cse", "dce"));
}

TEST(PassManagerTest, ReadsTheEnvironment) {
  PassOptions options;
  setenv("CERMET_DISABLE", "cse,simplify/add_zero", 1);
  setenv("CERMET_PASS_LIMIT", "7", 1);
  EXPECT_TRUE(ApplyEnvironment(&options).ok());
  EXPECT_THAT(options.disabled, ElementsAre("cse", "simplify/add_zero"));
  EXPECT_EQ(options.limit, 7);
  setenv("CERMET_PASS_LIMIT", "seven", 1);
  EXPECT_THAT(std::string(ApplyEnvironment(&options).message()), HasSubstr("CERMET_PASS_LIMIT"));
  setenv("CERMET_DISABLE", "simplify/no_such_rule", 1);
  EXPECT_THAT(std::string(ApplyEnvironment(&options).message()),
              HasSubstr("`simplify/no_such_rule`"));
  unsetenv("CERMET_DISABLE");
  unsetenv("CERMET_PASS_LIMIT");
}

TEST(RegistryTest, PipelinesNamePassesOfTheTable) {
  for (const auto* pipeline : {&OptimizationPipeline(), &FusionPipeline()}) {
    for (const std::string& name : *pipeline) EXPECT_NE(FindPass(name), nullptr) << name;
  }
}

TEST(RegistryTest, DocsAreUpToDate) {
  const std::string text = PassesMarkdown();
  if (std::getenv("CERMET_BLESS") != nullptr) std::ofstream("docs/passes.md") << text;
  std::ifstream file("docs/passes.md");
  std::stringstream contents;
  contents << file.rdbuf();
  EXPECT_TRUE(contents.str() == text) << "docs/passes.md is out of date: run tools/bless";
}

}  // namespace
}  // namespace cermet
