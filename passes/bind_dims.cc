// Binding of symbolic dims: one substitution over types and attributes.
//
//   graph @main(%x: f32[?n,8]) ...   with n = 4   =>   graph @main(%x: f32[4,8]) ...
#include "passes/bind_dims.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ir/dim_binding.h"
#include "ir/status.h"

namespace cermet {
namespace {

void CollectSymbols(const Graph& graph, std::vector<std::string>* names) {
  for (const auto& node : graph.nodes()) {
    for (const Type& type : node->types()) {
      for (const Dim& dim : type.shape) dim.CollectSymbols(names);
    }
    for (const auto& body : node->bodies()) CollectSymbols(*body, names);
  }
}

void Bind(Graph& graph, const DimBindings& bindings) {
  for (const auto& node : graph.nodes()) {
    for (int64_t i = 0; i < node->num_results(); ++i) {
      Type type = node->type(i);
      for (Dim& dim : type.shape) dim = dim.Substitute(bindings);
      node->set_type(i, std::move(type));
    }
    const AttrMap attrs = node->attrs();
    for (const auto& [name, attr] : attrs.items()) {
      const auto* dims = std::get_if<std::vector<Dim>>(&attr);
      if (dims == nullptr) continue;
      std::vector<Dim> bound;
      for (const Dim& dim : *dims) bound.push_back(dim.Substitute(bindings));
      node->mutable_attrs().Set(name, std::move(bound));
    }
    for (const auto& body : node->bodies()) Bind(*body, bindings);
  }
}

// A branch of `if` may be there for other sizes only. With these ones put in it would not verify.
absl::Status CheckBranches(const Graph& graph, const DimFacts& facts,
                           absl::Span<const DimSource> sources, const DimBindings& bindings) {
  for (const auto& node : graph.nodes()) {
    for (const auto& body : node->bodies()) {
      const absl::Status status =
          node->op() == OpCode::kIf ? CheckDims(*body, facts, sources, bindings) : absl::OkStatus();
      if (!status.ok()) {
        return absl::FailedPreconditionError(absl::StrCat(
            node->Describe(),
            ": a branch is for other sizes, so they cannot be fixed: ", status.message()));
      }
      CERMET_RETURN_IF_ERROR(CheckBranches(*body, facts, sources, bindings));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status BindDims(Module* module, const DimBindings& bindings) {
  std::vector<std::string> names;
  for (const auto& graph : module->graphs()) CollectSymbols(*graph, &names);
  const std::set<std::string> known(names.begin(), names.end());
  for (const auto& [name, value] : bindings) {
    if (known.count(name) == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("there is no dim ?", name, "; the module has ",
                       known.empty() ? "none" : absl::StrCat("?", absl::StrJoin(known, ", ?"))));
    }
  }
  const std::vector<DimSource> sources = DimSourcesOf(*module->entry());
  for (const auto& graph : module->graphs())
    CERMET_RETURN_IF_ERROR(CheckDims(*graph, module->facts(), sources, bindings));
  for (const auto& graph : module->graphs())
    CERMET_RETURN_IF_ERROR(CheckBranches(*graph, module->facts(), sources, bindings));
  for (const auto& graph : module->graphs()) Bind(*graph, bindings);
  for (const auto& [name, value] : bindings) module->facts().erase(name);
  return absl::OkStatus();
}

}  // namespace cermet
