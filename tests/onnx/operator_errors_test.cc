// Operators that are used in a wrong way: the message names the file, the node, and the mistake.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/onnx/op_errors.h"

namespace cermet {
namespace {

using testing::HasSubstr;
using Node = onnx::NodeProto*;

TEST(OperatorErrors, OfShapes) {
  ExpectErrors({
      {"Add",
       {{"b", Floats({4}, {1, 2, 3, 4})}},
       {"x", "b"},
       nullptr,
       "shapes [2,3] and [4] do not broadcast"},
      {"Add", {{"b", Ints({3}, {1, 2, 3})}}, {"x", "b"}, nullptr, "f32"},
      {"Softmax", {}, {"x"}, [](Node n) { SetAttr(n, "axis", 5); }, "axis 5 is outside rank 2"},
      {"Softmax",
       {},
       {"x"},
       [](Node n) { SetAttr(n, "axis", 1.0f); },
       "attribute axis is not an integer"},
      {"Reshape", {{"s", Vector({4, -1})}}, {"x", "s"}, nullptr, "does not divide into"},
      {"Reshape", {{"s", Vector({-1, -1})}}, {"x", "s"}, nullptr, "shape has -1 twice"},
      {"Reshape", {{"s", Vector({5})}}, {"x", "s"}, nullptr, "reshape"},
      {"Reshape",
       {{"s", Vector({1, 1, 0})}},
       {"x", "s"},
       nullptr,
       "shape copies dim 2 of an input of rank 2"},
      {"Reshape",
       {{"s", Floats({1}, {6})}},
       {"x", "s"},
       nullptr,
       "input 1 (shape) is not of an integer type"},
      {"Squeeze",
       {{"a", Vector({0})}},
       {"x", "a"},
       nullptr,
       "axis 0 of [2,3] is squeezed and not known to be 1"},
      {"Unsqueeze", {{"a", Vector({0, 0})}}, {"x", "a"}, nullptr, "axis 0 is given twice"},
      {"Unsqueeze", {}, {"x"}, nullptr, "its axes are missing"},
      {"Transpose",
       {},
       {"x"},
       [](Node n) { SetAttr(n, "perm", std::vector<int64_t>{0}); },
       "perm does not name every axis"},
      {"Tile", {{"r", Vector({2})}}, {"x", "r"}, nullptr, "repeats has 1 elements for rank 2"},
  });
}

TEST(OperatorErrors, OfPiecesAndIndices) {
  ExpectErrors({
      {"Concat", {}, {"x", "x"}, nullptr, "attribute axis is missing"},
      {"Concat",
       {{"b", Floats({3}, {1, 2, 3})}},
       {"x", "b"},
       [](Node n) { SetAttr(n, "axis", 0); },
       "inputs have shapes [2,3] and [3]"},
      {"Split", {{"s", Vector({1, 1, 1})}}, {"x", "s"}, nullptr, "do not make 1 outputs"},
      {"Split",
       {},
       {"x"},
       [](Node n) { SetAttr(n, "num_outputs", int64_t{1} << 62); },
       "num_outputs is 4611686018427387904, it has 1 outputs"},
      {"Slice",
       {{"a", Vector({0})}, {"b", Vector({1, 2})}},
       {"x", "a", "b"},
       nullptr,
       "differ in length"},
      {"Slice",
       {{"a", Vector({0})}, {"b", Vector({1})}, {"s", Vector({0})}},
       {"x", "a", "b", "", "s"},
       nullptr,
       "step 0"},
      {"Pad", {{"p", Vector({1})}}, {"x", "p"}, nullptr, "pads has 1 elements for 2 axes"},
      {"Pad",
       {{"p", Vector({1, 1, 1, 1})}},
       {"x", "p"},
       [](Node n) { SetAttr(n, "mode", "mirror"); },
       "mode \"mirror\""},
      {"Pad",
       {{"p", Vector({5, 0, 0, 0})}},
       {"x", "p"},
       [](Node n) { SetAttr(n, "mode", "reflect"); },
       "mode reflect with a pad of 5"},
      {"DepthToSpace",
       {},
       {"x"},
       [](Node n) { SetAttr(n, "blocksize", 2); },
       "has rank 2 instead of 4"},
      {"Gather",
       {{"i", Floats({1}, {0})}},
       {"x", "i"},
       nullptr,
       "its indices have type f32[1] instead of integers"},
      {"GatherElements", {{"i", Ints({1}, {0})}}, {"x", "i"}, nullptr, "differ in rank"},
      {"GatherND",
       {{"i", Ints({1, 3}, {0, 0, 0})}},
       {"x", "i"},
       nullptr,
       "index vectors of 3 elements do not fit data of shape [2,3]"},
      {"ScatterElements",
       {{"i", Ints({1, 1}, {0})}, {"u", Floats({1, 2}, {0, 0})}},
       {"x", "i", "u"},
       nullptr,
       "differ"},
      {"ScatterND",
       {{"i", Ints({1, 1}, {0})}, {"u", Floats({1, 3}, {0, 0, 0})}},
       {"x", "i", "u"},
       [](Node n) { SetAttr(n, "reduction", "xor"); },
       "reduction \"xor\""},
  });
}

TEST(OperatorErrors, OfSumsAndWindows) {
  ExpectErrors({
      {"ReduceSum", {{"a", Vector({7})}}, {"x", "a"}, nullptr, "axis 7 is outside rank 2"},
      {"Einsum", {}, {"x"}, With("equation", "ij,jk->ik"), "is of 2 operands, and there are 1"},
      {"Einsum", {}, {"x"}, With("equation", "i->j->i"), "has two arrows"},
      {"Einsum",
       {},
       {"x"},
       With("equation", "ijk->i"),
       "\"ijk\" does not name the dims of input 0 of shape [2,3]"},
      {"Einsum", {}, {"x"}, With("equation", "i1->i"), "\"i1\" has '1', which is no label"},
      {"Einsum", {}, {"x"}, With("equation", "ij->k"), "label 'k' is in no operand"},
      {"Einsum", {}, {"x"}, With("equation", "ij->ii"), "label 'i' is there twice"},
      {"Einsum",
       {{"b", Zeros({4})}},
       {"x", "b"},
       With("equation", "ij,j->i"),
       "extents 3 and 4 should be equal"},
      {"MatMul",
       {{"b", Floats({2, 2}, {1, 2, 3, 4})}},
       {"x", "b"},
       nullptr,
       "extents 3 and 2 should be equal"},
      {"MatMul", {{"b", Floats({}, {1})}}, {"x", "b"}, nullptr, "one of its inputs is a scalar"},
      {"Gemm", {{"b", Floats({3}, {1, 2, 3})}}, {"x", "b"}, nullptr, "are not matrices"},
      {"Conv", {{"w", Floats({1, 1}, {1})}}, {"x", "w"}, nullptr, "do not fit"},
      {"MaxPool", {}, {"x"}, nullptr, "has no spatial dims"},
      {"GroupNormalization", {{"s", Floats({3}, {1, 1, 1})}}, {"x", "s", "s"}, nullptr, "0 groups"},
      {"LRN", {}, {"x"}, nullptr, "size 0"},
      {"Resize", {}, {"x"}, nullptr, "it has neither scales nor sizes"},
      {"Resize", {{"s", Floats({1}, {2})}}, {"x", "", "s"}, nullptr, "it has 1 scales for 2 axes"},
      {"Resize",
       {{"s", Floats({2}, {1, 2})}},
       {"x", "", "s"},
       [](Node n) { SetAttr(n, "mode", "magic"); },
       "mode \"magic\""},
      {"LSTM", {{"w", Floats({1}, {1})}}, {"x", "w", "w"}, nullptr, "instead of rank 3"},
  });
}

TEST(OperatorErrors, OfAttributesAndTypes) {
  ExpectErrors({
      {"BitShift", {}, {"x", "x"}, nullptr, "attribute direction is neither LEFT nor RIGHT"},
      {"Cast",
       {},
       {"x"},
       [](Node n) { SetAttr(n, "to", 8); },
       "string is not a supported element type"},
      {"OneHot",
       {{"d", Ints({}, {3})}, {"v", Floats({}, {1})}},
       {"x", "d", "v"},
       nullptr,
       "values is not a vector of two"},
      {"If", {}, {"x"}, nullptr, "attribute then_branch is missing"},
      {"Loop", {}, {"", "", "x"}, nullptr, "attribute body is missing"},
      {"Constant",
       {},
       {},
       nullptr,
       "a constant that is neither a dense tensor nor numbers is not supported"},
      {"BatchNormalization",
       {{"s", Floats({3}, {1, 1, 1})}},
       {"x", "s", "s", "s", "s"},
       [](Node n) { SetAttr(n, "training_mode", 1); },
       "training_mode is not supported"},
  });
}

TEST(OperatorErrors, ShapesThatNeedDims) {
  ModelBuilder model;
  model.FloatInput("x", {"n"});
  model.Constant("axis", Ints({}, {0}));
  model.Node("CumSum", {"x", "axis"}, {"y"});
  model.Output("y");
  EXPECT_THAT(model.ImportError(), HasSubstr("CumSum along an axis of extent ?n is not supported; "
                                             "it may be with fixed dims: --dim n=N"));
  ImportOptions options;
  options.dims["n"] = 3;
  EXPECT_EQ(model.ImportError(options), "no error");
}

TEST(OperatorErrors, IfBranchesOfDifferentShapes) {
  ModelBuilder model;
  model.FloatInput("x", {int64_t{2}});
  model.Input("go", onnx::TensorProto::BOOL, {});
  model.Constant("axes", Ints({1}, {0}));
  onnx::GraphProto same, wider;
  *same.add_node() = MakeNode("Neg", {"x"}, {"a"});
  same.add_output()->set_name("a");
  *wider.add_node() = MakeNode("Unsqueeze", {"x", "axes"}, {"b"});
  wider.add_output()->set_name("b");
  onnx::NodeProto* node = model.Node("If", {"go"}, {"y"});
  SetAttr(node, "then_branch", same);
  SetAttr(node, "else_branch", wider);
  model.Output("y");
  EXPECT_THAT(model.ImportError(),
              HasSubstr("its branches yield f32[2] and f32[1,2] for output 0"));
}

}  // namespace
}  // namespace cermet
