// One small case of each family of operators, against values worked out by hand. ONNX's own node
// tests (tools/onnx_node_tests) are the broad check.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/onnx/model_builder.h"

namespace cermet {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::Pointwise;

std::vector<float> FloatsOf(const Literal& literal) {
  std::vector<float> values;
  for (int64_t i = 0; i < literal.num_elements(); ++i)
    values.push_back(static_cast<float>(literal.GetFloat(i)));
  return values;
}
std::vector<int64_t> IntsOf(const Literal& literal) {
  std::vector<int64_t> values;
  for (int64_t i = 0; i < literal.num_elements(); ++i) values.push_back(literal.GetInt(i));
  return values;
}

// Runs a model with the float input x (of the shape of `x`) and the one output y.
Literal RunOnX(ModelBuilder& model, const Literal& x) {
  model.Output("y");
  const absl::StatusOr<std::vector<Literal>> outputs = model.Run({x});
  EXPECT_TRUE(outputs.ok()) << outputs.status();
  return outputs.ok() ? (*outputs)[0] : Literal();
}

ModelBuilder WithX(const std::vector<TestDim>& dims, int64_t opset = 18) {
  ModelBuilder model(opset);
  model.FloatInput("x", dims);
  return model;
}

TEST(Operators, BroadcastingAdd) {
  ModelBuilder model = WithX({int64_t{2}, int64_t{3}});
  model.Constant("b", Floats({3}, {10, 20, 30}));
  model.Node("Add", {"x", "b"}, {"y"});
  EXPECT_THAT(FloatsOf(RunOnX(model, Floats({2, 3}, {1, 2, 3, 4, 5, 6}))),
              ElementsAre(11, 22, 33, 14, 25, 36));
}

TEST(Operators, VariadicMeanAndMax) {
  ModelBuilder model = WithX({int64_t{2}});
  model.Constant("b", Floats({2}, {4, -2}));
  model.Node("Mean", {"x", "b"}, {"m"});
  model.Node("Max", {"m", "x", "b"}, {"y"});
  EXPECT_THAT(FloatsOf(RunOnX(model, Floats({2}, {2, 6}))), ElementsAre(4, 6));
}

TEST(Operators, ModTakesTheSignOfTheDivisor) {
  ModelBuilder model;
  model.Input("x", onnx::TensorProto::INT64, {int64_t{4}});
  model.Constant("b", Ints({4}, {3, 3, -3, -3}));
  model.Node("Mod", {"x", "b"}, {"y"});
  EXPECT_THAT(IntsOf(RunOnX(model, Ints({4}, {7, -7, 7, -7}))), ElementsAre(1, 2, -2, -1));
}

TEST(Operators, ClipByAttributesAndByInputs) {
  ModelBuilder old = WithX({int64_t{3}}, 7);
  onnx::NodeProto* node = old.Node("Clip", {"x"}, {"y"});
  SetAttr(node, "min", 0.0f);
  SetAttr(node, "max", 6.0f);
  EXPECT_THAT(FloatsOf(RunOnX(old, Floats({3}, {-1, 3, 9}))), ElementsAre(0, 3, 6));
  ModelBuilder model = WithX({int64_t{3}});
  model.Constant("high", Floats({}, {6}));
  model.Node("Clip", {"x", "", "high"}, {"y"});
  EXPECT_THAT(FloatsOf(RunOnX(model, Floats({3}, {-1, 3, 9}))), ElementsAre(-1, 3, 6));
}

TEST(Operators, LeakyReluAndSoftplus) {
  ModelBuilder model = WithX({int64_t{2}});
  SetAttr(model.Node("LeakyRelu", {"x"}, {"l"}), "alpha", 0.5f);
  model.Node("Softplus", {"l"}, {"y"});
  EXPECT_THAT(FloatsOf(RunOnX(model, Floats({2}, {-2, 100}))),
              Pointwise(FloatNear(1e-6f), {std::log1p(std::exp(-1.0f)), 100.0f}));
}

TEST(Operators, SliceBackwards) {
  ModelBuilder model = WithX({int64_t{5}});
  model.Constant("start", Ints({1}, {-1}));
  model.Constant("end", Ints({1}, {std::numeric_limits<int64_t>::min() + 1}));
  model.Constant("axes", Ints({1}, {0}));
  model.Constant("steps", Ints({1}, {-2}));
  model.Node("Slice", {"x", "start", "end", "axes", "steps"}, {"y"});
  EXPECT_THAT(FloatsOf(RunOnX(model, Floats({5}, {0, 1, 2, 3, 4}))), ElementsAre(4, 2, 0));
}

TEST(Operators, PadReflectEdgeAndConstant) {
  for (const auto& [mode, expected] :
       std::vector<std::pair<const char*, std::vector<float>>>{{"constant", {0, 0, 1, 2, 3, 0}},
                                                               {"edge", {1, 1, 1, 2, 3, 3}},
                                                               {"reflect", {3, 2, 1, 2, 3, 2}},
                                                               {"wrap", {2, 3, 1, 2, 3, 1}}}) {
    ModelBuilder model = WithX({int64_t{3}}, 19);
    model.Constant("pads", Ints({2}, {2, 1}));
    SetAttr(model.Node("Pad", {"x", "pads"}, {"y"}), "mode", mode);
    EXPECT_EQ(FloatsOf(RunOnX(model, Floats({3}, {1, 2, 3}))), expected) << mode;
  }
}

TEST(Operators, SplitAndConcat) {
  ModelBuilder model = WithX({int64_t{5}});
  SetAttr(model.Node("Split", {"x"}, {"a", "b"}), "num_outputs", 2);
  SetAttr(model.Node("Concat", {"b", "a"}, {"y"}), "axis", 0);
  EXPECT_THAT(FloatsOf(RunOnX(model, Floats({5}, {0, 1, 2, 3, 4}))), ElementsAre(3, 4, 0, 1, 2));
}

TEST(Operators, GatherWithNegativeIndex) {
  ModelBuilder model = WithX({int64_t{3}, int64_t{2}});
  model.Constant("i", Ints({2}, {-1, 0}));
  model.Node("Gather", {"x", "i"}, {"y"});
  EXPECT_THAT(FloatsOf(RunOnX(model, Floats({3, 2}, {0, 1, 2, 3, 4, 5}))), ElementsAre(4, 5, 0, 1));
}

TEST(Operators, GatherElementsAlongTheFirstAxis) {
  ModelBuilder model = WithX({int64_t{3}, int64_t{2}});
  model.Constant("i", Ints({2, 2}, {1, 2, -3, 0}));
  model.Node("GatherElements", {"x", "i"}, {"y"});
  EXPECT_THAT(FloatsOf(RunOnX(model, Floats({3, 2}, {0, 1, 2, 3, 4, 5}))), ElementsAre(2, 5, 0, 1));
}

TEST(Operators, ScatterElementsAdds) {
  ModelBuilder model = WithX({int64_t{1}, int64_t{4}});
  model.Constant("i", Ints({1, 3}, {1, 1, 3}));
  model.Constant("u", Floats({1, 3}, {10, 20, 30}));
  onnx::NodeProto* node = model.Node("ScatterElements", {"x", "i", "u"}, {"y"});
  SetAttr(node, "axis", 1);
  SetAttr(node, "reduction", "add");
  EXPECT_THAT(FloatsOf(RunOnX(model, Floats({1, 4}, {1, 2, 3, 4}))), ElementsAre(1, 32, 3, 34));
}

TEST(Operators, ScatterNdRows) {
  ModelBuilder model = WithX({int64_t{3}, int64_t{2}});
  model.Constant("i", Ints({1, 1}, {2}));
  model.Constant("u", Floats({1, 2}, {8, 9}));
  model.Node("ScatterND", {"x", "i", "u"}, {"y"});
  EXPECT_THAT(FloatsOf(RunOnX(model, Floats({3, 2}, {0, 1, 2, 3, 4, 5}))),
              ElementsAre(0, 1, 2, 3, 8, 9));
}

TEST(Operators, ReduceMeanByAttributeAndByInput) {
  ModelBuilder old = WithX({int64_t{2}, int64_t{2}}, 13);
  onnx::NodeProto* node = old.Node("ReduceMean", {"x"}, {"y"});
  SetAttr(node, "axes", std::vector<int64_t>{-1});
  SetAttr(node, "keepdims", 0);
  EXPECT_THAT(FloatsOf(RunOnX(old, Floats({2, 2}, {1, 3, 5, 9}))), ElementsAre(2, 7));
  ModelBuilder model = WithX({int64_t{2}, int64_t{2}});
  model.Constant("axes", Ints({1}, {0}));
  model.Node("ReduceMean", {"x", "axes"}, {"y"});
  EXPECT_THAT(FloatsOf(RunOnX(model, Floats({2, 2}, {1, 3, 5, 9}))), ElementsAre(3, 6));
}

TEST(Operators, ArgMaxTakesTheFirstOrLastOfEqual) {
  for (const int last : {0, 1}) {
    ModelBuilder model = WithX({int64_t{4}});
    SetAttr(model.Node("ArgMax", {"x"}, {"y"}), "select_last_index", last);
    EXPECT_THAT(IntsOf(RunOnX(model, Floats({4}, {1, 7, 7, 0}))), ElementsAre(last == 0 ? 1 : 2));
  }
}

TEST(Operators, SoftmaxBeforeOpset13FlattensFromTheAxis) {
  ModelBuilder model = WithX({int64_t{1}, int64_t{2}, int64_t{2}}, 11);
  model.Node("Softmax", {"x"}, {"y"});
  EXPECT_THAT(FloatsOf(RunOnX(model, Floats({1, 2, 2}, {0, 0, 0, 0}))),
              ElementsAre(0.25, 0.25, 0.25, 0.25));
  ModelBuilder now = WithX({int64_t{1}, int64_t{2}, int64_t{2}});
  now.Node("Softmax", {"x"}, {"y"});
  EXPECT_THAT(FloatsOf(RunOnX(now, Floats({1, 2, 2}, {0, 0, 0, 0}))),
              ElementsAre(0.5, 0.5, 0.5, 0.5));
}

Literal EinsumOf(const char* equation, const Literal& x, const Literal* y = nullptr) {
  std::vector<TestDim> dims(x.shape().begin(), x.shape().end());
  ModelBuilder model = WithX(dims);
  if (y != nullptr) model.Constant("b", *y);
  std::vector<std::string> inputs = {"x"};
  if (y != nullptr) inputs.push_back("b");
  SetAttr(model.Node("Einsum", inputs, {"y"}), "equation", equation);
  return RunOnX(model, x);
}

TEST(Operators, Einsum) {
  const Literal matrix = Floats({2, 2}, {1, 2, 3, 4});
  const Literal vector = Floats({2}, {10, 100});
  EXPECT_THAT(FloatsOf(EinsumOf("ij->ji", matrix)), ElementsAre(1, 3, 2, 4));
  EXPECT_THAT(FloatsOf(EinsumOf("ii->i", matrix)), ElementsAre(1, 4));
  EXPECT_THAT(FloatsOf(EinsumOf("ii", matrix)), ElementsAre(5));
  EXPECT_THAT(FloatsOf(EinsumOf("ji", matrix)), ElementsAre(1, 3, 2, 4)) << "in order of letters";
  EXPECT_THAT(FloatsOf(EinsumOf(" i j , j -> i ", matrix, &vector)), ElementsAre(210, 430));
  EXPECT_THAT(FloatsOf(EinsumOf("ij,k->kij", matrix, &vector)),
              ElementsAre(10, 20, 30, 40, 100, 200, 300, 400));
  EXPECT_THAT(FloatsOf(EinsumOf("ij,j->", matrix, &vector)), ElementsAre(640));
  const Literal batch = Floats({3, 1, 2}, {1, 0, 0, 1, 1, 1});
  EXPECT_THAT(FloatsOf(EinsumOf("ik,...jk->...ij", matrix, &batch)), ElementsAre(1, 3, 2, 4, 3, 7))
      << "the rows of the batch in turn";
}

TEST(Operators, EinsumBroadcastsExtentsOfOne) {
  const Literal row = Floats({1, 2}, {1, 2});
  const Literal matrix = Floats({2, 2}, {10, 100, 1000, 10000});
  EXPECT_THAT(FloatsOf(EinsumOf("ij,ij->ij", row, &matrix)), ElementsAre(10, 200, 1000, 20000));
  EXPECT_THAT(FloatsOf(EinsumOf("ij,ij->j", row, &matrix)), ElementsAre(1010, 20200));
  EXPECT_THAT(FloatsOf(EinsumOf("ij->ij", row)), ElementsAre(1, 2));
}

TEST(Operators, MatMulBroadcastsBatches) {
  ModelBuilder model = WithX({int64_t{2}, int64_t{1}, int64_t{2}});
  model.Constant("b", Floats({1, 2, 1}, {10, 1}));
  model.Node("MatMul", {"x", "b"}, {"y"});
  const Literal y = RunOnX(model, Floats({2, 1, 2}, {1, 2, 3, 4}));
  EXPECT_THAT(FloatsOf(y), ElementsAre(12, 34));
  EXPECT_THAT(y.shape(), ElementsAre(2, 1, 1));
}

TEST(Operators, GemmTransposesAndScales) {
  ModelBuilder model = WithX({int64_t{2}, int64_t{1}});
  model.Constant("b", Floats({2, 2}, {1, 2, 3, 4}));
  model.Constant("c", Floats({2}, {100, 200}));
  onnx::NodeProto* node = model.Node("Gemm", {"x", "b", "c"}, {"y"});
  SetAttr(node, "transA", 1);
  SetAttr(node, "transB", 1);
  SetAttr(node, "alpha", 2.0f);
  SetAttr(node, "beta", 0.5f);
  EXPECT_THAT(FloatsOf(RunOnX(model, Floats({2, 1}, {1, 10}))), ElementsAre(92, 186));
}

TEST(Operators, ConvWithPadsAndBias) {
  ModelBuilder model = WithX({int64_t{1}, int64_t{1}, int64_t{3}});
  model.Constant("w", Floats({1, 1, 3}, {1, 2, 3}));
  model.Constant("b", Floats({1}, {10}));
  SetAttr(model.Node("Conv", {"x", "w", "b"}, {"y"}), "pads", std::vector<int64_t>{1, 1});
  EXPECT_THAT(FloatsOf(RunOnX(model, Floats({1, 1, 3}, {1, 2, 3}))), ElementsAre(18, 24, 18));
}

TEST(Operators, ConvTransposeSpreadsTheInput) {
  ModelBuilder model = WithX({int64_t{1}, int64_t{1}, int64_t{2}});
  model.Constant("w", Floats({1, 1, 2}, {1, 10}));
  SetAttr(model.Node("ConvTranspose", {"x", "w"}, {"y"}), "strides", std::vector<int64_t>{2});
  EXPECT_THAT(FloatsOf(RunOnX(model, Floats({1, 1, 2}, {3, 4}))), ElementsAre(3, 30, 4, 40));
}

TEST(Operators, PoolingWithCeilMode) {
  ModelBuilder model = WithX({int64_t{1}, int64_t{1}, int64_t{5}});
  onnx::NodeProto* node = model.Node("MaxPool", {"x"}, {"y"});
  SetAttr(node, "kernel_shape", std::vector<int64_t>{2});
  SetAttr(node, "strides", std::vector<int64_t>{2});
  SetAttr(node, "ceil_mode", 1);
  EXPECT_THAT(FloatsOf(RunOnX(model, Floats({1, 1, 5}, {1, 2, 3, 4, 5}))), ElementsAre(2, 4, 5));
}

TEST(Operators, AveragePoolCountsPadsOrNot) {
  for (const int include : {0, 1}) {
    ModelBuilder model = WithX({int64_t{1}, int64_t{1}, int64_t{2}});
    onnx::NodeProto* node = model.Node("AveragePool", {"x"}, {"y"});
    SetAttr(node, "kernel_shape", std::vector<int64_t>{2});
    SetAttr(node, "pads", std::vector<int64_t>{1, 0});
    SetAttr(node, "count_include_pad", include);
    EXPECT_THAT(FloatsOf(RunOnX(model, Floats({1, 1, 2}, {4, 8}))),
                ElementsAre(include == 0 ? 4 : 2, 6));
  }
}

TEST(Operators, InstanceNormalization) {
  ModelBuilder model = WithX({int64_t{1}, int64_t{1}, int64_t{2}});
  model.Constant("s", Floats({1}, {2}));
  model.Constant("b", Floats({1}, {5}));
  SetAttr(model.Node("InstanceNormalization", {"x", "s", "b"}, {"y"}), "epsilon", 0.0f);
  EXPECT_THAT(FloatsOf(RunOnX(model, Floats({1, 1, 2}, {1, 3}))), ElementsAre(3, 7));
}

TEST(Operators, ResizeNearestByTwo) {
  ModelBuilder model = WithX({int64_t{1}, int64_t{1}, int64_t{2}});
  model.Constant("scales", Floats({3}, {1, 1, 2}));
  model.Node("Resize", {"x", "", "scales"}, {"y"});
  EXPECT_THAT(FloatsOf(RunOnX(model, Floats({1, 1, 2}, {1, 2}))), ElementsAre(1, 1, 2, 2));
}

TEST(Operators, ResizeLinear) {
  ModelBuilder model = WithX({int64_t{1}, int64_t{1}, int64_t{2}});
  model.Constant("sizes", Ints({3}, {1, 1, 4}));
  SetAttr(model.Node("Resize", {"x", "", "", "sizes"}, {"y"}), "mode", "linear");
  EXPECT_THAT(FloatsOf(RunOnX(model, Floats({1, 1, 2}, {0, 4}))), ElementsAre(0, 1, 3, 4));
}

TEST(Operators, GruStep) {
  // Weights of zero: update = 1/2 and candidate = 0, so the state halves in each step.
  ModelBuilder model = WithX({"steps", int64_t{1}, int64_t{1}});
  model.Constant("w", Floats({1, 3, 1}, {0, 0, 0}));
  model.Constant("r", Floats({1, 3, 1}, {0, 0, 0}));
  model.Constant("h", Floats({1, 1, 1}, {8}));
  SetAttr(model.Node("GRU", {"x", "w", "r", "", "", "h"}, {"y"}), "hidden_size", 1);
  EXPECT_THAT(FloatsOf(RunOnX(model, Floats({3, 1, 1}, {1, 1, 1}))), ElementsAre(4, 2, 1));
}

TEST(Operators, RnnInReverseWithLengths) {
  // h' = relu(x + h), from the end of each sequence.
  ModelBuilder model = WithX({int64_t{3}, int64_t{2}, int64_t{1}});
  model.Constant("w", Floats({1, 1, 1}, {1}));
  model.Constant("r", Floats({1, 1, 1}, {1}));
  model.Constant("n", Literal::FromValues<int32_t>({2}, {3, 2}));
  onnx::NodeProto* node = model.Node("RNN", {"x", "w", "r", "", "n"}, {"y"});
  SetAttr(node, "hidden_size", 1);
  SetAttr(node, "direction", "reverse");
  onnx::AttributeProto* activations = node->add_attribute();
  activations->set_name("activations");
  activations->add_strings("Relu");
  EXPECT_THAT(FloatsOf(RunOnX(model, Floats({3, 2, 1}, {1, 10, 2, 20, 3, 30}))),
              ElementsAre(6, 30, 5, 20, 3, 0));
}

TEST(Operators, DynamicQuantizeThenDequantize) {
  ModelBuilder model = WithX({int64_t{2}});
  model.Node("DynamicQuantizeLinear", {"x"}, {"q", "s", "z"});
  model.Node("DequantizeLinear", {"q", "s", "z"}, {"y"});
  EXPECT_THAT(FloatsOf(RunOnX(model, Floats({2}, {0, 255}))), ElementsAre(0, 255));
}

// ---- control flow

onnx::GraphProto Branch(const std::string& op, const std::vector<std::string>& inputs) {
  onnx::GraphProto graph;
  *graph.add_node() = MakeNode(op, inputs, {"branch_" + op});
  graph.add_output()->set_name("branch_" + op);
  return graph;
}

TEST(ControlFlow, IfOnData) {
  for (const bool positive : {true, false}) {
    ModelBuilder model = WithX({int64_t{2}});
    model.Constant("zero", Floats({}, {0}));
    SetAttr(model.Node("ReduceSum", {"x"}, {"sum"}), "keepdims", 0);
    model.Node("Greater", {"sum", "zero"}, {"positive"});
    onnx::NodeProto* node = model.Node("If", {"positive"}, {"y"});
    SetAttr(node, "then_branch", Branch("Neg", {"x"}));
    SetAttr(node, "else_branch", Branch("Abs", {"x"}));
    const float sign = positive ? 1 : -1;
    EXPECT_THAT(FloatsOf(RunOnX(model, Floats({2}, {1 * sign, 2 * sign}))),
                ElementsAre(positive ? -1 : 1, positive ? -2 : 2));
  }
}

TEST(ControlFlow, IfOnAShapeLeavesOneBranch) {
  ModelBuilder model = WithX({int64_t{2}});
  model.Node("Size", {"x"}, {"n"});
  model.Constant("two", Ints({}, {2}));
  model.Node("Equal", {"n", "two"}, {"is_two"});
  onnx::NodeProto* node = model.Node("If", {"is_two"}, {"y"});
  SetAttr(node, "then_branch", Branch("Neg", {"x"}));
  SetAttr(node, "else_branch", Branch("NoSuchOperator", {"x"}));
  EXPECT_THAT(FloatsOf(RunOnX(model, Floats({2}, {1, 2}))), ElementsAre(-1, -2));
}

// s = 1; `trips` times: yield s, s = s + x. The result is what was yielded, and s at the end.
std::vector<float> AddInALoop(int64_t trips) {
  onnx::GraphProto body;
  for (const char* name : {"i", "go", "s"}) body.add_input()->set_name(name);
  *body.add_node() = MakeNode("Add", {"s", "x"}, {"next"});
  *body.add_node() = MakeNode("Identity", {"s"}, {"seen"});
  *body.add_node() = MakeNode("Identity", {"go"}, {"go_on"});
  for (const char* name : {"go_on", "next", "seen"}) body.add_output()->set_name(name);
  ModelBuilder model = WithX({});
  model.Constant("trips", Ints({}, {trips}));
  model.Constant("one", Floats({}, {1}));
  model.Constant("vector", Ints({1}, {1}));
  SetAttr(model.Node("Loop", {"trips", "", "one"}, {"last", "all"}), "body", body);
  model.Node("Reshape", {"last", "vector"}, {"last_as_vector"});
  SetAttr(model.Node("Concat", {"all", "last_as_vector"}, {"y"}), "axis", 0);
  return FloatsOf(RunOnX(model, Floats({}, {2})));
}

TEST(ControlFlow, LoopWithScanOutput) {
  EXPECT_THAT(AddInALoop(3), ElementsAre(1, 3, 5, 7));
  EXPECT_THAT(AddInALoop(0), ElementsAre(1)) << "no step, and nothing is yielded";
}

TEST(ControlFlow, LoopWithACondition) {
  // s doubles while it is below 100.
  onnx::GraphProto body;
  for (const char* name : {"i", "go", "s"}) body.add_input()->set_name(name);
  *body.add_node() = MakeNode("Add", {"s", "s"}, {"next"});
  *body.add_node() = MakeNode("Less", {"next", "limit"}, {"go_on"});
  for (const char* name : {"go_on", "next"}) body.add_output()->set_name(name);
  ModelBuilder model = WithX({});
  model.Constant("limit", Floats({}, {100}));
  SetAttr(model.Node("Loop", {"", "", "x"}, {"y"}), "body", body);
  EXPECT_THAT(FloatsOf(RunOnX(model, Floats({}, {3}))), ElementsAre(192));
}

TEST(ControlFlow, ScanAddsUp) {
  onnx::GraphProto body;
  for (const char* name : {"sum", "element"}) body.add_input()->set_name(name);
  *body.add_node() = MakeNode("Add", {"sum", "element"}, {"next"});
  *body.add_node() = MakeNode("Identity", {"next"}, {"seen"});
  for (const char* name : {"next", "seen"}) body.add_output()->set_name(name);
  ModelBuilder model = WithX({"n"});
  model.Constant("zero", Floats({}, {0}));
  onnx::NodeProto* node = model.Node("Scan", {"zero", "x"}, {"last", "y"});
  SetAttr(node, "body", body);
  SetAttr(node, "num_scan_inputs", 1);
  EXPECT_THAT(FloatsOf(RunOnX(model, Floats({3}, {1, 2, 3}))), ElementsAre(1, 3, 6));
}

TEST(Functions, ABodyIsPutInPlaceWithItsAttributes) {
  ModelBuilder model = WithX({int64_t{2}});
  onnx::FunctionProto* function = model.proto().add_functions();
  function->set_name("Leaky");
  function->set_domain("mine");
  function->add_input("a");
  function->add_output("b");
  function->add_attribute("slope");
  function->add_opset_import()->set_version(18);
  onnx::NodeProto inner = MakeNode("LeakyRelu", {"a"}, {"b"});
  onnx::AttributeProto* alpha = inner.add_attribute();
  alpha->set_name("alpha");
  alpha->set_ref_attr_name("slope");
  *function->add_node() = inner;
  onnx::NodeProto* call = model.Node("Leaky", {"x"}, {"y"});
  call->set_domain("mine");
  SetAttr(call, "slope", 0.25f);
  EXPECT_THAT(FloatsOf(RunOnX(model, Floats({2}, {-4, 4}))), ElementsAre(-1, 4));
}

}  // namespace
}  // namespace cermet
