// What an instruction says about the index that it gives: its polynomial, or the bounds of an
// opaque value.
#include <algorithm>
#include <optional>
#include <utility>

#include "ir/integer_range.h"
#include "ir/kernel/fragment.h"
#include "ir/status.h"
#include "passes/schedule/index_analysis.h"

namespace cermet::schedule {
namespace {

using kernel::Block;
using kernel::Inst;
using kernel::InstKind;
using kernel::ValueId;

constexpr int64_t kNoLimit = Interval::kNoLimit;

Interval RangeOfDType(DType dtype) {
  const std::optional<IntegerRange> range = RangeOf(dtype);
  return range && dtype != DType::kI64 ? Interval{range->low, range->high} : Interval();
}

}  // namespace

void IndexAnalysis::DefineBlock(const Block& block) {
  for (const Inst& inst : block.insts) {
    if (inst.kind == InstKind::kFor) {
      DefineLoop(inst);
    } else {
      Define(inst);
    }
    for (const Block& body : inst.blocks) DefineBlock(body);
  }
}

void IndexAnalysis::DefineLoop(const Inst& loop) {
  const Polynomial lower = Value(loop.operands[0]), upper = Value(loop.operands[1]);
  AtomInfo info;
  info.trust = Trust::kIndex;
  info.lower = {lower};
  info.upper = {upper - 1};
  info.range = {Range(lower).lower, Range(upper - 1).upper};
  if (lower.IsConstant() && info.range.IsFinite() && upper.IsConstant()) {
    // The last iteration of a loop with a step.
    const int64_t trips = info.range.upper < lower.constant()
                              ? 1
                              : (info.range.upper - lower.constant()) / loop.step + 1;
    info.range.upper = lower.constant() + (trips - 1) * loop.step;
  }
  // A loop that runs no iteration has no values; any consistent range will do.
  info.range.upper = std::max(info.range.upper, info.range.lower);
  SetOpaque(loop.blocks[0].params[0], std::move(info));
}

void IndexAnalysis::Define(const Inst& inst) {
  if (inst.results.size() != 1 || kernel_->type(inst.results[0]).dtype != DType::kI64) return;
  const ValueId result = inst.results[0];
  switch (inst.kind) {
    case InstKind::kConstant: {
      values_[result] = Polynomial(static_cast<int64_t>(inst.bits));
      return;
    }
    case InstKind::kDim:
      SetPolynomial(result, OfDim(inst.dim));
      return;
    case InstKind::kIota: {
      const kernel::ValueType& type = kernel_->type(result);
      int64_t extent = 0;
      if (type.fragment == kernel::Fragment::kNone) {
        extent = type.extents[inst.axis];
      } else {
        extent = inst.axis == 0 ? Rows(type.fragment) : Columns(type.fragment);
      }
      AtomInfo info;
      info.range = {0, extent - 1};
      SetOpaque(result, std::move(info));
      return;
    }
    case InstKind::kSplat:
      SetPolynomial(result, Value(inst.operands[0]));
      return;
    case InstKind::kSlice:
    case InstKind::kExtract: {
      AtomInfo info;
      info.range = Range(Value(inst.operands[0]));
      SetOpaque(result, std::move(info));
      return;
    }
    case InstKind::kCompute:
      DefineCompute(inst);
      return;
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
      SetOpaque(result, AtomInfo());
      return;
  }
}

void IndexAnalysis::DefineCompute(const Inst& inst) {
  const ValueId result = inst.results[0];
  if (inst.op == OpCode::kAdd) {
    SetPolynomial(result, Value(inst.operands[0]) + Value(inst.operands[1]));
  } else if (inst.op == OpCode::kSub) {
    SetPolynomial(result, Value(inst.operands[0]) - Value(inst.operands[1]));
  } else if (inst.op == OpCode::kMul) {
    SetPolynomial(result, Value(inst.operands[0]) * Value(inst.operands[1]));
  } else if (inst.op == OpCode::kMinimum || inst.op == OpCode::kMaximum ||
             inst.op == OpCode::kClamp) {
    DefineMinMax(inst);
  } else if (inst.op == OpCode::kDiv || inst.op == OpCode::kRem) {
    DefineQuotient(inst);
  } else if (inst.op == OpCode::kSelect) {
    const Interval x = Range(Value(inst.operands[1])), y = Range(Value(inst.operands[2]));
    AtomInfo info;
    info.trust = std::min(
        {TrustOf(Value(inst.operands[1])), TrustOf(Value(inst.operands[2])), Trust::kIndex});
    info.range = {std::min(x.lower, y.lower), std::max(x.upper, y.upper)};
    SetOpaque(result, std::move(info));
  } else if (inst.op == OpCode::kConvert) {
    AtomInfo info;
    info.range = RangeOfDType(kernel_->type(inst.operands[0]).dtype);
    SetOpaque(result, std::move(info));
  } else {
    SetOpaque(result, AtomInfo());
  }
}

void IndexAnalysis::DefineMinMax(const Inst& inst) {
  AtomInfo info;
  if (inst.op == OpCode::kClamp) {
    const Polynomial lo = Value(inst.operands[0]), x = Value(inst.operands[1]),
                     hi = Value(inst.operands[2]);
    const Interval rx = Range(x), rlo = Range(lo), rhi = Range(hi);
    info.trust = std::min({TrustOf(lo), TrustOf(hi), std::max(TrustOf(x), Trust::kIndex)});
    info.range = {std::min(std::max(rx.lower, rlo.lower), rhi.lower),
                  std::min(std::max(rx.upper, rlo.upper), rhi.upper)};
    info.upper = {hi};
    if (ProveLessEqual(lo, hi)) info.lower = {lo};
  } else {
    const Polynomial a = Value(inst.operands[0]), b = Value(inst.operands[1]);
    const Interval ra = Range(a), rb = Range(b);
    info.trust = std::min(TrustOf(a), TrustOf(b));
    if (inst.op == OpCode::kMinimum) {
      info.range = {std::min(ra.lower, rb.lower), std::min(ra.upper, rb.upper)};
      info.upper = {a, b};
    } else {
      info.range = {std::max(ra.lower, rb.lower), std::max(ra.upper, rb.upper)};
      info.lower = {a, b};
    }
  }
  SetOpaque(inst.results[0], std::move(info));
}

void IndexAnalysis::DefineQuotient(const Inst& inst) {
  const Polynomial a = Value(inst.operands[0]), n = Value(inst.operands[1]);
  AtomInfo info;
  info.trust = std::min(TrustOf(a), TrustOf(n));
  const Interval ra = Range(a), rn = Range(n);
  const bool is_floor = ProveNonNegative(a) && (rn.lower > 0 || (IsExtent(n) && rn.lower >= 0));
  info.is_quotient = is_floor && inst.op == OpCode::kDiv;
  info.is_remainder = is_floor && inst.op == OpCode::kRem;
  info.numerator = a;
  info.denominator = n;
  if (is_floor && inst.op == OpCode::kRem) {
    info.range = {0, std::min(ra.upper, rn.upper == kNoLimit ? kNoLimit : rn.upper - 1)};
    info.upper = {n - 1, a};
  } else if (is_floor) {
    info.range = {rn.upper == kNoLimit ? 0 : ra.lower / std::max<int64_t>(rn.upper, 1),
                  ra.upper == kNoLimit ? kNoLimit : ra.upper / std::max<int64_t>(rn.lower, 1)};
    info.upper = {a};
    if (n.IsConstant()) {
      info.dividend = a;
      info.divisor = n.constant();
    }
    // a <= n * q - 1 for a bound of the dividend's: the quotient is at most q - 1.
    for (const Polynomial::Term& term : a.terms()) {
      if (term.atoms.size() != 1 || a.terms().size() != 1 || term.coefficient != 1 ||
          a.constant() != 0)
        continue;
      for (const Polynomial& upper : Info(term.atoms[0]).upper) {
        std::optional<Quotient> q = Divide(upper + 1, n);
        if (q && q->remainder == Polynomial(0)) info.upper.push_back(q->quotient - 1);
      }
    }
  }
  SetOpaque(inst.results[0], std::move(info));
}

}  // namespace cermet::schedule
