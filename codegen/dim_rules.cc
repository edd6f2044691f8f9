// Facts and requirements of a program as one list, which the header prints and the object checks.
#include "codegen/dim_rules.h"

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"

namespace cermet::codegen {

using program::BufferKind;
using program::Program;
using program::Requirement;

std::vector<Requirement> DimRules(const Program& program) {
  std::vector<Requirement> rules;
  for (const std::string& symbol : program.symbols) {
    const auto it = program.facts.find(symbol);
    const DimFact fact = it == program.facts.end() ? DimFact() : it->second;
    const Dim dim = Dim::Symbol(symbol);
    rules.push_back({/*is_equality=*/false, fact.lower, dim, ""});
    if (fact.upper) rules.push_back({/*is_equality=*/false, dim, *fact.upper, ""});
    if (fact.divisor > 1) {
      rules.push_back({/*is_equality=*/true, Dim::Mod(dim, fact.divisor), 0, ""});
    }
  }
  rules.insert(rules.end(), program.requirements.begin(), program.requirements.end());
  return rules;
}

std::string Describe(const Requirement& rule) {
  return absl::StrCat(rule.lhs.ToString(), rule.is_equality ? " = " : " <= ", rule.rhs.ToString(),
                      rule.node.empty() ? "" : " for ", rule.node);
}

std::vector<Dim> DimSizes(const Program& program) {
  std::vector<Dim> sizes;
  for (const program::Buffer& buffer : program.buffers) {
    if (buffer.kind != BufferKind::kInput && buffer.kind != BufferKind::kOutput) continue;
    sizes.push_back(buffer.type.NumElements() * Dim(ByteSize(buffer.type.dtype)));
  }
  sizes.push_back(program.temp_bytes);
  sizes.push_back(program.scratch_bytes);
  return sizes;
}

absl::Status CheckSymbols(const Program& program) {
  std::vector<std::string> used;
  for (const Requirement& rule : program.requirements) {
    rule.lhs.CollectSymbols(&used);
    rule.rhs.CollectSymbols(&used);
  }
  for (const Dim& size : DimSizes(program)) size.CollectSymbols(&used);
  for (const std::string& symbol : used) {
    if (absl::c_linear_search(program.symbols, symbol)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("program @", program.name, ": no input gives the value of ?", symbol));
  }
  return absl::OkStatus();
}

}  // namespace cermet::codegen
