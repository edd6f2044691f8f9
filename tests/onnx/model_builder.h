// Small ONNX models made in memory, for tests of the importer.
#ifndef CERMET_TESTS_ONNX_MODEL_BUILDER_H_
#define CERMET_TESTS_ONNX_MODEL_BUILDER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "frontend/onnx/importer.h"
#include "frontend/onnx/onnx.pb.h"
#include "ir/graph.h"
#include "ir/literal.h"

namespace cermet {

// A fixed extent, or the name of a symbolic one ("" leaves it unnamed).
using TestDim = std::variant<int64_t, std::string>;

// Adds an attribute to a node: SetAttr(node, "axis", 1), SetAttr(node, "mode", "edge"), ...
void SetAttr(onnx::NodeProto* node, const std::string& name, int64_t value);
void SetAttr(onnx::NodeProto* node, const std::string& name, int value);
void SetAttr(onnx::NodeProto* node, const std::string& name, float value);
void SetAttr(onnx::NodeProto* node, const std::string& name, const char* value);
void SetAttr(onnx::NodeProto* node, const std::string& name, std::vector<int64_t> value);
void SetAttr(onnx::NodeProto* node, const std::string& name, const Literal& value);
void SetAttr(onnx::NodeProto* node, const std::string& name, const onnx::GraphProto& value);

onnx::TensorProto MakeTensor(const std::string& name, const Literal& value);
onnx::NodeProto MakeNode(const std::string& op, const std::vector<std::string>& inputs,
                         const std::vector<std::string>& outputs);

class ModelBuilder {
 public:
  explicit ModelBuilder(int64_t opset = 18);

  void Input(const std::string& name, int32_t type, const std::vector<TestDim>& dims);
  void FloatInput(const std::string& name, const std::vector<TestDim>& dims) {
    Input(name, onnx::TensorProto::FLOAT, dims);
  }
  void Constant(const std::string& name, const Literal& value);
  // The node is named "node_" and its first output.
  onnx::NodeProto* Node(const std::string& op, const std::vector<std::string>& inputs,
                        const std::vector<std::string>& outputs);
  void Output(const std::string& name);

  onnx::ModelProto& proto() { return model_; }
  // Writes the model to a file of the test's own and returns its path.
  std::string Write() const;
  absl::StatusOr<std::unique_ptr<Module>> Import(const ImportOptions& options = {}) const;
  // Imports and evaluates.
  absl::StatusOr<std::vector<Literal>> Run(const std::vector<Literal>& inputs,
                                           const ImportOptions& options = {}) const;
  // The message of the error that the import must end with.
  std::string ImportError(const ImportOptions& options = {}) const;

 private:
  onnx::ModelProto model_;
};

// The error of a model y = op(x, ...) on a float input x[2,3], with constants under the names of
// the further inputs. `attributes`, if there is one, is called with the node.
std::string ErrorOfOp(const std::string& op, const std::map<std::string, Literal>& constants,
                      const std::vector<std::string>& inputs,
                      const std::function<void(onnx::NodeProto*)>& attributes = nullptr,
                      int64_t opset = 18);

Literal Floats(std::vector<int64_t> shape, const std::vector<float>& values);
Literal Ints(std::vector<int64_t> shape, const std::vector<int64_t>& values);

// A folder of the running test, empty at first use.
std::string TestFolder();

}  // namespace cermet

#endif  // CERMET_TESTS_ONNX_MODEL_BUILDER_H_
