// Simplifies index expressions by the ranges of loop variables.
//
// The two rules, for 0 <= y:
//   (c*x + y) div c = x,            (c*x + y) mod c = y                    when y < c
//   (a*x + y) div c = x div (c/a),  (a*x + y) mod c = a*(x mod (c/a)) + y  when y < a and a divides
//   c
#include "passes/lower/index_space.h"

#include "ir/dim_terms.h"
#include "ir/status.h"

namespace cermet::lower {
struct IndexSpace::Split {
  Dim quotient;
  Dim rest;
};

Dim IndexSpace::AddVariable(absl::string_view name, const Dim& extent) {
  CERMET_CHECK(!name.empty() && name[0] == '%');
  const bool inserted = extents_.emplace(std::string(name), extent).second;
  CERMET_CHECK(inserted);
  DimFact fact;
  const DimRange range = Range(extent, facts_);
  if (range.upper.has_value()) fact.upper = std::max<int64_t>(0, *range.upper - 1);
  facts_[std::string(name)] = fact;
  return Dim::Symbol(name);
}

bool IndexSpace::InRange(const Dim& index, const Dim& extent) const {
  const DimRange range = Range(index, facts_);
  if (!range.lower.has_value() || *range.lower < 0) return false;
  if (extent.IsConstant() && range.upper.has_value() && *range.upper < extent.value()) return true;
  // With symbolic extents: a sum with positive coefficients is largest where every variable is.
  std::map<std::string, Dim> largest;
  std::vector<std::string> symbols;
  index.CollectSymbols(&symbols);
  for (const std::string& symbol : symbols) {
    if (auto it = extents_.find(symbol); it != extents_.end())
      largest[symbol] = it->second - Dim(1);
  }
  for (const Dim::Term& term : index.terms()) {
    if (term.coefficient < 0) return false;
    for (const Dim::Atom& atom : term.factors) {
      if (atom.kind != Dim::AtomKind::kSymbol) return false;
    }
  }
  const DimRange slack = Range(extent - Dim(1) - index.Substitute(largest), facts_);
  return slack.lower.has_value() && *slack.lower >= 0;
}

IndexSpace::Split IndexSpace::SplitBy(const Dim& index, const Dim& extent) const {
  Split split;
  for (const Dim::Term& term : index.terms()) {
    const Dim part = ToDim(term);
    if (Dim::Mod(part, extent) == Dim(0)) {
      split.quotient = split.quotient + Dim::FloorDiv(part, extent);
    } else {
      split.rest = split.rest + part;
    }
  }
  if (extent.IsConstant() && extent.value() > 0) {
    int64_t low = index.constant() % extent.value();
    if (low < 0) low += extent.value();
    split.quotient = split.quotient + Dim((index.constant() - low) / extent.value());
    split.rest = split.rest + Dim(low);
  } else {
    split.rest = split.rest + Dim(index.constant());
  }
  return split;
}

bool IndexSpace::SplitByFactor(const Dim& index, int64_t extent, Dim* high, Dim* low,
                               int64_t* factor) const {
  for (const Dim::Term& candidate : index.terms()) {
    const int64_t a = candidate.coefficient;
    if (a <= 1 || extent % a != 0) continue;
    const Split split = SplitBy(index, Dim(a));
    if (!InRange(split.rest, Dim(a))) continue;
    *high = split.quotient;
    *low = split.rest;
    *factor = a;
    return true;
  }
  return false;
}

Dim IndexSpace::FloorDiv(const Dim& index, const Dim& extent) const {
  if (extent == Dim(1)) return index;
  if (InRange(index, extent)) return Dim(0);
  const Split split = SplitBy(index, extent);
  if (InRange(split.rest, extent)) return split.quotient;
  Dim high, low;
  int64_t factor = 1;
  if (extent.IsConstant() && SplitByFactor(split.rest, extent.value(), &high, &low, &factor)) {
    return split.quotient + FloorDiv(high, Dim(extent.value() / factor));
  }
  return split.quotient + Dim::FloorDiv(split.rest, extent);
}

Dim IndexSpace::Mod(const Dim& index, const Dim& extent) const {
  if (extent == Dim(1)) return Dim(0);
  if (InRange(index, extent)) return index;
  const Split split = SplitBy(index, extent);
  if (InRange(split.rest, extent)) return split.rest;
  Dim high, low;
  int64_t factor = 1;
  if (extent.IsConstant() && SplitByFactor(split.rest, extent.value(), &high, &low, &factor)) {
    return Dim(factor) * Mod(high, Dim(extent.value() / factor)) + low;
  }
  return Dim::Mod(split.rest, extent);
}

Dim IndexSpace::Linearize(const Index& index, const Shape& shape) const {
  CERMET_CHECK(index.size() == shape.size());
  Dim position(0);
  for (size_t i = 0; i < shape.size(); ++i) position = position * shape[i] + index[i];
  return position;
}

Index IndexSpace::Delinearize(const Dim& position, const Shape& shape) const {
  Index index(shape.size());
  Dim rest = position;
  for (size_t i = shape.size(); i-- > 0;) {
    if (i == 0) {
      index[i] = shape[i] == Dim(1) ? Dim(0) : rest;
    } else {
      index[i] = Mod(rest, shape[i]);
      rest = FloorDiv(rest, shape[i]);
    }
  }
  return index;
}

Index IndexSpace::ReshapeIndex(const Index& index, const Shape& to, const Shape& from) const {
  if (to == from) return index;
  // Equal leading and trailing dims pass through; only the middle is linearised.
  size_t head = 0;
  const size_t most = std::min(to.size(), from.size());
  while (head < most && to[head] == from[head]) ++head;
  size_t tail = 0;
  while (tail < most - head && to[to.size() - 1 - tail] == from[from.size() - 1 - tail]) ++tail;
  const Index middle_index(index.begin() + head, index.end() - tail);
  const Shape middle_to(to.begin() + head, to.end() - tail);
  const Shape middle_from(from.begin() + head, from.end() - tail);
  const Index middle = Delinearize(Linearize(middle_index, middle_to), middle_from);
  Index result(index.begin(), index.begin() + head);
  result.insert(result.end(), middle.begin(), middle.end());
  result.insert(result.end(), index.end() - tail, index.end());
  return result;
}

}  // namespace cermet::lower
