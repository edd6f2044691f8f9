// Normalisations. Those that Cermet has as composites become one node.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "frontend/onnx/op_context.h"
#include "frontend/onnx/op_table.h"
#include "ir/status.h"

namespace cermet {
namespace {

absl::Status BatchNormalization(OpContext& c) {
  if (c.Int("training_mode", 0) != 0) return c.Unsupported("training_mode");
  if (c.Int("spatial", 1) != 1) return c.Unsupported("spatial = 0");
  if (c.rank(0) < 1) return c.Error("its input is a scalar");
  std::vector<Value> operands;
  for (int i = 0; i < 5; ++i) operands.push_back(c.b().Convert(c.in(i), c.dtype(0)));
  const int64_t axis = c.rank(0) > 1 ? 1 : 0;
  return c.Return(c.b().Make(OpCode::kBatchNorm, std::move(operands),
                             {{"axis", axis}, {"epsilon", c.Float("epsilon", 1e-5f)}}));
}

// The mean of x over dims, and x's deviation from it. Results keep x's shape.
struct Moments {
  Value mean, centred, variance;  // mean and variance without the reduced dims
};

Value Spread(OpContext& c, Value reduced, const Shape& shape, const std::vector<int64_t>& dims) {
  std::vector<int64_t> kept;
  for (int64_t d = 0; d < static_cast<int64_t>(shape.size()); ++d) {
    if (std::find(dims.begin(), dims.end(), d) == dims.end()) kept.push_back(d);
  }
  return c.b().Broadcast(reduced, shape, kept);
}

Value MeanOf(OpContext& c, Value x, const std::vector<int64_t>& dims) {
  if (!x) return x;
  Dim count = 1;
  for (const int64_t d : dims) count = count * x.type().shape[d];
  const DType dtype = x.type().dtype;
  return c.b().Div(c.b().Reduce(OpCode::kAdd, x, c.b().Identity(OpCode::kAdd, dtype), dims),
                   c.DimValue(count, dtype));
}

Moments MomentsOf(OpContext& c, Value x, const std::vector<int64_t>& dims) {
  Moments m;
  m.mean = MeanOf(c, x, dims);
  m.centred = c.b().Sub(x, Spread(c, m.mean, TypeOf(x).shape, dims));
  m.variance = MeanOf(c, c.b().Mul(m.centred, m.centred), dims);
  return m;
}

Value InverseDeviation(OpContext& c, Value variance, double epsilon) {
  Builder& b = c.b();
  return b.Div(
      c.Splat(1, Type(TypeOf(variance).dtype, {})),
      b.Unary(OpCode::kSqrt, b.Add(variance, c.Splat(epsilon, Type(TypeOf(variance).dtype, {})))));
}

absl::Status LayerNormalization(OpContext& c) {
  Builder& b = c.b();
  CERMET_ASSIGN_OR_RETURN(const int64_t axis, c.Axis(-1, c.rank(0)));
  const double epsilon = c.Float("epsilon", 1e-5f);
  const Shape inner(c.shape(0).begin() + axis, c.shape(0).end());
  std::vector<Value> operands = {c.in(0)};
  for (int i = 1; i < 3; ++i) {
    if (!c.has_input(i)) break;
    CERMET_ASSIGN_OR_RETURN(const Value operand,
                            c.BroadcastTo(b.Convert(c.in(i), c.dtype(0)), inner));
    operands.push_back(operand);
  }
  const Value x = operands[0];
  const Value y =
      b.Make(OpCode::kLayerNorm, std::move(operands), {{"axis", axis}, {"epsilon", epsilon}});
  CERMET_RETURN_IF_ERROR(c.Return(0, y));
  if (!c.wants(1) && !c.wants(2)) return absl::OkStatus();
  std::vector<int64_t> dims;
  Shape kept = c.shape(0);
  for (int64_t d = axis; d < c.rank(0); ++d) {
    dims.push_back(d);
    kept[d] = 1;
  }
  const Moments m = MomentsOf(c, x, dims);
  CERMET_RETURN_IF_ERROR(c.Return(1, c.Reshape(m.mean, kept)));
  return c.Return(2, c.Reshape(InverseDeviation(c, m.variance, epsilon), kept));
}

absl::Status RmsNormalization(OpContext& c) {
  Builder& b = c.b();
  CERMET_ASSIGN_OR_RETURN(const int64_t axis, c.Axis(-1, c.rank(0)));
  const Value x = c.in(0);
  std::vector<int64_t> dims;
  for (int64_t d = axis; d < c.rank(0); ++d) dims.push_back(d);
  const Value scale = InverseDeviation(c, MeanOf(c, b.Mul(x, x), dims), c.Float("epsilon", 1e-5f));
  const Value normal = b.Mul(x, Spread(c, scale, TypeOf(x).shape, dims));
  CERMET_ASSIGN_OR_RETURN(const Value gain,
                          c.BroadcastTo(b.Convert(c.in(1), c.dtype(0)), c.shape(0)));
  return c.Return(b.Mul(normal, gain));
}

// Normalises x over `dims`, then scales and shifts by vectors along dim 1 of `shape`.
Value NormalizeOver(OpContext& c, Value x, const std::vector<int64_t>& dims, double epsilon) {
  const Moments m = MomentsOf(c, x, dims);
  return c.b().Mul(m.centred,
                   Spread(c, InverseDeviation(c, m.variance, epsilon), TypeOf(x).shape, dims));
}

absl::Status InstanceNormalization(OpContext& c) {
  Builder& b = c.b();
  if (c.rank(0) < 3)
    return c.Error(
        absl::StrCat("its input of shape ", ToString(c.shape(0)), " has no spatial dims"));
  std::vector<int64_t> dims;
  for (int64_t d = 2; d < c.rank(0); ++d) dims.push_back(d);
  const Shape& shape = c.shape(0);
  const Value normal = NormalizeOver(c, c.in(0), dims, c.Float("epsilon", 1e-5f));
  return c.Return(
      b.Add(b.Mul(normal, b.Broadcast(c.in(1), shape, {1})), b.Broadcast(c.in(2), shape, {1})));
}

// Features in groups, normalised over the group and space. Scale and bias are one for each group
// before operator set 21.
absl::Status GroupNormalization(OpContext& c) {
  Builder& b = c.b();
  const int64_t groups = c.Int("num_groups", 0);
  if (groups < 1 || c.rank(0) < 2 ||
      (c.shape(0)[1].IsConstant() && c.shape(0)[1].value() % groups != 0))
    return c.Error(absl::StrCat(groups, " groups of an input of shape ", ToString(c.shape(0))));
  const Shape& shape = c.shape(0);
  Shape split = shape;
  split[1] = Dim::FloorDiv(shape[1], groups);
  split.insert(split.begin() + 1, groups);
  std::vector<int64_t> dims;
  for (int64_t d = 2; d < static_cast<int64_t>(split.size()); ++d) dims.push_back(d);
  Value x = NormalizeOver(c, c.Reshape(c.in(0), split), dims, c.Float("epsilon", 1e-5f));
  if (c.opset() < 21) {
    x = b.Add(b.Mul(x, b.Broadcast(c.in(1), split, {1})), b.Broadcast(c.in(2), split, {1}));
    return c.Return(c.Reshape(x, shape));
  }
  x = c.Reshape(x, shape);
  return c.Return(
      b.Add(b.Mul(x, b.Broadcast(c.in(1), shape, {1})), b.Broadcast(c.in(2), shape, {1})));
}

// x / (bias + alpha / size * sum of squares over `size` neighbouring features) ^ beta
absl::Status Lrn(OpContext& c) {
  Builder& b = c.b();
  const int64_t size = c.Int("size", 0), rank = c.rank(0);
  if (size < 1 || size > 1 << 20 || rank < 2)
    return c.Error(absl::StrCat("size ", size, " for an input of shape ", ToString(c.shape(0))));
  const Value x = c.in(0);
  CERMET_RETURN_IF_ERROR(c.status());
  const DType dtype = x.type().dtype;
  std::vector<int64_t> ones(rank, 1), window = ones, low(rank, 0), high(rank, 0);
  window[1] = size;
  low[1] = (size - 1) / 2;
  high[1] = size - 1 - low[1];
  std::vector<std::unique_ptr<Graph>> bodies;
  bodies.push_back(BinaryBody(OpCode::kAdd, dtype));
  Node* sums = b.MakeNode(
      OpCode::kReduceWindow, {b.Mul(x, x), b.Identity(OpCode::kAdd, dtype)},
      {{"window", window}, {"stride", ones}, {"low", low}, {"high", high}, {"dilation", ones}},
      std::move(bodies));
  CERMET_RETURN_IF_ERROR(c.status());
  const auto constant = [&](double value) { return c.Splat(value, Type(dtype, {})); };
  const Value scaled =
      b.Mul(sums->result(), constant(c.Float("alpha", 1e-4f) / static_cast<double>(size)));
  const Value base = b.Add(scaled, constant(c.Float("bias", 1)));
  return c.Return(b.Div(x, b.Binary(OpCode::kPow, base, constant(c.Float("beta", 0.75f)))));
}

absl::Status LpNormalization(OpContext& c) {
  Builder& b = c.b();
  CERMET_ASSIGN_OR_RETURN(const int64_t axis, c.Axis(-1, c.rank(0)));
  const int64_t p = c.Int("p", 2);
  if (p != 1 && p != 2) return c.Unsupported(absl::StrCat("p = ", p));
  const Value x = c.in(0);
  CERMET_RETURN_IF_ERROR(c.status());
  const Value terms = p == 1 ? b.Unary(OpCode::kAbs, x) : b.Mul(x, x);
  Value norm = b.Reduce(OpCode::kAdd, terms, b.Identity(OpCode::kAdd, x.type().dtype), {axis});
  if (p == 2) norm = b.Unary(OpCode::kSqrt, norm);
  // A vector of zeros stays zeros.
  const Value zero = c.Splat(0, Type(x.type().dtype, {}));
  norm = b.Select(b.Compare("eq", norm, zero), c.Splat(1, TypeOf(norm)), norm);
  return c.Return(b.Div(x, Spread(c, norm, x.type().shape, {axis})));
}

absl::Status MeanVarianceNormalization(OpContext& c) {
  Builder& b = c.b();
  CERMET_ASSIGN_OR_RETURN(std::vector<int64_t> dims,
                          c.NormalizeAxes(c.Ints("axes", {0, 2, 3}), c.rank(0)));
  const Moments m = MomentsOf(c, c.in(0), dims);
  const Value deviation =
      b.Add(b.Unary(OpCode::kSqrt, m.variance), c.Splat(1e-9, Type(c.dtype(0), {})));
  return c.Return(b.Div(m.centred, Spread(c, deviation, c.shape(0), dims)));
}

constexpr OpRow kRows[] = {
    {"BatchNormalization", 7, kNewest, 5, 5, BatchNormalization, {Float16::kInF32, 1}},
    {"GroupNormalization", 18, kNewest, 3, 3, GroupNormalization, Float16::kInF32},
    {"InstanceNormalization", 6, kNewest, 3, 3, InstanceNormalization, Float16::kInF32},
    {"LRN", 1, kNewest, 1, 1, Lrn, Float16::kInF32},
    {"LayerNormalization", 17, kNewest, 2, 3, LayerNormalization, {Float16::kFirstInF32, 1}},
    {"LpNormalization", 1, kNewest, 1, 1, LpNormalization, Float16::kInF32},
    {"MeanVarianceNormalization", 9, kNewest, 1, 1, MeanVarianceNormalization, Float16::kInF32},
    {"RMSNormalization", 23, kNewest, 2, 2, RmsNormalization, {Float16::kInF32, 1}},
};

}  // namespace

absl::Span<const OpRow> NormOps() { return kRows; }

}  // namespace cermet
