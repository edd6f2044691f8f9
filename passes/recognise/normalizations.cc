// Softmax and layer normalisation.
#include "passes/recognise/patterns.h"
#include "passes/recognise/rules.h"

namespace cermet::recognise {
namespace {

// An x minus its maximum along one axis.
struct Shifted {
  Value x;
  int64_t axis = -1;
};

std::optional<Shifted> ShiftedByMaximum(Value value, const Module& module) {
  if (value.node->op() != OpCode::kSub) return std::nullopt;
  const Value x = value.node->operand(0);
  const auto maximum = BroadcastReduction(value.node->operand(1), OpCode::kMaximum, module);
  if (!maximum || maximum->x() != x || maximum->dims().size() != 1) return std::nullopt;
  return Shifted{x, maximum->dims()[0]};
}

// exp(x - max) / sum(exp(x - max)) = softmax(x)
Replacement RaiseSoftmax(Node& node, Rewriter& rewriter) {
  const Module& module = rewriter.module();
  const Value exp = node.operand(0);
  if (exp.node->op() != OpCode::kExp) return {};
  const auto shifted = ShiftedByMaximum(exp.node->operand(0), module);
  const auto sum = BroadcastReduction(node.operand(1), OpCode::kAdd, module);
  if (!shifted || !sum || sum->x() != exp) return {};
  if (sum->dims() != std::vector<int64_t>{shifted->axis}) return {};
  rewriter.AbsorbBetween(node, {shifted->x});
  return {rewriter.builder().Make(OpCode::kSoftmax, {shifted->x}, {{"axis", shifted->axis}})};
}

// x - max - log(sum(exp(x - max))) = log_softmax(x)
Replacement RaiseLogSoftmax(Node& node, Rewriter& rewriter) {
  const Module& module = rewriter.module();
  const auto shifted = ShiftedByMaximum(node.operand(0), module);
  const Node& broadcast = *node.operand(1).node;
  if (!shifted || broadcast.op() != OpCode::kBroadcastInDim) return {};
  if (!BroadcastAlong(node.operand(1), {shifted->axis})) return {};
  const Node* log = broadcast.operand(0).node;
  while (log->op() == OpCode::kReshape) log = log->operand(0).node;
  if (log->op() != OpCode::kLog) return {};
  const Node* sum = log->operand(0).node;
  while (sum->op() == OpCode::kReshape) sum = sum->operand(0).node;
  if (sum->op() != OpCode::kReduce || sum->num_operands() != 2 ||
      SimpleCombiner(*sum->body()) != OpCode::kAdd || SplatFloat(sum->operand(1), module) != 0 ||
      sum->attrs().Ints("dims") != std::vector<int64_t>{shifted->axis}) {
    return {};
  }
  const Node& exp = *sum->operand(0).node;
  if (exp.op() != OpCode::kExp || exp.operand(0) != node.operand(0)) return {};
  rewriter.AbsorbBetween(node, {shifted->x});
  return {rewriter.builder().Make(OpCode::kLogSoftmax, {shifted->x}, {{"axis", shifted->axis}})};
}

// log(softmax(x)) = log_softmax(x)
Replacement LogOfSoftmax(Node& node, Rewriter& rewriter) {
  const Node& softmax = *node.operand(0).node;
  if (softmax.op() != OpCode::kSoftmax || !rewriter.HasOneUse(node.operand(0))) return {};
  rewriter.Absorb(softmax);
  return {rewriter.builder().Make(OpCode::kLogSoftmax, {softmax.operand(0)}, softmax.attrs())};
}

// True if `dims` are all dims from `axis` to the last.
bool AreTrailing(const std::vector<int64_t>& dims, int64_t rank) {
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] != rank - static_cast<int64_t>(dims.size() - i)) return false;
  }
  return !dims.empty();
}

// x and its mean's dims, of x - mean(x).
std::optional<KeptReduction> Centered(Value value, const Module& module) {
  if (value.node->op() != OpCode::kSub) return std::nullopt;
  const Node& broadcast = *value.node->operand(1).node;
  if (broadcast.op() != OpCode::kBroadcastInDim) return std::nullopt;
  const auto mean = MeanOf(broadcast.operand(0), module);
  if (!mean || mean->x() != value.node->operand(0)) return std::nullopt;
  if (!BroadcastAlong(value.node->operand(1), mean->dims())) return std::nullopt;
  return mean;
}

// The epsilon of mean(d * d) + epsilon over the dims of `mean`, if `value` is that.
std::optional<double> EpsilonOfVariance(Value value, Value d, const KeptReduction& mean,
                                        const Module& module) {
  const Node* sum = value.node;
  while (sum->op() == OpCode::kReshape) sum = sum->operand(0).node;
  if (sum->op() != OpCode::kAdd) return std::nullopt;
  const std::optional<double> epsilon = SplatFloat(sum->operand(1), module);
  const auto variance = MeanOf(sum->operand(0), module);
  if (!epsilon || !variance || variance->dims() != mean.dims()) return std::nullopt;
  const Node& square = *variance->x().node;
  const bool squares =
      square.op() == OpCode::kMul && square.operand(0) == d && square.operand(1) == d;
  return squares ? epsilon : std::nullopt;
}

// d / sqrt(mean(d * d) + epsilon), d = x - mean(x), = layer_norm(x); also d * rsqrt, d * (1 / sqrt)
Replacement RaiseLayerNorm(Node& node, Rewriter& rewriter) {
  const Module& module = rewriter.module();
  const Value d = node.operand(0);
  const auto mean = Centered(d, module);
  if (!mean || !AreTrailing(mean->dims(), d.type().rank())) return {};
  const Value scale = BroadcastAlong(node.operand(1), mean->dims());
  if (!scale) return {};
  const Node* root = scale.node;
  while (root->op() == OpCode::kReshape) root = root->operand(0).node;
  const bool divides = node.op() == OpCode::kDiv;
  if (!divides && root->op() == OpCode::kDiv && IsSplatOf(root->operand(0), 1, module)) {
    root = root->operand(1).node;
    if (root->op() != OpCode::kSqrt) return {};
  } else if (root->op() != (divides ? OpCode::kSqrt : OpCode::kRsqrt)) {
    return {};
  }
  const auto epsilon = EpsilonOfVariance(root->operand(0), d, *mean, module);
  if (!epsilon) return {};
  rewriter.AbsorbBetween(node, {mean->x()});
  return {rewriter.builder().Make(OpCode::kLayerNorm, {mean->x()},
                                  {{"axis", mean->dims()[0]}, {"epsilon", *epsilon}})};
}

// The operand that `value` broadcasts from the dims of `norm` that it normalises; null otherwise.
Value ParameterOf(Value value, const Node& norm) {
  const int64_t axis = norm.attrs().Int("axis");
  const Shape& shape = norm.type().shape;
  const Shape trailing(shape.begin() + axis, shape.end());
  if (axis == 0 && value.type() == norm.type()) return value;
  const Node& broadcast = *value.node;
  if (broadcast.op() != OpCode::kBroadcastInDim) return {};
  const Value operand = broadcast.operand(0);
  std::vector<int64_t> dims;
  for (int64_t i = axis; i < norm.type().rank(); ++i) dims.push_back(i);
  const bool matches = operand.type().shape == trailing && broadcast.attrs().Ints("dims") == dims;
  return matches ? operand : Value();
}

// layer_norm(x) * s = layer_norm(x, s), layer_norm(x, s) + b = layer_norm(x, s, b)
Replacement LayerNormParameter(Node& node, Rewriter& rewriter) {
  const int64_t wanted = node.op() == OpCode::kMul ? 1 : 2;
  for (int side = 0; side < 2; ++side) {
    const Node& norm = *node.operand(side).node;
    if (norm.op() != OpCode::kLayerNorm || norm.num_operands() != wanted) continue;
    if (!rewriter.HasOneUse(node.operand(side))) continue;
    const Value parameter = ParameterOf(node.operand(1 - side), norm);
    if (!parameter) continue;
    std::vector<Value> operands(norm.operands().begin(), norm.operands().end());
    operands.push_back(parameter);
    rewriter.Absorb(norm);
    return {rewriter.builder().Make(OpCode::kLayerNorm, operands, norm.attrs())};
  }
  return {};
}

}  // namespace

std::vector<RewriteRule> NormalizationRules() {
  using enum OpCode;
  return {
      {"softmax", "exp(x - max) / sum(exp(x - max)) = softmax(x)", kExact, {kDiv}, RaiseSoftmax},
      {"log_softmax",
       "x - max - log(sum(exp(x - max))) = log_softmax(x)",
       kExact,
       {kSub},
       RaiseLogSoftmax},
      {"log_of_softmax",
       "log(softmax(x)) = log_softmax(x)",
       Approximate("4 ulp of its terms"),
       {kLog},
       LogOfSoftmax},
      {"layer_norm",
       "(x - mean) / sqrt(mean((x - mean)^2) + e) = layer_norm(x)",
       Approximate("4 ulp of its terms"),
       {kDiv, kMul},
       RaiseLayerNorm},
      {"layer_norm_parameter",
       "layer_norm(x) * s + b = layer_norm(x, s, b)",
       Approximate("1 ulp of its terms"),
       {kMul, kAdd},
       LayerNormParameter},
  };
}

}  // namespace cermet::recognise
