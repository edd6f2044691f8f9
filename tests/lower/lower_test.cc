// Fused, lowered and planned programs compute what the evaluator computes, bit for bit: before any
// schedule.
#include <gtest/gtest.h>

#include <random>

#include "ir/evaluator/evaluator.h"
#include "ir/kernel/verifier.h"
#include "ir/parser.h"
#include "ir/printer.h"
#include "passes/pass_manager.h"
#include "passes/plan/build_program.h"
#include "passes/plan/memory_plan.h"
#include "passes/registry.h"
#include "tests/support/program_interpreter.h"

namespace cermet {
namespace {

Literal RandomLiteral(DType dtype, const std::vector<int64_t>& shape, uint32_t seed) {
  std::mt19937 random(seed);
  Literal literal(dtype, shape);
  for (int64_t i = 0; i < literal.num_elements(); ++i) {
    if (IsFloat(dtype)) {
      literal.SetFloat(i, std::uniform_real_distribution<double>(-2, 2)(random));
    } else {
      literal.SetInt(i, dtype == DType::kBool ? random() % 2 : random() % 7);
    }
  }
  return literal;
}

struct Case {
  const char* name;
  const char* text;
  DimBindings dims;
};

class Lowering : public ::testing::TestWithParam<Case> {};

TEST_P(Lowering, GivesTheEvaluatorsBits) {
  for (const bool merge : {true, false}) {
    absl::StatusOr<std::unique_ptr<Module>> module = ParseModule(GetParam().text, "test.cermet");
    ASSERT_TRUE(module.ok()) << module.status();
    PassOptions options;
    if (!merge) options.disabled = RuleNames("fuse");
    const std::vector<std::string> before = {"expand_composites", "numerics"}, after = {"fuse"};
    ASSERT_TRUE(RunPasses(**module, before, options).ok());
    std::vector<Literal> inputs;
    for (Node* parameter : (*module)->entry()->parameters()) {
      std::vector<int64_t> shape;
      for (const Dim& dim : parameter->type().shape)
        shape.push_back(*dim.Evaluate(GetParam().dims));
      inputs.push_back(RandomLiteral(parameter->type().dtype, shape, inputs.size()));
    }
    absl::StatusOr<std::vector<Literal>> expected = Evaluate(**module, *(*module)->entry(), inputs);
    ASSERT_TRUE(expected.ok()) << expected.status();

    const absl::StatusOr<PassReport> fused = RunPasses(**module, after, options);
    ASSERT_TRUE(fused.ok()) << fused.status();
    plan::BuildProgramOptions build;
    build.schedule = [](kernel::Kernel* kernel, const std::vector<bool>&) {
      return kernel::Verify(*kernel);
    };
    absl::StatusOr<program::Program> program = plan::BuildProgram(**module, build);
    ASSERT_TRUE(program.ok()) << program.status() << Print(**module);
    ASSERT_TRUE(plan::PlanMemory(&*program).ok());
    const absl::Status valid = program::Verify(*program);
    ASSERT_TRUE(valid.ok()) << valid << program::Print(*program);
    absl::StatusOr<std::vector<Literal>> actual =
        testing::InterpretProgram(*program, (*module)->constants(), inputs);
    ASSERT_TRUE(actual.ok()) << actual.status() << program::Print(*program);
    ASSERT_EQ(actual->size(), expected->size());
    for (size_t i = 0; i < expected->size(); ++i) {
      EXPECT_EQ((*actual)[i], (*expected)[i])
          << "result " << i << " merge " << merge << "\n"
          << (*expected)[i].ToString() << "\n"
          << (*actual)[i].ToString() << Print(**module) << program::Print(*program);
    }
  }
}

const Case kCases[] = {
    {"DenseEpilogue",
     R"(
graph @main(%x: f32[?n,16], %w: f32[16,24], %b: f32[24], %r: f32[?n,24]) {
  %4 = dot_general(%x, %w) {contract = [1] x [0]} : f32[?n,24] "fc/MatMul"
  %5 = broadcast_in_dim(%b) {dims = [1]} : f32[?n,24]
  %6 = add(%4, %5) : f32[?n,24]
  %7 = add(%6, %r) : f32[?n,24]
  %8 = constant 0 : f32
  %9 = broadcast_in_dim(%8) {dims = []} : f32[?n,24]
  %10 = maximum(%7, %9) : f32[?n,24]
  return %10
}
)",
     {{"n", 5}}},
    {"RowsWithSharedReductions",
     R"(
graph @main(%x: f32[3,?n,70]) {
  %1 = constant -inf : f32
  %2 = reduce(%x, %1) {dims = [2]} : f32[3,?n] with maximum
  %3 = broadcast_in_dim(%2) {dims = [0, 1]} : f32[3,?n,70]
  %4 = sub(%x, %3) : f32[3,?n,70]
  %5 = mul(%4, %4) : f32[3,?n,70]
  %6 = mul(%5, %4) : f32[3,?n,70]
  %7 = add(%6, %5) : f32[3,?n,70]
  %8 = sub(%7, %x) : f32[3,?n,70]
  %9 = mul(%8, %8) : f32[3,?n,70]
  %10 = constant 0 : f32
  %11 = reduce(%9, %10) {dims = [2]} : f32[3,?n] with add
  %12 = broadcast_in_dim(%11) {dims = [0, 1]} : f32[3,?n,70]
  %13 = div(%9, %12) : f32[3,?n,70]
  %14 = transpose(%13) {permutation = [1, 0, 2]} : f32[?n,3,70]
  return %14
}
)",
     {{"n", 4}}},
    {"RowsThroughPadAndSlice",
     R"(
graph @main(%x: f32[17,70]) {
  %1 = constant 0 : f32
  %2 = reduce(%x, %1) {dims = [1]} : f32[17] with add
  %3 = pad(%2, %1) {low = [0], high = [1], interior = [0]} : f32[18]
  %4 = slice(%2) {start = [0], limit = [9], stride = [1]} : f32[9]
  return %3, %4
}
)",
     {}},
    {"ProductThroughPad",
     R"(
graph @main(%x: f32[5,7], %w: f32[7,9]) {
  %2 = dot_general(%x, %w) {contract = [1] x [0]} : f32[5,9]
  %3 = constant 2 : f32
  %4 = pad(%2, %3) {low = [0, 0], high = [1, 3], interior = [0, 0]} : f32[6,12]
  return %4
}
)",
     {}},
    {"PaddedEpilogue",
     R"(
graph @main(%x: f32[?n,5,6,3], %w: f32[3,2,3,8], %b: f32[8]) {
  %3 = convolution(%x, %w) {layout = "b01f_01io->b01f", stride = [1, 1], low = [0, 0], high = [0, 0], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1} : f32[?n,3,5,8]
  %4 = broadcast_in_dim(%b) {dims = [3]} : f32[?n,3,5,8]
  %5 = add(%3, %4) : f32[?n,3,5,8]
  %6 = constant -0.0 : f32
  %7 = pad(%5, %6) {low = [0, 1, 0, 0], high = [0, 2, 3, 0], interior = [0, 0, 0, 0]} : f32[?n,6,8,8]
  return %7
}
)",
     {{"n", 2}}},
    {"PaddedConcatOfPads",
     R"(
graph @main(%x: i32[2,?n,3], %y: i32[4,?n,3], %v: i32) {
  %3 = neg(%x) : i32[2,?n,3]
  %4 = pad(%3, %v) {low = [1, 2, 0], high = [0, 1, 0], interior = [0, 0, 0]} : i32[3,?n+3,3]
  %5 = pad(%y, %v) {low = [0, 0, 0], high = [0, 3, 0], interior = [0, 0, 0]} : i32[4,?n+3,3]
  %6 = concat(%4, %5) {dim = 0} : i32[7,?n+3,3]
  %7 = pad(%6, %v) {low = [0, 1, 0], high = [2, 0, 0], interior = [0, 0, 0]} : i32[9,?n+4,3]
  return %7
}
)",
     {{"n", 5}}},
    {"PadByProduct",
     R"(
graph @main(%x: f32[4,8], %a: f32[5], %b: f32[5]) {
  %3 = dot_general(%a, %b) {contract = [0] x [0]} : f32
  %4 = neg(%x) : f32[4,8]
  %5 = pad(%4, %3) {low = [1, 0], high = [2, 0], interior = [0, 0]} : f32[7,8]
  return %5
}
)",
     {}},
    {"PadByOwnElement",
     R"(
graph @main(%x: f32[?n,8], %w: f32[8,6]) {
  %2 = dot_general(%x, %w) {contract = [1] x [0]} : f32[?n,6]
  %3 = slice(%2) {start = [0, 0], limit = [1, 1], stride = [1, 1]} : f32[1,1]
  %4 = reshape(%3) : f32
  %5 = neg(%4) : f32
  %6 = pad(%2, %5) {low = [1, 0], high = [2, 0], interior = [0, 0]} : f32[?n+3,6]
  %7 = pad(%6, %4) {low = [0, 0], high = [1, 0], interior = [0, 0]} : f32[?n+4,6]
  return %7
}
)",
     {{"n", 4}}},
    {"PadBySumInConcat",
     R"(
graph @main(%x: f32[4,3,1], %a: f32[70,2]) {
  %2 = constant 0 : f32
  %3 = reduce(%a, %2) {dims = [0, 1]} : f32 with add
  %4 = add(%3, %3) : f32
  %5 = neg(%x) : f32[4,3,1]
  %6 = pad(%5, %4) {low = [1, 0, 0], high = [2, 0, 0], interior = [0, 0, 0]} : f32[7,3,1]
  %7 = concat(%6, %6) {dim = 1} : f32[7,6,1]
  return %7
}
)",
     {}},
    {"ProductReadByTwoPieces",
     R"(
graph @main(%x: f32[4,8], %w: f32[8,6]) {
  %2 = dot_general(%x, %w) {contract = [1] x [0]} : f32[4,6]
  %3 = neg(%2) : f32[4,6]
  %4 = concat(%2, %3) {dim = 0} : f32[8,6]
  return %4
}
)",
     {}},
    {"PadOfNothing",
     R"(
graph @main(%x: f32[0,4,3]) {
  %1 = constant 1 : f32
  %2 = neg(%x) : f32[0,4,3]
  %3 = pad(%2, %1) {low = [1, 1, 0], high = [1, 0, 0], interior = [0, 0, 0]} : f32[2,5,3]
  return %3
}
)",
     {}},
    {"PaddedRows",
     R"(
graph @main(%x: f32[4,70]) {
  %1 = constant 0 : f32
  %2 = reduce(%x, %1) {dims = [1]} : f32[4] with add
  %3 = broadcast_in_dim(%2) {dims = [0]} : f32[4,70]
  %4 = div(%x, %3) : f32[4,70]
  %5 = pad(%4, %1) {low = [1, 0], high = [0, 0], interior = [0, 0]} : f32[5,70]
  return %5
}
)",
     {}},
    {"LanesOverSeparateDims",
     R"(
graph @main(%x: f32[3,70,2,5,67]) {
  %1 = constant 1 : f32
  %2 = reduce(%x, %1) {dims = [0, 1, 3, 4], order = lanes(64)} : f32[2] with add
  %3 = reduce(%x, %1) {dims = [1, 2, 3], order = lanes(8)} : f32[3,67] with add
  return %2, %3
}
)",
     {}},
    {"AttentionViews",
     R"(
graph @main(%q: f32[2,5,12], %k: f32[2,5,12], %v: f32[2,5,12]) {
  %3 = reshape(%q) : f32[2,5,3,4]
  %4 = transpose(%3) {permutation = [0, 2, 1, 3]} : f32[2,3,5,4]
  %5 = reshape(%k) : f32[2,5,3,4]
  %6 = transpose(%5) {permutation = [0, 2, 3, 1]} : f32[2,3,4,5]
  %7 = dot_general(%4, %6) {contract = [3] x [2], batch = [0, 1] x [0, 1]} : f32[2,3,5,5]
  %8 = reshape(%v) : f32[2,5,3,4]
  %9 = transpose(%8) {permutation = [0, 2, 1, 3]} : f32[2,3,5,4]
  %10 = dot_general(%7, %9) {contract = [3] x [2], batch = [0, 1] x [0, 1]} : f32[2,3,5,4]
  %11 = transpose(%10) {permutation = [0, 2, 1, 3]} : f32[2,5,3,4]
  %12 = reshape(%11) : f32[2,5,12]
  return %12
}
)",
     {}},
    {"Convolutions",
     R"(
graph @main(%x: f32[2,7,6,4], %w: f32[3,3,4,8], %d: f32[3,3,1,8]) {
  %3 = constant 0 : f32
  %4 = pad(%x, %3) {low = [0, 1, 1, 0], high = [0, 1, 1, 0], interior = [0, 0, 0, 0]} : f32[2,9,8,4]
  %5 = convolution(%4, %w) {layout = "b01f_01io->b01f", stride = [2, 1], low = [0, 0], high = [0, 0], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1} : f32[2,4,6,8]
  %6 = broadcast_in_dim(%3) {dims = []} : f32[2,4,6,8]
  %7 = maximum(%5, %6) : f32[2,4,6,8]
  %8 = convolution(%7, %d) {layout = "b01f_01io->b01f", stride = [1, 1], low = [1, 1], high = [1, 1], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 8} : f32[2,4,6,8]
  %9 = transpose(%8) {permutation = [0, 3, 1, 2]} : f32[2,8,4,6]
  %10 = convolution(%x, %w) {layout = "b01f_01io->b01f", stride = [1, 1], low = [2, 2], high = [1, 1], lhs_dilation = [2, 3], rhs_dilation = [1, 2], groups = 1} : f32[2,14,15,8]
  return %9, %10
}
)",
     {}},
    {"Pooling",
     R"(
graph @main(%x: f32[1,5,6,3]) {
  %1 = constant -inf : f32
  %2 = reduce_window(%x, %1) {window = [1, 3, 2, 1], stride = [1, 2, 2, 1], low = [0, 1, 0, 0], high = [0, 1, 0, 0], dilation = [1, 1, 1, 1]} : f32[1,3,3,3] with maximum
  %3 = constant 0 : f32
  %4 = reduce(%2, %3) {dims = [1, 2]} : f32[1,3] with add
  return %2, %4
}
)",
     {}},
    {"GatherConcatIota",
     R"(
graph @main(%t: f32[9,4], %i: i64[?b,3]) {
  %2 = gather(%t, %i) {offset_dims = [2], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 2, slice_sizes = [1, 4]} : f32[?b,3,4]
  %3 = neg(%2) : f32[?b,3,4]
  %4 = concat(%2, %3, %2) {dim = 1} : f32[?b,9,4]
  %5 = iota() {dim = 1} : i64[?b,3]
  %6 = add(%5, %i) : i64[?b,3]
  %7 = concat(%6, %5) {dim = 0} : i64[2*?b,3]
  %8 = mul(%7, %7) : i64[2*?b,3]
  return %4, %8
}
)",
     {{"b", 3}}},
    {"LoopWithUpdateInPlace",
     R"(
graph @main(%x: f32[4], %n: i64) {
  %2 = constant 0 : i64
  %3 = constant 1.5 : f32
  %4 = broadcast_in_dim(%3) {dims = []} : f32[6,4]
  %5:4 = while(%2, %4, %x, %n) : (i64, f32[6,4], f32[4], i64) {
    @cond(%a: i64, %b: f32[6,4], %c: f32[4], %m: i64) {
      %4 = compare(%a, %m) {direction = lt} : bool
      return %4
    }
    @body(%a: i64, %b: f32[6,4], %c: f32[4], %m: i64) {
      %4 = constant 1 : i64
      %5 = add(%a, %4) : i64
      %6 = add(%c, %c) : f32[4]
      %7 = reshape(%6) : f32[1,4]
      %8 = constant 0 : i64
      %9 = dynamic_update_slice(%b, %7, %a, %8) : f32[6,4]
      return %5, %9, %6, %m
    }
  }
  return %5#1, %5#2
}
)",
     {}},
    {"LoopThatSwaps",
     R"(
graph @main(%x: f32[3], %y: f32[3], %n: i64) {
  %3 = constant 0 : i64
  %4:3 = while(%3, %x, %y) : (i64, f32[3], f32[3]) {
    @cond(%a: i64, %b: f32[3], %c: f32[3]) {
      %3 = constant 3 : i64
      %4 = compare(%a, %3) {direction = lt} : bool
      return %4
    }
    @body(%a: i64, %b: f32[3], %c: f32[3]) {
      %3 = constant 1 : i64
      %4 = add(%a, %3) : i64
      %5 = neg(%c) : f32[3]
      return %4, %c, %b
    }
  }
  return %4#1, %4#2
}
)",
     {}},
    {"Conditional",
     R"(
graph @main(%p: bool, %x: f32[3], %y: f32[3]) {
  %3 = if(%p, %x, %y) : f32[3] {
    @then(%a: f32[3], %b: f32[3]) {
      %2 = add(%a, %b) : f32[3]
      return %2
    }
    @else(%a: f32[3], %b: f32[3]) {
      return %b
    }
  }
  %4 = add(%3, %x) : f32[3]
  return %4, %x
}
)",
     {}},
    {"DonatedCounter",
     R"(
graph @main(%step: i64 "step" donated, %x: f32[2]) {
  %2 = constant 1 : i64
  %3 = add(%step, %2) : i64
  %4 = convert(%step) : f32
  %5 = broadcast_in_dim(%4) {dims = []} : f32[2]
  %6 = mul(%5, %x) : f32[2]
  return %3 "step", %6
}
)",
     {}},
    {"ArgMax",
     R"(
graph @main(%x: f32[4,9]) {
  %1 = iota() {dim = 1} : i64[4,9]
  %2 = constant -inf : f32
  %3 = constant 0 : i64
  %4:2 = reduce(%x, %1, %2, %3) {dims = [1]} : (f32[4], i64[4]) {
    @body(%a: f32, %i: i64, %b: f32, %j: i64) {
      %4 = compare(%b, %a) {direction = gt} : bool
      %5 = select(%4, %b, %a) : f32
      %6 = select(%4, %j, %i) : i64
      return %5, %6
    }
  }
  return %4#0, %4#1
}
)",
     {}},
    {"ScatterAdd",
     R"(
graph @main(%x: f32[5,3], %i: i32[4,1], %u: f32[4,3]) {
  %3 = neg(%x) : f32[5,3]
  %4 = scatter(%3, %i, %u) {update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1} : f32[5,3] with add
  return %4
}
)",
     {}},
    {"UpdateByAShiftedSliceOfItself",
     R"(
graph @main(%x: f32[6], %i: i32) {
  %2 = neg(%x) : f32[6]
  %3 = slice(%2) {start = [0], limit = [4], stride = [1]} : f32[4]
  %4 = abs(%3) : f32[4]
  %5 = constant 1 : i32
  %6 = dynamic_update_slice(%2, %4, %5) : f32[6]
  return %6
}
)",
     {}},
    {"ScatterOfItself",
     R"(
graph @main(%x: f32[5], %i: i32[5,1]) {
  %2 = neg(%x) : f32[5]
  %3 = scatter(%2, %i, %2) {update_window_dims = [], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1} : f32[5] with add
  return %3
}
)",
     {}},
    {"EmptyAndScalar",
     R"(
graph @main(%x: f32[0,4], %s: f64) {
  %2 = neg(%x) : f32[0,4]
  %3 = constant 0 : f32
  %4 = reduce(%2, %3) {dims = [0, 1]} : f32 with add
  %5 = sqrt(%s) : f64
  return %2, %4, %5
}
)",
     {}},
};

INSTANTIATE_TEST_SUITE_P(All, Lowering, ::testing::ValuesIn(kCases),
                         [](const ::testing::TestParamInfo<Case>& info) {
                           return info.param.name;
                         });

}  // namespace
}  // namespace cermet
