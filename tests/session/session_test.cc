// The user's graph and session: names, printing, feeds, variables, closing, and errors.
#include "runtime/session/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <thread>

#include "frontend/api/ops.h"
#include "tests/session/session_fixture.h"

namespace cermet {
namespace {

using ::testing::HasSubstr;

std::string Printed(const api::Tensor& tensor) {
  std::ostringstream out;
  out << tensor;
  return out.str();
}

class SessionTest : public testing::SessionFixture {
 protected:
  Literal Value(const api::Tensor& tensor, const std::vector<api::Feed>& feeds = {}) {
    absl::StatusOr<std::vector<Literal>> values = session_->Run(feeds, {tensor});
    EXPECT_TRUE(values.ok()) << values.status();
    return values.ok() ? std::move((*values)[0]) : Literal();
  }
  std::string Error(const std::vector<api::Feed>& feeds, const std::vector<api::Fetch>& fetches) {
    return std::string(session_->Run(feeds, fetches).status().message());
  }
};

TEST_F(SessionTest, AddPrintsANodeAndRunsToItsValue) {
  const api::Tensor add = api::Add(3, 5);
  EXPECT_EQ(Printed(add), "Tensor(\"Add:0\", shape=(), dtype=int32)");
  EXPECT_EQ(Value(add), Literal::Scalar<int32_t>(8));
}

TEST_F(SessionTest, PowOfSumAndProduct) {
  const api::Tensor sum = api::Add(2, 3), product = api::Mul(2, 3), power = api::Pow(product, sum);
  EXPECT_EQ(Printed(power), "Tensor(\"Pow:0\", shape=(), dtype=int32)");
  const absl::StatusOr<std::vector<Literal>> values = session_->Run({}, {power, sum, product});
  ASSERT_TRUE(values.ok()) << values.status();
  EXPECT_EQ((*values)[0], Literal::Scalar<int32_t>(7776));
  EXPECT_EQ((*values)[1], Literal::Scalar<int32_t>(5));
  EXPECT_EQ((*values)[2], Literal::Scalar<int32_t>(6));
}

TEST_F(SessionTest, NamesAreUniqueAndScoped) {
  EXPECT_EQ(api::Add(1, 2).name(), "Add:0");
  EXPECT_EQ(api::Add(1, 2).name(), "Add_1:0");
  const api::Graph::NameScope outer(&graph_, "mlp");
  EXPECT_EQ(api::Add(1, 2).name(), "mlp/Add:0");
  EXPECT_EQ(api::Add(1, 2).name(), "mlp/Add_1:0");
}

TEST_F(SessionTest, PlaceholdersOfAnySize) {
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim::Symbol("n"), Dim(2)}, "x");
  EXPECT_EQ(Printed(x), "Tensor(\"x:0\", shape=(?, 2), dtype=float32)");
  const api::Tensor y = api::ReduceSum(api::Mul(x, 2.0f), {0});
  for (int64_t n : {1, 3, 2}) {
    const Literal fed = Literal::Splat(DType::kF32, {n, 2}, 1.5);
    EXPECT_EQ(Value(y, {{x, fed}}), Literal::Splat(DType::kF32, {2}, 3.0 * n)) << n;
  }
  EXPECT_THAT(Error({}, {y}),
              HasSubstr("placeholder \"x\" of type f32[?n,2] is needed by a fetch and not fed"));
  EXPECT_THAT(Error({{x, Literal::Splat(DType::kF32, {2, 3}, 0)}}, {y}),
              HasSubstr("tensor \"x:0\" is f32[?n,2], the fed value is f32[2,3]"));
}

TEST_F(SessionTest, AnyTensorMayBeFed) {
  const api::Tensor sum = api::Add(1, 2), product = api::Mul(sum, 10);
  EXPECT_EQ(Value(product), Literal::Scalar<int32_t>(30));
  EXPECT_EQ(Value(product, {{sum, Literal::Scalar<int32_t>(7)}}), Literal::Scalar<int32_t>(70));
}

TEST_F(SessionTest, TheOrderOfFeedsDoesNotMatter) {
  const api::Tensor x = api::Placeholder(DType::kI32, {}, "x");
  const api::Tensor y = api::Placeholder(DType::kI32, {}, "y");
  const api::Tensor difference = api::Sub(x, y);
  const api::Feed seven = {x, Literal::Scalar<int32_t>(7)}, two = {y, Literal::Scalar<int32_t>(2)};
  EXPECT_EQ(Value(difference, {seven, two}), Literal::Scalar<int32_t>(5));
  EXPECT_EQ(Value(difference, {two, seven}), Literal::Scalar<int32_t>(5));
  EXPECT_EQ(session_->programs_compiled(), 1);
}

TEST_F(SessionTest, KindsOfRunThatWereNotUsedLatelyAreForgotten) {
  SessionOptions options;
  options.code_cache = false;
  options.max_compiled_runs = 2;
  const absl::StatusOr<std::unique_ptr<Session>> session = Session::Create(&graph_, options);
  ASSERT_TRUE(session.ok());
  const api::Tensor sums[] = {api::Add(1, 2), api::Add(1, 3), api::Add(1, 4)};
  const auto compiles = [&](int i) {
    const int64_t before = (*session)->programs_compiled();
    const absl::StatusOr<std::vector<Literal>> values = (*session)->Run({}, {sums[i]});
    EXPECT_TRUE(values.ok()) << values.status();
    EXPECT_EQ((*values)[0], Literal::Scalar<int32_t>(3 + i));
    return (*session)->programs_compiled() > before;
  };
  EXPECT_TRUE(compiles(0));
  EXPECT_TRUE(compiles(1));
  EXPECT_FALSE(compiles(0));
  EXPECT_TRUE(compiles(2));
  EXPECT_FALSE(compiles(0));
  EXPECT_TRUE(compiles(1));
}

TEST_F(SessionTest, VariablesKeepTheirValues) {
  const api::Tensor counter = api::Variable(0, "counter");
  const api::Operation increment = api::AssignAdd(counter, 1);
  const api::Operation init = api::GlobalVariablesInitializer();
  EXPECT_THAT(Error({}, {counter}), HasSubstr("variable \"counter\" has no value yet"));
  ASSERT_TRUE(session_->Run({}, {init}).ok());
  EXPECT_EQ(Value(counter), Literal::Scalar<int32_t>(0));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(session_->Run({}, {increment}).ok());
  EXPECT_EQ(Value(counter), Literal::Scalar<int32_t>(5));
  EXPECT_EQ(session_->MemoryStats().variable_bytes, 4);
}

TEST_F(SessionTest, AFailedInitialiserGivesNoValue) {
  SessionOptions options;
  options.memory_limit_bytes = 4096;
  options.code_cache = false;
  absl::StatusOr<std::unique_ptr<Session>> session = Session::Create(&graph_, options);
  ASSERT_TRUE(session.ok());
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim(64), Dim(64)}, "x");
  const api::Tensor v = api::Variable(Literal::Splat(DType::kF32, {64, 64}, 1), "v");
  const api::Operation assign = api::Assign(v, api::MatMul(api::MatMul(x, x), x));
  const std::vector<api::Feed> feeds = {{x, Literal::Splat(DType::kF32, {64, 64}, 1)}};
  EXPECT_EQ((*session)->Run(feeds, {assign}).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string((*session)->Run({}, {v}).status().message()),
              HasSubstr("variable \"v\" has no value yet"));
}

TEST_F(SessionTest, AFedVariableIsReadFromTheFeedAndUpdated) {
  const api::Tensor v = api::Variable(1, "v");
  const api::Operation add = api::AssignAdd(v, 10);
  ASSERT_TRUE(session_->Run({}, {api::GlobalVariablesInitializer()}).ok());
  ASSERT_TRUE(session_->Run({{v, Literal::Scalar<int32_t>(5)}}, {add}).ok());
  EXPECT_EQ(Value(v), Literal::Scalar<int32_t>(15));
  EXPECT_EQ(Value(v, {{v, Literal::Scalar<int32_t>(7)}}), Literal::Scalar<int32_t>(7));
  EXPECT_EQ(Value(v), Literal::Scalar<int32_t>(15));
}

TEST_F(SessionTest, UpdatesSeeTheValuesBeforeTheRun) {
  const api::Tensor a = api::Variable(1, "a"), b = api::Variable(2, "b");
  ASSERT_TRUE(session_->Run({}, {api::GlobalVariablesInitializer()}).ok());
  const api::Operation swap = api::Group({api::Assign(a, b), api::Assign(b, a)});
  ASSERT_TRUE(session_->Run({}, {swap}).ok());
  EXPECT_EQ(Value(a), Literal::Scalar<int32_t>(2));
  EXPECT_EQ(Value(b), Literal::Scalar<int32_t>(1));
}

TEST_F(SessionTest, GradientFreeTrainingStepUpdatesInPlace) {
  const api::Tensor w = api::Variable(Literal::Splat(DType::kF32, {256, 256}, 1), "w");
  const api::Operation decay = api::Assign(w, api::Mul(w, 0.5f));
  ASSERT_TRUE(session_->Run({}, {api::GlobalVariablesInitializer()}).ok());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(session_->Run({}, {decay}).ok());
  EXPECT_EQ(Value(w), Literal::Splat(DType::kF32, {256, 256}, 0.125));
}

TEST_F(SessionTest, MatMulReluSoftmax) {
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim(2), Dim(3)}, "x");
  const api::Tensor w = api::Constant(Literal::Splat(DType::kF32, {3, 4}, 1));
  const api::Tensor y = api::Softmax(api::Relu(api::MatMul(x, w)));
  const Literal value = Value(y, {{x, Literal::Splat(DType::kF32, {2, 3}, 0.25)}});
  EXPECT_EQ(value, Literal::Splat(DType::kF32, {2, 4}, 0.25));
}

TEST_F(SessionTest, ErrorsOfTheGraphStickAndNameTheNode) {
  const api::Tensor x = api::Constant(Literal::Splat(DType::kF32, {4, 8}, 1));
  const api::Tensor y = api::Constant(Literal::Splat(DType::kF32, {4, 9}, 1));
  const api::Tensor bad = api::Add(x, y);
  EXPECT_FALSE(static_cast<bool>(bad));
  EXPECT_THAT(std::string(graph_.status().message()), HasSubstr("Add"));
  EXPECT_THAT(Error({}, {x}), HasSubstr("Add"));
}

TEST_F(SessionTest, EvalNeedsADefaultSession) {
  const api::Tensor add = api::Add(3, 5);
  EXPECT_THAT(std::string(add.Eval().status().message()), HasSubstr("no default session"));
  {
    const Session::DefaultScope as_default = session_->AsDefault();
    const absl::StatusOr<Literal> value = add.Eval();
    ASSERT_TRUE(value.ok()) << value.status();
    EXPECT_EQ(*value, Literal::Scalar<int32_t>(8));
  }
  EXPECT_FALSE(add.Eval().ok());
}

TEST_F(SessionTest, DefaultSessionsNest) {
  const api::Tensor v = api::Variable(0, "v");
  absl::StatusOr<std::unique_ptr<Session>> inner = Session::Create(&graph_, SessionOptions{});
  ASSERT_TRUE(inner.ok());
  const Session::DefaultScope outer_scope = session_->AsDefault();
  ASSERT_TRUE(api::Assign(v, 1).Eval().ok());
  {
    const Session::DefaultScope inner_scope = (*inner)->AsDefault();
    ASSERT_TRUE(api::Assign(v, 2).Eval().ok());
    EXPECT_EQ(*v.Eval(), Literal::Scalar<int32_t>(2));
  }
  EXPECT_EQ(*v.Eval(), Literal::Scalar<int32_t>(1));
  std::thread([&] { EXPECT_FALSE(v.Eval().ok()); }).join();  // a stack per thread
}

TEST_F(SessionTest, AnInteractiveSessionIsTheDefaultUntilItIsClosed) {
  const api::Tensor add = api::Add(3, 5);
  absl::StatusOr<std::unique_ptr<Session>> session =
      Session::CreateInteractive(&graph_, SessionOptions{});
  ASSERT_TRUE(session.ok());
  EXPECT_EQ(*add.Eval(), Literal::Scalar<int32_t>(8));
  (*session)->Close();
  EXPECT_THAT(std::string(add.Eval().status().message()), HasSubstr("no default session"));
  // A session that dies leaves no trace on the stack.
  session = Session::CreateInteractive(&graph_, SessionOptions{});
  session->reset();
  EXPECT_FALSE(add.Eval().ok());
}

TEST_F(SessionTest, ClosedSessionsSaySo) {
  const api::Tensor add = api::Add(3, 5);
  EXPECT_EQ(Value(add), Literal::Scalar<int32_t>(8));
  session_->Close();
  session_->Close();
  EXPECT_EQ(Error({}, {add}), "the session is closed");
  EXPECT_EQ(session_->MemoryStats().in_use_bytes, 0);
}

TEST_F(SessionTest, RunsFromManyThreads) {
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim::Symbol("n")}, "x");
  const api::Tensor y = api::Mul(x, x);
  const api::Tensor counter = api::Variable(0, "counter");
  const api::Operation increment = api::AssignAdd(counter, 1);
  ASSERT_TRUE(session_->Run({}, {api::GlobalVariablesInitializer()}).ok());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const Literal fed = Literal::Splat(DType::kF32, {t + 1}, i);
        const absl::StatusOr<std::vector<Literal>> values =
            session_->Run({{x, fed}}, {y, increment});
        ASSERT_TRUE(values.ok()) << values.status();
        EXPECT_EQ((*values)[0], Literal::Splat(DType::kF32, {t + 1}, i * i));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Value(counter), Literal::Scalar<int32_t>(80));
}

TEST_F(SessionTest, MemoryIsTakenAsItIsNeededAndCounted) {
  EXPECT_EQ(session_->MemoryStats().in_use_bytes, 0);
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim(256), Dim(256)}, "x");
  const api::Tensor y = api::MatMul(api::MatMul(x, x), x);
  Value(y, {{x, Literal::Splat(DType::kF32, {256, 256}, 1)}});
  const SessionMemory memory = session_->MemoryStats();
  EXPECT_GE(memory.in_use_bytes, 256 * 256 * 4);
  EXPECT_GE(memory.peak_bytes, memory.in_use_bytes);
  EXPECT_EQ(memory.limit_bytes, 0);
  EXPECT_GT(memory.device_total_bytes, memory.device_free_bytes);
  EXPECT_GT(memory.device_free_bytes, 0);
}

TEST_F(SessionTest, PreallocationIsTakenByTheFirstRunOnly) {
  SessionOptions options;
  options.memory_limit_bytes = 8 << 20;
  options.preallocate_fraction = 0.75;
  options.code_cache = false;
  const absl::StatusOr<std::unique_ptr<Session>> session = Session::Create(&graph_, options);
  ASSERT_TRUE(session.ok());
  EXPECT_EQ((*session)->MemoryStats().in_use_bytes, 0);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE((*session)->Run({}, {api::Add(i, 5)}).ok());
    EXPECT_GE((*session)->MemoryStats().in_use_bytes, 6 << 20);
  }
}

TEST_F(SessionTest, ARunThatFailsKeepsThePreallocation) {
  SessionOptions options;
  options.memory_limit_bytes = 8 << 20;
  options.preallocate_fraction = 0.75;
  options.code_cache = false;
  options.shapes = ShapePolicy::kSymbolic;
  const absl::StatusOr<std::unique_ptr<Session>> session = Session::Create(&graph_, options);
  ASSERT_TRUE(session.ok());
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim::Symbol("n")}, "x");
  const api::Tensor y = api::Placeholder(DType::kF32, {Dim::Symbol("n")}, "y");
  const api::Tensor sum = api::Add(x, y);
  const Literal two = Literal::Splat(DType::kF32, {2}, 1);
  EXPECT_FALSE((*session)->Run({{x, two}, {y, Literal(DType::kF32, {3})}}, {sum}).ok());
  EXPECT_GE((*session)->MemoryStats().in_use_bytes, 6 << 20);
  EXPECT_TRUE((*session)->Run({{x, two}, {y, two}}, {sum}).ok());
}

TEST_F(SessionTest, MemoryLimitIsAClearError) {
  SessionOptions options;
  options.memory_limit_bytes = 64 * 1024;
  options.code_cache = false;
  const absl::StatusOr<std::unique_ptr<Session>> session = Session::Create(&graph_, options);
  ASSERT_TRUE(session.ok());
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim(512), Dim(512)}, "x");
  const api::Tensor y = api::MatMul(api::MatMul(x, x), x);
  const absl::Status status =
      (*session)->Run({{x, Literal::Splat(DType::kF32, {512, 512}, 1)}}, {y}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("MatMul"));
}

}  // namespace
}  // namespace cermet
