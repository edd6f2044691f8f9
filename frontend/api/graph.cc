// Names, scopes, placeholders and variables of the user's graph.
#include "frontend/api/graph.h"

#include "absl/strings/str_cat.h"

namespace cermet::api {
namespace {

std::vector<Graph*>& DefaultGraphs() {
  thread_local std::vector<Graph*> graphs;
  return graphs;
}

}  // namespace

Graph* Graph::Default() { return DefaultGraphs().empty() ? nullptr : DefaultGraphs().back(); }
Graph::DefaultScope::DefaultScope(Graph* graph) { DefaultGraphs().push_back(graph); }
Graph::DefaultScope::~DefaultScope() { DefaultGraphs().pop_back(); }

Graph::NameScope::NameScope(Graph* graph, absl::string_view name)
    : graph_(graph), outer_(graph->scope_) {
  graph->scope_ = absl::StrCat(graph->UniqueName(name), "/");
}
Graph::NameScope::~NameScope() { graph_->scope_ = outer_; }

std::string Graph::UniqueName(absl::string_view name) {
  const std::string full = absl::StrCat(scope_, name);
  const int64_t used = names_[full]++;
  if (used == 0) return full;
  // `Add_1` may have been taken by a user who asked for it.
  const std::string candidate = absl::StrCat(full, "_", used);
  if (names_.count(candidate) != 0) return UniqueName(name);
  names_[candidate] = 1;
  return candidate;
}

Builder& Graph::BuilderFor(const std::string& name) {
  Location location;
  location.names = {name};
  builder_.set_location(std::move(location));
  return builder_;
}

Tensor Graph::AddPlaceholder(Type type, absl::string_view name) {
  const std::string unique = UniqueName(name);
  Node* node = module_.entry()->AddParameter(std::move(type), unique);
  return Tensor(this, node->result(), unique);
}

Tensor Graph::AddVariable(Value initial, absl::string_view name) {
  const std::string unique = UniqueName(name);
  if (!initial) return Tensor();
  Node* node = module_.entry()->AddParameter(initial.type(), unique);
  node->mutable_attrs().Set("donated", true);
  variables_.push_back({node->result(), initial, unique});
  return Tensor(this, node->result(), unique);
}

}  // namespace cermet::api
