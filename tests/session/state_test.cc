// Variables, control dependencies and what is run for its effects, as TensorFlow 1 has them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "frontend/api/ops.h"
#include "runtime/session/session.h"
#include "tests/session/session_fixture.h"

namespace cermet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class StateTest : public testing::SessionFixture {
 protected:
  void Initialise() {
    const absl::Status status = session_->Run({}, {api::GlobalVariablesInitializer()}).status();
    ASSERT_TRUE(status.ok()) << status;
  }
  // The values of int32 scalars after a run of all of them; empty if it fails.
  std::vector<int64_t> Run(const std::vector<api::Fetch>& fetches,
                           const std::vector<api::Feed>& feeds = {}) {
    const absl::StatusOr<std::vector<Literal>> values = session_->Run(feeds, fetches);
    EXPECT_TRUE(values.ok()) << values.status();
    std::vector<int64_t> numbers;
    if (values.ok()) {
      for (const Literal& value : *values) numbers.push_back(value.GetInt(0));
    }
    return numbers;
  }
  std::string Error(const std::vector<api::Fetch>& fetches) {
    return std::string(session_->Run({}, fetches).status().message());
  }
};

TEST_F(StateTest, AssignmentsGiveTheNewValue) {
  const api::Tensor v = api::Variable(1, "v");
  Initialise();
  EXPECT_THAT(Run({api::Assign(v, 5)}), ElementsAre(5));
  EXPECT_THAT(Run({api::AssignAdd(v, 3)}), ElementsAre(8));
  EXPECT_THAT(Run({api::AssignSub(v, 10)}), ElementsAre(-2));
  EXPECT_THAT(Run({v}), ElementsAre(-2));
  const api::Tensor increment = api::AssignAdd(v, 1);
  std::ostringstream out;
  out << increment;
  EXPECT_EQ(out.str(), "Tensor(\"AssignAdd_1:0\", shape=(), dtype=int32)");
  // An op of the new value has the effect too.
  EXPECT_THAT(Run({api::Mul(increment, 10)}), ElementsAre(-10));
  EXPECT_THAT(Run({v}), ElementsAre(-1));
}

TEST_F(StateTest, OperationsRunWithoutAValue) {
  const api::Tensor v = api::Variable(1, "v"), w = api::Variable(2, "w");
  Initialise();
  EXPECT_THAT(Run({api::Operation(api::AssignAdd(v, 1))}), ElementsAre());
  EXPECT_THAT(Run({api::Group({api::AssignAdd(v, 1), api::AssignAdd(w, 1)})}), ElementsAre());
  EXPECT_THAT(Run({api::NoOp(), v, w}), ElementsAre(3, 3));
}

TEST_F(StateTest, ControlDependenciesRunFirst) {
  const api::Tensor v = api::Variable(1, "v");
  Initialise();
  api::Tensor after;
  const api::Tensor before = api::Mul(v, 100);
  {
    const api::Graph::ControlDependencies scope(&graph_, {api::AssignAdd(v, 1)});
    after = api::Mul(v, 10);
  }
  EXPECT_THAT(Run({before}), ElementsAre(100));  // nothing is assigned
  EXPECT_THAT(Run({after, before}), ElementsAre(20, 100));
  EXPECT_THAT(Run({after, after}), ElementsAre(30, 30));
  EXPECT_THAT(Run({api::Add(after, before)}), ElementsAre(340));
  EXPECT_THAT(Run({v}), ElementsAre(4));
  EXPECT_THAT(Run({api::Mul(v, 10)}), ElementsAre(40));  // outside of the scope
}

TEST_F(StateTest, ControlDependenciesOrderUpdates) {
  const api::Tensor v = api::Variable(1, "v"), w = api::Variable(0, "w");
  Initialise();
  api::Tensor second, third;
  const api::Tensor first = api::Assign(v, 7);
  {
    const api::Graph::ControlDependencies scope(&graph_, {first});
    second = api::AssignAdd(v, 1);
    {
      const api::Graph::ControlDependencies inner(&graph_, {second});
      third = api::Assign(w, v);
    }
  }
  EXPECT_THAT(Run({third}), ElementsAre(8));
  EXPECT_THAT(Run({v, w}), ElementsAre(8, 8));
  EXPECT_THAT(Run({first, second}), ElementsAre(7, 8));
  EXPECT_THAT(Run({v}), ElementsAre(8));
  EXPECT_THAT(Run({first}), ElementsAre(7));
  EXPECT_THAT(Run({v}), ElementsAre(7));
}

TEST_F(StateTest, UpdatesWithoutAnOrderAreAnError) {
  const api::Tensor v = api::Variable(1, "v");
  Initialise();
  const api::Tensor a = api::Assign(v, 2), b = api::Assign(v, 3);
  EXPECT_THAT(Error({a, b}), HasSubstr("\"Assign\" and \"Assign_1\" both assign variable \"v\" in "
                                       "one run: order them with a control dependency"));
  EXPECT_THAT(Run({v}), ElementsAre(1));
  EXPECT_THAT(Run({a, a}), ElementsAre(2, 2));
  // Also where a graph reads the variable after both.
  const api::Graph::ControlDependencies scope(&graph_, {a, b});
  EXPECT_FALSE(api::Mul(v, 2));
  EXPECT_THAT(std::string(graph_.status().message()), HasSubstr("both assign variable"));
}

TEST_F(StateTest, ControlDependenciesOfOneTensor) {
  const api::Tensor v = api::Variable(1, "v"), x = api::Add(20, 1);
  Initialise();
  const api::Tensor y = api::WithControlDependencies({api::AssignAdd(v, 1)}, x);
  EXPECT_THAT(Run({y}), ElementsAre(21));
  EXPECT_THAT(Run({v}), ElementsAre(2));
  EXPECT_THAT(Run({x}), ElementsAre(21));
  EXPECT_THAT(Run({v}), ElementsAre(2));
  EXPECT_THAT(Run({api::WithControlDependencies({api::AssignAdd(v, 1)}, v)}), ElementsAre(3));
}

TEST_F(StateTest, GroupsAndNoOpsCarryControlDependencies) {
  const api::Tensor v = api::Variable(1, "v");
  Initialise();
  api::Operation nothing;
  {
    const api::Graph::ControlDependencies scope(&graph_, {api::AssignAdd(v, 1)});
    nothing = api::NoOp("step");
  }
  EXPECT_EQ(nothing.name(), "step");
  EXPECT_THAT(Run({nothing}), ElementsAre());
  EXPECT_THAT(Run({api::WithControlDependencies({api::Group({nothing})}, v)}), ElementsAre(3));
}

TEST_F(StateTest, AFeedCutsEffects) {
  const api::Tensor v = api::Variable(1, "v");
  Initialise();
  const api::Tensor increment = api::AssignAdd(v, 1), y = api::Mul(increment, 10);
  EXPECT_THAT(Run({y}, {{increment, Literal::Scalar<int32_t>(5)}}), ElementsAre(50));
  EXPECT_THAT(Run({v}), ElementsAre(1));
}

TEST_F(StateTest, AFailedAssertionChangesNothing) {
  const api::Tensor v = api::Variable(1, "v");
  const api::Tensor x = api::Placeholder(DType::kI32, {}, "x");
  Initialise();
  const api::Operation positive = api::Assert(api::Greater(x, 0), "x must be positive");
  api::Tensor update;
  {
    const api::Graph::ControlDependencies scope(&graph_, {positive});
    update = api::AssignAdd(v, x);
  }
  EXPECT_THAT(Run({update}, {{x, Literal::Scalar<int32_t>(4)}}), ElementsAre(5));
  const absl::Status status = session_->Run({{x, Literal::Scalar<int32_t>(-4)}}, {update}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("x must be positive"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("Assert"));
  EXPECT_THAT(Run({v}), ElementsAre(5));
  EXPECT_FALSE(session_->Run({{x, Literal::Scalar<int32_t>(0)}}, {positive}).ok());
  // A variable has no value before an assignment has succeeded.
  const api::Tensor w = api::Variable(1, "w");
  const api::Tensor first = api::WithControlDependencies({positive}, api::Assign(w, x));
  EXPECT_FALSE(session_->Run({{x, Literal::Scalar<int32_t>(-1)}}, {first}).ok());
  EXPECT_THAT(Error({w}), HasSubstr("variable \"w\" has no value yet"));
  EXPECT_THAT(Run({first}, {{x, Literal::Scalar<int32_t>(3)}}), ElementsAre(3));
  EXPECT_TRUE(session_->Run({{x, Literal::Scalar<int32_t>(1)}}, {positive}).ok());
}

TEST_F(StateTest, InitialisersOfSomeVariables) {
  const api::Tensor a = api::Variable(1, "a"), b = api::Variable(2, "b");
  ASSERT_TRUE(session_->Run({}, {api::VariablesInitializer({a})}).ok());
  EXPECT_THAT(Run({a}), ElementsAre(1));
  EXPECT_THAT(Error({b}), HasSubstr("variable \"b\" has no value yet: run its initialiser"));
  EXPECT_THAT(Error({api::AssignAdd(b, 1)}), HasSubstr("variable \"b\" has no value yet"));
  // An assignment initialises as well.
  EXPECT_THAT(Run({api::Assign(b, 9)}), ElementsAre(9));
  EXPECT_THAT(Run({b}), ElementsAre(9));
  Initialise();
  EXPECT_THAT(Run({a, b}), ElementsAre(1, 2));
}

TEST_F(StateTest, WhatIsReadDoesNotDependOnRewriting) {
  const api::Tensor v = api::Variable(1, "v");
  // 0 * v becomes 0 when it is compiled.
  EXPECT_THAT(Error({api::Assign(v, api::Mul(v, 0))}),
              HasSubstr("variable \"v\" has no value yet"));
}

TEST_F(StateTest, VariablesOfTwoSessionsAreApart) {
  const api::Tensor v = api::Variable(1, "v");
  Initialise();
  absl::StatusOr<std::unique_ptr<Session>> other = Session::Create(&graph_, SessionOptions{});
  ASSERT_TRUE(other.ok());
  ASSERT_TRUE((*other)->Run({}, {api::Assign(v, 5)}).ok());
  EXPECT_THAT(Run({v}), ElementsAre(1));
}

// Looking at all that an assigned value needs, for each assignment anew, would take minutes.
TEST_F(StateTest, ManyAssignmentsOfALongComputation) {
  const api::Tensor v = api::Variable(0, "v");
  api::Tensor x = v;
  for (int i = 0; i < 10000; ++i) {
    x = api::Neg(x);
    api::Assign(v, x);
  }
  EXPECT_TRUE(graph_.effects().back().after.empty());
}

TEST_F(StateTest, AVariableThatNoMemoryCanHoldIsAnError) {
  const int64_t n = 4000000;
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim(n), Dim(1)}, "x");
  const api::Tensor y = api::Placeholder(DType::kF32, {Dim(n)}, "y");
  const api::Tensor v = api::Variable(api::Add(x, y), "v");
  const absl::Status status =
      session_
          ->Run({{x, Literal(DType::kF32, {n, 1})}, {y, Literal(DType::kF32, {n})}},
                {api::VariablesInitializer({v})})
          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  // ThreadSanitizer leaves too few addresses even for the workspace.
  EXPECT_THAT(std::string(status.message()),
              ::testing::AnyOf(HasSubstr("variable \"v\""), HasSubstr("cannot reserve")));
  EXPECT_EQ(session_->MemoryStats().variable_bytes, 0);
}

TEST_F(StateTest, WhatIsWrongIsSaid) {
  const api::Tensor v = api::Variable(Literal::Splat(DType::kF32, {2}, 0), "v");
  const auto error = [&](const std::function<void()>& build) {
    api::Graph graph;
    const api::Graph::DefaultScope scope(&graph);
    build();
    return std::string(graph.status().message());
  };
  EXPECT_THAT(error([] { api::Assign(api::Add(1, 2), 3); }),
              HasSubstr("Assign: \"Add:0\" is not a variable"));
  EXPECT_THAT(error([] { api::Assign(api::Tensor(), 3); }), HasSubstr("is not a variable"));
  EXPECT_THAT(error([] {
                api::AssignAdd(api::Variable(Literal::Splat(DType::kF32, {2}, 0), "w"),
                               Literal::Splat(DType::kF32, {3, 2}, 0));
              }),
              HasSubstr("variable \"w\" is f32[2], the value is f32[3,2]"));
  EXPECT_THAT(
      error([] { api::Variable(api::Placeholder(DType::kF32, {Dim::Symbol("n")}, "x"), "w"); }),
      HasSubstr("variable \"w\" needs an initial value of known shape, not f32[?n]"));
  EXPECT_THAT(error([&] { api::Add(api::Placeholder(DType::kF32, {Dim(2)}, "x"), v); }),
              HasSubstr("Add: operand \"v:0\" is of another graph"));
  EXPECT_THAT(error([&] { api::Group({api::Operation()}); }), HasSubstr("not an operation of"));
  EXPECT_THAT(error([&] { api::WithControlDependencies({api::Operation(v)}, api::Add(1, 2)); }),
              HasSubstr("control input \"v\" is not an operation of this graph"));
  EXPECT_THAT(error([] { api::VariablesInitializer({api::Add(1, 2)}); }),
              HasSubstr("\"Add:0\" is not a variable"));
  EXPECT_THAT(Error({api::Tensor()}), HasSubstr("made without a default graph"));
}

TEST_F(StateTest, OperationsRunInTheDefaultSession) {
  const api::Tensor v = api::Variable(1, "v"), x = api::Placeholder(DType::kI32, {}, "x");
  const api::Operation init = api::GlobalVariablesInitializer();
  EXPECT_THAT(std::string(init.Run().message()),
              HasSubstr("cannot run operation \"init\": this thread has no default session"));
  const Session::DefaultScope as_default = session_->AsDefault();
  ASSERT_TRUE(init.Run().ok());
  const absl::StatusOr<Literal> sum = api::Add(v, x).Eval({{x, Literal::Scalar<int32_t>(4)}});
  ASSERT_TRUE(sum.ok()) << sum.status();
  EXPECT_EQ(*sum, Literal::Scalar<int32_t>(5));
}

}  // namespace
}  // namespace cermet
