// Transposed convolutions compute the same without the zeros in their input. The elements are small
// integers, so that every product and sum is exact.
#include "passes/convolution_phases.h"

#include <gtest/gtest.h>

#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ir/evaluator/evaluator.h"
#include "passes/pass_manager.h"

namespace cermet {
namespace {

using Ints = std::vector<int64_t>;

struct Sizes {
  Ints input, window, dilation, low, high;
  int64_t groups = 1, group_inputs = 2, group_outputs = 3;

  std::string ToString() const {
    return absl::StrCat("input ", absl::StrJoin(input, "x"), " window ", absl::StrJoin(window, "x"),
                        " dilation ", absl::StrJoin(dilation, ","), " low ",
                        absl::StrJoin(low, ","), " high ", absl::StrJoin(high, ","), " groups ",
                        groups);
  }
};

Literal SmallInts(const Ints& shape, uint32_t seed) {
  std::mt19937 random(seed);
  Literal literal(DType::kF32, shape);
  for (int64_t i = 0; i < literal.num_elements(); ++i)
    literal.SetFloat(i, static_cast<double>(random() % 9) - 4);
  return literal;
}

void ExpectSameResults(const Sizes& s) {
  SCOPED_TRACE(s.ToString());
  const auto rank = static_cast<int64_t>(s.input.size());
  Ints x_shape = {2}, w_shape = s.window;
  x_shape.insert(x_shape.end(), s.input.begin(), s.input.end());
  x_shape.push_back(s.groups * s.group_inputs);
  w_shape.insert(w_shape.end(), {s.group_inputs, s.groups * s.group_outputs});
  std::string window;
  for (int64_t i = 0; i < rank; ++i) absl::StrAppend(&window, i);

  Module module;
  Graph* graph = module.AddGraph("main");
  std::vector<Literal> inputs = {SmallInts(x_shape, 1), SmallInts(w_shape, 2)};
  const Value x = graph->AddParameter(inputs[0].type(), "x")->result();
  const Value w = graph->AddParameter(inputs[1].type(), "w")->result();
  Builder b(graph);
  const Value y = b.Make(OpCode::kConvolution, {x, w},
                         {{"layout", absl::StrCat("b", window, "f_", window, "io->b", window, "f")},
                          {"stride", Ints(rank, 1)},
                          {"low", s.low},
                          {"high", s.high},
                          {"lhs_dilation", s.dilation},
                          {"rhs_dilation", Ints(rank, 1)},
                          {"groups", s.groups}});
  ASSERT_TRUE(b.ok()) << b.status();
  graph->set_results({y});
  graph->set_result_names({""});
  const auto expected = Evaluate(module, *graph, inputs);
  ASSERT_TRUE(expected.ok()) << expected.status();

  const auto report = RunPasses(module, {"canonicalize_convolution"}, PassOptions());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->rule_counts.count("canonicalize_convolution/input_phases"), 1u);
  for (const auto& node : graph->nodes()) {
    if (node->op() != OpCode::kPad) continue;
    EXPECT_EQ(node->attrs().Ints("interior"), Ints(rank + 2, 0)) << "zeros between elements";
  }
  const auto actual = Evaluate(module, *graph, inputs);
  ASSERT_TRUE(actual.ok()) << actual.status();
  EXPECT_EQ((*actual)[0], (*expected)[0]);
}

TEST(ConvolutionPhases, OneDim) {
  for (int64_t window = 1; window <= 7; ++window) {
    for (int64_t dilation = 2; dilation <= 4; ++dilation) {
      for (int64_t low : {0, 1, 3}) {
        for (int64_t high : {-1, 0, 2}) {
          for (int64_t input : {1, 4}) {
            if ((input - 1) * dilation + 1 + low + high < window) continue;
            ExpectSameResults({{input}, {window}, {dilation}, {low}, {high}});
          }
        }
      }
    }
  }
}

TEST(ConvolutionPhases, SeveralDimsAndGroups) {
  ExpectSameResults({{4, 3}, {4, 4}, {2, 2}, {2, 2}, {2, 2}});
  ExpectSameResults({{4, 3}, {5, 3}, {3, 1}, {1, 1}, {4, 1}});
  ExpectSameResults({{4, 3}, {3, 5}, {1, 2}, {-1, 4}, {1, 3}, 3});
  ExpectSameResults({{2, 3, 2}, {2, 3, 1}, {2, 2, 3}, {1, 2, 0}, {1, 1, 2}, 2, 1, 1});
}

}  // namespace
}  // namespace cermet
