// Decodes the elements of an onnx::TensorProto: raw little-endian bytes, or the typed field of its
// element type.
#include <cstring>

#include "absl/strings/str_cat.h"
#include "frontend/onnx/importer.h"
#include "frontend/onnx/model_file.h"
#include "ir/status.h"

namespace cermet {
namespace {

using onnx::TensorProto;

struct TypeRow {
  int32_t onnx;
  absl::string_view name;
  std::optional<DType> dtype;  // absent: not supported
};
const TypeRow kTypes[] = {
    {TensorProto::UNDEFINED, "undefined", std::nullopt},
    {TensorProto::FLOAT, "float", DType::kF32},
    {TensorProto::UINT8, "uint8", DType::kU8},
    {TensorProto::INT8, "int8", DType::kI8},
    {TensorProto::UINT16, "uint16", DType::kU16},
    {TensorProto::INT16, "int16", DType::kI16},
    {TensorProto::INT32, "int32", DType::kI32},
    {TensorProto::INT64, "int64", DType::kI64},
    {TensorProto::STRING, "string", std::nullopt},
    {TensorProto::BOOL, "bool", DType::kBool},
    {TensorProto::FLOAT16, "float16", DType::kF16},
    {TensorProto::DOUBLE, "double", DType::kF64},
    {TensorProto::UINT32, "uint32", DType::kU32},
    {TensorProto::UINT64, "uint64", DType::kU64},
    {TensorProto::COMPLEX64, "complex64", std::nullopt},
    {TensorProto::COMPLEX128, "complex128", std::nullopt},
    {TensorProto::BFLOAT16, "bfloat16", DType::kBF16},
    {TensorProto::FLOAT8E4M3FN, "float8e4m3fn", std::nullopt},
    {TensorProto::FLOAT8E4M3FNUZ, "float8e4m3fnuz", std::nullopt},
    {TensorProto::FLOAT8E5M2, "float8e5m2", std::nullopt},
    {TensorProto::FLOAT8E5M2FNUZ, "float8e5m2fnuz", std::nullopt},
    {TensorProto::UINT4, "uint4", std::nullopt},
    {TensorProto::INT4, "int4", std::nullopt},
    {TensorProto::FLOAT4E2M1, "float4e2m1", std::nullopt},
    {TensorProto::FLOAT8E8M0, "float8e8m0", std::nullopt},
    {TensorProto::UINT2, "uint2", std::nullopt},
    {TensorProto::INT2, "int2", std::nullopt},
};

absl::Status WrongCount(const TensorProto& tensor, absl::string_view unit, int64_t want,
                        int64_t have) {
  return absl::InvalidArgumentError(
      absl::StrCat("tensor \"", tensor.name(), "\" needs ", want, " ", unit, " and holds ", have));
}

// Copies a typed field into elements of type T, by value or, with Bits, by the low bits.
template <typename T, typename Field>
absl::Status CopyField(const TensorProto& tensor, const Field& field, Literal* out) {
  if (field.size() != out->num_elements())
    return WrongCount(tensor, "elements", out->num_elements(), field.size());
  T* to = static_cast<T*>(out->data());
  for (int i = 0; i < field.size(); ++i) to[i] = static_cast<T>(field.Get(i));
  return absl::OkStatus();
}

absl::Status CopyTyped(const TensorProto& tensor, Literal* out) {
  switch (out->dtype()) {
    case DType::kF32:
      return CopyField<float>(tensor, tensor.float_data(), out);
    case DType::kF64:
      return CopyField<double>(tensor, tensor.double_data(), out);
    case DType::kI64:
      return CopyField<int64_t>(tensor, tensor.int64_data(), out);
    case DType::kU64:
      return CopyField<uint64_t>(tensor, tensor.uint64_data(), out);
    case DType::kU32:
      return CopyField<uint32_t>(tensor, tensor.uint64_data(), out);
    case DType::kI32:
      return CopyField<int32_t>(tensor, tensor.int32_data(), out);
    case DType::kI16:
      return CopyField<int16_t>(tensor, tensor.int32_data(), out);
    case DType::kI8:
      return CopyField<int8_t>(tensor, tensor.int32_data(), out);
    case DType::kU16:
    case DType::kF16:
    case DType::kBF16:
      return CopyField<uint16_t>(tensor, tensor.int32_data(), out);
    case DType::kU8:
      return CopyField<uint8_t>(tensor, tensor.int32_data(), out);
    case DType::kBool:
      return CopyField<bool>(tensor, tensor.int32_data(), out);
    case DType::kToken:
      break;
  }
  CERMET_UNREACHABLE();
}

}  // namespace

std::string OnnxTypeName(int32_t data_type) {
  for (const TypeRow& row : kTypes) {
    if (row.onnx == data_type) return std::string(row.name);
  }
  return absl::StrCat("element type ", data_type);
}

absl::StatusOr<DType> DTypeOfOnnx(int32_t data_type) {
  for (const TypeRow& row : kTypes) {
    if (row.onnx == data_type && row.dtype) return *row.dtype;
  }
  return absl::UnimplementedError(
      absl::StrCat(OnnxTypeName(data_type), " is not a supported element type"));
}

// The file bounds the memory: sizes are compared before anything is allocated.
absl::Status CheckEmbedded(const TensorProto& tensor) {
  CERMET_ASSIGN_OR_RETURN(const DType dtype, DTypeOfOnnx(tensor.data_type()));
  if (tensor.has_segment())
    return absl::UnimplementedError(
        absl::StrCat("tensor \"", tensor.name(), "\" is stored in segments"));
  int64_t bytes = ByteSize(dtype);
  for (const int64_t extent : tensor.dims()) {
    if (extent < 0 || __builtin_mul_overflow(bytes, extent, &bytes)) {
      return absl::InvalidArgumentError(
          absl::StrCat("tensor \"", tensor.name(), "\" has the impossible extent ", extent));
    }
  }
  if (tensor.has_raw_data()) {
    const auto have = static_cast<int64_t>(tensor.raw_data().size());
    return have == bytes ? absl::OkStatus() : WrongCount(tensor, "bytes", bytes, have);
  }
  const int64_t elements = bytes / ByteSize(dtype);
  const int64_t have =
      std::max({int64_t{tensor.float_data_size()}, int64_t{tensor.int32_data_size()},
                int64_t{tensor.int64_data_size()}, int64_t{tensor.double_data_size()},
                int64_t{tensor.uint64_data_size()}});
  return have == elements ? absl::OkStatus() : WrongCount(tensor, "elements", elements, have);
}

absl::StatusOr<Literal> DecodeTensor(const TensorProto& tensor) {
  CERMET_RETURN_IF_ERROR(CheckEmbedded(tensor));
  CERMET_ASSIGN_OR_RETURN(const DType dtype, DTypeOfOnnx(tensor.data_type()));
  Literal result = Literal::Uninitialized(
      dtype, std::vector<int64_t>(tensor.dims().begin(), tensor.dims().end()));
  if (!tensor.has_raw_data()) {
    CERMET_RETURN_IF_ERROR(CopyTyped(tensor, &result));
    return result;
  }
  const std::string& raw = tensor.raw_data();
  if (!raw.empty()) std::memcpy(result.data(), raw.data(), raw.size());
  if (dtype == DType::kBool) {
    char* data = static_cast<char*>(result.data());
    for (size_t i = 0; i < raw.size(); ++i) data[i] = data[i] != 0;
  }
  return result;
}

}  // namespace cermet
