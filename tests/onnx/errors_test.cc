// Files, models and graphs that cannot be imported: the message names the file, the node, and what
// is wrong. Operators are in operator_errors_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/onnx/model_builder.h"

namespace cermet {
namespace {

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

// ---- files

TEST(FileErrors, Missing) {
  EXPECT_THAT(std::string(ImportOnnx("/no/such.onnx").status().message()),
              HasSubstr("/no/such.onnx: cannot open"));
}
TEST(FileErrors, Folder) {
  EXPECT_THAT(std::string(ImportOnnx(TestFolder()).status().message()),
              HasSubstr("cannot read: it is a folder"));
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

}  // namespace
}  // namespace cermet
