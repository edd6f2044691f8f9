// What simplify_indices folds: constants, logic, and index arithmetic that the ranges of induction
// variables decide.
#include "ir/status.h"
#include "passes/schedule/simplifier.h"

namespace cermet::schedule {

using kernel::Inst;
using kernel::InstKind;
using kernel::ValueId;
using kernel::ValueType;

std::optional<ValueId> Simplifier::Fold(const Inst& inst, const ValueType& type) {
  switch (inst.kind) {
    case InstKind::kConstant:
    case InstKind::kIota:
      return std::nullopt;
    case InstKind::kDim:
      if (inst.dim.IsConstant())
        return Constant(DType::kI64, static_cast<ScalarBits>(inst.dim.value()));
      return std::nullopt;
    case InstKind::kSplat:
      if (kernel_->type(inst.operands[0]).extents == type.extents) return inst.operands[0];
      return std::nullopt;
    case InstKind::kSlice:
      if (kernel_->type(inst.operands[0]).extents == type.extents) return inst.operands[0];
      if (auto bits = ConstantBits(inst.operands[0]))
        return Constant(type.dtype, *bits, type.extents);
      return std::nullopt;
    case InstKind::kExtract:
      if (auto bits = ConstantBits(inst.operands[0])) return Constant(type.dtype, *bits);
      return std::nullopt;
    case InstKind::kCompute:
      break;
    case InstKind::kLoad:
    case InstKind::kStore:
    case InstKind::kFor:
    case InstKind::kIf:
    case InstKind::kCheck:
    case InstKind::kBarrier:
    case InstKind::kShuffle:
    case InstKind::kCopyAsync:
    case InstKind::kCommit:
    case InstKind::kWait:
    case InstKind::kMma:
      return std::nullopt;
  }
  if (auto folded = FoldConstant(inst, type)) return folded;
  if (auto folded = FoldLogic(inst, type)) return folded;
  if (kernel_->type(inst.operands.back()).dtype == DType::kI64) return FoldIndex(inst, type);
  return std::nullopt;
}

std::optional<ValueId> Simplifier::FoldConstant(const Inst& inst, const ValueType& type) {
  ScalarBits operands[3];
  for (size_t i = 0; i < inst.operands.size(); ++i) {
    std::optional<ScalarBits> bits = ConstantBits(inst.operands[i]);
    if (!bits) return std::nullopt;
    operands[i] = *bits;
  }
  ScalarOp op;
  op.op = inst.op;
  op.direction = inst.direction;
  op.operand = kernel_->type(inst.operands[inst.op == OpCode::kSelect ? 1 : 0]).dtype;
  op.result = type.dtype;
  return Constant(type.dtype, Apply(op, operands), type.extents);
}

std::optional<ValueId> Simplifier::FoldLogic(const Inst& inst, const ValueType& type) {
  const std::vector<ValueId>& x = inst.operands;
  if (inst.op == OpCode::kSelect) {
    if (IsBool(x[0], true) || x[1] == x[2]) return As(x[1], type);
    if (IsBool(x[0], false)) return As(x[2], type);
  }
  if (inst.op == OpCode::kConvert && kernel_->type(x[0]).dtype == type.dtype) return x[0];
  if (type.dtype != DType::kBool) return std::nullopt;
  if (inst.op == OpCode::kAnd || inst.op == OpCode::kMul) {
    for (int i = 0; i < 2; ++i) {
      if (IsBool(x[i], true)) return As(x[1 - i], type);
      if (IsBool(x[i], false)) return Constant(DType::kBool, 0, type.extents);
    }
    if (x[0] == x[1]) return x[0];
  }
  if (inst.op == OpCode::kOr || inst.op == OpCode::kAdd) {
    for (int i = 0; i < 2; ++i) {
      if (IsBool(x[i], false)) return As(x[1 - i], type);
      if (IsBool(x[i], true)) return Constant(DType::kBool, 1, type.extents);
    }
    if (x[0] == x[1]) return x[0];
  }
  return std::nullopt;
}

std::optional<bool> Simplifier::Decide(const Inst& compare) {
  const Polynomial a = analysis_.Value(compare.operands[0]),
                   b = analysis_.Value(compare.operands[1]);
  switch (compare.direction) {
    case CompareDirection::kLt:
      if (analysis_.ProveLess(a, b)) return true;
      if (analysis_.ProveLessEqual(b, a)) return false;
      return std::nullopt;
    case CompareDirection::kLe:
      if (analysis_.ProveLessEqual(a, b)) return true;
      if (analysis_.ProveLess(b, a)) return false;
      return std::nullopt;
    case CompareDirection::kGt:
      if (analysis_.ProveLess(b, a)) return true;
      if (analysis_.ProveLessEqual(a, b)) return false;
      return std::nullopt;
    case CompareDirection::kGe:
      if (analysis_.ProveLessEqual(b, a)) return true;
      if (analysis_.ProveLess(a, b)) return false;
      return std::nullopt;
    case CompareDirection::kEq:
    case CompareDirection::kNe:
      if (a == b) return compare.direction == CompareDirection::kEq;
      if (analysis_.ProveLess(a, b) || analysis_.ProveLess(b, a))
        return compare.direction == CompareDirection::kNe;
      return std::nullopt;
  }
  CERMET_UNREACHABLE();
}

// x and y are operands of i64.
std::optional<ValueId> Simplifier::FoldIndex(const Inst& inst, const ValueType& type) {
  const std::vector<ValueId>& x = inst.operands;
  if (inst.op == OpCode::kCompare) {
    if (std::optional<bool> decided = Decide(inst))
      return Constant(DType::kBool, *decided ? 1 : 0, type.extents);
    return std::nullopt;
  }
  if (type.dtype != DType::kI64 || x.size() < 2) return std::nullopt;
  const Polynomial a = analysis_.Value(x[0]), b = analysis_.Value(x[1]);
  if (inst.op == OpCode::kAdd || inst.op == OpCode::kSub || inst.op == OpCode::kMul) {
    const bool is_mul = inst.op == OpCode::kMul;
    const Polynomial neutral(is_mul ? 1 : 0);
    if (b == neutral) return As(x[0], type);
    if (a == neutral && inst.op != OpCode::kSub) return As(x[1], type);
    if (is_mul && (a == Polynomial(0) || b == Polynomial(0)))
      return Constant(DType::kI64, 0, type.extents);
    if (inst.op == OpCode::kSub && a == b) return Constant(DType::kI64, 0, type.extents);
    // (x + y) - x, n * (x div n) + x rem n
    const Polynomial value = analysis_.JoinQuotients(is_mul                    ? a * b
                                                     : inst.op == OpCode::kAdd ? a + b
                                                                               : a - b);
    if (value.overflowed()) return std::nullopt;
    if (value.IsConstant())
      return Constant(DType::kI64, static_cast<ScalarBits>(value.constant()), type.extents);
    const bool is_atom = value.terms().size() == 1 && value.constant() == 0 &&
                         value.terms()[0].coefficient == 1 && value.terms()[0].atoms.size() == 1 &&
                         value.terms()[0].atoms[0] >= 0;
    if (is_atom) return As(value.terms()[0].atoms[0], type);
    // (x + 1) + 1: equal sums, whose accesses are then equal, are written alike.
    if (inst.op == OpCode::kAdd && (a.IsConstant() || b.IsConstant()) && a.constant() != 0 &&
        b.constant() != 0) {
      return As(EmitPolynomial(value), type);
    }
    return std::nullopt;
  }
  if (inst.op == OpCode::kDiv || inst.op == OpCode::kRem) return FoldQuotient(inst, type);
  if (inst.op == OpCode::kMinimum || inst.op == OpCode::kMaximum) {
    const bool is_min = inst.op == OpCode::kMinimum;
    if (analysis_.ProveLessEqual(a, b)) return As(x[is_min ? 0 : 1], type);
    if (analysis_.ProveLessEqual(b, a)) return As(x[is_min ? 1 : 0], type);
  }
  if (inst.op == OpCode::kClamp) {
    const Polynomial hi = analysis_.Value(x[2]);
    if (analysis_.ProveLessEqual(a, b)) return As(Compute(OpCode::kMinimum, {x[1], x[2]}), type);
    if (analysis_.ProveLessEqual(b, hi) && analysis_.ProveLessEqual(a, hi)) {
      return As(Compute(OpCode::kMaximum, {x[1], x[0]}), type);
    }
  }
  return std::nullopt;
}

// Rounding towards zero is floor division for what is not negative.
std::optional<ValueId> Simplifier::FoldQuotient(const Inst& inst, const ValueType& type) {
  const Polynomial a = analysis_.Value(inst.operands[0]), n = analysis_.Value(inst.operands[1]);
  const bool is_div = inst.op == OpCode::kDiv;
  if (!analysis_.ProveNonNegative(a)) return std::nullopt;
  if (n.IsConstant() ? n.constant() <= 0 : analysis_.Range(n).lower < 0) return std::nullopt;
  if (auto exact = analysis_.Divide(a, n))
    return As(EmitPolynomial(is_div ? exact->quotient : exact->remainder), type);
  if (!n.IsConstant()) return std::nullopt;
  auto factored = analysis_.FactorOut(a, n.constant());
  if (!factored || !analysis_.ProveNonNegative(factored->high)) return std::nullopt;
  const ValueId high = EmitPolynomial(factored->high);
  const ValueId divisor =
      Constant(DType::kI64, static_cast<ScalarBits>(n.constant() / factored->factor));
  if (is_div) return As(Compute(OpCode::kDiv, {high, divisor}), type);
  const ValueId rest = Compute(OpCode::kRem, {high, divisor});
  const ValueId scaled = Compute(
      OpCode::kMul, {rest, Constant(DType::kI64, static_cast<ScalarBits>(factored->factor))});
  return As(Compute(OpCode::kAdd, {scaled, EmitPolynomial(factored->low)}), type);
}

}  // namespace cermet::schedule
