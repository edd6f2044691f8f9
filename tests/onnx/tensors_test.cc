// Tensors in all their storage forms.
#include <gtest/gtest.h>

#include <fstream>

#include "frontend/onnx/model_file.h"
#include "tests/onnx/model_builder.h"

namespace cermet {
namespace {

onnx::TensorProto Typed(int32_t type) {
  onnx::TensorProto tensor;
  tensor.set_data_type(type);
  tensor.add_dims(2);
  return tensor;
}

void ExpectValues(const onnx::TensorProto& tensor, DType dtype, double first, double second) {
  const absl::StatusOr<Literal> literal = DecodeTensor(tensor);
  ASSERT_TRUE(literal.ok()) << literal.status();
  EXPECT_EQ(literal->dtype(), dtype);
  const auto get = [&](int64_t i) {
    return IsFloat(dtype) ? literal->GetFloat(i) : static_cast<double>(literal->GetInt(i));
  };
  EXPECT_EQ(get(0), first);
  EXPECT_EQ(get(1), second);
}

TEST(Tensors, TypedFields) {
  onnx::TensorProto tensor = Typed(onnx::TensorProto::FLOAT);
  tensor.add_float_data(1.5);
  tensor.add_float_data(-2);
  ExpectValues(tensor, DType::kF32, 1.5, -2);
  tensor = Typed(onnx::TensorProto::DOUBLE);
  tensor.add_double_data(0.25);
  tensor.add_double_data(3);
  ExpectValues(tensor, DType::kF64, 0.25, 3);
  tensor = Typed(onnx::TensorProto::INT64);
  tensor.add_int64_data(-5);
  tensor.add_int64_data(6);
  ExpectValues(tensor, DType::kI64, -5, 6);
  const std::pair<int32_t, DType> narrow[] = {{onnx::TensorProto::INT32, DType::kI32},
                                              {onnx::TensorProto::INT16, DType::kI16},
                                              {onnx::TensorProto::INT8, DType::kI8},
                                              {onnx::TensorProto::UINT16, DType::kU16},
                                              {onnx::TensorProto::UINT8, DType::kU8}};
  for (const auto& [type, dtype] : narrow) {
    tensor = Typed(type);
    tensor.add_int32_data(1);
    tensor.add_int32_data(100);
    ExpectValues(tensor, dtype, 1, 100);
  }
  for (const auto& [type, dtype] :
       {std::pair<int32_t, DType>{onnx::TensorProto::UINT32, DType::kU32},
        {onnx::TensorProto::UINT64, DType::kU64}}) {
    tensor = Typed(type);
    tensor.add_uint64_data(1);
    tensor.add_uint64_data(100);
    ExpectValues(tensor, dtype, 1, 100);
  }
}

TEST(Tensors, HalfFloatsAreStoredByTheirBits) {
  onnx::TensorProto tensor = Typed(onnx::TensorProto::FLOAT16);
  tensor.add_int32_data(0x3e00);
  tensor.add_int32_data(0xc000);
  ExpectValues(tensor, DType::kF16, 1.5, -2);
  tensor = Typed(onnx::TensorProto::BFLOAT16);
  tensor.set_raw_data(std::string("\xc0\x3f\x00\xc0", 4));
  ExpectValues(tensor, DType::kBF16, 1.5, -2);
}

TEST(Tensors, BoolsBecomeZeroOrOne) {
  onnx::TensorProto tensor = Typed(onnx::TensorProto::BOOL);
  tensor.set_raw_data(std::string("\x00\x07", 2));
  ExpectValues(tensor, DType::kBool, 0, 1);
}

TEST(Tensors, FilesOfTestData) {
  const std::string path = TestFolder() + "/input_0.pb";
  std::ofstream(path, std::ios::binary) << MakeTensor("x", Floats({2}, {1, 2})).SerializeAsString();
  const absl::StatusOr<NamedTensor> tensor = ReadOnnxTensor(path);
  ASSERT_TRUE(tensor.ok()) << tensor.status();
  EXPECT_EQ(tensor->name, "x");
  EXPECT_EQ(tensor->value, Floats({2}, {1, 2}));
  std::ofstream(path, std::ios::binary | std::ios::trunc) << "garbage";
  EXPECT_FALSE(ReadOnnxTensor(path).ok());
}

}  // namespace
}  // namespace cermet
