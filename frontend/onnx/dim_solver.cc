// Example of learning: a table of 256 positions is cut to `table[:seq]`, whose extent is min(seq,
// 256), and then added to activations of extent seq. The addition can only be meant if seq <= 256;
// with that, the cut's extent is seq.
#include "frontend/onnx/dim_solver.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "ir/status.h"

namespace cermet {

void DimSolver::BeginAttempt() {
  facts_.clear();
  learned_new_ = false;
}

void DimSolver::Declare(const std::string& symbol) {
  DimFact fact;
  fact.lower = 1;
  if (auto it = upper_.find(symbol); it != upper_.end()) fact.upper = it->second;
  facts_[symbol] = fact;
}

Dim DimSolver::Resolve(const std::string& symbol) const {
  auto it = equal_.find(symbol);
  return it == equal_.end() ? Dim::Symbol(symbol) : Resolve(it->second);
}

std::optional<bool> DimSolver::Less(const Dim& a, const Dim& b) const {
  const DimRange range = Range(a - b, facts_);
  if (range.upper && *range.upper < 0) return true;
  if (range.lower && *range.lower >= 0) return false;
  return std::nullopt;
}

std::optional<bool> DimSolver::Equal(const Dim& a, const Dim& b) const {
  if (a == b) return true;
  const DimRange range = Range(a - b, facts_);
  if (range.lower && range.upper && *range.lower == 0 && *range.upper == 0) return true;
  if ((range.lower && *range.lower > 0) || (range.upper && *range.upper < 0)) return false;
  return std::nullopt;
}

bool DimSolver::NonNegative(const Dim& a) const {
  const DimRange range = Range(a, facts_);
  return range.lower && *range.lower >= 0;
}

Dim DimSolver::Min(const Dim& a, const Dim& b) const {
  if (NonNegative(b - a)) return a;
  if (NonNegative(a - b)) return b;
  return Dim::Min(a, b);
}

Dim DimSolver::Max(const Dim& a, const Dim& b) const {
  if (NonNegative(b - a)) return b;
  if (NonNegative(a - b)) return a;
  return Dim::Max(a, b);
}

// `minimum` = min(symbol, bound): learns symbol <= bound.
bool DimSolver::LearnBound(const Dim& symbol, const Dim& minimum) {
  std::string name;
  if (!symbol.IsSymbol(&name) || minimum.constant() != 0 || minimum.terms().size() != 1)
    return false;
  const Dim::Term& term = minimum.terms()[0];
  if (term.coefficient != 1 || term.factors.size() != 1 ||
      term.factors[0].kind != Dim::AtomKind::kMin)
    return false;
  const std::vector<Dim>& args = term.factors[0].args;
  for (int i = 0; i < 2; ++i) {
    if (args[i] != symbol || !args[1 - i].IsConstant()) continue;
    const int64_t bound = args[1 - i].value();
    auto [it, inserted] = upper_.emplace(name, bound);
    if (!inserted && it->second <= bound) return false;
    it->second = bound;
    learned_new_ = true;
    return true;
  }
  return false;
}

absl::StatusOr<Dim> DimSolver::Unify(const Dim& a, const Dim& b) {
  const std::optional<bool> equal = Equal(a, b);
  if (equal == true) return a.IsConstant() ? a : b;
  const absl::Status failure = absl::FailedPreconditionError(
      absl::StrCat("extents ", a.ToString(), " and ", b.ToString(), " should be equal"));
  if (equal == false) return absl::InvalidArgumentError(failure.message());
  std::string name_a, name_b;
  if (a.IsSymbol(&name_a) && b.IsSymbol(&name_b)) {
    equal_[std::max(name_a, name_b)] = std::min(name_a, name_b);
    learned_new_ = true;
  } else if (!LearnBound(a, b)) {
    LearnBound(b, a);
  }
  return failure;
}

absl::StatusOr<Shape> DimSolver::Broadcast(const Shape& a, const Shape& b) {
  const size_t rank = std::max(a.size(), b.size());
  Shape result(rank, Dim(1));
  for (size_t i = 0; i < rank; ++i) {
    const Dim x = i < rank - a.size() ? Dim(1) : a[i - (rank - a.size())];
    const Dim y = i < rank - b.size() ? Dim(1) : b[i - (rank - b.size())];
    if (x == Dim(1) || y == Dim(1)) {
      result[i] = x == Dim(1) ? y : x;
      continue;
    }
    absl::StatusOr<Dim> common = Unify(x, y);
    if (!common.ok()) {
      return absl::Status(common.status().code(),
                          absl::StrCat("shapes ", ToString(a), " and ", ToString(b),
                                       " do not broadcast: ", common.status().message()));
    }
    result[i] = *common;
  }
  return result;
}

}  // namespace cermet
