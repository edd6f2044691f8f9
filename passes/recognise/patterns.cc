// The matchers that rules of recognition share.
#include "passes/recognise/patterns.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cermet::recognise {
namespace {

constexpr int kMaxProductDepth = 4;

void AddFactors(Value value, const Module& module, int depth, Product* product) {
  if (std::optional<double> splat = SplatFloat(value, module)) {
    product->constant *= *splat;
    return;
  }
  if (value.node->op() != OpCode::kMul || depth == 0) {
    product->factors.push_back(value);
    return;
  }
  for (Value operand : value.node->operands()) AddFactors(operand, module, depth - 1, product);
}

bool IsIn(const std::vector<int64_t>& dims, int64_t dim) {
  return std::find(dims.begin(), dims.end(), dim) != dims.end();
}

// The reduction that is `value`, or of which it is a reshape.
Node* ReductionBelow(Value value) {
  Node* node = value.node;
  while (node->op() == OpCode::kReshape) node = node->operand(0).node;
  return node->op() == OpCode::kReduce && node->num_operands() == 2 ? node : nullptr;
}

bool ReducesBy(const Node& reduce, OpCode combiner, const Module& module) {
  if (SimpleCombiner(*reduce.body()) != combiner) return false;
  const std::optional<double> init = SplatFloat(reduce.operand(1), module);
  if (!init) return false;
  return combiner == OpCode::kAdd ? *init == 0 : *init == -std::numeric_limits<double>::infinity();
}

}  // namespace

bool Product::HasFactor(Value value) const {
  return std::find(factors.begin(), factors.end(), value) != factors.end();
}

Product ProductOf(Value value, const Module& module) {
  Product product;
  AddFactors(value, module, kMaxProductDepth, &product);
  return product;
}

bool IsClose(double a, double b) { return std::fabs(a - b) <= 1e-5 * std::fabs(b); }

Value AddendOf(Value value, double constant, const Module& module) {
  if (value.node->op() != OpCode::kAdd) return {};
  const std::optional<double> splat = SplatFloat(value.node->operand(1), module);
  return splat && IsClose(*splat, constant) ? value.node->operand(0) : Value();
}

Value ClampedValue(Value value, double lo, double hi, const Module& module) {
  const Node& node = *value.node;
  if (node.op() == OpCode::kClamp) {
    const bool bounds =
        SplatFloat(node.operand(0), module) == lo && SplatFloat(node.operand(2), module) == hi;
    return bounds ? node.operand(1) : Value();
  }
  const auto bounded = [&](Value v, OpCode op, double bound) {
    const bool matches = v && v.node->op() == op && SplatFloat(v.node->operand(1), module) == bound;
    return matches ? v.node->operand(0) : Value();
  };
  if (node.op() == OpCode::kMinimum) {
    return bounded(bounded(value, OpCode::kMinimum, hi), OpCode::kMaximum, lo);
  }
  return bounded(bounded(value, OpCode::kMaximum, lo), OpCode::kMinimum, hi);
}

Value BroadcastAlong(Value value, const std::vector<int64_t>& dims) {
  const Node& node = *value.node;
  if (node.op() != OpCode::kBroadcastInDim) return {};
  std::vector<int64_t> expected;
  for (int64_t i = 0; i < value.type().rank(); ++i) {
    if (!IsIn(dims, i) && value.type().shape[i] != Dim(1)) expected.push_back(i);
  }
  std::vector<int64_t> mapped;
  for (int64_t dim : node.attrs().Ints("dims")) {
    if (value.type().shape[dim] != Dim(1)) mapped.push_back(dim);
  }
  return mapped == expected ? node.operand(0) : Value();
}

std::optional<KeptReduction> BroadcastReduction(Value value, OpCode combiner,
                                                const Module& module) {
  if (value.node->op() != OpCode::kBroadcastInDim) return std::nullopt;
  Node* reduce = ReductionBelow(value.node->operand(0));
  if (reduce == nullptr || !ReducesBy(*reduce, combiner, module)) return std::nullopt;
  if (reduce->operand(0).type().shape != value.type().shape) return std::nullopt;
  const KeptReduction reduction = {reduce};
  if (!BroadcastAlong(value, reduction.dims())) return std::nullopt;
  return reduction;
}

std::optional<KeptReduction> MeanOf(Value value, const Module& module) {
  Node* node = value.node;
  while (node->op() == OpCode::kReshape) node = node->operand(0).node;
  if (node->op() != OpCode::kMul && node->op() != OpCode::kDiv) return std::nullopt;
  const std::optional<double> factor = SplatFloat(node->operand(1), module);
  Node* reduce = ReductionBelow(node->operand(0));
  if (!factor || reduce == nullptr || !ReducesBy(*reduce, OpCode::kAdd, module)) {
    return std::nullopt;
  }
  const KeptReduction reduction = {reduce};
  double count = 1;
  for (int64_t dim : reduction.dims()) {
    const Dim& extent = reduction.x().type().shape[dim];
    if (!extent.IsConstant()) return std::nullopt;
    count *= static_cast<double>(extent.value());
  }
  const double expected = node->op() == OpCode::kMul ? 1 / count : count;
  if (!IsClose(*factor, expected)) return std::nullopt;
  return reduction;
}

}  // namespace cermet::recognise
