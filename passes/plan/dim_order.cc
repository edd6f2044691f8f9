// Sizes of buffers are polynomials and polynomials rounded up to a multiple of 64, as in
// 64*floordiv(400*?n+63,64). To show that a <= b, this bounds b - a from below: roundings that a
// and b share cancel, the others are replaced by bounds without a rounding, symbols are counted
// from their least value, and then no coefficient may be negative.
#include "passes/plan/dim_order.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ir/dim_terms.h"

namespace cermet::plan {
namespace {

bool IsNonNegative(const Dim& dim, const DimFacts& facts) {
  const std::optional<int64_t> lower = Range(dim, facts).lower;
  return lower && *lower >= 0;
}

// c * rest * floordiv(x, k), with rest >= 0 and k dividing c, is at least (c/k) * rest * (x - k +
// 1) when c > 0 and (c/k) * rest * x when c < 0. Other terms stay as they are.
Dim BoundTermBelow(const Dim::Term& term, const DimFacts& facts) {
  Dim rest(1);
  const Dim::Atom* rounding = nullptr;
  for (const Dim::Atom& factor : term.factors) {
    if (rounding == nullptr && factor.kind == Dim::AtomKind::kFloorDiv &&
        factor.args[1].IsConstant() && factor.args[1].value() > 0 &&
        term.coefficient % factor.args[1].value() == 0) {
      rounding = &factor;
    } else {
      rest = rest * ToDim(factor);
    }
  }
  if (rounding == nullptr) return rest * Dim(term.coefficient);
  if (!IsNonNegative(rest, facts)) return rest * ToDim(*rounding) * Dim(term.coefficient);
  const int64_t divisor = rounding->args[1].value();
  const Dim bound = term.coefficient > 0 ? rounding->args[0] - Dim(divisor - 1) : rounding->args[0];
  return rest * bound * Dim(term.coefficient / divisor);
}

Dim BoundBelow(const Dim& dim, const DimFacts& facts) {
  Dim bound(dim.constant());
  for (const Dim::Term& term : dim.terms()) bound = bound + BoundTermBelow(term, facts);
  return bound;
}

// The same value in symbols that start at 0.
Dim CountFromLeast(const Dim& dim, const DimFacts& facts) {
  std::vector<std::string> names;
  dim.CollectSymbols(&names);
  std::map<std::string, Dim> shifted;
  for (const std::string& name : names) {
    const auto fact = facts.find(name);
    if (fact != facts.end() && fact->second.lower > 0)
      shifted[name] = Dim::Symbol(name) + Dim(fact->second.lower);
  }
  return shifted.empty() ? dim : dim.Substitute(shifted);
}

}  // namespace

bool ProvablyAtMost(const Dim& a, const Dim& b, const DimFacts& facts) {
  if (a.IsConstant() && b.IsConstant()) return a.value() <= b.value();
  const Dim difference = b - a;
  if (IsNonNegative(difference, facts)) return true;
  const Dim bound = BoundBelow(difference, facts);
  return IsNonNegative(bound, facts) || IsNonNegative(CountFromLeast(bound, facts), {});
}

}  // namespace cermet::plan
