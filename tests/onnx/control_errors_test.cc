// Wrong uses of If, Loop, Scan and of the model's own functions, and names that are defined twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/onnx/op_errors.h"

namespace cermet {
namespace {

using testing::HasSubstr;

onnx::GraphProto Body(const std::vector<std::string>& inputs,
                      const std::vector<onnx::NodeProto>& nodes,
                      const std::vector<std::string>& outputs) {
  onnx::GraphProto graph;
  for (const std::string& input : inputs) graph.add_input()->set_name(input);
  for (const onnx::NodeProto& node : nodes) *graph.add_node() = node;
  for (const std::string& output : outputs) graph.add_output()->set_name(output);
  return graph;
}

// ---- If

// The error of y = If(condition) in a model with the inputs x[2,3] and the bool `go`, and the
// constants `yes` (true), `one` (an integer) and `both` (two bools).
std::string IfError(const std::string& condition, const onnx::GraphProto& then_graph,
                    const onnx::GraphProto& else_graph) {
  ModelBuilder model;
  model.FloatInput("x", {int64_t{2}, int64_t{3}});
  model.Input("go", onnx::TensorProto::BOOL, {});
  model.Constant("yes", Literal::Scalar<bool>(true));
  model.Constant("one", Ints({}, {1}));
  model.Constant("both", Literal::Splat(DType::kBool, {2}, 1));
  onnx::NodeProto* node = model.Node("If", {condition}, {"y"});
  SetAttr(node, "then_branch", then_graph);
  SetAttr(node, "else_branch", else_graph);
  model.Output("y");
  return model.ImportError();
}

TEST(IfErrors, Branches) {
  const onnx::GraphProto good = Body({}, {MakeNode("Neg", {"x"}, {"a"})}, {"a"});
  const onnx::GraphProto none = Body({}, {}, {}), nobody = Body({}, {}, {"nobody"});
  EXPECT_EQ(IfError("go", good, good), "no error");
  for (const char* condition : {"go", "yes"}) {
    ExpectError(IfError(condition, good, none), "If", "a branch has 0 outputs, the node has 1");
  }
  ExpectError(IfError("x", good, good), "If",
              "its condition has type f32[2,3] instead of one bool");
  ExpectError(IfError("one", good, good), "If", "its condition has type i64 instead of one bool");
  ExpectError(IfError("both", good, good), "If",
              "its condition has type bool[2] instead of one bool");
  ExpectError(IfError("yes", nobody, good), "If", "no node writes the branch's output \"nobody\"");
  ExpectError(IfError("go", nobody, good), "If", "its body uses \"nobody\", which nothing defines");
  ExpectError(IfError("go", Body({}, {MakeNode("Neg", {"nobody"}, {"a"})}, {"a"}), good), "If",
              "its body uses \"nobody\", which nothing defines");
}

// Branches have no inputs: one that declares some hides the graph's name, and has no value for it.
TEST(IfErrors, BranchesWithInputs) {
  onnx::NodeProto constant = MakeNode("Constant", {}, {"a"});
  SetAttr(&constant, "value", Zeros({2, 3}));
  const onnx::GraphProto good = Body({}, {constant}, {"a"});
  ExpectError(IfError("go", Body({"x"}, {MakeNode("Neg", {"x"}, {"a"})}, {"a"}), good), "If",
              "node \"node_a\" (Neg): \"x\" cannot be used here");
  ExpectError(IfError("go", Body({"q"}, {}, {"q"}), good), "If", "no node writes the output \"q\"");
}

TEST(IfErrors, MissingElseBranch) {
  ModelBuilder model;
  model.Input("go", onnx::TensorProto::BOOL, {});
  SetAttr(model.Node("If", {"go"}, {"y"}), "then_branch", Body({}, {}, {"go"}));
  model.Output("y");
  ExpectError(model.ImportError(), "If", "attribute else_branch is missing");
}

// ---- Loop

// The error of y = Loop(inputs) in a model with the input x[2,3], the bool input `go` and the
// constants `three` (i64) and `half` (f32).
std::string LoopError(const std::vector<std::string>& inputs, const onnx::GraphProto& body) {
  ModelBuilder model;
  model.FloatInput("x", {int64_t{2}, int64_t{3}});
  model.Input("go", onnx::TensorProto::BOOL, {});
  model.Constant("three", Ints({}, {3}));
  model.Constant("half", Floats({}, {0.5}));
  SetAttr(model.Node("Loop", inputs, {"y"}), "body", body);
  model.Output("y");
  return model.ImportError();
}

TEST(LoopErrors, Inputs) {
  const onnx::GraphProto good = Body({"i", "c", "a"}, {MakeNode("Neg", {"a"}, {"b"})}, {"c", "b"});
  EXPECT_EQ(LoopError({"three", "", "x"}, good), "no error");
  EXPECT_EQ(LoopError({"three", "go", "x"}, good), "no error");
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"x", "", "x"}, "its trip count has type f32[2,3] instead of one integer"},
      {{"half", "", "x"}, "its trip count has type f32 instead of one integer"},
      {{"three", "x", "x"}, "its condition has type f32[2,3] instead of one bool"},
      {{"three", "three", "x"}, "its condition has type i64 instead of one bool"},
      {{"three", "", ""}, "its input 2 is missing"},
      {{"", "", "x"}, "it never ends"},
      {{"three", "", "x", "x"}, "its body has 3 inputs and 2 outputs, which do not fit the node"},
      {{"three", ""}, "its body has 3 inputs and 2 outputs, which do not fit the node"},
  };
  for (const auto& [inputs, message] : cases) ExpectError(LoopError(inputs, good), "Loop", message);
}

TEST(LoopErrors, Bodies) {
  const onnx::NodeProto negate = MakeNode("Neg", {"a"}, {"b"});
  onnx::NodeProto dropout = MakeNode("Dropout", {"a"}, {"b", ""});
  onnx::NodeProto widen = MakeNode("Unsqueeze", {"a", "axis"}, {"b"});
  onnx::NodeProto axis = MakeNode("Constant", {}, {"axis"});
  SetAttr(&axis, "value", Vector({0}));
  const std::pair<onnx::GraphProto, std::string> cases[] = {
      {Body({"i", "c", "a"}, {negate}, {}), "its body has no outputs"},
      {Body({"i", "c", "a"}, {negate}, {"c"}),
       "its body has 3 inputs and 1 outputs, which do not fit the node"},
      {Body({"i", "c", "c"}, {}, {"c", "c"}), "its body has two inputs \"c\""},
      {Body({"i", "i", "a"}, {negate}, {"i", "b"}), "its body has two inputs \"i\""},
      {Body({"i", "c", "a"}, {negate}, {"nobody", "b"}),
       "its body uses \"nobody\", which nothing defines"},
      {Body({"i", "c", "a"}, {dropout}, {"", "b"}), "no node writes the body's condition"},
      {Body({"i", "c", "a"}, {negate}, {"b", "b"}),
       "its body's condition has type f32[2,3] instead of one bool"},
      {Body({"i", "c", "a"}, {axis, widen}, {"c", "b"}),
       "its state 0 changes its type from f32[2,3] to f32[1,2,3]"},
      {Body({"i", "c", "a"}, {MakeNode("MatMul", {"a", "a"}, {"b"})}, {"c", "b"}),
       "node \"node_b\" (MatMul): extents 3 and 2 should be equal"},
  };
  for (const auto& [body, message] : cases)
    ExpectError(LoopError({"three", "", "x"}, body), "Loop", message);
}

// The extent of a scan output is the number of iterations.
TEST(LoopErrors, ScanOutputsOfUnknownExtent) {
  const onnx::GraphProto body =
      Body({"i", "c", "a"}, {MakeNode("Neg", {"a"}, {"b"})}, {"c", "b", "b"});
  EXPECT_EQ(LoopError({"three", "", "x"}, body), "no error");
  ExpectError(LoopError({"three", "go", "x"}, body), "Loop",
              "the extent of its scan outputs is not known");
}

// ---- Scan

// The error of y = Scan(x[2,3] or inputs of it).
std::string ScanError(const std::vector<std::string>& inputs, const onnx::GraphProto& body,
                      const std::function<void(onnx::NodeProto*)>& attributes) {
  ModelBuilder model;
  model.FloatInput("x", {int64_t{2}, int64_t{3}});
  onnx::NodeProto* node = model.Node("Scan", inputs, {"y"});
  SetAttr(node, "body", body);
  attributes(node);
  model.Output("y");
  return model.ImportError();
}

TEST(ScanErrors, All) {
  const onnx::GraphProto one = Body({"a"}, {MakeNode("Neg", {"a"}, {"b"})}, {"b"});
  const onnx::GraphProto two = Body({"a", "d"}, {MakeNode("Add", {"a", "d"}, {"b"})}, {"b"});
  const onnx::GraphProto none = Body({"a", "d"}, {}, {});
  const auto over = [](int64_t count) { return With("num_scan_inputs", count); };
  EXPECT_EQ(ScanError({"x"}, one, over(1)), "no error");
  ExpectError(ScanError({"x"}, one, With()), "Scan", "num_scan_inputs is 0");
  ExpectError(ScanError({"x"}, one, over(2)), "Scan", "num_scan_inputs is 2");
  ExpectError(ScanError({"x", "x"}, none, over(1)), "Scan",
              "its body yields fewer values than it has states");
  for (const char* list :
       {"scan_input_axes", "scan_input_directions", "scan_output_axes", "scan_output_directions"}) {
    ExpectError(ScanError({"x"}, one, With("num_scan_inputs", 1, list, List{0, 0})), "Scan",
                "its lists of axes or directions have the wrong length");
  }
  ExpectError(ScanError({"x", ""}, two, over(2)), "Scan", "its input 1 is missing");
  ExpectError(ScanError({"x"}, one, With("num_scan_inputs", 1, "scan_input_axes", List{2})), "Scan",
              "axis 2 is outside rank 2");
  ExpectError(ScanError({"x", "x"}, two, With("num_scan_inputs", 2, "scan_input_axes", List{0, 1})),
              "Scan", "extents 2 and 3 should be equal");
  for (const int64_t axis : {2, -3}) {
    ExpectError(ScanError({"x"}, one, With("num_scan_inputs", 1, "scan_output_axes", List{axis})),
                "Scan", "scan output axis of output 0 is outside its rank");
  }
  ExpectError(ScanError({"x"}, two, over(1)), "Scan",
              "its body has 2 inputs and 1 outputs, which do not fit the node");
}

// ---- functions

// The error of y = mine::F(x), which reads `a` and writes `b` by `nodes`.
std::string FunctionError(const std::vector<std::string>& parameters,
                          const std::vector<onnx::NodeProto>& nodes,
                          const std::vector<std::string>& inputs) {
  ModelBuilder model;
  model.FloatInput("x", {int64_t{2}, int64_t{3}});
  onnx::FunctionProto* function = model.proto().add_functions();
  function->set_name("F");
  function->set_domain("mine");
  for (const std::string& parameter : parameters) function->add_input(parameter);
  function->add_output("b");
  for (const onnx::NodeProto& node : nodes) *function->add_node() = node;
  function->add_opset_import()->set_version(18);
  model.Node("F", inputs, {"y"})->set_domain("mine");
  model.Output("y");
  return model.ImportError();
}

TEST(FunctionErrors, Calls) {
  const std::vector<onnx::NodeProto> negate = {MakeNode("Neg", {"a"}, {"b"})};
  EXPECT_EQ(FunctionError({"a"}, negate, {"x"}), "no error");
  ExpectError(FunctionError({"a"}, negate, {"x", "x"}), "mine::F",
              "function F has 1 inputs and 1 outputs");
  ExpectError(FunctionError({"a"}, {}, {"x"}), "mine::F",
              "no node writes the function's output \"b\"");
  ExpectError(FunctionError({"a", "a"}, negate, {"x", "x"}), "mine::F", "\"a\" is defined twice");
  ExpectError(FunctionError({"a"}, negate, {""}), "mine::F",
              "node \"node_b\" (Neg): its input \"a\" is neither");
}

// An operator set that only the function lacks: the report names the node inside.
TEST(FunctionErrors, UnsupportedOperatorInside) {
  EXPECT_THAT(FunctionError({"a"}, {MakeNode("NoSuch", {"a"}, {"b"})}, {"x"}),
              HasSubstr("NoSuch: 1 node, node \"node_b\" (NoSuch)"));
}

// ---- outputs

// A node may not write a graph's input, however the operator makes its output.
TEST(OutputErrors, NameOfAnInput) {
  const auto error = [](const std::function<onnx::NodeProto*(ModelBuilder*)>& add) {
    ModelBuilder model;
    model.FloatInput("x", {int64_t{2}, int64_t{3}});
    model.FloatInput("y", {int64_t{2}, int64_t{3}});
    add(&model)->set_name("node_y");
    model.Output("y");
    return model.ImportError();
  };
  const std::string message = "its output \"y\" is defined already";
  ExpectError(error([](ModelBuilder* m) { return m->Node("Neg", {"x"}, {"y"}); }), "Neg", message);
  ExpectError(error([](ModelBuilder* m) { return m->Node("Shape", {"x"}, {"y"}); }), "Shape",
              message);
  ExpectError(error([](ModelBuilder* m) {
                onnx::NodeProto* node = m->Node("Constant", {}, {"y"});
                SetAttr(node, "value", Vector({1}));
                return node;
              }),
              "Constant", message);
  ExpectError(error([](ModelBuilder* m) {
                const onnx::GraphProto branch = Body({}, {}, {"x"});
                m->Constant("yes", Literal::Scalar<bool>(true));
                onnx::NodeProto* node = m->Node("If", {"yes"}, {"y"});
                SetAttr(node, "then_branch", branch);
                SetAttr(node, "else_branch", branch);
                return node;
              }),
              "If", "\"y\" is defined twice");
}

TEST(OutputErrors, MoreThanTheOperatorHas) {
  ModelBuilder model;
  model.FloatInput("x", {});
  model.Node("Neg", {"x"}, {"y", "z"});
  model.Output("z");
  ExpectError(model.ImportError(), "Neg", "its output \"z\" is not supported");
}

}  // namespace
}  // namespace cermet
