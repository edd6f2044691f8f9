// Fusion of graphs that are deep or full of diamonds: a rule that walks the group along its paths
// never ends on these.
#include "gtest/gtest.h"
#include "ir/builder.h"
#include "passes/compile.h"
#include "passes/pass_manager.h"

namespace cermet {
namespace {

constexpr int64_t kSize = 8;

// x = x - x * h, over and over: 2 ^ steps paths lead from the result to x.
Value Diamonds(Builder& b, Value x, Value h, int steps) {
  for (int i = 0; i < steps; ++i) x = b.Sub(x, b.Mul(x, h));
  return x;
}

class FuseTest : public testing::Test {
 protected:
  Value Parameter(const char* name) {
    return module_.entry()->AddParameter(Type(DType::kF32, {kSize, kSize}), name)->result();
  }
  void FuseTo(Value result) {
    module_.entry()->set_results({result});
    module_.entry()->set_result_names({""});
    ASSERT_TRUE(b_.ok()) << b_.status();
    const auto report = RunPasses(module_, {"fuse"}, PassOptions());
    ASSERT_TRUE(report.ok()) << report.status();
  }
  int64_t CountFusions() {
    int64_t count = 0;
    for (const auto& node : module_.entry()->nodes()) count += node->op() == OpCode::kFusion;
    return count;
  }

  Module module_;
  Builder b_{module_.AddGraph("main")};
};

TEST_F(FuseTest, DiamondsAreOneFusion) {
  const Value x = Parameter("x"), h = Parameter("h");
  FuseTo(Diamonds(b_, x, h, 500));
  EXPECT_EQ(CountFusions(), 1);
}

TEST_F(FuseTest, DiamondsBeforeAProductStayOutOfItsPrologue) {
  const Value x = Parameter("x"), h = Parameter("h");
  const Value product = b_.Dot(Diamonds(b_, x, h, 500), h, {{1}, {0}});
  FuseTo(Diamonds(b_, product, h, 500));
  EXPECT_EQ(CountFusions(), 2);
}

TEST_F(FuseTest, KernelsHaveAMostSize) {
  const Value x = Parameter("x"), h = Parameter("h");
  Value y = Diamonds(b_, x, h, 1100);
  for (int i = 0; i < 40; ++i) y = b_.Add(b_.Unary(OpCode::kSin, y), x);
  FuseTo(y);
  EXPECT_EQ(CountFusions(), 2 + 5);
}

TEST_F(FuseTest, ManyPiecesAreOneFusion) {
  const Value x = Parameter("x"), h = Parameter("h");
  std::vector<Value> pieces;
  for (int i = 0; i < 100; ++i) pieces.push_back(Diamonds(b_, b_.Add(x, h), h, 5));
  FuseTo(b_.Concat(pieces, 0));
  EXPECT_EQ(CountFusions(), 1);
}

TEST_F(FuseTest, DeepGraphsCompileToOneKernel) {
  const Value x = Parameter("x"), h = Parameter("h");
  module_.entry()->set_results({Diamonds(b_, x, h, 200)});
  module_.entry()->set_result_names({""});
  ASSERT_TRUE(b_.ok()) << b_.status();
  const auto program = Compile(&module_, CompileOptions());
  ASSERT_TRUE(program.ok()) << program.status();
  EXPECT_EQ(program->kernels.size(), 1u);
}

}  // namespace
}  // namespace cermet
