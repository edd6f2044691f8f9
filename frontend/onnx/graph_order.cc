// Files list nodes in topological order, but hand-made and edited ones do not always.
#include "frontend/onnx/graph_order.h"

#include <map>
#include <queue>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "frontend/onnx/graph_importer.h"

namespace cermet {
namespace {

// Appends the names that `graph` uses and none of `bound` defines.
void CollectCaptures(const onnx::GraphProto& graph, std::set<std::string> bound,
                     std::vector<std::string>* names, std::set<std::string>* seen);

void CollectUses(const onnx::NodeProto& node, const std::set<std::string>& bound,
                 std::vector<std::string>* names, std::set<std::string>* seen) {
  for (const std::string& name : node.input()) {
    if (!name.empty() && bound.count(name) == 0 && seen->insert(name).second)
      names->push_back(name);
  }
  for (const onnx::AttributeProto& attr : node.attribute()) {
    if (attr.has_g()) CollectCaptures(attr.g(), bound, names, seen);
    for (const onnx::GraphProto& graph : attr.graphs()) CollectCaptures(graph, bound, names, seen);
  }
}

void CollectCaptures(const onnx::GraphProto& graph, std::set<std::string> bound,
                     std::vector<std::string>* names, std::set<std::string>* seen) {
  for (const onnx::ValueInfoProto& input : graph.input()) bound.insert(input.name());
  for (const onnx::TensorProto& tensor : graph.initializer()) bound.insert(tensor.name());
  for (const onnx::NodeProto& node : graph.node()) {
    for (const std::string& output : node.output()) bound.insert(output);
  }
  for (const onnx::NodeProto& node : graph.node()) CollectUses(node, bound, names, seen);
  for (const onnx::ValueInfoProto& output : graph.output()) {
    if (bound.count(output.name()) == 0 && seen->insert(output.name()).second)
      names->push_back(output.name());
  }
}

using Producers = std::map<std::string, int>;

absl::StatusOr<Producers> FindProducers(const onnx::GraphProto& graph) {
  Producers producers;
  for (int i = 0; i < graph.node_size(); ++i) {
    for (const std::string& output : graph.node(i).output()) {
      if (output.empty()) continue;
      auto [it, inserted] = producers.emplace(output, i);
      if (!inserted) {
        return absl::InvalidArgumentError(
            absl::StrCat("\"", output, "\" is written by ", DescribeNode(graph.node(it->second)),
                         " and again by ", DescribeNode(graph.node(i))));
      }
    }
  }
  return producers;
}

// The nodes in `live` that node i waits for.
std::set<int> Dependencies(const onnx::NodeProto& node, const Producers& producers) {
  std::set<int> result;
  for (const std::string& name : NamesUsed(node)) {
    if (auto it = producers.find(name); it != producers.end()) result.insert(it->second);
  }
  return result;
}

}  // namespace

std::vector<std::string> NamesUsed(const onnx::NodeProto& node) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  CollectUses(node, {}, &names, &seen);
  return names;
}

std::vector<std::string> CapturedNames(const onnx::GraphProto& graph) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  CollectCaptures(graph, {}, &names, &seen);
  return names;
}

absl::StatusOr<std::vector<const onnx::NodeProto*>> LiveNodesInOrder(
    const onnx::GraphProto& graph) {
  absl::StatusOr<Producers> producers = FindProducers(graph);
  if (!producers.ok()) return producers.status();

  // Which nodes the outputs need, and for each, whom it waits for.
  std::map<int, std::set<int>> waits;
  std::vector<int> pending;
  for (const onnx::ValueInfoProto& output : graph.output()) {
    if (auto it = producers->find(output.name()); it != producers->end())
      pending.push_back(it->second);
  }
  while (!pending.empty()) {
    const int i = pending.back();
    pending.pop_back();
    if (waits.count(i) > 0) continue;
    waits[i] = Dependencies(graph.node(i), *producers);
    pending.insert(pending.end(), waits[i].begin(), waits[i].end());
  }

  std::map<int, std::vector<int>> users;
  std::map<int, size_t> missing;
  std::priority_queue<int, std::vector<int>, std::greater<int>> ready;
  for (const auto& [i, dependencies] : waits) {
    missing[i] = dependencies.size();
    for (const int dependency : dependencies) users[dependency].push_back(i);
    if (dependencies.empty()) ready.push(i);
  }
  std::vector<const onnx::NodeProto*> order;
  while (!ready.empty()) {
    const int i = ready.top();
    ready.pop();
    order.push_back(&graph.node(i));
    for (const int user : users[i]) {
      if (--missing[user] == 0) ready.push(user);
    }
  }
  if (order.size() == waits.size()) return order;
  for (const auto& [i, count] : missing) {
    if (count > 0)
      return absl::InvalidArgumentError(
          absl::StrCat("the graph has a cycle through ", DescribeNode(graph.node(i))));
  }
  return order;
}

}  // namespace cermet
