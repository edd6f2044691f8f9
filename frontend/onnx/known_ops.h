// Evaluates operators on what is known of their inputs: shape arithmetic over symbolic dims, and
// small constants.
#ifndef CERMET_FRONTEND_ONNX_KNOWN_OPS_H_
#define CERMET_FRONTEND_ONNX_KNOWN_OPS_H_

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "frontend/onnx/known_value.h"

namespace cermet {

class OpContext;

// How one operator is evaluated; inputs below min_inputs are not null. Nullopt: it cannot tell.
struct KnownRule {
  absl::string_view name;
  size_t min_inputs;
  std::optional<KnownValue> (*function)(OpContext*, const std::vector<const KnownValue*>& inputs);
};
// Those of views (known_views.cc).
absl::Span<const KnownRule> KnownViewRules();

// The first output of the node, if every input is known and the operator is one of those that shape
// arithmetic uses; nullopt otherwise. Exact: integers wrap, and floats are rounded to their type
// after each operator.
absl::StatusOr<std::optional<KnownValue>> EvaluateKnown(OpContext* context);

}  // namespace cermet

#endif  // CERMET_FRONTEND_ONNX_KNOWN_OPS_H_
