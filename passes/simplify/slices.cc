// Slices, pads, concatenations and gathers: those that do nothing, follow each other, or have
// constant indices.
#include <algorithm>

#include "passes/simplify/rules.h"

namespace cermet::simplify {
namespace {

std::vector<Dim> Zeros(int64_t rank) { return std::vector<Dim>(rank, Dim(0)); }
std::vector<int64_t> Ones(int64_t rank) { return std::vector<int64_t>(rank, 1); }
bool AllEqual(const std::vector<int64_t>& list, int64_t value) {
  return std::all_of(list.begin(), list.end(), [&](int64_t v) { return v == value; });
}
bool AllZero(const std::vector<Dim>& list) {
  return std::all_of(list.begin(), list.end(), [](const Dim& d) { return d == Dim(0); });
}

// The elements [start, start + size) of `x` along `dim`.
Value SliceAlong(Builder& b, Value x, int64_t dim, const Dim& start, const Dim& size) {
  std::vector<Dim> starts = Zeros(x.type().rank());
  std::vector<Dim> limits = x.type().shape;
  starts[dim] = start;
  limits[dim] = start + size;
  return b.Slice(x, starts, limits, Ones(x.type().rank()));
}

// slice(x, everything) = x
Replacement SliceNoop(Node& node, Rewriter&) {
  if (node.operand(0).type() != node.type()) return {};
  if (!AllZero(node.attrs().Dims("start")) || !AllEqual(node.attrs().Ints("stride"), 1)) return {};
  return {node.operand(0)};
}

// slice(slice(x)) = slice(x), for an outer slice of stride 1 or constant starts
Replacement SliceSlice(Node& node, Rewriter& rewriter) {
  const Node& inner = *node.operand(0).node;
  if (inner.op() != OpCode::kSlice) return {};
  std::vector<Dim> starts, limits;
  std::vector<int64_t> strides;
  for (int64_t i = 0; i < node.type().rank(); ++i) {
    const int64_t inner_stride = inner.attrs().Ints("stride")[i];
    const int64_t stride = node.attrs().Ints("stride")[i];
    const Dim& start = node.attrs().Dims("start")[i];
    const Dim& limit = node.attrs().Dims("limit")[i];
    const Dim& inner_start = inner.attrs().Dims("start")[i];
    starts.push_back(inner_start + start * inner_stride);
    // The last element taken is below limit - 1 of the inner slice.
    limits.push_back(limit == start ? starts.back() : inner_start + (limit - 1) * inner_stride + 1);
    strides.push_back(stride * inner_stride);
  }
  return {rewriter.builder().Slice(inner.operand(0), starts, limits, strides)};
}

// slice(broadcast(x)) = broadcast(x), where the sliced dims are not of x
Replacement SliceOfBroadcast(Node& node, Rewriter& rewriter) {
  const Node& inner = *node.operand(0).node;
  if (inner.op() != OpCode::kBroadcastInDim) return {};
  for (int64_t dim : inner.attrs().Ints("dims")) {
    const bool whole = node.attrs().Dims("start")[dim] == Dim(0) &&
                       node.attrs().Ints("stride")[dim] == 1 &&
                       node.type().shape[dim] == inner.type().shape[dim];
    if (!whole) return {};
  }
  return {rewriter.builder().Broadcast(inner.operand(0), node.type().shape,
                                       inner.attrs().Ints("dims"))};
}

// slice(iota, 0, n) = iota: [n]
Replacement SliceOfIota(Node& node, Rewriter& rewriter) {
  const Node& inner = *node.operand(0).node;
  if (inner.op() != OpCode::kIota) return {};
  const int64_t dim = inner.attrs().Int("dim");
  if (node.attrs().Dims("start")[dim] != Dim(0) || node.attrs().Ints("stride")[dim] != 1) return {};
  return {rewriter.builder().Iota(node.type(), dim)};
}

// gather(broadcast(s), i) = broadcast(s), for a scalar s, and the same for dynamic_slice
Replacement PickFromSplat(Node& node, Rewriter& rewriter) {
  const Node& inner = *node.operand(0).node;
  if (inner.op() != OpCode::kBroadcastInDim || !inner.operand(0).type().IsScalar()) return {};
  if (node.type().IsScalar()) return {inner.operand(0)};
  return {rewriter.builder().Broadcast(inner.operand(0), node.type().shape, {})};
}

// slice(concat(x, y)) = slice(x), where it takes from x alone
Replacement SliceOfConcat(Node& node, Rewriter& rewriter) {
  const Node& inner = *node.operand(0).node;
  if (inner.op() != OpCode::kConcat) return {};
  const int64_t dim = inner.attrs().Int("dim");
  std::vector<Dim> starts = node.attrs().Dims("start");
  std::vector<Dim> limits = node.attrs().Dims("limit");
  if (!starts[dim].IsConstant() || !limits[dim].IsConstant()) return {};
  int64_t offset = 0;
  for (Value part : inner.operands()) {
    const Dim& extent = part.type().shape[dim];
    if (!extent.IsConstant()) return {};
    const int64_t start = starts[dim].value() - offset;
    const int64_t limit = limits[dim].value() - offset;
    offset += extent.value();
    if (start >= extent.value()) continue;
    if (limit > extent.value()) return {};
    starts[dim] = start;
    limits[dim] = limit;
    return {rewriter.builder().Slice(part, starts, limits, node.attrs().Ints("stride"))};
  }
  return {};
}

// pad(x, by nothing) = x
Replacement PadNoop(Node& node, Rewriter&) {
  if (node.operand(0).type() != node.type()) return {};
  if (!AllZero(node.attrs().Dims("low")) || !AllZero(node.attrs().Dims("high"))) return {};
  return {node.operand(0)};
}

// pad(pad(x, v), v) = pad(x, v), without interior padding and crops
Replacement PadPad(Node& node, Rewriter& rewriter) {
  const Node& inner = *node.operand(0).node;
  if (inner.op() != OpCode::kPad) return {};
  const std::optional<Literal> value = SplatOf(node.operand(1), rewriter.module());
  const std::optional<Literal> inner_value = SplatOf(inner.operand(1), rewriter.module());
  const bool same_value =
      node.operand(1) == inner.operand(1) || (value && inner_value && *value == *inner_value);
  if (!same_value) return {};
  std::vector<Dim> low, high;
  for (int64_t i = 0; i < node.type().rank(); ++i) {
    for (const Node* pad : {static_cast<const Node*>(&node), &inner}) {
      for (const Dim& edge : {pad->attrs().Dims("low")[i], pad->attrs().Dims("high")[i]}) {
        if (!edge.IsConstant() || edge.value() < 0) return {};
      }
      if (pad->attrs().Ints("interior")[i] != 0) return {};
    }
    low.push_back(node.attrs().Dims("low")[i] + inner.attrs().Dims("low")[i]);
    high.push_back(node.attrs().Dims("high")[i] + inner.attrs().Dims("high")[i]);
  }
  rewriter.Absorb(inner);
  return {rewriter.builder().Pad(inner.operand(0), node.operand(1), low, high,
                                 node.attrs().Ints("interior"))};
}

// concat(x) = x
Replacement ConcatSingle(Node& node, Rewriter&) {
  if (node.num_operands() != 1) return {};
  return {node.operand(0)};
}

// concat(x, empty) = concat(x)
Replacement ConcatEmpty(Node& node, Rewriter& rewriter) {
  const int64_t dim = node.attrs().Int("dim");
  std::vector<Value> kept;
  for (Value part : node.operands()) {
    if (part.type().shape[dim] != Dim(0)) kept.push_back(part);
  }
  if (kept.empty() || static_cast<int64_t>(kept.size()) == node.num_operands()) return {};
  return {rewriter.builder().Concat(kept, dim)};
}

// concat(concat(x, y), z) = concat(x, y, z), along one dim
Replacement ConcatConcat(Node& node, Rewriter& rewriter) {
  const int64_t dim = node.attrs().Int("dim");
  std::vector<Value> parts;
  for (Value operand : node.operands()) {
    const Node& inner = *operand.node;
    const bool nested = inner.op() == OpCode::kConcat && inner.attrs().Int("dim") == dim &&
                        rewriter.HasOneUse(operand);
    if (!nested) {
      parts.push_back(operand);
      continue;
    }
    parts.insert(parts.end(), inner.operands().begin(), inner.operands().end());
  }
  if (static_cast<int64_t>(parts.size()) == node.num_operands()) return {};
  return {rewriter.builder().Concat(parts, dim)};
}

// The dim of which a gather takes single elements, with all of every other dim, and which its
// result does not keep: the dims of the indices take its place. -1 for other gathers.
int64_t TakenDim(const Node& gather) {
  const AttrMap& attrs = gather.attrs();
  const std::vector<int64_t>& map = attrs.Ints("start_index_map");
  if (map.size() != 1 || attrs.Ints("collapsed_slice_dims") != map) return -1;
  const Shape& shape = gather.operand(0).type().shape;
  for (size_t i = 0; i < shape.size(); ++i) {
    const Dim whole = static_cast<int64_t>(i) == map[0] ? Dim(1) : shape[i];
    if (attrs.Dims("slice_sizes")[i] != whole) return -1;
  }
  return map[0];
}

// True if [first, first + count) lies inside of `extent` for certain.
bool IsInside(int64_t first, int64_t count, const Dim& extent, const Module& module) {
  const DimRange range = Range(extent, module.facts());
  return first >= 0 && range.lower && first + count <= *range.lower;
}

// gather(x, [c, c+1, ..., d]) = slice(x, c, d+1), along one dim
Replacement GatherAsSlice(Node& node, Rewriter& rewriter) {
  const Value x = node.operand(0);
  const Value indices = node.operand(1);
  const int64_t dim = TakenDim(node);
  if (dim < 0 || !IsConstantLike(indices) || !indices.type().IsStatic()) return {};
  std::optional<Literal> literal = LiteralOf(indices, rewriter.module());
  if (!literal && indices.type().NumElements() == Dim(1)) {
    literal = SplatOf(indices, rewriter.module());
  }
  if (!literal || literal->num_elements() == 0) return {};
  const int64_t first = literal->GetInt(0);
  const int64_t count = literal->num_elements();
  for (int64_t i = 0; i < count; ++i) {
    if (literal->GetInt(i) != first + i) return {};
  }
  if (!IsInside(first, count, x.type().shape[dim], rewriter.module())) return {};
  // The dims of the indices stand where `dim` stood.
  const std::vector<int64_t>& offset_dims = node.attrs().Ints("offset_dims");
  const int64_t offset_rank = static_cast<int64_t>(offset_dims.size());
  for (int64_t i = 0; i < offset_rank && count > 1; ++i) {
    const int64_t expected = i < dim ? i : i + node.type().rank() - offset_rank;
    if (offset_dims[i] != expected) return {};
  }
  Builder& b = rewriter.builder();
  return {b.Reshape(SliceAlong(b, x, dim, first, count), node.type().shape)};
}

// gather(x, broadcast(c)) = broadcast(slice(x, c, c + 1)), along one dim
Replacement GatherOneRow(Node& node, Rewriter& rewriter) {
  const Value x = node.operand(0);
  const int64_t dim = TakenDim(node);
  const std::optional<int64_t> row = SplatInt(node.operand(1), rewriter.module());
  if (dim < 0 || !row || !IsInside(*row, 1, x.type().shape[dim], rewriter.module())) return {};
  Shape shape = x.type().shape;
  shape.erase(shape.begin() + dim);
  Builder& b = rewriter.builder();
  const Value slice = b.Reshape(SliceAlong(b, x, dim, *row, 1), shape);
  return {b.Broadcast(slice, node.type().shape, node.attrs().Ints("offset_dims"))};
}

// The values of constant scalars, the start indices of dynamic slices; nothing if one is unknown.
std::optional<std::vector<int64_t>> ConstantStarts(absl::Span<const Value> starts,
                                                   const Module& module) {
  std::vector<int64_t> values;
  for (Value start : starts) {
    std::optional<int64_t> value = SplatInt(start, module);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  return values;
}

// The starts of a window of `sizes` in `shape`, clamped to be inside; nothing if that is not known.
std::optional<std::vector<Dim>> ClampStarts(const std::vector<int64_t>& starts, const Shape& shape,
                                            const Shape& sizes) {
  std::vector<Dim> clamped;
  for (size_t i = 0; i < starts.size(); ++i) {
    const Dim room = shape[i] - sizes[i];
    if (room == Dim(0) || starts[i] <= 0) {
      clamped.push_back(0);
    } else if (room.IsConstant()) {
      clamped.push_back(std::min(starts[i], room.value()));
    } else {
      return std::nullopt;
    }
  }
  return clamped;
}

// dynamic_slice(x, c...) = slice(x, c...)
Replacement DynamicSliceConstant(Node& node, Rewriter& rewriter) {
  const Value x = node.operand(0);
  const auto starts = ConstantStarts(node.operands().subspan(1), rewriter.module());
  if (!starts) return {};
  const auto clamped = ClampStarts(*starts, x.type().shape, node.type().shape);
  if (!clamped) return {};
  std::vector<Dim> limits;
  for (int64_t i = 0; i < node.type().rank(); ++i) {
    limits.push_back((*clamped)[i] + node.type().shape[i]);
  }
  return {rewriter.builder().Slice(x, *clamped, limits, Ones(node.type().rank()))};
}

// dynamic_update_slice(x, y, ...) = y, where y covers x
Replacement UpdateWhole(Node& node, Rewriter&) {
  if (node.operand(1).type() != node.type()) return {};
  return {node.operand(1)};
}

}  // namespace

std::vector<RewriteRule> SliceRules() {
  using enum OpCode;
  return {
      {"slice_noop", "slice(x, all) = x", kExact, {kSlice}, SliceNoop},
      {"slice_slice", "slice(slice(x)) = slice(x)", kExact, {kSlice}, SliceSlice},
      {"slice_of_broadcast",
       "slice(broadcast(x)) = broadcast(x)",
       kExact,
       {kSlice},
       SliceOfBroadcast},
      {"slice_of_iota", "slice(iota, 0, n) = iota: [n]", kExact, {kSlice}, SliceOfIota},
      {"pick_from_splat",
       "gather(broadcast(s), i) = broadcast(s)",
       kExact,
       {kGather, kDynamicSlice},
       PickFromSplat},
      {"slice_of_concat", "slice(concat(x, y)) = slice(x)", kExact, {kSlice}, SliceOfConcat},
      {"pad_noop", "pad(x, by 0) = x", kExact, {kPad}, PadNoop},
      {"pad_pad", "pad(pad(x, v), v) = pad(x, v)", kExact, {kPad}, PadPad},
      {"concat_single", "concat(x) = x", kExact, {kConcat}, ConcatSingle},
      {"concat_empty", "concat(x, empty) = concat(x)", kExact, {kConcat}, ConcatEmpty},
      {"concat_concat",
       "concat(concat(x, y), z) = concat(x, y, z)",
       kExact,
       {kConcat},
       ConcatConcat},
      {"gather_as_slice", "gather(x, [1, 2]) = slice(x, 1, 3)", kExact, {kGather}, GatherAsSlice},
      {"gather_one_row",
       "gather(x, broadcast(c)) = broadcast(slice(x, c, c + 1))",
       kExact,
       {kGather},
       GatherOneRow},
      {"dynamic_slice_constant",
       "dynamic_slice(x, 1) = slice(x, 1)",
       kExact,
       {kDynamicSlice},
       DynamicSliceConstant},
      {"update_whole",
       "dynamic_update_slice(x: S, y: S) = y",
       kExact,
       {kDynamicUpdateSlice},
       UpdateWhole},
  };
}

}  // namespace cermet::simplify
