// What a run copies of the user's graph, for nodes with several results.
#include "runtime/session/subgraph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "frontend/api/ops.h"
#include "runtime/session/session.h"

namespace cermet {
namespace {

using ::testing::ElementsAre;

class SubgraphTest : public ::testing::Test {
 protected:
  SubgraphTest() : scope_(&graph_) {
    x_ = api::Placeholder(DType::kI32, {}, "x");
    const Value pred = api::Greater(x_, 0).value();
    std::vector<std::unique_ptr<cermet::Graph>> bodies;
    for (OpCode second : {OpCode::kNeg, OpCode::kAbs}) {
      auto body = std::make_unique<cermet::Graph>("body");
      Builder b(body.get());
      const Value x = body->AddParameter(x_.value().type(), "x", {})->result();
      body->set_results({b.Add(x, x), b.Unary(second, x)});
      bodies.push_back(std::move(body));
    }
    Node* node =
        graph_.BuilderFor("both").MakeNode(OpCode::kIf, {pred, x_.value()}, {}, std::move(bodies));
    twice_ = api::Tensor(&graph_, node->result(0), "both");
    negated_ = api::Tensor(&graph_, node->result(1), "both");
  }

  std::vector<int64_t> Run(const std::vector<api::Feed>& feeds,
                           const std::vector<api::Fetch>& fetches) {
    SessionOptions options;
    options.code_cache = false;
    const absl::StatusOr<std::unique_ptr<Session>> session = Session::Create(&graph_, options);
    EXPECT_TRUE(session.ok()) << session.status();
    const absl::StatusOr<std::vector<Literal>> values = (*session)->Run(feeds, fetches);
    EXPECT_TRUE(values.ok()) << values.status();
    std::vector<int64_t> numbers;
    if (values.ok()) {
      for (const Literal& value : *values) numbers.push_back(value.GetInt(0));
    }
    return numbers;
  }

  api::Graph graph_;
  api::Graph::DefaultScope scope_;
  api::Tensor x_, twice_, negated_;
};

TEST_F(SubgraphTest, BothResultsAreComputed) {
  EXPECT_THAT(Run({{x_, Literal::Scalar<int32_t>(3)}}, {twice_, negated_}), ElementsAre(6, -3));
}

TEST_F(SubgraphTest, OneResultIsFedAndTheOtherComputed) {
  const Literal three = Literal::Scalar<int32_t>(3), fed = Literal::Scalar<int32_t>(100);
  EXPECT_THAT(Run({{x_, three}, {twice_, fed}}, {negated_, twice_, api::Add(twice_, negated_)}),
              ElementsAre(-3, 100, 97));
  EXPECT_THAT(Run({{x_, three}, {negated_, fed}}, {twice_, negated_, api::Add(twice_, negated_)}),
              ElementsAre(6, 100, 106));
}

TEST_F(SubgraphTest, NothingBeforeResultsThatAreFedIsNeeded) {
  const Literal one = Literal::Scalar<int32_t>(1);
  EXPECT_THAT(Run({{twice_, one}, {negated_, one}}, {api::Add(twice_, negated_)}), ElementsAre(2));
  EXPECT_THAT(Run({{negated_, one}}, {api::Add(negated_, 1)}), ElementsAre(2));
}

}  // namespace
}  // namespace cermet
