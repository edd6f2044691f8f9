// Symbolic dims: shape arithmetic, what models imply about dims, and --dim.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/onnx/model_builder.h"

namespace cermet {
namespace {

using testing::HasSubstr;

// The type of the first result.
std::string ResultType(const ModelBuilder& model, const ImportOptions& options = {}) {
  const absl::StatusOr<std::unique_ptr<Module>> module = model.Import(options);
  return module.ok() ? (*module)->entry()->results()[0].type().ToString()
                     : std::string(module.status().message());
}

TEST(Shapes, ReshapeByShapeArithmetic) {
  ModelBuilder model;
  model.FloatInput("x", {"batch", "seq", int64_t{8}});
  model.Node("Shape", {"x"}, {"shape"});
  model.Constant("zero", Ints({1}, {0}));
  model.Node("Gather", {"shape", "zero"}, {"batch_dim"});
  model.Constant("rest", Ints({2}, {-1, 4}));
  SetAttr(model.Node("Concat", {"batch_dim", "rest"}, {"target"}), "axis", 0);
  model.Node("Reshape", {"x", "target"}, {"y"});
  model.Output("y");
  EXPECT_EQ(ResultType(model), "f32[?batch,2*?seq,4]");
}

TEST(Shapes, HalvesOfAFixedDim) {
  ModelBuilder model;
  model.FloatInput("x", {"n", int64_t{10}});
  model.Node("Shape", {"x"}, {"shape"});
  model.Constant("one", Ints({1}, {1}));
  model.Constant("two", Ints({1}, {2}));
  model.Node("Gather", {"shape", "one"}, {"width"});
  model.Node("Div", {"width", "two"}, {"half"});
  model.Node("Slice", {"x", "half", "width", "one"}, {"y"});
  model.Output("y");
  EXPECT_EQ(ResultType(model), "f32[?n,5]");
}

TEST(Shapes, ADimIsNotMinusOne) {
  ModelBuilder model;
  model.FloatInput("x", {"n"});
  model.Node("Shape", {"x"}, {"shape"});
  model.Constant("minus_one", Ints({1}, {-1}));
  model.Constant("seven", Ints({1}, {7}));
  model.Node("Equal", {"shape", "minus_one"}, {"is_hole"});
  model.Node("Where", {"is_hole", "seven", "shape"}, {"target"});
  model.Node("Reshape", {"x", "target"}, {"y"});
  model.Output("y");
  EXPECT_EQ(ResultType(model), "f32[?n]");
}

TEST(Shapes, ACutTableBoundsTheDim) {
  ModelBuilder model;
  model.FloatInput("x", {"seq"});
  model.Constant("table", Floats({4}, {1, 2, 3, 4}));
  model.Node("Shape", {"x"}, {"seq_dim"});
  model.Constant("zero", Ints({1}, {0}));
  model.Node("Slice", {"table", "zero", "seq_dim"}, {"cut"});
  model.Node("Add", {"x", "cut"}, {"y"});
  model.Output("y");
  const absl::StatusOr<std::unique_ptr<Module>> module = model.Import();
  ASSERT_TRUE(module.ok()) << module.status();
  EXPECT_EQ((*module)->entry()->results()[0].type().ToString(), "f32[?seq]");
  EXPECT_EQ((*module)->facts().at("seq").upper, 4);
}

TEST(Shapes, AddedDimsAreOneDim) {
  ModelBuilder model;
  model.FloatInput("x", {"a"});
  model.FloatInput("z", {"b"});
  model.Node("Add", {"x", "z"}, {"y"});
  model.Output("y");
  EXPECT_EQ(ResultType(model), "f32[?a]");
}

TEST(Shapes, UnnamedDimsGetNames) {
  ModelBuilder model;
  model.FloatInput("x", {"", "batch size"});
  model.Node("Neg", {"x"}, {"y"});
  model.Output("y");
  EXPECT_EQ(ResultType(model), "f32[?x_0,?batch_size]");
}

TEST(Shapes, DimsAreBoundByNameOrByShape) {
  ModelBuilder model;
  model.FloatInput("x", {"n", "batch size"});
  model.Node("Neg", {"x"}, {"y"});
  model.Output("y");
  ImportOptions options;
  options.dims["n"] = 3;
  EXPECT_EQ(ResultType(model, options), "f32[3,?batch_size]");
  options.dims["batch size"] = 2;
  EXPECT_EQ(ResultType(model, options), "f32[3,2]");
  options.dims.clear();
  options.input_shapes["x"] = {5, 6};
  EXPECT_EQ(ResultType(model, options), "f32[5,6]");
}

TEST(Shapes, AValueCanDecideAShape) {
  ModelBuilder model;
  model.FloatInput("x", {int64_t{6}});
  model.Input("shape", onnx::TensorProto::INT64, {int64_t{2}});
  model.Node("Reshape", {"x", "shape"}, {"y"});
  model.Output("y");
  EXPECT_THAT(
      ResultType(model),
      HasSubstr("node \"node_y\" (Reshape): the elements of input 1 (shape) are not known"));
  ImportOptions options;
  options.input_values["shape"] = Ints({2}, {2, -1});
  EXPECT_EQ(ResultType(model, options), "f32[2,3]");
}

TEST(Shapes, AnInputWithAnInitializerIsAConstant) {
  ModelBuilder model;
  model.FloatInput("x", {int64_t{2}});
  model.FloatInput("w", {int64_t{2}});
  model.Constant("w", Floats({2}, {10, 20}));
  model.Node("Add", {"x", "w"}, {"y"});
  model.Output("y");
  const absl::StatusOr<std::vector<Literal>> outputs = model.Run({Floats({2}, {1, 2})});
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  EXPECT_EQ((*outputs)[0], Floats({2}, {11, 22}));
}

TEST(Shapes, CheckedGatherNamesItsNode) {
  ModelBuilder model;
  model.FloatInput("x", {int64_t{3}});
  model.Input("i", onnx::TensorProto::INT64, {int64_t{1}});
  model.Node("Gather", {"x", "i"}, {"y"});
  model.Output("y");
  const std::vector<Literal> inputs = {Floats({3}, {1, 2, 3}), Ints({1}, {7})};
  EXPECT_TRUE(model.Run(inputs).ok());
  ImportOptions options;
  options.checked = true;
  const absl::StatusOr<std::vector<Literal>> outputs = model.Run(inputs, options);
  ASSERT_FALSE(outputs.ok());
  EXPECT_THAT(std::string(outputs.status().message()),
              HasSubstr("Gather \"node_y\": an index is out of range"));
}

TEST(Shapes, CheckedDivisionNamesItsNode) {
  ModelBuilder model;
  model.Input("x", onnx::TensorProto::INT64, {int64_t{1}});
  model.Input("z", onnx::TensorProto::INT64, {int64_t{1}});
  model.Node("Div", {"x", "z"}, {"y"});
  model.Output("y");
  const std::vector<Literal> inputs = {Ints({1}, {7}), Ints({1}, {0})};
  EXPECT_TRUE(model.Run(inputs).ok());
  ImportOptions options;
  options.checked = true;
  const absl::StatusOr<std::vector<Literal>> outputs = model.Run(inputs, options);
  ASSERT_FALSE(outputs.ok());
  EXPECT_THAT(std::string(outputs.status().message()),
              HasSubstr("Div \"node_y\": integer division by zero"));
}

}  // namespace
}  // namespace cermet
