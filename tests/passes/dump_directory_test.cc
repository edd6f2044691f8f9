// Dumps of modules: that they can be read with their constants, which are on the disk once.
#include "passes/dump_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "ir/builder.h"
#include "ir/parser.h"
#include "ir/printer.h"
#include "tests/support/temporary_folder.h"

namespace cermet {
namespace {

namespace fs = std::filesystem;
using ::testing::StartsWith;

class DumpDirectoryTest : public ::testing::Test {
 protected:
  // What the dump holds, which must be `module`.
  void ExpectDump(const std::string& name, const Module& module) {
    const absl::StatusOr<std::unique_ptr<Module>> read = ReadModule((folder_ / name).string());
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(Print(**read), Print(module));
    for (const auto& [constant, entry] : module.constants().entries()) {
      EXPECT_EQ((*read)->constants().Find(constant)->ToLiteral(), entry.ToLiteral());
    }
  }
  bool SameSideFile(const std::string& a, const std::string& b) {
    return fs::equivalent(folder_ / (a + ".bin"), folder_ / (b + ".bin"));
  }

  const testing::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

// A module that returns the constants, named `hint`.
std::unique_ptr<Module> ModuleOf(const std::vector<std::pair<std::string, float>>& constants) {
  auto module = std::make_unique<Module>();
  Graph* const graph = module->AddGraph("main");
  Builder builder(graph);
  std::vector<Value> results;
  for (const auto& [hint, value] : constants) {
    const std::string name =
        module->constants().Add(hint, Literal::FromValues<float>({2}, {value, value}));
    results.push_back(builder.MakeTyped(OpCode::kConstant, {}, Type(DType::kF32, {2}),
                                        {{"ref", SymbolRef{name}}}));
  }
  graph->set_results(results);
  return module;
}

TEST_F(DumpDirectoryTest, DumpsShareOneSideFile) {
  const auto first = ModuleOf({{"v", 1}, {"w", 2}}), fewer = ModuleOf({{"w", 2}}),
             more = ModuleOf({{"w", 2}, {"x", 3}});
  DumpDirectory dumps(folder_.string());
  ASSERT_TRUE(dumps.WriteModule("first", *first).ok());
  ASSERT_TRUE(dumps.WriteModule("fewer", *fewer).ok());
  ASSERT_TRUE(dumps.WriteModule("more", *more).ok());
  ExpectDump("000-first.cermet", *first);
  ExpectDump("001-fewer.cermet", *fewer);
  ExpectDump("002-more.cermet", *more);
  EXPECT_TRUE(SameSideFile("000-first.cermet", "001-fewer.cermet"));
  EXPECT_TRUE(SameSideFile("000-first.cermet", "002-more.cermet"));
}

TEST_F(DumpDirectoryTest, ANameMayComeToStandForAnotherConstant) {
  const auto before = ModuleOf({{"w", 1}}), after = ModuleOf({{"w", 2}});
  DumpDirectory dumps(folder_.string());
  ASSERT_TRUE(dumps.WriteModule("before", *before).ok());
  ASSERT_TRUE(dumps.WriteModule("after", *after).ok());
  ASSERT_TRUE(dumps.WriteModule("after", *after).ok());
  ExpectDump("000-before.cermet", *before);
  ExpectDump("001-after.cermet", *after);
  ExpectDump("002-after.cermet", *after);
  EXPECT_FALSE(SameSideFile("000-before.cermet", "001-after.cermet"));
  EXPECT_TRUE(SameSideFile("001-after.cermet", "002-after.cermet"));
}

TEST_F(DumpDirectoryTest, ReplacesTheDumpsOfAnEarlierRun) {
  for (const float value : {1.0f, 2.0f}) {
    const auto module = ModuleOf({{"w", value}});
    DumpDirectory dumps(folder_.string());
    ASSERT_TRUE(dumps.WriteModule("import", *module).ok());
    ASSERT_TRUE(dumps.WriteModule("fold", *module).ok());
    ExpectDump("000-import.cermet", *module);
    ExpectDump("001-fold.cermet", *module);
  }
}

TEST_F(DumpDirectoryTest, WritesNothingWithoutAPath) {
  DumpDirectory dumps;
  EXPECT_FALSE(dumps.enabled());
  EXPECT_TRUE(dumps.WriteModule("import", *ModuleOf({{"w", 1}})).ok());
  EXPECT_TRUE(dumps.WriteText("program", ".cermet", "").ok());
}

TEST_F(DumpDirectoryTest, ErrorsNameTheFile) {
  DumpDirectory dumps("/dev/null/dumps");
  EXPECT_THAT(std::string(dumps.WriteText("import", ".cermet", "").message()),
              StartsWith("/dev/null/dumps/000-import.cermet: cannot write: "));
  EXPECT_THAT(std::string(dumps.WriteModule("a b", *ModuleOf({{"w", 1}})).message()),
              StartsWith("/dev/null/dumps/001-a_b.cermet.bin: cannot write: "));
}

}  // namespace
}  // namespace cermet
