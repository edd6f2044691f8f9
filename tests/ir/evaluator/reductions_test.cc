// Reductions, windows and contractions: values, orders, and independent formulas.
#include <cmath>

#include "tests/ir/evaluator/run_node.h"

namespace cermet {
namespace {

Literal Reduce(OpCode op, const Literal& x, std::vector<int64_t> dims,
               const char* order = nullptr) {
  return RunOne({x}, [&](Builder& b, const std::vector<Value>& p) {
    const Value result = b.Reduce(op, p[0], b.Identity(op, x.dtype()), dims);
    if (order != nullptr && result) result.node->mutable_attrs().Set("order", Word{order});
    return result;
  });
}

TEST(ReduceTest, SumsAndExtrema) {
  const Literal x = I32({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(Reduce(OpCode::kAdd, x, {1}), I32({2}, {6, 15}));
  EXPECT_EQ(Reduce(OpCode::kAdd, x, {0}), I32({3}, {5, 7, 9}));
  EXPECT_EQ(Reduce(OpCode::kMul, x, {0, 1}), I32({}, {720}));
  EXPECT_EQ(Reduce(OpCode::kMaximum, F32({2, 2}, {-1, -2, -3, NAN}), {1}).GetFloat(0), -1);
  EXPECT_TRUE(std::isnan(Reduce(OpCode::kMaximum, F32({2, 2}, {-1, -2, NAN, 3}), {1}).GetFloat(1)));
  EXPECT_EQ(Reduce(OpCode::kMinimum, Numbered(DType::kI8, {23}), {0}).GetInt(0), -11);
  EXPECT_EQ(Reduce(OpCode::kAdd, Literal(DType::kF32, {3, 0}), {1}), F32({3}, {0, 0, 0}));
  EXPECT_EQ(Reduce(OpCode::kAnd, Literal::FromValues<bool>({2}, {true, false}), {0}).GetInt(0), 0);
}

TEST(ReduceTest, OrdersRoundAsTheySay) {
  std::vector<float> values(200);
  for (size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<float>(i)) * 1000;
  float chain = 0;
  for (float value : values) chain += value;
  EXPECT_EQ(Reduce(OpCode::kAdd, F32({200}, values), {0}), F32({}, {chain}));
  float lanes[64] = {};
  for (size_t i = 0; i < values.size(); ++i) lanes[i % 64] += values[i];
  for (int half = 32; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  }
  EXPECT_EQ(Reduce(OpCode::kAdd, F32({200}, values), {0}, "lanes(64)"), F32({}, {0 + lanes[0]}));
  // The body on bits gives the same as the native loop: f16 has no native one.
  Literal half(DType::kF16, {200});
  for (int64_t i = 0; i < 200; ++i) half.SetFloat(i, values[static_cast<size_t>(i)] / 100);
  double acc = 0;
  for (int64_t i = 0; i < 200; ++i) {
    acc = HalfToFloat(FloatToHalf(static_cast<float>(acc) + static_cast<float>(half.GetFloat(i))));
  }
  EXPECT_EQ(Reduce(OpCode::kAdd, half, {0}).GetFloat(0), acc);
}

TEST(ReduceTest, LanesOverOuterDims) {
  // Dims 0 and 2 of [3,2,70]: element j of the innermost run goes to lane j mod 64, over the outer
  // dim first.
  const Literal x = Numbered(DType::kF64, {3, 2, 70});
  const Literal result = Reduce(OpCode::kAdd, x, {0, 2}, "lanes(64)");
  for (int64_t r = 0; r < 2; ++r) {
    double lanes[64] = {};
    for (int64_t i = 0; i < 3; ++i) {
      for (int64_t j = 0; j < 70; ++j) lanes[j % 64] += x.GetFloat((i * 2 + r) * 70 + j);
    }
    for (int half = 32; half > 0; half /= 2) {
      for (int i = 0; i < half; ++i) lanes[i] += lanes[i + half];
    }
    EXPECT_EQ(result.GetFloat(r), lanes[0]);
  }
}

TEST(ReduceTest, SeveralOperandsWithAnyBody) {
  // argmax: (value, index) pairs, the first of equals.
  const Literal x = F32({2, 4}, {1, 5, 5, 2, 7, 3, 7, 1});
  auto results = RunGraphOn({x}, [](Builder& b, const std::vector<Value>& p) {
    auto body = std::make_unique<Graph>("argmax");
    const Type f32(DType::kF32, {}), i64(DType::kI64, {});
    const Value av = body->AddParameter(f32, "av")->result();
    const Value ai = body->AddParameter(i64, "ai")->result();
    const Value bv = body->AddParameter(f32, "bv")->result();
    const Value bi = body->AddParameter(i64, "bi")->result();
    Builder inner(body.get());
    const Value greater = inner.Compare("gt", bv, av);
    body->set_results({inner.Select(greater, bv, av), inner.Select(greater, bi, ai)});
    std::vector<std::unique_ptr<Graph>> bodies;
    bodies.push_back(std::move(body));
    const Value iota = b.Iota(Type(DType::kI64, {2, 4}), 1);
    const Value init = b.Constant(Literal::Scalar(-INFINITY));
    const Value zero = b.Constant(Literal::Scalar(int64_t{0}));
    Node* node = b.MakeNode(OpCode::kReduce, {p[0], iota, init, zero},
                            {{"dims", std::vector<int64_t>{1}}}, std::move(bodies));
    return node == nullptr ? std::vector<Value>()
                           : std::vector<Value>{node->result(0), node->result(1)};
  });
  ASSERT_TRUE(results.ok()) << results.status();
  EXPECT_EQ((*results)[0], F32({2}, {5, 7}));
  EXPECT_EQ((*results)[1], Literal::FromValues<int64_t>({2}, {1, 0}));
}

TEST(ReduceWindowTest, MatchesItsFormula) {
  const Literal x = Numbered(DType::kF32, {2, 7, 6});
  const std::vector<int64_t> window = {1, 3, 2}, stride = {1, 2, 1}, low = {0, 1, 0},
                             high = {0, 2, 1}, dilation = {1, 2, 3};
  for (OpCode op : {OpCode::kAdd, OpCode::kMaximum}) {
    for (DType dtype : {DType::kF32, DType::kI32}) {
      const Literal input = Numbered(dtype, {2, 7, 6});
      const Literal result = RunOne({input}, [&](Builder& b, const std::vector<Value>& p) {
        std::vector<std::unique_ptr<Graph>> bodies;
        bodies.push_back(BinaryBody(op, dtype));
        Node* node = b.MakeNode(OpCode::kReduceWindow, {p[0], b.Identity(op, dtype)},
                                {{"window", window},
                                 {"stride", stride},
                                 {"low", low},
                                 {"high", high},
                                 {"dilation", dilation}},
                                std::move(bodies));
        return node == nullptr ? Value() : node->result();
      });
      ASSERT_EQ(result.shape(), (std::vector<int64_t>{2, 3, 4}));
      for (int64_t i = 0; i < 2; ++i) {
        for (int64_t r = 0; r < 3; ++r) {
          for (int64_t c = 0; c < 4; ++c) {
            double acc = op == OpCode::kAdd ? 0 : -1e30;
            bool any = false;
            for (int64_t kr = 0; kr < 3; ++kr) {
              for (int64_t kc = 0; kc < 2; ++kc) {
                const int64_t row = r * 2 + kr * 2 - 1, column = c + kc * 3;
                if (row < 0 || row >= 7 || column >= 6) continue;
                const double value = x.GetFloat((i * 7 + row) * 6 + column);
                acc = op == OpCode::kAdd ? acc + value : std::max(acc, value);
                any = true;
              }
            }
            ASSERT_TRUE(any);
            const int64_t at = (i * 3 + r) * 4 + c;
            EXPECT_EQ(
                dtype == DType::kF32 ? result.GetFloat(at) : static_cast<double>(result.GetInt(at)),
                acc);
          }
        }
      }
    }
  }
}

TEST(DotTest, SmallProducts) {
  const auto dot = [](const Literal& x, const Literal& y, DimPair contract, DimPair batch = {}) {
    return RunOne({x, y},
                  [&](Builder& b, const auto& p) { return b.Dot(p[0], p[1], contract, batch); });
  };
  EXPECT_EQ(dot(I32({2, 2}, {1, 2, 3, 4}), I32({2, 2}, {5, 6, 7, 8}), {{1}, {0}}),
            I32({2, 2}, {19, 22, 43, 50}));
  EXPECT_EQ(dot(F32({2, 2}, {1, 2, 3, 4}), F32({2, 2}, {5, 6, 7, 8}), {{0}, {1}}),
            F32({2, 2}, {23, 31, 34, 46}));
  EXPECT_EQ(dot(F32({2, 1, 2}, {1, 2, 3, 4}), F32({2, 2, 1}, {5, 6, 7, 8}), {{2}, {1}}, {{0}, {0}}),
            F32({2, 1, 1}, {17, 53}));
  EXPECT_EQ(dot(F32({3}, {1, 2, 3}), F32({3}, {4, 5, 6}), {{0}, {0}}), F32({}, {32}));
  EXPECT_EQ(dot(Literal(DType::kF32, {2, 0}), Literal(DType::kF32, {0, 2}), {{1}, {0}}),
            F32({2, 2}, {0, 0, 0, 0}));
  EXPECT_EQ(dot(Literal::SplatInt(DType::kI8, {1, 3}, 100),
                Literal::SplatInt(DType::kI8, {3, 1}, 100), {{1}, {0}})
                .GetInt(0),
            static_cast<int8_t>(30000));
}

TEST(DotTest, ResultMayBeWider) {
  const Literal x = Literal::SplatInt(DType::kI8, {1, 3}, 100);
  const Literal y = Literal::SplatInt(DType::kI8, {3, 1}, -100);
  EXPECT_EQ(RunOne({x, y},
                   [](Builder& b, const std::vector<Value>& p) {
                     return b.MakeTyped(OpCode::kDotGeneral, p, Type(DType::kI32, {1, 1}),
                                        {{"contract", DimPair{{1}, {0}}}});
                   })
                .GetInt(0),
            -30000);
}

TEST(DotTest, IsOneFmaChainForEachResult) {
  Literal x(DType::kF32, {3, 40}), y(DType::kF32, {40, 19});
  for (int64_t i = 0; i < x.num_elements(); ++i) x.SetFloat(i, std::sin(static_cast<double>(i)));
  for (int64_t i = 0; i < y.num_elements(); ++i) y.SetFloat(i, std::cos(static_cast<double>(i)));
  const Literal result =
      RunOne({x, y}, [](Builder& b, const auto& p) { return b.Dot(p[0], p[1], {{1}, {0}}); });
  for (int64_t i = 0; i < 3; ++i) {
    for (int64_t j = 0; j < 19; ++j) {
      float acc = 0;
      for (int64_t k = 0; k < 40; ++k) {
        acc = std::fma(x.values<float>()[static_cast<size_t>(i * 40 + k)],
                       y.values<float>()[static_cast<size_t>(k * 19 + j)], acc);
      }
      EXPECT_EQ(result.values<float>()[static_cast<size_t>(i * 19 + j)], acc);
    }
  }
}

struct ConvCase {
  int64_t groups, stride, low, high, lhs_dilation, rhs_dilation;
};
class ConvolutionTest : public ::testing::TestWithParam<ConvCase> {};

TEST_P(ConvolutionTest, MatchesItsFormula) {
  const ConvCase c = GetParam();
  const int64_t features = 4, outputs = 6, rows = 7, columns = 5;
  const int64_t group_features = features / c.groups;
  const Literal x = Numbered(DType::kF32, {2, features, rows, columns});
  const Literal w = Numbered(DType::kF32, {outputs, group_features, 3, 2});
  const auto pair = [](int64_t value) { return std::vector<int64_t>{value, value}; };
  const AttrMap attrs = {{"layout", std::string("bf01_oi01->bf01")},
                         {"stride", pair(c.stride)},
                         {"low", pair(c.low)},
                         {"high", pair(c.high)},
                         {"lhs_dilation", pair(c.lhs_dilation)},
                         {"rhs_dilation", pair(c.rhs_dilation)},
                         {"groups", c.groups}};
  const Literal result = RunOp(OpCode::kConvolution, {x, w}, attrs);
  const auto extent = [&](int64_t in, int64_t window) {
    return ((in - 1) * c.lhs_dilation + 1 + c.low + c.high - ((window - 1) * c.rhs_dilation + 1)) /
               c.stride +
           1;
  };
  const int64_t out_rows = extent(rows, 3), out_columns = extent(columns, 2);
  ASSERT_EQ(result.shape(), (std::vector<int64_t>{2, outputs, out_rows, out_columns}));
  // Spreads every input element over the results it reaches.
  std::vector<double> expected(static_cast<size_t>(result.num_elements()));
  for (int64_t b = 0; b < 2; ++b) {
    for (int64_t o = 0; o < outputs; ++o) {
      for (int64_t i = 0; i < group_features; ++i) {
        const int64_t feature = o / (outputs / c.groups) * group_features + i;
        for (int64_t kr = 0; kr < 3; ++kr) {
          for (int64_t kc = 0; kc < 2; ++kc) {
            for (int64_t r = 0; r < rows; ++r) {
              for (int64_t q = 0; q < columns; ++q) {
                const int64_t at_r = r * c.lhs_dilation + c.low - kr * c.rhs_dilation;
                const int64_t at_q = q * c.lhs_dilation + c.low - kc * c.rhs_dilation;
                if (at_r < 0 || at_q < 0 || at_r % c.stride != 0 || at_q % c.stride != 0) continue;
                if (at_r / c.stride >= out_rows || at_q / c.stride >= out_columns) continue;
                expected[static_cast<size_t>(((b * outputs + o) * out_rows + at_r / c.stride) *
                                                 out_columns +
                                             at_q / c.stride)] +=
                    x.GetFloat(((b * features + feature) * rows + r) * columns + q) *
                    w.GetFloat(((o * group_features + i) * 3 + kr) * 2 + kc);
              }
            }
          }
        }
      }
    }
  }
  for (int64_t i = 0; i < result.num_elements(); ++i) {
    EXPECT_EQ(result.GetFloat(i), expected[static_cast<size_t>(i)]) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, ConvolutionTest,
                         ::testing::Values(ConvCase{1, 1, 0, 0, 1, 1}, ConvCase{1, 2, 1, 1, 1, 1},
                                           ConvCase{2, 1, 2, 0, 1, 2}, ConvCase{1, 1, 1, 2, 2, 1},
                                           ConvCase{2, 2, -1, 0, 2, 1}));

TEST(ConvolutionTest, LayoutsAgree) {
  const Literal x = Numbered(DType::kF32, {1, 3, 4, 4});
  const Literal w = Numbered(DType::kF32, {2, 3, 3, 3});
  const std::vector<int64_t> one = {1, 1};
  AttrMap attrs = {{"layout", std::string("bf01_oi01->bf01")},
                   {"stride", one},
                   {"low", one},
                   {"high", one},
                   {"lhs_dilation", one},
                   {"rhs_dilation", one},
                   {"groups", int64_t{1}}};
  const Literal direct = RunOp(OpCode::kConvolution, {x, w}, attrs);
  attrs.Set("layout", std::string("b01f_01io->b01f"));
  const Literal transposed = RunOne({x, w}, [&](Builder& b, const std::vector<Value>& p) {
    const Value nhwc = b.Transpose(p[0], {0, 2, 3, 1});
    const Value hwio = b.Transpose(p[1], {2, 3, 1, 0});
    return b.Transpose(b.Make(OpCode::kConvolution, {nhwc, hwio}, attrs), {0, 3, 1, 2});
  });
  EXPECT_EQ(direct, transposed);
}

}  // namespace
}  // namespace cermet
