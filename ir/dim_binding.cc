// Shapes are bound in three rounds: symbols that stand alone, then what follows from these by
// solving for one unknown, then every extent is compared with what the symbols make it.
#include "ir/dim_binding.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ir/status.h"

namespace cermet {
namespace {

std::string Describe(const DimSource& source, const std::vector<int64_t>& shape) {
  return absl::StrCat(source.name, " (", source.type.ToString(), ") is given as [",
                      absl::StrJoin(shape, ","), "]");
}

// Where `symbol` stands alone, else where it first occurs: `dim 0 of input "x"`; empty if nowhere.
std::string PlaceOf(const std::string& symbol, absl::Span<const DimSource> sources) {
  std::string place;
  for (const DimSource& source : sources) {
    for (size_t d = 0; d < source.type.shape.size(); ++d) {
      std::vector<std::string> symbols;
      source.type.shape[d].CollectSymbols(&symbols);
      if (std::find(symbols.begin(), symbols.end(), symbol) == symbols.end()) continue;
      const bool stands_alone = source.type.shape[d].IsSymbol();
      if (!stands_alone && !place.empty()) continue;
      place = absl::StrCat("dim ", d, " of ", source.name);
      if (stands_alone) return place;
    }
  }
  return place;
}

// `2..64`, `1..`.
std::string Bounds(const DimFact& fact) {
  return absl::StrCat(fact.lower, "..", fact.upper ? absl::StrCat(*fact.upper) : "");
}

absl::Status BindSymbols(const DimSource& source, const std::vector<int64_t>& shape,
                         absl::Span<const DimSource> sources, DimBindings* dims) {
  if (static_cast<int64_t>(shape.size()) != source.type.rank()) {
    return absl::InvalidArgumentError(absl::StrCat(Describe(source, shape), ": rank ", shape.size(),
                                                   ", not ", source.type.rank()));
  }
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(Describe(source, shape), ": dim ", d, " is negative"));
    }
    std::string symbol;
    if (!source.type.shape[d].IsSymbol(&symbol)) continue;
    const auto [it, is_new] = dims->emplace(symbol, shape[d]);
    if (is_new || it->second == shape[d]) continue;
    return absl::InvalidArgumentError(absl::StrCat(Describe(source, shape), ": dim ", d, " is ",
                                                   shape[d], ", but ?", symbol, " is ", it->second,
                                                   " by ", PlaceOf(symbol, sources)));
  }
  return absl::OkStatus();
}

// Binds ?s from an extent a*?s + b whose other symbols are known.
void SolveLinear(const Dim& extent, int64_t value, DimBindings* dims) {
  const Dim rest = extent.Substitute(*dims);
  if (rest.terms().size() != 1 || rest.terms()[0].factors.size() != 1) return;
  const Dim::Atom& atom = rest.terms()[0].factors[0];
  const int64_t coefficient = rest.terms()[0].coefficient;
  int64_t difference;
  if (atom.kind != Dim::AtomKind::kSymbol ||
      __builtin_sub_overflow(value, rest.constant(), &difference) ||
      difference % coefficient != 0) {
    return;
  }
  dims->emplace(atom.symbol, difference / coefficient);
}

absl::Status CheckExtents(const DimSource& source, const std::vector<int64_t>& shape,
                          const DimBindings& dims) {
  for (size_t d = 0; d < shape.size(); ++d) {
    if (!source.type.shape[d].Substitute(dims).IsConstant()) continue;
    const absl::StatusOr<int64_t> extent = source.type.shape[d].Evaluate(dims);
    if (extent.ok() && *extent == shape[d]) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(Describe(source, shape), ": dim ", d, " must be ",
                     extent.ok() ? absl::StrCat(*extent) : source.type.shape[d].ToString()));
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<DimSource> DimSourcesOf(const Graph& graph) {
  std::vector<DimSource> sources;
  for (const Node* parameter : graph.parameters()) {
    const std::string* const name = parameter->attrs().Find<std::string>("name");
    const bool is_named = name != nullptr && !name->empty();
    sources.push_back(
        {is_named ? absl::StrCat("input \"", *name, "\"") : absl::StrCat("input ", sources.size()),
         parameter->type()});
  }
  return sources;
}

absl::StatusOr<DimBindings> BindShapes(absl::Span<const DimSource> sources,
                                       absl::Span<const std::vector<int64_t>> shapes) {
  DimBindings dims;
  for (size_t i = 0; i < sources.size(); ++i) {
    CERMET_RETURN_IF_ERROR(BindSymbols(sources[i], shapes[i], sources, &dims));
  }
  for (size_t i = 0; i < sources.size(); ++i) {
    for (size_t d = 0; d < shapes[i].size(); ++d) {
      SolveLinear(sources[i].type.shape[d], shapes[i][d], &dims);
    }
  }
  for (size_t i = 0; i < sources.size(); ++i) {
    CERMET_RETURN_IF_ERROR(CheckExtents(sources[i], shapes[i], dims));
  }
  return dims;
}

absl::Status DimCheck::Facts() const {
  for (const auto& [symbol, value] : dims_) {
    const auto it = facts_.find(symbol);
    const DimFact fact = it == facts_.end() ? DimFact() : it->second;
    if (value < fact.lower || (fact.upper && value > *fact.upper)) {
      return absl::InvalidArgumentError(
          absl::StrCat("dim ", Explain(symbol), " is outside of its bounds ", Bounds(fact)));
    }
    if (fact.divisor > 1 && value % fact.divisor != 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("dim ", Explain(symbol), " is not a multiple of ", fact.divisor));
    }
  }
  return absl::OkStatus();
}

absl::Status DimCheck::Relation(DimConstraint::Kind kind, const Dim& lhs, const Dim& rhs,
                                absl::string_view node) const {
  const bool is_equality = kind == DimConstraint::Kind::kEqual;
  const Dim left = lhs.Substitute(dims_), right = rhs.Substitute(dims_);
  const DimRange range = Range(right - left, facts_);
  const bool is_refuted =
      (range.upper && *range.upper < 0) || (is_equality && range.lower && *range.lower > 0);
  if (!is_refuted) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(node, ": needs ", lhs.ToString(),
                                                 is_equality ? " = " : " <= ", rhs.ToString(),
                                                 ", but ", ExplainAll(lhs, rhs)));
}

// `?n = 3 (dim 0 of input "x")`.
std::string DimCheck::Explain(const std::string& symbol) const {
  const std::string place = PlaceOf(symbol, sources_);
  return absl::StrCat("?", symbol, " = ", dims_.at(symbol),
                      place.empty() ? "" : absl::StrCat(" (", place, ")"));
}

std::string DimCheck::ExplainAll(const Dim& lhs, const Dim& rhs) const {
  std::vector<std::string> symbols, texts;
  lhs.CollectSymbols(&symbols);
  rhs.CollectSymbols(&symbols);
  for (const std::string& symbol : symbols) {
    if (dims_.count(symbol) > 0) {
      texts.push_back(Explain(symbol));
    } else if (auto it = facts_.find(symbol); it != facts_.end()) {
      texts.push_back(absl::StrCat("?", symbol, " in ", Bounds(it->second)));
    }
  }
  return absl::StrJoin(texts, " and ");
}

absl::Status CheckDims(const Graph& graph, const DimFacts& facts,
                       absl::Span<const DimSource> sources, const DimBindings& dims) {
  const DimCheck check(facts, sources, dims);
  CERMET_RETURN_IF_ERROR(check.Facts());
  CERMET_ASSIGN_OR_RETURN(const std::vector<DimConstraint> open, OpenConstraints(graph, facts));
  for (const DimConstraint& constraint : open) {
    CERMET_RETURN_IF_ERROR(check.Relation(constraint.kind, constraint.lhs, constraint.rhs,
                                          constraint.node->Describe()));
  }
  return absl::OkStatus();
}

}  // namespace cermet
