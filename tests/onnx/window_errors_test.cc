// Wrong uses of matrix products, convolutions, pools and resizing: the operators with windows,
// strides and pads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/onnx/op_errors.h"

namespace cermet {
namespace {

const Literal& Image() {  // one image of one feature
  static const Literal* const image = new Literal(Zeros({1, 1, 4}));
  return *image;
}

TEST(ContractionErrors, MatMulAndGemm) {
  ExpectErrors({
      {"MatMul",
       {{"a", Zeros({2, 1, 2})}, {"b", Zeros({3, 2, 1})}},
       {"a", "b"},
       nullptr,
       "shapes [2] and [3] do not broadcast"},
      {"Gemm",
       {{"b", Zeros({3, 2})}, {"c", Zeros({4})}},
       {"x", "b", "c"},
       nullptr,
       "shapes [4] and [2,2] do not broadcast"},
      {"Gemm",
       {{"b", Zeros({3, 2})}, {"c", Zeros({1, 2, 2})}},
       {"x", "b", "c"},
       nullptr,
       "shape [1,2,2] does not broadcast to [2,2]"},
      {"Gemm", {{"b", Zeros({2, 2})}}, {"x", "b"}, nullptr, "extents 3 and 2 should be equal"},
      {"Gemm",
       {{"b", Zeros({3, 2})}},
       {"x", "b"},
       With("alpha", 1),
       "attribute alpha is not a float"},
  });
}

TEST(ContractionErrors, Conv) {
  const std::map<std::string, Literal> fit = {{"a", Image()}, {"w", Zeros({1, 1, 3})}};
  ExpectErrors({
      {"Conv",
       {{"a", Image()}, {"w", Zeros({1, 1})}},
       {"a", "w"},
       nullptr,
       "input of shape [1,1,4] and filter of shape [1,1] do not fit"},
      {"Conv",
       fit,
       {"a", "w"},
       With("kernel_shape", List{2}),
       "kernel_shape [2] is not that of the filter, [3]"},
      {"Conv",
       fit,
       {"a", "w"},
       With("strides", List{1, 1}),
       "attribute strides has 2 elements instead of 1"},
      {"Conv", fit, {"a", "w"}, With("strides", List{0}), "attribute strides has the element 0"},
      {"Conv",
       fit,
       {"a", "w"},
       With("dilations", List{0}),
       "attribute dilations has the element 0"},
      {"Conv",
       fit,
       {"a", "w"},
       With("pads", List{1}),
       "attribute pads has 1 elements instead of 2"},
      {"Conv", fit, {"a", "w"}, With("auto_pad", "SAME"), "auto_pad \"SAME\""},
      {"Conv", fit, {"a", "w"}, With("auto_pad", 1), "attribute auto_pad is not a string"},
      {"Conv", fit, {"a", "w"}, With("group", 0), "groups = 0 is not positive"},
      {"Conv",
       {{"a", Image()}, {"w", Zeros({1, 2, 3})}},
       {"a", "w"},
       nullptr,
       "input f32[1,1,4] and filter f32[1,2,3] do not fit"},
      {"Conv",
       {{"w", Zeros({1, 1, 3})}},
       {"x", "w"},
       With("auto_pad", "SAME_UPPER", "strides", List{2}),
       "auto_pad SAME with stride 2 needs the extent ?n; it may be with fixed dims: --dim n=N",
       18,
       {int64_t{1}, int64_t{1}, "n"}},
      {"Conv",
       {{"a", Image()}},
       {"a", "x"},
       nullptr,
       "the filter's extent ?n is not known; it may be with fixed dims: --dim n=N",
       18,
       {int64_t{1}, int64_t{1}, "n"}},
  });
}

TEST(ContractionErrors, ConvTranspose) {
  const std::map<std::string, Literal> fit = {{"a", Image()}, {"w", Zeros({1, 1, 3})}};
  const std::string op = "ConvTranspose";
  ExpectErrors({
      {op,
       {{"w", Zeros({1, 1, 3})}},
       {"x", "w"},
       nullptr,
       "input of shape [2,3] and filter of shape [1,1,3] do not fit"},
      {op, fit, {"a", "w"}, With("group", 0), "group is 0"},
      {op, fit, {"a", "w"}, With("group", 2), "2 groups do not divide 1 features"},
      {op,
       fit,
       {"a", "w"},
       With("output_padding", List{1, 1}),
       "attribute output_padding has 2 elements instead of 1"},
      {op,
       fit,
       {"a", "w"},
       With("output_padding", List{-1}),
       "attribute output_padding has the element -1"},
      {op,
       fit,
       {"a", "w"},
       With("output_shape", List{-8}),
       "attribute output_shape has the element -8"},
      {op,
       {{"a", Zeros({1, 1, 4, 4})}, {"w", Zeros({1, 1, 3, 3})}},
       {"a", "w"},
       With("output_shape", List{8}),
       "output_shape does not fit the rank"},
      {op,
       {{"w", Zeros({1, 1, 3})}},
       {"x", "w"},
       With("output_shape", List{8}),
       "output_shape with a symbolic input extent is not supported",
       18,
       {int64_t{1}, int64_t{1}, "n"}},
  });
}

TEST(PoolErrors, Windows) {
  ExpectErrors({
      {"MaxPool",
       {{"a", Image()}},
       {"a"},
       nullptr,
       "attribute kernel_shape has 0 elements instead of 1"},
      {"MaxPool",
       {{"a", Image()}},
       {"a"},
       With("kernel_shape", List{0}),
       "attribute kernel_shape has the element 0"},
      {"AveragePool", {}, {"x"}, nullptr, "its input of shape [2,3] has no spatial dims"},
      {"LpPool", {}, {"x"}, nullptr, "its input of shape [2,3] has no spatial dims"},
      {"AveragePool",
       {},
       {"x"},
       With("kernel_shape", List{2}, "strides", List{2}, "ceil_mode", 1),
       "ceil_mode with stride 2 needs the extent ?n; it may be with fixed dims: --dim n=N",
       18,
       {int64_t{1}, int64_t{1}, "n"}},
      {"MaxPool",
       {{"a", Image()}},
       {"a"},
       With("kernel_shape", List{6}),
       "a window of 6 does not fit the extent 4 with pads of 0 and 0"},
  });
  for (const char* op : {"GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"}) {
    ExpectErrors(
        {{op, {{"a", Zeros({3})}}, {"a"}, nullptr, "its input of shape [3] has no features"}});
  }
}

TEST(ResizeErrors, Modes) {
  const std::map<std::string, Literal> twice = {{"s", Floats({2}, {2, 2})}};
  const std::vector<std::string> inputs = {"x", "", "s"};
  ExpectErrors({
      {"Resize", twice, inputs, With("coordinate_transformation_mode", "quarter_pixel"),
       "coordinate_transformation_mode \"quarter_pixel\""},
      {"Resize", twice, inputs, With("nearest_mode", "up"), "nearest_mode \"up\""},
      {"Resize",
       {{"s", Vector({4, 6})}},
       {"x", "", "", "s"},
       With("keep_aspect_ratio_policy", "keep"),
       "keep_aspect_ratio_policy \"keep\""},
      {"Resize", twice, inputs, With("axes", List{0, 2}), "axis 2 is outside rank 2"},
      {"Resize", twice, inputs, With("coordinate_transformation_mode", "tf_crop_and_resize"),
       "tf_crop_and_resize needs roi"},
      {"Resize",
       {{"s", Floats({2}, {2, 2})}, {"r", Zeros({3})}},
       {"x", "r", "s"},
       With("coordinate_transformation_mode", "tf_crop_and_resize"),
       "roi has 3 elements for 2 axes"},
      {"Upsample", twice, {"x", "s"}, With("mode", "magic"), "mode \"magic\"", 9},
  });
}

TEST(ResizeErrors, ScalesAndSizes) {
  const std::vector<std::string> by_scale = {"x", "", "s"}, by_size = {"x", "", "", "s"};
  ExpectErrors({
      {"Resize", {{"s", Floats({2}, {2, 0})}}, by_scale, nullptr, "scale 0"},
      {"Resize",
       {{"s", Vector({2, 2})}},
       by_scale,
       nullptr,
       "input 2 (scales) is not of a float type"},
      {"Resize", {}, {"x", "", "x"}, nullptr, "the elements of input 2 (scales) are not known"},
      {"Resize", {{"s", Vector({2})}}, by_size, nullptr, "it has 1 sizes for 2 axes"},
      {"Resize",
       {{"s", Vector({-1, 3})}},
       by_size,
       nullptr,
       "axis 0 cannot be resized from 2 to -1"},
      {"Resize",
       {{"s", Vector({4, 3})}},
       by_size,
       nullptr,
       "resizing axis 0 from ?n to 4 needs fixed extents",
       18,
       {"n", int64_t{3}}},
      {"Resize",
       {{"s", Floats({2}, {1.5, 1})}},
       by_scale,
       nullptr,
       "resizing axis 0 of extent ?n by 1.5 needs fixed extents",
       18,
       {"n", int64_t{3}}},
      {"Upsample", {}, {"x"}, nullptr, "scales is missing", 9},
      {"Upsample", {}, {"x"}, nullptr, "it has 0 scales for 2 axes", 8},
  });
}

// One extent stays as it is, but the policy would change it with the others.
TEST(ResizeErrors, AspectRatioOfASymbolicExtent) {
  ModelBuilder model;
  model.FloatInput("x", {"n", int64_t{2}});
  model.Constant("four", Vector({4}));
  SetAttr(model.Node("Shape", {"x"}, {"n"}), "end", 1);
  SetAttr(model.Node("Concat", {"n", "four"}, {"sizes"}), "axis", 0);
  SetAttr(model.Node("Resize", {"x", "", "", "sizes"}, {"y"}), "keep_aspect_ratio_policy",
          "not_larger");
  model.Output("y");
  ExpectError(model.ImportError(), "Resize", "keep_aspect_ratio_policy needs fixed extents");
}

}  // namespace
}  // namespace cermet
