// f16 and bf16 models: operators compute in f32, and what needs 16 bits rounds once. 683 * 3 = 2049
// lies between two f16 values, 2048 and 2050: rounded before 1 is added, it gives 2048.
#include "frontend/onnx/float16.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/onnx/model_builder.h"

namespace cermet {
namespace {

using onnx::TensorProto;

Literal Half(std::vector<int64_t> shape, const std::vector<double>& values,
             DType dtype = DType::kF16) {
  Literal literal(dtype, std::move(shape));
  for (size_t i = 0; i < values.size(); ++i) literal.SetFloat(static_cast<int64_t>(i), values[i]);
  return literal;
}

// The outputs of a model on x = 683, in text.
std::vector<std::string> RunOn683(const ModelBuilder& model, std::vector<int64_t> shape) {
  const absl::StatusOr<std::vector<Literal>> outputs = model.Run({Half(std::move(shape), {683})});
  EXPECT_TRUE(outputs.ok()) << outputs.status();
  std::vector<std::string> texts;
  if (!outputs.ok()) return texts;
  for (const Literal& output : *outputs)
    texts.push_back(output.type().ToString() + " " + output.ToString());
  return texts;
}

ModelBuilder MatMulBy3() {
  ModelBuilder model;
  model.Input("x", TensorProto::FLOAT16, {int64_t{1}, int64_t{1}});
  model.Constant("w", Half({1, 1}, {3}));
  model.Constant("one", Half({1}, {1}));
  model.Node("MatMul", {"x", "w"}, {"product"});
  return model;
}

TEST(Float16, ConvAndGemmRoundOnceAfterTheBias) {
  ModelBuilder conv;
  conv.Input("x", TensorProto::FLOAT16, {int64_t{1}, int64_t{1}, int64_t{1}});
  conv.Constant("w", Half({1, 1, 1}, {3}));
  conv.Constant("b", Half({1}, {1}));
  conv.Node("Conv", {"x", "w", "b"}, {"y"});
  conv.Output("y");
  EXPECT_THAT(RunOn683(conv, {1, 1, 1}), testing::ElementsAre("f16[1,1,1] [[[2050]]]"));
  ModelBuilder gemm = MatMulBy3();
  gemm.Node("Gemm", {"x", "w", "one"}, {"y"});
  gemm.Output("y");
  EXPECT_THAT(RunOn683(gemm, {1, 1}), testing::ElementsAre("f16[1,1] [[2050]]"));
}

TEST(Float16, NothingIsRoundedBetweenOperators) {
  ModelBuilder model = MatMulBy3();
  model.Node("Transpose", {"product"}, {"moved"});
  model.Node("Add", {"moved", "one"}, {"y"});
  model.Output("y");
  model.Output("product");
  EXPECT_THAT(RunOn683(model, {1, 1}),
              testing::ElementsAre("f16[1,1] [[2050]]", "f16[1,1] [[2048]]"));
}

TEST(Float16, ACastSeesTheRoundedValue) {
  ModelBuilder model = MatMulBy3();
  SetAttr(model.Node("Cast", {"product"}, {"y"}), "to", TensorProto::FLOAT);
  model.Output("y");
  EXPECT_THAT(RunOn683(model, {1, 1}), testing::ElementsAre("f32[1,1] [[2048]]"));
}

TEST(Float16, ABranchSeesTheRoundedValue) {
  ModelBuilder model = MatMulBy3();
  onnx::GraphProto branch;
  *branch.add_node() = MakeNode("Add", {"product", "one"}, {"sum"});
  branch.add_output()->set_name("sum");
  model.Node("Equal", {"x", "x"}, {"same"});
  model.Constant("flat", Ints({0}, {}));
  model.Node("Reshape", {"same", "flat"}, {"condition"});
  onnx::NodeProto* const node = model.Node("If", {"condition"}, {"y"});
  SetAttr(node, "then_branch", branch);
  SetAttr(node, "else_branch", branch);
  model.Output("y");
  EXPECT_THAT(RunOn683(model, {1, 1}), testing::ElementsAre("f16[1,1] [[2048]]"));
}

TEST(Float16, WhatOnlyMovesElementsStaysAsItIs) {
  ModelBuilder model;
  model.Input("x", TensorProto::FLOAT16, {int64_t{1}, int64_t{1}});
  model.Node("Transpose", {"x"}, {"y"});
  model.Output("y");
  const absl::StatusOr<std::unique_ptr<Module>> module = model.Import();
  ASSERT_TRUE(module.ok()) << module.status();
  for (const std::unique_ptr<Node>& node : (*module)->entry()->nodes())
    EXPECT_NE(node->op(), OpCode::kConvert);
}

TEST(Float16, StatisticsOfALayerNormAreF32) {
  ModelBuilder model;
  model.Input("x", TensorProto::BFLOAT16, {int64_t{1}, int64_t{2}});
  model.Constant("scale", Half({2}, {1, 1}, DType::kBF16));
  model.Node("LayerNormalization", {"x", "scale"}, {"y", "mean"});
  model.Output("y");
  model.Output("mean");
  const absl::StatusOr<std::vector<Literal>> outputs =
      model.Run({Half({1, 2}, {256, 257.0 * 2}, DType::kBF16)});
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  EXPECT_EQ((*outputs)[0].type().ToString(), "bf16[1,2]");
  EXPECT_EQ((*outputs)[1].type().ToString(), "f32[1,1]");
  EXPECT_EQ((*outputs)[1].GetFloat(0), (256 + 512) / 2);  // 514 is no bf16
}

// y = op(inputs), where f16 r is a sum, so that it is wide; h is f16, b bf16, x f32, c a condition.
ModelBuilder ModelOf(const std::string& op, const std::vector<std::string>& inputs) {
  ModelBuilder model(22);
  model.Input("h", TensorProto::FLOAT16, {int64_t{2}});
  model.Input("b", TensorProto::BFLOAT16, {int64_t{2}});
  model.Input("x", TensorProto::FLOAT, {int64_t{2}});
  model.Input("c", TensorProto::BOOL, {int64_t{2}});
  model.Node("Add", {"h", "h"}, {"r"});
  onnx::NodeProto* const node = model.Node(op, inputs, {"y"});
  if (op == "Concat") SetAttr(node, "axis", 0);
  if (op == "Einsum") SetAttr(node, "equation", "i,i->i");
  model.Output("y");
  return model;
}

// The type of y.
std::string ResultType(const std::string& op, const std::vector<std::string>& inputs) {
  const absl::StatusOr<std::unique_ptr<Module>> module = ModelOf(op, inputs).Import();
  return module.ok() ? (*module)->entry()->results()[0].type().ToString()
                     : std::string(module.status().message());
}

TEST(Float16, ASideInputDoesNotChangeTheType) {
  ModelBuilder model;
  model.Input("x", TensorProto::FLOAT, {int64_t{2}});
  model.Input("r", TensorProto::FLOAT16, {});
  model.Node("Add", {"r", "r"}, {"ratio"});
  model.Node("Dropout", {"x", "ratio"}, {"y"});
  model.Output("y");
  const absl::StatusOr<std::unique_ptr<Module>> module = model.Import();
  ASSERT_TRUE(module.ok()) << module.status();
  EXPECT_EQ((*module)->entry()->results()[0].type().ToString(), "f32[2]");
}

TEST(Float16, InputsMayNotMixFloatTypesInAnyOrder) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> kMixed = {
      {"Add", {"r", "x"}},        {"Add", {"x", "r"}},        {"Add", {"h", "x"}},
      {"Add", {"h", "b"}},        {"Where", {"c", "r", "x"}}, {"Where", {"c", "x", "r"}},
      {"Where", {"c", "r", "b"}}, {"Concat", {"r", "x"}},     {"Concat", {"x", "r"}},
      {"Einsum", {"h", "x"}},     {"Einsum", {"x", "h"}},     {"Equal", {"h", "x"}},
      {"Gather", {"x", "r"}},
  };
  for (const auto& [op, inputs] : kMixed) {
    EXPECT_THAT(ModelOf(op, inputs).ImportError(),
                testing::HasSubstr("must be of one element type"))
        << op;
  }
  EXPECT_THAT(
      ModelOf("Where", {"c", "r", "b"}).ImportError(),
      testing::HasSubstr("node \"node_y\" (Where): its inputs 1 and 2 have types f16[2] and "
                         "bf16[2], and must be of one element type"));
}

TEST(Float16, InputsOfATypeOfTheirOwnMayDiffer) {
  EXPECT_EQ(ResultType("Pow", {"h", "x"}), "f16[2]");
  EXPECT_EQ(ResultType("Pow", {"x", "r"}), "f32[2]");
  EXPECT_EQ(ResultType("LayerNormalization", {"r", "x"}), "f16[2]");
  EXPECT_EQ(ResultType("LayerNormalization", {"x", "r"}), "f32[2]");
  EXPECT_EQ(ResultType("CastLike", {"x", "r"}), "f16[2]");
  EXPECT_EQ(ResultType("BatchNormalization", {"h", "x", "x", "x", "x"}), "f16[2]");
  EXPECT_EQ(ResultType("BatchNormalization", {"x", "h", "h", "r", "r"}), "f32[2]");
}

TEST(Float16, AnOutputHasItsDeclaredType) {
  ModelBuilder model = ModelOf("Add", {"r", "r"});
  onnx::TypeProto* const type = model.proto().mutable_graph()->mutable_output(0)->mutable_type();
  type->mutable_tensor_type()->set_elem_type(TensorProto::FLOAT16);
  EXPECT_EQ(model.ImportError(), "no error");
  type->mutable_tensor_type()->set_elem_type(TensorProto::FLOAT);
  EXPECT_THAT(model.ImportError(),
              testing::HasSubstr("output \"y\" is declared as f32 and is computed as f16"));
}

}  // namespace
}  // namespace cermet
