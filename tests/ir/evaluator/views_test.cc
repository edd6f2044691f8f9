// Views, gather and scatter against hand-computed values and independent formulas.
#include <cmath>
#include <numeric>

#include "tests/ir/evaluator/run_node.h"

namespace cermet {
namespace {

TEST(ViewsTest, BroadcastTransposeReshape) {
  const Literal x = I32({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(RunOne({x}, [](Builder& b, const auto& p) { return b.Transpose(p[0], {1, 0}); }),
            I32({3, 2}, {1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(RunOne({x}, [](Builder& b, const auto& p) { return b.Reshape(p[0], {3, 2}); }),
            I32({3, 2}, {1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(RunOne({I32({2, 1}, {1, 2})},
                   [](Builder& b, const auto& p) { return b.Broadcast(p[0], {2, 2, 3}, {1, 2}); }),
            I32({2, 2, 3}, {1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2}));
  EXPECT_EQ(RunOne({Literal(DType::kF32, {0, 1})},
                   [](Builder& b, const auto& p) { return b.Broadcast(p[0], {0, 5}, {0, 1}); }),
            Literal(DType::kF32, {0, 5}));
}

TEST(ViewsTest, SlicePadConcatReverse) {
  const Literal x = I32({5}, {1, 2, 3, 4, 5});
  EXPECT_EQ(RunOne({x}, [](Builder& b, const auto& p) { return b.Slice(p[0], {1}, {5}, {2}); }),
            I32({2}, {2, 4}));
  const Literal zero = Literal::Scalar(int32_t{9});
  EXPECT_EQ(RunOne({x, zero},
                   [](Builder& b, const auto& p) { return b.Pad(p[0], p[1], {2}, {-3}, {1}); }),
            I32({8}, {9, 9, 1, 9, 2, 9, 3, 9}));
  EXPECT_EQ(RunOne({x, zero},
                   [](Builder& b, const auto& p) { return b.Pad(p[0], p[1], {-2}, {1}, {0}); }),
            I32({4}, {3, 4, 5, 9}));
  EXPECT_EQ(RunOne({I32({2, 1}, {1, 2}), I32({2, 2}, {3, 4, 5, 6}), I32({2, 0}, {})},
                   [](Builder& b, const auto& p) { return b.Concat(p, 1); }),
            I32({2, 3}, {1, 3, 4, 2, 5, 6}));
  EXPECT_EQ(RunOp(OpCode::kReverse, {I32({2, 3}, {1, 2, 3, 4, 5, 6})},
                  {{"dims", std::vector<int64_t>{1}}}),
            I32({2, 3}, {3, 2, 1, 6, 5, 4}));
}

TEST(ViewsTest, IotaAndDimSize) {
  EXPECT_EQ(
      RunOne({}, [](Builder& b, const auto&) { return b.Iota(Type(DType::kI32, {2, 3}), 1); }),
      I32({2, 3}, {0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(
      RunOne({}, [](Builder& b, const auto&) { return b.Iota(Type(DType::kF32, {2, 2}), 0); }),
      F32({2, 2}, {0, 0, 1, 1}));
}

AttrMap GatherAttrs(std::vector<int64_t> offset_dims, std::vector<int64_t> collapsed,
                    std::vector<int64_t> map, int64_t vector_dim, std::vector<Dim> sizes) {
  return {{"offset_dims", offset_dims},
          {"collapsed_slice_dims", collapsed},
          {"start_index_map", map},
          {"index_vector_dim", vector_dim},
          {"slice_sizes", sizes}};
}

TEST(GatherTest, RowsClampIntoTheOperand) {
  const Literal x = I32({3, 2}, {10, 11, 20, 21, 30, 31});
  EXPECT_EQ(
      RunOp(OpCode::kGather, {x, I32({4}, {2, 0, -5, 7})}, GatherAttrs({1}, {0}, {0}, 1, {1, 2})),
      I32({4, 2}, {30, 31, 10, 11, 10, 11, 30, 31}));
}

TEST(GatherTest, MatchesItsFormula) {
  // Operand [4,5,6], index vectors over dims (2, 0) along dim 1 of indices [3,2], slices [2,1,3]
  // with dim 1 collapsed; the offset dims of the result [2,3(batch),3] are 0 and 2.
  const Literal x = Numbered(DType::kF32, {4, 5, 6});
  const Literal indices = I32({3, 2}, {1, 0, 5, 3, -1, 2});
  const Literal result =
      RunOp(OpCode::kGather, {x, indices}, GatherAttrs({0, 2}, {1}, {2, 0}, 1, {2, 1, 3}));
  ASSERT_EQ(result.shape(), (std::vector<int64_t>{2, 3, 3}));
  for (int64_t o0 = 0; o0 < 2; ++o0) {
    for (int64_t n = 0; n < 3; ++n) {
      for (int64_t o2 = 0; o2 < 3; ++o2) {
        const int64_t at2 = std::clamp<int64_t>(indices.GetInt(n * 2), 0, 6 - 3) + o2;
        const int64_t at0 = std::clamp<int64_t>(indices.GetInt(n * 2 + 1), 0, 4 - 2) + o0;
        EXPECT_EQ(result.GetFloat((o0 * 3 + n) * 3 + o2), x.GetFloat(at0 * 30 + at2));
      }
    }
  }
}

Literal Scatter(const Literal& x, const Literal& indices, const Literal& updates,
                std::vector<int64_t> window_dims, std::vector<int64_t> inserted,
                std::vector<int64_t> to_operand, int64_t vector_dim, OpCode op) {
  return RunOne({x, indices, updates}, [&](Builder& b, const std::vector<Value>& p) {
    std::vector<std::unique_ptr<Graph>> bodies;
    bodies.push_back(BinaryBody(op, x.dtype()));
    Node* node = b.MakeNode(OpCode::kScatter, p,
                            {{"update_window_dims", window_dims},
                             {"inserted_window_dims", inserted},
                             {"scatter_dims_to_operand_dims", to_operand},
                             {"index_vector_dim", vector_dim}},
                            std::move(bodies));
    return node == nullptr ? Value() : node->result();
  });
}

TEST(ScatterTest, AddsInOrderAndDropsOutside) {
  EXPECT_EQ(Scatter(I32({4}, {1, 2, 3, 4}), I32({5}, {0, 3, 0, 4, -1}),
                    I32({5}, {10, 20, 30, 40, 50}), {}, {0}, {0}, 1, OpCode::kAdd),
            I32({4}, {41, 2, 3, 24}));
  // Not commutative: ((1 - 10) - 30).
  EXPECT_EQ(
      Scatter(I32({1}, {1}), I32({2}, {0, 0}), I32({2}, {10, 30}), {}, {0}, {0}, 1, OpCode::kSub),
      I32({1}, {-39}));
}

TEST(ScatterTest, WindowsMatchTheirFormula) {
  // Windows of 2 columns over all 3 rows at column starts 0, 3 and 4 (the last one sticks out).
  const Literal x = Numbered(DType::kF32, {3, 5});
  const Literal updates = Numbered(DType::kF32, {3, 3, 2});
  const Literal starts = I32({3, 1}, {0, 3, 4});
  const Literal result = Scatter(x, starts, updates, {1, 2}, {}, {1}, 1, OpCode::kAdd);
  std::vector<float> expected(x.values<float>().begin(), x.values<float>().end());
  for (int64_t n = 0; n < 2; ++n) {
    for (int64_t r = 0; r < 3; ++r) {
      for (int64_t c = 0; c < 2; ++c) {
        expected[static_cast<size_t>(r * 5 + starts.GetInt(n) + c)] +=
            static_cast<float>(updates.GetFloat((n * 3 + r) * 2 + c));
      }
    }
  }
  EXPECT_EQ(result, F32({3, 5}, expected));
}

TEST(DynamicSliceTest, StartsClamp) {
  const Literal x = I32({5}, {1, 2, 3, 4, 5});
  const auto slice = [&](int32_t start) {
    return RunOne({x, Literal::Scalar(start)}, [](Builder& b, const std::vector<Value>& p) {
      return b.MakeTyped(OpCode::kDynamicSlice, p, Type(DType::kI32, {2}));
    });
  };
  EXPECT_EQ(slice(1), I32({2}, {2, 3}));
  EXPECT_EQ(slice(-7), I32({2}, {1, 2}));
  EXPECT_EQ(slice(4), I32({2}, {4, 5}));
  EXPECT_EQ(
      RunOp(OpCode::kDynamicUpdateSlice, {x, I32({2}, {8, 9}), Literal::Scalar(int64_t{100})}),
      I32({5}, {1, 2, 3, 8, 9}));
}

}  // namespace
}  // namespace cermet
