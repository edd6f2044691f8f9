// Elementwise ops on tensors, composites, control flow, symbolic dims, and the evaluator's errors.
#include <bit>
#include <cmath>

#include "tests/ir/evaluator/run_node.h"

namespace cermet {
namespace {

TEST(ElementwiseTest, TranscendentalsAreRoundedOnce) {
  const Literal x = F32({3}, {0.5f, -1.25f, 3});
  for (const auto& [op, reference] : {std::pair<OpCode, double (*)(double)>(OpCode::kExp, std::exp),
                                      {OpCode::kTanh, std::tanh},
                                      {OpCode::kErf, std::erf},
                                      {OpCode::kSin, std::sin}}) {
    const Literal result = RunOp(op, {x});
    for (int64_t i = 0; i < 3; ++i) {
      EXPECT_EQ(result.GetFloat(i), static_cast<float>(reference(x.GetFloat(i))));
    }
  }
  EXPECT_EQ(RunOp(OpCode::kLogistic, {F32({1}, {0})}).GetFloat(0), 0.5);
}

TEST(ElementwiseTest, IntegerPow) {
  const auto pow = [](int32_t x, int32_t y) {
    return RunOp(OpCode::kPow, {Literal::Scalar(x), Literal::Scalar(y)}).GetInt(0);
  };
  EXPECT_EQ(pow(6, 5), 7776);
  EXPECT_EQ(pow(-2, 3), -8);
  EXPECT_EQ(pow(0, 0), 1);
  EXPECT_EQ(pow(2, 32), 0);
  EXPECT_EQ(pow(2, -1), 0);
  EXPECT_EQ(pow(-1, -3), -1);
  EXPECT_EQ(pow(0, -1), -1);
}

TEST(ElementwiseTest, LongArraysOfEveryWidth) {
  for (DType dtype : {DType::kI8, DType::kU16, DType::kF32, DType::kI64}) {
    const Literal x = Numbered(dtype, {3, 700});
    const Literal sum = RunOp(OpCode::kAdd, {x, x});
    for (int64_t i = 0; i < 2100; i += 97) {
      if (IsFloat(dtype)) {
        EXPECT_EQ(sum.GetFloat(i), 2 * x.GetFloat(i));
      } else {
        Literal expected(dtype, {});
        expected.SetInt(0, 2 * x.GetInt(i));
        EXPECT_EQ(sum.GetInt(i), expected.GetInt(0));
      }
    }
  }
}

TEST(CompositesTest, MatchTheirFormulas) {
  const Literal x = F32({2, 3}, {0.1f, 0.7f, -1.5f, 2, 3, -4});
  const Literal softmax = RunOp(OpCode::kSoftmax, {x}, {{"axis", int64_t{1}}});
  const Literal log_softmax = RunOp(OpCode::kLogSoftmax, {x}, {{"axis", int64_t{1}}});
  const Literal norm = RunOp(OpCode::kLayerNorm, {x, F32({3}, {1, 2, 3}), F32({3}, {4, 5, 6})},
                             {{"axis", int64_t{1}}, {"epsilon", 1e-5}});
  const Literal gelu = RunOp(OpCode::kGelu, {x});
  const Literal gelu_tanh = RunOp(OpCode::kGeluTanh, {x});
  const Literal silu = RunOp(OpCode::kSilu, {x});
  const Literal hard_swish = RunOp(OpCode::kHardSwish, {x});
  for (int64_t r = 0; r < 2; ++r) {
    double sum = 0, mean = 0, variance = 0;
    for (int64_t c = 0; c < 3; ++c) sum += std::exp(x.GetFloat(r * 3 + c));
    for (int64_t c = 0; c < 3; ++c) mean += x.GetFloat(r * 3 + c) / 3;
    for (int64_t c = 0; c < 3; ++c) variance += std::pow(x.GetFloat(r * 3 + c) - mean, 2) / 3;
    for (int64_t c = 0; c < 3; ++c) {
      const int64_t i = r * 3 + c;
      const double v = x.GetFloat(i);
      EXPECT_NEAR(softmax.GetFloat(i), std::exp(v) / sum, 1e-6);
      EXPECT_NEAR(log_softmax.GetFloat(i), v - std::log(sum), 1e-6);
      EXPECT_NEAR(norm.GetFloat(i), (v - mean) / std::sqrt(variance + 1e-5) * (c + 1) + c + 4,
                  1e-5);
      EXPECT_NEAR(gelu.GetFloat(i), v / 2 * (1 + std::erf(v / std::sqrt(2))), 1e-6);
      EXPECT_NEAR(gelu_tanh.GetFloat(i),
                  v / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (v + 0.044715 * v * v * v))), 1e-6);
      EXPECT_NEAR(silu.GetFloat(i), v / (1 + std::exp(-v)), 1e-6);
      EXPECT_NEAR(hard_swish.GetFloat(i), v * std::fmin(std::fmax(v / 6 + 0.5, 0), 1), 1e-6);
    }
  }
}

TEST(CompositesTest, BatchNormAndAttention) {
  const Literal x = Numbered(DType::kF32, {2, 3, 2});
  const Literal norm = RunOp(
      OpCode::kBatchNorm,
      {x, F32({3}, {1, 2, 3}), F32({3}, {4, 5, 6}), F32({3}, {1, 0, -1}), F32({3}, {1, 4, 9})},
      {{"axis", int64_t{1}}, {"epsilon", 0.0}});
  const double means[] = {1, 0, -1};
  for (int64_t i = 0; i < 12; ++i) {
    const int64_t f = i / 2 % 3;
    EXPECT_NEAR(norm.GetFloat(i), x.GetFloat(i) - means[f] + static_cast<double>(f + 4), 1e-5);
  }
  // One query, two keys: the scores are 0.5*1 + 0 and 0.5*3 + 1.
  const Literal attention = RunOp(OpCode::kAttention,
                                  {F32({1, 1, 2}, {1, 1}), F32({1, 2, 2}, {1, 0, 1, 2}),
                                   F32({1, 2, 1}, {10, 20}), F32({2}, {0, 1})},
                                  {{"scale", 0.5}});
  const double a = std::exp(0.5), b = std::exp(2.5);
  EXPECT_NEAR(attention.GetFloat(0), (10 * a + 20 * b) / (a + b), 1e-5);
  Literal half(DType::kF16, {4});
  for (int64_t i = 0; i < 4; ++i) half.SetFloat(i, static_cast<double>(i));
  EXPECT_EQ(RunOp(OpCode::kSoftmax, {half}, {{"axis", int64_t{0}}}).dtype(), DType::kF16);
}

TEST(ControlFlowTest, WhileCountsAndIfChooses) {
  const Type i32(DType::kI32, {});
  const auto results =
      RunGraphOn({Literal::Scalar(int32_t{0})}, [&](Builder& b, const std::vector<Value>& p) {
        std::vector<std::unique_ptr<Graph>> bodies;
        for (const char* name : {"cond", "body"}) {
          auto graph = std::make_unique<Graph>(name);
          const Value i = graph->AddParameter(i32, "i")->result();
          Builder inner(graph.get());
          const Value limit = inner.Constant(Literal::Scalar(int32_t{10}));
          const Value one = inner.Constant(Literal::Scalar(int32_t{3}));
          graph->set_results({bodies.empty() ? inner.Compare("lt", i, limit) : inner.Add(i, one)});
          bodies.push_back(std::move(graph));
        }
        const Value counted = b.MakeNode(OpCode::kWhile, {p[0]}, {}, std::move(bodies))->result();
        std::vector<std::unique_ptr<Graph>> branches;
        for (int branch = 0; branch < 2; ++branch) {
          auto graph = std::make_unique<Graph>("branch");
          const Value i = graph->AddParameter(i32, "i")->result();
          Builder inner(graph.get());
          graph->set_results({branch == 0 ? inner.Mul(i, i) : inner.Unary(OpCode::kNeg, i)});
          branches.push_back(std::move(graph));
        }
        const Value large = b.Compare("gt", counted, p[0]);
        return std::vector<Value>{
            b.MakeNode(OpCode::kIf, {large, counted}, {}, std::move(branches))->result()};
      });
  ASSERT_TRUE(results.ok()) << results.status();
  EXPECT_EQ((*results)[0].GetInt(0), 144);
}

TEST(ControlFlowTest, FailedCheckNamesItsNode) {
  const auto run = [](bool ok) {
    return RunGraphOn({Literal::Scalar(ok)}, [](Builder& b, const std::vector<Value>& p) {
      b.set_location(Location{{"guard/Assert"}, "", 0});
      b.Make(OpCode::kCheck, {p[0]},
             {{"code", int64_t{11}}, {"message", std::string("index out of range")}});
      return std::vector<Value>{p[0]};
    });
  };
  EXPECT_TRUE(run(true).ok());
  const absl::Status status = run(false).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
  EXPECT_NE(status.message().find("guard/Assert"), absl::string_view::npos);
  EXPECT_NE(status.message().find("index out of range"), absl::string_view::npos);
}

TEST(SymbolicDimsTest, AreBoundFromInputs) {
  Module module;
  Graph* graph = module.AddGraph("main");
  const Dim n = Dim::Symbol("n"), m = Dim::Symbol("m");
  const Value x = graph->AddParameter(Type(DType::kF32, {n, 2}), "x")->result();
  const Value y = graph->AddParameter(Type(DType::kF32, {Dim(2) * m + Dim(1)}), "y")->result();
  Builder b(graph);
  const Value flat = b.Reshape(x, {Dim(2) * n});
  const Value size = b.DimSize(n * m);
  graph->set_results({flat, size, y});
  ASSERT_TRUE(b.ok()) << b.status();
  const auto results =
      Evaluate(module, *graph, {F32({3, 2}, {1, 2, 3, 4, 5, 6}), Literal(DType::kF32, {9})});
  ASSERT_TRUE(results.ok()) << results.status();
  EXPECT_EQ((*results)[0].shape(), std::vector<int64_t>{6});
  EXPECT_EQ((*results)[1].GetInt(0), 12);

  const auto error = [&](std::vector<Literal> inputs) {
    return std::string(Evaluate(module, *graph, inputs).status().message());
  };
  EXPECT_NE(error({F32({3, 2}, {1, 2, 3, 4, 5, 6})}).find("takes 2 inputs"), std::string::npos);
  EXPECT_NE(error({F32({3}, {1, 2, 3}), Literal(DType::kF32, {9})}).find("\"x\""),
            std::string::npos);
  EXPECT_NE(
      error({Literal(DType::kF32, {3, 3}), Literal(DType::kF32, {9})}).find("dim 1 should be 2"),
      std::string::npos);
  EXPECT_NE(error({Literal(DType::kF32, {3, 2}), Literal(DType::kF32, {8})}).find("\"y\""),
            std::string::npos);
  EXPECT_NE(error({Literal(DType::kI32, {3, 2}), Literal(DType::kF32, {9})}).find("f32[?n,2]"),
            std::string::npos);
}

TEST(EvaluatorTest, SizesThatANodeCannotHave) {
  Module module;
  Graph* graph = module.AddGraph("main");
  const Dim n = Dim::Symbol("n"), m = Dim::Symbol("m");
  const Value x = graph->AddParameter(Type(DType::kF32, {n}), "x")->result();
  const Value y = graph->AddParameter(Type(DType::kF32, {m}), "y")->result();
  Builder b(graph);
  graph->set_results({b.Add(x, y)});
  ASSERT_TRUE(b.ok()) << b.status();
  const std::vector<Literal> inputs = {Literal(DType::kF32, {3}), Literal(DType::kF32, {4})};
  EXPECT_NE(Evaluate(module, *graph, inputs).status().message().find("needs ?n = ?m, but ?n = 3"),
            std::string::npos);
  module.facts()["n"].upper = 2;
  EXPECT_NE(Evaluate(module, *graph, inputs).status().message().find("bounds 0..2"),
            std::string::npos);
}

TEST(SymbolicDimsTest, ConflictsAndHugeResultsAreErrors) {
  Module module;
  Graph* graph = module.AddGraph("main");
  const Dim n = Dim::Symbol("n");
  graph->AddParameter(Type(DType::kF32, {n}), "x");
  const Value y = graph->AddParameter(Type(DType::kF32, {n}), "y")->result();
  Builder b(graph);
  graph->set_results({b.Broadcast(y, {n * n * n * n, n}, {1})});
  ASSERT_TRUE(b.ok()) << b.status();
  EXPECT_FALSE(
      Evaluate(module, *graph, {Literal(DType::kF32, {3}), Literal(DType::kF32, {4})}).ok());
  EXPECT_EQ(Evaluate(module, *graph, {Literal(DType::kF32, {3000}), Literal(DType::kF32, {3000})})
                .status()
                .code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(CallTest, CalleesHaveTheirOwnSymbols) {
  Module module;
  Graph* callee = module.AddGraph("double");
  const Dim n = Dim::Symbol("n");
  const Value p = callee->AddParameter(Type(DType::kF32, {n}), "p")->result();
  callee->set_results({Builder(callee).Add(p, p)});
  Graph* graph = module.AddGraph("main");
  const Value x = graph->AddParameter(Type(DType::kF32, {2}), "x")->result();
  const Value y = graph->AddParameter(Type(DType::kF32, {3}), "y")->result();
  const AttrMap attrs = {{"callee", SymbolRef{"double"}}};
  graph->set_results({graph->AddNode(OpCode::kCall, {x}, {x.type()}, attrs)->result(),
                      graph->AddNode(OpCode::kCall, {y}, {y.type()}, attrs)->result()});
  const auto results = Evaluate(module, *graph, {F32({2}, {1, 2}), F32({3}, {3, 4, 5})});
  ASSERT_TRUE(results.ok()) << results.status();
  EXPECT_EQ((*results)[1], F32({3}, {6, 8, 10}));
  // A graph that calls itself ends with an error, not with the stack.
  callee->set_results({callee->AddNode(OpCode::kCall, {p}, {p.type()}, attrs)->result()});
  EXPECT_FALSE(Evaluate(module, *graph, {F32({2}, {1, 2}), F32({3}, {3, 4, 5})}).ok());
}

}  // namespace
}  // namespace cermet
