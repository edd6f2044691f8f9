// Operators of one tensor: unary mathematics and activations. The formulas are those of the ONNX
// operator documentation.
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "frontend/onnx/op_context.h"
#include "frontend/onnx/op_table.h"
#include "ir/status.h"

namespace cermet {
namespace {

template <OpCode op>
absl::Status Unary(OpContext& c) {
  return c.Return(c.b().Unary(op, c.in(0)));
}

// `formula` of an input x and a function that makes constants like x.
template <typename Formula>
absl::Status Apply(OpContext& c, const Formula& formula) {
  const Value x = c.in(0);
  CERMET_RETURN_IF_ERROR(c.status());
  if (!IsFloat(x.type().dtype))
    return c.Unsupported(absl::StrCat("element type ", Name(x.type().dtype)));
  const auto constant = [&](double value) { return c.b().Splat(value, Type(x.type().dtype, {})); };
  return c.Return(formula(c.b(), x, constant));
}

absl::Status Identity(OpContext& c) { return c.Return(c.in(0)); }

absl::Status Relu(OpContext& c) {
  const Value x = c.in(0);
  CERMET_RETURN_IF_ERROR(c.status());
  return c.Return(c.b().Max(x, c.Splat(0, Type(x.type().dtype, {}))));
}

absl::Status Reciprocal(OpContext& c) {
  return Apply(c, [](Builder& b, Value x, const auto& constant) { return b.Div(constant(1), x); });
}

absl::Status IsNaN(OpContext& c) {
  const Value x = c.in(0);
  return c.Return(c.b().Compare("ne", x, x));
}

absl::Status IsInf(OpContext& c) {
  const double infinity = std::numeric_limits<double>::infinity();
  const bool positive = c.Int("detect_positive", 1) != 0,
             negative = c.Int("detect_negative", 1) != 0;
  return Apply(c, [&](Builder& b, Value x, const auto& constant) {
    const Value up = b.Compare("eq", x, constant(infinity)),
                down = b.Compare("eq", x, constant(-infinity));
    if (positive && negative) return b.Binary(OpCode::kOr, up, down);
    if (positive || negative) return positive ? up : down;
    return b.Splat(0, Type(DType::kBool, TypeOf(x).shape));
  });
}

absl::Status LeakyRelu(OpContext& c) {
  const double alpha = c.Float("alpha", 0.01f);
  return Apply(c, [&](Builder& b, Value x, const auto& constant) {
    return b.Select(b.Compare("lt", x, constant(0)), b.Mul(x, constant(alpha)), x);
  });
}

absl::Status Elu(OpContext& c) {
  const double alpha = c.Float("alpha", 1);
  return Apply(c, [&](Builder& b, Value x, const auto& constant) {
    return b.Select(b.Compare("lt", x, constant(0)),
                    b.Mul(b.Unary(OpCode::kExpm1, x), constant(alpha)), x);
  });
}

absl::Status Celu(OpContext& c) {
  const double alpha = c.Float("alpha", 1);
  return Apply(c, [&](Builder& b, Value x, const auto& constant) {
    const Value below = b.Mul(b.Unary(OpCode::kExpm1, b.Div(x, constant(alpha))), constant(alpha));
    return b.Add(b.Max(x, constant(0)), b.Min(below, constant(0)));
  });
}

absl::Status Selu(OpContext& c) {
  const double alpha = c.Float("alpha", 1.67326319217681884765625),
               gamma = c.Float("gamma", 1.05070102214813232421875);
  return Apply(c, [&](Builder& b, Value x, const auto& constant) {
    const Value below = b.Mul(b.Unary(OpCode::kExpm1, x), constant(alpha));
    return b.Mul(b.Select(b.Compare("gt", x, constant(0)), x, below), constant(gamma));
  });
}

absl::Status ThresholdedRelu(OpContext& c) {
  const double alpha = c.Float("alpha", 1);
  return Apply(c, [&](Builder& b, Value x, const auto& constant) {
    return b.Select(b.Compare("gt", x, constant(alpha)), x, constant(0));
  });
}

absl::Status HardSigmoid(OpContext& c) {
  const double alpha = c.Float("alpha", 0.2f), beta = c.Float("beta", 0.5f);
  return Apply(c, [&](Builder& b, Value x, const auto& constant) {
    const Value line = b.Add(b.Mul(x, constant(alpha)), constant(beta));
    return b.Max(constant(0), b.Min(constant(1), line));
  });
}

absl::Status Gelu(OpContext& c) {
  const std::string approximate = c.Str("approximate", "none");
  if (approximate != "none" && approximate != "tanh")
    return c.Error(absl::StrCat("approximate \"", approximate, "\""));
  return c.Return(c.b().Unary(approximate == "tanh" ? OpCode::kGeluTanh : OpCode::kGelu, c.in(0)));
}

// log(1 + e^x), without overflow: max(x, 0) + log(1 + e^-|x|).
Value SoftplusOf(Builder& b, Value x, Value zero) {
  const Value tail = b.Unary(
      OpCode::kLog1p, b.Unary(OpCode::kExp, b.Unary(OpCode::kNeg, b.Unary(OpCode::kAbs, x))));
  return b.Add(b.Max(x, zero), tail);
}

absl::Status Softplus(OpContext& c) {
  return Apply(
      c, [](Builder& b, Value x, const auto& constant) { return SoftplusOf(b, x, constant(0)); });
}

absl::Status Softsign(OpContext& c) {
  return Apply(c, [](Builder& b, Value x, const auto& constant) {
    return b.Div(x, b.Add(constant(1), b.Unary(OpCode::kAbs, x)));
  });
}

absl::Status Mish(OpContext& c) {
  return Apply(c, [](Builder& b, Value x, const auto& constant) {
    return b.Mul(x, b.Unary(OpCode::kTanh, SoftplusOf(b, x, constant(0))));
  });
}

absl::Status Swish(OpContext& c) {
  const double alpha = c.Float("alpha", 1);
  if (alpha == 1) return Unary<OpCode::kSilu>(c);
  return Apply(c, [&](Builder& b, Value x, const auto& constant) {
    return b.Mul(x, b.Unary(OpCode::kLogistic, b.Mul(x, constant(alpha))));
  });
}

absl::Status Shrink(OpContext& c) {
  const double bias = c.Float("bias", 0), lambda = c.Float("lambd", 0.5);
  const Value x = c.in(0);
  CERMET_RETURN_IF_ERROR(c.status());
  const auto constant = [&](double value) { return c.b().Splat(value, Type(x.type().dtype, {})); };
  Builder& b = c.b();
  const Value middle =
      b.Select(b.Compare("gt", x, constant(lambda)), b.Sub(x, constant(bias)), constant(0));
  return c.Return(
      b.Select(b.Compare("lt", x, constant(-lambda)), b.Add(x, constant(bias)), middle));
}

absl::Status Cast(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(const DType dtype, DTypeOfOnnx(static_cast<int32_t>(c.Int("to", 0))));
  return c.Return(c.b().Convert(c.in(0), dtype));
}

absl::Status CastLike(OpContext& c) { return c.Return(c.b().Convert(c.in(0), c.dtype(1))); }

absl::Status BitCast(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(const DType dtype, DTypeOfOnnx(static_cast<int32_t>(c.Int("to", 0))));
  return c.Return(c.b().Bitcast(c.in(0), dtype));
}

constexpr OpRow kRows[] = {
    {"Abs", 1, kNewest, 1, 1, Unary<OpCode::kAbs>, Float16::kInF32},
    {"Acos", 7, kNewest, 1, 1, Unary<OpCode::kAcos>, Float16::kInF32},
    {"Acosh", 9, kNewest, 1, 1, Unary<OpCode::kAcosh>, Float16::kInF32},
    {"Asin", 7, kNewest, 1, 1, Unary<OpCode::kAsin>, Float16::kInF32},
    {"Asinh", 9, kNewest, 1, 1, Unary<OpCode::kAsinh>, Float16::kInF32},
    {"Atan", 7, kNewest, 1, 1, Unary<OpCode::kAtan>, Float16::kInF32},
    {"Atanh", 9, kNewest, 1, 1, Unary<OpCode::kAtanh>, Float16::kInF32},
    {"BitCast", 26, kNewest, 1, 1, BitCast, Float16::kKept},
    {"BitwiseNot", 18, kNewest, 1, 1, Unary<OpCode::kNot>, Float16::kKept},
    {"Cast", 6, kNewest, 1, 1, Cast, Float16::kKept},
    {"CastLike", 15, kNewest, 2, 2, CastLike, Float16::kKept},
    {"Ceil", 1, kNewest, 1, 1, Unary<OpCode::kCeil>, Float16::kInF32},
    {"Celu", 12, kNewest, 1, 1, Celu, Float16::kInF32},
    {"Cos", 7, kNewest, 1, 1, Unary<OpCode::kCos>, Float16::kInF32},
    {"Cosh", 9, kNewest, 1, 1, Unary<OpCode::kCosh>, Float16::kInF32},
    {"Elu", 1, kNewest, 1, 1, Elu, Float16::kInF32},
    {"Erf", 9, kNewest, 1, 1, Unary<OpCode::kErf>, Float16::kInF32},
    {"Exp", 1, kNewest, 1, 1, Unary<OpCode::kExp>, Float16::kInF32},
    {"Floor", 1, kNewest, 1, 1, Unary<OpCode::kFloor>, Float16::kInF32},
    {"Gelu", 20, kNewest, 1, 1, Gelu, Float16::kInF32},
    {"HardSigmoid", 1, kNewest, 1, 1, HardSigmoid, Float16::kInF32},
    {"HardSwish", 14, kNewest, 1, 1, Unary<OpCode::kHardSwish>, Float16::kInF32},
    {"Identity", 1, kNewest, 1, 1, Identity, Float16::kMoved},
    {"IsInf", 10, kNewest, 1, 1, IsInf, Float16::kKept},
    {"IsNaN", 9, kNewest, 1, 1, IsNaN, Float16::kKept},
    {"LeakyRelu", 1, kNewest, 1, 1, LeakyRelu, Float16::kInF32},
    {"Log", 1, kNewest, 1, 1, Unary<OpCode::kLog>, Float16::kInF32},
    {"Mish", 18, kNewest, 1, 1, Mish, Float16::kInF32},
    {"Neg", 1, kNewest, 1, 1, Unary<OpCode::kNeg>, Float16::kInF32},
    {"Not", 1, kNewest, 1, 1, Unary<OpCode::kNot>, Float16::kKept},
    {"Reciprocal", 1, kNewest, 1, 1, Reciprocal, Float16::kInF32},
    {"Relu", 1, kNewest, 1, 1, Relu, Float16::kInF32},
    {"Round", 11, kNewest, 1, 1, Unary<OpCode::kRoundEven>, Float16::kInF32},
    {"Selu", 1, kNewest, 1, 1, Selu, Float16::kInF32},
    {"Shrink", 9, kNewest, 1, 1, Shrink, Float16::kInF32},
    {"Sigmoid", 1, kNewest, 1, 1, Unary<OpCode::kLogistic>, Float16::kInF32},
    {"Sign", 9, kNewest, 1, 1, Unary<OpCode::kSign>, Float16::kInF32},
    {"Sin", 7, kNewest, 1, 1, Unary<OpCode::kSin>, Float16::kInF32},
    {"Sinh", 9, kNewest, 1, 1, Unary<OpCode::kSinh>, Float16::kInF32},
    {"Softplus", 1, kNewest, 1, 1, Softplus, Float16::kInF32},
    {"Softsign", 1, kNewest, 1, 1, Softsign, Float16::kInF32},
    {"Sqrt", 1, kNewest, 1, 1, Unary<OpCode::kSqrt>, Float16::kInF32},
    {"Swish", 24, kNewest, 1, 1, Swish, Float16::kInF32},
    {"Tan", 7, kNewest, 1, 1, Unary<OpCode::kTan>, Float16::kInF32},
    {"Tanh", 1, kNewest, 1, 1, Unary<OpCode::kTanh>, Float16::kInF32},
    {"ThresholdedRelu", 10, kNewest, 1, 1, ThresholdedRelu, Float16::kInF32},
};

}  // namespace

absl::Span<const OpRow> UnaryOps() { return kRows; }

}  // namespace cermet
