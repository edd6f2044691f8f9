// Tables of models that break one rule of one operator, with what the error must say.
#ifndef CERMET_TESTS_ONNX_OP_ERRORS_H_
#define CERMET_TESTS_ONNX_OP_ERRORS_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "ir/literal.h"
#include "tests/onnx/model_builder.h"

namespace cermet {

// A model y = op(inputs) of a float input x[2,3] (or of the extents `x`) and of constants by name.
struct OpError {
  std::string op;
  std::map<std::string, Literal> constants;
  std::vector<std::string> inputs;
  std::function<void(onnx::NodeProto*)> attributes;
  std::string message;  // a part of the error's
  int64_t opset = 18;
  std::vector<TestDim> x = {int64_t{2}, int64_t{3}};
};

// Each error names the file, the node, its operator, and says `message`.
void ExpectErrors(const std::vector<OpError>& errors);
// An error within the node `node_y` (op), as ExpectErrors expects it.
void ExpectError(const std::string& error, const std::string& op, const std::string& message);

// Sets attributes: With("axis", 1, "mode", "edge").
inline std::function<void(onnx::NodeProto*)> With() {
  return [](onnx::NodeProto*) {};
}
template <typename T, typename... Rest>
std::function<void(onnx::NodeProto*)> With(const std::string& name, T value, Rest... rest) {
  return [=](onnx::NodeProto* node) {
    SetAttr(node, name, value);
    With(rest...)(node);
  };
}

using List = std::vector<int64_t>;  // an attribute's
Literal Vector(std::vector<int64_t> elements);
Literal Zeros(std::vector<int64_t> shape);  // f32
Literal Zeros(DType dtype, std::vector<int64_t> shape);

}  // namespace cermet

#endif  // CERMET_TESTS_ONNX_OP_ERRORS_H_
