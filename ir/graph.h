// Graph IR: modules of graphs of nodes, in SSA form.
//
// A Module owns graphs, the constant store and the facts about symbolic dims. A Graph owns its
// nodes in an order in which every node stands after the nodes it uses; its parameters are the
// first nodes. A Node has an op, attributes, operands, one or more results, and bodies (nested
// graphs, isolated: a body uses only its own parameters). A Value is one result of a node: a
// non-owning handle, valid while the node lives. Nothing here is thread safe to change; reading
// from many threads is safe.
//
// The text form is in ir/printer.h and ir/parser.h, the invariants in ir/verifier.h, the result
// types in ir/infer.h.
#ifndef CERMET_IR_GRAPH_H_
#define CERMET_IR_GRAPH_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ir/attribute.h"
#include "ir/constant_store.h"
#include "ir/dim.h"
#include "ir/op.h"
#include "ir/type.h"

namespace cermet {

class Node;
class Graph;
class Module;

// One result of a node. Comparable; the order is that of node ids, so maps over values are
// deterministic.
struct Value {
  Node* node = nullptr;
  int index = 0;

  const Type& type() const;
  explicit operator bool() const { return node != nullptr; }
  friend bool operator==(Value a, Value b) { return a.node == b.node && a.index == b.index; }
  friend bool operator!=(Value a, Value b) { return !(a == b); }
  friend bool operator<(Value a, Value b);
};

// Where a node comes from: the names of the user's nodes, in order, without duplicates, and a place
// in a file.
struct Location {
  std::vector<std::string> names;
  std::string file;
  int line = 0;  // 1-based; 0: unknown

  // The union of both, this one's names first.
  Location Merge(const Location& other) const;
  // `"fc1/MatMul" "fc1/BiasAdd"`, or empty.
  std::string NamesToString() const;
};

class Node {
 public:
  OpCode op() const { return op_; }
  // Unique in its graph, dense in creation order; printed as %id.
  int64_t id() const { return id_; }
  Graph* graph() const { return graph_; }

  absl::Span<const Value> operands() const { return operands_; }
  Value operand(int64_t i) const { return operands_[i]; }
  int64_t num_operands() const { return static_cast<int64_t>(operands_.size()); }
  void set_operand(int64_t i, Value value) { operands_[i] = value; }

  const std::vector<Type>& types() const { return types_; }
  const Type& type(int64_t i = 0) const { return types_[i]; }
  void set_type(int64_t i, Type type) { types_[i] = std::move(type); }
  void set_types(std::vector<Type> types) { types_ = std::move(types); }
  int64_t num_results() const { return static_cast<int64_t>(types_.size()); }
  Value result(int i = 0) { return Value{this, i}; }

  const AttrMap& attrs() const { return attrs_; }
  AttrMap& mutable_attrs() { return attrs_; }

  const std::vector<std::unique_ptr<Graph>>& bodies() const { return bodies_; }
  Graph* body(int64_t i = 0) const { return bodies_[i].get(); }
  std::vector<std::unique_ptr<Graph>>& mutable_bodies() { return bodies_; }

  const Location& location() const { return location_; }
  void set_location(Location location) { location_ = std::move(location); }

  // `add %7 "mlp/bias" (m.cermet:12)`: how errors name a node.
  std::string Describe() const;

 private:
  friend class Graph;
  OpCode op_ = OpCode::kParameter;
  int64_t id_ = 0;
  Graph* graph_ = nullptr;
  std::vector<Value> operands_;
  std::vector<Type> types_;
  AttrMap attrs_;
  std::vector<std::unique_ptr<Graph>> bodies_;
  Location location_;
};

class Graph {
 public:
  explicit Graph(std::string name) : name_(std::move(name)) {}
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  const std::string& name() const { return name_; }
  void set_name(std::string name) { name_ = std::move(name); }

  const std::vector<std::unique_ptr<Node>>& nodes() const { return nodes_; }
  const std::vector<Node*>& parameters() const { return parameters_; }
  Node* parameter(int64_t i) const { return parameters_[i]; }

  const std::vector<Value>& results() const { return results_; }
  void set_results(std::vector<Value> results) { results_ = std::move(results); }
  // The user's names of the results, in order; empty strings where there is none. Same length as
  // results once set.
  const std::vector<std::string>& result_names() const { return result_names_; }
  void set_result_names(std::vector<std::string> names) { result_names_ = std::move(names); }

  // Appends a parameter (they all stand before other nodes). `name` is the user's name.
  Node* AddParameter(Type type, std::string name, Location location = {});
  // Appends a node without checks: callers use Builder, which infers types and reports errors.
  Node* AddNode(OpCode op, std::vector<Value> operands, std::vector<Type> types, AttrMap attrs = {},
                std::vector<std::unique_ptr<Graph>> bodies = {}, Location location = {});
  // The same, before `position`, an index into nodes().
  Node* InsertNode(int64_t position, OpCode op, std::vector<Value> operands,
                   std::vector<Type> types, AttrMap attrs = {},
                   std::vector<std::unique_ptr<Graph>> bodies = {}, Location location = {});
  // Replaces every use in this graph (operands and results) of `from` by `to`.
  void ReplaceAllUses(Value from, Value to);
  // The same for many at once, in one walk; chains (a -> b, b -> c) are followed.
  void ReplaceAllUses(const std::map<Value, Value>& replacements);
  // Removes the nodes for which `dead` holds; none of them may be used by what stays.
  void RemoveNodes(const std::function<bool(const Node&)>& dead);
  // Removes parameter `i`, which must be unused, and renumbers the following.
  void RemoveParameter(int64_t i);
  // Restores an order in which operands stand before users (stable); CERMET_CHECKs that there is no
  // cycle.
  void SortTopologically();
  // Renumbers ids densely in node order, those of bodies too: then errors name the numbers that are
  // printed.
  void RenumberIds();

  // How often each value is used in this graph, results of the graph included.
  std::map<Value, int64_t> CountUses() const;
  // A deep copy under a new name; `mapping`, if not null, receives old node -> new node.
  std::unique_ptr<Graph> Clone(std::string name,
                               std::map<const Node*, Node*>* mapping = nullptr) const;

 private:
  std::string name_;
  int64_t next_id_ = 0;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<Node*> parameters_;
  std::vector<Value> results_;
  std::vector<std::string> result_names_;
};

// Appends to `target` copies of the non-parameter nodes of `source`, with its parameters replaced
// by `arguments`; returns the values that stand for the results of `source`. Used to inline bodies,
// composites and calls.
std::vector<Value> InlineGraph(const Graph& source, Graph* target,
                               absl::Span<const Value> arguments, const Location& location = {});

class Module {
 public:
  Module() = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  Graph* AddGraph(std::string name);               // the name must be new
  Graph* FindGraph(absl::string_view name) const;  // null if there is none
  void AddGraph(std::unique_ptr<Graph> graph);
  void RemoveGraph(absl::string_view name);
  // The graph that a run executes: @main, or else the first one.
  Graph* entry() const;
  const std::vector<std::unique_ptr<Graph>>& graphs() const { return graphs_; }

  ConstantStore& constants() { return constants_; }
  const ConstantStore& constants() const { return constants_; }
  DimFacts& facts() { return facts_; }
  const DimFacts& facts() const { return facts_; }

  std::unique_ptr<Module> Clone() const;  // graphs are copied, the bytes of constants shared

 private:
  std::vector<std::unique_ptr<Graph>> graphs_;
  ConstantStore constants_;
  DimFacts facts_;
};

}  // namespace cermet

#endif  // CERMET_IR_GRAPH_H_
