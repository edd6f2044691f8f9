// What each composite op means, in primitive ops.
//
// Bodies compute in f32 when the operands are f16 or bf16, and convert their result: a composite is
// rounded to its own type once.
#include "ir/composites.h"

#include <cmath>
#include <numbers>
#include <string>
#include <utility>

#include "ir/builder.h"
#include "ir/status.h"

namespace cermet {
namespace {

DType ComputeType(DType dtype) {
  return dtype == DType::kF16 || dtype == DType::kBF16 ? DType::kF32 : dtype;
}

std::vector<int64_t> DimsUpTo(int64_t count) {
  std::vector<int64_t> dims;
  for (int64_t i = 0; i < count; ++i) dims.push_back(i);
  return dims;
}

// All dims below `rank` but `dim`.
std::vector<int64_t> DimsWithout(int64_t rank, int64_t dim) {
  std::vector<int64_t> dims;
  for (int64_t i = 0; i < rank; ++i) {
    if (i != dim) dims.push_back(i);
  }
  return dims;
}

Value Reduced(Builder& b, OpCode op, Value x, std::vector<int64_t> dims) {
  if (!b.ok()) return Value();
  return b.Reduce(op, x, b.Identity(op, x.type().dtype), std::move(dims));
}

Value Fma(Builder& b, Value x, Value y, Value z) { return b.Make(OpCode::kFma, {x, y, z}); }

// x - max and its exponential along `axis`, and the sum of the exponentials in x's shape.
struct SoftmaxParts {
  Value shifted, exponential, sum;
};
SoftmaxParts MakeSoftmaxParts(Builder& b, Value x, int64_t axis) {
  if (!b.ok()) return {};
  const Shape shape = x.type().shape;
  const std::vector<int64_t> others = DimsWithout(x.type().rank(), axis);
  SoftmaxParts parts;
  const Value max = Reduced(b, OpCode::kMaximum, x, {axis});
  parts.shifted = b.Sub(x, b.Broadcast(max, shape, others));
  parts.exponential = b.Unary(OpCode::kExp, parts.shifted);
  parts.sum = b.Broadcast(Reduced(b, OpCode::kAdd, parts.exponential, {axis}), shape, others);
  return parts;
}

Value MakeSoftmax(Builder& b, Value x, int64_t axis) {
  const SoftmaxParts parts = MakeSoftmaxParts(b, x, axis);
  return b.Div(parts.exponential, parts.sum);
}

Value MakeLogSoftmax(Builder& b, Value x, int64_t axis) {
  const SoftmaxParts parts = MakeSoftmaxParts(b, x, axis);
  return b.Sub(parts.shifted, b.Unary(OpCode::kLog, parts.sum));
}

// The number of elements of `shape` as a scalar of `dtype`.
Value MakeCount(Builder& b, const Shape& shape, DType dtype) {
  const Dim count = Type(dtype, shape).NumElements();
  if (count.IsConstant()) return b.Constant(Literal::SplatInt(dtype, {}, count.value()));
  return b.Convert(b.DimSize(count), dtype);
}

Value MakeLayerNorm(Builder& b, const std::vector<Value>& operands, int64_t axis, double epsilon) {
  const Value x = operands[0];
  const Type type = x.type();
  std::vector<int64_t> normalized;
  for (int64_t i = axis; i < type.rank(); ++i) normalized.push_back(i);
  const std::vector<int64_t> outer = DimsUpTo(axis);
  const Value count = MakeCount(b, Shape(type.shape.begin() + axis, type.shape.end()), type.dtype);
  const Value mean = b.Div(Reduced(b, OpCode::kAdd, x, normalized), count);
  const Value centered = b.Sub(x, b.Broadcast(mean, type.shape, outer));
  const Value variance =
      b.Div(Reduced(b, OpCode::kAdd, b.Mul(centered, centered), normalized), count);
  if (!b.ok()) return Value();
  const Value scale = b.Unary(OpCode::kRsqrt, b.Add(variance, b.Splat(epsilon, variance.type())));
  Value result = b.Mul(centered, b.Broadcast(scale, type.shape, outer));
  if (operands.size() == 2) {
    result = b.Mul(result, b.Broadcast(operands[1], type.shape, normalized));
  } else if (operands.size() == 3) {
    result = Fma(b, result, b.Broadcast(operands[1], type.shape, normalized),
                 b.Broadcast(operands[2], type.shape, normalized));
  }
  return result;
}

// The statistics become one factor and one term per feature, which fold when they are constants.
Value MakeBatchNorm(Builder& b, const std::vector<Value>& operands, int64_t axis, double epsilon) {
  const Type type = operands[0].type();
  const Type per_feature = operands[1].type();
  const Value variance = b.Add(operands[4], b.Splat(epsilon, per_feature));
  const Value factor = b.Mul(operands[1], b.Unary(OpCode::kRsqrt, variance));
  const Value term = b.Sub(operands[2], b.Mul(operands[3], factor));
  return Fma(b, operands[0], b.Broadcast(factor, type.shape, {axis}),
             b.Broadcast(term, type.shape, {axis}));
}

// x/2 * (1 + y)
Value MakeHalfGate(Builder& b, Value x, Value y) {
  const Type type = x.type();
  return b.Mul(b.Mul(x, b.Splat(0.5, type)), b.Add(y, b.Splat(1, type)));
}

Value MakeGelu(Builder& b, Value x) {
  const Value scaled = b.Mul(x, b.Splat(std::numbers::sqrt2 / 2, x.type()));
  return MakeHalfGate(b, x, b.Unary(OpCode::kErf, scaled));
}

Value MakeGeluTanh(Builder& b, Value x) {
  const Type type = x.type();
  const double factor = std::numbers::sqrt2 * std::numbers::inv_sqrtpi;  // sqrt(2/pi)
  const Value slope = Fma(b, b.Mul(x, x), b.Splat(0.044715 * factor, type), b.Splat(factor, type));
  return MakeHalfGate(b, x, b.Unary(OpCode::kTanh, b.Mul(x, slope)));
}

Value MakeHardSwish(Builder& b, Value x) {
  const Type type = x.type();
  const Value line = Fma(b, x, b.Splat(1.0 / 6, type), b.Splat(0.5, type));
  return b.Mul(x, b.Make(OpCode::kClamp, {b.Splat(0, type), line, b.Splat(1, type)}));
}

Value MakeAttention(Builder& b, const std::vector<Value>& operands, double scale) {
  const int64_t rank = operands[0].type().rank();
  const std::vector<int64_t> batch = DimsUpTo(rank - 2);
  Value scores = b.Dot(operands[0], operands[1], {{rank - 1}, {rank - 1}}, {batch, batch});
  if (!b.ok()) return Value();
  const Type type = scores.type();
  if (operands.size() == 4) {
    scores = Fma(b, scores, b.Splat(scale, type), b.BroadcastTo(operands[3], type.shape));
  } else {
    scores = b.Mul(scores, b.Splat(scale, type));
  }
  return b.Dot(MakeSoftmax(b, scores, rank - 1), operands[2], {{rank - 1}, {rank - 2}},
               {batch, batch});
}

Value MakeBody(Builder& b, const Node& node, const std::vector<Value>& operands) {
  const AttrMap& attrs = node.attrs();
  const Value x = operands[0];
  // clang-format off
  switch (node.op()) {
    case OpCode::kSoftmax: return MakeSoftmax(b, x, attrs.Int("axis"));
    case OpCode::kLogSoftmax: return MakeLogSoftmax(b, x, attrs.Int("axis"));
    case OpCode::kLayerNorm:
      return MakeLayerNorm(b, operands, attrs.Int("axis"), attrs.Get<double>("epsilon"));
    case OpCode::kBatchNorm:
      return MakeBatchNorm(b, operands, attrs.Int("axis"), attrs.Get<double>("epsilon"));
    case OpCode::kGelu: return MakeGelu(b, x);
    case OpCode::kGeluTanh: return MakeGeluTanh(b, x);
    case OpCode::kSilu: return b.Mul(x, b.Unary(OpCode::kLogistic, x));
    case OpCode::kHardSwish: return MakeHardSwish(b, x);
    case OpCode::kAttention: return MakeAttention(b, operands, attrs.Get<double>("scale"));
#define CERMET_CASES_kSource
#define CERMET_CASES_kElementwise
#define CERMET_CASES_kTranscendental
#define CERMET_CASES_kView
#define CERMET_CASES_kUpdate
#define CERMET_CASES_kReduction
#define CERMET_CASES_kContraction
#define CERMET_CASES_kControl
#define CERMET_CASES_kEffectful
#include "ir/op_cases.def"
      break;
  }
  // clang-format on
  CERMET_UNREACHABLE();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Graph>> CompositeBody(const Node& node) {
  CERMET_CHECK(IsComposite(node.op()));
  auto body = std::make_unique<Graph>(std::string(Name(node.op())));
  std::vector<Value> parameters;
  for (Value operand : node.operands()) {
    const std::string name = "x" + std::to_string(parameters.size());
    parameters.push_back(body->AddParameter(operand.type(), name, node.location())->result());
  }
  Builder b(body.get());
  b.set_location(node.location());
  const DType compute = ComputeType(node.type().dtype);
  std::vector<Value> operands;
  for (Value parameter : parameters) operands.push_back(b.Convert(parameter, compute));
  const Value result = b.Convert(MakeBody(b, node, operands), node.type().dtype);
  CERMET_RETURN_IF_ERROR(b.status());
  body->set_results({result});
  return body;
}

}  // namespace cermet
