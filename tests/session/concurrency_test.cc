// Many threads in one session: compiling once, turns for state, closing. Also run under
// ThreadSanitizer (docs/testing.md).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include "frontend/api/ops.h"
#include "runtime/session/compile_once.h"
#include "runtime/session/run_gate.h"
#include "runtime/session/session.h"
#include "runtime/session/turn_lock.h"

namespace cermet {
namespace {

void InThreads(int count, const std::function<void(int)>& body) {
  std::vector<std::thread> threads;
  for (int t = 0; t < count; ++t) threads.emplace_back([&body, t] { body(t); });
  for (std::thread& thread : threads) thread.join();
}

std::unique_ptr<Session> Open(const api::Graph* graph) {
  SessionOptions options;
  options.intra_op_threads = 2;
  options.code_cache = false;
  options.specialise_after = 0;
  absl::StatusOr<std::unique_ptr<Session>> session = Session::Create(graph, options);
  EXPECT_TRUE(session.ok()) << session.status();
  return *std::move(session);
}

TEST(CompileOnce, AnErrorGoesToAllWhoWaitAndTheNextTriesAgain) {
  CompileOnce<int> once;
  std::atomic<int> asking{0}, made{0};
  const auto fail = [&]() -> absl::StatusOr<std::unique_ptr<int>> {
    ++made;
    while (asking.load() < 4) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // for the others to wait
    return absl::InternalError("no");
  };
  InThreads(4, [&](int) {
    ++asking;
    EXPECT_EQ(once.Get(fail).status().message(), "no");
  });
  EXPECT_EQ(made.load(), 1);
  EXPECT_EQ(once.ready(), nullptr);
  const absl::StatusOr<int*> value = once.Get([] { return std::make_unique<int>(7); });
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(**value, 7);
  EXPECT_EQ(once.ready(), *value);
}

// Readers and writers go on until both have had many turns: where one kind starves, the test hangs.
TEST(TurnLock, WritersAreAloneAndNobodyStarves) {
  constexpr int64_t kTurns = 200;
  TurnLock lock;
  int64_t value = 0;
  std::atomic<int64_t> reads{0}, writes{0};
  const auto is_over = [&] { return reads.load() >= kTurns && writes.load() >= kTurns; };
  InThreads(4, [&](int t) {
    while (!is_over()) {
      if (t < 2) {
        lock.LockShared();
        const int64_t before = value;
        std::this_thread::yield();
        EXPECT_EQ(value, before);
        lock.UnlockShared();
        ++reads;
      } else {
        lock.Lock();
        ++value;
        lock.Unlock();
        ++writes;
      }
    }
  });
  EXPECT_EQ(value, writes.load());
}

TEST(RunGate, CloseWaitsForThoseInside) {
  RunGate gate;
  ASSERT_TRUE(gate.Enter());
  std::atomic<bool> closed{false};
  std::thread closer([&] {
    gate.Close();
    closed.store(true);
  });
  while (!gate.is_closed()) std::this_thread::yield();
  EXPECT_FALSE(gate.Enter());
  EXPECT_FALSE(closed.load());
  gate.Leave();
  closer.join();
  gate.Close();
}

class ConcurrencyTest : public ::testing::Test {
 protected:
  ConcurrencyTest() : scope_(&graph_), session_(Open(&graph_)) {}

  // Products of different sizes: long to compile. Takes `input_`.
  api::Tensor LongToCompile() {
    input_ = api::Placeholder(DType::kF32, {Dim(16), Dim(16)});
    api::Tensor x = input_;
    for (int64_t n = 17; n < 27; ++n) {
      x = api::Softmax(api::MatMul(x, api::Constant(Literal::Splat(DType::kF32, {n - 1, n}, 1))));
    }
    return x;
  }

  api::Graph graph_;
  api::Graph::DefaultScope scope_;
  api::Tensor input_;
  std::unique_ptr<Session> session_;
};

TEST_F(ConcurrencyTest, OneRunIsCompiledOnce) {
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim(5)}, "x");
  const std::vector<api::Fetch> y = {api::Softmax(api::Exp(x))};
  InThreads(6, [&](int) {
    const absl::StatusOr<std::vector<Literal>> values =
        session_->Run({{x, Literal::Splat(DType::kF32, {5}, 0)}}, y);
    ASSERT_TRUE(values.ok()) << values.status();
    EXPECT_FLOAT_EQ((*values)[0].GetFloat(3), 0.2f);
  });
  EXPECT_EQ(session_->programs_compiled(), 1);
}

TEST_F(ConcurrencyTest, ErrorsReachEveryThread) {
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim(5)}, "x");
  const std::vector<api::Fetch> y = {api::Exp(x)};
  InThreads(4, [&](int) {
    EXPECT_THAT(std::string(session_->Run({}, y).status().message()),
                ::testing::HasSubstr("placeholder \"x\""));
  });
}

// A compilation takes as long as some hundred thousand small runs; one that blocked them would let
// at most those through that come between the flag and the lock.
TEST_F(ConcurrencyTest, CompilingBlocksNoOtherRun) {
  const std::vector<api::Fetch> small = {api::Add(3, 5)};
  ASSERT_TRUE(session_->Run({}, small).ok());
  const api::Tensor large = LongToCompile();
  std::atomic<bool> begun{false}, done{false};
  std::thread compiler([&] {
    begun.store(true);
    EXPECT_TRUE(session_->MakeCallable({input_}, {large}).ok());
    done.store(true);
  });
  int64_t runs_meanwhile = 0;
  while (!done.load()) {
    const bool is_compiling = begun.load();
    EXPECT_TRUE(session_->Run({}, small).ok());
    if (is_compiling && !done.load()) ++runs_meanwhile;
  }
  compiler.join();
  EXPECT_GT(runs_meanwhile, 100);
}

TEST_F(ConcurrencyTest, RunsSeeOneVersionOfTheState) {
  const api::Tensor a = api::Variable(Literal::Splat(DType::kI64, {64}, 0), "a");
  const api::Tensor b = api::Variable(Literal::Splat(DType::kI64, {64}, 0), "b");
  ASSERT_TRUE(session_->Run({}, {api::GlobalVariablesInitializer()}).ok());
  // The two steps name the variables in opposite orders.
  const std::vector<api::Fetch> up = {api::AssignAdd(a, 1), api::AssignAdd(b, 1)};
  const std::vector<api::Fetch> down = {api::AssignSub(b, 1), api::AssignSub(a, 1)};
  const std::vector<api::Fetch> both = {a, b};
  InThreads(4, [&](int t) {
    for (int i = 0; i < 60; ++i) {
      if (t < 2) {
        EXPECT_TRUE(session_->Run({}, t == 0 ? up : down).ok());
        continue;
      }
      const absl::StatusOr<std::vector<Literal>> values = session_->Run({}, both);
      ASSERT_TRUE(values.ok()) << values.status();
      EXPECT_EQ((*values)[0], (*values)[1]);
      EXPECT_TRUE((*values)[0].IsSplat());
    }
  });
  EXPECT_EQ((*session_->Run({}, both))[0], Literal::Splat(DType::kI64, {64}, 0));
}

TEST_F(ConcurrencyTest, ShapesAreSpecialisedWhileOthersRun) {
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim::Symbol("n")}, "x");
  const absl::StatusOr<Callable> square = session_->MakeCallable({x}, {api::Mul(x, x)});
  ASSERT_TRUE(square.ok());
  InThreads(4, [&](int t) {
    for (int i = 0; i < 40; ++i) {
      const int64_t n = 1 + (t + i) % 3;
      const absl::StatusOr<std::vector<Literal>> values =
          square->Run({Literal::Splat(DType::kF32, {n}, i)});
      ASSERT_TRUE(values.ok()) << values.status();
      EXPECT_EQ((*values)[0], Literal::Splat(DType::kF32, {n}, i * i));
    }
  });
  EXPECT_EQ(session_->programs_compiled(), 1 + 3);
}

TEST_F(ConcurrencyTest, ClosingWhileOthersRun) {
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim::Symbol("n")}, "x");
  const api::Tensor counter = api::Variable(0, "counter");
  const std::vector<api::Fetch> fetches = {api::Mul(x, x), api::AssignAdd(counter, 1)};
  const std::vector<api::Fetch> init = {api::GlobalVariablesInitializer()};
  for (int round = 0; round < 5; ++round) {
    const std::unique_ptr<Session> session = Open(&graph_);
    ASSERT_TRUE(session->Run({}, init).ok());
    const absl::StatusOr<Callable> callable = session->MakeCallable({x}, fetches);
    ASSERT_TRUE(callable.ok());
    std::atomic<int64_t> good{0};
    InThreads(3, [&](int t) {
      if (t == 2) {
        while (good.load() < 20) std::this_thread::yield();
        session->Close();
        EXPECT_EQ(session->MemoryStats().in_use_bytes, 0);
        EXPECT_EQ(session->MemoryStats().variable_bytes, 0);
        return;
      }
      const Literal fed = Literal::Splat(DType::kF32, {t + 1}, 3);
      while (true) {
        const absl::StatusOr<std::vector<Literal>> values =
            t == 0 ? session->Run({{x, fed}}, fetches) : callable->Run({fed});
        if (!values.ok()) {
          EXPECT_EQ(values.status().message(), "the session is closed");
          return;
        }
        EXPECT_EQ((*values)[0], Literal::Splat(DType::kF32, {t + 1}, 9));
        ++good;
      }
    });
  }
}

TEST_F(ConcurrencyTest, ClosingWhileOthersCompile) {
  const api::Tensor large = LongToCompile();
  std::thread runner([&] {
    const absl::StatusOr<std::vector<Literal>> values =
        session_->Run({{input_, Literal::Splat(DType::kF32, {16, 16}, 1)}}, {large});
    EXPECT_TRUE(values.ok()) << values.status();  // it had begun
  });
  while (session_->programs_compiled() == 0) std::this_thread::yield();
  InThreads(2, [&](int) { session_->Close(); });
  EXPECT_EQ(session_->MemoryStats().in_use_bytes, 0);
  EXPECT_EQ(session_->Run({}, {large}).status().message(), "the session is closed");
  runner.join();
}

}  // namespace
}  // namespace cermet
