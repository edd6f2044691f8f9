// Polynomial arithmetic on sorted term lists.
#include "passes/schedule/polynomial.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace cermet::schedule {

Polynomial Polynomial::Overflowed() {
  Polynomial result;
  result.overflowed_ = true;
  return result;
}

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

void Polynomial::AddConstant(int64_t constant) {
  if (__builtin_add_overflow(constant_, constant, &constant_)) *this = Overflowed();
}

void Polynomial::AddTerm(absl::InlinedVector<Atom, 2> sorted_atoms, int64_t coefficient) {
  if (overflowed_) return;
  if (sorted_atoms.empty()) return AddConstant(coefficient);
  auto it =
      std::lower_bound(terms_.begin(), terms_.end(), sorted_atoms,
                       [](const Term& term, const auto& atoms) { return term.atoms < atoms; });
  const bool is_new = it == terms_.end() || it->atoms != sorted_atoms;
  int64_t sum = coefficient;
  if ((!is_new && __builtin_add_overflow(it->coefficient, coefficient, &sum)) ||
      sum == std::numeric_limits<int64_t>::min()) {
    *this = Overflowed();
  } else if (is_new) {
    if (sum != 0) terms_.insert(it, Term{std::move(sorted_atoms), sum});
  } else if (sum == 0) {
    terms_.erase(it);
  } else {
    it->coefficient = sum;
  }
}

Polynomial operator+(const Polynomial& a, const Polynomial& b) {
  if (b.overflowed_) return b;
  Polynomial result = a;
  result.AddTerm({}, b.constant_);
  for (const Polynomial::Term& term : b.terms_) result.AddTerm(term.atoms, term.coefficient);
  return result;
}

Polynomial operator-(const Polynomial& a, const Polynomial& b) { return a + b * Polynomial(-1); }

Polynomial operator*(const Polynomial& a, const Polynomial& b) {
  if (a.overflowed_ || b.overflowed_) return Polynomial::Overflowed();
  Polynomial result;
  const auto add = [&](absl::InlinedVector<Atom, 2> atoms, int64_t x, int64_t y) {
    int64_t product = 0;
    if (__builtin_mul_overflow(x, y, &product)) {
      result = Polynomial::Overflowed();
    } else {
      result.AddTerm(std::move(atoms), product);
    }
  };
  add({}, a.constant_, b.constant_);
  for (const Polynomial::Term& term : a.terms_) add(term.atoms, term.coefficient, b.constant_);
  for (const Polynomial::Term& term : b.terms_) add(term.atoms, term.coefficient, a.constant_);
  for (const Polynomial::Term& x : a.terms_) {
    for (const Polynomial::Term& y : b.terms_) {
      absl::InlinedVector<Atom, 2> atoms = x.atoms;
      atoms.insert(atoms.end(), y.atoms.begin(), y.atoms.end());
      std::sort(atoms.begin(), atoms.end());
      add(std::move(atoms), x.coefficient, y.coefficient);
    }
  }
  return result;
}

bool Polynomial::Linear(Atom atom, Polynomial* coefficient, Polynomial* rest) const {
  if (overflowed_) return false;
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
  *out = overflowed_ ? Overflowed() : Polynomial(constant_);
  for (const Term& term : terms_) {
    (first(term) ? in : out)->AddTerm(term.atoms, term.coefficient);
  }
}

}  // namespace cermet::schedule
