// Modules compiled once: for any size, with state in place, and with checks that name their node.
#include "runtime/session/compiled_module.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "codegen/target.h"
#include "ir/evaluator/evaluator.h"
#include "ir/parser.h"
#include "ir/sample_inputs.h"
#include "tests/support/backends.h"

namespace cermet {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<CompiledModule> CompileText(const char* text) {
  absl::StatusOr<std::unique_ptr<Module>> module = ParseModule(text, "test.cermet");
  EXPECT_TRUE(module.ok()) << module.status();
  ModuleOptions options;
  options.compile.passes.target = *codegen::HostTarget();
  absl::StatusOr<std::unique_ptr<CompiledModule>> compiled =
      CompiledModule::Create(*std::move(module), options);
  EXPECT_TRUE(compiled.ok()) << compiled.status();
  return compiled.ok() ? *std::move(compiled) : nullptr;
}

TEST(CompiledModule, OneKernelServesEverySizeOfASymbolicDim) {
  constexpr char kText[] = R"(
graph @main(%x: f32[?n,40], %w: f32[40,24], %b: f32[24]) {
  %3 = dot_general(%x, %w) {contract = [1] x [0]} : f32[?n,24]
  %4 = broadcast_in_dim(%b) {dims = [1]} : f32[?n,24]
  %5 = add(%3, %4) : f32[?n,24]
  return %5
}
)";
  const std::unique_ptr<CompiledModule> compiled = CompileText(kText);
  ASSERT_NE(compiled, nullptr);
  absl::StatusOr<std::unique_ptr<Module>> reference = ParseModule(kText, "test.cermet");
  for (int64_t n : {1, 6, 29, 300, 0}) {
    absl::StatusOr<std::vector<Literal>> inputs =
        SampleInputs(*(*reference)->entry(), {{"n", n}}, n, SampleValues::kPlain);
    ASSERT_TRUE(inputs.ok()) << inputs.status();
    const absl::StatusOr<std::vector<Literal>> expected =
        Evaluate(**reference, *(*reference)->entry(), *inputs);
    ASSERT_TRUE(expected.ok()) << expected.status();
    const absl::StatusOr<std::vector<Literal>> actual = compiled->Run(&*inputs);
    ASSERT_TRUE(actual.ok()) << actual.status();
    EXPECT_EQ((*actual)[0], (*expected)[0]) << n;
  }
}

// The first convolution writes a buffer with the widest padding, which the others and the residual
// read at offsets. Padding takes part in the chains: zero times an infinite weight is NaN.
TEST(CompiledModule, PaddedConvolutionsServeEverySizeOfAnImage) {
  constexpr char kText[] = R"(
dim ?h in 1..
dim ?w in 1..
graph @main(%x: f32[?n,4,?h,?w], %w1: f32[8,4,1,1], %w3: f32[8,8,3,3], %w5: f32[8,1,3,3]) {
  %4 = convolution(%x, %w1) {layout = "bf01_oi01->bf01", stride = [1, 1], low = [0, 0], high = [0, 0], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1} : f32[?n,8,?h,?w]
  %5 = abs(%4) : f32[?n,8,?h,?w]
  %6 = convolution(%5, %w3) {layout = "bf01_oi01->bf01", stride = [1, 1], low = [1, 1], high = [1, 1], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1} : f32[?n,8,?h,?w]
  %7 = convolution(%5, %w5) {layout = "bf01_oi01->bf01", stride = [1, 1], low = [2, 2], high = [2, 2], lhs_dilation = [1, 1], rhs_dilation = [2, 2], groups = 8} : f32[?n,8,?h,?w]
  %8 = add(%5, %6) : f32[?n,8,?h,?w]
  %9 = add(%8, %7) : f32[?n,8,?h,?w]
  return %9
}
)";
  const std::unique_ptr<CompiledModule> compiled = CompileText(kText);
  ASSERT_NE(compiled, nullptr);
  absl::StatusOr<std::unique_ptr<Module>> reference = ParseModule(kText, "test.cermet");
  for (const auto& [n, h, w] : std::vector<std::array<int64_t, 3>>{
           {1, 1, 1}, {2, 3, 2}, {1, 7, 7}, {3, 14, 15}, {1, 30, 9}, {0, 4, 4}}) {
    for (const SampleValues values : {SampleValues::kPlain, SampleValues::kExtreme}) {
      absl::StatusOr<std::vector<Literal>> inputs =
          SampleInputs(*(*reference)->entry(), {{"n", n}, {"h", h}, {"w", w}}, h, values);
      ASSERT_TRUE(inputs.ok()) << inputs.status();
      const absl::StatusOr<std::vector<Literal>> expected =
          Evaluate(**reference, *(*reference)->entry(), *inputs);
      ASSERT_TRUE(expected.ok()) << expected.status();
      const absl::StatusOr<std::vector<Literal>> actual = compiled->Run(&*inputs);
      ASSERT_TRUE(actual.ok()) << actual.status();
      EXPECT_TRUE(testing::SameBits((*actual)[0], (*expected)[0])) << n << "x" << h << "x" << w;
    }
  }
}

TEST(CompiledModule, CounterIsUpdatedInPlace) {
  const std::unique_ptr<CompiledModule> compiled = CompileText(R"(
graph @main(%step: i64 "step" donated) {
  %1 = constant 1 : i64
  %2 = add(%step, %1) : i64
  return %2 "step"
}
)");
  ASSERT_NE(compiled, nullptr);
  const program::Program& program = compiled->program();
  EXPECT_THAT(program::Print(program), HasSubstr("in %step"));
  for (const program::Command& command : program.commands)
    EXPECT_EQ(command.kind, program::CommandKind::kLaunch);
  std::vector<Literal> state = {Literal::Scalar<int64_t>(41)};
  ASSERT_TRUE(compiled->Run(&state).ok());
  EXPECT_EQ(state[0], Literal::Scalar<int64_t>(42));
}

TEST(CompiledModule, BranchesForOtherSizesAreAnErrorOnlyWhenTaken) {
  const std::unique_ptr<CompiledModule> compiled = CompileText(R"(
graph @main(%count: i64 "count" donated, %x: f32[?n], %y: f32[?m], %p: bool[]) {
  %4 = constant 1 : i64
  %5 = add(%count, %4) : i64
  %6 = if(%p, %x, %y) : f32[?n] {
    @then(%a: f32[?n], %b: f32[?m]) {
      %2 = add(%a, %b) : f32[?n]  "sum"
      return %2
    }
    @else(%a: f32[?n], %b: f32[?m]) {
      return %a
    }
  }
  return %5 "count", %6 "y"
}
)");
  ASSERT_NE(compiled, nullptr);
  const auto inputs = [](int64_t n, int64_t m, bool taken) {
    return std::vector<Literal>{Literal::Scalar<int64_t>(7), Literal::Splat(DType::kF32, {n}, 1),
                                Literal::Splat(DType::kF32, {m}, 2),
                                Literal::SplatInt(DType::kBool, {}, taken)};
  };
  std::vector<Literal> other = inputs(4000, 3, false);
  absl::StatusOr<std::vector<Literal>> results = compiled->Run(&other);
  ASSERT_TRUE(results.ok()) << results.status();
  EXPECT_EQ(other[0], Literal::Scalar<int64_t>(8));
  std::vector<Literal> equal = inputs(3, 3, true);
  results = compiled->Run(&equal);
  ASSERT_TRUE(results.ok()) << results.status();
  EXPECT_EQ((*results)[1], Literal::Splat(DType::kF32, {3}, 3));

  std::vector<Literal> wrong = inputs(4000, 3, true);
  const absl::Status status = compiled->Run(&wrong).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("it needs ?n = ?m"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"sum\""));
  EXPECT_EQ(wrong[0], Literal::Scalar<int64_t>(7)) << "state is as it was";
}

TEST(CompiledModule, TokensAreNoResults) {
  absl::StatusOr<std::unique_ptr<Module>> module = ParseModule(R"(graph @main(%ok: bool[]) {
  %1 = check(%ok) {code = 7, message = "not ok"} : token  "guard"
  return %1
}
)",
                                                               "test.cermet");
  ASSERT_TRUE(module.ok()) << module.status();
  const absl::Status status = CompiledModule::Create(*std::move(module), ModuleOptions()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("a token orders effects"));
}

TEST(CompiledModule, FailedCheckNamesTheNodeAndChangesNoState) {
  const std::unique_ptr<CompiledModule> compiled = CompileText(R"(
graph @main(%step: i64 "step" donated, %ok: bool[4]) {
  %2 = check(%ok) {code = 7, message = "index out of range"} : token  "embedding/Gather"
  %3 = constant 1 : i64
  %4 = add(%step, %3) : i64
  return %4 "step"
}
)");
  ASSERT_NE(compiled, nullptr);
  Literal flags = Literal::SplatInt(DType::kBool, {4}, 1);
  std::vector<Literal> inputs = {Literal::Scalar<int64_t>(1), flags};
  ASSERT_TRUE(compiled->Run(&inputs).ok());
  EXPECT_EQ(inputs[0], Literal::Scalar<int64_t>(2));
  inputs[1].SetInt(2, 0);
  const absl::Status status = compiled->Run(&inputs).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("index out of range"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("embedding/Gather"));
  EXPECT_EQ(inputs[0], Literal::Scalar<int64_t>(2));
}

TEST(CompiledModule, InputsOfTheWrongShapeAreAnError) {
  const std::unique_ptr<CompiledModule> compiled = CompileText(R"(
graph @main(%x: f32[?n,4], %y: f32[?n,4]) {
  %2 = add(%x, %y) : f32[?n,4]
  return %2
}
)");
  ASSERT_NE(compiled, nullptr);
  std::vector<Literal> inputs = {Literal(DType::kF32, {2, 4}), Literal(DType::kF32, {3, 4})};
  EXPECT_THAT(std::string(compiled->Run(&inputs).status().message()), HasSubstr("y"));
  inputs = {Literal(DType::kF32, {2, 5}), Literal(DType::kF32, {2, 5})};
  EXPECT_FALSE(compiled->Run(&inputs).ok());
  inputs = {Literal(DType::kF32, {2, 4}), Literal(DType::kF32, {2, 4})};
  EXPECT_TRUE(compiled->Run(&inputs).ok());
}

}  // namespace
}  // namespace cermet
