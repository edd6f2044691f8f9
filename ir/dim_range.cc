// Bounds and divisors of Dims from facts about their symbols: interval arithmetic, where a missing
// bound is unknown.
#include <algorithm>
#include <cstdlib>
#include <optional>

#include "ir/dim.h"
#include "ir/dim_arithmetic.h"
#include "ir/status.h"

namespace cermet {
namespace {

using OptionalInt = std::optional<int64_t>;

OptionalInt CheckedAdd(OptionalInt a, OptionalInt b) {
  int64_t result;
  if (!a || !b || __builtin_add_overflow(*a, *b, &result)) return std::nullopt;
  return result;
}
OptionalInt CheckedMul(OptionalInt a, OptionalInt b) {
  int64_t result;
  if (!a || !b || __builtin_mul_overflow(*a, *b, &result)) return std::nullopt;
  return result;
}

DimRange MulRanges(const DimRange& a, const DimRange& b) {
  if (a.lower && *a.lower >= 0 && b.lower && *b.lower >= 0) {
    OptionalInt upper = CheckedMul(a.upper, b.upper);
    if (a.upper == OptionalInt(0) || b.upper == OptionalInt(0)) upper = 0;
    return {CheckedMul(a.lower, b.lower), upper};
  }
  const OptionalInt products[] = {CheckedMul(a.lower, b.lower), CheckedMul(a.lower, b.upper),
                                  CheckedMul(a.upper, b.lower), CheckedMul(a.upper, b.upper)};
  DimRange range;
  for (const OptionalInt& product : products) {
    if (!product) return {};
    range.lower = range.lower ? std::min(*range.lower, *product) : *product;
    range.upper = range.upper ? std::max(*range.upper, *product) : *product;
  }
  return range;
}

DimRange ScaleRange(const DimRange& range, int64_t factor) {
  if (factor >= 0) return {CheckedMul(range.lower, factor), CheckedMul(range.upper, factor)};
  return {CheckedMul(range.upper, factor), CheckedMul(range.lower, factor)};
}

// Of the larger (or smaller) of two values.
DimRange MaxRange(const DimRange& a, const DimRange& b) {
  DimRange range;
  range.lower = a.lower && b.lower ? std::max(*a.lower, *b.lower) : a.lower ? a.lower : b.lower;
  if (a.upper && b.upper) range.upper = std::max(*a.upper, *b.upper);
  return range;
}
DimRange MinRange(const DimRange& a, const DimRange& b) {
  DimRange range;
  if (a.lower && b.lower) range.lower = std::min(*a.lower, *b.lower);
  range.upper = a.upper && b.upper ? std::min(*a.upper, *b.upper) : a.upper ? a.upper : b.upper;
  return range;
}

DimRange FloorDivRange(const DimRange& a, const DimRange& b) {
  if (!b.lower || *b.lower < 0) return {};
  DimRange range;
  if (a.lower && *a.lower >= 0) {
    // A divisor of 0 gives 0.
    range.lower = b.upper && *b.upper > 0 && *b.lower > 0 ? *a.lower / *b.upper : 0;
    if (a.upper) range.upper = *a.upper / std::max<int64_t>(*b.lower, 1);
    return range;
  }
  if (*b.lower > 0 && b.upper == b.lower) {
    if (a.lower) range.lower = FloorDivInt(*a.lower, *b.lower);
    if (a.upper) range.upper = FloorDivInt(*a.upper, *b.lower);
    return range;
  }
  range.lower = a.lower;  // negative; dividing by at least 1, or giving 0, only raises it
  if (a.upper) range.upper = std::max<int64_t>(*a.upper, 0);
  return range;
}

DimRange ModRange(const DimRange& a, const DimRange& b) {
  if (!b.lower || *b.lower < 1) return {};
  DimRange range;
  range.lower = 0;
  if (b.upper) range.upper = *b.upper - 1;
  if (a.lower && *a.lower >= 0 && a.upper) {
    range.upper = range.upper ? std::min(*range.upper, *a.upper) : *a.upper;
  }
  return range;
}

DimRange AtomRange(const Dim::Atom& atom, const DimFacts& facts) {
  if (atom.kind == Dim::AtomKind::kSymbol) {
    auto it = facts.find(atom.symbol);
    if (it == facts.end()) return {0, std::nullopt};
    return {it->second.lower, it->second.upper};
  }
  const DimRange a = Range(atom.args[0], facts);
  const DimRange b = Range(atom.args[1], facts);
  switch (atom.kind) {
    case Dim::AtomKind::kFloorDiv:
      return FloorDivRange(a, b);
    case Dim::AtomKind::kMod:
      return ModRange(a, b);
    case Dim::AtomKind::kMax:
      return MaxRange(a, b);
    case Dim::AtomKind::kMin:
      return MinRange(a, b);
    case Dim::AtomKind::kSymbol:
      break;
  }
  CERMET_UNREACHABLE();
}

int64_t AtomDivisor(const Dim::Atom& atom, const DimFacts& facts) {
  if (atom.kind == Dim::AtomKind::kSymbol) {
    auto it = facts.find(atom.symbol);
    return it == facts.end() ? 1 : std::max<int64_t>(it->second.divisor, 1);
  }
  const int64_t a = KnownDivisor(atom.args[0], facts);
  if (atom.kind == Dim::AtomKind::kFloorDiv) {
    const Dim& b = atom.args[1];
    return b.IsConstant() && b.value() > 0 && a % b.value() == 0 ? a / b.value() : 1;
  }
  return GcdInt(a, KnownDivisor(atom.args[1], facts));
}

}  // namespace

DimRange Range(const Dim& dim, const DimFacts& facts) {
  DimRange sum{dim.constant(), dim.constant()};
  for (const Dim::Term& term : dim.terms()) {
    DimRange product{1, 1};
    for (const Dim::Atom& atom : term.factors) product = MulRanges(product, AtomRange(atom, facts));
    product = ScaleRange(product, term.coefficient);
    sum = {CheckedAdd(sum.lower, product.lower), CheckedAdd(sum.upper, product.upper)};
  }
  return sum;
}

int64_t KnownDivisor(const Dim& dim, const DimFacts& facts) {
  int64_t divisor = dim.constant() == kMinInt ? 1 : std::abs(dim.constant());
  for (const Dim::Term& term : dim.terms()) {
    int64_t product = term.coefficient == kMinInt ? 1 : std::abs(term.coefficient);
    for (const Dim::Atom& atom : term.factors) {
      const int64_t factor = AtomDivisor(atom, facts);
      // Of a product that does not fit, its first factors still divide.
      int64_t next;
      if (factor == 0 || __builtin_mul_overflow(product, factor, &next)) continue;
      product = next;
    }
    divisor = GcdInt(divisor, product);
  }
  return divisor;
}

}  // namespace cermet
