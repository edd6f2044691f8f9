// Reductions, arg-reductions, softmax and cumulative sums.
#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "frontend/onnx/op_context.h"
#include "frontend/onnx/op_table.h"
#include "ir/status.h"

namespace cermet {
namespace {

struct ReduceArguments {
  std::vector<int64_t> dims;
  Shape kept;  // the result's shape
};

// Axes are an attribute before `input_since` and an input from then on. No axes: all, or none with
// noop_with_empty_axes.
absl::StatusOr<ReduceArguments> Arguments(OpContext& c, int64_t input_since) {
  CERMET_ASSIGN_OR_RETURN(std::optional<std::vector<int64_t>> axes, c.AxesArgument(input_since));
  ReduceArguments arguments;
  const bool all = (!axes || axes->empty()) && c.Int("noop_with_empty_axes", 0) == 0;
  if (all) {
    for (int64_t d = 0; d < c.rank(0); ++d) arguments.dims.push_back(d);
  } else if (axes) {
    CERMET_ASSIGN_OR_RETURN(arguments.dims, c.NormalizeAxes(*axes, c.rank(0)));
    std::sort(arguments.dims.begin(), arguments.dims.end());
  }
  const bool keep = c.Int("keepdims", 1) != 0;
  for (int64_t d = 0; d < c.rank(0); ++d) {
    const bool reduced = std::binary_search(arguments.dims.begin(), arguments.dims.end(), d);
    if (!reduced) arguments.kept.push_back(c.shape(0)[d]);
    if (reduced && keep) arguments.kept.push_back(1);
  }
  return arguments;
}

Value ReduceBy(OpContext& c, OpCode op, Value x, const std::vector<int64_t>& dims) {
  if (dims.empty() || !x) return x;
  return c.b().Reduce(op, x, c.b().Identity(op, x.type().dtype), dims);
}

enum class Kind { kSum, kMean, kMax, kMin, kProd, kL1, kL2, kLogSum, kLogSumExp, kSumSquare };

// The shared part of the kinds. `one` makes a scalar constant of x's type.
Value Reduction(OpContext& c, Kind kind, Value x, const ReduceArguments& a) {
  Builder& b = c.b();
  const DType dtype = TypeOf(x).dtype;
  switch (kind) {
    case Kind::kSum:
      return ReduceBy(c, OpCode::kAdd, x, a.dims);
    case Kind::kMean: {
      Dim count = 1;
      for (const int64_t d : a.dims) count = count * c.shape(0)[d];
      return b.Div(ReduceBy(c, OpCode::kAdd, x, a.dims), c.DimValue(count, dtype));
    }
    case Kind::kMax:
      return ReduceBy(c, OpCode::kMaximum, x, a.dims);
    case Kind::kMin:
      return ReduceBy(c, OpCode::kMinimum, x, a.dims);
    case Kind::kProd:
      return ReduceBy(c, OpCode::kMul, x, a.dims);
    case Kind::kL1:
      return ReduceBy(c, OpCode::kAdd, b.Unary(OpCode::kAbs, x), a.dims);
    case Kind::kL2: {
      const Value sum = ReduceBy(c, OpCode::kAdd, b.Mul(x, x), a.dims);
      if (IsFloat(dtype)) return b.Unary(OpCode::kSqrt, sum);
      return b.Convert(b.Unary(OpCode::kSqrt, b.Convert(sum, DType::kF64)), dtype);
    }
    case Kind::kLogSum:
      return b.Unary(OpCode::kLog, ReduceBy(c, OpCode::kAdd, x, a.dims));
    case Kind::kLogSumExp: {
      // Shifted by the maximum, so that nothing overflows; a maximum that is not finite shifts
      // nothing.
      const Value top = ReduceBy(c, OpCode::kMaximum, x, a.dims);
      if (!b.ok()) return top;
      const Value shift = b.Select(b.Unary(OpCode::kIsFinite, top), top, b.Splat(0, top.type()));
      std::vector<int64_t> kept;
      for (int64_t d = 0; d < c.rank(0); ++d) {
        if (!std::binary_search(a.dims.begin(), a.dims.end(), d)) kept.push_back(d);
      }
      const Value spread = b.Broadcast(shift, c.shape(0), kept);
      const Value sum = ReduceBy(c, OpCode::kAdd, b.Unary(OpCode::kExp, b.Sub(x, spread)), a.dims);
      return b.Add(b.Unary(OpCode::kLog, sum), shift);
    }
    case Kind::kSumSquare:
      return ReduceBy(c, OpCode::kAdd, b.Mul(x, x), a.dims);
  }
  CERMET_UNREACHABLE();
}

template <Kind kind, int64_t input_since>
absl::Status Reduce(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(const ReduceArguments arguments, Arguments(c, input_since));
  const Value x = c.in(0);
  CERMET_RETURN_IF_ERROR(c.status());
  // An empty list of axes with noop_with_empty_axes leaves the elements as they are.
  if (arguments.dims.empty() && c.rank(0) > 0 &&
      (kind == Kind::kSum || kind == Kind::kMax || kind == Kind::kMin))
    return c.Return(x);
  return c.Return(c.Reshape(Reduction(c, kind, x, arguments), arguments.kept));
}

// ---- arg max and min

// combine((value, index), (value, index)): the better value; of equal ones the first (or last)
// index; NaN wins.
std::unique_ptr<Graph> ArgBody(DType dtype, bool max, bool last) {
  auto body = std::make_unique<Graph>("body");
  Builder b(body.get());
  const Value x = body->AddParameter(Type(dtype, {}), "x")->result(),
              i = body->AddParameter(Type(DType::kI64, {}), "i")->result();
  const Value y = body->AddParameter(Type(dtype, {}), "y")->result(),
              j = body->AddParameter(Type(DType::kI64, {}), "j")->result();
  Value better = b.Compare(max ? "gt" : "lt", y, x);
  const Value tie =
      b.Binary(OpCode::kAnd, b.Compare("eq", y, x), b.Compare(last ? "gt" : "lt", j, i));
  Value take = b.Binary(OpCode::kOr, better, tie);
  if (IsFloat(dtype)) {
    const Value x_nan = b.Compare("ne", x, x), y_nan = b.Compare("ne", y, y);
    const Value earlier =
        b.Binary(OpCode::kOr, b.Unary(OpCode::kNot, x_nan), b.Compare("lt", j, i));
    take = b.Select(y_nan, earlier, b.Binary(OpCode::kAnd, take, b.Unary(OpCode::kNot, x_nan)));
  }
  body->set_results({b.Select(take, y, x), b.Select(take, j, i)});
  body->set_result_names({"", ""});
  return body;
}

template <bool max>
absl::Status ArgReduce(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(const int64_t axis, c.Axis(0, c.rank(0)));
  const bool last = c.Int("select_last_index", 0) != 0;
  Builder& b = c.b();
  const Value x = c.in(0);
  CERMET_RETURN_IF_ERROR(c.status());
  const Value index = b.Iota(Type(DType::kI64, x.type().shape), axis);
  // The index of the initial value loses every tie, so an all-equal row yields a real index.
  const Value none = c.ScalarInt(last ? -1 : std::numeric_limits<int64_t>::max());
  std::vector<std::unique_ptr<Graph>> bodies;
  bodies.push_back(ArgBody(x.type().dtype, max, last));
  Node* node = b.MakeNode(
      OpCode::kReduce,
      {x, index, b.Identity(max ? OpCode::kMaximum : OpCode::kMinimum, x.type().dtype), none},
      {{"dims", std::vector<int64_t>{axis}}}, std::move(bodies));
  CERMET_RETURN_IF_ERROR(c.status());
  Shape shape = x.type().shape;
  if (c.Int("keepdims", 1) != 0) {
    shape[axis] = 1;
  } else {
    shape.erase(shape.begin() + axis);
  }
  return c.Return(c.Reshape(node->result(1), shape));
}

// ---- softmax

// From operator set 13 along one axis; before, over all dims from the axis on, taken as one.
template <OpCode op>
absl::Status Softmax(OpContext& c) {
  const bool flat = c.opset() < 13;
  if (c.rank(0) == 0) return c.Error("its input is a scalar");
  CERMET_ASSIGN_OR_RETURN(const int64_t axis, c.Axis(flat ? 1 : -1, c.rank(0)));
  const Value x = c.in(0);
  CERMET_RETURN_IF_ERROR(c.status());
  if (!flat || axis == c.rank(0) - 1) return c.Return(c.b().Make(op, {x}, {{"axis", axis}}));
  Dim rows = 1, columns = 1;
  const Shape& shape = c.shape(0);
  for (int64_t d = 0; d < c.rank(0); ++d)
    (d < axis ? rows : columns) = (d < axis ? rows : columns) * shape[d];
  return c.Return(
      c.Reshape(c.b().Make(op, {c.Reshape(x, {rows, columns})}, {{"axis", int64_t{1}}}), shape));
}

absl::Status Hardmax(OpContext& c) {
  const bool flat = c.opset() < 13;
  CERMET_ASSIGN_OR_RETURN(int64_t axis, c.Axis(flat ? 1 : -1, c.rank(0)));
  Builder& b = c.b();
  Value x = c.in(0);
  Dim rows = 1, columns = 1;
  const Shape shape = c.shape(0);
  for (int64_t d = 0; d < c.rank(0); ++d)
    (d < axis ? rows : columns) = (d < axis ? rows : columns) * shape[d];
  if (flat) {
    x = c.Reshape(x, {rows, columns});
    axis = 1;
  }
  CERMET_RETURN_IF_ERROR(c.status());
  const DType dtype = x.type().dtype;
  const Value index = b.Iota(Type(DType::kI64, x.type().shape), axis);
  std::vector<std::unique_ptr<Graph>> bodies;
  bodies.push_back(ArgBody(dtype, true, false));
  Node* best = b.MakeNode(OpCode::kReduce,
                          {x, index, b.Identity(OpCode::kMaximum, dtype),
                           c.ScalarInt(std::numeric_limits<int64_t>::max())},
                          {{"dims", std::vector<int64_t>{axis}}}, std::move(bodies));
  CERMET_RETURN_IF_ERROR(c.status());
  std::vector<int64_t> kept;
  for (int64_t d = 0; d < x.type().rank(); ++d) {
    if (d != axis) kept.push_back(d);
  }
  const Value hot = b.Compare("eq", index, b.Broadcast(best->result(1), x.type().shape, kept));
  return c.Return(c.Reshape(b.Convert(hot, dtype), shape));
}

// A sum over a window that ends (or begins) at each element.
absl::Status CumSum(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(const std::vector<int64_t> axes, c.IntsInput(1, "axis"));
  CERMET_ASSIGN_OR_RETURN(const std::vector<int64_t> normal, c.NormalizeAxes(axes, c.rank(0)));
  if (normal.size() != 1) return c.Error("axis is not a scalar");
  const int64_t axis = normal[0], rank = c.rank(0);
  const Dim& extent = c.shape(0)[axis];
  if (!extent.IsConstant())
    return c.NeedsDims(
        absl::StrCat("CumSum along an axis of extent ", extent.ToString(), " is not supported"));
  const bool exclusive = c.Int("exclusive", 0) != 0, reverse = c.Int("reverse", 0) != 0;
  const Value x = c.in(0);
  CERMET_RETURN_IF_ERROR(c.status());
  if (extent.value() == 0) return c.Return(x);
  // An exclusive sum is the inclusive one of the elements moved by one place.
  const int64_t n = extent.value();
  const std::vector<int64_t> ones(rank, 1), zeros(rank, 0);
  std::vector<int64_t> window = ones, low = zeros, high = zeros;
  std::vector<Dim> move_low(rank, 0), move_high(rank, 0);
  window[axis] = n;
  (reverse ? high : low)[axis] = n - 1;
  move_low[axis] = reverse ? -1 : 1;
  move_high[axis] = reverse ? 1 : -1;
  const DType dtype = x.type().dtype;
  const Value zero = c.b().Identity(OpCode::kAdd, dtype);
  const Value shifted = exclusive ? c.b().Pad(x, zero, move_low, move_high, zeros) : x;
  std::vector<std::unique_ptr<Graph>> bodies;
  bodies.push_back(BinaryBody(OpCode::kAdd, dtype));
  Node* node = c.b().MakeNode(
      OpCode::kReduceWindow, {shifted, zero},
      {{"window", window}, {"stride", ones}, {"low", low}, {"high", high}, {"dilation", ones}},
      std::move(bodies));
  CERMET_RETURN_IF_ERROR(c.status());
  return c.Return(node->result());
}

constexpr OpRow kRows[] = {
    {"ArgMax", 1, kNewest, 1, 1, ArgReduce<true>, Float16::kInF32},
    {"ArgMin", 1, kNewest, 1, 1, ArgReduce<false>, Float16::kInF32},
    {"CumSum", 11, kNewest, 2, 2, CumSum, Float16::kInF32},
    {"Hardmax", 1, kNewest, 1, 1, Hardmax, Float16::kInF32},
    {"LogSoftmax", 1, kNewest, 1, 1, Softmax<OpCode::kLogSoftmax>, Float16::kInF32},
    {"ReduceL1", 1, kNewest, 1, 2, Reduce<Kind::kL1, 18>, Float16::kInF32},
    {"ReduceL2", 1, kNewest, 1, 2, Reduce<Kind::kL2, 18>, Float16::kInF32},
    {"ReduceLogSum", 1, kNewest, 1, 2, Reduce<Kind::kLogSum, 18>, Float16::kInF32},
    {"ReduceLogSumExp", 1, kNewest, 1, 2, Reduce<Kind::kLogSumExp, 18>, Float16::kInF32},
    {"ReduceMax", 1, kNewest, 1, 2, Reduce<Kind::kMax, 18>, Float16::kInF32},
    {"ReduceMean", 1, kNewest, 1, 2, Reduce<Kind::kMean, 18>, Float16::kInF32},
    {"ReduceMin", 1, kNewest, 1, 2, Reduce<Kind::kMin, 18>, Float16::kInF32},
    {"ReduceProd", 1, kNewest, 1, 2, Reduce<Kind::kProd, 18>, Float16::kInF32},
    {"ReduceSum", 1, kNewest, 1, 2, Reduce<Kind::kSum, 13>, Float16::kInF32},
    {"ReduceSumSquare", 1, kNewest, 1, 2, Reduce<Kind::kSumSquare, 18>, Float16::kInF32},
    {"Softmax", 1, kNewest, 1, 1, Softmax<OpCode::kSoftmax>, Float16::kInF32},
};

}  // namespace

absl::Span<const OpRow> ReduceOps() { return kRows; }

}  // namespace cermet
