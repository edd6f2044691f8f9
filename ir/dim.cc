// Canonical polynomials over symbols and floordiv, mod, max, min of polynomials.
//
// Terms are kept in degree-lexicographic order, which is a monomial order: so the first term is the
// leading term of multivariate long division, by which FloorDiv and Mod find exact quotients such
// as floordiv(?b*?s, ?s) = ?b. Coefficients saturate at the ends of int64 instead of wrapping;
// Evaluate reports an overflow.
#include "ir/dim.h"

#include <algorithm>
#include <utility>

#include "ir/dim_arithmetic.h"
#include "ir/status.h"

namespace cermet {
namespace {

// -1, 0 or 1: higher degree first, then by factors.
int CompareFactors(const std::vector<Dim::Atom>& a, const std::vector<Dim::Atom>& b) {
  if (a.size() != b.size()) return a.size() > b.size() ? -1 : 1;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] < b[i]) return -1;
    if (b[i] < a[i]) return 1;
  }
  return 0;
}

// The factors of `a` without those of `b`, or nullopt when `b` does not divide `a`.
std::optional<std::vector<Dim::Atom>> DivideFactors(const std::vector<Dim::Atom>& a,
                                                    const std::vector<Dim::Atom>& b) {
  if (b.size() > a.size() || !std::includes(a.begin(), a.end(), b.begin(), b.end())) {
    return std::nullopt;
  }
  std::vector<Dim::Atom> result;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(result));
  return result;
}

absl::string_view AtomName(Dim::AtomKind kind) {
  switch (kind) {
    case Dim::AtomKind::kSymbol:
      return "";
    case Dim::AtomKind::kFloorDiv:
      return "floordiv";
    case Dim::AtomKind::kMod:
      return "mod";
    case Dim::AtomKind::kMax:
      return "max";
    case Dim::AtomKind::kMin:
      return "min";
  }
  CERMET_UNREACHABLE();
}

Dim ApplyAtom(Dim::AtomKind kind, const Dim& a, const Dim& b) {
  switch (kind) {
    case Dim::AtomKind::kFloorDiv:
      return Dim::FloorDiv(a, b);
    case Dim::AtomKind::kMod:
      return Dim::Mod(a, b);
    case Dim::AtomKind::kMax:
      return Dim::Max(a, b);
    case Dim::AtomKind::kMin:
      return Dim::Min(a, b);
    case Dim::AtomKind::kSymbol:
      break;
  }
  CERMET_UNREACHABLE();
}

}  // namespace

// Makes Dims in canonical form from their parts.
class DimBuilder {
 public:
  static Dim FromTerms(int64_t constant, std::vector<Dim::Term> terms) {
    std::sort(terms.begin(), terms.end(), [](const Dim::Term& a, const Dim::Term& b) {
      return CompareFactors(a.factors, b.factors) < 0;
    });
    Dim dim(constant);
    for (Dim::Term& term : terms) {
      if (term.factors.empty()) {
        dim.constant_ = SaturatingAdd(dim.constant_, term.coefficient);
      } else if (!dim.terms_.empty() && dim.terms_.back().factors == term.factors) {
        dim.terms_.back().coefficient =
            SaturatingAdd(dim.terms_.back().coefficient, term.coefficient);
      } else {
        dim.terms_.push_back(std::move(term));
      }
    }
    dim.terms_.erase(std::remove_if(dim.terms_.begin(), dim.terms_.end(),
                                    [](const Dim::Term& term) { return term.coefficient == 0; }),
                     dim.terms_.end());
    return dim;
  }

  static Dim FromAtom(Dim::Atom atom) {
    Dim dim;
    dim.terms_.resize(1);
    dim.terms_[0].factors.push_back(std::move(atom));
    return dim;
  }

  static Dim Function(Dim::AtomKind kind, Dim a, Dim b) {
    Dim::Atom atom;
    atom.kind = kind;
    atom.args.push_back(std::move(a));
    atom.args.push_back(std::move(b));
    return FromAtom(std::move(atom));
  }

  static Dim FromTerm(Dim::Term term) {
    std::vector<Dim::Term> terms;
    terms.push_back(std::move(term));
    return FromTerms(0, std::move(terms));
  }
};

namespace {

// The terms of `dim`, the constant as a last term without factors.
std::vector<Dim::Term> AllTerms(const Dim& dim) {
  std::vector<Dim::Term> terms = dim.terms();
  if (dim.constant() != 0) {
    terms.emplace_back();
    terms.back().coefficient = dim.constant();
  }
  return terms;
}

// a = quotient * b + rest, where no term of `rest` is a multiple of b's leading term. Terms are
// divided in order of the monomial order; constants divide towards minus infinity so that rests of
// constants are in [0, b).
struct Division {
  Dim quotient;
  Dim rest;
};
Division Divide(Dim a, const Dim& b) {
  const std::vector<Dim::Term> divisor = AllTerms(b);
  Division result;
  if (divisor.empty()) {
    result.rest = std::move(a);
    return result;
  }
  const Dim::Term& lead = divisor.front();
  constexpr int kMaxSteps = 64;  // bounds the work on pathological expressions
  for (int step = 0; step < kMaxSteps && a != Dim(0); ++step) {
    Dim::Term term = AllTerms(a).front();
    const Dim term_dim = DimBuilder::FromTerm(term);
    std::optional<std::vector<Dim::Atom>> factors = DivideFactors(term.factors, lead.factors);
    Dim quotient;
    if (factors.has_value() && !(term.coefficient == kMinInt && lead.coefficient == -1)) {
      Dim::Term part;
      part.coefficient = term.factors.empty() ? FloorDivInt(term.coefficient, lead.coefficient)
                                              : term.coefficient / lead.coefficient;
      part.factors = *std::move(factors);
      quotient = DimBuilder::FromTerm(std::move(part));
    }
    result.quotient = result.quotient + quotient;
    // What is left of the leading term moves to the rest; the other products of the quotient stay
    // in play.
    const Dim left = term_dim - quotient * DimBuilder::FromTerm(lead);
    result.rest = result.rest + left;
    a = a - quotient * b - left;
  }
  result.rest = result.rest + a;
  return result;
}

// Whether multi-term divisors may be split by Divide: only an exact quotient is worth it then.
bool IsMonomial(const Dim& dim) { return AllTerms(dim).size() == 1; }

// The greatest monomial with a positive coefficient that divides every term of both.
Dim CommonFactor(const Dim& a, const Dim& b) {
  std::vector<Dim::Term> terms = AllTerms(a);
  const std::vector<Dim::Term> more = AllTerms(b);
  terms.insert(terms.end(), more.begin(), more.end());
  Dim::Term common = terms.front();
  for (const Dim::Term& term : terms) {
    common.coefficient = GcdInt(common.coefficient, term.coefficient);
    std::vector<Dim::Atom> shared;
    std::set_intersection(common.factors.begin(), common.factors.end(), term.factors.begin(),
                          term.factors.end(), std::back_inserter(shared));
    common.factors = std::move(shared);
  }
  return DimBuilder::FromTerm(std::move(common));
}

const Dim::Atom* SingleAtom(const Dim& dim) {
  if (dim.constant() != 0 || dim.terms().size() != 1) return nullptr;
  const Dim::Term& term = dim.terms()[0];
  return term.coefficient == 1 && term.factors.size() == 1 ? &term.factors[0] : nullptr;
}

}  // namespace

bool operator==(const Dim::Atom& a, const Dim::Atom& b) {
  return a.kind == b.kind && a.symbol == b.symbol && a.args == b.args;
}
bool operator<(const Dim::Atom& a, const Dim::Atom& b) {
  if (a.kind != b.kind) return a.kind < b.kind;
  if (a.symbol != b.symbol) return a.symbol < b.symbol;
  return std::lexicographical_compare(a.args.begin(), a.args.end(), b.args.begin(), b.args.end());
}
bool operator==(const Dim::Term& a, const Dim::Term& b) {
  return a.coefficient == b.coefficient && a.factors == b.factors;
}
bool operator<(const Dim::Term& a, const Dim::Term& b) {
  const int order = CompareFactors(a.factors, b.factors);
  return order != 0 ? order < 0 : a.coefficient < b.coefficient;
}
bool operator==(const Dim& a, const Dim& b) {
  return a.constant_ == b.constant_ && a.terms_ == b.terms_;
}
bool operator<(const Dim& a, const Dim& b) {
  if (a.terms_ == b.terms_) return a.constant_ < b.constant_;
  return std::lexicographical_compare(a.terms_.begin(), a.terms_.end(), b.terms_.begin(),
                                      b.terms_.end());
}

Dim Dim::Symbol(absl::string_view name) {
  Atom atom;
  atom.symbol = std::string(name);
  return DimBuilder::FromAtom(std::move(atom));
}

int64_t Dim::value() const {
  CERMET_CHECK(IsConstant());
  return constant_;
}

bool Dim::IsSymbol(std::string* name) const {
  const Atom* atom = SingleAtom(*this);
  if (atom == nullptr || atom->kind != AtomKind::kSymbol) return false;
  if (name != nullptr) *name = atom->symbol;
  return true;
}

Dim operator+(const Dim& a, const Dim& b) {
  if (a.IsConstant() && b.IsConstant()) return SaturatingAdd(a.constant_, b.constant_);
  std::vector<Dim::Term> terms = a.terms_;
  terms.insert(terms.end(), b.terms_.begin(), b.terms_.end());
  return DimBuilder::FromTerms(SaturatingAdd(a.constant_, b.constant_), std::move(terms));
}

Dim operator-(const Dim& a, const Dim& b) {
  int64_t difference;
  if (a.IsConstant() && b.IsConstant() &&
      !__builtin_sub_overflow(a.constant_, b.constant_, &difference)) {
    return difference;
  }
  return a + Dim(-1) * b;
}

Dim operator*(const Dim& a, const Dim& b) {
  if (a.IsConstant() && b.IsConstant()) return SaturatingMul(a.constant_, b.constant_);
  std::vector<Dim::Term> terms;
  for (const Dim::Term& x : AllTerms(a)) {
    for (const Dim::Term& y : AllTerms(b)) {
      Dim::Term term;
      term.coefficient = SaturatingMul(x.coefficient, y.coefficient);
      std::merge(x.factors.begin(), x.factors.end(), y.factors.begin(), y.factors.end(),
                 std::back_inserter(term.factors));
      terms.push_back(std::move(term));
    }
  }
  return DimBuilder::FromTerms(0, std::move(terms));
}

Dim Dim::FloorDiv(const Dim& a, const Dim& b) {
  if (a.IsConstant() && b.IsConstant()) return FloorDivInt(a.constant_, b.constant_);
  if (b == Dim(0) || a == Dim(0)) return 0;
  Division division = Divide(a, b);
  if (division.rest == Dim(0)) return division.quotient;
  if (!IsMonomial(b)) division = {Dim(0), a};
  // floor((q*b + r) / b) = q + floor(r / b), and common factors of r and b cancel.
  Dim rest = division.rest;
  Dim divisor = b;
  const Dim common = CommonFactor(rest, divisor);
  if (common != Dim(1)) {
    rest = Divide(rest, common).quotient;
    divisor = Divide(divisor, common).quotient;
  }
  if (divisor == Dim(1)) return division.quotient + rest;
  if (rest.IsConstant() && divisor.IsConstant()) {
    return division.quotient + FloorDivInt(rest.constant_, divisor.constant_);
  }
  const Atom* inner = SingleAtom(rest);
  if (inner != nullptr && inner->kind == AtomKind::kFloorDiv && divisor.IsConstant() &&
      divisor.constant_ > 0 && inner->args[1].IsConstant() && inner->args[1].constant_ > 0) {
    return division.quotient + FloorDiv(inner->args[0], inner->args[1] * divisor);
  }
  return division.quotient + DimBuilder::Function(AtomKind::kFloorDiv, rest, divisor);
}

Dim Dim::CeilDiv(const Dim& a, const Dim& b) { return FloorDiv(a + b - Dim(1), b); }

Dim Dim::Mod(const Dim& a, const Dim& b) {
  if (a.IsConstant() && b.IsConstant()) return FloorModInt(a.constant_, b.constant_);
  if (b == Dim(0) || a == Dim(0)) return a;
  Division division = Divide(a, b);
  if (division.rest == Dim(0)) return 0;
  Dim rest = IsMonomial(b) ? division.rest : a;
  const Dim common = CommonFactor(rest, b);
  Dim divisor = b;
  if (common != Dim(1)) {
    rest = Divide(rest, common).quotient;
    divisor = Divide(divisor, common).quotient;
  }
  if (rest.IsConstant() && divisor.IsConstant()) {
    return common * Dim(FloorModInt(rest.constant_, divisor.constant_));
  }
  const Atom* inner = SingleAtom(rest);
  if (inner != nullptr && inner->kind == AtomKind::kMod && inner->args[1] == divisor) {
    return common * rest;
  }
  return common * DimBuilder::Function(AtomKind::kMod, rest, divisor);
}

Dim Dim::Max(const Dim& a, const Dim& b) {
  const DimRange difference = Range(a - b, {});
  if (difference.lower.has_value() && *difference.lower >= 0) return a;
  if (difference.upper.has_value() && *difference.upper <= 0) return b;
  for (const auto& [outer, other] : {std::pair(&a, &b), std::pair(&b, &a)}) {
    const Atom* atom = SingleAtom(*outer);
    if (atom != nullptr && atom->kind == AtomKind::kMax &&
        (atom->args[0] == *other || atom->args[1] == *other)) {
      return *outer;
    }
  }
  return DimBuilder::Function(AtomKind::kMax, a < b ? a : b, a < b ? b : a);
}

Dim Dim::Min(const Dim& a, const Dim& b) {
  const DimRange difference = Range(a - b, {});
  if (difference.lower.has_value() && *difference.lower >= 0) return b;
  if (difference.upper.has_value() && *difference.upper <= 0) return a;
  for (const auto& [outer, other] : {std::pair(&a, &b), std::pair(&b, &a)}) {
    const Atom* atom = SingleAtom(*outer);
    if (atom != nullptr && atom->kind == AtomKind::kMin &&
        (atom->args[0] == *other || atom->args[1] == *other)) {
      return *outer;
    }
  }
  return DimBuilder::Function(AtomKind::kMin, a < b ? a : b, a < b ? b : a);
}

Dim Dim::Substitute(const DimBindings& bindings) const {
  if (IsConstant()) return *this;
  std::map<std::string, Dim> dims;
  for (const auto& [name, value] : bindings) dims.emplace(name, Dim(value));
  return Substitute(dims);
}

Dim Dim::Substitute(const std::map<std::string, Dim>& bindings) const {
  Dim sum = constant_;
  for (const Term& term : terms_) {
    Dim product = term.coefficient;
    for (const Atom& atom : term.factors) {
      if (atom.kind == AtomKind::kSymbol) {
        auto it = bindings.find(atom.symbol);
        product = product * (it == bindings.end() ? DimBuilder::FromAtom(atom) : it->second);
      } else {
        product = product * ApplyAtom(atom.kind, atom.args[0].Substitute(bindings),
                                      atom.args[1].Substitute(bindings));
      }
    }
    sum = sum + product;
  }
  return sum;
}

namespace {

absl::StatusOr<int64_t> EvaluateAtom(const Dim::Atom& atom, const DimBindings& bindings) {
  if (atom.kind == Dim::AtomKind::kSymbol) {
    auto it = bindings.find(atom.symbol);
    if (it == bindings.end()) {
      return absl::InvalidArgumentError("the symbolic dimension ?" + atom.symbol + " has no value");
    }
    return it->second;
  }
  CERMET_ASSIGN_OR_RETURN(const int64_t a, atom.args[0].Evaluate(bindings));
  CERMET_ASSIGN_OR_RETURN(const int64_t b, atom.args[1].Evaluate(bindings));
  return ApplyAtom(atom.kind, a, b).value();
}

}  // namespace

absl::StatusOr<int64_t> Dim::Evaluate(const DimBindings& bindings) const {
  int64_t sum = constant_;
  bool overflow = false;
  for (const Term& term : terms_) {
    int64_t product = term.coefficient;
    for (const Atom& atom : term.factors) {
      CERMET_ASSIGN_OR_RETURN(const int64_t value, EvaluateAtom(atom, bindings));
      overflow |= __builtin_mul_overflow(product, value, &product);
    }
    overflow |= __builtin_add_overflow(sum, product, &sum);
  }
  if (overflow) {
    return absl::InvalidArgumentError("the value of the dimension " + ToString() +
                                      " does not fit into 64 bits");
  }
  return sum;
}

void Dim::CollectSymbols(std::vector<std::string>* names) const {
  for (const Term& term : terms_) {
    for (const Atom& atom : term.factors) {
      for (const Dim& arg : atom.args) arg.CollectSymbols(names);
      if (atom.kind == AtomKind::kSymbol &&
          std::find(names->begin(), names->end(), atom.symbol) == names->end()) {
        names->push_back(atom.symbol);
      }
    }
  }
}

std::string Dim::ToString() const {
  std::string text;
  for (const Term& term : AllTerms(*this)) {
    if (!text.empty() && term.coefficient >= 0) text += '+';
    if (term.factors.empty() || (term.coefficient != 1 && term.coefficient != -1)) {
      text += std::to_string(term.coefficient);
      if (!term.factors.empty()) text += '*';
    } else if (term.coefficient == -1) {
      text += '-';
    }
    for (size_t i = 0; i < term.factors.size(); ++i) {
      const Atom& atom = term.factors[i];
      if (i > 0) text += '*';
      if (atom.kind == AtomKind::kSymbol) {
        text += '?' + atom.symbol;
      } else {
        text += std::string(AtomName(atom.kind)) + '(' + atom.args[0].ToString() + ',' +
                atom.args[1].ToString() + ')';
      }
    }
  }
  return text.empty() ? "0" : text;
}

}  // namespace cermet
