// The executor over native code written by hand: shapes, state, constants, memory, errors,
// concurrency.
#include "runtime/executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <thread>

namespace {
std::atomic<int64_t> allocations{0};
}  // namespace

// Counts what a run allocates. Sanitizers have allocators of their own.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define CERMET_COUNTS_ALLOCATIONS
void* operator new(size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size);
}
void operator delete(void* pointer) noexcept { std::free(pointer); }
void operator delete(void* pointer, size_t) noexcept { std::free(pointer); }
#endif

namespace cermet::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// y = x + w[0] for x: f32[?n], through the workspace; state += 1; fails a check where x is
// negative.
const char* const kProgram = R"(program @p {
  dim ?n
  input %x: f32[?n] "x"
  input %s: i64 "s"
  output %y: f32[?n] "y"
  output %next: i64 "s" updates %s
  constant %w: f32[2,1,2] = @w packed(dim 1 by 2 of [1,3])
  temp %t: f32[?n] at 0
  workspace 64*?n+64 scratch 64
  check 5 "x is negative" in "log %3 \"loss\""
  launch @k(%x, %t) "encoder/exp"
}
kernel @k(%x: f32[?n], %y: f32[?n] out) {
  parallel %i in 0..?n {
    %y[%i] = %x[%i]
  }
}
)";

struct RangeContext {
  const CermetHost* host;
  const float* x;
  float* t;
};

void CopyRange(void* context, int64_t worker, int64_t begin, int64_t end) {
  const RangeContext* const range = static_cast<RangeContext*>(context);
  for (int64_t i = begin; i < end; ++i) range->t[i] = range->x[i];
}

int32_t Entry(const CermetHost* host, void* const* buffers, void* workspace) {
  const float* const x = static_cast<const float*>(buffers[0]);
  int64_t* const state = static_cast<int64_t*>(buffers[3]);
  const float* const w = static_cast<const float*>(buffers[4]);
  const int64_t n = static_cast<const int64_t*>(buffers[5])[0];
  float* const t = static_cast<float*>(workspace);
  RangeContext range{host, x, t};
  host->parallel_for(host->pool, n, 16, CopyRange, &range);
  for (int64_t i = 0; i < n; ++i) {
    if (x[i] < 0) {
      *host->error = {5, 0, i, 0};
      return 5;
    }
    static_cast<float*>(buffers[2])[i] = t[i] + w[0];
  }
  EXPECT_EQ(w[3], 0);  // padding
  ++*state;
  return 0;
}

class HandWritten : public program::NativeCode {
 public:
  program::EntryFunction entry() const override { return Entry; }
  int64_t code_bytes() const override { return 1; }
};

ConstantStore Constants() {
  ConstantStore store;
  store.Add("w", Literal::FromValues<float>({1, 3}, {10, 20, 30}));
  return store;
}

std::unique_ptr<Executor> MakeExecutor(const ExecutorOptions& options,
                                       ConstantCache* cache = nullptr) {
  absl::StatusOr<program::Program> program = program::ParseProgram(kProgram, "p.cermet");
  EXPECT_TRUE(program.ok()) << program.status();
  absl::StatusOr<std::unique_ptr<Executor>> executor = Executor::Create(
      *std::move(program), std::make_unique<HandWritten>(), Constants(), cache, options);
  EXPECT_TRUE(executor.ok()) << executor.status();
  return *std::move(executor);
}

absl::Status RunOn(Executor* executor, std::vector<float>* x, std::vector<float>* y,
                   int64_t* state) {
  const int64_t shape[] = {static_cast<int64_t>(x->size())};
  const InputView inputs[] = {{x->data(), shape}, {state, {}}};
  y->resize(x->size());
  void* const outputs[] = {y->data(), nullptr};
  return executor->Run(inputs, outputs);
}

TEST(Executor, RunsAndUpdatesStateInPlace) {
  ThreadPool pool(2);
  ExecutorOptions options;
  options.threads = pool.threads();
  std::unique_ptr<Executor> executor = MakeExecutor(options);
  int64_t state = 0;
  std::vector<float> x = {1, 2, 3}, y;
  ASSERT_TRUE(RunOn(executor.get(), &x, &y, &state).ok());
  EXPECT_THAT(y, ElementsAre(11, 12, 13));
  x = {5};
  ASSERT_TRUE(RunOn(executor.get(), &x, &y, &state).ok());
  EXPECT_THAT(y, ElementsAre(15));
  EXPECT_EQ(state, 2);
  EXPECT_EQ(*executor->PlannedBytes({{"n", 3}}), 64 * 3 + 64 + 2 * 64);
  EXPECT_EQ(executor->IdleMemory().peak_in_use_bytes, 64 * 3 + 64 + 2 * 64);
  executor->Trim();
  EXPECT_EQ(executor->IdleMemory().committed_bytes, 0);
  EXPECT_EQ(*executor->OutputShapes({{7}, {}}), (std::vector<std::vector<int64_t>>{{7}, {}}));
}

TEST(Executor, ShapesThatFollowOneAnotherAreNotMixedUp) {
  std::unique_ptr<Executor> executor = MakeExecutor({});
  absl::StatusOr<std::unique_ptr<Execution>> execution = executor->NewExecution();
  ASSERT_TRUE(execution.ok());
  const int64_t extents[] = {4, -1, 4};
  const absl::Span<const int64_t> shape(extents);
  ASSERT_TRUE((*execution)->Bind({{nullptr, shape.subspan(0, 1)}, {nullptr, {}}}).ok());
  EXPECT_TRUE((*execution)->IsBoundTo({{nullptr, shape.subspan(2, 1)}, {nullptr, {}}}));
  const std::vector<std::vector<InputView>> others = {
      {},
      {{nullptr, shape.subspan(0, 1)}},
      {{nullptr, shape.subspan(0, 2)}},
      {{nullptr, {}}, {nullptr, shape.subspan(0, 1)}},
      {{nullptr, shape.subspan(0, 1)}, {nullptr, {}}, {nullptr, {}}}};
  for (const std::vector<InputView>& other : others) {
    EXPECT_FALSE((*execution)->IsBoundTo(other)) << other.size();
    EXPECT_EQ((*execution)->Bind(other).code(), absl::StatusCode::kInvalidArgument);
    ASSERT_TRUE((*execution)->Bind({{nullptr, shape.subspan(0, 1)}, {nullptr, {}}}).ok());
  }
}

TEST(Executor, CopiesStateThatMoves) {
  std::unique_ptr<Executor> executor = MakeExecutor({});
  int64_t before = 41, after = 0;
  float x = 1, y = 0;
  const int64_t shape[] = {1};
  const InputView inputs[] = {{&x, shape}, {&before, {}}};
  void* const outputs[] = {&y, &after};
  ASSERT_TRUE(executor->Run(inputs, outputs).ok());
  EXPECT_EQ(before, 41);
  EXPECT_EQ(after, 42);
}

TEST(Executor, NamesTheNodeOfAFailedCheck) {
  std::unique_ptr<Executor> executor = MakeExecutor({});
  int64_t state = 0;
  std::vector<float> x = {1, -2}, y;
  absl::Status status = RunOn(executor.get(), &x, &y, &state);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(), "log %3 \"loss\": x is negative (element 1, code 5)");
  x = {1};
  EXPECT_TRUE(RunOn(executor.get(), &x, &y, &state).ok());
}

TEST(Executor, NamesTheNodeThatBreaksTheLimit) {
  MemoryBudget budget(1 << 14);
  ExecutorOptions options;
  options.budget = &budget;
  std::unique_ptr<Executor> executor = MakeExecutor(options);
  int64_t state = 0;
  std::vector<float> x(1 << 13, 1.0f), y;
  absl::Status status = RunOn(executor.get(), &x, &y, &state);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("encoder/exp"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("does not fit the memory limit of 16384"));
  x.resize(4);
  EXPECT_TRUE(RunOn(executor.get(), &x, &y, &state).ok());
  executor.reset();
  EXPECT_EQ(budget.taken(), 0);
}

TEST(Executor, RejectsBadInputs) {
  std::unique_ptr<Executor> executor = MakeExecutor({});
  float x[4] = {};
  int64_t state = 0;
  const int64_t matrix[] = {2, 2};
  const InputView inputs[] = {{x, matrix}, {&state, {}}};
  void* const outputs[] = {x, nullptr};
  EXPECT_THAT(std::string(executor->Run(inputs, outputs).message()),
              HasSubstr("input \"x\" (f32[?n]) is given as [2,2]: rank 2, not 1"));
  EXPECT_THAT(std::string(executor->Run(absl::MakeSpan(inputs, 1), outputs).message()),
              HasSubstr("takes 2 inputs, not 1"));
  const int64_t vector[] = {4};
  const InputView good[] = {{x, vector}, {&state, {}}};
  EXPECT_THAT(std::string(executor->Run(good, {}).message()), HasSubstr("has 2 outputs, not 0"));
}

TEST(Executor, WantsItsConstants) {
  absl::StatusOr<program::Program> program = program::ParseProgram(kProgram, "p.cermet");
  absl::Status status =
      Executor::Create(*program, std::make_unique<HandWritten>(), {}, nullptr, {}).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("constant @w has no bytes"));
  ConstantStore other;
  other.Add("w", Literal::FromValues<float>({4}, {1, 2, 3, 4}));
  status = Executor::Create(*program, std::make_unique<HandWritten>(), other, nullptr, {}).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot be packed(dim 1 by 2 of [1,3])"));
}

TEST(Executor, SharesPackedConstants) {
  ConstantCache cache;
  {
    std::unique_ptr<Executor> first = MakeExecutor({}, &cache);
    EXPECT_EQ(cache.packed_bytes(), 16);
    std::unique_ptr<Executor> second = MakeExecutor({}, &cache);
    EXPECT_EQ(cache.packed_bytes(), 16);
    first.reset();
    EXPECT_EQ(cache.packed_bytes(), 16);
  }
  EXPECT_EQ(cache.packed_bytes(), 0);
}

TEST(Executor, ConcurrentRunsOwnTheirWorkspaces) {
  ThreadPool pool(2);
  ExecutorOptions options;
  options.threads = pool.threads();
  std::unique_ptr<Executor> executor = MakeExecutor(options);
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&, caller] {
      int64_t state = 0;
      std::vector<float> x(100 + caller, static_cast<float>(caller)), y;
      for (int repeat = 0; repeat < 100; ++repeat) {
        ASSERT_TRUE(RunOn(executor.get(), &x, &y, &state).ok());
        for (float value : y) ASSERT_EQ(value, static_cast<float>(caller + 10));
      }
      EXPECT_EQ(state, 100);
    });
  }
  for (std::thread& caller : callers) caller.join();
}

TEST(Executor, AllocatesNothingForAKnownShape) {
#ifndef CERMET_COUNTS_ALLOCATIONS
  GTEST_SKIP() << "allocations are not counted under a sanitizer";
#endif
  ThreadPool pool(2);
  ExecutorOptions options;
  options.threads = pool.threads();
  std::unique_ptr<Executor> executor = MakeExecutor(options);
  int64_t state = 0;
  std::vector<float> x(100, 1.0f), y;
  ASSERT_TRUE(RunOn(executor.get(), &x, &y, &state).ok());
  const int64_t before = allocations.load();
  for (int repeat = 0; repeat < 10; ++repeat) RunOn(executor.get(), &x, &y, &state).IgnoreError();
  EXPECT_EQ(allocations.load(), before);
  EXPECT_GT(before, 0);
}

TEST(Executor, ShapesThatAlternateAllocateNothing) {
#ifndef CERMET_COUNTS_ALLOCATIONS
  GTEST_SKIP() << "allocations are not counted under a sanitizer";
#endif
  std::unique_ptr<Executor> executor = MakeExecutor({});
  int64_t state = 0;
  std::vector<std::vector<float>> inputs = {{1}, {1, 2, 3}, {}};
  std::vector<float> y(3);
  const auto run_all = [&] {
    for (std::vector<float>& x : inputs) {
      ASSERT_TRUE(RunOn(executor.get(), &x, &y, &state).ok());
      for (size_t i = 0; i < x.size(); ++i) EXPECT_EQ(y[i], x[i] + 10);
    }
  };
  run_all();
  const int64_t before = allocations.load();
  for (int repeat = 0; repeat < 10; ++repeat) run_all();
  EXPECT_EQ(allocations.load(), before);
}

TEST(Executor, PreallocatesAtCreation) {
  MemoryBudget budget(1 << 20);
  ExecutorOptions options;
  options.budget = &budget;
  options.arena.preallocate_fraction = 0.5;
  std::unique_ptr<Executor> executor = MakeExecutor(options);
  EXPECT_EQ(budget.taken(), 1 << 19);
}

}  // namespace
}  // namespace cermet::runtime
