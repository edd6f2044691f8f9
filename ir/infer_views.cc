// Inference of views: index maps without arithmetic.
#include <algorithm>

#include "ir/infer_rules.h"
#include "ir/status.h"

namespace cermet {
namespace {

int64_t Length(const std::vector<int64_t>& list) { return static_cast<int64_t>(list.size()); }

}  // namespace

absl::StatusOr<Type> InferBroadcastInDim(Inference* in) {
  const Type& x = in->type(0);
  const std::vector<int64_t>& dims = in->attrs().Ints("dims");
  CERMET_ASSIGN_OR_RETURN(Type result, in->StatedType());
  if (result.dtype != x.dtype)
    return in->Error("cannot broadcast ", x.ToString(), " to ", result.ToString());
  CERMET_RETURN_IF_ERROR(in->CheckLength("dims", Length(dims), x.rank()));
  CERMET_RETURN_IF_ERROR(in->CheckDims("dims", dims, result.rank(), /*increasing=*/true));
  for (int64_t i = 0; i < x.rank(); ++i) {
    if (x.shape[i] == Dim(1)) continue;
    Dim& extent = result.shape[dims[i]];
    const std::optional<Dim> unified = in->Unify(extent, x.shape[i]);
    if (!unified.has_value()) {
      return in->Error("cannot broadcast dim ", i, " of ", x.ToString(), " to dim ", dims[i],
                       " of ", result.ToString());
    }
    extent = *unified;
  }
  return result;
}

absl::StatusOr<Type> InferReshape(Inference* in) {
  const Type& x = in->type(0);
  CERMET_ASSIGN_OR_RETURN(Type result, in->StatedType());
  if (result.dtype != x.dtype || !in->Unify(x.NumElements(), result.NumElements()).has_value()) {
    return in->Error("cannot reshape ", x.ToString(), " to ", result.ToString());
  }
  return result;
}

absl::StatusOr<Type> InferTranspose(Inference* in) {
  const Type& x = in->type(0);
  const std::vector<int64_t>& permutation = in->attrs().Ints("permutation");
  CERMET_RETURN_IF_ERROR(in->CheckLength("permutation", Length(permutation), x.rank()));
  CERMET_RETURN_IF_ERROR(in->CheckDims("permutation", permutation, x.rank(), /*increasing=*/false));
  Type result(x.dtype, {});
  for (const int64_t dim : permutation) result.shape.push_back(x.shape[dim]);
  return result;
}

absl::StatusOr<Type> InferSlice(Inference* in) {
  const Type& x = in->type(0);
  const std::vector<Dim>& start = in->attrs().Dims("start");
  const std::vector<Dim>& limit = in->attrs().Dims("limit");
  const std::vector<int64_t>& stride = in->attrs().Ints("stride");
  CERMET_RETURN_IF_ERROR(in->CheckLength("start", static_cast<int64_t>(start.size()), x.rank()));
  CERMET_RETURN_IF_ERROR(in->CheckLength("limit", static_cast<int64_t>(limit.size()), x.rank()));
  CERMET_RETURN_IF_ERROR(in->CheckLength("stride", Length(stride), x.rank()));
  Type result(x.dtype, {});
  for (int64_t i = 0; i < x.rank(); ++i) {
    if (stride[i] < 1) return in->Error("stride ", stride[i], " of dim ", i, " is not positive");
    if (!in->AtMost(0, start[i]) || !in->AtMost(start[i], limit[i]) ||
        !in->AtMost(limit[i], x.shape[i])) {
      return in->Error("slice ", start[i].ToString(), " to ", limit[i].ToString(), " of dim ", i,
                       " is outside ", x.ToString());
    }
    result.shape.push_back(Dim::CeilDiv(limit[i] - start[i], stride[i]));
  }
  return result;
}

absl::StatusOr<Type> InferPad(Inference* in) {
  const Type& x = in->type(0);
  if (in->type(1) != Type(x.dtype, {})) {
    return in->Error("the padding of type ", in->type(1).ToString(), " must be a scalar of type ",
                     Name(x.dtype));
  }
  const std::vector<Dim>& low = in->attrs().Dims("low");
  const std::vector<Dim>& high = in->attrs().Dims("high");
  const std::vector<int64_t>& interior = in->attrs().Ints("interior");
  CERMET_RETURN_IF_ERROR(in->CheckLength("low", static_cast<int64_t>(low.size()), x.rank()));
  CERMET_RETURN_IF_ERROR(in->CheckLength("high", static_cast<int64_t>(high.size()), x.rank()));
  CERMET_RETURN_IF_ERROR(in->CheckLength("interior", Length(interior), x.rank()));
  Type result(x.dtype, {});
  for (int64_t i = 0; i < x.rank(); ++i) {
    if (interior[i] < 0)
      return in->Error("interior padding ", interior[i], " of dim ", i, " is negative");
    Dim extent = x.shape[i] + low[i] + high[i];
    if (interior[i] > 0) extent = extent + Dim::Max(x.shape[i] - 1, 0) * interior[i];
    result.shape.push_back(std::move(extent));
  }
  return result;
}

absl::StatusOr<Type> InferConcat(Inference* in) {
  Type result = in->type(0);
  const int64_t dim = in->attrs().Int("dim");
  CERMET_RETURN_IF_ERROR(in->CheckDim("dim", dim, result.rank()));
  for (int64_t i = 1; i < in->node().num_operands(); ++i) {
    const Type& next = in->type(i);
    if (next.dtype != result.dtype) {
      return in->Error("types ", result.ToString(), " and ", next.ToString(),
                       " differ in element type");
    }
    Type aligned = next;
    if (next.rank() == result.rank()) aligned.shape[dim] = result.shape[dim];
    absl::StatusOr<Shape> shape = in->SameShape(result, aligned);
    if (!shape.ok()) {
      return in->Error("cannot join ", in->type(0).ToString(), " and ", next.ToString(),
                       " along dim ", dim);
    }
    result.shape = *std::move(shape);
    result.shape[dim] = result.shape[dim] + next.shape[dim];
  }
  return result;
}

absl::StatusOr<Type> InferReverse(Inference* in) {
  const Type& x = in->type(0);
  CERMET_RETURN_IF_ERROR(
      in->CheckDims("dims", in->attrs().Ints("dims"), x.rank(), /*increasing=*/true));
  return x;
}

}  // namespace cermet
