// Views and updates whose place depends on values: gather, scatter, dynamic_slice,
// dynamic_update_slice.
//
// Names follow StableHLO's specification of gather and scatter.
#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "ir/evaluator/indexing.h"
#include "ir/evaluator/node_evaluators.h"
#include "ir/status.h"

namespace cermet::evaluator {
namespace {

bool Has(const std::vector<int64_t>& dims, int64_t dim) {
  return std::find(dims.begin(), dims.end(), dim) != dims.end();
}

// The dims below `rank` that are not in `dims`, in order.
std::vector<int64_t> Others(int64_t rank, const std::vector<int64_t>& dims) {
  std::vector<int64_t> others;
  for (int64_t i = 0; i < rank; ++i) {
    if (!Has(dims, i)) others.push_back(i);
  }
  return others;
}

// Reads index vectors: along `index_vector_dim`, at a position in the other dims of `indices`.
class IndexVectors {
 public:
  IndexVectors(const Literal& indices, int64_t index_vector_dim)
      : indices_(indices), strides_(Strides(indices.shape())) {
    // An index_vector_dim equal to the rank stands for a trailing dim of extent 1.
    if (index_vector_dim < static_cast<int64_t>(strides_.size())) {
      vector_stride_ = strides_[static_cast<size_t>(index_vector_dim)];
      strides_.erase(strides_.begin() + index_vector_dim);
    }
  }
  // Component `k` of the vector at `batch`, one entry per dim other than index_vector_dim.
  int64_t Get(const Extents& batch, size_t k) const {
    int64_t position = static_cast<int64_t>(k) * vector_stride_;
    for (size_t i = 0; i < batch.size(); ++i) position += batch[i] * strides_[i];
    return LoadIndex(indices_, position);
  }

 private:
  const Literal& indices_;
  Extents strides_;
  int64_t vector_stride_ = 0;
};

// (*selected)[i] = index[dims[i]]
void Select(const Extents& index, const std::vector<int64_t>& dims, Extents* selected) {
  for (size_t i = 0; i < dims.size(); ++i) (*selected)[i] = index[static_cast<size_t>(dims[i])];
}

// The starts of a dynamic slice of `sizes`, clamped into `shape`; operands from `first` on are the
// starts.
absl::StatusOr<Extents> ClampedStarts(const Node& node, Operands operands, size_t first,
                                      const Extents& shape, const Extents& sizes) {
  Extents starts(shape.size());
  for (size_t i = 0; i < shape.size(); ++i) {
    if (sizes[i] > shape[i]) {
      return NodeError(node, absl::StrCat("a slice of ", sizes[i], " elements does not fit dim ", i,
                                          " of ", shape[i]));
    }
    starts[i] = std::clamp<int64_t>(LoadIndex(*operands[first + i], 0), 0, shape[i] - sizes[i]);
  }
  return starts;
}

}  // namespace

absl::StatusOr<Literal> EvaluateGather(const Node& node, const Literal& x, const Literal& indices,
                                       const StaticType& type, const Scope& scope) {
  const AttrMap& attrs = node.attrs();
  CERMET_ASSIGN_OR_RETURN(const Extents sizes,
                          EvaluateDims(node, attrs.Dims("slice_sizes"), scope));
  const std::vector<int64_t>& offset_dims = attrs.Ints("offset_dims");
  const std::vector<int64_t>& start_index_map = attrs.Ints("start_index_map");
  const int64_t x_rank = static_cast<int64_t>(x.shape().size());
  const std::vector<int64_t> kept = Others(x_rank, attrs.Ints("collapsed_slice_dims"));
  const std::vector<int64_t> batch_dims =
      Others(static_cast<int64_t>(type.shape.size()), offset_dims);
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] > x.shape()[i] || sizes[i] < 0) {
      return NodeError(node, absl::StrCat("slices of ", sizes[i], " elements do not fit dim ", i,
                                          " of ", x.shape()[i]));
    }
  }
  const IndexVectors vectors(indices, attrs.Int("index_vector_dim"));
  const Extents strides = Strides(x.shape());
  Literal result(type.dtype, type.shape);
  if (result.num_elements() == 0) return result;
  Extents batch(batch_dims.size());
  Odometer index(result.shape());
  for (int64_t i = 0; i < result.num_elements(); ++i, index.Next()) {
    Select(index.index(), batch_dims, &batch);
    int64_t position = 0;
    for (size_t k = 0; k < start_index_map.size(); ++k) {
      const size_t dim = static_cast<size_t>(start_index_map[k]);
      position +=
          strides[dim] * std::clamp<int64_t>(vectors.Get(batch, k), 0, x.shape()[dim] - sizes[dim]);
    }
    for (size_t k = 0; k < kept.size(); ++k) {
      position += strides[static_cast<size_t>(kept[k])] *
                  index.index()[static_cast<size_t>(offset_dims[k])];
    }
    CopyElement(&result, i, x, position);
  }
  return result;
}

absl::StatusOr<Literal> EvaluateDynamicSlice(const Node& node, Operands operands,
                                             const StaticType& type) {
  const Literal& x = *operands[0];
  CERMET_ASSIGN_OR_RETURN(const Extents starts,
                          ClampedStarts(node, operands, 1, x.shape(), type.shape));
  Literal result(type.dtype, type.shape);
  const Extents strides = Strides(x.shape());
  int64_t offset = 0;
  for (size_t i = 0; i < starts.size(); ++i) offset += starts[i] * strides[i];
  AffineWalk walk(result.shape(), strides, offset);
  for (int64_t i = 0; i < result.num_elements(); ++i, walk.Next()) {
    CopyElement(&result, i, x, walk.position());
  }
  return result;
}

absl::StatusOr<Literal> EvaluateDynamicUpdateSlice(const Node& node, Operands operands) {
  const Literal& update = *operands[1];
  Literal result = *operands[0];
  CERMET_ASSIGN_OR_RETURN(const Extents starts,
                          ClampedStarts(node, operands, 2, result.shape(), update.shape()));
  const Extents strides = Strides(result.shape());
  int64_t offset = 0;
  for (size_t i = 0; i < starts.size(); ++i) offset += starts[i] * strides[i];
  AffineWalk walk(update.shape(), strides, offset);
  for (int64_t i = 0; i < update.num_elements(); ++i, walk.Next()) {
    CopyElement(&result, walk.position(), update, i);
  }
  return result;
}

absl::StatusOr<Literal> EvaluateScatter(const Node& node, const Literal& x, const Literal& indices,
                                        const Literal& updates, const Scope& scope) {
  const AttrMap& attrs = node.attrs();
  const std::vector<int64_t>& window_dims = attrs.Ints("update_window_dims");
  const std::vector<int64_t>& to_operand = attrs.Ints("scatter_dims_to_operand_dims");
  const std::vector<int64_t> kept =
      Others(static_cast<int64_t>(x.shape().size()), attrs.Ints("inserted_window_dims"));
  const std::vector<int64_t> batch_dims =
      Others(static_cast<int64_t>(updates.shape().size()), window_dims);
  const IndexVectors vectors(indices, attrs.Int("index_vector_dim"));
  Literal result = x;
  if (updates.num_elements() == 0) return result;
  const Extents strides = Strides(x.shape());
  Extents window(x.shape().size(), 1);
  for (size_t k = 0; k < kept.size(); ++k) {
    window[static_cast<size_t>(kept[k])] = updates.shape()[static_cast<size_t>(window_dims[k])];
  }
  ScalarBody body(*node.body(), scope);
  Extents batch(batch_dims.size());
  Extents start(x.shape().size(), 0);
  Odometer index(updates.shape());
  for (int64_t i = 0; i < updates.num_elements(); ++i, index.Next()) {
    Select(index.index(), batch_dims, &batch);
    for (size_t k = 0; k < to_operand.size(); ++k) {
      start[static_cast<size_t>(to_operand[k])] = vectors.Get(batch, k);
    }
    bool inside = true;
    int64_t position = 0;
    for (size_t d = 0; d < start.size(); ++d) {
      inside &= start[d] >= 0 && start[d] <= x.shape()[d] - window[d];
      if (inside) position += start[d] * strides[d];
    }
    if (!inside) continue;
    for (size_t k = 0; k < kept.size(); ++k) {
      position += strides[static_cast<size_t>(kept[k])] *
                  index.index()[static_cast<size_t>(window_dims[k])];
    }
    const ScalarBits arguments[2] = {LoadElement(result, position), LoadElement(updates, i)};
    ScalarBits value = 0;
    CERMET_RETURN_IF_ERROR(body.Run(arguments, &value));
    StoreElement(&result, position, value);
  }
  return result;
}

}  // namespace cermet::evaluator
