// Every way in which an import can fail: the message names the file, the node, and what is wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/onnx/model_builder.h"

namespace cermet {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string ErrorOfBytes(const std::string& bytes) {
  const std::string path = TestFolder() + "/bytes.onnx";
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  return std::string(ImportOnnx(path).status().message());
}

ModelBuilder Negation() {
  ModelBuilder model;
  model.FloatInput("x", {int64_t{2}, int64_t{3}});
  model.Node("Neg", {"x"}, {"y"});
  model.Output("y");
  return model;
}

// A model y = op(x, ...) on a float input x[2,3], with constants under the names of the further
// inputs.
std::string ErrorOfOp(const std::string& op, const std::map<std::string, Literal>& constants,
                      const std::vector<std::string>& inputs,
                      const std::function<void(onnx::NodeProto*)>& attributes = nullptr,
                      int64_t opset = 18) {
  ModelBuilder model(opset);
  model.FloatInput("x", {int64_t{2}, int64_t{3}});
  for (const auto& [name, value] : constants) model.Constant(name, value);
  onnx::NodeProto* node = model.Node(op, inputs, {"y"});
  if (attributes) attributes(node);
  model.Output("y");
  return model.ImportError();
}

// ---- files

TEST(FileErrors, Missing) {
  EXPECT_THAT(std::string(ImportOnnx("/no/such.onnx").status().message()),
              HasSubstr("/no/such.onnx: cannot open"));
}
TEST(FileErrors, Folder) {
  EXPECT_THAT(std::string(ImportOnnx(TestFolder()).status().message()),
              HasSubstr("not a regular file"));
}
TEST(FileErrors, Empty) {
  EXPECT_THAT(ErrorOfBytes(""), HasSubstr("bytes.onnx: not an ONNX model, or cut off"));
}
TEST(FileErrors, Garbage) {
  EXPECT_THAT(ErrorOfBytes("no protobuf at all \xff\xff\xff"), HasSubstr("not an ONNX model"));
}

// Any prefix, and any single changed byte, is an error or a model, never a crash.
TEST(FileErrors, TruncatedAndDamaged) {
  ModelBuilder model;
  model.FloatInput("x", {"n", int64_t{1}, int64_t{4}, int64_t{4}});
  model.Constant("w", Floats({2, 1, 3, 3}, std::vector<float>(18, 1)));
  SetAttr(model.Node("Conv", {"x", "w"}, {"c"}), "pads", std::vector<int64_t>{1, 1, 1, 1});
  model.Constant("axes", Ints({2}, {2, 3}));
  model.Node("ReduceSum", {"c", "axes"}, {"r"});
  SetAttr(model.Node("Softmax", {"r"}, {"y"}), "axis", 1);
  model.Output("y");
  const std::string bytes = model.proto().SerializeAsString();
  for (size_t size = 0; size < bytes.size(); ++size) (void)ErrorOfBytes(bytes.substr(0, size));
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const char change : {'\x01', '\xff'}) {
      std::string damaged = bytes;
      damaged[i] ^= change;
      (void)ErrorOfBytes(damaged);
    }
  }
}

TEST(FileErrors, ExternalDataOutsideTheFolder) {
  for (const char* location : {"../secret", "/etc/passwd", "a/../../b", ""}) {
    ModelBuilder model = Negation();
    onnx::TensorProto* tensor = model.proto().mutable_graph()->add_initializer();
    tensor->set_name("w");
    tensor->set_data_type(onnx::TensorProto::FLOAT);
    tensor->add_dims(1);
    tensor->set_data_location(onnx::TensorProto::EXTERNAL);
    onnx::StringStringEntryProto* item = tensor->add_external_data();
    item->set_key("location");
    item->set_value(location);
    model.Node("Add", {"y", "w"}, {"z"});
    model.Output("z");
    EXPECT_THAT(model.ImportError(), HasSubstr("is outside the model's folder")) << location;
  }
}

onnx::TensorProto External(const std::string& name, int64_t offset, int64_t length) {
  onnx::TensorProto tensor;
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  tensor.add_dims(2);
  tensor.add_dims(3);
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  const std::pair<const char*, std::string> items[] = {{"location", "weights.bin"},
                                                       {"offset", std::to_string(offset)},
                                                       {"length", std::to_string(length)}};
  for (const auto& [key, value] : items) {
    onnx::StringStringEntryProto* item = tensor.add_external_data();
    item->set_key(key);
    item->set_value(value);
  }
  return tensor;
}

TEST(FileErrors, ExternalDataIsReadOrTooShort) {
  for (const int64_t offset : {4, 100}) {
    ModelBuilder model = Negation();
    *model.proto().mutable_graph()->add_initializer() = External("w", offset, 24);
    model.Node("Add", {"y", "w"}, {"z"});
    model.proto().mutable_graph()->mutable_output(0)->set_name("z");
    const std::vector<float> values = {0, 1, 2, 3, 4, 5, 6};
    std::ofstream(TestFolder() + "/weights.bin", std::ios::binary | std::ios::trunc)
        .write(reinterpret_cast<const char*>(values.data()), sizeof(float) * values.size());
    if (offset == 4) {
      const absl::StatusOr<std::vector<Literal>> outputs =
          model.Run({Floats({2, 3}, {0, 0, 0, 0, 0, 0})});
      ASSERT_TRUE(outputs.ok()) << outputs.status();
      EXPECT_EQ((*outputs)[0], Floats({2, 3}, {1, 2, 3, 4, 5, 6}));
    } else {
      EXPECT_THAT(
          model.ImportError(),
          HasSubstr(
              "tensor \"w\" takes 24 bytes at offset 100 of \"weights.bin\", which holds 28"));
    }
  }
}

// ---- models

TEST(ModelErrors, NoOpset) {
  ModelBuilder model = Negation();
  model.proto().clear_opset_import();
  EXPECT_THAT(model.ImportError(), HasSubstr("the model names no operator set"));
}
TEST(ModelErrors, OldOpset) {
  ModelBuilder model = Negation();
  model.proto().mutable_opset_import(0)->set_version(6);
  EXPECT_THAT(model.ImportError(), HasSubstr("operator set 6 is older than 7"));
}
TEST(ModelErrors, NoOutputs) {
  ModelBuilder model = Negation();
  model.proto().mutable_graph()->clear_output();
  EXPECT_THAT(model.ImportError(), HasSubstr("the model has no outputs"));
}
TEST(ModelErrors, OutputOfNobody) {
  ModelBuilder model = Negation();
  model.Output("other");
  EXPECT_THAT(model.ImportError(), HasSubstr("no node writes the output \"other\""));
}
TEST(ModelErrors, UnknownRank) {
  ModelBuilder model = Negation();
  model.proto()
      .mutable_graph()
      ->mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->clear_shape();
  EXPECT_THAT(model.ImportError(), HasSubstr("input \"x\" has no shape"));
}
TEST(ModelErrors, InputOfStrings) {
  ModelBuilder model = Negation();
  model.proto()
      .mutable_graph()
      ->mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->set_elem_type(onnx::TensorProto::STRING);
  EXPECT_THAT(model.ImportError(),
              HasSubstr("input \"x\": string is not a supported element type"));
}
TEST(ModelErrors, InputThatIsASequence) {
  ModelBuilder model = Negation();
  model.proto().mutable_graph()->mutable_input(0)->mutable_type()->mutable_sequence_type();
  EXPECT_THAT(model.ImportError(), HasSubstr("input \"x\" is not a dense tensor"));
}
TEST(ModelErrors, TwoInputsOfOneName) {
  ModelBuilder model = Negation();
  model.FloatInput("x", {});
  EXPECT_THAT(model.ImportError(), HasSubstr("there are two inputs \"x\""));
}
TEST(ModelErrors, SparseInitializer) {
  ModelBuilder model = Negation();
  model.proto().mutable_graph()->add_sparse_initializer()->mutable_values()->set_name("s");
  EXPECT_THAT(model.ImportError(), HasSubstr("sparse initializer \"s\" is not supported"));
}
TEST(ModelErrors, TwoInitializersOfOneName) {
  ModelBuilder model = Negation();
  model.Constant("w", Floats({}, {1}));
  model.Constant("w", Floats({}, {2}));
  EXPECT_THAT(model.ImportError(), HasSubstr("there are two initializers \"w\""));
}
TEST(ModelErrors, TensorWithTooFewBytes) {
  ModelBuilder model = Negation();
  onnx::TensorProto tensor = MakeTensor("w", Floats({3}, {1, 2, 3}));
  tensor.set_raw_data("12345");
  *model.proto().mutable_graph()->add_initializer() = tensor;
  model.Node("Add", {"y", "w"}, {"z"});
  model.Output("z");
  EXPECT_THAT(model.ImportError(), HasSubstr("tensor \"w\" needs 12 bytes and holds 5"));
}
TEST(ModelErrors, TensorWithTooFewElements) {
  ModelBuilder model = Negation();
  onnx::TensorProto tensor = MakeTensor("w", Floats({3}, {1, 2, 3}));
  tensor.clear_raw_data();
  tensor.add_float_data(1);
  *model.proto().mutable_graph()->add_initializer() = tensor;
  model.Node("Add", {"y", "w"}, {"z"});
  model.Output("z");
  EXPECT_THAT(model.ImportError(), HasSubstr("tensor \"w\" needs 3 elements and holds 1"));
}
TEST(ModelErrors, ImpossibleExtents) {
  for (const int64_t extent : {int64_t{-1}, int64_t{1} << 62}) {
    ModelBuilder model = Negation();
    onnx::TensorProto tensor = MakeTensor("w", Floats({1}, {1}));
    tensor.set_dims(0, extent);
    tensor.add_dims(4);
    *model.proto().mutable_graph()->add_initializer() = tensor;
    EXPECT_THAT(model.ImportError(), HasSubstr("\"w\"")) << extent;
  }
}
TEST(ModelErrors, UnsupportedElementType) {
  ModelBuilder model = Negation();
  onnx::TensorProto tensor = MakeTensor("w", Floats({}, {1}));
  tensor.set_data_type(onnx::TensorProto::COMPLEX64);
  *model.proto().mutable_graph()->add_initializer() = tensor;
  EXPECT_THAT(model.ImportError(),
              HasSubstr("initializer \"w\": complex64 is not a supported element type"));
}
TEST(ModelErrors, DimThatIsNotThere) {
  ImportOptions options;
  options.dims["batch"] = 1;
  EXPECT_THAT(Negation().ImportError(options),
              HasSubstr("the model has no symbolic dim \"batch\"; all its dims are fixed"));
}
TEST(ModelErrors, ShapeOfTheWrongRankOrExtent) {
  ImportOptions options;
  options.input_shapes["x"] = {2};
  EXPECT_THAT(Negation().ImportError(options),
              HasSubstr("input \"x\" has rank 2, the given shape [2] has rank 1"));
  options.input_shapes["x"] = {2, 4};
  EXPECT_THAT(Negation().ImportError(options),
              HasSubstr("input \"x\": dim 1 is 3, the given shape is [2,4]"));
  options.input_shapes = {{"z", {}}};
  EXPECT_THAT(Negation().ImportError(options), HasSubstr("the model has no input \"z\""));
}
TEST(ModelErrors, DimsThatContradict) {
  ModelBuilder model;
  model.FloatInput("x", {"n", "n"});
  model.Node("Neg", {"x"}, {"y"});
  model.Output("y");
  ImportOptions options;
  options.input_shapes["x"] = {2, 3};
  EXPECT_THAT(model.ImportError(options),
              HasSubstr("dim \"n\" is 2 by an earlier input and 3 by dim 1 of input \"x\""));
}

// ---- graphs

TEST(GraphErrors, OneReportOfAllUnsupportedOperators) {
  ModelBuilder model = Negation();
  model.Node("NoSuchOperator", {"y"}, {"a"});
  model.Node("NoSuchOperator", {"a"}, {"b"});
  model.Node("Foreign", {"b"}, {"z"})->set_domain("com.example");
  model.Output("z");
  EXPECT_THAT(
      model.ImportError(),
      AllOf(HasSubstr("model.onnx: 2 operators are not supported (operator set 18):"),
            HasSubstr("NoSuchOperator: 2 nodes, the first is node \"node_a\" (NoSuchOperator)"),
            HasSubstr("com.example::Foreign: 1 node, node \"node_z\" "
                      "(com.example::Foreign)")));
}
TEST(GraphErrors, OperatorThatIsTooNew) {
  EXPECT_THAT(ErrorOfOp("Gelu", {}, {"x"}, nullptr, 18), HasSubstr("Gelu: 1 node"));
  EXPECT_EQ(ErrorOfOp("Gelu", {}, {"x"}, nullptr, 20), "no error");
}
TEST(GraphErrors, Cycle) {
  ModelBuilder model = Negation();
  model.Node("Add", {"y", "b"}, {"a"});
  model.Node("Neg", {"a"}, {"b"});
  model.Output("b");
  EXPECT_THAT(model.ImportError(),
              HasSubstr("the graph has a cycle through node \"node_a\" (Add)"));
}
TEST(GraphErrors, NodesOutOfOrderAreSorted) {
  ModelBuilder model;
  model.FloatInput("x", {});
  model.Node("Neg", {"a"}, {"y"});
  model.Node("Abs", {"x"}, {"a"});
  model.Output("y");
  EXPECT_EQ(model.ImportError(), "no error");
}
TEST(GraphErrors, NameWithTwoWriters) {
  ModelBuilder model = Negation();
  model.Node("Abs", {"x"}, {"y"});
  EXPECT_THAT(
      model.ImportError(),
      HasSubstr("\"y\" is written by node \"node_y\" (Neg) and again by node \"node_y\" (Abs)"));
}
TEST(GraphErrors, InputOfNobody) {
  EXPECT_THAT(ErrorOfOp("Neg", {}, {"nobody"}),
              HasSubstr("node \"node_y\" (Neg): its input \"nobody\" is neither"));
}
TEST(GraphErrors, MissingAndSurplusInputs) {
  EXPECT_THAT(ErrorOfOp("Add", {}, {"x"}),
              HasSubstr("node \"node_y\" (Add): its input 1 is missing"));
  EXPECT_THAT(ErrorOfOp("Add", {}, {"x", ""}), HasSubstr("its input 1 is missing"));
  EXPECT_THAT(ErrorOfOp("Neg", {}, {"x", "x"}), HasSubstr("it has 2 inputs, the operator takes 1"));
}
TEST(GraphErrors, FunctionThatCallsItself) {
  ModelBuilder model = Negation();
  onnx::FunctionProto* function = model.proto().add_functions();
  function->set_name("F");
  function->set_domain("mine");
  function->add_input("a");
  function->add_output("b");
  onnx::NodeProto inner = MakeNode("F", {"a"}, {"b"});
  inner.set_domain("mine");
  *function->add_node() = inner;
  model.Node("F", {"y"}, {"z"})->set_domain("mine");
  model.Output("z");
  EXPECT_THAT(model.ImportError(), HasSubstr("functions call each other too deeply"));
}
TEST(GraphErrors, OutputThatIsNotSupported) {
  ModelBuilder model;
  model.FloatInput("x", {int64_t{1}, int64_t{1}, int64_t{4}});
  SetAttr(model.Node("MaxPool", {"x"}, {"y", "indices"}), "kernel_shape", std::vector<int64_t>{2});
  model.Output("indices");
  EXPECT_THAT(model.ImportError(), HasSubstr("the output of indices is not supported"));
}

// ---- operators

struct OpError {
  std::string op;
  std::map<std::string, Literal> constants;
  std::vector<std::string> inputs;
  std::function<void(onnx::NodeProto*)> attributes;
  std::string message;
};

TEST(OperatorErrors, NameTheNodeAndTheMistake) {
  using Node = onnx::NodeProto*;
  const auto ints = [](std::vector<int64_t> v) {
    return Ints({static_cast<int64_t>(v.size())}, v);
  };
  const std::vector<OpError> errors = {
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
      {"Reshape", {{"s", ints({4, -1})}}, {"x", "s"}, nullptr, "does not divide into"},
      {"Reshape", {{"s", ints({-1, -1})}}, {"x", "s"}, nullptr, "shape has -1 twice"},
      {"Reshape", {{"s", ints({5})}}, {"x", "s"}, nullptr, "reshape"},
      {"Reshape",
       {{"s", ints({1, 1, 0})}},
       {"x", "s"},
       nullptr,
       "shape copies dim 2 of an input of rank 2"},
      {"Reshape",
       {{"s", Floats({1}, {6})}},
       {"x", "s"},
       nullptr,
       "input 1 (shape) is not of an integer type"},
      {"Squeeze",
       {{"a", ints({0})}},
       {"x", "a"},
       nullptr,
       "axis 0 of [2,3] is squeezed and not known to be 1"},
      {"Unsqueeze", {{"a", ints({0, 0})}}, {"x", "a"}, nullptr, "axis 0 is given twice"},
      {"Unsqueeze", {}, {"x"}, nullptr, "its axes are missing"},
      {"Transpose",
       {},
       {"x"},
       [](Node n) { SetAttr(n, "perm", std::vector<int64_t>{0}); },
       "perm does not name every axis"},
      {"Tile", {{"r", ints({2})}}, {"x", "r"}, nullptr, "repeats has 1 elements for rank 2"},
      {"Concat", {}, {"x", "x"}, nullptr, "attribute axis is missing"},
      {"Concat",
       {{"b", Floats({3}, {1, 2, 3})}},
       {"x", "b"},
       [](Node n) { SetAttr(n, "axis", 0); },
       "inputs have shapes [2,3] and [3]"},
      {"Split", {{"s", ints({1, 1, 1})}}, {"x", "s"}, nullptr, "do not make 1 outputs"},
      {"Split",
       {},
       {"x"},
       [](Node n) { SetAttr(n, "num_outputs", int64_t{1} << 62); },
       "num_outputs is 4611686018427387904, it has 1 outputs"},
      {"Slice",
       {{"a", ints({0})}, {"b", ints({1, 2})}},
       {"x", "a", "b"},
       nullptr,
       "differ in length"},
      {"Slice",
       {{"a", ints({0})}, {"b", ints({1})}, {"s", ints({0})}},
       {"x", "a", "b", "", "s"},
       nullptr,
       "step 0"},
      {"Pad", {{"p", ints({1})}}, {"x", "p"}, nullptr, "pads has 1 elements for 2 axes"},
      {"Pad",
       {{"p", ints({1, 1, 1, 1})}},
       {"x", "p"},
       [](Node n) { SetAttr(n, "mode", "mirror"); },
       "mode \"mirror\""},
      {"Pad",
       {{"p", ints({5, 0, 0, 0})}},
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
      {"ReduceSum", {{"a", ints({7})}}, {"x", "a"}, nullptr, "axis 7 is outside rank 2"},
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
  };
  for (const OpError& error : errors) {
    const std::string message =
        ErrorOfOp(error.op, error.constants, error.inputs, error.attributes);
    EXPECT_THAT(message,
                AllOf(HasSubstr("model.onnx"), HasSubstr("node \"node_y\" (" + error.op + ")"),
                      HasSubstr(error.message)))
        << error.op;
  }
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
