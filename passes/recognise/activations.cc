// Activation functions.
#include <cmath>

#include "passes/recognise/patterns.h"
#include "passes/recognise/rules.h"

namespace cermet::recognise {
namespace {

// 1 / (1 + exp(-x)) = logistic(x)
Replacement RaiseLogistic(Node& node, Rewriter& rewriter) {
  const Module& module = rewriter.module();
  if (!IsSplatOf(node.operand(0), 1, module)) return {};
  const Value exp = AddendOf(node.operand(1), 1, module);
  if (!exp || exp.node->op() != OpCode::kExp) return {};
  const Node& neg = *exp.node->operand(0).node;
  if (neg.op() != OpCode::kNeg) return {};
  rewriter.AbsorbBetween(node, {neg.operand(0)});
  return {rewriter.builder().Unary(OpCode::kLogistic, neg.operand(0))};
}

// x * logistic(x) = silu(x)
Replacement RaiseSilu(Node& node, Rewriter& rewriter) {
  for (int side = 0; side < 2; ++side) {
    const Value x = node.operand(side);
    const Node& gate = *node.operand(1 - side).node;
    if (gate.op() != OpCode::kLogistic || gate.operand(0) != x) continue;
    rewriter.AbsorbBetween(node, {x});
    return {rewriter.builder().Unary(OpCode::kSilu, x)};
  }
  return {};
}

// The x of a product constant * x * g(x), where `argument_of` gives the x of g(x) for a factor that
// is a g, and null for others. Null if the product is not of this form.
template <typename ArgumentOf>
Value GatedValue(const Product& product, double constant, ArgumentOf argument_of) {
  if (product.factors.size() != 2 || !IsClose(product.constant, constant)) return {};
  for (int side = 0; side < 2; ++side) {
    const Value x = product.factors[side];
    if (argument_of(product.factors[1 - side]) == x) return x;
  }
  return {};
}

// 0.5 * x * (1 + erf(x / sqrt(2))) = gelu(x), multiplied in any order
Replacement RaiseGelu(Node& node, Rewriter& rewriter) {
  const Module& module = rewriter.module();
  const auto argument_of = [&](Value factor) -> Value {
    const Value erf = AddendOf(factor, 1, module);
    if (!erf || erf.node->op() != OpCode::kErf) return {};
    const Product scaled = ProductOf(erf.node->operand(0), module);
    const bool matches = scaled.factors.size() == 1 && IsClose(scaled.constant, std::sqrt(0.5));
    return matches ? scaled.factors[0] : Value();
  };
  const Value x = GatedValue(ProductOf(node.result(), module), 0.5, argument_of);
  if (!x) return {};
  rewriter.AbsorbBetween(node, {x});
  return {rewriter.builder().Unary(OpCode::kGelu, x)};
}

// True if `value` is 0.044715 * x * x * x.
bool IsCubicTerm(Value value, Value x, const Module& module) {
  const Product product = ProductOf(value, module);
  return product.factors == std::vector<Value>{x, x, x} && IsClose(product.constant, 0.044715);
}

// The x of x + 0.044715 x^3; null otherwise.
Value CubicArgument(Value value, const Module& module) {
  if (value.node->op() != OpCode::kAdd) return {};
  for (int side = 0; side < 2; ++side) {
    const Value x = value.node->operand(side);
    if (IsCubicTerm(value.node->operand(1 - side), x, module)) return x;
  }
  return {};
}

// 0.5 * x * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3))) = gelu_tanh(x), multiplied in any order
Replacement RaiseGeluTanh(Node& node, Rewriter& rewriter) {
  const Module& module = rewriter.module();
  const auto argument_of = [&](Value factor) -> Value {
    const Value tanh = AddendOf(factor, 1, module);
    if (!tanh || tanh.node->op() != OpCode::kTanh) return {};
    const Product scaled = ProductOf(tanh.node->operand(0), module);
    const bool matches =
        scaled.factors.size() == 1 && IsClose(scaled.constant, std::sqrt(2 / M_PI));
    return matches ? CubicArgument(scaled.factors[0], module) : Value();
  };
  const Value x = GatedValue(ProductOf(node.result(), module), 0.5, argument_of);
  if (!x) return {};
  rewriter.AbsorbBetween(node, {x});
  return {rewriter.builder().Unary(OpCode::kGeluTanh, x)};
}

// x * clamp(x / 6 + 1/2, 0, 1) = x * clamp(x + 3, 0, 6) / 6 = hard_swish(x)
Replacement RaiseHardSwish(Node& node, Rewriter& rewriter) {
  const Module& module = rewriter.module();
  const Product product = ProductOf(node.result(), module);
  const auto unit_gate = [&](Value factor) -> Value {
    const Value clamped = ClampedValue(factor, 0, 1, module);
    const Value scaled = clamped ? AddendOf(clamped, 0.5, module) : Value();
    if (!scaled) return {};
    const Product argument = ProductOf(scaled, module);
    const bool matches = argument.factors.size() == 1 && IsClose(argument.constant, 1.0 / 6);
    return matches ? argument.factors[0] : Value();
  };
  const auto six_gate = [&](Value factor) -> Value {
    const Value clamped = ClampedValue(factor, 0, 6, module);
    return clamped ? AddendOf(clamped, 3, module) : Value();
  };
  Value x = GatedValue(product, 1, unit_gate);
  if (!x) x = GatedValue(product, 1.0 / 6, six_gate);
  if (!x) return {};
  rewriter.AbsorbBetween(node, {x});
  return {rewriter.builder().Unary(OpCode::kHardSwish, x)};
}

}  // namespace

std::vector<RewriteRule> ActivationRules() {
  using enum OpCode;
  return {
      {"logistic", "1 / (1 + exp(-x)) = logistic(x)", Approximate("2 ulp"), {kDiv}, RaiseLogistic},
      {"silu", "x * logistic(x) = silu(x)", kExact, {kMul}, RaiseSilu},
      {"gelu",
       "0.5 * x * (1 + erf(x / sqrt(2))) = gelu(x)",
       Approximate("4 ulp of its terms"),
       {kMul},
       RaiseGelu},
      {"gelu_tanh",
       "0.5 * x * (1 + tanh(sqrt(2/pi) * (x + 0.044715 * x^3))) = gelu_tanh(x)",
       Approximate("8 ulp of its terms"),
       {kMul},
       RaiseGeluTanh},
      {"hard_swish",
       "x * clamp(x / 6 + 1/2, 0, 1) = hard_swish(x)",
       Approximate("4 ulp of its terms"),
       {kMul},
       RaiseHardSwish},
  };
}

}  // namespace cermet::recognise
