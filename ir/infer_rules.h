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

// The rules, one per op that is neither elementwise nor a composite; each is called for nodes whose
// row was checked. infer_views.cc:
absl::StatusOr<Type> InferBroadcastInDim(Inference* in);
absl::StatusOr<Type> InferReshape(Inference* in);
absl::StatusOr<Type> InferTranspose(Inference* in);
absl::StatusOr<Type> InferSlice(Inference* in);
absl::StatusOr<Type> InferPad(Inference* in);
absl::StatusOr<Type> InferConcat(Inference* in);
absl::StatusOr<Type> InferReverse(Inference* in);
// infer_indexed.cc:
absl::StatusOr<Type> InferGather(Inference* in);
absl::StatusOr<Type> InferDynamicSlice(Inference* in);
absl::StatusOr<Type> InferDynamicUpdateSlice(Inference* in);
absl::StatusOr<Type> InferScatter(Inference* in);
// infer_contractions.cc:
absl::StatusOr<std::vector<Type>> InferReduce(Inference* in);
absl::StatusOr<std::vector<Type>> InferReduceWindow(Inference* in);
absl::StatusOr<Type> InferDotGeneral(Inference* in);
absl::StatusOr<Type> InferConvolution(Inference* in);
// infer_control.cc:
absl::StatusOr<std::vector<Type>> InferFusion(Inference* in);
absl::StatusOr<std::vector<Type>> InferIf(Inference* in);
absl::StatusOr<std::vector<Type>> InferWhile(Inference* in);
absl::StatusOr<Type> InferComposite(Inference* in);

// The types of the values.
std::vector<Type> TypesOf(absl::Span<const Value> values);

}  // namespace cermet

#endif  // CERMET_IR_INFER_RULES_H_
