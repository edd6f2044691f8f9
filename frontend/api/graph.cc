// Names, scopes, placeholders, variables and effects of the user's graph.
#include "frontend/api/graph.h"

#include <algorithm>

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
  Location location;
  location.names = {unique};
  Node* node = module_.entry()->AddParameter(std::move(type), unique, std::move(location));
  return Tensor(this, node->result(), unique);
}

Tensor Graph::AddVariable(Value initial, absl::string_view name) {
  const std::string unique = UniqueName(name);
  if (!initial) return Tensor();
  for (const Dim& dim : initial.type().shape) {
    if (dim.IsConstant()) continue;
    builder_.Fail(absl::InvalidArgumentError(
        absl::StrCat("variable \"", unique, "\" needs an initial value of known shape, not ",
                     initial.type().ToString())));
    return Tensor();
  }
  Location location;
  location.names = {unique};
  Node* node = module_.entry()->AddParameter(initial.type(), unique, std::move(location));
  node->mutable_attrs().Set("donated", true);
  variables_.push_back({node->result(), initial, unique});
  return Tensor(this, node->result(), unique);
}

bool Graph::IsVariable(Value value) const {
  return std::any_of(variables_.begin(), variables_.end(),
                     [&](const VariableInfo& variable) { return variable.value == value; });
}

Graph::ControlDependencies::ControlDependencies(Graph* graph,
                                                const std::vector<Operation>& control_inputs)
    : graph_(graph), outer_(graph->control_inputs_) {
  for (const Operation& operation : control_inputs) {
    if (operation.graph() != graph) {
      graph->builder_.Fail(absl::InvalidArgumentError(absl::StrCat(
          "control input \"", operation.name(), "\" is not an operation of this graph")));
      continue;
    }
    graph->control_inputs_.merge(graph->EffectsOf(
        operation.values(), {operation.effects().begin(), operation.effects().end()}));
  }
}
Graph::ControlDependencies::~ControlDependencies() { graph_->control_inputs_ = outer_; }

const std::set<int>& Graph::ControlInputs(const Node* node) const {
  static const auto& none = *new std::set<int>();
  const auto it = node_control_inputs_.find(node);
  return it == node_control_inputs_.end() ? none : it->second;
}

void Graph::AddControlInputs(size_t first, const std::set<int>& effects) {
  if (control_inputs_.empty() && effects.empty()) return;
  const std::vector<std::unique_ptr<Node>>& nodes = module_.entry()->nodes();
  for (size_t i = first; i < nodes.size(); ++i) {
    node_effects_.erase(nodes[i].get());
    std::set<int>& inputs = node_control_inputs_[nodes[i].get()];
    inputs.insert(control_inputs_.begin(), control_inputs_.end());
    inputs.insert(effects.begin(), effects.end());
  }
}

void Graph::AddWithAllBefore(const std::set<int>& effects, std::set<int>* all) const {
  for (int effect : effects) {
    all->insert(effect);
    all->insert(effects_[effect].after.begin(), effects_[effect].after.end());
  }
}

// The effects of a node whose operands' effects are known. Most nodes have those of an operand.
const std::set<int>* Graph::JoinEffects(const Node* node) {
  std::vector<const std::set<int>*> operands;
  for (Value operand : node->operands()) {
    const std::set<int>* const effects = node_effects_.at(operand.node);
    if (std::find(operands.begin(), operands.end(), effects) != operands.end()) continue;
    operands.push_back(effects);
  }
  const std::set<int>& own = ControlInputs(node);
  if (operands.size() == 1 && own.empty()) return operands[0];
  std::set<int> all;
  for (const std::set<int>* effects : operands) all.insert(effects->begin(), effects->end());
  AddWithAllBefore(own, &all);
  return &*effect_sets_.insert(std::move(all)).first;
}

const std::set<int>& Graph::EffectsOf(const Node* node) {
  std::map<int64_t, const Node*> unknown;  // by id: operands come first
  std::vector<const Node*> stack = {node};
  while (!stack.empty()) {
    const Node* const next = stack.back();
    stack.pop_back();
    if (node_effects_.count(next) != 0 || !unknown.emplace(next->id(), next).second) continue;
    for (Value operand : next->operands()) stack.push_back(operand.node);
  }
  for (const auto& [id, next] : unknown) node_effects_[next] = JoinEffects(next);
  return *node_effects_.at(node);
}

std::set<int> Graph::EffectsOf(const std::vector<Value>& values, const std::set<int>& effects) {
  std::set<int> all;
  AddWithAllBefore(effects, &all);
  for (Value value : values) {
    const std::set<int>& more = EffectsOf(value.node);
    all.insert(more.begin(), more.end());
  }
  return all;
}

int Graph::AddEffect(std::string name, Value variable, Value value) {
  Effect effect{std::move(name), variable, value, EffectsOf({value}, control_inputs_)};
  effects_.push_back(std::move(effect));
  return static_cast<int>(effects_.size()) - 1;
}

absl::StatusOr<Value> Graph::ValueAfter(Value variable, const std::set<int>& effects) const {
  // An effect has a higher number than those before it, so the last one must come after all others.
  Value value;
  const Effect* last = nullptr;
  for (auto it = effects.rbegin(); it != effects.rend(); ++it) {
    const Effect& effect = effects_[*it];
    if (effect.variable != variable) continue;
    if (last == nullptr) {
      last = &effect;
      value = effect.value;
    } else if (last->after.count(*it) == 0 && effect.value != value) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", effect.name, "\" and \"", last->name, "\" both assign variable ",
                       variable.node->location().NamesToString(),
                       " in one run: order them with a control dependency"));
    }
  }
  return value;
}

Value Graph::Read(Value value) {
  if (control_inputs_.empty() || !IsVariable(value)) return value;
  const absl::StatusOr<Value> after = ValueAfter(value, control_inputs_);
  if (!after.ok()) builder_.Fail(after.status());
  return after.ok() && *after ? *after : value;
}

}  // namespace cermet::api
