// Programs for every shape and for one: how many are compiled, and that results do not depend on
// it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "codegen/target.h"
#include "frontend/api/ops.h"
#include "runtime/session/run_plan.h"
#include "runtime/session/session.h"

namespace cermet {
namespace {

class ShapesTest : public ::testing::Test {
 protected:
  ShapesTest() : scope_(&graph_) {}

  std::unique_ptr<Session> Open(ShapePolicy shapes, int64_t max_shapes = 32) {
    SessionOptions options;
    options.intra_op_threads = 2;
    options.code_cache = false;
    options.shapes = shapes;
    options.specialise_after = 0;  // from the second run on
    options.max_shapes = max_shapes;
    absl::StatusOr<std::unique_ptr<Session>> session = Session::Create(&graph_, options);
    EXPECT_TRUE(session.ok()) << session.status();
    return *std::move(session);
  }
  // How many programs a run with this size compiles.
  int64_t Compiled(Session* session, const api::Tensor& x, const api::Tensor& y, int64_t n) {
    const int64_t before = session->programs_compiled();
    const Literal fed = Literal::Splat(DType::kF32, {n}, 3);
    const absl::StatusOr<std::vector<Literal>> values = session->Run({{x, fed}}, {y});
    EXPECT_TRUE(values.ok()) << values.status();
    if (values.ok()) {
      EXPECT_EQ((*values)[0], Literal::Splat(DType::kF32, {n}, 9));
    }
    return session->programs_compiled() - before;
  }

  // What a session would give its plans.
  void Describe(PlanEnvironment* environment, VariableStore* variables,
                std::atomic<int64_t>* compiled) {
    const absl::StatusOr<Target> target = codegen::HostTarget();
    ASSERT_TRUE(target.ok()) << target.status();
    environment->graph = &graph_;
    environment->module.compile.passes.target = *target;
    environment->specialise_after = 0;
    environment->variables = variables;
    environment->programs_compiled = compiled;
  }

  api::Graph graph_;
  api::Graph::DefaultScope scope_;
};

TEST_F(ShapesTest, OneProgramServesAllShapes) {
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim::Symbol("n")}, "x");
  const api::Tensor y = api::Mul(x, x);
  const std::unique_ptr<Session> session = Open(ShapePolicy::kSymbolic);
  EXPECT_EQ(Compiled(session.get(), x, y, 4), 1);
  for (int64_t n : {4, 5, 0, 1000, 4}) EXPECT_EQ(Compiled(session.get(), x, y, n), 0) << n;
}

TEST_F(ShapesTest, EachShapeGetsAProgram) {
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim::Symbol("n")}, "x");
  const api::Tensor y = api::Mul(x, x);
  const std::unique_ptr<Session> session = Open(ShapePolicy::kSpecialise);
  EXPECT_EQ(Compiled(session.get(), x, y, 4), 1);
  EXPECT_EQ(Compiled(session.get(), x, y, 4), 0);
  EXPECT_EQ(Compiled(session.get(), x, y, 5), 1);
  EXPECT_EQ(Compiled(session.get(), x, y, 4), 0);
}

TEST_F(ShapesTest, AShapeThatRecursGetsAProgram) {
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim::Symbol("n")}, "x");
  const api::Tensor y = api::Mul(x, x);
  const std::unique_ptr<Session> session = Open(ShapePolicy::kAdaptive);
  EXPECT_EQ(Compiled(session.get(), x, y, 4), 1);
  EXPECT_EQ(Compiled(session.get(), x, y, 5), 0);
  EXPECT_EQ(Compiled(session.get(), x, y, 4), 1);
  for (int64_t n : {4, 4, 6, 7}) EXPECT_EQ(Compiled(session.get(), x, y, n), 0) << n;
  EXPECT_EQ(Compiled(session.get(), x, y, 5), 1);
}

TEST_F(ShapesTest, AShapeIsNotSpecialisedBeforeItPays) {
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim::Symbol("n")}, "x");
  const api::Tensor y = api::Mul(x, x);
  SessionOptions options;
  options.code_cache = false;
  absl::StatusOr<std::unique_ptr<Session>> session = Session::Create(&graph_, options);
  ASSERT_TRUE(session.ok());
  EXPECT_EQ(Compiled(session->get(), x, y, 4), 1);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(Compiled(session->get(), x, y, 4), 0);
}

TEST_F(ShapesTest, AShapeThatCannotBeSpecialisedKeepsTheProgramForAll) {
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim::Symbol("n")}, "x");
  const api::Tensor y = api::Mul(x, x);
  VariableStore variables;
  std::atomic<int64_t> compiled{0};
  PlanEnvironment environment;
  Describe(&environment, &variables, &compiled);
  RunPlan plan({{x.value()}, {"x"}, {y.value()}, {}, {}}, &environment);
  ASSERT_TRUE(plan.Prepare().ok());
  environment.module.compile.passes.target.cpu = "none";  // code cannot be generated any more
  const Literal fed = Literal::Splat(DType::kF32, {4}, 3);
  for (int run = 0; run < 4; ++run) {
    const absl::StatusOr<std::vector<Literal>> values = plan.Run({fed});
    ASSERT_TRUE(values.ok()) << values.status();
    EXPECT_EQ((*values)[0], Literal::Splat(DType::kF32, {4}, 9));
  }
  EXPECT_EQ(compiled.load(), 2);  // for all shapes; one attempt for this one
  plan.Clear();
}

TEST_F(ShapesTest, OldShapesAreForgotten) {
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim::Symbol("n")}, "x");
  const api::Tensor y = api::Mul(x, x);
  const std::unique_ptr<Session> session = Open(ShapePolicy::kSpecialise, 2);
  for (int64_t n : {1, 2, 1, 3}) Compiled(session.get(), x, y, n);
  EXPECT_EQ(Compiled(session.get(), x, y, 1), 0);  // it was used after 2 was
  EXPECT_EQ(Compiled(session.get(), x, y, 2), 1);
}

TEST_F(ShapesTest, AFixedShapeIsCompiledOnce) {
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim(4)}, "x");
  const api::Tensor y = api::Mul(x, x);
  for (ShapePolicy policy :
       {ShapePolicy::kSymbolic, ShapePolicy::kSpecialise, ShapePolicy::kAdaptive}) {
    const std::unique_ptr<Session> session = Open(policy);
    EXPECT_EQ(Compiled(session.get(), x, y, 4), 1);
    EXPECT_EQ(Compiled(session.get(), x, y, 4), 0);
  }
}

// The mean divides by an extent: known when it is compiled, the division may become a
// multiplication, which rounds differently. So rounding is decided before shapes are known.
TEST_F(ShapesTest, ResultsAreTheSameBitsUnderEveryPolicy) {
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim::Symbol("n"), Dim::Symbol("m")}, "x");
  const api::Tensor mean = api::ReduceMean(api::Tanh(x), {0});
  const api::Tensor row = api::Softmax(api::Mul(x, 0.7f));
  Literal fed(DType::kF32, {7, 129});
  for (int64_t i = 0; i < fed.num_elements(); ++i) fed.SetFloat(i, (i * 37 % 101) / 31.0 - 1.5);
  std::vector<std::vector<Literal>> results;
  for (ShapePolicy policy :
       {ShapePolicy::kSymbolic, ShapePolicy::kSpecialise, ShapePolicy::kAdaptive}) {
    const std::unique_ptr<Session> session = Open(policy);
    for (int run = 0; run < 3; ++run) {
      absl::StatusOr<std::vector<Literal>> values = session->Run({{x, fed}}, {mean, row});
      ASSERT_TRUE(values.ok()) << values.status();
      results.push_back(*std::move(values));
    }
    EXPECT_EQ(session->programs_compiled(), policy == ShapePolicy::kAdaptive ? 2 : 1);
  }
  for (const std::vector<Literal>& values : results) EXPECT_EQ(values, results[0]);
}

TEST_F(ShapesTest, OneSymbolHasOneValue) {
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim::Symbol("n")}, "x");
  const api::Tensor y = api::Placeholder(DType::kF32, {Dim::Symbol("n")}, "y");
  const api::Tensor z = api::Add(x, y);
  for (ShapePolicy policy :
       {ShapePolicy::kSymbolic, ShapePolicy::kSpecialise, ShapePolicy::kAdaptive}) {
    const std::unique_ptr<Session> session = Open(policy);
    const absl::Status status = session
                                    ->Run({{x, Literal::Splat(DType::kF32, {2}, 1)},
                                           {y, Literal::Splat(DType::kF32, {3}, 1)}},
                                          {z})
                                    .status();
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("?n"));
  }
}

TEST_F(ShapesTest, ValuesThatANodeCannotHaveAreNamedUnderEveryPolicy) {
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim::Symbol("n")}, "x");
  const api::Tensor y = api::Placeholder(DType::kF32, {Dim::Symbol("m")}, "y");
  const api::Tensor z = api::Add(x, y);
  for (ShapePolicy policy :
       {ShapePolicy::kSymbolic, ShapePolicy::kSpecialise, ShapePolicy::kAdaptive}) {
    const std::unique_ptr<Session> session = Open(policy);
    const auto run = [&](int64_t n, int64_t m) {
      return session
          ->Run(
              {{x, Literal::Splat(DType::kF32, {n}, 1)}, {y, Literal::Splat(DType::kF32, {m}, 1)}},
              {z})
          .status();
    };
    for (int i = 0; i < 3; ++i) {
      EXPECT_THAT(std::string(run(2, 3).message()),
                  ::testing::HasSubstr("needs ?n = ?m, but ?n = 2 (dim 0 of input \"x:0\") and ?m "
                                       "= 3 (dim 0 of input \"y:0\")"));
      EXPECT_TRUE(run(3, 3).ok());
    }
  }
}

// A thread that looks through idle runs hides one for a moment, so that trimming misses it.
TEST_F(ShapesTest, IdleMemoryThatIsHiddenForAMomentMakesRoomToo) {
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim::Symbol("n"), Dim(64)}, "x");
  const api::Tensor w = api::Placeholder(DType::kF32, {Dim(64), Dim(64)}, "w");
  const api::Tensor y = api::MatMul(api::MatMul(x, w), w);
  constexpr int64_t kLimit = 1 << 20;
  runtime::MemoryBudget budget(kLimit);
  VariableStore variables;
  std::atomic<int64_t> compiled{0};
  PlanEnvironment environment;
  Describe(&environment, &variables, &compiled);
  environment.module.executor.budget = &budget;
  ASSERT_TRUE(budget.Take(kLimit));
  int trims = 0;
  environment.trim = [&] {
    if (++trims == 3) budget.Return(kLimit);
  };
  RunPlan plan({{x.value(), w.value()}, {"x", "w"}, {y.value()}, {}, {}}, &environment);
  const absl::Status status =
      plan.Run({Literal(DType::kF32, {2, 64}), Literal(DType::kF32, {64, 64})}).status();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(trims, 3);
  plan.Clear();
}

TEST_F(ShapesTest, IdleMemoryMakesRoom) {
  SessionOptions options;
  options.intra_op_threads = 1;
  options.code_cache = false;
  options.memory_limit_bytes = 3 << 20;
  absl::StatusOr<std::unique_ptr<Session>> session = Session::Create(&graph_, options);
  ASSERT_TRUE(session.ok());
  // Each run needs some 2 MB of workspace; they do not run at once.
  for (int i = 0; i < 3; ++i) {
    const api::Tensor x = api::Placeholder(DType::kF32, {Dim(512), Dim(512)});
    const api::Tensor y = api::MatMul(api::MatMul(x, x), x);
    const absl::StatusOr<std::vector<Literal>> values =
        (*session)->Run({{x, Literal::Splat(DType::kF32, {512, 512}, 1.0 / 512)}}, {y});
    ASSERT_TRUE(values.ok()) << values.status();
    EXPECT_EQ((*values)[0].GetFloat(7), 1.0 / 512);
    EXPECT_GT((*session)->MemoryStats().in_use_bytes, 1 << 20);
  }
}

}  // namespace
}  // namespace cermet
