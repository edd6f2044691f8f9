// Result types of nodes, from operands, attributes and bodies.
#ifndef CERMET_IR_INFER_H_
#define CERMET_IR_INFER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ir/graph.h"

namespace cermet {

// A relation between extents that a node needs and that its types alone neither prove nor refute,
// such as ?n = ?m for the sum of an f32[?n] and an f32[?m]. Inference accepts the node; whoever
// binds the symbols to numbers must check the relation.
struct DimConstraint {
  enum class Kind : uint8_t { kEqual, kAtMost };
  Kind kind = Kind::kEqual;
  Dim lhs;
  Dim rhs;
  const Node* node = nullptr;    // who needs it
  std::string ToString() const;  // "?n = ?m", "2*?n <= ?m"
};

// The types of the results of `node`, after checking it against its row of the op table: operand
// count and element types, attributes, bodies. types() of the node are ignored for ops that infer
// them, and checked as far as possible for the ops whose result type is stated (HasStatedType); for
// dot_general and convolution only the element type is, and may be left out. Of two extents that
// must be equal the constant one, else the first is taken. Errors name the op, %id, user names, the
// place and the shapes. The relations that stay open are appended to `constraints`, if given.
// Bodies are not looked into beyond their signatures.
absl::StatusOr<std::vector<Type>> InferTypes(const Node& node,
                                             std::vector<DimConstraint>* constraints = nullptr);
// True if the text form and the builder must state the result type because it does not follow from
// operands and attributes.
bool HasStatedType(OpCode op);

// The relations left open by all nodes of `graph` and of their bodies (but not those of `if`: a
// branch may be there for the very shapes that satisfy it), without those that `facts` prove and
// without duplicates.
absl::StatusOr<std::vector<DimConstraint>> OpenConstraints(const Graph& graph,
                                                           const DimFacts& facts);

// The extent that both are if they may be equal: the constant one of the two, else `a`. nullopt if
// they provably differ.
std::optional<Dim> UnifyDims(const Dim& a, const Dim& b);
// Equal element types and ranks, and extents that may be equal.
bool TypesAgree(const Type& a, const Type& b);

// The parts of a convolution's layout string "bf01_oi01->bf01": positions of batch, feature and
// spatial dims in each array.
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
