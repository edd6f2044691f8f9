// Operators that move elements without arithmetic.
#include <algorithm>
#include <limits>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "frontend/onnx/op_context.h"
#include "frontend/onnx/op_table.h"
#include "ir/status.h"

namespace cermet {
namespace {

std::vector<int64_t> Identity(int64_t rank) {
  std::vector<int64_t> dims(rank);
  std::iota(dims.begin(), dims.end(), 0);
  return dims;
}

Dim Product(const Shape& shape, size_t begin, size_t end) {
  Dim product = 1;
  for (size_t i = begin; i < end; ++i) product = product * shape[i];
  return product;
}

// 0 copies the input's extent (unless allowzero), one -1 takes what is left.
absl::Status Reshape(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(std::vector<Dim> target, c.DimsInput(1, "shape"));
  const Shape& from = c.shape(0);
  const bool allow_zero = c.Int("allowzero", 0) != 0;
  std::optional<size_t> hole;
  Dim product = 1;
  for (size_t i = 0; i < target.size(); ++i) {
    if (target[i] == Dim(0) && !allow_zero) {
      if (i >= from.size())
        return c.Error(absl::StrCat("shape copies dim ", i, " of an input of rank ", from.size()));
      target[i] = from[i];
    }
    if (target[i] == Dim(-1)) {
      if (hole) return c.Error("shape has -1 twice");
      hole = i;
      continue;
    }
    if (target[i].IsConstant() && target[i].value() < 0)
      return c.Error(absl::StrCat("shape has the extent ", target[i].value()));
    product = product * target[i];
  }
  if (hole) {
    if (product == Dim(0)) return c.Error("shape has both 0 and -1");
    const Dim total = c.type(0).NumElements();
    target[*hole] = Dim::FloorDiv(total, product);
    if (target[*hole] * product != total && total.IsConstant() && product.IsConstant()) {
      return c.Error(
          absl::StrCat("shape ", ToString(from), " does not divide into ", ToString(target)));
    }
  }
  return c.Return(c.Reshape(c.in(0), target));
}

absl::Status Flatten(OpContext& c) {
  const Shape& from = c.shape(0);
  const int64_t rank = c.rank(0);
  int64_t axis = c.Int("axis", 1);
  if (axis < -rank || axis > rank)
    return c.Error(absl::StrCat("axis ", axis, " is outside rank ", rank));
  if (axis < 0) axis += rank;
  return c.Return(c.Reshape(c.in(0), {Product(from, 0, axis), Product(from, axis, rank)}));
}

// A symbolic extent is squeezed only when it is named; it must then be 1.
absl::Status Squeeze(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(std::optional<std::vector<int64_t>> axes, c.AxesArgument(13));
  const Shape& from = c.shape(0);
  if (axes) {
    CERMET_ASSIGN_OR_RETURN(*axes, c.NormalizeAxes(*axes, c.rank(0)));
  }
  Shape shape;
  for (int64_t d = 0; d < c.rank(0); ++d) {
    const bool named = axes && std::find(axes->begin(), axes->end(), d) != axes->end();
    if (named && from[d] != Dim(1)) {
      const std::string message =
          absl::StrCat("axis ", d, " of ", ToString(from), " is squeezed and not known to be 1");
      return from[d].IsConstant() ? c.Error(message) : c.NeedsDims(message);
    }
    if (!named && (axes || from[d] != Dim(1))) shape.push_back(from[d]);
  }
  return c.Return(c.Reshape(c.in(0), shape));
}

absl::Status Unsqueeze(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(std::optional<std::vector<int64_t>> axes, c.AxesArgument(13));
  if (!axes) return c.Error("its axes are missing");
  const int64_t rank = c.rank(0) + static_cast<int64_t>(axes->size());
  CERMET_ASSIGN_OR_RETURN(*axes, c.NormalizeAxes(*axes, rank));
  std::sort(axes->begin(), axes->end());
  Shape shape = c.shape(0);
  for (const int64_t axis : *axes) shape.insert(shape.begin() + axis, Dim(1));
  return c.Return(c.Reshape(c.in(0), shape));
}

absl::Status Transpose(OpContext& c) {
  std::vector<int64_t> reversed = Identity(c.rank(0));
  std::reverse(reversed.begin(), reversed.end());
  CERMET_ASSIGN_OR_RETURN(std::vector<int64_t> permutation,
                          c.NormalizeAxes(c.Ints("perm", reversed), c.rank(0)));
  if (static_cast<int64_t>(permutation.size()) != c.rank(0))
    return c.Error("perm does not name every axis");
  return c.Return(c.Transpose(c.in(0), std::move(permutation)));
}

absl::Status Expand(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(const std::vector<Dim> target, c.DimsInput(1, "shape"));
  CERMET_ASSIGN_OR_RETURN(const Shape shape, c.solver().Broadcast(c.shape(0), target));
  return c.Return(c.b().BroadcastTo(c.in(0), shape));
}

// Broadcast to [r0, d0, r1, d1, ...], and pairs become one.
absl::Status Tile(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(const std::vector<Dim> repeats, c.DimsInput(1, "repeats"));
  const Shape& from = c.shape(0);
  if (repeats.size() != from.size())
    return c.Error(
        absl::StrCat("repeats has ", repeats.size(), " elements for rank ", from.size()));
  Shape wide, shape;
  std::vector<int64_t> dims;
  for (size_t d = 0; d < from.size(); ++d) {
    if (repeats[d].IsConstant() && repeats[d].value() < 0)
      return c.Error(absl::StrCat("repeats has ", repeats[d].value()));
    if (repeats[d] != Dim(1)) wide.push_back(repeats[d]);
    dims.push_back(static_cast<int64_t>(wide.size()));
    wide.push_back(from[d]);
    shape.push_back(repeats[d] * from[d]);
  }
  if (shape == from) return c.Return(c.in(0));
  return c.Return(c.Reshape(c.b().Broadcast(c.in(0), wide, dims), shape));
}

absl::Status Concat(OpContext& c) {
  if (!c.has_attr("axis")) return c.Error("attribute axis is missing");
  CERMET_ASSIGN_OR_RETURN(const int64_t axis, c.Axis(0, c.rank(0)));
  std::vector<Value> values;
  for (int i = 0; i < c.num_inputs(); ++i) {
    if (!c.has_input(i)) return c.Error(absl::StrCat("its input ", i, " is missing"));
    if (c.rank(i) != c.rank(0))
      return c.Error(
          absl::StrCat("inputs have shapes ", ToString(c.shape(0)), " and ", ToString(c.shape(i))));
    for (int64_t d = 0; d < c.rank(0); ++d) {
      if (d != axis)
        CERMET_RETURN_IF_ERROR(c.solver().Unify(c.shape(0)[d], c.shape(i)[d]).status());
    }
    values.push_back(c.in(i));
  }
  return c.Return(values.size() == 1 ? values[0] : c.b().Concat(values, axis));
}

// Elements [begin, end) of one axis.
Value SliceAxis(OpContext& c, Value x, int64_t axis, const Dim& begin, const Dim& end,
                int64_t stride = 1) {
  if (!x) return x;
  const Shape& shape = x.type().shape;
  std::vector<Dim> start(shape.size(), 0), limit = shape;
  std::vector<int64_t> strides(shape.size(), 1);
  start[axis] = begin;
  limit[axis] = end;
  strides[axis] = stride;
  return c.b().Slice(x, start, limit, strides);
}

Value Reverse(OpContext& c, Value x, int64_t axis) {
  return c.b().Make(OpCode::kReverse, {x}, {{"dims", std::vector<int64_t>{axis}}});
}

absl::Status Split(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(const int64_t axis, c.Axis(0, c.rank(0)));
  const Dim extent = c.shape(0)[axis];
  const int64_t outputs = c.num_outputs();
  std::vector<Dim> sizes;
  if (c.opset() >= 13 && c.has_input(1)) {
    CERMET_ASSIGN_OR_RETURN(sizes, c.DimsInput(1, "split"));
  } else if (c.has_attr("split")) {
    for (const int64_t size : c.Ints("split")) sizes.push_back(size);
  } else {
    // Equal parts; the last may be smaller.
    const int64_t parts = c.Int("num_outputs", outputs);
    if (parts != outputs)
      return c.Error(absl::StrCat("num_outputs is ", parts, ", it has ", outputs, " outputs"));
    const Dim part = Dim::CeilDiv(extent, parts);
    sizes.assign(parts - 1, part);
    sizes.push_back(extent - part * Dim(parts - 1));
  }
  Dim total = 0;
  for (const Dim& size : sizes) {
    if (size.IsConstant() && size.value() < 0)
      return c.Error(absl::StrCat("a part has extent ", size.value()));
    total = total + size;
  }
  if (static_cast<int64_t>(sizes.size()) != outputs || c.solver().Equal(total, extent) == false) {
    return c.Error(absl::StrCat("parts of ", total.ToString(), " in all do not make ", outputs,
                                " outputs of axis ", axis, " of ", ToString(c.shape(0))));
  }
  const Value x = c.in(0);
  Dim begin = 0;
  for (int i = 0; i < outputs; ++i) {
    const Dim end = i + 1 == outputs ? extent : begin + sizes[i];
    if (c.wants(i)) CERMET_RETURN_IF_ERROR(c.Return(i, SliceAxis(c, x, axis, begin, end)));
    begin = end;
  }
  return absl::OkStatus();
}

// ---- slice

// Exporters write "to the end" as INT32_MAX, INT64_MAX, or 10^9.
constexpr int64_t kToTheEnd = 1'000'000'000;

// Bound x of an axis of extent n, counted from the back when negative, and clamped to [least,
// most].
absl::StatusOr<Dim> SliceBound(OpContext& c, const Dim& x, const Dim& n, const Dim& least,
                               const Dim& most) {
  DimSolver& solver = c.solver();
  if (x.IsConstant() && x.value() >= kToTheEnd) return most;
  if (x.IsConstant() && x.value() <= -kToTheEnd) return least;
  if (x == Dim(0) && least == Dim(0)) return x;  // extents are not negative
  if (solver.NonNegative(x)) return solver.Min(x, most);
  if (solver.NonNegative(Dim(-1) - x)) return solver.Max(x + n, least);
  return c.NeedsDims(
      absl::StrCat("it is not known whether the bound ", x.ToString(), " is negative"));
}

// `step` of one axis: forward as a strided slice, backward as the same of the reversed axis.
absl::StatusOr<Value> SliceStep(OpContext& c, Value x, int64_t axis, const Dim& start,
                                const Dim& end, int64_t step) {
  CERMET_RETURN_IF_ERROR(c.status());
  const Dim n = x.type().shape[axis];
  if (step > 0) {
    CERMET_ASSIGN_OR_RETURN(const Dim begin, SliceBound(c, start, n, 0, n));
    CERMET_ASSIGN_OR_RETURN(const Dim limit, SliceBound(c, end, n, 0, n));
    if (begin == Dim(0) && limit == n && step == 1) return x;
    const Dim stop = begin == Dim(0) ? limit : c.solver().Max(begin, limit);
    return SliceAxis(c, x, axis, begin, stop, step);
  }
  if (step == 0 || step == std::numeric_limits<int64_t>::min())
    return c.Error(absl::StrCat("step ", step));
  CERMET_ASSIGN_OR_RETURN(const Dim first, SliceBound(c, start, n, 0, n - Dim(1)));
  CERMET_ASSIGN_OR_RETURN(const Dim last, SliceBound(c, end, n, -1, n - Dim(1)));
  const Dim begin = c.solver().Max(n - Dim(1) - first, 0), limit = n - Dim(1) - last;
  return SliceAxis(c, Reverse(c, x, axis), axis, begin, c.solver().Max(begin, limit), -step);
}

absl::Status Slice(OpContext& c) {
  std::vector<Dim> starts, ends;
  std::vector<int64_t> axes, steps;
  if (c.opset() < 10) {
    for (const int64_t x : c.Ints("starts")) starts.push_back(x);
    for (const int64_t x : c.Ints("ends")) ends.push_back(x);
    axes = c.Ints("axes");
  } else {
    if (!c.has_input(1) || !c.has_input(2)) return c.Error("starts or ends is missing");
    CERMET_ASSIGN_OR_RETURN(starts, c.DimsInput(1, "starts"));
    CERMET_ASSIGN_OR_RETURN(ends, c.DimsInput(2, "ends"));
    if (c.has_input(3)) {
      CERMET_ASSIGN_OR_RETURN(axes, c.IntsInput(3, "axes"));
    }
    if (c.has_input(4)) {
      CERMET_ASSIGN_OR_RETURN(steps, c.IntsInput(4, "steps"));
    }
  }
  if (axes.empty()) axes = Identity(static_cast<int64_t>(starts.size()));
  if (steps.empty()) steps.assign(starts.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size() ||
      steps.size() != starts.size()) {
    return c.Error("starts, ends, axes and steps differ in length");
  }
  CERMET_ASSIGN_OR_RETURN(axes, c.NormalizeAxes(axes, c.rank(0)));
  Value x = c.in(0);
  for (size_t i = 0; i < axes.size(); ++i) {
    CERMET_ASSIGN_OR_RETURN(x, SliceStep(c, x, axes[i], starts[i], ends[i], steps[i]));
  }
  return c.Return(x);
}

// ---- pad

// What stands before and after x along an axis in the modes other than constant.
absl::StatusOr<Value> PadAxis(OpContext& c, absl::string_view mode, Value x, int64_t axis,
                              const Dim& low, const Dim& high) {
  CERMET_RETURN_IF_ERROR(c.status());
  const Shape shape = x.type().shape;
  const Dim n = shape[axis];
  const Dim most = mode == "reflect" ? n - Dim(1) : n;
  for (const Dim& pad : {low, high}) {
    if (mode != "edge" && c.solver().Less(most, pad) == true) {
      return c.Unsupported(absl::StrCat("mode ", mode, " with a pad of ", pad.ToString(),
                                        " at an axis of extent ", n.ToString()));
    }
  }
  const auto edge = [&](const Dim& at, const Dim& count) {
    Shape wide = shape;
    wide[axis] = count;
    return c.b().Broadcast(SliceAxis(c, x, axis, at, at + Dim(1)), wide,
                           Identity(static_cast<int64_t>(shape.size())));
  };
  std::vector<Value> parts;
  if (low != Dim(0)) {
    if (mode == "edge") parts.push_back(edge(0, low));
    if (mode == "reflect")
      parts.push_back(Reverse(c, SliceAxis(c, x, axis, 1, low + Dim(1)), axis));
    if (mode == "wrap") parts.push_back(SliceAxis(c, x, axis, n - low, n));
  }
  parts.push_back(x);
  if (high != Dim(0)) {
    if (mode == "edge") parts.push_back(edge(n - Dim(1), high));
    if (mode == "reflect")
      parts.push_back(Reverse(c, SliceAxis(c, x, axis, n - Dim(1) - high, n - Dim(1)), axis));
    if (mode == "wrap") parts.push_back(SliceAxis(c, x, axis, 0, high));
  }
  return parts.size() == 1 ? x : c.b().Concat(parts, axis);
}

absl::Status Pad(OpContext& c) {
  const std::string mode = c.Str("mode", "constant");
  std::vector<Dim> pads;
  std::vector<int64_t> axes = Identity(c.rank(0));
  Value value;
  const Type scalar(c.dtype(0), {});
  if (c.opset() < 11) {
    for (const int64_t pad : c.Ints("pads")) pads.push_back(pad);
    value = c.Splat(c.Float("value", 0), scalar);
  } else {
    if (!c.has_input(1)) return c.Error("pads is missing");
    CERMET_ASSIGN_OR_RETURN(pads, c.DimsInput(1, "pads"));
    value = c.has_input(2) ? c.Reshape(c.in(2), {}) : c.Splat(0, scalar);
    if (c.has_input(3)) {
      CERMET_ASSIGN_OR_RETURN(axes, c.IntsInput(3, "axes"));
      CERMET_ASSIGN_OR_RETURN(axes, c.NormalizeAxes(axes, c.rank(0)));
    }
  }
  if (pads.size() != 2 * axes.size())
    return c.Error(absl::StrCat("pads has ", pads.size(), " elements for ", axes.size(), " axes"));
  std::vector<Dim> low(c.rank(0), 0), high(c.rank(0), 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    low[axes[i]] = pads[i];
    high[axes[i]] = pads[axes.size() + i];
  }
  Value x = c.in(0);
  if (mode == "constant")
    return c.Return(c.b().Pad(x, value, low, high, std::vector<int64_t>(c.rank(0), 0)));
  if (mode != "edge" && mode != "reflect" && mode != "wrap")
    return c.Error(absl::StrCat("mode \"", mode, "\""));
  for (int64_t axis = 0; axis < c.rank(0); ++axis) {
    const Dim crop_low = c.solver().Max(Dim(0) - low[axis], 0),
              crop_high = c.solver().Max(Dim(0) - high[axis], 0);
    if (crop_low != Dim(0) || crop_high != Dim(0))
      x = SliceAxis(c, x, axis, crop_low, c.shape(0)[axis] - crop_high);
    CERMET_ASSIGN_OR_RETURN(
        x, PadAxis(c, mode, x, axis, c.solver().Max(low[axis], 0), c.solver().Max(high[axis], 0)));
  }
  return c.Return(x);
}

// ---- blocks

absl::StatusOr<int64_t> BlockSize(OpContext& c) {
  const int64_t block = c.Int("blocksize", 0);
  if (block < 1 || block > 1 << 20) return c.Error(absl::StrCat("blocksize is ", block));
  if (c.rank(0) != 4)
    return c.Error(absl::StrCat("its input has rank ", c.rank(0), " instead of 4"));
  return block;
}

absl::Status DepthToSpace(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(const int64_t block, BlockSize(c));
  const std::string mode = c.Str("mode", "DCR");
  if (mode != "DCR" && mode != "CRD") return c.Error(absl::StrCat("mode \"", mode, "\""));
  const Shape& s = c.shape(0);
  const Dim depth = Dim::FloorDiv(s[1], block * block);
  const bool columns_first = mode == "DCR";
  const Value split = columns_first ? c.Reshape(c.in(0), {s[0], block, block, depth, s[2], s[3]})
                                    : c.Reshape(c.in(0), {s[0], depth, block, block, s[2], s[3]});
  const Value moved = c.Transpose(split, columns_first ? std::vector<int64_t>{0, 3, 4, 1, 5, 2}
                                                       : std::vector<int64_t>{0, 1, 4, 2, 5, 3});
  return c.Return(c.Reshape(moved, {s[0], depth, s[2] * Dim(block), s[3] * Dim(block)}));
}

absl::Status SpaceToDepth(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(const int64_t block, BlockSize(c));
  const Shape& s = c.shape(0);
  const Dim height = Dim::FloorDiv(s[2], block), width = Dim::FloorDiv(s[3], block);
  const Value split = c.Reshape(c.in(0), {s[0], s[1], height, block, width, block});
  const bool columns_first = c.Str("mode", "DCR") == "DCR";
  const Value moved = c.Transpose(split, columns_first ? std::vector<int64_t>{0, 3, 5, 1, 2, 4}
                                                       : std::vector<int64_t>{0, 1, 3, 5, 2, 4});
  return c.Return(c.Reshape(moved, {s[0], s[1] * Dim(block * block), height, width}));
}

constexpr OpRow kRows[] = {
    {"Concat", 4, kNewest, 1, kAny, Concat, Float16::kMoved},
    {"DepthToSpace", 1, kNewest, 1, 1, DepthToSpace, Float16::kMoved},
    {"Expand", 8, kNewest, 2, 2, Expand, Float16::kMoved},
    {"Flatten", 1, kNewest, 1, 1, Flatten, Float16::kMoved},
    {"Pad", 2, kNewest, 1, 4, Pad, Float16::kMoved},
    {"Reshape", 5, kNewest, 2, 2, Reshape, Float16::kMoved},
    {"Slice", 1, kNewest, 1, 5, Slice, Float16::kMoved},
    {"SpaceToDepth", 1, kNewest, 1, 1, SpaceToDepth, Float16::kMoved},
    {"Split", 2, kNewest, 1, 2, Split, Float16::kMoved},
    {"Squeeze", 1, kNewest, 1, 2, Squeeze, Float16::kMoved},
    {"Tile", 6, kNewest, 2, 2, Tile, Float16::kMoved},
    {"Transpose", 1, kNewest, 1, 1, Transpose, Float16::kMoved},
    {"Unsqueeze", 1, kNewest, 1, 2, Unsqueeze, Float16::kMoved},
};

}  // namespace

absl::Span<const OpRow> ViewOps() { return kRows; }

}  // namespace cermet
