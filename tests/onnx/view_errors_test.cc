// Wrong uses of the operators that move elements, make tensors from shapes, or read at indices.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/onnx/op_errors.h"

namespace cermet {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

TEST(ViewErrors, Reshape) {
  ExpectErrors({
      {"Reshape", {{"s", Vector({-2, 3})}}, {"x", "s"}, nullptr, "shape has the extent -2"},
      {"Reshape",
       {{"s", Vector({0, -1})}},
       {"x", "s"},
       With("allowzero", 1),
       "shape has both 0 and -1"},
      {"Reshape", {}, {"x", "x"}, nullptr, "the elements of input 1 (shape) are not known"},
      {"Flatten", {}, {"x"}, With("axis", 3), "axis 3 is outside rank 2"},
      {"Flatten", {}, {"x"}, With("axis", -3), "axis -3 is outside rank 2"},
      {"Expand", {{"s", Vector({2, 4})}}, {"x", "s"}, nullptr, "do not broadcast"},
      {"Expand",
       {{"s", Vector({-1, 1, 1})}},
       {"x", "s"},
       nullptr,
       "f32[-1,2,3] has a negative extent"},
      {"Tile", {{"r", Vector({1, -1})}}, {"x", "r"}, nullptr, "repeats has -1"},
      {"Transpose", {}, {"x"}, With("perm", List{0, 2}), "axis 2 is outside rank 2"},
      {"Transpose", {}, {"x"}, With("perm", 1), "attribute perm is not a list of integers"},
      {"Squeeze",
       {},
       {"x"},
       With("axes", List{0}),
       "axis 0 of [?n,3] is squeezed and not known to be 1; it may be with fixed dims: --dim n=N",
       11,
       {"n", int64_t{3}}},
  });
}

TEST(ViewErrors, PartsAndPads) {
  ExpectErrors({
      {"Concat", {}, {"x", ""}, With("axis", 0), "its input 1 is missing"},
      {"Concat",
       {{"b", Zeros({2, 4})}},
       {"x", "b"},
       With("axis", 0),
       "extents 3 and 4 should be equal"},
      {"Split", {{"s", Vector({-1})}}, {"x", "s"}, nullptr, "a part has extent -1"},
      {"Split",
       {{"s", Vector({1})}},
       {"x", "s"},
       nullptr,
       "parts of 1 in all do not make 1 outputs of axis 0 of [2,3]"},
      {"Slice", {}, {"x"}, nullptr, "starts or ends is missing"},
      {"Slice", {{"a", Vector({0})}}, {"x", "a"}, nullptr, "starts or ends is missing"},
      {"Slice",
       {},
       {"x"},
       With("starts", List{0, 0}, "ends", List{1}),
       "starts, ends, axes and steps differ in length",
       9},
      {"Slice",
       {{"a", Vector({0})}, {"b", Vector({1})}, {"s", Vector({kMin})}},
       {"x", "a", "b", "", "s"},
       nullptr,
       "step -9223372036854775808"},
      {"Pad", {}, {"x"}, nullptr, "pads is missing"},
      {"DepthToSpace", {}, {"x"}, nullptr, "blocksize is 0"},
      {"SpaceToDepth", {}, {"x"}, With("blocksize", -1), "blocksize is -1"},
      {"DepthToSpace",
       {{"a", Zeros({1, 4, 1, 1})}},
       {"a"},
       With("blocksize", 2, "mode", "RCD"),
       "mode \"RCD\""},
      {"DepthToSpace",
       {{"a", Zeros({1, 3, 1, 1})}},
       {"a"},
       With("blocksize", 2),
       "cannot reshape f32[1,3,1,1]"},
  });
}

// The bound n - 3 may be negative, which would count it from the back.
TEST(ViewErrors, SliceBoundOfUnknownSign) {
  ModelBuilder model;
  model.FloatInput("x", {"n"});
  model.Constant("zero", Vector({0}));
  model.Constant("three", Vector({3}));
  model.Node("Shape", {"x"}, {"n"});
  model.Node("Sub", {"n", "three"}, {"end"});
  model.Node("Slice", {"x", "zero", "end"}, {"y"});
  model.Output("y");
  ExpectError(model.ImportError(), "Slice", "it is not known whether the bound ?n-3 is negative");
}

TEST(ShapeErrors, Constants) {
  ExpectErrors({
      {"Constant", {}, {}, With("value", 1), "attribute value is not a tensor"},
      {"Constant", {}, {}, With("value_float", 1), "attribute value_float is not a float"},
      {"Constant", {}, {}, With("value_ints", 1), "attribute value_ints is not a list of integers"},
      {"Constant",
       {},
       {},
       With("value_floats", 1),
       "attribute value_floats is not a list of floats"},
      {"ConstantOfShape",
       {{"s", Vector({2})}},
       {"s"},
       With("value", Vector({1, 2})),
       "attribute value does not hold one element"},
      {"ConstantOfShape",
       {{"s", Vector({2})}},
       {"s"},
       With("value", 1),
       "attribute value is not a tensor"},
      {"ConstantOfShape", {{"s", Vector({-1})}}, {"s"}, nullptr, "f32[-1] has a negative extent"},
      {"EyeLike", {{"a", Zeros({3})}}, {"a"}, nullptr, "its input of shape [3] is not a matrix"},
      {"EyeLike", {}, {"x"}, With("dtype", 8), "string is not a supported element type"},
      {"Trilu",
       {{"a", Zeros({3})}},
       {"a"},
       nullptr,
       "its input of shape [3] has fewer than two dims"},
      {"Dropout",
       {{"r", Zeros({})}, {"t", Literal::Scalar<bool>(true)}},
       {"x", "r", "t"},
       nullptr,
       "Dropout in training mode is not supported"},
  });
}

TEST(ShapeErrors, RangeAndOneHot) {
  const Literal one = Floats({}, {1}), i1 = Ints({}, {1}), zero = Ints({}, {0});
  ExpectErrors({
      {"Range",
       {{"a", Zeros({2})}, {"b", one}},
       {"a", "b", "b"},
       nullptr,
       "start, limit and delta are not scalars"},
      {"Range", {{"a", Zeros({})}, {"b", one}}, {"a", "b", "a"}, nullptr, "the range has no end"},
      {"Range",
       {{"a", one}, {"b", i1}},
       {"a", "b", "a"},
       nullptr,
       "input 1 (limit) is not of a float type"},
      {"Range", {}, {"x", "x", "x"}, nullptr, "the elements of input 0 (start) are not known"},
      {"Range",
       {{"a", Vector({0, 1})}, {"b", i1}},
       {"a", "b", "b"},
       nullptr,
       "start, limit and delta are not scalars"},
      {"Range", {{"a", zero}, {"b", i1}}, {"a", "b", "a"}, nullptr, "delta is 0"},
      {"Range",
       {{"a", Ints({}, {5})}, {"b", Literal::Scalar<float>(1)}},
       {"a", "a", "b"},
       nullptr,
       "input 2 (delta) is not of an integer type"},
      {"OneHot",
       {{"v", Zeros({2})}},
       {"x", "x", "v"},
       nullptr,
       "the elements of input 1 (depth) are not known"},
      {"OneHot",
       {{"d", i1}, {"v", Zeros({2})}},
       {"x", "d", "v"},
       With("axis", 3),
       "axis 3 is outside rank 3"},
      {"OneHot",
       {{"d", Vector({1, 2})}, {"v", Zeros({2})}},
       {"x", "d", "v"},
       nullptr,
       "depth is not a scalar"},
      {"OneHot",
       {{"d", i1}, {"v", Zeros({3})}},
       {"x", "d", "v"},
       nullptr,
       "values is not a vector of two"},
      {"OneHot",
       {{"d", Ints({}, {-4})}, {"v", Zeros({2})}},
       {"x", "d", "v"},
       nullptr,
       "depth is -4"},
  });
}

TEST(IndexErrors, GatherAndScatter) {
  const Literal index = Ints({1, 1}, {0});
  ExpectErrors({
      {"Gather", {{"i", Ints({}, {0})}}, {"x", "i"}, With("axis", 2), "axis 2 is outside rank 2"},
      {"GatherND", {{"i", index}}, {"x", "i"}, With("batch_dims", -1), "batch_dims is -1"},
      {"GatherND", {{"i", index}}, {"x", "i"}, With("batch_dims", 2), "batch_dims is 2"},
      {"GatherND", {{"i", Zeros({1, 1})}}, {"x", "i"}, nullptr, "its indices have type f32[1,1]"},
      {"ScatterND", {{"i", Ints({}, {0})}}, {"x", "i", "x"}, nullptr, "its indices are a scalar"},
      {"ScatterND",
       {{"i", index}, {"u", Zeros({1, 4})}},
       {"x", "i", "u"},
       nullptr,
       "updates f32[1,4] are larger than f32[2,3]"},
      {"ScatterElements",
       {{"i", Vector({0})}, {"u", Zeros({1})}},
       {"x", "i", "u"},
       nullptr,
       "data of shape [2,3] and indices of shape [1] differ in rank"},
      {"ScatterElements",
       {{"i", index}, {"u", Zeros({1, 1})}},
       {"x", "i", "u"},
       With("reduction", "sub"),
       "reduction \"sub\""},
  });
}

TEST(IndexErrors, IndexVectorsOfUnknownLength) {
  ModelBuilder model;
  model.FloatInput("x", {int64_t{2}, int64_t{3}});
  model.Input("i", onnx::TensorProto::INT64, {int64_t{1}, "n"});
  model.Node("GatherND", {"x", "i"}, {"y"});
  model.Output("y");
  ExpectError(model.ImportError(), "GatherND",
              "the length of an index vector is not known; it may be with fixed dims: --dim n=N");
}

}  // namespace
}  // namespace cermet
