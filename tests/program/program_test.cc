// Command programs: text form, sizes, binding of dims, packing.
#include "ir/program/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/program/example.h"

namespace cermet::program {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Program, PrintsWhatItParses) {
  absl::StatusOr<Program> program = ParseProgram(kProgram, "p.cermet");
  ASSERT_TRUE(program.ok()) << program.status();
  EXPECT_EQ(Print(*program), kProgram);
  EXPECT_EQ(program->num_inputs(), 3);
  EXPECT_EQ(program->num_outputs(), 2);
  EXPECT_EQ(program->num_constants(), 1);
}

TEST(Program, StorageFollowsAliases) {
  absl::StatusOr<Program> program = ParseProgram(kProgram, "p.cermet");
  ASSERT_TRUE(program.ok()) << program.status();
  const auto index = [&](absl::string_view name) {
    return static_cast<int32_t>(
        std::find_if(program->buffers.begin(), program->buffers.end(),
                     [&](const Buffer& buffer) { return buffer.name == name; }) -
        program->buffers.begin());
  };
  EXPECT_EQ(program->StorageOf(index("v")), index("u"));
  EXPECT_EQ(program->StorageOf(index("next")), index("state"));
  EXPECT_EQ(program->StorageOf(index("t")), index("t"));
}

TEST(Program, OutputShapesFollowTheDims) {
  absl::StatusOr<Program> program = ParseProgram(kProgram, "p.cermet");
  ASSERT_TRUE(program.ok()) << program.status();
  EXPECT_EQ(*program->OutputShapes({{"n", 6}, {"m", 13}}),
            (std::vector<std::vector<int64_t>>{{6, 4}, {}}));
  EXPECT_THAT(std::string(program->OutputShapes({{"m", 13}}).status().message()), HasSubstr("?n"));
}

TEST(Program, StorageIsReusedOnceItIsFree) {
  const char* const text = R"(program @p {
  input %x: f32[4] "x"
  output %y: f32[4] "y"
  temp %a: f32[4] at 0
  temp %b: f32[4] at 64
  temp %c: f32[4] at OFFSET
  workspace 128 scratch 0
  copy %x to %a
  copy %a to %b
  copy %b to %c
  copy %c to %y
}
)";
  EXPECT_TRUE(ParseProgram(absl::StrReplaceAll(text, {{"OFFSET", "0"}}), "p").ok());
  // In place of an operand that ends there.
  EXPECT_TRUE(ParseProgram(absl::StrReplaceAll(text, {{"OFFSET", "64"}}), "p").ok());
}

TEST(Program, TempsOfALoopLiveThroughIt) {
  // %t is read after the loop wrote it, so %c, used by the condition alone, may not share its
  // bytes.
  const char* const text = R"(program @p {
  output %y: bool[1] "y"
  temp %t: bool[1] at 0
  temp %c: bool at OFFSET
  workspace 128 scratch 0
  while %c {
    launch @zero(%c)
  } do {
    launch @one(%t)
  }
  copy %t to %y
}
kernel @zero(%y: bool out) {
  %y[] = false
}
kernel @one(%y: bool[1] out) {
  %y[0] = true
}
)";
  EXPECT_TRUE(ParseProgram(absl::StrReplaceAll(text, {{"OFFSET", "64"}}), "p").ok());
  EXPECT_THAT(
      std::string(
          ParseProgram(absl::StrReplaceAll(text, {{"OFFSET", "0"}}), "p").status().message()),
      HasSubstr("live at once"));
}

TEST(Program, BindsDims) {
  absl::StatusOr<Program> program = ParseProgram(kProgram, "p.cermet");
  ASSERT_TRUE(program.ok());
  // ?m has no extent of its own: it follows from ?m+?n.
  EXPECT_EQ(*program->BindDims({{2, 4}, {}, {7}}), (DimBindings{{"n", 2}, {"m", 5}}));
  program->buffers[2].type.shape = {Dim::Symbol("m")};
  absl::StatusOr<DimBindings> dims = program->BindDims({{2, 4}, {}, {5}});
  ASSERT_TRUE(dims.ok()) << dims.status();
  EXPECT_EQ(*dims, (DimBindings{{"n", 2}, {"m", 5}}));

  const auto error = [&](std::vector<std::vector<int64_t>> shapes) {
    return std::string(program->BindDims(shapes).status().message());
  };
  EXPECT_THAT(error({{2, 4}}), HasSubstr("takes 3 inputs, not 1"));
  EXPECT_THAT(error({{2, 4, 1}, {}, {5}}),
              HasSubstr("input \"x\" (f32[?n,4]) is given as [2,4,1]: rank 3, not 2"));
  EXPECT_THAT(error({{2, 5}, {}, {5}}), HasSubstr("dim 1 must be 4"));
  EXPECT_THAT(error({{3, 4}, {}, {5}}),
              HasSubstr("?n = 3 (dim 0 of input \"x\") is not a multiple of 2"));
  EXPECT_THAT(error({{66, 4}, {}, {5}}),
              HasSubstr("?n = 66 (dim 0 of input \"x\") is outside of its bounds 1..64"));
  EXPECT_THAT(error({{-2, 4}, {}, {5}}), HasSubstr("dim 0 is negative"));
  EXPECT_EQ(error({{2, 4}, {}, {1}}),
            "slice %3 \"head\": needs ?n <= ?m, but ?n = 2 (dim 0 of input \"x\") and ?m = 1 (dim "
            "0 of input \"z\")");
  EXPECT_THAT(error({{2, 4}, {}, {6}}), HasSubstr("add %4: needs 2*?n = ?m-1, but ?n = 2 (dim 0"));
  program->buffers[2].type.shape = {Dim::Symbol("n")};
  EXPECT_THAT(error({{2, 4}, {}, {5}}),
              HasSubstr("dim 0 is 5, but ?n is 2 by dim 0 of input \"x\""));
}

TEST(Program, SizesTheWorkspace) {
  Program program;
  program.temp_bytes = Dim::Symbol("n") * 64;
  program.scratch_bytes = 128;
  EXPECT_EQ(*program.WorkspaceBytes(3, {{"n", 2}}), 128 + 3 * 128);
  EXPECT_FALSE(program.WorkspaceBytes(3, {}).ok());
  EXPECT_FALSE(program.WorkspaceBytes(3, {{"n", std::numeric_limits<int64_t>::max() / 64}}).ok());
}

TEST(Pack, CutsADimIntoBlocks) {
  std::vector<int32_t> from(2 * 3);
  std::iota(from.begin(), from.end(), 1);
  std::vector<int32_t> to(8, -1);
  ASSERT_TRUE(Pack({1, 2, {2, 3}}, DType::kI32, {}, from.data(), to.data()).ok());
  EXPECT_THAT(to, ElementsAre(1, 2, 4, 5, 3, 0, 6, 0));
  to.assign(12, -1);
  const kernel::Packing symbolic = {0, 4, {Dim::Symbol("k"), 3}};
  ASSERT_TRUE(Pack(symbolic, DType::kI32, {{"k", 2}}, from.data(), to.data()).ok());
  EXPECT_THAT(to, ElementsAre(1, 4, 0, 0, 2, 5, 0, 0, 3, 6, 0, 0));
  EXPECT_FALSE(Pack(symbolic, DType::kI32, {}, from.data(), to.data()).ok());
}

TEST(Pack, FollowsTheDefinitionForEveryDim) {
  const std::vector<int64_t> shape = {3, 4, 5};
  std::vector<uint8_t> from(60);
  std::iota(from.begin(), from.end(), 1);
  for (int64_t dim = 0; dim < 3; ++dim) {
    for (int64_t block : {1, 2, 3, 8}) {
      const int64_t blocks = (shape[dim] + block - 1) / block;
      std::vector<uint8_t> to(60 / shape[dim] * blocks * block, 99);
      ASSERT_TRUE(Pack({dim, block, {3, 4, 5}}, DType::kU8, {}, from.data(), to.data()).ok());
      size_t at = 0;
      std::vector<int64_t> others;
      for (int64_t d = 0; d < 3; ++d) {
        if (d != dim) others.push_back(d);
      }
      for (int64_t b = 0; b < blocks; ++b) {
        for (int64_t p = 0; p < shape[others[0]]; ++p) {
          for (int64_t q = 0; q < shape[others[1]]; ++q) {
            for (int64_t j = 0; j < block; ++j, ++at) {
              int64_t index[3];
              index[others[0]] = p;
              index[others[1]] = q;
              index[dim] = b * block + j;
              const bool inside = index[dim] < shape[dim];
              const int expected = inside ? from[(index[0] * 4 + index[1]) * 5 + index[2]] : 0;
              ASSERT_EQ(to[at], expected);
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace cermet::program
