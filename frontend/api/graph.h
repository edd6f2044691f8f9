// The user's graph: ops are declared first and run later, as in TensorFlow 1.
//
//   api::Graph graph;
//   api::Graph::DefaultScope scope(&graph);          // ops of this thread go to `graph`
//   api::Tensor sum = api::Add(3, 5);
//   std::cout << sum;                                // Tensor("Add:0", shape=(), dtype=int32)
//   auto session = Session::Create(&graph, {});
//   (*session)->Run({}, {sum});                      // 8
//
// Errors (wrong shapes, types) stick: the op returns a null Tensor, status() tells the first one,
// and every run returns it.
#ifndef CERMET_FRONTEND_API_GRAPH_H_
#define CERMET_FRONTEND_API_GRAPH_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "frontend/api/tensor.h"
#include "ir/builder.h"
#include "ir/graph.h"

namespace cermet::api {

// Owns the nodes. Not thread safe to change; sessions may run it while it grows only from the same
// thread.
class Graph {
 public:
  Graph() : builder_(module_.AddGraph("main")) {}
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  // The graph that ops without a Tensor operand go to: the innermost DefaultScope of this thread,
  // or null.
  static Graph* Default();
  class DefaultScope {
   public:
    explicit DefaultScope(Graph* graph);
    ~DefaultScope();
    DefaultScope(const DefaultScope&) = delete;
    DefaultScope& operator=(const DefaultScope&) = delete;
  };
  // While it lives, names start with `name/`; nested scopes join.
  class NameScope {
   public:
    NameScope(Graph* graph, absl::string_view name);
    ~NameScope();
    NameScope(const NameScope&) = delete;
    NameScope& operator=(const NameScope&) = delete;

   private:
    Graph* graph_;
    std::string outer_;
  };

  // While it lives, the ops that are made run after `control_inputs`: a run that needs one of them
  // has the effects of these too, and what it reads of a variable is the value after them. Nested
  // scopes add up.
  class ControlDependencies {
   public:
    ControlDependencies(Graph* graph, const std::vector<Operation>& control_inputs);
    ~ControlDependencies();
    ControlDependencies(const ControlDependencies&) = delete;
    ControlDependencies& operator=(const ControlDependencies&) = delete;

   private:
    Graph* graph_;
    std::set<int> outer_;
  };

  const absl::Status& status() const { return builder_.status(); }
  const Module& module() const { return module_; }

  struct VariableInfo {
    Value value;    // the parameter that stands for the current value
    Value initial;  // what the initialiser assigns
    std::string name;
  };
  const std::vector<VariableInfo>& variables() const { return variables_; }
  bool IsVariable(Value value) const;

  // What a run changes or may fail at, besides computing values.
  struct Effect {
    std::string name;
    Value variable;       // what is updated; null for a check
    Value value;          // the new value; or the token of a check
    std::set<int> after;  // all effects that come before it
  };
  const std::vector<Effect>& effects() const { return effects_; }
  // The effects that a run of `node` has besides those of its operands.
  const std::set<int>& ControlInputs(const Node* node) const;
  // The value of `variable` after `effects`, to which what comes before them belongs too; null if
  // none updates it. An error if two do and neither comes after the other.
  absl::StatusOr<Value> ValueAfter(Value variable, const std::set<int>& effects) const;

  // For ops (ops.h): a name that is not in use, in the current name scope: `Add`, `Add_1`, ...
  std::string UniqueName(absl::string_view name);
  // The builder, set to give new nodes the name `name`.
  Builder& BuilderFor(const std::string& name);
  Tensor AddPlaceholder(Type type, absl::string_view name);
  Tensor AddVariable(Value initial, absl::string_view name);
  // `value` as ops made now read it: a variable after the control inputs of the scopes.
  Value Read(Value value);
  // Lets the nodes from number `first` on depend on the control inputs of the scopes and `effects`.
  void AddControlInputs(size_t first, const std::set<int>& effects = {});
  // An effect that comes after the scopes' control inputs and what `value` needs.
  int AddEffect(std::string name, Value variable, Value value);
  const std::set<int>& control_inputs() const { return control_inputs_; }

 private:
  // All effects of a run that computes `values` and has `effects`.
  std::set<int> EffectsOf(const std::vector<Value>& values, const std::set<int>& effects);
  // Those of a run that computes `node`; found once per node.
  const std::set<int>& EffectsOf(const Node* node);
  const std::set<int>* JoinEffects(const Node* node);
  void AddWithAllBefore(const std::set<int>& effects, std::set<int>* all) const;

  Module module_;
  Builder builder_;
  std::string scope_;  // empty, or ending in `/`
  std::map<std::string, int64_t> names_;
  std::vector<VariableInfo> variables_;
  std::vector<Effect> effects_;
  std::map<const Node*, std::set<int>> node_control_inputs_;
  std::set<std::set<int>> effect_sets_;                       // each is that of many nodes
  std::map<const Node*, const std::set<int>*> node_effects_;  // in effect_sets_; as far as known
  std::set<int> control_inputs_;  // of the scopes, with all that comes before them
};

}  // namespace cermet::api

#endif  // CERMET_FRONTEND_API_GRAPH_H_
