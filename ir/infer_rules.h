// Shared by the files that implement ir/infer.h; not for others.
#ifndef CERMET_IR_INFER_RULES_H_
#define CERMET_IR_INFER_RULES_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "ir/graph.h"
#include "ir/infer.h"

namespace cermet {

// One node under inference: its errors, and the relations between extents that it needs.
class Inference {
 public:
  Inference(const Node& node, std::vector<DimConstraint>* constraints)
      : node_(node), constraints_(constraints) {}

  const Node& node() const { return node_; }
  const Type& type(int64_t i) const { return node_.operand(i).type(); }
  const AttrMap& attrs() const { return node_.attrs(); }

  // `add %7 "mlp/bias" (m.cermet:12): ` and the message.
  template <typename... Args>
  absl::Status Error(const Args&... args) const {
    return absl::InvalidArgumentError(absl::StrCat(node_.Describe(), ": ", args...));
  }

  // Two extents that must be equal; the message of a refuted relation is left to the caller:
  // nullopt.
  std::optional<Dim> Unify(const Dim& a, const Dim& b);
  // a <= b; false if refuted.
  bool AtMost(const Dim& a, const Dim& b);

  // The common type of the data operands [first, last): equal element types, extents unified.
  absl::StatusOr<Type> SameTypes(int64_t first, int64_t last);
  // Unifies two shapes of equal meaning; an error names both types.
  absl::StatusOr<Shape> SameShape(const Type& a, const Type& b);
  // `dim` of a list called `name` (the attribute) is in [0, rank).
  absl::Status CheckDim(absl::string_view name, int64_t dim, int64_t rank) const;
  // Every dim in [0, rank), no dim twice; increasing if so demanded.
  absl::Status CheckDims(absl::string_view name, const std::vector<int64_t>& dims, int64_t rank,
                         bool increasing) const;
  // The attribute list `name` has `count` entries.
  absl::Status CheckLength(absl::string_view name, int64_t length, int64_t count) const;
  // Operands [first, last) are integer scalars.
  absl::Status CheckIndexScalars(int64_t first, int64_t last) const;
  // Body `i` has the given parameter types and, if `results` is not null, result types (unified).
  absl::Status CheckBody(int64_t i, const std::vector<Type>& parameters,
                         const std::vector<Type>* results);
  // The single type that types() of the node states.
  absl::StatusOr<Type> StatedType() const;

 private:
  const Node& node_;
  std::vector<DimConstraint>* constraints_;
};

// Rules by class of op; each is called for its ops only, after the row was checked.
absl::StatusOr<Type> InferView(Inference* in);
absl::StatusOr<Type> InferUpdate(Inference* in);
absl::StatusOr<std::vector<Type>> InferReduction(Inference* in);
absl::StatusOr<Type> InferContraction(Inference* in);
absl::StatusOr<std::vector<Type>> InferControl(Inference* in);
absl::StatusOr<Type> InferComposite(Inference* in);

// The types of the values.
std::vector<Type> TypesOf(absl::Span<const Value> values);

}  // namespace cermet

#endif  // CERMET_IR_INFER_RULES_H_
