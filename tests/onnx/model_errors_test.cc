// What is wrong with a model's inputs, the caller's options, and the tensors in its file: messages
// name the file and the input or the tensor.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/onnx/op_errors.h"

namespace cermet {
namespace {

using testing::AllOf;
using testing::HasSubstr;

ModelBuilder Negation(const std::vector<TestDim>& dims) {
  ModelBuilder model;
  model.FloatInput("x", dims);
  model.Node("Neg", {"x"}, {"y"});
  model.Output("y");
  return model;
}

// ---- inputs and options

TEST(InputErrors, NoName) {
  ModelBuilder model = Negation({int64_t{2}});
  model.FloatInput("", {});
  EXPECT_THAT(model.ImportError(), HasSubstr("model.onnx: an input has no name"));
}

TEST(InputErrors, Dims) {
  const ModelBuilder model = Negation({"n", int64_t{3}});
  ImportOptions options;
  options.dims["n"] = -1;
  EXPECT_THAT(
      model.ImportError(options),
      HasSubstr("model.onnx: dim ?n = -1 (dim 0 of input \"x\") is outside of its bounds 1.."));
  options.dims["n"] = 2;
  options.input_shapes["x"] = {4, 3};
  EXPECT_THAT(model.ImportError(options),
              HasSubstr("model.onnx: dim \"n\" is given as 2 and as 4 by input \"x\""));
  options = {};
  options.dims["batch"] = 2;
  EXPECT_THAT(model.ImportError(options),
              HasSubstr("model.onnx: the model has no symbolic dim \"batch\"; it has n"));
}

TEST(InputErrors, DimsThatTheModelCannotHave) {
  ModelBuilder model;
  model.FloatInput("x", {"seq"});
  model.FloatInput("z", {"length"});
  model.Constant("table", Floats({8}, std::vector<float>(8)));
  model.Constant("zero", Ints({1}, {0}));
  model.Node("Shape", {"x"}, {"shape"});
  model.Node("Slice", {"table", "zero", "shape"}, {"cut"});
  model.Node("Add", {"x", "cut"}, {"sum"});
  model.Node("Add", {"sum", "z"}, {"y"});
  model.Output("y");
  ImportOptions options;
  options.dims = {{"seq", 9}};
  EXPECT_THAT(model.ImportError(options),
              HasSubstr("model.onnx: dim ?length = 9 (dim 0 of input \"x\") is outside of its "
                        "bounds 1..8"));
  options.dims = {{"seq", 4}, {"length", 5}};
  EXPECT_THAT(model.ImportError(options),
              HasSubstr("model.onnx: dims \"length\" = 5 and \"seq\" = 4 must be equal in this "
                        "model"));
}

TEST(InputErrors, NodesThatCannotHaveTheGivenDims) {
  ModelBuilder model;
  model.FloatInput("x", {int64_t{1}, "n"});
  model.Constant("axes", Ints({1}, {1}));
  model.Node("Squeeze", {"x", "axes"}, {"y"});
  model.Output("y");
  ImportOptions options;
  options.dims = {{"n", 3}};
  EXPECT_THAT(model.ImportError(options), HasSubstr(" (with n = 3)"));
}

TEST(InputErrors, GivenValueOfAnotherType) {
  ImportOptions options;
  options.input_values["x"] = Vector({1});
  EXPECT_THAT(Negation({int64_t{2}}).ImportError(options),
              HasSubstr("model.onnx: input \"x\" is f32[2], the given value i64[1]"));
}

TEST(InputErrors, NoStandardOperatorSet) {
  ModelBuilder model = Negation({int64_t{2}});
  model.proto().mutable_opset_import(0)->set_domain("ai.onnx.ml");
  EXPECT_THAT(model.ImportError(),
              HasSubstr("1 operator is not supported (the model names no standard operator set):\n"
                        "  Neg: 1 node, node \"node_y\" (Neg)"));
}

// ---- tensors

// The error of a model that adds the tensor `w` to x[1].
std::string TensorError(const onnx::TensorProto& tensor) {
  ModelBuilder model;
  model.FloatInput("x", {int64_t{1}});
  *model.proto().mutable_graph()->add_initializer() = tensor;
  model.Node("Add", {"x", "w"}, {"y"});
  model.Output("y");
  return model.ImportError();
}

TEST(TensorErrors, Extents) {
  onnx::TensorProto tensor = MakeTensor("w", Floats({1}, {1}));
  EXPECT_EQ(TensorError(tensor), "no error");
  tensor.set_dims(0, -1);
  EXPECT_THAT(TensorError(tensor),
              HasSubstr("initializer \"w\": tensor \"w\" has the impossible extent -1"));
  tensor.set_dims(0, int64_t{1} << 61);
  EXPECT_THAT(TensorError(tensor),
              HasSubstr("initializer \"w\": tensor \"w\" is larger than memory can be"));
}

TEST(TensorErrors, Segments) {
  onnx::TensorProto tensor = MakeTensor("w", Floats({1}, {1}));
  tensor.mutable_segment()->set_begin(0);
  EXPECT_THAT(TensorError(tensor), AllOf(HasSubstr("node \"node_y\" (Add)"),
                                         HasSubstr("tensor \"w\" is stored in segments")));
}

// Elements in the field of another type.
TEST(TensorErrors, FieldOfAnotherType) {
  onnx::TensorProto tensor = MakeTensor("w", Floats({1}, {1}));
  tensor.clear_raw_data();
  tensor.add_int32_data(1);
  EXPECT_THAT(TensorError(tensor), AllOf(HasSubstr("node \"node_y\" (Add)"),
                                         HasSubstr("tensor \"w\" needs 1 elements and holds 0")));
}

onnx::TensorProto External(const std::map<std::string, std::string>& items) {
  onnx::TensorProto tensor;
  tensor.set_name("w");
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  tensor.add_dims(1);
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  for (const auto& [key, value] : items) {
    onnx::StringStringEntryProto* item = tensor.add_external_data();
    item->set_key(key);
    item->set_value(value);
  }
  return tensor;
}

TEST(TensorErrors, ExternalData) {
  std::ofstream(TestFolder() + "/w.bin", std::ios::binary) << "12345678";
  const std::string file = "w.bin";
  EXPECT_EQ(TensorError(External({{"location", file}, {"offset", "4"}})), "no error");
  const std::pair<std::map<std::string, std::string>, std::string> cases[] = {
      {{{"location", "none.bin"}}, "none.bin: cannot open"},
      {{{"location", file}, {"offset", "x"}}, "external offset \"x\" is not a size"},
      {{{"location", file}, {"offset", "-4"}}, "external offset \"-4\" is not a size"},
      {{{"location", file}, {"length", "x"}}, "external length \"x\" is not a size"},
      {{{"location", file}, {"length", "8"}},
       "takes 4 bytes at offset 0 of \"w.bin\", which holds 8 (length says 8)"},
      {{{"location", file}, {"offset", "8"}},
       "takes 4 bytes at offset 8 of \"w.bin\", which holds 8"},
  };
  for (const auto& [items, message] : cases) {
    EXPECT_THAT(
        TensorError(External(items)),
        AllOf(HasSubstr("model.onnx: node \"node_y\" (Add): tensor \"w\""), HasSubstr(message)));
  }
}

// A link in the model's folder may not lead out of it.
TEST(TensorErrors, ExternalDataBehindALink) {
  const std::filesystem::path outside = std::filesystem::path(TestFolder() + ".bin");
  std::ofstream(outside, std::ios::binary) << "1234";
  std::filesystem::create_symlink(outside, TestFolder() + "/link.bin");
  EXPECT_THAT(TensorError(External({{"location", "link.bin"}})),
              HasSubstr("external data \"link.bin\" is outside the model's folder"));
}

// ---- files

TEST(BigFileErrors, LargerThanTheFormatAllows) {
  const std::string path = TestFolder() + "/big.onnx";
  std::ofstream(path, std::ios::binary) << "x";
  std::filesystem::resize_file(path, uint64_t{1} << 31);  // sparse
  const std::string error(ImportOnnx(path).status().message());
  std::filesystem::remove(path);
  EXPECT_THAT(error, HasSubstr("big.onnx: larger than the 2 GiB that the format allows"));
}

std::string TensorFileError(const std::string& bytes) {
  const std::string path = TestFolder() + "/tensor.pb";
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  return std::string(ReadOnnxTensor(path).status().message());
}

TEST(TensorFileErrors, All) {
  onnx::TensorProto tensor = MakeTensor("w", Floats({1}, {1}));
  const std::string bytes = tensor.SerializeAsString();
  EXPECT_EQ(TensorFileError(bytes), "");
  EXPECT_THAT(TensorFileError(""), HasSubstr("tensor.pb: not an ONNX tensor, or cut off"));
  EXPECT_THAT(TensorFileError(bytes.substr(0, bytes.size() - 1)),
              HasSubstr("tensor.pb: not an ONNX tensor, or cut off"));
  tensor.set_dims(0, -1);
  EXPECT_THAT(TensorFileError(tensor.SerializeAsString()),
              HasSubstr("tensor.pb: tensor \"w\" has the impossible extent -1"));
  tensor.set_data_type(onnx::TensorProto::STRING);
  EXPECT_THAT(TensorFileError(tensor.SerializeAsString()),
              HasSubstr("tensor.pb: string is not a supported element type"));
}

}  // namespace
}  // namespace cermet
