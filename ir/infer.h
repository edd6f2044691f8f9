// Result types of nodes, from operands, attributes and bodies.
#ifndef CERMET_IR_INFER_H_
#define CERMET_IR_INFER_H_

#include <vector>

#include "absl/status/statusor.h"
#include "ir/graph.h"

namespace cermet {

// The types of the results of `node` (whose types() are ignored for ops that infer them, and checked as far as possible for the
// ops whose result type is stated: parameter, constant by reference, iota, reshape, convert, bitcast, broadcast_in_dim,
// dynamic_slice, dot_general and convolution's element type). Errors name the op, %id, user names, the place and the shapes.
absl::StatusOr<std::vector<Type>> InferTypes(const Node& node);
// True if the text form and the builder must state the result type because it does not follow from operands and attributes.
bool HasStatedType(OpCode op);

// The parts of a convolution's layout string "bf01_oi01->bf01": positions of batch, feature and spatial dims in each array.
struct ConvLayout {
  int64_t input_batch = 0, input_feature = 1;
  int64_t filter_output = 0, filter_input = 1;
  int64_t output_batch = 0, output_feature = 1;
  std::vector<int64_t> input_spatial, filter_spatial, output_spatial;
  std::string ToString() const;
};
absl::StatusOr<ConvLayout> ParseConvLayout(absl::string_view text);

}  // namespace cermet

#endif  // CERMET_IR_INFER_H_
