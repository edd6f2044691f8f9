// Inference of views (index maps without arithmetic) and of updates.
#include <algorithm>

#include "ir/infer_rules.h"
#include "ir/status.h"

namespace cermet {
namespace {

int64_t Length(const std::vector<int64_t>& list) { return static_cast<int64_t>(list.size()); }
bool Has(const std::vector<int64_t>& dims, int64_t dim) {
  return std::find(dims.begin(), dims.end(), dim) != dims.end();
}

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

// The shape of the index tensor without the dim that holds the index vectors.
Shape IndexBatchShape(const Type& indices, int64_t index_vector_dim) {
  Shape shape = indices.shape;
  if (index_vector_dim < indices.rank()) shape.erase(shape.begin() + index_vector_dim);
  return shape;
}

// What gather and scatter share: `index_map` says which operand dim each component of an index
// vector addresses.
absl::Status CheckIndexVectors(Inference* in, const Type& operand, const Type& indices,
                               absl::string_view map_name) {
  const std::vector<int64_t>& index_map = in->attrs().Ints(map_name);
  const int64_t index_vector_dim = in->attrs().Int("index_vector_dim");
  if (index_vector_dim < 0 || index_vector_dim > indices.rank()) {
    return in->Error("`index_vector_dim` = ", index_vector_dim, " is not in 0..", indices.rank(),
                     " for indices ", indices.ToString());
  }
  CERMET_RETURN_IF_ERROR(in->CheckDims(map_name, index_map, operand.rank(), /*increasing=*/false));
  const Dim components =
      index_vector_dim == indices.rank() ? Dim(1) : indices.shape[index_vector_dim];
  if (!in->Unify(components, Length(index_map)).has_value()) {
    return in->Error("`", map_name, "` has ", index_map.size(),
                     " entries, but the index vectors in ", indices.ToString(), " have ",
                     components.ToString());
  }
  return absl::OkStatus();
}

// Puts the batch dims of the indices and the window dims, whose positions are `window_dims`, into
// one shape.
Shape InterleaveShapes(const Shape& batch, const Shape& window,
                       const std::vector<int64_t>& window_dims) {
  Shape shape;
  auto next_batch = batch.begin();
  auto next_window = window.begin();
  for (size_t i = 0; i < batch.size() + window.size(); ++i) {
    shape.push_back(Has(window_dims, static_cast<int64_t>(i)) ? *next_window++ : *next_batch++);
  }
  return shape;
}

absl::StatusOr<Type> InferGather(Inference* in) {
  const Type& x = in->type(0);
  const Type& indices = in->type(1);
  CERMET_RETURN_IF_ERROR(CheckIndexVectors(in, x, indices, "start_index_map"));
  const std::vector<Dim>& sizes = in->attrs().Dims("slice_sizes");
  const std::vector<int64_t>& collapsed = in->attrs().Ints("collapsed_slice_dims");
  const std::vector<int64_t>& offset_dims = in->attrs().Ints("offset_dims");
  CERMET_RETURN_IF_ERROR(
      in->CheckLength("slice_sizes", static_cast<int64_t>(sizes.size()), x.rank()));
  CERMET_RETURN_IF_ERROR(
      in->CheckDims("collapsed_slice_dims", collapsed, x.rank(), /*increasing=*/true));
  CERMET_RETURN_IF_ERROR(
      in->CheckLength("offset_dims", Length(offset_dims), x.rank() - Length(collapsed)));
  Shape window;
  for (int64_t i = 0; i < x.rank(); ++i) {
    if (!in->AtMost(0, sizes[i]) || !in->AtMost(sizes[i], x.shape[i])) {
      return in->Error("slice size ", sizes[i].ToString(), " of dim ", i, " is outside ",
                       x.ToString());
    }
    if (!Has(collapsed, i)) {
      window.push_back(sizes[i]);
    } else if (!in->Unify(sizes[i], 1).has_value()) {
      return in->Error("collapsed dim ", i, " has slice size ", sizes[i].ToString(), ", needs 1");
    }
  }
  const Shape batch = IndexBatchShape(indices, in->attrs().Int("index_vector_dim"));
  CERMET_RETURN_IF_ERROR(in->CheckDims("offset_dims", offset_dims,
                                       static_cast<int64_t>(batch.size() + window.size()),
                                       /*increasing=*/true));
  return Type(x.dtype, InterleaveShapes(batch, window, offset_dims));
}

absl::StatusOr<Type> InferDynamicSlice(Inference* in) {
  const Type& x = in->type(0);
  CERMET_ASSIGN_OR_RETURN(const Type result, in->StatedType());
  if (in->node().num_operands() != 1 + x.rank()) {
    return in->Error("has ", in->node().num_operands() - 1, " starts for ", x.ToString());
  }
  CERMET_RETURN_IF_ERROR(in->CheckIndexScalars(1, in->node().num_operands()));
  bool fits = result.dtype == x.dtype && result.rank() == x.rank();
  for (int64_t i = 0; fits && i < x.rank(); ++i) fits = in->AtMost(result.shape[i], x.shape[i]);
  if (!fits) return in->Error("cannot take a slice ", result.ToString(), " of ", x.ToString());
  return result;
}

absl::StatusOr<Type> InferDynamicUpdateSlice(Inference* in) {
  const Type& x = in->type(0);
  const Type& update = in->type(1);
  if (in->node().num_operands() != 2 + x.rank()) {
    return in->Error("has ", in->node().num_operands() - 2, " starts for ", x.ToString());
  }
  CERMET_RETURN_IF_ERROR(in->CheckIndexScalars(2, in->node().num_operands()));
  bool fits = update.dtype == x.dtype && update.rank() == x.rank();
  for (int64_t i = 0; fits && i < x.rank(); ++i) fits = in->AtMost(update.shape[i], x.shape[i]);
  if (!fits) return in->Error("cannot write a slice ", update.ToString(), " into ", x.ToString());
  return x;
}

absl::StatusOr<Type> InferScatter(Inference* in) {
  const Type& x = in->type(0);
  const Type& indices = in->type(1);
  const Type& updates = in->type(2);
  CERMET_RETURN_IF_ERROR(CheckIndexVectors(in, x, indices, "scatter_dims_to_operand_dims"));
  const std::vector<int64_t>& window_dims = in->attrs().Ints("update_window_dims");
  const std::vector<int64_t>& inserted = in->attrs().Ints("inserted_window_dims");
  if (updates.dtype != x.dtype) {
    return in->Error("types ", x.ToString(), " and ", updates.ToString(),
                     " differ in element type");
  }
  CERMET_RETURN_IF_ERROR(
      in->CheckDims("inserted_window_dims", inserted, x.rank(), /*increasing=*/true));
  CERMET_RETURN_IF_ERROR(
      in->CheckDims("update_window_dims", window_dims, updates.rank(), /*increasing=*/true));
  CERMET_RETURN_IF_ERROR(
      in->CheckLength("update_window_dims", Length(window_dims), x.rank() - Length(inserted)));
  const Shape batch = IndexBatchShape(indices, in->attrs().Int("index_vector_dim"));
  if (updates.rank() != static_cast<int64_t>(batch.size() + window_dims.size())) {
    return in->Error("updates ", updates.ToString(), " do not match indices ", indices.ToString());
  }
  auto next_batch = batch.begin();
  int64_t operand_dim = 0;
  for (int64_t i = 0; i < updates.rank(); ++i) {
    if (!Has(window_dims, i)) {
      if (in->Unify(updates.shape[i], *next_batch++).has_value()) continue;
      return in->Error("updates ", updates.ToString(), " do not match indices ", indices.ToString(),
                       " in dim ", i);
    }
    while (Has(inserted, operand_dim)) ++operand_dim;
    if (!in->AtMost(updates.shape[i], x.shape[operand_dim++])) {
      return in->Error("the windows of updates ", updates.ToString(), " are larger than ",
                       x.ToString());
    }
  }
  const Type scalar(x.dtype, {});
  const std::vector<Type> results = {scalar};
  CERMET_RETURN_IF_ERROR(in->CheckBody(0, {scalar, scalar}, &results));
  return x;
}

}  // namespace

absl::StatusOr<Type> InferView(Inference* in) {
  const Type& x = in->type(0);
  const OpCode op = in->node().op();
  if (op == OpCode::kBroadcastInDim) return InferBroadcastInDim(in);
  if (op == OpCode::kReshape) return InferReshape(in);
  if (op == OpCode::kTranspose) return InferTranspose(in);
  if (op == OpCode::kSlice) return InferSlice(in);
  if (op == OpCode::kPad) return InferPad(in);
  if (op == OpCode::kConcat) return InferConcat(in);
  if (op == OpCode::kGather) return InferGather(in);
  if (op == OpCode::kDynamicSlice) return InferDynamicSlice(in);
  CERMET_CHECK(op == OpCode::kReverse);
  CERMET_RETURN_IF_ERROR(
      in->CheckDims("dims", in->attrs().Ints("dims"), x.rank(), /*increasing=*/true));
  return x;
}

absl::StatusOr<Type> InferUpdate(Inference* in) {
  return in->node().op() == OpCode::kScatter ? InferScatter(in) : InferDynamicUpdateSlice(in);
}

}  // namespace cermet
