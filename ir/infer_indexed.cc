// Inference of ops that address elements by index tensors: gather, scatter, and slices at dynamic
// places.
#include <algorithm>

#include "ir/infer_rules.h"
#include "ir/status.h"

namespace cermet {
namespace {

int64_t Length(const std::vector<int64_t>& list) { return static_cast<int64_t>(list.size()); }
bool Has(const std::vector<int64_t>& dims, int64_t dim) {
  return std::find(dims.begin(), dims.end(), dim) != dims.end();
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

}  // namespace

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

}  // namespace cermet
