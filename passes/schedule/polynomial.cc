// Polynomial arithmetic on sorted term lists.
#include "passes/schedule/polynomial.h"

#include <algorithm>
#include <utility>

#include "ir/wrapping.h"

namespace cermet::schedule {
Polynomial Polynomial::OfAtom(Atom atom) {
  Polynomial result;
  result.AddTerm({atom}, 1);
  return result;
}

bool Polynomial::Contains(Atom atom) const {
  for (const Term& term : terms_) {
    if (std::find(term.atoms.begin(), term.atoms.end(), atom) != term.atoms.end()) return true;
  }
  return false;
}

void Polynomial::AddTerm(absl::InlinedVector<Atom, 2> sorted_atoms, int64_t coefficient) {
  if (sorted_atoms.empty()) {
    constant_ = WrappingAdd(constant_, coefficient);
    return;
  }
  auto it =
      std::lower_bound(terms_.begin(), terms_.end(), sorted_atoms,
                       [](const Term& term, const auto& atoms) { return term.atoms < atoms; });
  if (it != terms_.end() && it->atoms == sorted_atoms) {
    it->coefficient = WrappingAdd(it->coefficient, coefficient);
    if (it->coefficient == 0) terms_.erase(it);
  } else if (coefficient != 0) {
    terms_.insert(it, Term{std::move(sorted_atoms), coefficient});
  }
}

Polynomial operator+(const Polynomial& a, const Polynomial& b) {
  Polynomial result = a;
  result.constant_ = WrappingAdd(result.constant_, b.constant_);
  for (const Polynomial::Term& term : b.terms_) result.AddTerm(term.atoms, term.coefficient);
  return result;
}

Polynomial operator-(const Polynomial& a, const Polynomial& b) { return a + b * Polynomial(-1); }

Polynomial operator*(const Polynomial& a, const Polynomial& b) {
  Polynomial result(WrappingMul(a.constant_, b.constant_));
  for (const Polynomial::Term& term : a.terms_) {
    result.AddTerm(term.atoms, WrappingMul(term.coefficient, b.constant_));
  }
  for (const Polynomial::Term& term : b.terms_) {
    result.AddTerm(term.atoms, WrappingMul(term.coefficient, a.constant_));
  }
  for (const Polynomial::Term& x : a.terms_) {
    for (const Polynomial::Term& y : b.terms_) {
      absl::InlinedVector<Atom, 2> atoms = x.atoms;
      atoms.insert(atoms.end(), y.atoms.begin(), y.atoms.end());
      std::sort(atoms.begin(), atoms.end());
      result.AddTerm(std::move(atoms), WrappingMul(x.coefficient, y.coefficient));
    }
  }
  return result;
}

bool Polynomial::Linear(Atom atom, Polynomial* coefficient, Polynomial* rest) const {
  Polynomial factor, others(constant_);
  for (const Term& term : terms_) {
    const auto count = std::count(term.atoms.begin(), term.atoms.end(), atom);
    if (count > 1) return false;
    if (count == 0) {
      others.AddTerm(term.atoms, term.coefficient);
      continue;
    }
    absl::InlinedVector<Atom, 2> atoms = term.atoms;
    atoms.erase(std::find(atoms.begin(), atoms.end(), atom));
    factor.AddTerm(std::move(atoms), term.coefficient);
  }
  *coefficient = std::move(factor);
  *rest = std::move(others);
  return true;
}

void Polynomial::Partition(const std::function<bool(const Term&)>& first, Polynomial* in,
                           Polynomial* out) const {
  *in = Polynomial();
  *out = Polynomial(constant_);
  for (const Term& term : terms_) {
    (first(term) ? in : out)->AddTerm(term.atoms, term.coefficient);
  }
}

}  // namespace cermet::schedule
