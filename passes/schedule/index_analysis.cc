// Polynomials and bounds of index values. Bounds are proved by replacing atoms, innermost first, by
// their own bounds until an interval decides.
#include "passes/schedule/index_analysis.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "ir/kernel/fragment.h"
#include "ir/status.h"

namespace cermet::schedule {
namespace {

using kernel::Block;
using kernel::Inst;
using kernel::InstKind;
using kernel::ValueId;

constexpr int64_t kNoLimit = Interval::kNoLimit;
constexpr size_t kMaxTerms = 24;  // larger polynomials are taken as opaque
constexpr int kMaxDepth = 10;
constexpr int kMaxSteps = 200;

Interval RangeOfDType(DType dtype) {
  switch (dtype) {
    case DType::kBool:
      return {0, 1};
    case DType::kI8:
      return {-128, 127};
    case DType::kU8:
      return {0, 255};
    case DType::kI16:
      return {-32768, 32767};
    case DType::kU16:
      return {0, 65535};
    case DType::kI32:
      return {-(int64_t{1} << 31), (int64_t{1} << 31) - 1};
    case DType::kU32:
      return {0, (int64_t{1} << 32) - 1};
    case DType::kI64:
    case DType::kU64:
    case DType::kF16:
    case DType::kBF16:
    case DType::kF32:
    case DType::kF64:
    case DType::kToken:
      return {};
  }
  CERMET_UNREACHABLE();
}

}  // namespace

IndexAnalysis IndexAnalysis::OfKernel(const kernel::Kernel* kernel) {
  IndexAnalysis analysis(kernel);
  analysis.DefineBlock(kernel->body);
  return analysis;
}

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

const IndexAnalysis::AtomInfo& IndexAnalysis::Info(Atom atom) const {
  static const AtomInfo& unknown = *new AtomInfo();
  if (atom < 0) return symbol_info_[-atom - 1];
  const auto it = value_info_.find(atom);
  return it == value_info_.end() ? unknown : it->second;
}

bool IndexAnalysis::Trusted(const Polynomial& polynomial) const {
  for (const Polynomial::Term& term : polynomial.terms()) {
    for (Atom atom : term.atoms) {
      if (!Info(atom).trusted) return false;
    }
  }
  return true;
}

Polynomial IndexAnalysis::Value(ValueId value) const {
  const auto it = values_.find(value);
  return it == values_.end() ? Polynomial::OfAtom(value) : it->second;
}

void IndexAnalysis::SetOpaque(ValueId value, AtomInfo info) {
  if (info.range.IsFinite()) info.trusted = true;
  values_[value] = info.range.lower == info.range.upper ? Polynomial(info.range.lower)
                                                        : Polynomial::OfAtom(value);
  value_info_[value] = std::move(info);
}

Polynomial IndexAnalysis::JoinQuotients(const Polynomial& polynomial) const {
  for (const Polynomial::Term& term : polynomial.terms()) {
    for (Atom remainder : term.atoms) {
      if (!Info(remainder).is_remainder) continue;
      for (const Polynomial::Term& other : polynomial.terms()) {
        for (Atom quotient : other.atoms) {
          const AtomInfo& q = Info(quotient);
          const AtomInfo& r = Info(remainder);
          if (!q.is_quotient || q.numerator != r.numerator || q.denominator != r.denominator)
            continue;
          Polynomial of_remainder, of_quotient, rest;
          if (!polynomial.Linear(remainder, &of_remainder, &rest)) continue;
          if (!rest.Linear(quotient, &of_quotient, &rest)) continue;
          if (of_quotient == of_remainder * q.denominator) {
            return JoinQuotients(of_remainder * q.numerator + rest);
          }
        }
      }
    }
  }
  return polynomial;
}

void IndexAnalysis::SetPolynomial(ValueId value, Polynomial polynomial) {
  polynomial = JoinQuotients(polynomial);
  if (polynomial.terms().size() > kMaxTerms ||
      (!Trusted(polynomial) && !Range(polynomial).IsFinite())) {
    SetOpaque(value, AtomInfo());
    return;
  }
  values_[value] = std::move(polynomial);
}

Atom IndexAnalysis::SymbolAtom(const Dim& dim) {
  auto [it, inserted] = symbol_atoms_.try_emplace(dim.ToString(), 0);
  if (!inserted) return it->second;
  AtomInfo info;
  info.trusted = true;
  const Dim::Atom& atom = dim.terms()[0].factors[0];
  switch (atom.kind) {
    case Dim::AtomKind::kSymbol:
      info.range.lower = 0;
      break;
    case Dim::AtomKind::kFloorDiv:
      if (atom.args[1].IsConstant() && atom.args[1].value() > 0) {
        info.dividend = OfDim(atom.args[0]);
        info.divisor = atom.args[1].value();
        if (ProveNonNegative(info.dividend)) info.range.lower = 0;
      }
      break;
    case Dim::AtomKind::kMod: {
      const Polynomial divisor = OfDim(atom.args[1]);
      info.range.lower = 0;
      if (Range(divisor).lower > 0) info.upper.push_back(divisor - 1);
      break;
    }
    case Dim::AtomKind::kMax: {
      const Polynomial a = OfDim(atom.args[0]), b = OfDim(atom.args[1]);
      info.range = {std::max(Range(a).lower, Range(b).lower),
                    std::max(Range(a).upper, Range(b).upper)};
      info.lower = {a, b};
      break;
    }
    case Dim::AtomKind::kMin: {
      const Polynomial a = OfDim(atom.args[0]), b = OfDim(atom.args[1]);
      info.range = {std::min(Range(a).lower, Range(b).lower),
                    std::min(Range(a).upper, Range(b).upper)};
      info.upper = {a, b};
      break;
    }
  }
  symbols_.push_back(dim);
  symbol_info_.push_back(std::move(info));
  const Atom result = -static_cast<Atom>(symbols_.size());
  symbol_atoms_[dim.ToString()] = result;
  return result;
}

Polynomial IndexAnalysis::OfDim(const Dim& dim) {
  Polynomial result(dim.constant());
  for (const Dim::Term& term : dim.terms()) {
    Polynomial product(term.coefficient);
    for (const Dim::Atom& factor : term.factors) {
      Dim dim_of_factor;
      switch (factor.kind) {
        case Dim::AtomKind::kSymbol:
          dim_of_factor = Dim::Symbol(factor.symbol);
          break;
        case Dim::AtomKind::kFloorDiv:
          dim_of_factor = Dim::FloorDiv(factor.args[0], factor.args[1]);
          break;
        case Dim::AtomKind::kMod:
          dim_of_factor = Dim::Mod(factor.args[0], factor.args[1]);
          break;
        case Dim::AtomKind::kMax:
          dim_of_factor = Dim::Max(factor.args[0], factor.args[1]);
          break;
        case Dim::AtomKind::kMin:
          dim_of_factor = Dim::Min(factor.args[0], factor.args[1]);
          break;
      }
      product = product * Polynomial::OfAtom(SymbolAtom(dim_of_factor));
    }
    result = result + product;
  }
  return result;
}

void IndexAnalysis::DefineLoop(const Inst& loop) {
  const Polynomial lower = Value(loop.operands[0]), upper = Value(loop.operands[1]);
  AtomInfo info;
  info.trusted = true;
  info.lower = {lower};
  info.upper = {upper - 1};
  info.range = {Range(lower).lower, Range(upper - 1).upper};
  if (lower.IsConstant() && info.range.upper < kNoLimit && upper.IsConstant()) {
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
    info.trusted = Trusted(Value(inst.operands[1])) && Trusted(Value(inst.operands[2]));
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
    info.trusted = Trusted(lo) && Trusted(hi);
    info.range = {std::min(std::max(rx.lower, rlo.lower), rhi.lower),
                  std::min(std::max(rx.upper, rlo.upper), rhi.upper)};
    info.upper = {hi};
    if (ProveLessEqual(lo, hi)) info.lower = {lo};
  } else {
    const Polynomial a = Value(inst.operands[0]), b = Value(inst.operands[1]);
    const Interval ra = Range(a), rb = Range(b);
    info.trusted = Trusted(a) && Trusted(b);
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
  info.trusted = Trusted(a) && Trusted(n);
  const Interval ra = Range(a), rn = Range(n);
  const bool is_floor = ProveNonNegative(a) && (rn.lower > 0 || (!n.IsConstant() && rn.lower >= 0));
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

Interval IndexAnalysis::Range(const Polynomial& polynomial) const {
  Interval sum{polynomial.constant(), polynomial.constant()};
  for (const Polynomial::Term& term : polynomial.terms()) {
    Interval product{term.coefficient, term.coefficient};
    for (size_t i = 0; i < term.atoms.size(); ++i) {
      product = product * Info(term.atoms[i]).range;
    }
    sum = sum + product;
  }
  return sum;
}

bool IndexAnalysis::ProveNonNegative(const Polynomial& polynomial) const {
  int budget = kMaxSteps;
  if (Prove(polynomial, 0, &budget)) return true;
  for (const Polynomial& fact : facts_) {
    budget = kMaxSteps;
    if (Prove(polynomial - fact, 0, &budget)) return true;
  }
  return false;
}

bool IndexAnalysis::Prove(const Polynomial& polynomial, int depth, int* budget) const {
  if (Range(polynomial).lower >= 0) return true;
  if (depth > kMaxDepth || --*budget < 0) return false;
  // Innermost values first: those with the highest numbers depend on the others.
  std::vector<Atom> atoms;
  for (const Polynomial::Term& term : polynomial.terms()) {
    for (Atom atom : term.atoms) {
      const AtomInfo& info = Info(atom);
      if (info.lower.empty() && info.upper.empty() && info.divisor == 0) continue;
      if (std::find(atoms.begin(), atoms.end(), atom) == atoms.end()) atoms.push_back(atom);
    }
  }
  std::sort(atoms.rbegin(), atoms.rend());
  for (Atom atom : atoms) {
    if (ProveByAtom(polynomial, atom, depth, budget)) return true;
    if (*budget < 0) return false;
  }
  return false;
}

bool IndexAnalysis::ProveByAtom(const Polynomial& polynomial, Atom atom, int depth,
                                int* budget) const {
  Polynomial coefficient, rest;
  if (!polynomial.Linear(atom, &coefficient, &rest)) return false;
  const Interval sign = Range(coefficient);
  const AtomInfo& info = Info(atom);
  if (sign.lower < 0 && sign.upper > 0) return false;
  const bool positive = sign.lower >= 0;
  for (const Polynomial& bound : positive ? info.lower : info.upper) {
    if (Prove(coefficient * bound + rest, depth + 1, budget)) return true;
  }
  if (info.divisor > 0 && coefficient.IsConstant() && coefficient.constant() % info.divisor == 0) {
    // divisor * floor(dividend / divisor) is in dividend - divisor + 1 .. dividend
    const Polynomial scale(coefficient.constant() / info.divisor);
    const Polynomial bound = positive ? info.dividend - (info.divisor - 1) : info.dividend;
    if (Prove(scale * bound + rest, depth + 1, budget)) return true;
  }
  return false;
}

bool IndexAnalysis::ProveInBounds(const Inst& access, int64_t first_index) {
  const kernel::Buffer& buffer = kernel_->buffers[access.buffer];
  for (size_t d = 0; d < buffer.shape.size(); ++d) {
    const Polynomial index = Value(access.operands[first_index + d]);
    const bool is_last = d + 1 == buffer.shape.size();
    const Polynomial last = is_last && access.lanes > 0 ? index + (access.lanes - 1) : index;
    if (!ProveNonNegative(index) || !ProveLess(last, OfDim(buffer.shape[d]))) return false;
  }
  return true;
}

// Terms that n divides go to the quotient; the others must be shown to be in [0, n).
std::optional<IndexAnalysis::Quotient> IndexAnalysis::Divide(const Polynomial& a,
                                                             const Polynomial& n) const {
  if (n.IsConstant() && n.constant() == 1) return Quotient{a, Polynomial(0)};
  if (ProveNonNegative(a) && ProveLess(a, n)) return Quotient{Polynomial(0), a};
  Polynomial quotient, remainder;
  if (n.IsConstant()) {
    const int64_t divisor = n.constant();
    if (divisor <= 0) return std::nullopt;
    for (const Polynomial::Term& term : a.terms()) {
      if (term.coefficient % divisor == 0) {
        quotient.AddTerm(term.atoms, term.coefficient / divisor);
      } else {
        remainder.AddTerm(term.atoms, term.coefficient);
      }
    }
    const int64_t part = ((a.constant() % divisor) + divisor) % divisor;
    quotient = quotient + (a.constant() - part) / divisor;
    remainder = remainder + part;
  } else if (n.terms().size() == 1 && n.constant() == 0) {
    // A monomial: terms that contain all of its atoms are divisible.
    const Polynomial::Term& divisor = n.terms()[0];
    for (const Polynomial::Term& term : a.terms()) {
      absl::InlinedVector<Atom, 2> left;
      std::set_difference(term.atoms.begin(), term.atoms.end(), divisor.atoms.begin(),
                          divisor.atoms.end(), std::back_inserter(left));
      if (left.size() + divisor.atoms.size() == term.atoms.size() &&
          term.coefficient % divisor.coefficient == 0) {
        quotient.AddTerm(left, term.coefficient / divisor.coefficient);
      } else {
        remainder.AddTerm(term.atoms, term.coefficient);
      }
    }
    remainder = remainder + a.constant();
  } else {
    return std::nullopt;
  }
  if (quotient == Polynomial(0) && remainder == a) return std::nullopt;
  if (ProveNonNegative(remainder) && ProveLess(remainder, n)) return Quotient{quotient, remainder};
  return std::nullopt;
}

std::optional<IndexAnalysis::Factoring> IndexAnalysis::FactorOut(const Polynomial& a,
                                                                 int64_t n) const {
  std::vector<int64_t> factors;
  for (const Polynomial::Term& term : a.terms()) {
    const int64_t factor = std::gcd(term.coefficient, n);
    if (factor > 1 && factor < n) factors.push_back(factor);
  }
  std::sort(factors.rbegin(), factors.rend());
  factors.erase(std::unique(factors.begin(), factors.end()), factors.end());
  for (int64_t factor : factors) {
    Factoring result{factor, Polynomial(), Polynomial()};
    for (const Polynomial::Term& term : a.terms()) {
      if (term.coefficient % factor == 0) {
        result.high.AddTerm(term.atoms, term.coefficient / factor);
      } else {
        result.low.AddTerm(term.atoms, term.coefficient);
      }
    }
    const int64_t part = ((a.constant() % factor) + factor) % factor;
    result.high = result.high + (a.constant() - part) / factor;
    result.low = result.low + part;
    if (ProveNonNegative(result.low) && ProveLess(result.low, factor)) return result;
  }
  return std::nullopt;
}

}  // namespace cermet::schedule
