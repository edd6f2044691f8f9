// Evaluates operators on what is known of their inputs: shape arithmetic over symbolic dims, and
// small constants.
#ifndef CERMET_FRONTEND_ONNX_KNOWN_OPS_H_
#define CERMET_FRONTEND_ONNX_KNOWN_OPS_H_

#include <optional>

#include "absl/status/statusor.h"
#include "frontend/onnx/known_value.h"

namespace cermet {

class OpContext;

// The first output of the node, if every input is known and the operator is one of those that shape
// arithmetic uses; nullopt otherwise. Exact: integers wrap, and floats are rounded to their type
// after each operator.
absl::StatusOr<std::optional<KnownValue>> EvaluateKnown(OpContext* context);

}  // namespace cermet

#endif  // CERMET_FRONTEND_ONNX_KNOWN_OPS_H_
