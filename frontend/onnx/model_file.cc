// Reads a model and finds the bytes of its tensors, wherever they are.
#include "frontend/onnx/model_file.h"

#include <cstring>
#include <filesystem>
#include <limits>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "frontend/onnx/importer.h"
#include "ir/status.h"

namespace cermet {

absl::StatusOr<std::unique_ptr<ModelFile>> ModelFile::Read(const std::string& path) {
  CERMET_ASSIGN_OR_RETURN(const std::shared_ptr<const MappedFile> file, MappedFile::Open(path));
  if (file->size() > std::numeric_limits<int32_t>::max()) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": larger than the 2 GiB that the format allows; keep weights in an external file"));
  }
  std::unique_ptr<ModelFile> model(new ModelFile(path));
  // An empty or random file can parse as an empty message, so the graph is asked for too.
  if (!model->proto_.ParseFromArray(file->data(), static_cast<int>(file->size())) ||
      !model->proto_.has_graph()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": not an ONNX model, or cut off"));
  }
  return model;
}

absl::StatusOr<Type> ModelFile::TensorType(const onnx::TensorProto& tensor) const {
  CERMET_ASSIGN_OR_RETURN(const DType dtype, DTypeOfOnnx(tensor.data_type()));
  Type type(dtype, {});
  for (const int64_t extent : tensor.dims()) {
    if (extent < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("tensor \"", tensor.name(), "\" has the impossible extent ", extent));
    }
    type.shape.push_back(extent);
  }
  CERMET_ASSIGN_OR_RETURN(const int64_t count, StaticNumElements(type.shape));
  if (count > std::numeric_limits<int64_t>::max() / 8) {
    return absl::InvalidArgumentError(
        absl::StrCat("tensor \"", tensor.name(), "\" is larger than memory can be"));
  }
  return type;
}

absl::StatusOr<ConstantEntry> ModelFile::Tensor(const onnx::TensorProto& tensor) {
  if (auto it = decoded_.find(&tensor); it != decoded_.end()) return it->second;
  ConstantEntry entry;
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL) {
    CERMET_ASSIGN_OR_RETURN(const Type type, TensorType(tensor));
    CERMET_ASSIGN_OR_RETURN(entry, ExternalTensor(tensor, type));
  } else {
    CERMET_ASSIGN_OR_RETURN(entry, EmbeddedTensor(tensor));
  }
  decoded_[&tensor] = entry;
  return entry;
}

// Weights are most of a file: their bytes move out of the message instead of being copied. Bools
// are decoded, because any byte but 0 is true in a file.
absl::StatusOr<ConstantEntry> ModelFile::EmbeddedTensor(const onnx::TensorProto& tensor) {
  if (!tensor.has_raw_data() || tensor.data_type() == onnx::TensorProto::BOOL) {
    CERMET_ASSIGN_OR_RETURN(Literal literal, DecodeTensor(tensor));
    const auto owner = std::make_shared<const Literal>(std::move(literal));
    return ConstantEntry{owner->dtype(), owner->shape(), owner->data(), owner->byte_size(), 0,
                         owner};
  }
  CERMET_RETURN_IF_ERROR(CheckEmbedded(tensor));
  // The message is this object's own, in proto_ or kept_, and not const there.
  auto& message = const_cast<onnx::TensorProto&>(tensor);
  const auto owner = std::make_shared<const std::string>(std::move(*message.mutable_raw_data()));
  ConstantEntry entry;
  CERMET_ASSIGN_OR_RETURN(entry.dtype, DTypeOfOnnx(tensor.data_type()));
  entry.shape.assign(tensor.dims().begin(), tensor.dims().end());
  entry.data = owner->data();
  entry.byte_size = static_cast<int64_t>(owner->size());
  entry.owner = owner;
  return entry;
}

// The file of an external tensor must lie in the model's folder: a location such as
// "../../etc/passwd", an absolute path or a link that leads out is refused.
absl::StatusOr<std::shared_ptr<const MappedFile>> ModelFile::OpenExternal(
    const std::string& location) {
  if (auto it = external_.find(location); it != external_.end()) return it->second;
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path parent = fs::path(path_).parent_path();
  const fs::path folder = fs::canonical(parent.empty() ? fs::path(".") : parent, error);
  if (error) return absl::NotFoundError(absl::StrCat(parent.string(), ": ", error.message()));
  const fs::path target = fs::weakly_canonical(folder / location, error);
  const fs::path relative = target.lexically_relative(folder);
  if (error || location.empty() || fs::path(location).is_absolute() || relative.empty() ||
      *relative.begin() == "..") {
    return absl::InvalidArgumentError(
        absl::StrCat("external data \"", location, "\" is outside the model's folder"));
  }
  CERMET_ASSIGN_OR_RETURN(external_[location], MappedFile::Open(target.string()));
  return external_[location];
}

absl::StatusOr<ConstantEntry> ModelFile::ExternalTensor(const onnx::TensorProto& tensor,
                                                        const Type& type) {
  std::string location;
  int64_t offset = 0, length = -1;
  for (const onnx::StringStringEntryProto& item : tensor.external_data()) {
    if (item.key() == "location") location = item.value();
    int64_t* number = item.key() == "offset" ? &offset : item.key() == "length" ? &length : nullptr;
    if (number != nullptr && (!absl::SimpleAtoi(item.value(), number) || *number < 0)) {
      return absl::InvalidArgumentError(absl::StrCat("tensor \"", tensor.name(), "\": external ",
                                                     item.key(), " \"", item.value(),
                                                     "\" is not a size"));
    }
  }
  auto file = OpenExternal(location);
  if (!file.ok()) {
    return absl::Status(file.status().code(),
                        absl::StrCat("tensor \"", tensor.name(), "\": ", file.status().message()));
  }
  ConstantEntry entry;
  entry.dtype = type.dtype;
  CERMET_ASSIGN_OR_RETURN(entry.byte_size, StaticNumElements(type.shape));
  entry.byte_size *= ByteSize(type.dtype);
  for (const Dim& extent : type.shape) entry.shape.push_back(extent.value());
  if (offset > (*file)->size() || entry.byte_size > (*file)->size() - offset ||
      (length >= 0 && length != entry.byte_size)) {
    return absl::InvalidArgumentError(
        absl::StrCat("tensor \"", tensor.name(), "\" takes ", entry.byte_size, " bytes at offset ",
                     offset, " of \"", location, "\", which holds ", (*file)->size(),
                     length >= 0 ? absl::StrCat(" (length says ", length, ")") : ""));
  }
  entry.data = (*file)->data() + offset;
  entry.owner = *file;
  // Elements are read through pointers of their type; a file may place them anywhere. Bools are
  // made 0 or 1.
  const bool aligned =
      reinterpret_cast<uintptr_t>(entry.data) % static_cast<uintptr_t>(ByteSize(type.dtype)) == 0;
  if (aligned && type.dtype != DType::kBool) return entry;
  Literal copy = Literal::Uninitialized(type.dtype, entry.shape);
  if (entry.byte_size > 0) std::memcpy(copy.data(), entry.data, entry.byte_size);
  if (type.dtype == DType::kBool) {
    char* bytes = static_cast<char*>(copy.data());
    for (int64_t i = 0; i < entry.byte_size; ++i) bytes[i] = bytes[i] != 0;
  }
  const auto owner = std::make_shared<const Literal>(std::move(copy));
  entry.data = owner->data();
  entry.owner = owner;
  return entry;
}

absl::StatusOr<NamedTensor> ReadOnnxTensor(const std::string& path) {
  CERMET_ASSIGN_OR_RETURN(const std::shared_ptr<const MappedFile> file, MappedFile::Open(path));
  onnx::TensorProto tensor;
  if (file->size() > std::numeric_limits<int32_t>::max() ||
      !tensor.ParseFromArray(file->data(), static_cast<int>(file->size())) ||
      !tensor.has_data_type()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": not an ONNX tensor, or cut off"));
  }
  absl::StatusOr<Literal> value = DecodeTensor(tensor);
  if (!value.ok())
    return absl::Status(value.status().code(), absl::StrCat(path, ": ", value.status().message()));
  return NamedTensor{tensor.name(), *std::move(value)};
}

}  // namespace cermet
