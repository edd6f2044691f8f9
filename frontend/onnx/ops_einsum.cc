// Einsum: operand by operand, products of two, each a dot_general over the labels that nothing
// later needs.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "frontend/onnx/op_context.h"
#include "frontend/onnx/op_table.h"
#include "ir/status.h"

namespace cermet {
namespace {

// What a dim is called: its letter, or -1, -2, ... for the dims of an ellipsis from its last one.
// So labels in increasing order have an ellipsis first, with its dims as they stand.
using Labels = std::vector<int>;

struct Equation {
  std::vector<Labels> operands;
  Labels result;
};

// A value whose dims have distinct labels.
struct Term {
  Value value;
  Labels labels;
};

bool Contains(const Labels& labels, int label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}
int64_t Find(const Labels& labels, int label) {
  return std::find(labels.begin(), labels.end(), label) - labels.begin();
}

class Einsum {
 public:
  explicit Einsum(OpContext* context) : c_(*context) {}

  absl::Status Run() {
    CERMET_ASSIGN_OR_RETURN(const Equation equation, Parse());
    CERMET_ASSIGN_OR_RETURN(const auto extents, Extents(equation));
    Term product;
    for (size_t i = 0; i < equation.operands.size(); ++i) {
      Labels needed = equation.result;  // by what comes after operand i
      for (size_t later = i + 1; later < equation.operands.size(); ++later)
        needed.insert(needed.end(), equation.operands[later].begin(),
                      equation.operands[later].end());
      CERMET_ASSIGN_OR_RETURN(Term operand, Operand(static_cast<int>(i), equation, extents));
      product = i == 0 ? SumOut(operand, needed) : Multiply(product, operand, needed);
      CERMET_RETURN_IF_ERROR(c_.status());
    }
    std::vector<int64_t> permutation;
    Shape shape;  // with the dims that are 1 in every operand, and so in none of the terms
    for (const int label : equation.result) {
      if (Contains(product.labels, label)) permutation.push_back(Find(product.labels, label));
      shape.push_back(extents.at(label));
    }
    return c_.Return(c_.Reshape(c_.Transpose(product.value, permutation), shape));
  }

 private:
  absl::StatusOr<Equation> Parse() {
    const std::string text = absl::StrReplaceAll(c_.Str("equation", ""), {{" ", ""}});
    const std::vector<std::string> sides = absl::StrSplit(text, "->");
    if (sides.size() > 2) return c_.Error(absl::StrCat("equation \"", text, "\" has two arrows"));
    const std::vector<std::string> terms = absl::StrSplit(sides[0], ',');
    if (static_cast<int>(terms.size()) != c_.num_inputs()) {
      return c_.Error(absl::StrCat("equation \"", text, "\" is of ", terms.size(),
                                   " operands, and there are ", c_.num_inputs()));
    }
    Equation equation;
    int64_t ellipsis = 0;  // the most dims that one stands for
    for (size_t i = 0; i < terms.size(); ++i) {
      const int64_t rank = c_.rank(static_cast<int>(i));
      CERMET_ASSIGN_OR_RETURN(Labels labels, ParseTerm(terms[i], rank, &ellipsis));
      if (static_cast<int64_t>(labels.size()) != rank) {
        return c_.Error(absl::StrCat("\"", terms[i], "\" does not name the dims of input ", i,
                                     " of shape ", ToString(c_.shape(static_cast<int>(i)))));
      }
      equation.operands.push_back(std::move(labels));
    }
    if (sides.size() == 1) {
      equation.result = ImplicitResult(equation.operands, ellipsis);
      return equation;
    }
    const int64_t letters = std::count_if(sides[1].begin(), sides[1].end(), absl::ascii_isalpha);
    CERMET_ASSIGN_OR_RETURN(equation.result, ParseTerm(sides[1], letters + ellipsis, &ellipsis));
    for (size_t i = 0; i < equation.result.size(); ++i) {
      const int label = equation.result[i];
      const bool named = std::any_of(equation.operands.begin(), equation.operands.end(),
                                     [&](const Labels& labels) { return Contains(labels, label); });
      if (!named || Find(equation.result, label) != static_cast<int64_t>(i)) {
        return c_.Error(absl::StrCat("equation \"", text, "\": the result's label '",
                                     std::string(1, static_cast<char>(label)), "' is ",
                                     named ? "there twice" : "in no operand"));
      }
    }
    return equation;
  }

  // The labels of a term for a value of rank `rank`; too few of them if it has no ellipsis for the
  // rest.
  absl::StatusOr<Labels> ParseTerm(const std::string& term, int64_t rank, int64_t* ellipsis) {
    constexpr char kEllipsis[] = "...";
    Labels labels;
    const size_t dots = term.find(kEllipsis);
    std::string letters = term;
    if (dots != std::string::npos) letters.erase(dots, 3);
    const int64_t rest = rank - static_cast<int64_t>(letters.size());
    for (size_t i = 0; i <= letters.size(); ++i) {
      if (i == dots) {
        *ellipsis = std::max(*ellipsis, rest);
        for (int64_t d = rest; d > 0; --d) labels.push_back(static_cast<int>(-d));
      }
      if (i == letters.size()) break;
      if (!absl::ascii_isalpha(static_cast<unsigned char>(letters[i]))) {
        return c_.Error(absl::StrCat("\"", term, "\" has '", std::string(1, letters[i]),
                                     "', which is no label"));
      }
      labels.push_back(letters[i]);
    }
    return labels;
  }

  // The ellipsis, then the letters that stand once, in the order of the alphabet.
  static Labels ImplicitResult(const std::vector<Labels>& operands, int64_t ellipsis) {
    Labels result;
    for (int64_t d = ellipsis; d > 0; --d) result.push_back(static_cast<int>(-d));
    std::map<int, int> counts;
    for (const Labels& labels : operands) {
      for (const int label : labels) ++counts[label];
    }
    for (const auto& [label, count] : counts) {
      if (label > 0 && count == 1) result.push_back(label);
    }
    return result;
  }

  // Of each label: dims of extent 1 are broadcast, as numpy does.
  absl::StatusOr<std::map<int, Dim>> Extents(const Equation& equation) {
    std::map<int, Dim> extents;
    for (size_t i = 0; i < equation.operands.size(); ++i) {
      const Labels& labels = equation.operands[i];
      for (size_t d = 0; d < labels.size(); ++d) {
        const Dim& extent = c_.shape(static_cast<int>(i))[d];
        const auto [it, is_new] = extents.emplace(labels[d], extent);
        if (is_new) continue;
        CERMET_ASSIGN_OR_RETURN(const Shape common, c_.solver().Broadcast({it->second}, {extent}));
        it->second = common[0];
      }
    }
    return extents;
  }

  // Input i without its dims of extent 1, and with the diagonal for labels that it has twice.
  absl::StatusOr<Term> Operand(int i, const Equation& equation, const std::map<int, Dim>& extents) {
    Term term;
    Shape shape;
    for (size_t d = 0; d < equation.operands[i].size(); ++d) {
      if (c_.shape(i)[d] == Dim(1)) continue;
      term.labels.push_back(equation.operands[i][d]);
      shape.push_back(extents.at(term.labels.back()));
    }
    term.value = c_.Reshape(c_.in(i), shape);
    for (size_t d = 0; d < term.labels.size(); ++d) {
      const int64_t first = Find(term.labels, term.labels[d]);
      if (first == static_cast<int64_t>(d)) continue;
      term.value = Diagonal(term.value, first, static_cast<int64_t>(d));
      term.labels.erase(term.labels.begin() + static_cast<int64_t>(d));
      --d;
    }
    return term;
  }

  // Of two dims of one extent; dim `second` is gone.
  Value Diagonal(Value x, int64_t first, int64_t second) {
    Builder& b = c_.b();
    if (!b.ok()) return x;
    const Type index(DType::kI64, x.type().shape);
    const Value equal = b.Compare("eq", b.Iota(index, first), b.Iota(index, second));
    const Value zero = b.Identity(OpCode::kAdd, x.type().dtype);
    const Value diagonal = b.Select(equal, x, b.Broadcast(zero, x.type().shape, {}));
    return b.Reduce(OpCode::kAdd, diagonal, zero, {second});
  }

  // Sums over the labels that are not needed.
  Term SumOut(const Term& term, const Labels& needed) {
    Term kept;
    std::vector<int64_t> dims;
    for (size_t d = 0; d < term.labels.size(); ++d) {
      if (Contains(needed, term.labels[d])) {
        kept.labels.push_back(term.labels[d]);
      } else {
        dims.push_back(static_cast<int64_t>(d));
      }
    }
    kept.value = term.value;
    if (dims.empty() || !c_.b().ok()) return kept;
    const Value zero = c_.b().Identity(OpCode::kAdd, term.value.type().dtype);
    kept.value = c_.b().Reduce(OpCode::kAdd, term.value, zero, dims);
    return kept;
  }

  // The product, summed over what is not needed: by dot_general if both have it, before if one has.
  Term Multiply(Term lhs, Term rhs, const Labels& needed) {
    Labels lhs_needed = needed, rhs_needed = needed;
    lhs_needed.insert(lhs_needed.end(), rhs.labels.begin(), rhs.labels.end());
    rhs_needed.insert(rhs_needed.end(), lhs.labels.begin(), lhs.labels.end());
    lhs = SumOut(lhs, lhs_needed);
    rhs = SumOut(rhs, rhs_needed);
    DimPair contract, batch;
    Labels batch_labels, lhs_free, rhs_free;
    for (const int label : lhs.labels) {
      if (!Contains(rhs.labels, label)) {
        lhs_free.push_back(label);
        continue;
      }
      DimPair& pair = Contains(needed, label) ? batch : contract;
      if (&pair == &batch) batch_labels.push_back(label);
      pair.lhs.push_back(Find(lhs.labels, label));
      pair.rhs.push_back(Find(rhs.labels, label));
    }
    for (const int label : rhs.labels) {
      if (!Contains(lhs.labels, label)) rhs_free.push_back(label);
    }
    Term product;
    product.labels = batch_labels;
    product.labels.insert(product.labels.end(), lhs_free.begin(), lhs_free.end());
    product.labels.insert(product.labels.end(), rhs_free.begin(), rhs_free.end());
    product.value = contract.lhs.empty() ? Outer(lhs, rhs, product.labels)
                                         : c_.b().Dot(lhs.value, rhs.value, contract, batch);
    return product;
  }

  // Element by element, where nothing is summed.
  Value Outer(const Term& lhs, const Term& rhs, const Labels& labels) {
    if (!c_.b().ok()) return lhs.value;
    Shape shape;
    for (const int label : labels) {
      const Term& term = Contains(lhs.labels, label) ? lhs : rhs;
      shape.push_back(term.value.type().shape[Find(term.labels, label)]);
    }
    const auto spread = [&](const Term& term) {
      std::vector<int64_t> dims, order;
      Labels sorted = term.labels;
      std::sort(sorted.begin(), sorted.end(),
                [&](int a, int b) { return Find(labels, a) < Find(labels, b); });
      for (const int label : sorted) {
        order.push_back(Find(term.labels, label));
        dims.push_back(Find(labels, label));
      }
      return c_.b().Broadcast(c_.Transpose(term.value, order), shape, dims);
    };
    return c_.b().Mul(spread(lhs), spread(rhs));
  }

  OpContext& c_;
};

constexpr OpRow kRows[] = {
    {"Einsum", 12, kNewest, 1, kAny, [](OpContext& c) { return Einsum(&c).Run(); },
     Float16::kInF32},
};

}  // namespace

absl::Span<const OpRow> EinsumOps() { return kRows; }

}  // namespace cermet
