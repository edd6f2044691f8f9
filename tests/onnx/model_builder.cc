// Builds ModelProtos.
#include "tests/onnx/model_builder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "ir/evaluator/evaluator.h"
#include "ir/status.h"

namespace cermet {
namespace {

onnx::AttributeProto* AddAttr(onnx::NodeProto* node, const std::string& name,
                              onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto* attr = node->add_attribute();
  attr->set_name(name);
  attr->set_type(type);
  return attr;
}

int32_t OnnxType(DType dtype) {
  static const std::map<DType, int32_t> kTypes = {
      {DType::kF32, onnx::TensorProto::FLOAT},   {DType::kU8, onnx::TensorProto::UINT8},
      {DType::kI8, onnx::TensorProto::INT8},     {DType::kI32, onnx::TensorProto::INT32},
      {DType::kI64, onnx::TensorProto::INT64},   {DType::kBool, onnx::TensorProto::BOOL},
      {DType::kF16, onnx::TensorProto::FLOAT16}, {DType::kBF16, onnx::TensorProto::BFLOAT16},
      {DType::kF64, onnx::TensorProto::DOUBLE}};
  return kTypes.at(dtype);
}

}  // namespace

void SetAttr(onnx::NodeProto* node, const std::string& name, int64_t value) {
  AddAttr(node, name, onnx::AttributeProto::INT)->set_i(value);
}
void SetAttr(onnx::NodeProto* node, const std::string& name, int value) {
  SetAttr(node, name, int64_t{value});
}
void SetAttr(onnx::NodeProto* node, const std::string& name, float value) {
  AddAttr(node, name, onnx::AttributeProto::FLOAT)->set_f(value);
}
void SetAttr(onnx::NodeProto* node, const std::string& name, const char* value) {
  AddAttr(node, name, onnx::AttributeProto::STRING)->set_s(value);
}
void SetAttr(onnx::NodeProto* node, const std::string& name, std::vector<int64_t> value) {
  onnx::AttributeProto* attr = AddAttr(node, name, onnx::AttributeProto::INTS);
  for (const int64_t x : value) attr->add_ints(x);
}
void SetAttr(onnx::NodeProto* node, const std::string& name, const Literal& value) {
  *AddAttr(node, name, onnx::AttributeProto::TENSOR)->mutable_t() = MakeTensor("", value);
}
void SetAttr(onnx::NodeProto* node, const std::string& name, const onnx::GraphProto& value) {
  *AddAttr(node, name, onnx::AttributeProto::GRAPH)->mutable_g() = value;
}

onnx::TensorProto MakeTensor(const std::string& name, const Literal& value) {
  onnx::TensorProto tensor;
  tensor.set_name(name);
  tensor.set_data_type(OnnxType(value.dtype()));
  for (const int64_t extent : value.shape()) tensor.add_dims(extent);
  tensor.set_raw_data(std::string(static_cast<const char*>(value.data()), value.byte_size()));
  return tensor;
}

onnx::NodeProto MakeNode(const std::string& op, const std::vector<std::string>& inputs,
                         const std::vector<std::string>& outputs) {
  onnx::NodeProto node;
  node.set_op_type(op);
  for (const std::string& input : inputs) node.add_input(input);
  for (const std::string& output : outputs) node.add_output(output);
  if (!outputs.empty()) node.set_name("node_" + outputs[0]);
  return node;
}

ModelBuilder::ModelBuilder(int64_t opset) {
  model_.set_ir_version(8);
  model_.add_opset_import()->set_version(opset);
  model_.mutable_graph()->set_name("test");
}

void ModelBuilder::Input(const std::string& name, int32_t type, const std::vector<TestDim>& dims) {
  onnx::ValueInfoProto* input = model_.mutable_graph()->add_input();
  input->set_name(name);
  input->mutable_type()->mutable_tensor_type()->set_elem_type(type);
  onnx::TensorShapeProto* shape = input->mutable_type()->mutable_tensor_type()->mutable_shape();
  for (const TestDim& dim : dims) {
    onnx::TensorShapeProto::Dimension* added = shape->add_dim();
    if (const int64_t* extent = std::get_if<int64_t>(&dim)) added->set_dim_value(*extent);
    if (const std::string* symbol = std::get_if<std::string>(&dim);
        symbol != nullptr && !symbol->empty())
      added->set_dim_param(*symbol);
  }
}

void ModelBuilder::Constant(const std::string& name, const Literal& value) {
  *model_.mutable_graph()->add_initializer() = MakeTensor(name, value);
}

onnx::NodeProto* ModelBuilder::Node(const std::string& op, const std::vector<std::string>& inputs,
                                    const std::vector<std::string>& outputs) {
  *model_.mutable_graph()->add_node() = MakeNode(op, inputs, outputs);
  return model_.mutable_graph()->mutable_node(model_.graph().node_size() - 1);
}

void ModelBuilder::Output(const std::string& name) {
  model_.mutable_graph()->add_output()->set_name(name);
}

std::string ModelBuilder::Write() const {
  const std::string path = TestFolder() + "/model.onnx";
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << model_.SerializeAsString();
  return path;
}

absl::StatusOr<std::unique_ptr<Module>> ModelBuilder::Import(const ImportOptions& options) const {
  return ImportOnnx(Write(), options);
}

absl::StatusOr<std::vector<Literal>> ModelBuilder::Run(const std::vector<Literal>& inputs,
                                                       const ImportOptions& options) const {
  CERMET_ASSIGN_OR_RETURN(const std::unique_ptr<Module> module, Import(options));
  return Evaluate(*module, *module->entry(), inputs);
}

std::string ModelBuilder::ImportError(const ImportOptions& options) const {
  const absl::StatusOr<std::unique_ptr<Module>> module = Import(options);
  return module.ok() ? "no error" : std::string(module.status().message());
}

std::string ErrorOfOp(const std::string& op, const std::map<std::string, Literal>& constants,
                      const std::vector<std::string>& inputs,
                      const std::function<void(onnx::NodeProto*)>& attributes, int64_t opset) {
  ModelBuilder model(opset);
  model.FloatInput("x", {int64_t{2}, int64_t{3}});
  for (const auto& [name, value] : constants) model.Constant(name, value);
  onnx::NodeProto* node = model.Node(op, inputs, {"y"});
  if (attributes) attributes(node);
  model.Output("y");
  return model.ImportError();
}

Literal Floats(std::vector<int64_t> shape, const std::vector<float>& values) {
  return Literal::FromValues<float>(std::move(shape), values);
}
Literal Ints(std::vector<int64_t> shape, const std::vector<int64_t>& values) {
  return Literal::FromValues<int64_t>(std::move(shape), values);
}

std::string TestFolder() {
  const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
  const std::string name =
      absl::StrReplaceAll(absl::StrCat(test->test_suite_name(), "_", test->name()), {{"/", "_"}});
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / "cermet_onnx" / name;
  static std::string* const made = new std::string();
  if (*made != folder.string()) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    *made = folder.string();
  }
  return folder.string();
}

}  // namespace cermet
