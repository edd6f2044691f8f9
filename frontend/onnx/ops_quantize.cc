// Quantised types: integers with a scale and a zero point. Integer products are computed in i32.
#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "frontend/onnx/op_context.h"
#include "frontend/onnx/op_table.h"
#include "frontend/onnx/window.h"
#include "ir/infer.h"
#include "ir/integer_range.h"
#include "ir/status.h"

namespace cermet {

absl::StatusOr<Value> MatMulValues(OpContext& c, Value x, Value y);  // ops_contraction.cc

namespace {

// A scale or zero point spread over x's shape: a scalar, one element for each place along `axis`,
// or blocks along it.
absl::StatusOr<Value> SpreadParameter(OpContext& c, Value parameter, const Shape& shape,
                                      int64_t axis, int64_t block) {
  CERMET_RETURN_IF_ERROR(c.status());
  Builder& b = c.b();
  const Type& type = parameter.type();
  if (type.NumElements() == Dim(1)) return b.Broadcast(c.Reshape(parameter, {}), shape, {});
  const int64_t rank = static_cast<int64_t>(shape.size());
  CERMET_ASSIGN_OR_RETURN(const std::vector<int64_t> axes, c.NormalizeAxes({axis}, rank));
  if (block > 0) {
    if (type.rank() != rank)
      return c.Error(absl::StrCat("scale of shape ", ToString(type.shape),
                                  " does not fit blocks of ", ToString(shape)));
    Shape wide = type.shape, joined = type.shape;
    wide.insert(wide.begin() + axes[0] + 1, block);
    joined[axes[0]] = joined[axes[0]] * Dim(block);
    std::vector<int64_t> dims;
    for (int64_t d = 0; d < rank; ++d) dims.push_back(d <= axes[0] ? d : d + 1);
    const Value repeated = b.Reshape(b.Broadcast(parameter, wide, dims), joined);
    if (joined == shape) return repeated;
    return b.Slice(repeated, std::vector<Dim>(rank, 0), shape, std::vector<int64_t>(rank, 1));
  }
  if (type.rank() != 1)
    return c.Error(
        absl::StrCat("scale of shape ", ToString(type.shape), " is neither a scalar nor a vector"));
  return b.Broadcast(parameter, shape, {axes[0]});
}

// saturate(round(x / scale) + zero point)
absl::StatusOr<Value> Quantize(OpContext& c, Value x, Value scale, Value zero_point, DType dtype) {
  Builder& b = c.b();
  const std::optional<IntegerRange> range = RangeOf(dtype);
  if (!range || dtype == DType::kBool || (ByteSize(dtype) >= 4 && dtype != DType::kI32))
    return c.Unsupported(absl::StrCat("quantisation to ", Name(dtype)));
  CERMET_RETURN_IF_ERROR(c.status());
  Value y = b.Convert(b.Unary(OpCode::kRoundEven, b.Div(x, scale)), DType::kF32);
  if (zero_point) y = b.Add(y, b.Convert(zero_point, DType::kF32));
  const Type scalar(DType::kF32, {});
  y = b.Max(b.Min(y, c.Splat(static_cast<double>(range->high), scalar)),
            c.Splat(static_cast<double>(range->low), scalar));
  return b.Convert(y, dtype);
}

absl::Status QuantizeLinear(OpContext& c) {
  DType dtype = c.has_input(2) ? c.dtype(2) : DType::kU8;
  if (!c.has_input(2) && c.Int("output_dtype", 0) != 0) {
    CERMET_ASSIGN_OR_RETURN(dtype, DTypeOfOnnx(static_cast<int32_t>(c.Int("output_dtype", 0))));
  }
  const int64_t axis = c.Int("axis", 1), block = c.Int("block_size", 0);
  const DType compute = IsFloat(c.dtype(0)) ? c.dtype(0) : DType::kF32;
  const Value x = c.b().Convert(c.in(0), compute);
  CERMET_ASSIGN_OR_RETURN(const Value scale, SpreadParameter(c, c.b().Convert(c.in(1), compute),
                                                             c.shape(0), axis, block));
  Value zero_point;
  if (c.has_input(2)) {
    CERMET_ASSIGN_OR_RETURN(zero_point, SpreadParameter(c, c.in(2), c.shape(0), axis, block));
  }
  CERMET_ASSIGN_OR_RETURN(const Value y, Quantize(c, x, scale, zero_point, dtype));
  return c.Return(y);
}

// (x - zero point) * scale, in the scale's type
absl::Status DequantizeLinear(OpContext& c) {
  Builder& b = c.b();
  const int64_t axis = c.Int("axis", 1), block = c.Int("block_size", 0);
  Value x = b.Convert(c.in(0), DType::kI32);
  if (c.has_input(2)) {
    CERMET_ASSIGN_OR_RETURN(
        const Value zero_point,
        SpreadParameter(c, b.Convert(c.in(2), DType::kI32), c.shape(0), axis, block));
    x = b.Sub(x, zero_point);
  }
  CERMET_ASSIGN_OR_RETURN(const Value scale, SpreadParameter(c, c.in(1), c.shape(0), axis, block));
  return c.Return(b.Mul(b.Convert(x, c.dtype(1)), scale));
}

// u8 with a scale over the range of x, which is widened to hold 0.
absl::Status DynamicQuantizeLinear(OpContext& c) {
  Builder& b = c.b();
  const Value x = c.in(0);
  CERMET_RETURN_IF_ERROR(c.status());
  if (x.type().dtype != DType::kF32)
    return c.Unsupported(absl::StrCat("element type ", Name(x.type().dtype)));
  std::vector<int64_t> dims;
  for (int64_t d = 0; d < c.rank(0); ++d) dims.push_back(d);
  const Type scalar(DType::kF32, {});
  const Value zero = c.Splat(0, scalar);
  // The initial value 0 widens the range.
  const Value low = dims.empty() ? b.Min(x, zero) : b.Reduce(OpCode::kMinimum, x, zero, dims);
  const Value high = dims.empty() ? b.Max(x, zero) : b.Reduce(OpCode::kMaximum, x, zero, dims);
  const Value range = b.Sub(high, low);
  const Value scale = b.Select(b.Compare("eq", range, zero), c.Splat(1, scalar),
                               b.Div(range, c.Splat(255, scalar)));
  CERMET_ASSIGN_OR_RETURN(const Value zero_point,
                          Quantize(c, b.Unary(OpCode::kNeg, low), scale, Value(), DType::kU8));
  CERMET_RETURN_IF_ERROR(c.status());
  const auto spread = [&](Value v) { return b.Broadcast(v, x.type().shape, {}); };
  CERMET_ASSIGN_OR_RETURN(const Value y,
                          Quantize(c, x, spread(scale), spread(zero_point), DType::kU8));
  CERMET_RETURN_IF_ERROR(c.Return(0, y));
  CERMET_RETURN_IF_ERROR(c.Return(1, scale));
  return c.Return(2, zero_point);
}

// x - zero point, in i32. A vector of zero points belongs to the rows of the left (or the columns
// of the right) matrix.
absl::StatusOr<Value> Centred(OpContext& c, int x_input, int zero_input, bool rows) {
  Builder& b = c.b();
  const Value x = b.Convert(c.in(x_input), DType::kI32);
  if (!c.has_input(zero_input)) return x;
  if (const KnownValue* known = c.known(zero_input)) {
    const bool all_zero = std::all_of(known->ints.begin(), known->ints.end(),
                                      [](const Dim& dim) { return dim == Dim(0); });
    if (all_zero) return x;
  }
  Value zero = b.Convert(c.in(zero_input), DType::kI32);
  CERMET_RETURN_IF_ERROR(c.status());
  if (rows && zero.type().rank() == 1 && c.rank(x_input) > 1) {
    Shape column = zero.type().shape;
    column.push_back(1);
    zero = b.Reshape(zero, column);
  }
  CERMET_ASSIGN_OR_RETURN(const Value spread, c.BroadcastTo(zero, c.shape(x_input)));
  return b.Sub(x, spread);
}

absl::Status MatMulInteger(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(const Value x, Centred(c, 0, 2, true));
  CERMET_ASSIGN_OR_RETURN(const Value y, Centred(c, 1, 3, false));
  CERMET_ASSIGN_OR_RETURN(const Value product, MatMulValues(c, x, y));
  return c.Return(product);
}

// a * b with three scales and zero points: inputs a, a_scale, a_zero, b, b_scale, b_zero, y_scale,
// y_zero.
absl::Status QLinearMatMul(OpContext& c) {
  Builder& b = c.b();
  CERMET_ASSIGN_OR_RETURN(const Value x, Centred(c, 0, 2, true));
  CERMET_ASSIGN_OR_RETURN(const Value y, Centred(c, 3, 5, false));
  CERMET_ASSIGN_OR_RETURN(const Value product, MatMulValues(c, x, y));
  const Shape& shape = TypeOf(product).shape;
  for (const int i : {1, 4, 6, 7}) {
    if (c.type(i).NumElements() != Dim(1)) return c.Unsupported("a scale for each row or column");
  }
  const auto scalar = [&](int i) { return b.Convert(c.Reshape(c.in(i), {}), DType::kF32); };
  const Value real = b.Mul(b.Convert(product, DType::kF32), b.Mul(scalar(1), scalar(4)));
  const Value scale = b.Broadcast(scalar(6), shape, {}),
              zero = b.Broadcast(c.Reshape(c.in(7), {}), shape, {});
  CERMET_ASSIGN_OR_RETURN(const Value result, Quantize(c, real, scale, zero, c.dtype(7)));
  return c.Return(result);
}

absl::StatusOr<Value> IntegerConvolution(OpContext& c, Value x, Value weights, int filter_input) {
  const int64_t spatial = c.rank(0) - 2;
  if (spatial < 1 || c.rank(filter_input) != c.rank(0))
    return c.Error(absl::StrCat("input of shape ", ToString(c.shape(0)), " and filter of shape ",
                                ToString(c.shape(filter_input)), " do not fit"));
  const Shape& filter = c.shape(filter_input);
  CERMET_ASSIGN_OR_RETURN(const Window w, ReadWindow(c, Shape(filter.begin() + 2, filter.end())));
  ConvLayout layout;
  for (int64_t d = 0; d < spatial; ++d) {
    layout.input_spatial.push_back(d + 2);
    layout.filter_spatial.push_back(d + 2);
    layout.output_spatial.push_back(d + 2);
  }
  return c.b().Make(OpCode::kConvolution, {x, weights},
                    {{"layout", layout.ToString()},
                     {"stride", w.stride},
                     {"low", w.low},
                     {"high", w.high},
                     {"lhs_dilation", std::vector<int64_t>(spatial, 1)},
                     {"rhs_dilation", w.dilation},
                     {"groups", c.Int("group", 1)}});
}

absl::StatusOr<Value> CentredFilter(OpContext& c, int x_input, int zero_input) {
  Builder& b = c.b();
  const Value x = b.Convert(c.in(x_input), DType::kI32);
  if (!c.has_input(zero_input)) return x;
  CERMET_ASSIGN_OR_RETURN(
      const Value zero,
      SpreadParameter(c, b.Convert(c.in(zero_input), DType::kI32), c.shape(x_input), 0, 0));
  return b.Sub(x, zero);
}

absl::Status ConvInteger(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(const Value x, CentredFilter(c, 0, 2));
  CERMET_ASSIGN_OR_RETURN(const Value weights, CentredFilter(c, 1, 3));
  CERMET_ASSIGN_OR_RETURN(const Value result, IntegerConvolution(c, x, weights, 1));
  return c.Return(result);
}

// Inputs x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero, bias; w's scale and zero may be
// one for each output feature.
absl::Status QLinearConv(OpContext& c) {
  Builder& b = c.b();
  CERMET_ASSIGN_OR_RETURN(const Value x, CentredFilter(c, 0, 2));
  CERMET_ASSIGN_OR_RETURN(const Value weights, CentredFilter(c, 3, 5));
  CERMET_ASSIGN_OR_RETURN(Value sum, IntegerConvolution(c, x, weights, 3));
  CERMET_RETURN_IF_ERROR(c.status());
  const Shape& shape = sum.type().shape;
  if (c.has_input(8)) sum = b.Add(sum, b.Broadcast(c.in(8), shape, {1}));
  CERMET_ASSIGN_OR_RETURN(const Value w_scale, SpreadParameter(c, c.in(4), shape, 1, 0));
  CERMET_ASSIGN_OR_RETURN(const Value x_scale, SpreadParameter(c, c.in(1), shape, 1, 0));
  CERMET_ASSIGN_OR_RETURN(const Value y_scale, SpreadParameter(c, c.in(6), shape, 1, 0));
  CERMET_ASSIGN_OR_RETURN(const Value y_zero, SpreadParameter(c, c.in(7), shape, 1, 0));
  const Value real = b.Mul(b.Convert(sum, DType::kF32), b.Mul(x_scale, w_scale));
  CERMET_ASSIGN_OR_RETURN(const Value result, Quantize(c, real, y_scale, y_zero, c.dtype(7)));
  return c.Return(result);
}

constexpr OpRow kRows[] = {
    {"ConvInteger", 10, kNewest, 2, 4, ConvInteger, Float16::kKept},
    {"DequantizeLinear", 10, kNewest, 2, 3, DequantizeLinear, Float16::kKept},
    {"DynamicQuantizeLinear", 11, kNewest, 1, 1, DynamicQuantizeLinear, Float16::kKept},
    {"MatMulInteger", 10, kNewest, 2, 4, MatMulInteger, Float16::kKept},
    {"QLinearConv", 10, kNewest, 8, 9, QLinearConv, Float16::kKept},
    {"QLinearMatMul", 10, kNewest, 8, 8, QLinearMatMul, Float16::kKept},
    {"QuantizeLinear", 10, kNewest, 2, 3, QuantizeLinear, Float16::kKept},
};

}  // namespace

absl::Span<const OpRow> QuantizeOps() { return kRows; }

}  // namespace cermet
