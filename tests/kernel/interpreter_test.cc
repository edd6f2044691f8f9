// The kernel interpreter: CPU and GPU schedules, memory checks, failed checks.
#include "ir/kernel/interpreter/interpreter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

#include "ir/kernel/text.h"
#include "ir/status.h"

namespace cermet::kernel {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Kernel Parse(absl::string_view text) {
  absl::StatusOr<std::vector<Kernel>> kernels = ParseKernels(text, "k.cermet");
  EXPECT_TRUE(kernels.ok()) << kernels.status();
  return std::move((*kernels)[0]);
}

std::vector<float> Ramp(int64_t n, float start, float step) {
  std::vector<float> values(n);
  for (int64_t i = 0; i < n; ++i) values[i] = start + step * static_cast<float>(i % 13);
  return values;
}

TEST(Interpreter, ElementwiseOverSymbolicDims) {
  const Kernel kernel = Parse(R"(kernel @k(%x: f32[?n], %y: f32[?n] out) {
    parallel %i in 0..?n { %y[%i] = %x[%i] * f32(2) + f32(1) } })");
  for (int64_t n : {0, 1, 5}) {
    std::vector<float> x = Ramp(n, 1, 1), y(n);
    void* arguments[] = {x.data(), y.data()};
    ASSERT_TRUE(Interpret(kernel, arguments, {{"n", n}}).ok());
    for (int64_t i = 0; i < n; ++i) EXPECT_EQ(y[i], x[i] * 2 + 1);
  }
  EXPECT_THAT(std::string(Interpret(kernel, {}, {}).message()), HasSubstr("n"));
}

TEST(Interpreter, TiledMatmulGivesTheNaiveBits) {
  const Kernel naive = Parse(R"(kernel @k(%x: f32[?n,7], %w: f32[7,10], %y: f32[?n,10] out) {
    parallel %i in 0..?n { for %j in 0..10 {
      %0 = for %k in 0..7 carry(%1 = f32(0)) { yield fma(%x[%i, %k], %w[%k, %j], %1) }
      %y[%i, %j] = %0 } } })");
  const Kernel tiled = Parse(R"(kernel @k(%x: f32[?n,7], %w: f32[7,10], %y: f32[?n,10] out) {
    parallel %j in 0..10 step 4 { for %i in 0..?n step 3 {
      %rows = %i + iota<3x1>(0)
      %columns = %j + iota<1x4>(1)
      %row = %rows < ?n
      %column = %columns < 10
      %0 = for %k in 0..7 carry(%1 = splat<3x4>(f32(0))) {
        %2 = %x[%rows, %k] mask %row
        %3 = %w[%k, %columns] mask %column
        yield fma(%2, %3, %1)
      }
      %y[%rows, %columns] = %0 mask %row & %column } } })");
  for (int64_t n : {1, 3, 8}) {
    std::vector<float> x = Ramp(n * 7, 0.1f, 0.3f), w = Ramp(70, -1.7f, 0.37f);
    std::vector<float> y(n * 10), z(n * 10);
    void* naive_arguments[] = {x.data(), w.data(), y.data()};
    void* tiled_arguments[] = {x.data(), w.data(), z.data()};
    ASSERT_TRUE(Interpret(naive, naive_arguments, {{"n", n}}).ok());
    ASSERT_TRUE(Interpret(tiled, tiled_arguments, {{"n", n}}).ok());
    EXPECT_EQ(std::memcmp(y.data(), z.data(), 4 * y.size()), 0);
    float expected = 0;
    for (int k = 0; k < 7; ++k) expected = std::fma(x[k], w[k * 10], expected);
    EXPECT_EQ(y[0], expected);
  }
}

TEST(Interpreter, LanesAndSlicesAndScratch) {
  const Kernel kernel = Parse(R"(kernel @k(%x: f32[3,4], %y: f32[3] out) {
    scratch %s: f32[4]
    parallel %i in 0..3 {
      %s[0 : 4] = %x[%i, 0 : 4]
      %0 = %s[0 : 4]
      %1 = slice(%0, axis 0, 0..2) + slice(%0, axis 0, 2..4)
      %y[%i] = extract(%1, 0) + extract(%1, 1)
    } })");
  std::vector<float> x(12), y(3);
  std::iota(x.begin(), x.end(), 0.0f);
  void* arguments[] = {x.data(), y.data()};
  ASSERT_TRUE(Interpret(kernel, arguments, {}).ok());
  EXPECT_THAT(y, ElementsAre(6, 22, 38));
}

TEST(Interpreter, OrderLanesCombineByHalving) {
  const Kernel kernel = Parse(R"(kernel @k(%x: f32[?n], %y: f32 out) {
    %0 = for %i in 0..?n order lanes(4) carry(%1 = f32(0)) { yield %1 + %x[%i] }
      combine(%l, %r) { yield %l + %r }
    %y[] = %0 })");
  for (int64_t n : {0, 3, 11}) {
    std::vector<float> x = Ramp(n, 0.1f, 1.3f);
    float lanes[4] = {}, y = -1;
    for (int64_t i = 0; i < n; ++i) lanes[i % 4] += x[i];
    void* arguments[] = {x.data(), &y};
    ASSERT_TRUE(Interpret(kernel, arguments, {{"n", n}}).ok());
    EXPECT_EQ(y, (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]));
  }
}

TEST(Interpreter, CarriedValuesSwap) {
  const Kernel kernel = Parse(R"(kernel @k(%y: i64[2] out) {
    %0, %1 = for %i in 0..5 carry(%2 = 1, %3 = 2) { yield %3, %2 }
    %y[0] = %0 %y[1] = %1 })");
  int64_t y[2];
  void* arguments[] = {y};
  ASSERT_TRUE(Interpret(kernel, arguments, {}).ok());
  EXPECT_EQ(y[0], 2);
  EXPECT_EQ(y[1], 1);
}

TEST(Interpreter, BranchesYield) {
  const Kernel kernel = Parse(R"(kernel @k(%y: i64[4] out) {
    for %i in 0..4 {
      %0 = if %i < 2 { yield %i * 10 } else { yield neg(%i) }
      %y[%i] = %0 } })");
  std::vector<int64_t> y(4);
  void* arguments[] = {y.data()};
  ASSERT_TRUE(Interpret(kernel, arguments, {}).ok());
  EXPECT_THAT(y, ElementsAre(0, 10, -2, -3));
}

TEST(Interpreter, EveryWidthOfElement) {
  for (absl::string_view dtype : {"bool", "i8", "i16", "i32", "i64", "u8", "f16", "bf16", "f64"}) {
    const Kernel kernel =
        Parse(absl::StrCat("kernel @k(%x: ", dtype, "[3], %y: ", dtype,
                           "[3] out) { for %i in 0..3 { %y[2 - %i] = %x[%i] } }"));
    const int64_t size = ByteSize(*ParseDType(dtype));
    std::vector<char> x(3 * size), y(3 * size);
    for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<char>(i * 77 + 1);
    void* arguments[] = {x.data(), y.data()};
    ASSERT_TRUE(Interpret(kernel, arguments, {}).ok());
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(std::memcmp(&x[i * size], &y[(2 - i) * size], size), 0) << dtype;
    }
  }
}

TEST(Interpreter, RangesCutTheParallelLoop) {
  absl::StatusOr<Interpreter> interpreter = Interpreter::Create(
      Parse(R"(kernel @k(%y: i64[?n] out) { parallel %i in 1..?n step 3 { %y[%i] = %i } })"));
  ASSERT_TRUE(interpreter.ok());
  std::vector<int64_t> y(12);
  void* arguments[] = {y.data()};
  const DimBindings dims = {{"n", 12}};
  EXPECT_EQ(*interpreter->Iterations(arguments, dims), 4);
  ASSERT_TRUE(interpreter->RunRange(arguments, dims, 1, 3).ok());
  EXPECT_THAT(y, ElementsAre(0, 0, 0, 0, 4, 0, 0, 7, 0, 0, 0, 0));
  ASSERT_TRUE(interpreter->RunRange(arguments, dims, 3, 9).ok());
  EXPECT_EQ(y[10], 10);
  EXPECT_EQ(y[1], 0);
}

// A block adds up its 8 elements through shared memory.
const char* const kBlockSum = R"(kernel @sum(%x: f32[?n], %y: f32[2] out) {
  shared %t: f32[8]
  block %b in 0..2 {
    thread %i in 0..8 {
      %p = %b * 8 + %i
      %0 = %x[%p] mask %p < ?n
      %t[%i] = %0
      for %s in 0..3 {
        %half = shift_right_logical(4, %s)
        barrier
        if %i < %half { %t[%i] = %t[%i] + %t[%i + %half] }
      }
      if %i == 0 { %y[%b] = %t[0] }
    }
  }
})";

TEST(Interpreter, BlocksReduceInSharedMemory) {
  std::vector<float> x(13), y(2);
  std::iota(x.begin(), x.end(), 1.0f);
  void* arguments[] = {x.data(), y.data()};
  absl::Status status = Interpret(Parse(kBlockSum), arguments, {{"n", 13}});
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(y, ElementsAre(36, 55));
}

TEST(Interpreter, TwoDimensionsOfThreads) {
  const Kernel kernel = Parse(R"(kernel @transpose(%x: f32[4,6], %y: f32[6,4] out) {
    shared %t: f32[2,3]
    block %bi in 0..2 { block %bj in 0..2 {
      thread %i in 0..2 { thread %j in 0..3 {
        %t[%i, %j] = %x[%bi * 2 + %i, %bj * 3 + %j]
        barrier
        %y[%bj * 3 + %j, %bi * 2 + %i] = %t[%i, %j] } } } } })");
  std::vector<float> x(24), y(24);
  std::iota(x.begin(), x.end(), 0.0f);
  void* arguments[] = {x.data(), y.data()};
  absl::Status status = Interpret(kernel, arguments, {});
  ASSERT_TRUE(status.ok()) << status;
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < 6; ++j) EXPECT_EQ(y[j * 4 + i], x[i * 6 + j]);
  }
}

TEST(Interpreter, ScratchIsPrivateToAThread) {
  const Kernel kernel = Parse(R"(kernel @k(%y: i64[4] out) {
    scratch %s: i64[1]
    block %b in 0..1 { thread %i in 0..4 { %s[0] = %i barrier %y[%i] = %s[0] } } })");
  std::vector<int64_t> y(4);
  void* arguments[] = {y.data()};
  ASSERT_TRUE(Interpret(kernel, arguments, {}).ok());
  EXPECT_THAT(y, ElementsAre(0, 1, 2, 3));
}

TEST(Interpreter, MissingBarriersAreRaces) {
  const auto run = [](absl::string_view body) {
    const Kernel kernel = Parse(absl::StrCat(
        "kernel @k(%y: i64[4] out) { shared %t: i64[4] block %b in 0..1 { thread %i in 0..4 { ",
        body, " } } }"));
    std::vector<int64_t> y(4);
    void* arguments[] = {y.data()};
    return Interpret(kernel, arguments, {});
  };
  EXPECT_TRUE(run("%t[%i] = %i barrier %y[%i] = %t[3 - %i]").ok());
  EXPECT_THAT(std::string(run("%t[%i] = %i %y[%i] = %t[rem(%i + 3, 4)]").message()),
              HasSubstr("no barrier between a read and a write"));
  EXPECT_THAT(std::string(run("%t[0] = %i").message()), HasSubstr("no barrier between two writes"));
  EXPECT_THAT(std::string(run("%t[%i] = %i barrier %y[%i] = %t[0] %t[%i] = %i").message()),
              HasSubstr("race for element 0 of %t"));
}

TEST(Interpreter, ShufflesMoveValuesInTheirWarp) {
  const auto run = [](absl::string_view shuffle) {
    const Kernel kernel = Parse(absl::StrCat(
        "kernel @k(%y: i64[64] out) { block %b in 0..1 { thread %t in 0..64 { %0 = shuffle(%t, ",
        shuffle, ") %y[%t] = %0 } } }"));
    std::vector<int64_t> y(64);
    void* arguments[] = {y.data()};
    EXPECT_TRUE(Interpret(kernel, arguments, {}).ok());
    return y;
  };
  const std::vector<int64_t> exchanged = run("xor 5"), shifted = run("down 3"), all = run("lane 7");
  for (int64_t t = 0; t < 64; ++t) {
    EXPECT_EQ(exchanged[t], t ^ 5);
    EXPECT_EQ(shifted[t], t % 32 < 29 ? t + 3 : t);
    EXPECT_EQ(all[t], t / 32 * 32 + 7);
  }
}

TEST(Interpreter, WarpsAreOfTheInnermostThreadLoop) {
  const Kernel kernel = Parse(R"(kernel @k(%y: i64[3,32] out) {
    block %b in 0..1 { thread %i in 0..3 { thread %j in 0..32 {
      for %n in 0..2 {
        %0 = shuffle(%i * 100 + %j, down 1)
        %y[%i, %j] = %0 + %n } } } } })");
  std::vector<int64_t> y(96);
  void* arguments[] = {y.data()};
  absl::Status status = Interpret(kernel, arguments, {});
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(y[0], 2);
  EXPECT_EQ(y[31], 32);
  EXPECT_EQ(y[64 + 5], 207);
}

// The block's copy of eight floats, each by one thread, and what it finds after `body`.
absl::StatusOr<std::vector<float>> CopyAndRead(absl::string_view body) {
  const Kernel kernel = Parse(
      absl::StrCat("kernel @k(%x: f32[8], %y: f32[8] out) { shared %s: f32[8] block %b in 0..1 { "
                   "thread %t in 0..8 { ",
                   body, " } } }"));
  std::vector<float> x = {1, 2, 3, 4, 5, 6, 7, 8}, y(8);
  void* arguments[] = {x.data(), y.data()};
  CERMET_RETURN_IF_ERROR(Interpret(kernel, arguments, {}));
  return y;
}

TEST(Interpreter, CopiesAreThereAfterWaitAndBarrier) {
  EXPECT_THAT(*CopyAndRead("copy_async %s[%t] = %x[7 - %t] commit wait 0 %y[%t] = %s[%t]"),
              ElementsAre(8, 7, 6, 5, 4, 3, 2, 1));
  EXPECT_THAT(*CopyAndRead("copy_async %s[%t] = %x[%t] mask %t < 3 commit wait 0 barrier "
                           "%y[%t] = %s[7 - %t]"),
              ElementsAre(0, 0, 0, 0, 0, 3, 2, 1));
  EXPECT_THAT(*CopyAndRead("copy_async %s[%t] = %x[8] mask false commit wait 0 %y[%t] = %s[%t]"),
              ElementsAre(0, 0, 0, 0, 0, 0, 0, 0));
}

TEST(Interpreter, WaitLeavesTheLastGroups) {
  EXPECT_THAT(*CopyAndRead("for %i in 0..2 { "
                           "copy_async %s[rem(%t + %i, 8)] = %x[%t] mask %i == 0 commit "
                           "wait 0 barrier } %y[%t] = %s[%t]"),
              ElementsAre(0, 0, 0, 0, 0, 0, 0, 0));
  const char* const kTwoGroups =
      "if %t < 4 { copy_async %s[%t] = %x[%t] commit copy_async %s[%t + 4] = %x[%t] commit "
      "wait 1 %y[%t] = %s[%t] wait 0 %y[%t + 4] = %s[%t + 4] }";
  EXPECT_THAT(*CopyAndRead(kTwoGroups), ElementsAre(1, 2, 3, 4, 1, 2, 3, 4));
}

TEST(Interpreter, CopiesWithoutWaitAreErrors) {
  const auto error = [](absl::string_view body) {
    return std::string(CopyAndRead(body).status().message());
  };
  EXPECT_THAT(error("copy_async %s[%t] = %x[%t] commit %y[%t] = %s[%t] wait 0"),
              HasSubstr("before a wait for the copy to it"));
  EXPECT_THAT(error("copy_async %s[%t] = %x[%t] commit wait 1 %y[%t] = %s[%t] wait 0"),
              HasSubstr("before a wait for the copy to it"));
  EXPECT_THAT(error("copy_async %s[%t] = %x[%t] wait 0 %y[%t] = %s[%t]"),
              HasSubstr("before a wait for the copy to it"));
  EXPECT_THAT(error("copy_async %s[%t] = %x[%t] commit wait 0 %y[%t] = %s[7 - %t]"),
              HasSubstr("no barrier between a read and a write"));
  EXPECT_THAT(error("copy_async %s[0] = %x[%t] barrier commit wait 0"),
              HasSubstr("thread 1 touches element 0 of %s before a wait"));
  EXPECT_THAT(error("copy_async %s[%t] = %x[%t] commit"),
              HasSubstr("thread 0 ends without a wait for a copy to %s"));
  EXPECT_THAT(error("copy_async %s[%t] = %x[%t] commit barrier"), HasSubstr("ends without a wait"));
  EXPECT_THAT(error("copy_async %s[%t] = %x[%t + 1] commit wait 0"),
              HasSubstr("copy_async from %x[8] is outside its shape [8]"));
  EXPECT_THAT(error("copy_async %s[%t + 1] = %x[%t] commit wait 0"),
              HasSubstr("copy_async to %s[8] is outside its shape [8]"));
  EXPECT_THAT(error("copy_async %s[0 : 4] = %x[%t + 2 : 4] commit wait 0"),
              HasSubstr("copy_async of 4 elements at element 2 of %x is not aligned"));
}

TEST(Interpreter, AccessOutsideABuffer) {
  const auto run = [](absl::string_view body) {
    const Kernel kernel =
        Parse(absl::StrCat("kernel @k(%x: f32[?n,4], %y: f32[?n,4] out) { ", body, " }"));
    std::vector<float> x(12), y(12);
    void* arguments[] = {x.data(), y.data()};
    return Interpret(kernel, arguments, {{"n", 3}});
  };
  EXPECT_THAT(std::string(run("%0 = %x[3, 0]").message()),
              HasSubstr("kernel @k: load from %x[3,0] is outside its shape [3,4]"));
  EXPECT_THAT(std::string(run("%y[0, -1] = f32(0)").message()), HasSubstr("store to %y[0,-1]"));
  EXPECT_THAT(std::string(run("%0 = %x[0, 1 : 4]").message()), HasSubstr("%x[0,4]"));
  EXPECT_TRUE(run("%0 = %x[3, 0] mask false").ok());
  EXPECT_THAT(std::string(run("%0 = %x[0, iota<5>(0)] mask iota<5>(0) < 4").message()), "");
}

TEST(Interpreter, TheLowestFailedCheckWins) {
  absl::StatusOr<Interpreter> interpreter =
      Interpreter::Create(Parse(R"(kernel @k(%x: i64[5], %y: i64[5] out) {
        parallel %i in 0..5 {
          check %x[4 - %i] > 0 at 4 - %i code 9 "not positive"
          %y[%i] = %x[%i] } })"));
  ASSERT_TRUE(interpreter.ok()) << interpreter.status();
  int64_t x[5] = {1, -1, 1, -1, 1}, y[5] = {};
  void* arguments[] = {x, y};
  CheckFailure failure;
  absl::Status status = interpreter->Run(arguments, {}, &failure);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("not positive (index 1, code 9)"));
  EXPECT_EQ(failure.index, 1);
  EXPECT_EQ(failure.code, 9);
  EXPECT_EQ(y[4], 1);
}

TEST(Interpreter, RejectsWhatDoesNotVerify) {
  Kernel kernel = Parse("kernel @k(%y: f32[4] out) { %y[0] = f32(1) }");
  kernel.buffers[0].access = Access::kIn;
  EXPECT_FALSE(Interpret(kernel, {}, {}).ok());
  EXPECT_THAT(std::string(Interpret(Parse("kernel @k(%y: f32[4] out) { }"), {}, {}).message()),
              HasSubstr("has more than 0 arguments"));
}

}  // namespace
}  // namespace cermet::kernel
