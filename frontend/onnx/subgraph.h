// Bodies of control flow: isolated graphs that get what they use from outside as operands.
#ifndef CERMET_FRONTEND_ONNX_SUBGRAPH_H_
#define CERMET_FRONTEND_ONNX_SUBGRAPH_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "frontend/onnx/op_context.h"

namespace cermet {

// A value of the surrounding graph that bodies use, under the name by which they use it.
struct Capture {
  std::string name;
  Value value;
};

// What `graphs` take from around them as values, in order of first use. Constants and known values
// are not captured: they are emitted in the body.
absl::StatusOr<std::vector<Capture>> CaptureValues(
    OpContext& c, const std::vector<const onnx::GraphProto*>& graphs);

// Defines `name` in `scope` as `value`, a value of the scope's graph.
absl::Status DefineValue(const std::string& name, Value value, Scope* scope);

// A copy in `builder`'s graph of a value that is made of constants by views only; null if it is
// not. Keeps weights constants inside loops.
Value CloneConstant(Value value, Builder* builder);

// Sets the results of a body, which have no names.
void SetResults(Graph* body, std::vector<Value> results);

}  // namespace cermet

#endif  // CERMET_FRONTEND_ONNX_SUBGRAPH_H_
