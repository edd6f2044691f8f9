// GPU schedules of naive kernels, run by the interpreter: blocks, threads in lockstep, shared
// memory.
#include "passes/schedule/schedule_gpu.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "codegen/ptx.h"
#include "codegen/target.h"
#include "ir/kernel/text.h"
#include "passes/schedule/legalize.h"
#include "passes/schedule/rows_on_blocks.h"
#include "tests/schedule/naive_kernels.h"
#include "tests/schedule/schedule_testing.h"

namespace cermet::schedule {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Target Gpu() {
  Target target;
  target.kind = TargetKind::kCuda;
  return target;
}

kernel::Kernel Scheduled(const std::string& text) {
  kernel::Kernel kernel = ParseKernel(text);
  const absl::Status status = ScheduleGpu(&kernel, Gpu(), ScheduleOptions(), nullptr);
  EXPECT_TRUE(status.ok()) << status;
  return kernel;
}

class ScheduleGpuTest : public testing::TestWithParam<NaiveKernel> {};

TEST_P(ScheduleGpuTest, KeepsBits) {
  const kernel::Kernel naive = ParseKernel(GetParam().text);
  kernel::Kernel scheduled = naive;
  std::vector<ScheduleStep> log;
  const absl::Status status = ScheduleGpu(&scheduled, Gpu(), ScheduleOptions(), &log);
  if (GetParam().name == "check") {
    EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
    return;
  }
  ASSERT_TRUE(status.ok()) << status;
  const std::string text = kernel::Print(scheduled);
  EXPECT_THAT(text, HasSubstr("block "));
  EXPECT_THAT(text, HasSubstr("thread "));
  EXPECT_THAT(text, Not(HasSubstr("parallel ")));
  ExpectSameBits(naive, scheduled, GetParam().dims);
}

INSTANTIATE_TEST_SUITE_P(All, ScheduleGpuTest, testing::ValuesIn(NaiveKernels()),
                         [](const testing::TestParamInfo<NaiveKernel>& info) {
                           return info.param.name;
                         });

TEST(ScheduleGpu, SchedulesBecomePtx) {
  std::vector<kernel::Kernel> kernels;
  for (const NaiveKernel& naive : NaiveKernels()) {
    if (naive.name == "check") continue;
    kernels.push_back(Scheduled(naive.text));
    kernels.back().name = naive.name;
  }
  const absl::StatusOr<Target> target = codegen::ParseTarget("nvptx64-nvidia-cuda", "sm_80");
  ASSERT_TRUE(target.ok()) << target.status();
  const absl::StatusOr<std::string> ptx = codegen::EmitPtx(kernels, *target);
  ASSERT_TRUE(ptx.ok()) << ptx.status();
  const std::string ptxas = "/usr/local/cuda/bin/ptxas";
  if (access(ptxas.c_str(), X_OK) != 0) GTEST_SKIP() << "SKIPPED: there is no " << ptxas;
  const std::string file = absl::StrCat(::testing::TempDir(), "cermet_schedules.ptx");
  std::ofstream(file) << *ptx;
  for (const char* arch : {"sm_80", "sm_90"}) {
    EXPECT_EQ(std::system(absl::StrCat(ptxas, " -arch=", arch, " ", file, " -o /dev/null").c_str()),
              0);
  }
}

TEST(ScheduleGpu, ProductsPassThroughSharedMemory) {
  const std::string text = kernel::Print(Scheduled(NaiveKernels()[0].text));
  EXPECT_THAT(text, HasSubstr("shared %left_tile"));
  EXPECT_THAT(text, HasSubstr("copy_async %left_tile"));
  EXPECT_THAT(text, HasSubstr("barrier"));
}

constexpr char kProduct[] =
    R"(kernel @product(%x: f32[?m,?k], %w: f32[?k,?n], %y: f32[?m,?n] out) {
  parallel %i in 0..?m {
    parallel %j in 0..?n {
      %s = for %k in 0..?k carry(%a = f32(0)) {
        yield fma(%x[%i, %k], %w[%k, %j], %a)
      }
      %y[%i, %j] = %s
    }
  }
})";

TEST(ScheduleGpu, ProductsOfEveryLength) {
  for (int64_t k : {0, 1, 15, 16, 17, 32, 50}) {
    ExpectSameBits(ParseKernel(kProduct), Scheduled(kProduct), {{"m", 17}, {"k", k}, {"n", 20}});
  }
}

TEST(ScheduleGpu, TheInterpreterFindsMissingWaitsAndBarriers) {
  const DimBindings dims = {{"m", 16}, {"k", 64}, {"n", 16}};
  const auto run = [&](absl::string_view from, absl::string_view to) {
    const kernel::Kernel kernel =
        ParseKernel(absl::StrReplaceAll(kernel::Print(Scheduled(kProduct)), {{from, to}}));
    return std::string(
        RunKernel(kernel, RandomArguments(kernel, dims, 1), dims).status().message());
  };
  EXPECT_EQ(run("wait 0", "wait 0"), "");
  EXPECT_THAT(run("wait 0", "wait 1"), HasSubstr("before a wait for the copy to it"));
  EXPECT_THAT(run("barrier\n", "\n"), HasSubstr("race for element"));
}

TEST(ScheduleGpu, RowsHaveABlockEachAndHalveByShuffles) {
  for (const NaiveKernel& naive : NaiveKernels()) {
    if (naive.name != "softmax" && naive.name != "total") continue;
    const std::string text = kernel::Print(Scheduled(naive.text));
    EXPECT_THAT(text, HasSubstr("thread %t in 0..64"));
    EXPECT_THAT(text, HasSubstr("step 64"));
    for (int distance : {16, 8, 4, 2, 1}) {
      EXPECT_THAT(text, HasSubstr(absl::StrCat(", down ", distance, ")")));
    }
  }
}

// A combiner that is not commutative: the order decides every bit.
TEST(ScheduleGpu, ShufflesKeepTheSidesOfTheCombiner) {
  for (int64_t threads : {4, 8, 32, 64, 128}) {
    const kernel::Kernel before =
        ParseKernel(absl::StrCat(R"(kernel @k(%x: f32[3,200], %y: f32[3] out) {
    parallel %i in 0..3 {
      %s, %n = for %j in 0..200 order lanes()",
                                 threads, R"() carry(%a = f32(0), %m = 0) {
        yield %a + %x[%i, %j], %m + %j
      } combine(%l, %p, %r, %q) {
        yield %l + f32(3) * %r, %p + %q * 2
      }
      %y[%i] = %s + convert<f32>(%n)
    } })"));
    kernel::Kernel after = before;
    const absl::Status status = RowsOnBlocks(&after, "i", threads);
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(kernel::Print(after).find("shuffle") != std::string::npos, threads >= 32);
    ExpectSameBits(before, after, {});
  }
}

TEST(ScheduleGpu, LegalizeRefusesWhatOnlyGpusHave) {
  for (const char* body :
       {"%0 = shuffle(%t, xor 1)", "barrier", "copy_async %s[%t] = %x[%t]", "commit", "wait 0",
        "%0 = splat<4 c16x8>(f32(0))", "%0 = iota<4 c16x8>(0)"}) {
    kernel::Kernel kernel =
        ParseKernel(absl::StrCat("kernel @k(%x: f32[32]) { shared %s: f32[32] block %b in 0..1 { "
                                 "thread %t in 0..32 { ",
                                 body, " } } }"));
    EXPECT_EQ(Legalize(&kernel, 32).code(), absl::StatusCode::kUnimplemented) << body;
  }
}

}  // namespace
}  // namespace cermet::schedule
