// The memory planner on programs of copies: what shares memory, and that nothing overlaps whatever
// the symbols are.
#include "passes/plan/memory_plan.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ir/program/program.h"
#include "passes/plan/dim_order.h"

namespace cermet::plan {
namespace {

using program::Buffer;
using program::BufferKind;
using program::Command;
using program::CommandKind;
using program::Program;

Dim Parse(const std::string& text) { return *Dim::Parse(text); }

// Temps of these shapes, written by a chain of copies: temp i lives from command i to command i+1.
Program Chain(const std::vector<std::string>& extents, DimFacts facts) {
  Program program;
  for (const auto& [symbol, fact] : facts) program.symbols.push_back(symbol);
  program.facts = std::move(facts);
  for (size_t i = 0; i < extents.size(); ++i) {
    Buffer buffer;
    buffer.name = absl::StrCat("t", i);
    buffer.type = Type(DType::kF32, {Parse(extents[i])});
    program.buffers.push_back(std::move(buffer));
    if (i == 0) continue;
    Command command;
    command.kind = CommandKind::kCopy;
    command.buffers = {static_cast<int32_t>(i - 1), static_cast<int32_t>(i)};
    program.commands.push_back(std::move(command));
  }
  return program;
}

std::vector<std::string> Offsets(const Program& program) {
  std::vector<std::string> offsets;
  for (const Buffer& buffer : program.buffers) offsets.push_back(buffer.offset.ToString());
  return offsets;
}

TEST(MemoryPlan, ConstantSizesShareWhatIsFree) {
  Program program = Chain({"100", "1000", "100", "900"}, {});
  ASSERT_TRUE(PlanMemory(&program).ok());
  EXPECT_EQ(Offsets(program), (std::vector<std::string>{"4032", "0", "4032", "0"}));
  EXPECT_EQ(program.temp_bytes, Dim(4032 + 448));
}

TEST(MemoryPlan, SizesInOneSymbolShareWhatIsFree) {
  DimFact positive;
  positive.lower = 1;
  Program program = Chain({"100*?n", "1024*?n", "64*?n", "512*?n", "10*?n"}, {{"n", positive}});
  ASSERT_TRUE(PlanMemory(&program).ok());
  EXPECT_EQ(Offsets(program),
            (std::vector<std::string>{"4096*?n", "0", "4096*?n", "0", "2048*?n"}));
}

TEST(MemoryPlan, SizesThatCannotBeComparedAreKeptApart) {
  Program program = Chain({"1024*?n", "64*?n*?n", "512*?n"}, {{"n", {}}});
  ASSERT_TRUE(PlanMemory(&program).ok());
  EXPECT_EQ(program.temp_bytes, Parse("256*?n*?n+4096*?n"));
  EXPECT_EQ(program.buffers[0].offset, program.buffers[2].offset);
}

TEST(MemoryPlan, NothingOverlapsForAnyExtents) {
  const std::vector<std::string> sizes = {"1",     "33",         "5000",   "?n",      "100*?n",
                                          "3*?m",  "64*?n*?m",   "?n*?n",  "7*?n*?m", "?n+?m",
                                          "16*?m", "17*?n*?n+3", "4096*?n"};
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::string> extents;
    for (int i = 0; i < 12; ++i) extents.push_back(sizes[random() % sizes.size()]);
    DimFacts facts = {{"m", {}}, {"n", {}}};
    facts["n"].lower = round % 3;
    Program program = Chain(extents, facts);
    ASSERT_TRUE(PlanMemory(&program).ok());
    for (int64_t n : {2, 3, 17, 64, 1000}) {
      for (int64_t m : {0, 1, 30, 513}) {
        const DimBindings dims = {{"m", m}, {"n", n}};
        int64_t last_begin = 0, last_end = 0;
        for (const Buffer& buffer : program.buffers) {
          const int64_t begin = *buffer.offset.Evaluate(dims);
          const int64_t end = begin + 4 * *buffer.type.NumElements().Evaluate(dims);
          EXPECT_EQ(begin % 64, 0);
          EXPECT_LE(end, *program.temp_bytes.Evaluate(dims));
          EXPECT_TRUE(end <= last_begin || last_end <= begin || begin == end)
              << buffer.name << " of round " << round << ", n = " << n << ", m = " << m;
          last_begin = begin;
          last_end = end;
        }
      }
    }
  }
}

TEST(DimOrder, ProvesWhatPlansNeed) {
  DimFact positive;
  positive.lower = 1;
  const DimFacts facts = {{"n", positive}, {"m", positive}};
  const auto at_most = [&](const char* a, const char* b) {
    return ProvablyAtMost(Parse(a), Parse(b), facts);
  };
  EXPECT_TRUE(at_most("64*floordiv(400*?n+63,64)", "4096*?n"));
  EXPECT_FALSE(at_most("4096*?n", "64*floordiv(400*?n+63,64)"));
  EXPECT_TRUE(at_most("64*floordiv(?n+63,64)", "64*floordiv(?n+63,64)+64"));
  EXPECT_TRUE(at_most("4*?n*?m", "128*?m*floordiv(?n+31,32)"));
  EXPECT_TRUE(at_most("400*?n+63", "4096*?n*?m"));
  EXPECT_FALSE(at_most("?n", "?m"));
  EXPECT_FALSE(at_most("65", "64*?n"));
}

}  // namespace
}  // namespace cermet::plan
