// Normalisation in inference and other scales along output features, moved into the weights.
//
//   batch_norm(convolution(x, w))  =>  convolution(x, w') + b'
//
// in three steps: the statistics become one scale and one shift, the scale moves past an addition,
// and into the weights, where constant folding multiplies it out.
#include <algorithm>

#include "ir/infer.h"
#include "passes/simplify/rules.h"

namespace cermet::simplify {
namespace {

// batch_norm(x, scale, bias, mean, var) = x * a + (bias - mean * a), a = scale / sqrt(var +
// epsilon), for constant statistics
Replacement BatchNormAsAffine(Node& node, Rewriter& rewriter) {
  for (int64_t i = 1; i < 5; ++i) {
    if (!IsConstantLike(node.operand(i))) return {};
  }
  Builder& b = rewriter.builder();
  const Value variance = node.operand(4);
  const Value epsilon = b.Splat(node.attrs().Get<double>("epsilon"), variance.type());
  const Value deviation = b.Unary(OpCode::kSqrt, b.Add(variance, epsilon));
  const Value scale = b.Div(node.operand(1), deviation);
  const Value shift = b.Sub(node.operand(2), b.Mul(node.operand(3), scale));
  const std::vector<int64_t> dims = {node.attrs().Int("axis")};
  const Value scaled = b.Mul(node.operand(0), b.Broadcast(scale, node.type().shape, dims));
  return {b.Add(scaled, b.Broadcast(shift, node.type().shape, dims))};
}

// True if `value` is a constant of the shape of x, or the broadcast of one.
bool IsConstantVector(Value value) {
  const Node* node = value.node;
  if (node->op() == OpCode::kBroadcastInDim) node = node->operand(0).node;
  return node->op() == OpCode::kConstant;
}

// (x + b) * c = x * c + b * c, for constants b and c that will move into the weights of x
Replacement ScaleOfSum(Node& node, Rewriter& rewriter) {
  const Node& sum = *node.operand(0).node;
  if (sum.op() != OpCode::kAdd || !IsFloat(node.type().dtype)) return {};
  const OpCode producer = sum.operand(0).node->op();
  if (producer != OpCode::kConvolution && producer != OpCode::kDotGeneral) return {};
  if (!IsConstantVector(sum.operand(1)) || !IsConstantVector(node.operand(1))) return {};
  if (!rewriter.HasOneUse(node.operand(0)) || !rewriter.HasOneUse(sum.operand(0))) return {};
  if (!IsConstant(sum.operand(0).node->operand(1))) return {};
  rewriter.Absorb(sum);
  Builder& b = rewriter.builder();
  const Value c = node.operand(1);
  return {b.Add(b.Mul(sum.operand(0), c), b.Mul(sum.operand(1), c))};
}

// The vector, or scalar, of a scale that varies along dim `feature` of the result at most.
Value ScaleAlong(Value scale, int64_t feature) {
  const Node& broadcast = *scale.node;
  if (broadcast.op() != OpCode::kBroadcastInDim || !IsConstant(broadcast.operand(0))) return {};
  const std::vector<int64_t>& dims = broadcast.attrs().Ints("dims");
  const bool along = dims.empty() || dims == std::vector<int64_t>{feature};
  return along ? broadcast.operand(0) : Value();
}

// The weights times `scale`, which varies along their dim `feature`.
Value ScaleWeights(Builder& b, Value weights, Value scale, int64_t feature) {
  std::vector<int64_t> dims;
  if (!scale.type().IsScalar()) dims.push_back(feature);
  return b.Mul(weights, b.Broadcast(scale, weights.type().shape, dims));
}

// convolution(x, w) * c = convolution(x, w * c), c along the output features
Replacement ScaleIntoConvolution(Node& node, Rewriter& rewriter) {
  const Node& convolution = *node.operand(0).node;
  if (convolution.op() != OpCode::kConvolution || !rewriter.HasOneUse(node.operand(0))) return {};
  if (!IsFloat(node.type().dtype) || !IsConstant(convolution.operand(1))) return {};
  const absl::StatusOr<ConvLayout> layout =
      ParseConvLayout(convolution.attrs().Get<std::string>("layout"));
  if (!layout.ok()) return {};
  const Value scale = ScaleAlong(node.operand(1), layout->output_feature);
  if (!scale || scale.type().dtype != convolution.operand(1).type().dtype) return {};
  rewriter.Absorb(convolution);
  Builder& b = rewriter.builder();
  const Value weights = ScaleWeights(b, convolution.operand(1), scale, layout->filter_output);
  return {b.MakeTyped(OpCode::kConvolution, {convolution.operand(0), weights}, node.type(),
                      convolution.attrs())};
}

// dot(x, w) * c = dot(x, w * c), c along the last dim of the result, which is one of w
Replacement ScaleIntoDot(Node& node, Rewriter& rewriter) {
  const Node& dot = *node.operand(0).node;
  if (dot.op() != OpCode::kDotGeneral || !rewriter.HasOneUse(node.operand(0))) return {};
  const Value w = dot.operand(1);
  if (!IsFloat(node.type().dtype) || !IsConstant(w)) return {};
  const DimPair& contract = dot.attrs().Get<DimPair>("contract");
  const DimPair* batch = dot.attrs().Find<DimPair>("batch");
  int64_t feature = -1;  // the last free dim of w
  for (int64_t i = 0; i < w.type().rank(); ++i) {
    const bool used =
        std::find(contract.rhs.begin(), contract.rhs.end(), i) != contract.rhs.end() ||
        (batch != nullptr &&
         std::find(batch->rhs.begin(), batch->rhs.end(), i) != batch->rhs.end());
    if (!used) feature = i;
  }
  if (feature < 0) return {};
  const Value scale = ScaleAlong(node.operand(1), node.type().rank() - 1);
  if (!scale || scale.type().dtype != w.type().dtype) return {};
  rewriter.Absorb(dot);
  Builder& b = rewriter.builder();
  return {b.MakeTyped(OpCode::kDotGeneral, {dot.operand(0), ScaleWeights(b, w, scale, feature)},
                      node.type(), dot.attrs())};
}

// (x + b) + c = x + (b + c), for constants b and c
Replacement AddAddConstants(Node& node, Rewriter& rewriter) {
  const Node& inner = *node.operand(0).node;
  if (inner.op() != OpCode::kAdd || !IsFloat(node.type().dtype)) return {};
  if (!rewriter.HasOneUse(node.operand(0))) return {};
  if (!IsConstantVector(inner.operand(1)) || !IsConstantVector(node.operand(1))) return {};
  if (IsConstantVector(inner.operand(0))) return {};
  rewriter.Absorb(inner);
  Builder& b = rewriter.builder();
  return {b.Add(inner.operand(0), b.Add(inner.operand(1), node.operand(1)))};
}

// f(broadcast(x, d), broadcast(y, d)) = broadcast(f(x, y), d), for constants x and y
Replacement BinaryOfBroadcastConstants(Node& node, Rewriter& rewriter) {
  const Node& x = *node.operand(0).node;
  const Node& y = *node.operand(1).node;
  if (x.op() != OpCode::kBroadcastInDim || y.op() != OpCode::kBroadcastInDim) return {};
  if (!IsConstant(x.operand(0)) || !IsConstant(y.operand(0))) return {};
  const bool y_scalar = y.operand(0).type().IsScalar();
  const bool x_scalar = x.operand(0).type().IsScalar();
  if (x_scalar && y_scalar) return {};  // binary_of_splats
  const Node& wide = x_scalar ? y : x;
  const bool same =
      x_scalar || y_scalar ||
      (x.operand(0).type().shape == y.operand(0).type().shape && x.attrs() == y.attrs());
  if (!same) return {};
  Builder& b = rewriter.builder();
  const Value combined = b.Binary(node.op(), x.operand(0), y.operand(0));
  return {b.Broadcast(combined, node.type().shape, wide.attrs().Ints("dims"))};
}

}  // namespace

std::vector<RewriteRule> ScalingRules() {
  using enum OpCode;
  return {
      {"batch_norm_as_affine",
       "batch_norm(x) = x * a + b",
       Approximate("4 ulp of its terms"),
       {kBatchNorm},
       BatchNormAsAffine},
      {"binary_of_broadcast_constants",
       "f(broadcast(c), broadcast(d)) = broadcast(f(c, d))",
       kExact,
       {kAdd, kSub, kMul, kDiv, kMaximum, kMinimum},
       BinaryOfBroadcastConstants},
      {"scale_of_sum",
       "(convolution + b) * c = convolution * c + b * c",
       Approximate("2 ulp of its terms"),
       {kMul},
       ScaleOfSum},
      {"scale_into_convolution",
       "convolution(x, w) * c = convolution(x, w * c)",
       Approximate("1 ulp of each product"),
       {kMul},
       ScaleIntoConvolution},
      {"scale_into_dot",
       "dot(x, w) * c = dot(x, w * c)",
       Approximate("1 ulp of each product"),
       {kMul},
       ScaleIntoDot},
      {"add_add_constants",
       "(x + b) + c = x + (b + c)",
       Approximate("2 ulp of its terms"),
       {kAdd},
       AddAddConstants},
  };
}

}  // namespace cermet::simplify
