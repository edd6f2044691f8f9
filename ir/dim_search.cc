// Depth-first search, one symbol after the other. Example: under ?n = 2*?m and 8 <= ?n, ?n is tried
// with 8 (3 refutes the second relation), which leaves 4 as the only value of ?m.
#include "ir/dim_search.h"

#include <algorithm>

#include "ir/dim_arithmetic.h"

namespace cermet {
namespace {

int64_t RoundDown(int64_t value, int64_t divisor) { return FloorDivInt(value, divisor) * divisor; }
int64_t RoundUp(int64_t value, int64_t divisor) {
  return RoundDown(SaturatingAdd(value, divisor - 1), divisor);
}

class Search {
 public:
  Search(const DimFacts& facts, const std::vector<DimConstraint>& relations,
         const std::vector<std::string>& symbols, const DimBindings& given)
      : facts_(facts), symbols_(symbols), dims_(given) {
    for (const DimConstraint& relation : relations) {
      not_negative_.push_back(relation.rhs - relation.lhs);
      if (relation.kind == DimConstraint::Kind::kEqual)
        not_negative_.push_back(relation.lhs - relation.rhs);
    }
  }

  // Values for the symbols from the `i`-th on.
  bool Find(size_t i) {
    if (i == symbols_.size()) return true;
    const DimFact fact = FactOf(symbols_[i]);
    const int64_t step = std::max<int64_t>(fact.divisor, 1);
    const int64_t lowest = RoundUp(fact.lower, step);
    const int64_t highest =
        fact.upper ? RoundDown(*fact.upper, step) : std::numeric_limits<int64_t>::max();
    const int64_t wanted = RoundUp(std::max(fact.lower, 3 + static_cast<int64_t>(i)), step);
    const int64_t first = std::min(wanted, highest);
    if (first >= lowest && Try(i, first)) return true;
    int64_t value = lowest;
    for (int tries = 0; tries < kMaxTries && value <= highest; ++tries) {
      if (value != first && Try(i, value)) return true;
      value = SaturatingAdd(value, step);
    }
    return false;
  }

  const DimBindings& dims() const { return dims_; }

 private:
  static constexpr int kMaxSteps = 10000;
  static constexpr int kMaxTries = 256;  // of one symbol

  bool Try(size_t i, int64_t value) {
    if (++steps_ > kMaxSteps) return false;
    dims_[symbols_[i]] = value;
    const bool is_refuted =
        std::any_of(not_negative_.begin(), not_negative_.end(), [&](const Dim& difference) {
          const DimRange range = Range(difference.Substitute(dims_), facts_);
          return range.upper.has_value() && *range.upper < 0;
        });
    if (!is_refuted && Find(i + 1)) return true;
    dims_.erase(symbols_[i]);
    return false;
  }

  // What is known of the symbol by itself, and by relations in which it alone has no value yet:
  // a*?s + b >= 0.
  DimFact FactOf(const std::string& symbol) const {
    const auto it = facts_.find(symbol);
    DimFact fact = it == facts_.end() ? DimFact() : it->second;
    for (const Dim& difference : not_negative_) {
      const Dim rest = difference.Substitute(dims_);
      if (rest.terms().size() != 1 || rest.terms()[0].factors.size() != 1) continue;
      const Dim::Atom& atom = rest.terms()[0].factors[0];
      if (atom.kind != Dim::AtomKind::kSymbol || atom.symbol != symbol) continue;
      const int64_t coefficient = rest.terms()[0].coefficient;
      if (coefficient > 0) {
        const int64_t bound = SaturatingMul(-1, FloorDivInt(rest.constant(), coefficient));
        fact.lower = std::max(fact.lower, bound);
      } else {
        const int64_t bound = FloorDivInt(rest.constant(), SaturatingMul(-1, coefficient));
        fact.upper = std::min(fact.upper.value_or(bound), bound);
      }
    }
    return fact;
  }

  const DimFacts& facts_;
  const std::vector<std::string>& symbols_;
  std::vector<Dim> not_negative_;
  DimBindings dims_;
  int steps_ = 0;
};

}  // namespace

std::optional<DimBindings> FindDims(const DimFacts& facts,
                                    const std::vector<DimConstraint>& relations,
                                    const std::vector<std::string>& symbols,
                                    const DimBindings& given) {
  Search search(facts, relations, symbols, given);
  if (!search.Find(0)) return std::nullopt;
  return search.dims();
}

}  // namespace cermet
