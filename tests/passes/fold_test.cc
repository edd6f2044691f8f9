// Folding of constants in the store, which text tests cannot hold.
#include "gtest/gtest.h"
#include "ir/builder.h"
#include "passes/constants.h"
#include "passes/literal_views.h"
#include "passes/pass_manager.h"

namespace cermet {
namespace {

// 0, 1, 2, ... in the given shape.
Literal Counting(std::vector<int64_t> shape) {
  Literal literal(DType::kF32, std::move(shape));
  for (int64_t i = 0; i < literal.num_elements(); ++i) literal.SetFloat(i, static_cast<double>(i));
  return literal;
}

void RunFold(Module* module) {
  const auto report = RunPasses(*module, {"fold", "dce"}, PassOptions());
  ASSERT_TRUE(report.ok()) << report.status();
}

TEST(FoldTest, ViewsOfWeightsBecomeNewEntries) {
  Module module;
  Builder b(module.AddGraph("main"));
  const Value weight = MakeConstant(module, b, Counting({40, 50}), "fc/w");
  module.entry()->set_results({b.Transpose(weight, {1, 0})});
  module.entry()->set_result_names({""});
  ASSERT_TRUE(b.ok()) << b.status();
  RunFold(&module);
  const Value result = module.entry()->results()[0];
  ASSERT_TRUE(IsConstant(result));
  EXPECT_EQ(result.type(), Type(DType::kF32, {50, 40}));
  const Literal folded = *LiteralOf(result, module);
  EXPECT_EQ(folded.GetFloat(1), 50);
  EXPECT_EQ(folded.GetFloat(40), 1);
  // The weight itself is not needed any more.
  EXPECT_EQ(module.constants().entries().size(), 1u);
}

TEST(FoldTest, LeavesResultsMuchLargerThanTheirOperands) {
  Module module;
  Builder b(module.AddGraph("main"));
  const Value x = b.Constant(Counting({8}));
  const Value zero = b.Constant(Literal::Scalar<float>(0));
  module.entry()->set_results({b.Pad(x, zero, {Dim(0)}, {Dim(100000)}, {0})});
  module.entry()->set_result_names({""});
  ASSERT_TRUE(b.ok()) << b.status();
  RunFold(&module);
  EXPECT_EQ(module.entry()->results()[0].node->op(), OpCode::kPad);
}

TEST(FoldTest, LeavesConstantsWithoutBytes) {
  Module module;
  ConstantEntry entry;
  entry.shape = {64};
  entry.byte_size = 256;
  ASSERT_TRUE(module.constants().Declare("w", entry));
  Builder b(module.AddGraph("main"));
  const Value w =
      b.MakeTyped(OpCode::kConstant, {}, Type(DType::kF32, {64}), {{"ref", SymbolRef{"w"}}});
  module.entry()->set_results({b.Unary(OpCode::kNeg, w)});
  module.entry()->set_result_names({""});
  ASSERT_TRUE(b.ok()) << b.status();
  RunFold(&module);
  EXPECT_EQ(module.entry()->results()[0].node->op(), OpCode::kNeg);
}

TEST(LiteralViewsTest, TransposesAnyRankAndWidth) {
  const Literal x = Counting({2, 3, 4});
  const Literal t = TransposeLiteral(x, {2, 0, 1});
  EXPECT_EQ(t.shape(), (std::vector<int64_t>{4, 2, 3}));
  for (int64_t i = 0; i < 2; ++i) {
    for (int64_t j = 0; j < 3; ++j) {
      for (int64_t k = 0; k < 4; ++k) {
        EXPECT_EQ(t.GetFloat((k * 2 + i) * 3 + j), x.GetFloat((i * 3 + j) * 4 + k));
      }
    }
  }
  const Literal scalar = Literal::Scalar<int8_t>(5);
  EXPECT_EQ(TransposeLiteral(scalar, {}), scalar);
  const Literal empty(DType::kF64, {0, 3});
  EXPECT_EQ(TransposeLiteral(empty, {1, 0}), Literal(DType::kF64, {3, 0}));
  const Literal bytes = Literal::FromValues<uint8_t>({2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(TransposeLiteral(bytes, {1, 0}), Literal::FromValues<uint8_t>({2, 2}, {1, 3, 2, 4}));
}

}  // namespace
}  // namespace cermet
