// Imports the models of the tables.
#include "tests/onnx/op_errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cermet {

using testing::AllOf;
using testing::HasSubstr;

void ExpectError(const std::string& error, const std::string& op, const std::string& message) {
  EXPECT_THAT(error,
              AllOf(HasSubstr("model.onnx: node \"node_y\" (" + op + "): "), HasSubstr(message)))
      << op;
}

void ExpectErrors(const std::vector<OpError>& errors) {
  for (const OpError& error : errors) {
    ModelBuilder model(error.opset);
    model.FloatInput("x", error.x);
    for (const auto& [name, value] : error.constants) model.Constant(name, value);
    onnx::NodeProto* node = model.Node(error.op, error.inputs, {"y"});
    if (error.attributes) error.attributes(node);
    model.Output("y");
    ExpectError(model.ImportError(), error.op, error.message);
  }
}

Literal Vector(std::vector<int64_t> elements) {
  return Ints({static_cast<int64_t>(elements.size())}, elements);
}
Literal Zeros(std::vector<int64_t> shape) { return Zeros(DType::kF32, std::move(shape)); }
Literal Zeros(DType dtype, std::vector<int64_t> shape) {
  return Literal::Splat(dtype, std::move(shape), 0);
}

}  // namespace cermet
