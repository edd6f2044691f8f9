// Extents of tensors: integers, or expressions in symbolic dimensions.
//
// A Dim is a polynomial in canonical form with integer coefficients over atoms. An atom is a named
// symbol (`?batch`) or one of floordiv, mod, max, min of two Dims. Equal canonical forms are equal
// Dims; the converse does not hold for the non-polynomial atoms, so `==` is sound and not complete.
// Values are immutable in effect and cheap while constant (no allocation).
//
// Text form: `8`, `?n`, `?batch*?seq`, `4*?n+1`, `floordiv(?n,2)`, `max(?n,?m)`.
#ifndef CERMET_IR_DIM_H_
#define CERMET_IR_DIM_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cermet {

// Values for symbols, by name without the `?`. Ordered, because it is printed and hashed.
using DimBindings = std::map<std::string, int64_t>;

class Dim {
 public:
  enum class AtomKind : uint8_t { kSymbol, kFloorDiv, kMod, kMax, kMin };
  struct Atom;
  struct Term;

  Dim() = default;                            // 0
  Dim(int64_t value) : constant_(value) {}    // NOLINT: an integer is a Dim
  static Dim Symbol(absl::string_view name);  // `name` without the `?`

  bool IsConstant() const { return terms_.empty(); }
  // The value of a constant Dim; must only be called when IsConstant().
  int64_t value() const;
  // True if this is just one symbol, whose name goes to `*name` when that is not null.
  bool IsSymbol(std::string* name = nullptr) const;

  friend Dim operator+(const Dim& a, const Dim& b);
  friend Dim operator-(const Dim& a, const Dim& b);
  friend Dim operator*(const Dim& a, const Dim& b);
  // Rounds towards minus infinity. Folds constants and exact polynomial division by a constant or a
  // common factor; a constant divisor of 0 gives 0 (Dims are total).
  static Dim FloorDiv(const Dim& a, const Dim& b);
  static Dim CeilDiv(const Dim& a, const Dim& b);
  static Dim Mod(const Dim& a, const Dim& b);  // in [0, b) for b > 0
  static Dim Max(const Dim& a, const Dim& b);
  static Dim Min(const Dim& a, const Dim& b);

  friend bool operator==(const Dim& a, const Dim& b);
  friend bool operator!=(const Dim& a, const Dim& b) { return !(a == b); }
  friend bool operator<(const Dim& a, const Dim& b);  // an arbitrary total order, for containers

  // Replaces the symbols that have a value in `bindings`.
  Dim Substitute(const DimBindings& bindings) const;
  // Replaces symbols by Dims.
  Dim Substitute(const std::map<std::string, Dim>& bindings) const;
  // The value once all symbols are bound; an error names a symbol without a value or an overflow.
  absl::StatusOr<int64_t> Evaluate(const DimBindings& bindings) const;
  // Adds the names of the symbols that occur here, each once, in order of first occurrence.
  void CollectSymbols(std::vector<std::string>* names) const;

  std::string ToString() const;
  static absl::StatusOr<Dim> Parse(absl::string_view text);

  const std::vector<Term>& terms() const { return terms_; }
  int64_t constant() const { return constant_; }

 private:
  friend class DimBuilder;
  int64_t constant_ = 0;
  std::vector<Term> terms_;  // sorted, no zero coefficients, no duplicates
};

// One factor of a term: a symbol, or a non-polynomial function of two Dims.
struct Dim::Atom {
  AtomKind kind = AtomKind::kSymbol;
  std::string symbol;     // kSymbol only
  std::vector<Dim> args;  // two, for the other kinds
  friend bool operator==(const Atom& a, const Atom& b);
  friend bool operator<(const Atom& a, const Atom& b);
};

struct Dim::Term {
  int64_t coefficient = 1;
  std::vector<Atom> factors;  // sorted; repeated for powers
  friend bool operator==(const Term& a, const Term& b);
  friend bool operator<(const Term& a, const Term& b);
};

// What is known of a symbol's value. Symbols are at least 0 by default.
struct DimFact {
  int64_t lower = 0;
  std::optional<int64_t> upper;  // inclusive
  int64_t divisor = 1;           // the value is a multiple of this
};
using DimFacts = std::map<std::string, DimFact>;

// A lower and an upper bound of `dim` under `facts` (missing symbols have the default fact).
struct DimRange {
  std::optional<int64_t> lower;
  std::optional<int64_t> upper;
};
DimRange Range(const Dim& dim, const DimFacts& facts);
// The largest integer known to divide `dim` (at least 1; 0 for the constant 0).
int64_t KnownDivisor(const Dim& dim, const DimFacts& facts);

}  // namespace cermet

#endif  // CERMET_IR_DIM_H_
