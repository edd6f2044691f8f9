// Polynomials with integer coefficients over the index values of a kernel.
//
// An atom is a value that the analysis does not look into (an induction variable, a clamped index,
// ...) or, when negative, a symbol of a Dim. Equal polynomials have equal representations.
// Arithmetic is over the integers, for proofs: a coefficient or constant that does not fit 64 bits
// makes the result overflowed, of which nothing can be shown.
#ifndef CERMET_PASSES_SCHEDULE_POLYNOMIAL_H_
#define CERMET_PASSES_SCHEDULE_POLYNOMIAL_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/container/inlined_vector.h"

namespace cermet::schedule {

using Atom = int32_t;

class Polynomial {
 public:
  struct Term {
    absl::InlinedVector<Atom, 2> atoms;  // sorted, repeated for powers; not empty
    int64_t coefficient = 0;             // not 0, its negation fits
    friend bool operator==(const Term& a, const Term& b) {
      return a.coefficient == b.coefficient && a.atoms == b.atoms;
    }
  };

  Polynomial() = default;
  Polynomial(int64_t constant) : constant_(constant) {}  // NOLINT: an integer is a polynomial
  static Polynomial OfAtom(Atom atom);

  // Has no value: no constant, equal to nothing, not even itself.
  bool overflowed() const { return overflowed_; }
  bool IsConstant() const { return terms_.empty() && !overflowed_; }
  int64_t constant() const { return constant_; }
  const std::vector<Term>& terms() const { return terms_; }
  bool Contains(Atom atom) const;

  friend Polynomial operator+(const Polynomial& a, const Polynomial& b);
  friend Polynomial operator-(const Polynomial& a, const Polynomial& b);
  friend Polynomial operator*(const Polynomial& a, const Polynomial& b);
  friend bool operator==(const Polynomial& a, const Polynomial& b) {
    return !a.overflowed_ && !b.overflowed_ && a.constant_ == b.constant_ && a.terms_ == b.terms_;
  }
  friend bool operator!=(const Polynomial& a, const Polynomial& b) { return !(a == b); }

  // this = coefficient * atom + rest with neither containing `atom`; false when a higher power of
  // it occurs, or the polynomial is overflowed.
  bool Linear(Atom atom, Polynomial* coefficient, Polynomial* rest) const;
  // Splits into the terms for which `first` holds (the constant is in the second part) and the
  // others.
  void Partition(const std::function<bool(const Term&)>& first, Polynomial* in,
                 Polynomial* out) const;
  // Adds a term; for building from other forms.
  void AddTerm(absl::InlinedVector<Atom, 2> sorted_atoms, int64_t coefficient);

 private:
  static Polynomial Overflowed();
  void AddConstant(int64_t constant);

  int64_t constant_ = 0;
  bool overflowed_ = false;
  std::vector<Term> terms_;  // sorted by atoms, distinct
};

}  // namespace cermet::schedule

#endif  // CERMET_PASSES_SCHEDULE_POLYNOMIAL_H_
