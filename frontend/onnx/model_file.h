// An ONNX file in memory, and the tensors in it.
#ifndef CERMET_FRONTEND_ONNX_MODEL_FILE_H_
#define CERMET_FRONTEND_ONNX_MODEL_FILE_H_

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "frontend/onnx/onnx.pb.h"
#include "ir/constant_store.h"
#include "ir/dtype.h"
#include "ir/literal.h"
#include "ir/mapped_file.h"
#include "ir/type.h"

namespace cermet {

// The element type of an onnx::TensorProto::DataType, or an Unimplemented error that names it.
absl::StatusOr<DType> DTypeOfOnnx(int32_t data_type);
// The name of an element type as the ONNX specification writes it.
std::string OnnxTypeName(int32_t data_type);

// A parsed model. Not thread safe: tensors are decoded when they are first asked for, and kept.
class ModelFile {
 public:
  static absl::StatusOr<std::unique_ptr<ModelFile>> Read(const std::string& path);

  const std::string& path() const { return path_; }
  const onnx::ModelProto& proto() const { return proto_; }

  // Type and extents of a tensor, without its data.
  absl::StatusOr<Type> TensorType(const onnx::TensorProto& tensor) const;
  // A tensor of the model: decoded, or pointing into its external file. Raw bytes move out of the
  // message, where they cannot be found any more.
  absl::StatusOr<ConstantEntry> Tensor(const onnx::TensorProto& tensor);
  // Keeps a graph made of the model's parts (the body of a function with its attributes put in) as
  // long as the file.
  const onnx::GraphProto& Keep(onnx::GraphProto graph) {
    return kept_.emplace_back(std::move(graph));
  }

 private:
  explicit ModelFile(std::string path) : path_(std::move(path)) {}
  absl::StatusOr<ConstantEntry> EmbeddedTensor(const onnx::TensorProto& tensor);
  absl::StatusOr<ConstantEntry> ExternalTensor(const onnx::TensorProto& tensor, const Type& type);
  absl::StatusOr<std::shared_ptr<const MappedFile>> OpenExternal(const std::string& location);

  std::string path_;
  onnx::ModelProto proto_;
  std::deque<onnx::GraphProto> kept_;
  std::map<const onnx::TensorProto*, ConstantEntry> decoded_;
  std::map<std::string, std::shared_ptr<const MappedFile>> external_;
};

// An error unless the tensor's own data (raw or typed fields) fill its shape.
absl::Status CheckEmbedded(const onnx::TensorProto& tensor);
// The elements of a tensor that holds its own data.
absl::StatusOr<Literal> DecodeTensor(const onnx::TensorProto& tensor);

}  // namespace cermet

#endif  // CERMET_FRONTEND_ONNX_MODEL_FILE_H_
