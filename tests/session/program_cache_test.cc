// Programs from the cache are those that lowering makes, and every option that lowering uses is in
// the key.
#include "runtime/session/program_cache.h"

#include <gtest/gtest.h>

#include "ir/parser.h"
#include "tests/support/memory_cache.h"

namespace cermet {
namespace {

// With a check, whose message names the place in the file.
constexpr char kText[] = R"(graph @main(%x: f32[?n,40], %w: f32[40,24], %ok: bool[]) {
  %3 = dot_general(%x, %w) {contract = [1] x [0]} : f32[?n,24]  "fc"
  %4 = check(%ok) {code = 7, message = "not ok"} : token        "guard"
  return %3
}
)";

class ProgramCacheTest : public ::testing::Test {
 protected:
  std::string LowerText(const std::string& text, const std::string& file = "a.cermet") {
    absl::StatusOr<std::unique_ptr<Module>> module = ParseModule(text, file);
    EXPECT_TRUE(module.ok()) << module.status();
    EXPECT_TRUE(FuseModule(module->get(), options_).ok());
    const absl::StatusOr<program::Program> lowered = Lower(**module, options_);
    EXPECT_TRUE(lowered.ok()) << lowered.status();
    const absl::StatusOr<CachedProgram> cached = LowerThroughCache(**module, options_, &cache_);
    EXPECT_TRUE(cached.ok()) << cached.status();
    EXPECT_EQ(cached->text, program::Print(*lowered));
    EXPECT_EQ(program::Print(cached->program), cached->text);
    return cached->text;
  }

  CompileOptions options_;
  testing::MemoryCache cache_;
};

TEST_F(ProgramCacheTest, TheSameModuleIsLoweredOnce) {
  LowerText(kText);
  EXPECT_EQ(cache_.stores, 1);
  LowerText(kText);
  EXPECT_EQ(cache_.stores, 1);
  EXPECT_EQ(cache_.hits, 1);
}

TEST_F(ProgramCacheTest, WhatLoweringUsesIsInTheKey) {
  LowerText(kText);
  EXPECT_NE(LowerText(kText, "b.cermet").find("b.cermet"), std::string::npos)
      << "errors name the file";
  LowerText(absl::StrCat("dim ?n in 8..\n", kText));
  options_.schedule.tile_rows = 2;
  LowerText(kText);
  options_.schedule.tile_columns = 16;
  LowerText(kText);
  options_.schedule.vector_bytes = 16;
  LowerText(kText);
  options_.passes.target.vector_registers = 32;
  LowerText(kText);
  EXPECT_EQ(cache_.stores, 7);
  EXPECT_EQ(cache_.hits, 0);
}

TEST_F(ProgramCacheTest, DamageIsAMiss) {
  const std::string good = LowerText(kText);
  for (const size_t keep : {size_t{0}, size_t{9}, good.size() / 2, good.size() - 2}) {
    cache_.entries.begin()->second = good.substr(0, keep);
    LowerText(kText);
    EXPECT_EQ(cache_.entries.begin()->second, good);
  }
}

}  // namespace
}  // namespace cermet
