// Polynomials and bounds of index values. Bounds are proved by replacing atoms, innermost first, by
// their own bounds until an interval decides.
#include "passes/schedule/index_analysis.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

namespace cermet::schedule {
namespace {

using kernel::Inst;
using kernel::ValueId;

// The largest constant factor of an unbounded index that is taken for a stride. Tensors with larger
// constant strides along a symbolic dim keep their checks.
constexpr int64_t kMaxStride = int64_t{1} << 28;
constexpr size_t kMaxTerms = 24;  // larger polynomials are taken as opaque
constexpr int kMaxDepth = 10;
constexpr int kMaxSteps = 200;

// Rounded down, for n > 0.
int64_t FloorQuotient(int64_t a, int64_t n) { return a / n - (a % n < 0 ? 1 : 0); }
int64_t FloorRemainder(int64_t a, int64_t n) { return a % n + (a % n < 0 ? n : 0); }

}  // namespace

IndexAnalysis IndexAnalysis::OfKernel(const kernel::Kernel* kernel) {
  IndexAnalysis analysis(kernel);
  analysis.DefineBlock(kernel->body);
  return analysis;
}

const IndexAnalysis::AtomInfo& IndexAnalysis::Info(Atom atom) const {
  static const AtomInfo& unknown = *new AtomInfo();
  if (atom < 0) return symbol_info_[-atom - 1];
  const auto it = value_info_.find(atom);
  return it == value_info_.end() ? unknown : it->second;
}

IndexAnalysis::Trust IndexAnalysis::TrustOf(const Polynomial& polynomial) const {
  const auto small = [](const Interval& range) {
    return range.lower >= -kMaxStride && range.upper <= kMaxStride;
  };
  if (polynomial.overflowed() || !small(Interval::Of(polynomial.constant()))) return Trust::kNone;
  Trust trust = Trust::kExtent;
  for (const Polynomial::Term& term : polynomial.terms()) {
    Interval bounded = Interval::Of(term.coefficient);
    int indices = 0;
    for (size_t i = 0; i < term.atoms.size(); ++i) {
      const AtomInfo& info = Info(term.atoms[i]);
      if (info.trust != Trust::kExtent) trust = Trust::kIndex;
      if (info.range.IsFinite()) {
        bounded = bounded * info.range;
        continue;
      }
      if (info.trust == Trust::kNone) return Trust::kNone;
      if (info.trust == Trust::kIndex) ++indices;
      // No tensor has one extent three times with an index of another; x * x * x soon wraps.
      if (i >= 2 && term.atoms[i - 2] == term.atoms[i]) return Trust::kNone;
    }
    if (indices > 1 || !small(bounded)) return Trust::kNone;
  }
  return trust;
}

// Where it is 0, nothing is computed.
bool IndexAnalysis::IsExtent(const Polynomial& polynomial) const {
  return !polynomial.IsConstant() && TrustOf(polynomial) == Trust::kExtent;
}

Polynomial IndexAnalysis::Value(ValueId value) const {
  const auto it = values_.find(value);
  return it == values_.end() ? Polynomial::OfAtom(value) : it->second;
}

void IndexAnalysis::SetOpaque(ValueId value, AtomInfo info) {
  const bool is_constant = info.range.IsFinite() && info.range.lower == info.range.upper;
  values_[value] = is_constant ? Polynomial(info.range.lower) : Polynomial::OfAtom(value);
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
      (TrustOf(polynomial) == Trust::kNone && !Range(polynomial).IsFinite())) {
    SetOpaque(value, AtomInfo());
    return;
  }
  values_[value] = std::move(polynomial);
}

Atom IndexAnalysis::SymbolAtom(const Dim& dim) {
  auto [it, inserted] = symbol_atoms_.try_emplace(dim.ToString(), 0);
  if (!inserted) return it->second;
  AtomInfo info;
  info.trust = Trust::kExtent;
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

Interval IndexAnalysis::Range(const Polynomial& polynomial) const {
  if (polynomial.overflowed()) return Interval();
  Interval sum = Interval::Of(polynomial.constant());
  for (const Polynomial::Term& term : polynomial.terms()) {
    Interval product = Interval::Of(term.coefficient);
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
  if (a.overflowed() || n.overflowed()) return std::nullopt;
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
    quotient = quotient + FloorQuotient(a.constant(), divisor);
    remainder = remainder + FloorRemainder(a.constant(), divisor);
  } else if (n.terms().size() == 1 && n.constant() == 0 && n.terms()[0].coefficient > 0) {
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
    result.high = result.high + FloorQuotient(a.constant(), factor);
    result.low = result.low + FloorRemainder(a.constant(), factor);
    if (ProveNonNegative(result.low) && ProveLess(result.low, factor)) return result;
  }
  return std::nullopt;
}

}  // namespace cermet::schedule
