// Modules, graphs and nodes as containers: creation, rewiring, removal and copying. Nothing here
// looks at what ops mean.
#include "ir/graph.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ir/lexer.h"
#include "ir/status.h"

namespace cermet {
namespace {

std::vector<std::unique_ptr<Graph>> CloneBodies(const Node& node) {
  std::vector<std::unique_ptr<Graph>> bodies;
  bodies.reserve(node.bodies().size());
  for (const std::unique_ptr<Graph>& body : node.bodies())
    bodies.push_back(body->Clone(body->name()));
  return bodies;
}

std::vector<Value> MapValues(absl::Span<const Value> values,
                             const std::map<const Node*, Node*>& mapping) {
  std::vector<Value> mapped;
  mapped.reserve(values.size());
  for (const Value value : values) mapped.push_back(Value{mapping.at(value.node), value.index});
  return mapped;
}

}  // namespace

// ---- Value, Location, Node

const Type& Value::type() const { return node->type(index); }

bool operator<(Value a, Value b) {
  if (a.node == b.node) return a.index < b.index;
  if (a.node == nullptr || b.node == nullptr) return a.node == nullptr;
  if (a.node->id() != b.node->id()) return a.node->id() < b.node->id();
  return std::less<Node*>()(a.node, b.node);  // values of different graphs
}

Location Location::Merge(const Location& other) const {
  Location merged = *this;
  std::set<std::string> seen(names.begin(), names.end());
  for (const std::string& name : other.names) {
    if (seen.insert(name).second) merged.names.push_back(name);
  }
  if (merged.file.empty() && merged.line == 0) {
    merged.file = other.file;
    merged.line = other.line;
  }
  return merged;
}

std::string Location::NamesToString() const {
  return absl::StrJoin(
      names, " ", [](std::string* out, const std::string& name) { *out += QuoteString(name); });
}

std::string Node::Describe() const {
  std::string text = absl::StrCat(Name(op_), " %", id_);
  if (!location_.names.empty()) absl::StrAppend(&text, " ", location_.NamesToString());
  if (location_.file.empty()) return text;
  absl::StrAppend(&text, " (", location_.file);
  if (location_.line > 0) absl::StrAppend(&text, ":", location_.line);
  return text + ")";
}

// ---- Graph

Node* Graph::AddParameter(Type type, std::string name, Location location) {
  const int64_t index = static_cast<int64_t>(parameters_.size());
  if (location.names.empty() && !name.empty()) location.names = {name};
  AttrMap attrs;
  attrs.Set("name", std::move(name));
  attrs.Set("index", index);
  return InsertNode(index, OpCode::kParameter, {}, {std::move(type)}, std::move(attrs), {},
                    std::move(location));
}

Node* Graph::AddNode(OpCode op, std::vector<Value> operands, std::vector<Type> types, AttrMap attrs,
                     std::vector<std::unique_ptr<Graph>> bodies, Location location) {
  return InsertNode(static_cast<int64_t>(nodes_.size()), op, std::move(operands), std::move(types),
                    std::move(attrs), std::move(bodies), std::move(location));
}

Node* Graph::InsertNode(int64_t position, OpCode op, std::vector<Value> operands,
                        std::vector<Type> types, AttrMap attrs,
                        std::vector<std::unique_ptr<Graph>> bodies, Location location) {
  auto node = std::make_unique<Node>();
  node->op_ = op;
  node->id_ = next_id_++;
  node->graph_ = this;
  node->operands_ = std::move(operands);
  node->types_ = std::move(types);
  node->attrs_ = std::move(attrs);
  node->bodies_ = std::move(bodies);
  node->location_ = std::move(location);
  Node* const result = node.get();
  nodes_.insert(nodes_.begin() + position, std::move(node));
  if (op == OpCode::kParameter) parameters_.push_back(result);
  return result;
}

void Graph::ReplaceAllUses(Value from, Value to) {
  ReplaceAllUses(std::map<Value, Value>{{from, to}});
}

void Graph::ReplaceAllUses(const std::map<Value, Value>& replacements) {
  if (replacements.empty()) return;
  const auto resolve = [&](Value value) {
    for (size_t steps = 0; steps <= replacements.size(); ++steps) {
      const auto it = replacements.find(value);
      if (it == replacements.end() || it->second == value) return value;
      value = it->second;
    }
    CERMET_UNREACHABLE();  // a cycle of replacements
  };
  for (const std::unique_ptr<Node>& node : nodes_) {
    for (Value& operand : node->operands_) operand = resolve(operand);
  }
  for (Value& result : results_) result = resolve(result);
}

void Graph::RemoveNodes(const std::function<bool(const Node&)>& dead) {
  std::set<const Node*> removed;
  for (const std::unique_ptr<Node>& node : nodes_) {
    if (dead(*node)) {
      CERMET_CHECK(node->op() != OpCode::kParameter);
      removed.insert(node.get());
    }
  }
  if (removed.empty()) return;
  for (const std::unique_ptr<Node>& node : nodes_) {
    if (removed.count(node.get()) != 0) continue;
    for (const Value operand : node->operands_) CERMET_CHECK(removed.count(operand.node) == 0);
  }
  for (const Value result : results_) CERMET_CHECK(removed.count(result.node) == 0);
  nodes_.erase(std::remove_if(nodes_.begin(), nodes_.end(),
                              [&](const std::unique_ptr<Node>& node) {
                                return removed.count(node.get()) != 0;
                              }),
               nodes_.end());
}

void Graph::RemoveParameter(int64_t i) {
  Node* const parameter = parameters_[i];
  for (const std::unique_ptr<Node>& node : nodes_) {
    for (const Value operand : node->operands_) CERMET_CHECK(operand.node != parameter);
  }
  for (const Value result : results_) CERMET_CHECK(result.node != parameter);
  parameters_.erase(parameters_.begin() + i);
  nodes_.erase(nodes_.begin() + i);
  for (; i < static_cast<int64_t>(parameters_.size()); ++i) parameters_[i]->attrs_.Set("index", i);
}

void Graph::SortTopologically() {
  // Depth first, in the old order: a graph that is in order stays as it is.
  enum class Mark : uint8_t { kOpen, kDone };
  std::map<const Node*, Mark> marks;
  std::map<const Node*, int64_t> positions;
  for (size_t i = 0; i < nodes_.size(); ++i) positions[nodes_[i].get()] = static_cast<int64_t>(i);
  std::vector<int64_t> order;
  order.reserve(nodes_.size());
  for (const std::unique_ptr<Node>& root : nodes_) {
    std::vector<std::pair<const Node*, size_t>> stack;  // node, next operand to visit
    const auto open = [&](const Node* node) {
      const auto [it, is_new] = marks.insert({node, Mark::kOpen});
      CERMET_CHECK(is_new || it->second == Mark::kDone);  // else a cycle
      if (is_new) stack.push_back({node, 0});
    };
    open(root.get());
    while (!stack.empty()) {
      const Node* const node = stack.back().first;
      if (stack.back().second < node->operands_.size()) {
        open(node->operands_[stack.back().second++].node);
        continue;
      }
      marks[node] = Mark::kDone;
      order.push_back(positions.at(node));
      stack.pop_back();
    }
  }
  std::vector<std::unique_ptr<Node>> sorted;
  sorted.reserve(nodes_.size());
  for (const int64_t position : order) sorted.push_back(std::move(nodes_[position]));
  nodes_ = std::move(sorted);
}

void Graph::RenumberIds() {
  next_id_ = 0;
  for (const std::unique_ptr<Node>& node : nodes_) {
    node->id_ = next_id_++;
    for (const std::unique_ptr<Graph>& body : node->bodies_) body->RenumberIds();
  }
}

std::map<Value, int64_t> Graph::CountUses() const {
  std::map<Value, int64_t> uses;
  for (const std::unique_ptr<Node>& node : nodes_) {
    for (const Value operand : node->operands_) ++uses[operand];
  }
  for (const Value result : results_) ++uses[result];
  return uses;
}

std::unique_ptr<Graph> Graph::Clone(std::string name, std::map<const Node*, Node*>* mapping) const {
  auto copy = std::make_unique<Graph>(std::move(name));
  std::map<const Node*, Node*> local;
  std::map<const Node*, Node*>& map = mapping == nullptr ? local : *mapping;
  for (const std::unique_ptr<Node>& node : nodes_) {
    map[node.get()] = copy->AddNode(node->op_, MapValues(node->operands_, map), node->types_,
                                    node->attrs_, CloneBodies(*node), node->location_);
    map[node.get()]->id_ = node->id_;
  }
  copy->next_id_ = next_id_;
  copy->results_ = MapValues(results_, map);
  copy->result_names_ = result_names_;
  return copy;
}

std::vector<Value> InlineGraph(const Graph& source, Graph* target,
                               absl::Span<const Value> arguments, const Location& location) {
  CERMET_CHECK(arguments.size() == source.parameters().size());
  std::map<Value, Value> values;
  for (size_t i = 0; i < arguments.size(); ++i)
    values[source.parameters()[i]->result()] = arguments[i];
  const auto map = [&](absl::Span<const Value> from) {
    std::vector<Value> to;
    to.reserve(from.size());
    for (const Value value : from) to.push_back(values.at(value));
    return to;
  };
  for (const std::unique_ptr<Node>& node : source.nodes()) {
    if (node->op() == OpCode::kParameter) continue;
    Node* const copy =
        target->AddNode(node->op(), map(node->operands()), node->types(), node->attrs(),
                        CloneBodies(*node), location.Merge(node->location()));
    for (int i = 0; i < node->num_results(); ++i) values[node->result(i)] = copy->result(i);
  }
  return map(source.results());
}

// ---- Module

Graph* Module::AddGraph(std::string name) {
  AddGraph(std::make_unique<Graph>(std::move(name)));
  return graphs_.back().get();
}

void Module::AddGraph(std::unique_ptr<Graph> graph) {
  CERMET_CHECK(FindGraph(graph->name()) == nullptr);
  graphs_.push_back(std::move(graph));
}

Graph* Module::FindGraph(absl::string_view name) const {
  for (const std::unique_ptr<Graph>& graph : graphs_) {
    if (graph->name() == name) return graph.get();
  }
  return nullptr;
}

void Module::RemoveGraph(absl::string_view name) {
  graphs_.erase(
      std::remove_if(graphs_.begin(), graphs_.end(),
                     [&](const std::unique_ptr<Graph>& graph) { return graph->name() == name; }),
      graphs_.end());
}

Graph* Module::entry() const {
  if (Graph* const main = FindGraph("main"); main != nullptr) return main;
  return graphs_.empty() ? nullptr : graphs_.front().get();
}

std::unique_ptr<Module> Module::Clone() const {
  auto copy = std::make_unique<Module>();
  for (const std::unique_ptr<Graph>& graph : graphs_) copy->AddGraph(graph->Clone(graph->name()));
  copy->constants_ = constants_;
  copy->facts_ = facts_;
  return copy;
}

}  // namespace cermet
