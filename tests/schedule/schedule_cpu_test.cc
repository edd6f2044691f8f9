// CPU schedules of naive kernels: legal, and the same bits as the naive form for every target and
// tile.
#include "passes/schedule/schedule_cpu.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ir/kernel/text.h"
#include "ir/kernel/verifier.h"
#include "passes/schedule/pack.h"
#include "tests/schedule/naive_kernels.h"
#include "tests/schedule/schedule_testing.h"

namespace cermet::schedule {
namespace {

class ScheduleCpuTest : public testing::TestWithParam<NaiveKernel> {};

void Check(const kernel::Kernel& naive, const DimBindings& dims, const Target& target,
           const ScheduleOptions& options) {
  kernel::Kernel scheduled = naive;
  std::vector<ScheduleStep> log;
  const absl::Status status = ScheduleCpu(&scheduled, target, options, &log);
  ASSERT_TRUE(status.ok()) << status;
  const absl::Status legal = kernel::VerifyLegal(scheduled, target.vector_bytes);
  ASSERT_TRUE(legal.ok()) << legal << "\n" << kernel::Print(scheduled);
  ExpectSameBits(naive, scheduled, dims);
}

TEST_P(ScheduleCpuTest, KeepsBits) {
  const kernel::Kernel naive = ParseKernel(GetParam().text);
  for (const Target& target : {Avx2(), Avx512()}) {
    Check(naive, GetParam().dims, target, ScheduleOptions());
    ScheduleOptions runtime_data;
    runtime_data.constant_arguments.assign(naive.buffers.size(), false);
    Check(naive, GetParam().dims, target, runtime_data);
    for (int64_t rows : {1, 3}) {
      for (int64_t columns : {5, 8, 24}) {
        ScheduleOptions options;
        options.tile_rows = rows;
        options.tile_columns = columns;
        Check(naive, GetParam().dims, target, options);
      }
    }
  }
}

TEST_P(ScheduleCpuTest, EveryStepKeepsBits) {
  const kernel::Kernel naive = ParseKernel(GetParam().text);
  kernel::Kernel scheduled = naive;
  std::vector<ScheduleStep> log;
  ASSERT_TRUE(ScheduleCpu(&scheduled, Avx2(), ScheduleOptions(), &log).ok());
  for (const ScheduleStep& step : log) {
    SCOPED_TRACE(step.name);
    ExpectSameBits(naive, ParseKernel(step.kernel), GetParam().dims);
  }
}

INSTANTIATE_TEST_SUITE_P(All, ScheduleCpuTest, testing::ValuesIn(NaiveKernels()),
                         [](const testing::TestParamInfo<NaiveKernel>& info) {
                           return info.param.name;
                         });

TEST(ScheduleCpuLogTest, SplitsGroupsThatAreWideEnough) {
  for (const auto& [name, group] : std::map<std::string, int64_t>{
           {"grouped_convolution", 8}, {"groups_of_five", 5}, {"groups_of_two", 2}}) {
    const std::vector<NaiveKernel> kernels = NaiveKernels();
    const auto naive = std::find_if(kernels.begin(), kernels.end(),
                                    [&](const NaiveKernel& k) { return name == k.name; });
    ASSERT_NE(naive, kernels.end()) << name;
    kernel::Kernel kernel = ParseKernel(naive->text);
    std::vector<ScheduleStep> log;
    ASSERT_TRUE(ScheduleCpu(&kernel, Avx2(), ScheduleOptions(), &log).ok());
    const std::string split = absl::StrCat("split %d3 by ", group, " ");
    const bool is_split = std::any_of(log.begin(), log.end(), [&](const ScheduleStep& step) {
      return absl::StartsWith(step.name, split);
    });
    EXPECT_EQ(is_split, group >= 4) << name;
  }
}

TEST(PackKernel, IsScheduled) {
  for (int64_t dim : {0, 1, 2}) {
    const kernel::Packing packing{dim, 8, {Dim(3), Dim(10), Dim(12)}};
    const kernel::Kernel naive = NaivePackKernel(packing, DType::kF32);
    Check(naive, {}, Avx2(), ScheduleOptions());
    const kernel::Packing symbolic{dim, 8, {Dim::Symbol("a"), Dim::Symbol("b"), Dim(12)}};
    Check(NaivePackKernel(symbolic, DType::kF32), {{"a", 3}, {"b", 10}}, Avx512(),
          ScheduleOptions());
  }
}

TEST(ScheduleCpuLogTest, SaysWhyAKernelStaysScalar) {
  for (const NaiveKernel& naive : NaiveKernels()) {
    kernel::Kernel kernel = ParseKernel(naive.text);
    std::vector<ScheduleStep> log;
    ASSERT_TRUE(ScheduleCpu(&kernel, Avx2(), ScheduleOptions(), &log).ok());
    std::string reasons;
    for (const ScheduleStep& step : log) {
      if (absl::StartsWith(step.name, kStaysScalar)) reasons += step.name;
    }
    if (naive.name == "check") {
      EXPECT_EQ(reasons, "stays scalar: kernel @k: a check inside a tile");
    }
    if (naive.name == "elementwise_merged") {
      EXPECT_EQ(reasons, "");
    }
  }
}

}  // namespace
}  // namespace cermet::schedule
