// Operators of several tensors, element by element, after numpy's broadcasting.
#include <limits>

#include "frontend/onnx/op_context.h"
#include "frontend/onnx/op_table.h"
#include "ir/status.h"

namespace cermet {
namespace {

template <OpCode op>
absl::Status Binary(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(const std::vector<Value> in, c.BroadcastInputs());
  return c.Return(c.b().Binary(op, in[0], in[1]));
}

// Left to right, as the reference does.
template <OpCode op>
absl::Status Variadic(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(const std::vector<Value> in, c.BroadcastInputs());
  Value total = in[0];
  for (size_t i = 1; i < in.size(); ++i) total = c.b().Binary(op, total, in[i]);
  return c.Return(total);
}

absl::Status Mean(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(const std::vector<Value> in, c.BroadcastInputs());
  Value total = in[0];
  for (size_t i = 1; i < in.size(); ++i) total = c.b().Add(total, in[i]);
  CERMET_RETURN_IF_ERROR(c.status());
  return c.Return(
      c.b().Div(total, c.Splat(static_cast<double>(in.size()), Type(total.type().dtype, {}))));
}

void CheckDivisor(OpContext& c, Value divisor) {
  if (!c.checked() || !IsInteger(TypeOf(divisor).dtype)) return;
  c.Check(c.b().Compare("ne", divisor, c.ScalarInt(0, TypeOf(divisor).dtype)),
          kCheckInvalidArgument, "integer division by zero");
}

absl::Status Div(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(const std::vector<Value> in, c.BroadcastInputs());
  CheckDivisor(c, in[1]);
  return c.Return(c.b().Div(in[0], in[1]));
}

// fmod = 0: the remainder has the sign of the divisor (Python's %); fmod = 1: that of the dividend
// (C's fmod).
absl::Status Mod(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(const std::vector<Value> in, c.BroadcastInputs());
  const bool fmod = c.Int("fmod", 0) != 0;
  const DType dtype = c.dtype(0);
  CheckDivisor(c, in[1]);
  Builder& b = c.b();
  const Value rest = b.Binary(OpCode::kRem, in[0], in[1]);
  if (fmod || IsUnsignedInteger(dtype)) return c.Return(rest);
  const Value zero = c.Splat(0, Type(dtype, {}));
  const Value signs_differ =
      b.Compare("ne", b.Compare("lt", rest, zero), b.Compare("lt", in[1], zero));
  const Value not_zero = b.Compare("ne", rest, zero);
  Value result = b.Select(b.Binary(OpCode::kAnd, signs_differ, not_zero), b.Add(rest, in[1]), rest);
  // A float zero takes the divisor's sign too.
  if (IsFloat(dtype)) {
    const Value is_zero = b.Compare("eq", rest, zero);
    result = b.Select(is_zero, b.Mul(b.Unary(OpCode::kSign, in[1]), zero), result);
  }
  return c.Return(result);
}

// The result has the type of the base. An integer base with a float exponent is computed in floats.
absl::Status Pow(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(const std::vector<Value> in, c.BroadcastInputs());
  Builder& b = c.b();
  const DType base = c.dtype(0), exponent = c.dtype(1);
  if (base == exponent) return c.Return(b.Binary(OpCode::kPow, in[0], in[1]));
  if (IsFloat(base) || !IsFloat(exponent))
    return c.Return(b.Binary(OpCode::kPow, in[0], b.Convert(in[1], base)));
  const DType wide = ByteSize(base) >= 4 ? DType::kF64 : exponent;
  return c.Return(
      b.Convert(b.Binary(OpCode::kPow, b.Convert(in[0], wide), b.Convert(in[1], wide)), base));
}

template <int direction>
absl::Status Compare(OpContext& c) {
  static constexpr absl::string_view kDirections[] = {"eq", "lt", "le", "gt", "ge"};
  CERMET_ASSIGN_OR_RETURN(const std::vector<Value> in, c.BroadcastInputs());
  return c.Return(c.b().Compare(kDirections[direction], in[0], in[1]));
}

absl::Status BitShift(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(const std::vector<Value> in, c.BroadcastInputs());
  const std::string direction = c.Str("direction", "");
  if (direction != "LEFT" && direction != "RIGHT")
    return c.Error("attribute direction is neither LEFT nor RIGHT");
  const OpCode right =
      IsSignedInteger(c.dtype(0)) ? OpCode::kShiftRightArithmetic : OpCode::kShiftRightLogical;
  return c.Return(c.b().Binary(direction == "LEFT" ? OpCode::kShiftLeft : right, in[0], in[1]));
}

absl::Status Where(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(const std::vector<Value> in, c.BroadcastInputs());
  return c.Return(c.b().Select(in[0], in[1], in[2]));
}

// Bounds are attributes before operator set 11 and scalars then.
absl::Status Clip(OpContext& c) {
  Builder& b = c.b();
  Value x = c.in(0);
  CERMET_RETURN_IF_ERROR(c.status());
  const Type scalar(x.type().dtype, {});
  Value low, high;
  if (c.opset() < 11) {
    if (c.has_attr("min")) low = c.Splat(c.Float("min", 0), scalar);
    if (c.has_attr("max")) high = c.Splat(c.Float("max", 0), scalar);
  } else {
    if (c.has_input(1)) low = c.Reshape(c.in(1), {});
    if (c.has_input(2)) high = c.Reshape(c.in(2), {});
  }
  CERMET_RETURN_IF_ERROR(c.status());
  const Shape& shape = x.type().shape;
  if (low && high)
    return c.Return(
        b.Make(OpCode::kClamp, {b.BroadcastTo(low, shape), x, b.BroadcastTo(high, shape)}));
  if (low) x = b.Max(x, low);
  if (high) x = b.Min(x, high);
  return c.Return(x);
}

// The slope broadcasts to x, but not x to the slope.
absl::Status PRelu(OpContext& c) {
  Builder& b = c.b();
  const Value x = c.in(0);
  CERMET_RETURN_IF_ERROR(c.status());
  CERMET_ASSIGN_OR_RETURN(const Value slope, c.BroadcastTo(c.in(1), x.type().shape));
  return c.Return(
      b.Select(b.Compare("lt", x, c.Splat(0, Type(x.type().dtype, {}))), b.Mul(x, slope), x));
}

constexpr OpRow kRows[] = {
    {"Add", 7, kNewest, 2, 2, Binary<OpCode::kAdd>, Float16::kInF32},
    {"And", 7, kNewest, 2, 2, Binary<OpCode::kAnd>, Float16::kKept},
    {"BitShift", 11, kNewest, 2, 2, BitShift, Float16::kKept},
    {"BitwiseAnd", 18, kNewest, 2, 2, Binary<OpCode::kAnd>, Float16::kKept},
    {"BitwiseOr", 18, kNewest, 2, 2, Binary<OpCode::kOr>, Float16::kKept},
    {"BitwiseXor", 18, kNewest, 2, 2, Binary<OpCode::kXor>, Float16::kKept},
    {"Clip", 6, kNewest, 1, 3, Clip, Float16::kInF32},
    {"Div", 7, kNewest, 2, 2, Div, Float16::kInF32},
    {"Equal", 7, kNewest, 2, 2, Compare<0>, Float16::kInF32},
    {"Greater", 7, kNewest, 2, 2, Compare<3>, Float16::kInF32},
    {"GreaterOrEqual", 12, kNewest, 2, 2, Compare<4>, Float16::kInF32},
    {"Less", 7, kNewest, 2, 2, Compare<1>, Float16::kInF32},
    {"LessOrEqual", 12, kNewest, 2, 2, Compare<2>, Float16::kInF32},
    {"Max", 6, kNewest, 1, kAny, Variadic<OpCode::kMaximum>, Float16::kInF32},
    {"Mean", 6, kNewest, 1, kAny, Mean, Float16::kInF32},
    {"Min", 6, kNewest, 1, kAny, Variadic<OpCode::kMinimum>, Float16::kInF32},
    {"Mod", 10, kNewest, 2, 2, Mod, Float16::kInF32},
    {"Mul", 7, kNewest, 2, 2, Binary<OpCode::kMul>, Float16::kInF32},
    {"Or", 7, kNewest, 2, 2, Binary<OpCode::kOr>, Float16::kKept},
    {"PRelu", 7, kNewest, 2, 2, PRelu, Float16::kInF32},
    {"Pow", 7, kNewest, 2, 2, Pow, {Float16::kInF32, 1}},
    {"Sub", 7, kNewest, 2, 2, Binary<OpCode::kSub>, Float16::kInF32},
    {"Sum", 6, kNewest, 1, kAny, Variadic<OpCode::kAdd>, Float16::kInF32},
    {"Where", 9, kNewest, 3, 3, Where, Float16::kMoved},
    {"Xor", 7, kNewest, 2, 2, Binary<OpCode::kXor>, Float16::kKept},
};

}  // namespace

absl::Span<const OpRow> ElementwiseOps() { return kRows; }

}  // namespace cermet
