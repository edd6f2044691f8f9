// Identities of elementwise ops. Floats keep their bits under the exact ones: signed zeros and NaNs
// included (which NaN is not part of a result).
#include <cmath>

#include "ir/scalar_ops.h"
#include "passes/simplify/rules.h"

namespace cermet::simplify {
namespace {

bool IsIntegral(Value value) { return !IsFloat(value.type().dtype); }

// c + x = x + c, so that rules look for constants on the right only
Replacement ConstantOperandLast(Node& node, Rewriter& rewriter) {
  if (!IsConstantLike(node.operand(0)) || IsConstantLike(node.operand(1))) return {};
  return {rewriter.builder().Make(node.op(), {node.operand(1), node.operand(0)}, node.attrs())};
}

// x + 0 = x for integers and bool; for floats x + -0 = x, and x - 0 = x
Replacement AddZero(Node& node, Rewriter& rewriter) {
  const Value x = node.operand(0);
  const double zero = IsIntegral(x) || node.op() == OpCode::kSub ? 0.0 : -0.0;
  if (!IsSplatOf(node.operand(1), zero, rewriter.module())) return {};
  return {x};
}

// x + 0 = x for floats, but for -0 + 0, which is 0
Replacement AddPositiveZero(Node& node, Rewriter& rewriter) {
  if (!IsSplatOf(node.operand(1), 0.0, rewriter.module())) return {};
  return {node.operand(0)};
}

// x * 1 = x, x / 1 = x
Replacement MulOne(Node& node, Rewriter& rewriter) {
  if (!IsSplatOf(node.operand(1), 1, rewriter.module())) return {};
  return {node.operand(0)};
}

// x * 0 = 0 for integers and bool
Replacement MulZero(Node& node, Rewriter& rewriter) {
  if (!IsIntegral(node.operand(0))) return {};
  if (!IsSplatOf(node.operand(1), 0, rewriter.module())) return {};
  return {node.operand(1)};
}

// x / 2^k = x * 2^-k for floats, where 2^-k is a normal number
Replacement DivByPowerOfTwo(Node& node, Rewriter& rewriter) {
  const Value x = node.operand(0);
  const DType dtype = x.type().dtype;
  std::optional<double> divisor = SplatFloat(node.operand(1), rewriter.module());
  if (!divisor || !std::isfinite(*divisor) || *divisor == 0) return {};
  int exponent = 0;
  if (std::fabs(std::frexp(*divisor, &exponent)) != 0.5) return {};
  const int limit = dtype == DType::kF16 ? 13 : dtype == DType::kF64 ? 1021 : 125;
  if (std::abs(exponent) > limit) return {};
  Builder& b = rewriter.builder();
  return {b.Mul(x, b.Splat(1 / *divisor, x.type()))};
}

// x / c = x * (1/c)
Replacement DivByConstant(Node& node, Rewriter& rewriter) {
  const Value x = node.operand(0);
  std::optional<double> divisor = SplatFloat(node.operand(1), rewriter.module());
  if (!divisor || !std::isnormal(*divisor) || std::fabs(*divisor) > 1e4 ||
      std::fabs(*divisor) < 1e-4) {
    return {};
  }
  Builder& b = rewriter.builder();
  return {b.Mul(x, b.Splat(1 / *divisor, x.type()))};
}

// (x * c) * d = x * (c * d)
Replacement MulMulConstants(Node& node, Rewriter& rewriter) {
  const Node& inner = *node.operand(0).node;
  if (inner.op() != OpCode::kMul || !IsFloat(node.type().dtype)) return {};
  std::optional<double> c = SplatFloat(inner.operand(1), rewriter.module());
  std::optional<double> d = SplatFloat(node.operand(1), rewriter.module());
  if (!c || !d || !std::isnormal(*c * *d)) return {};
  rewriter.Absorb(inner);
  Builder& b = rewriter.builder();
  return {b.Mul(inner.operand(0), b.Splat(*c * *d, node.type()))};
}

// fma(x, 1, y) = x + y, fma(1, x, y) = x + y
Replacement FmaOne(Node& node, Rewriter& rewriter) {
  for (int side = 0; side < 2; ++side) {
    if (!IsSplatOf(node.operand(1 - side), 1, rewriter.module())) continue;
    return {rewriter.builder().Add(node.operand(side), node.operand(2))};
  }
  return {};
}

// -(-x) = x, !!x = x
Replacement DoubleNegation(Node& node, Rewriter&) {
  const Node& inner = *node.operand(0).node;
  if (inner.op() != node.op()) return {};
  return {inner.operand(0)};
}

// f(f(x)) = f(x) for abs, floor, ceil, trunc, round_even, sign
Replacement Idempotent(Node& node, Rewriter&) {
  if (node.operand(0).node->op() != node.op()) return {};
  return {node.operand(0)};
}

// max(x, x) = x, and the same for min, and, or
Replacement SameOperands(Node& node, Rewriter&) {
  if (node.operand(0) != node.operand(1)) return {};
  return {node.operand(0)};
}

// max(max(x, c), c) = max(x, c), and the same for min
Replacement RepeatedExtremum(Node& node, Rewriter& rewriter) {
  const Node& inner = *node.operand(0).node;
  if (inner.op() != node.op()) return {};
  const std::optional<Literal> c = SplatOf(inner.operand(1), rewriter.module());
  const std::optional<Literal> d = SplatOf(node.operand(1), rewriter.module());
  if (inner.operand(1) != node.operand(1) && !(c && d && *c == *d)) return {};
  return {node.operand(0)};
}

// x - x = 0 for integers
Replacement SubSelf(Node& node, Rewriter& rewriter) {
  if (node.operand(0) != node.operand(1) || !IsIntegral(node.operand(0))) return {};
  return {rewriter.builder().Splat(0, node.type())};
}

// and(x, true) = x, or(x, false) = x, xor(x, false) = x; bitwise for integers
Replacement LogicIdentity(Node& node, Rewriter& rewriter) {
  std::optional<int64_t> splat = SplatInt(node.operand(1), rewriter.module());
  if (!splat) return {};
  const DType dtype = node.type().dtype;
  const int64_t ones = dtype == DType::kBool ? 1 : -1;
  const int64_t neutral = node.op() == OpCode::kAnd ? ones : 0;
  if (BitsFromInt(dtype, *splat) != BitsFromInt(dtype, neutral)) return {};
  return {node.operand(0)};
}

// and(x, false) = false, or(x, true) = true; bitwise for integers
Replacement LogicAbsorption(Node& node, Rewriter& rewriter) {
  std::optional<int64_t> splat = SplatInt(node.operand(1), rewriter.module());
  if (!splat) return {};
  const DType dtype = node.type().dtype;
  const int64_t ones = dtype == DType::kBool ? 1 : -1;
  const int64_t absorbing = node.op() == OpCode::kAnd ? 0 : ones;
  if (BitsFromInt(dtype, *splat) != BitsFromInt(dtype, absorbing)) return {};
  return {node.operand(1)};
}

// select(true, x, y) = x, select(false, x, y) = y
Replacement SelectConstant(Node& node, Rewriter& rewriter) {
  std::optional<int64_t> pred = SplatInt(node.operand(0), rewriter.module());
  if (!pred) return {};
  return {node.operand(*pred != 0 ? 1 : 2)};
}

// select(p, x, x) = x
Replacement SelectSame(Node& node, Rewriter&) {
  if (node.operand(1) != node.operand(2)) return {};
  return {node.operand(1)};
}

// select(!p, x, y) = select(p, y, x)
Replacement SelectNot(Node& node, Rewriter& rewriter) {
  const Node& inner = *node.operand(0).node;
  if (inner.op() != OpCode::kNot) return {};
  return {rewriter.builder().Select(inner.operand(0), node.operand(2), node.operand(1))};
}

// x == x, x <= x, x >= x are true and the others false, for integers and bool
Replacement CompareSame(Node& node, Rewriter& rewriter) {
  if (node.operand(0) != node.operand(1) || !IsIntegral(node.operand(0))) return {};
  const std::string& direction = node.attrs().WordText("direction");
  const bool holds = direction == "eq" || direction == "le" || direction == "ge";
  return {rewriter.builder().Splat(holds ? 1 : 0, node.type())};
}

// pow(x, 1) = x
Replacement PowOne(Node& node, Rewriter& rewriter) {
  if (!IsSplatOf(node.operand(1), 1, rewriter.module())) return {};
  return {node.operand(0)};
}

// pow(x, 2) = x*x, pow(x, 3) = x*x*x, for integers
Replacement IntegerPower(Node& node, Rewriter& rewriter) {
  const Value x = node.operand(0);
  std::optional<int64_t> power = SplatInt(node.operand(1), rewriter.module());
  if (!power || *power < 2 || *power > 3) return {};
  Builder& b = rewriter.builder();
  const Value square = b.Mul(x, x);
  return {*power == 2 ? square : b.Mul(square, x)};
}

// pow(x, 2) = x*x, pow(x, 3) = x*x*x, pow(x, 0.5) = sqrt(x), pow(x, -1) = 1/x, for floats
Replacement SmallPower(Node& node, Rewriter& rewriter) {
  const Value x = node.operand(0);
  std::optional<double> power = SplatFloat(node.operand(1), rewriter.module());
  if (!power) return {};
  Builder& b = rewriter.builder();
  if (*power == 2) return {b.Mul(x, x)};
  if (*power == 3) return {b.Mul(b.Mul(x, x), x)};
  if (*power == 0.5) return {b.Unary(OpCode::kSqrt, x)};
  if (*power == -1) return {b.Div(b.Splat(1, x.type()), x)};
  return {};
}

}  // namespace

std::vector<RewriteRule> AlgebraRules() {
  using enum OpCode;
  return {
      {"constant_operand_last",
       "c + x = x + c",
       kExact,
       {kAdd, kMul, kAnd, kOr, kXor},
       ConstantOperandLast},
      {"add_zero", "x + 0 = x", kExact, {kAdd, kSub}, AddZero},
      {"add_positive_zero",
       "x + 0 = x for floats",
       Approximate("the sign of a zero"),
       {kAdd},
       AddPositiveZero},
      {"mul_one", "x * 1 = x", kExact, {kMul, kDiv}, MulOne},
      {"mul_zero", "x * 0 = 0 for integers", kExact, {kMul}, MulZero},
      {"div_by_power_of_two", "x / 2^k = x * 2^-k", kExact, {kDiv}, DivByPowerOfTwo},
      {"div_by_constant", "x / c = x * (1/c)", Approximate("1.5 ulp"), {kDiv}, DivByConstant},
      {"mul_mul_constants",
       "(x * c) * d = x * (c * d)",
       Approximate("2 ulp"),
       {kMul},
       MulMulConstants},
      {"fma_one", "fma(x, 1, y) = x + y", kExact, {kFma}, FmaOne},
      {"double_negation", "-(-x) = x", kExact, {kNeg, kNot}, DoubleNegation},
      {"idempotent",
       "floor(floor(x)) = floor(x)",
       kExact,
       {kAbs, kFloor, kCeil, kTrunc, kRoundEven, kSign},
       Idempotent},
      {"same_operands", "max(x, x) = x", kExact, {kMaximum, kMinimum, kAnd, kOr}, SameOperands},
      {"repeated_extremum",
       "max(max(x, c), c) = max(x, c)",
       kExact,
       {kMaximum, kMinimum},
       RepeatedExtremum},
      {"sub_self", "x - x = 0 for integers", kExact, {kSub}, SubSelf},
      {"logic_identity", "and(x, true) = x", kExact, {kAnd, kOr, kXor}, LogicIdentity},
      {"logic_absorption", "and(x, false) = false", kExact, {kAnd, kOr}, LogicAbsorption},
      {"select_constant", "select(true, x, y) = x", kExact, {kSelect}, SelectConstant},
      {"select_same", "select(p, x, x) = x", kExact, {kSelect}, SelectSame},
      {"select_not", "select(!p, x, y) = select(p, y, x)", kExact, {kSelect}, SelectNot},
      {"compare_same", "x == x is true for integers", kExact, {kCompare}, CompareSame},
      {"pow_one", "pow(x, 1) = x", kExact, {kPow}, PowOne},
      {"integer_power", "pow(x, 2) = x*x for integers", kExact, {kPow}, IntegerPower},
      {"small_power",
       "pow(x, 2) = x*x, pow(x, 1/2) = sqrt(x)",
       Approximate("2 ulp"),
       {kPow},
       SmallPower},
  };
}

}  // namespace cermet::simplify
