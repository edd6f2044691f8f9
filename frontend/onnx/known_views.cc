// Views of known values: what moves elements without arithmetic.
#include <algorithm>
#include <limits>

#include "frontend/onnx/known_ops.h"
#include "frontend/onnx/op_context.h"

namespace cermet {
namespace {

using Known = std::optional<KnownValue>;
using Inputs = std::vector<const KnownValue*>;

Known WithShape(const KnownValue& value, std::vector<int64_t> shape) {
  for (const int64_t extent : shape) {
    if (extent < 0) return std::nullopt;
  }
  if (Product(shape) != value.num_elements()) return std::nullopt;
  KnownValue result = value;
  result.shape = std::move(shape);
  return result;
}

Known EvaluateReshape(OpContext* c, const Inputs& in) {
  auto shape = ConstantInts(*in[1]);
  if (!shape) return std::nullopt;
  int64_t rest = in[0]->num_elements(), *hole = nullptr;
  for (size_t i = 0; i < shape->size(); ++i) {
    int64_t& extent = (*shape)[i];
    if (extent == 0 && c->Int("allowzero", 0) == 0) {
      if (i >= in[0]->shape.size()) return std::nullopt;
      extent = in[0]->shape[i];
    }
    if (extent == -1) {
      hole = &extent;
    } else if (extent <= 0) {
      return std::nullopt;
    } else {
      rest /= extent;
    }
  }
  if (hole != nullptr) *hole = rest;
  return WithShape(*in[0], *std::move(shape));
}

Known EvaluateSqueeze(OpContext* c, const Inputs& in) {
  const auto given = c->AxesArgument(13);
  const auto& shape = in[0]->shape;
  std::vector<int64_t> kept;
  std::vector<bool> dropped(shape.size());
  for (size_t i = 0; i < shape.size(); ++i)
    dropped[i] = !given.ok() || !*given ? shape[i] == 1 : false;
  if (given.ok() && *given) {
    const auto axes = c->NormalizeAxes(**given, shape.size());
    if (!axes.ok()) return std::nullopt;
    for (const int64_t axis : *axes) dropped[axis] = true;
  }
  for (size_t i = 0; i < shape.size(); ++i) {
    if (!dropped[i]) kept.push_back(shape[i]);
  }
  return WithShape(*in[0], std::move(kept));
}

Known EvaluateUnsqueeze(OpContext* c, const Inputs& in) {
  const auto given = c->AxesArgument(13);
  if (!given.ok() || !*given) return std::nullopt;
  const int64_t rank = static_cast<int64_t>(in[0]->shape.size() + (*given)->size());
  const auto axes = c->NormalizeAxes(**given, rank);
  if (!axes.ok()) return std::nullopt;
  std::vector<int64_t> shape;
  auto next = in[0]->shape.begin();
  for (int64_t d = 0; d < rank; ++d) {
    shape.push_back(std::find(axes->begin(), axes->end(), d) != axes->end() ? 1 : *next++);
  }
  return WithShape(*in[0], std::move(shape));
}

Known EvaluateTranspose(OpContext* c, const Inputs& in) {
  const auto& from = in[0]->shape;
  const int64_t rank = static_cast<int64_t>(from.size());
  std::vector<int64_t> reversed;
  for (int64_t d = rank; d-- > 0;) reversed.push_back(d);
  const auto permutation = c->NormalizeAxes(c->Ints("perm", reversed), rank);
  if (!permutation.ok() || permutation->size() != from.size()) return std::nullopt;
  std::vector<int64_t> shape;
  for (const int64_t axis : *permutation) shape.push_back(from[axis]);
  return Rearrange(*in[0], shape, [&](const std::vector<int64_t>& index) {
    std::vector<int64_t> source(index.size());
    for (size_t d = 0; d < index.size(); ++d) source[(*permutation)[d]] = index[d];
    return FlatIndex(source, from);
  });
}

Known EvaluateConcat(OpContext* c, const Inputs& in) {
  std::vector<int64_t> shape = in[0]->shape;
  const auto axis = c->Axis(0, static_cast<int64_t>(shape.size()));
  if (!axis.ok()) return std::nullopt;
  KnownValue all;  // the inputs' elements one after the other
  all.dtype = in[0]->dtype;
  shape[*axis] = 0;
  std::vector<int64_t> begin, base;  // of each input: along the axis, and in `all`
  for (const KnownValue* value : in) {
    if (value->dtype != all.dtype || value->shape.size() != shape.size()) return std::nullopt;
    for (size_t d = 0; d < shape.size(); ++d) {
      if (static_cast<int64_t>(d) != *axis && value->shape[d] != shape[d]) return std::nullopt;
    }
    begin.push_back(shape[*axis]);
    base.push_back(all.num_elements());
    shape[*axis] += value->shape[*axis];
    all.ints.insert(all.ints.end(), value->ints.begin(), value->ints.end());
    all.reals.insert(all.reals.end(), value->reals.begin(), value->reals.end());
  }
  if (TooLarge(shape, all.dtype)) return std::nullopt;
  return Rearrange(all, shape, [&](std::vector<int64_t> index) {
    // The last input that begins at or before the index and is not empty there.
    size_t k = in.size() - 1;
    while (begin[k] > index[*axis]) --k;
    index[*axis] -= begin[k];
    return base[k] + FlatIndex(index, in[k]->shape);
  });
}

Known EvaluateGather(OpContext* c, const Inputs& in) {
  const std::vector<int64_t>& from = in[0]->shape;
  const auto axis = c->Axis(0, static_cast<int64_t>(from.size()));
  const auto indices = ConstantInts(*in[1]);
  if (!axis.ok() || !indices) return std::nullopt;
  for (const int64_t i : *indices) {
    if (i < -from[*axis] || i >= from[*axis]) return std::nullopt;
  }
  std::vector<int64_t> shape(from.begin(), from.begin() + *axis);
  shape.insert(shape.end(), in[1]->shape.begin(), in[1]->shape.end());
  shape.insert(shape.end(), from.begin() + *axis + 1, from.end());
  if (TooLarge(shape, in[0]->dtype)) return std::nullopt;
  const int64_t index_rank = static_cast<int64_t>(in[1]->shape.size());
  return Rearrange(*in[0], shape, [&](const std::vector<int64_t>& index) {
    std::vector<int64_t> source(index.begin(), index.begin() + *axis);
    const std::vector<int64_t> at(index.begin() + *axis, index.begin() + *axis + index_rank);
    const int64_t i = (*indices)[FlatIndex(at, in[1]->shape)];
    source.push_back(i < 0 ? i + from[*axis] : i);
    source.insert(source.end(), index.begin() + *axis + index_rank, index.end());
    return FlatIndex(source, from);
  });
}

Known EvaluateSlice(OpContext* c, const Inputs& in) {
  const std::vector<int64_t>& from = in[0]->shape;
  const int64_t rank = static_cast<int64_t>(from.size());
  std::vector<int64_t> starts = c->Ints("starts"), ends = c->Ints("ends"), axes = c->Ints("axes"),
                       steps;
  std::vector<int64_t>* const lists[] = {&starts, &ends, &axes, &steps};
  for (size_t i = 1; i < in.size(); ++i) {
    if (in[i] == nullptr) continue;
    const auto ints = ConstantInts(*in[i]);
    if (!ints) return std::nullopt;
    *lists[i - 1] = *ints;
  }
  if (axes.empty()) {
    for (size_t d = 0; d < starts.size(); ++d) axes.push_back(static_cast<int64_t>(d));
  }
  if (steps.empty()) steps.assign(starts.size(), 1);
  const auto normal = c->NormalizeAxes(axes, rank);
  if (!normal.ok() || starts.size() != axes.size() || ends.size() != axes.size() ||
      steps.size() != axes.size())
    return std::nullopt;
  std::vector<int64_t> shape = from, first(rank, 0), step(rank, 1);
  for (size_t i = 0; i < axes.size(); ++i) {
    const int64_t d = (*normal)[i], n = from[d], low = steps[i] < 0 ? -1 : 0,
                  high = steps[i] < 0 ? n - 1 : n;
    if (steps[i] == 0 || steps[i] == std::numeric_limits<int64_t>::min()) return std::nullopt;
    const auto clamp = [n](int64_t x, int64_t least, int64_t most) {
      return std::max(least, std::min(x < 0 ? x + n : x, most));
    };
    // With a negative step, an end that is still negative after counting from the back means "down
    // to element 0".
    const int64_t begin = clamp(starts[i], 0, high), end = clamp(ends[i], low, high);
    const int64_t span = steps[i] > 0 ? end - begin : begin - end, stride = std::abs(steps[i]);
    shape[d] = span <= 0 ? 0 : (span - 1) / stride + 1;
    first[d] = begin;
    step[d] = steps[i];
  }
  return Rearrange(*in[0], shape, [&](std::vector<int64_t> index) {
    for (int64_t d = 0; d < rank; ++d) index[d] = first[d] + index[d] * step[d];
    return FlatIndex(index, from);
  });
}

Known EvaluateExpand(OpContext*, const Inputs& in) {
  const auto target = ConstantInts(*in[1]);
  const auto shape = target ? BroadcastShape(in[0]->shape, *target) : std::nullopt;
  if (!shape || TooLarge(*shape, in[0]->dtype)) return std::nullopt;
  for (const int64_t extent : *shape) {
    if (extent < 0) return std::nullopt;
  }
  return BroadcastValue(*in[0], *shape);
}

constexpr KnownRule kRules[] = {
    {"Reshape", 2, EvaluateReshape},     {"Squeeze", 1, EvaluateSqueeze},
    {"Unsqueeze", 1, EvaluateUnsqueeze}, {"Transpose", 1, EvaluateTranspose},
    {"Concat", 1, EvaluateConcat},       {"Gather", 2, EvaluateGather},
    {"Slice", 1, EvaluateSlice},         {"Expand", 2, EvaluateExpand},
};

}  // namespace

absl::Span<const KnownRule> KnownViewRules() { return kRules; }

}  // namespace cermet
