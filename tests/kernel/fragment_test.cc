// Fragments of matrices over a warp, and the products of them.
#include "ir/kernel/fragment.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ir/kernel/interpreter/interpreter.h"
#include "ir/kernel/text.h"

namespace cermet::kernel {
namespace {

constexpr Fragment kFragments[] = {Fragment::kA16x8, Fragment::kB8x8, Fragment::kA16x16,
                                   Fragment::kB16x8, Fragment::kC16x8};

TEST(Fragment, EveryElementIsHeldOnce) {
  for (Fragment fragment : kFragments) {
    const FragmentAxis row = AxisOf(fragment, 0), column = AxisOf(fragment, 1);
    std::set<std::pair<int64_t, int64_t>> held;
    for (int64_t lane = 0; lane < kWarpSize; ++lane) {
      for (int64_t i = 0; i < ElementsPerThread(fragment); ++i) {
        EXPECT_LT(row.At(lane, i), Rows(fragment));
        EXPECT_LT(column.At(lane, i), Columns(fragment));
        EXPECT_TRUE(held.insert({row.At(lane, i), column.At(lane, i)}).second) << Name(fragment);
      }
    }
    EXPECT_EQ(static_cast<int64_t>(held.size()), Rows(fragment) * Columns(fragment));
    EXPECT_EQ(ParseFragment(Name(fragment)), fragment);
  }
  EXPECT_EQ(ParseFragment("a16x4"), std::nullopt);
}

// Read off the figures of the PTX ISA, for the thread 13 = 4 * 3 + 1 of a warp.
TEST(Fragment, PlacesAreThoseOfThePtxIsa) {
  struct Case {
    Fragment fragment;
    std::vector<std::pair<int64_t, int64_t>> places;  // row, column
  };
  const Case cases[] = {
      {Fragment::kA16x8, {{3, 1}, {11, 1}, {3, 5}, {11, 5}}},
      {Fragment::kB8x8, {{1, 3}, {5, 3}}},
      {Fragment::kA16x16, {{3, 2}, {3, 3}, {11, 2}, {11, 3}, {3, 10}, {3, 11}, {11, 10}, {11, 11}}},
      {Fragment::kB16x8, {{2, 3}, {3, 3}, {10, 3}, {11, 3}}},
      {Fragment::kC16x8, {{3, 2}, {3, 3}, {11, 2}, {11, 3}}},
  };
  for (const Case& c : cases) {
    for (size_t i = 0; i < c.places.size(); ++i) {
      EXPECT_EQ(AxisOf(c.fragment, 0).At(13, i), c.places[i].first) << Name(c.fragment) << " " << i;
      EXPECT_EQ(AxisOf(c.fragment, 1).At(13, i), c.places[i].second)
          << Name(c.fragment) << " " << i;
    }
  }
}

// y = c + x w for x of 16 x depth and w of depth x 8, by one warp.
Kernel Product(absl::string_view mode, absl::string_view dtype, int depth) {
  const std::string a = depth == 8 ? "4 a16x8" : "8 a16x16", b = depth == 8 ? "2 b8x8" : "4 b16x8";
  absl::StatusOr<std::vector<Kernel>> kernels = ParseKernels(
      absl::StrCat("kernel @k(%x: ", dtype, "[16,", depth, "], %w: ", dtype, "[", depth,
                   ",8], %c: f32[16,8], %y: f32[16,8] out) { block %b in 0..1 { "
                   "thread %t in 0..32 { %0 = %x[iota<",
                   a, ">(0), iota<", a, ">(1)] %1 = %w[iota<", b, ">(0), iota<", b,
                   ">(1)] %2 = %c[iota<4 c16x8>(0), iota<4 c16x8>(1)] %3 = mma<", mode,
                   ">(%0, %1, %2) %y[iota<4 c16x8>(0), iota<4 c16x8>(1)] = %3 } } }"),
      "k.cermet");
  EXPECT_TRUE(kernels.ok()) << kernels.status();
  return std::move((*kernels)[0]);
}

TEST(Mma, SmallIntegersMultiplyExactly) {
  for (DType dtype : {DType::kF16, DType::kBF16}) {
    std::vector<uint16_t> x(16 * 16), w(16 * 8);
    std::vector<float> c(16 * 8), y(16 * 8);
    const auto x_at = [](int i, int k) { return (i * 7 + k * 3) % 11 - 5; };
    const auto w_at = [](int k, int j) { return (k * 5 + j) % 7 - 3; };
    for (int i = 0; i < 16; ++i) {
      for (int k = 0; k < 16; ++k) {
        x[i * 16 + k] = static_cast<uint16_t>(BitsFromFloat(dtype, x_at(i, k)));
        if (i < 8) w[k * 8 + i] = static_cast<uint16_t>(BitsFromFloat(dtype, w_at(k, i)));
      }
    }
    for (size_t i = 0; i < c.size(); ++i) c[i] = static_cast<float>(i);
    void* arguments[] = {x.data(), w.data(), c.data(), y.data()};
    const absl::Status status = Interpret(Product(Name(dtype), Name(dtype), 16), arguments, {});
    ASSERT_TRUE(status.ok()) << status;
    for (int i = 0; i < 16; ++i) {
      for (int j = 0; j < 8; ++j) {
        int expected = i * 8 + j;
        for (int k = 0; k < 16; ++k) expected += x_at(i, k) * w_at(k, j);
        EXPECT_EQ(y[i * 8 + j], expected) << i << "," << j;
      }
    }
  }
}

TEST(Mma, Tf32RoundsItsOperandsToElevenBits) {
  std::vector<float> x(16 * 8), w(8 * 8), c(16 * 8, 0.5f), y(16 * 8);
  x[0] = 1 + 0x1p-10f;              // has the bits
  x[8] = 1 + 0x1p-11f;              // a tie, away from zero
  x[16] = -(1 + 0x1p-11f);          // likewise
  x[24] = 1 + 0x1p-11f - 0x1p-20f;  // below the tie
  for (int k = 0; k < 8; ++k) w[k * 8 + k] = 1;
  void* arguments[] = {x.data(), w.data(), c.data(), y.data()};
  const absl::Status status = Interpret(Product("tf32", "f32", 8), arguments, {});
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(y[0], 1.5f + 0x1p-10f);
  EXPECT_EQ(y[8], 1.5f + 0x1p-10f);
  EXPECT_EQ(y[16], -(0.5f + 0x1p-10f));
  EXPECT_EQ(y[24], 1.5f);
  EXPECT_EQ(y[1], 0.5f);
}

}  // namespace
}  // namespace cermet::kernel
