// Inference of control flow and of composites.
#include <algorithm>

#include "ir/infer_rules.h"
#include "ir/status.h"

namespace cermet {
namespace {

std::vector<Type> OperandTypes(const Inference& in, int64_t first) {
  return TypesOf(in.node().operands().subspan(static_cast<size_t>(first)));
}

// ---- composites

// Scale and bias of a layer_norm have the shape of the normalized dims.
absl::Status CheckLayerNorm(Inference* in) {
  const Type& x = in->type(0);
  const int64_t axis = in->attrs().Int("axis");
  const Type normalized(x.dtype, Shape(x.shape.begin() + axis, x.shape.end()));
  for (int64_t i = 1; i < in->node().num_operands(); ++i) {
    CERMET_RETURN_IF_ERROR(in->SameShape(normalized, in->type(i)).status());
  }
  return absl::OkStatus();
}

absl::Status CheckBatchNorm(Inference* in) {
  const Type& x = in->type(0);
  const Type statistic(x.dtype, {x.shape[in->attrs().Int("axis")]});
  for (int64_t i = 1; i < in->node().num_operands(); ++i) {
    CERMET_RETURN_IF_ERROR(in->SameShape(statistic, in->type(i)).status());
  }
  return absl::OkStatus();
}

// q [batch..., rows, head], k [batch..., cols, head], v [batch..., cols, width] -> [batch..., rows,
// width]; the bias broadcasts, by numpy's rule, to [batch..., rows, cols].
absl::StatusOr<Type> InferAttention(Inference* in) {
  const Type& q = in->type(0);
  const Type& k = in->type(1);
  const Type& v = in->type(2);
  const absl::Status mismatch = in->Error("q ", q.ToString(), ", k ", k.ToString(), " and v ",
                                          v.ToString(), " do not fit together");
  const int64_t rank = q.rank();
  if (rank < 2 || k.rank() != rank || v.rank() != rank) return mismatch;
  Type result = q;
  bool fit = in->Unify(q.shape[rank - 1], k.shape[rank - 1]).has_value() &&
             in->Unify(k.shape[rank - 2], v.shape[rank - 2]).has_value();
  for (int64_t i = 0; fit && i < rank - 2; ++i) {
    const std::optional<Dim> batch = in->Unify(q.shape[i], k.shape[i]);
    fit = batch.has_value() && in->Unify(*batch, v.shape[i]).has_value();
    if (fit) result.shape[i] = *UnifyDims(*batch, v.shape[i]);
  }
  if (!fit) return mismatch;
  result.shape[rank - 1] = v.shape[rank - 1];
  if (in->node().num_operands() == 3) return result;
  Shape scores = result.shape;
  scores[rank - 1] = k.shape[rank - 2];
  const Type& bias = in->type(3);
  for (int64_t i = 1; i <= bias.rank(); ++i) {
    const bool fits =
        i <= rank && (bias.shape[bias.rank() - i] == Dim(1) ||
                      in->Unify(scores[rank - i], bias.shape[bias.rank() - i]).has_value());
    if (!fits)
      return in->Error("bias ", bias.ToString(), " does not broadcast to ",
                       Type(q.dtype, scores).ToString());
  }
  return result;
}

}  // namespace

absl::StatusOr<std::vector<Type>> InferIf(Inference* in) {
  if (!in->type(0).IsScalar())
    return in->Error("the condition of type ", in->type(0).ToString(), " must be a bool scalar");
  const std::vector<Type> operands = OperandTypes(*in, 1);
  CERMET_RETURN_IF_ERROR(in->CheckBody(0, operands, nullptr));
  std::vector<Type> results = TypesOf(in->node().body(0)->results());
  CERMET_RETURN_IF_ERROR(in->CheckBody(1, operands, &results));
  for (size_t i = 0; i < results.size(); ++i) {
    CERMET_ASSIGN_OR_RETURN(results[i].shape,
                            in->SameShape(results[i], in->node().body(1)->results()[i].type()));
  }
  return results;
}

absl::StatusOr<std::vector<Type>> InferWhile(Inference* in) {
  const std::vector<Type> carried = OperandTypes(*in, 0);
  const std::vector<Type> condition = {Type(DType::kBool, {})};
  CERMET_RETURN_IF_ERROR(in->CheckBody(0, carried, &condition));
  CERMET_RETURN_IF_ERROR(in->CheckBody(1, carried, &carried));
  return carried;
}

absl::StatusOr<std::vector<Type>> InferFusion(Inference* in) {
  CERMET_RETURN_IF_ERROR(in->CheckBody(0, OperandTypes(*in, 0), nullptr));
  return TypesOf(in->node().body()->results());
}

// A composite's result has the type of its first operand, and an `axis` counts that operand's dims,
// unless said otherwise here.
absl::StatusOr<Type> InferComposite(Inference* in) {
  const Type& x = in->type(0);
  const OpCode op = in->node().op();
  for (int64_t i = 1; i < in->node().num_operands(); ++i) {
    if (in->type(i).dtype != x.dtype) {
      return in->Error("types ", x.ToString(), " and ", in->type(i).ToString(),
                       " differ in element type");
    }
  }
  if (const int64_t* axis = in->attrs().Find<int64_t>("axis"); axis != nullptr) {
    CERMET_RETURN_IF_ERROR(in->CheckDim("axis", *axis, x.rank()));
  }
  if (op == OpCode::kLayerNorm) CERMET_RETURN_IF_ERROR(CheckLayerNorm(in));
  if (op == OpCode::kBatchNorm) CERMET_RETURN_IF_ERROR(CheckBatchNorm(in));
  if (op == OpCode::kAttention) return InferAttention(in);
  return x;
}

}  // namespace cermet
