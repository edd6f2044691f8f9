// Lookup of names, from the inner graph outwards.
#include "frontend/onnx/scope.h"

namespace cermet {

Value FindIn(const Graph* graph, const std::vector<std::pair<const Graph*, Value>>& values) {
  for (const auto& [owner, value] : values) {
    if (owner == graph) return value;
  }
  return Value();
}

ImportedValue* Scope::Find(const std::string& name) {
  for (Scope* scope = this; scope != nullptr; scope = scope->parent_) {
    if (auto it = scope->values_.find(name); it != scope->values_.end()) return &it->second;
  }
  return nullptr;
}

bool Scope::Define(ImportedValue value) {
  std::string name = value.name;
  return values_.emplace(std::move(name), std::move(value)).second;
}

}  // namespace cermet
