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
#include <string>
#include <vector>

#include "absl/status/status.h"
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

  const absl::Status& status() const { return builder_.status(); }
  const Module& module() const { return module_; }

  struct VariableInfo {
    Value value;    // the parameter that stands for the current value
    Value initial;  // what the initialiser assigns
    std::string name;
  };
  const std::vector<VariableInfo>& variables() const { return variables_; }

  // For ops (ops.h): a name that is not in use, in the current name scope: `Add`, `Add_1`, ...
  std::string UniqueName(absl::string_view name);
  // The builder, set to give new nodes the name `name`.
  Builder& BuilderFor(const std::string& name);
  Tensor AddPlaceholder(Type type, absl::string_view name);
  Tensor AddVariable(Value initial, absl::string_view name);

 private:
  Module module_;
  Builder builder_;
  std::string scope_;  // empty, or ending in `/`
  std::map<std::string, int64_t> names_;
  std::vector<VariableInfo> variables_;
};

}  // namespace cermet::api

#endif  // CERMET_FRONTEND_API_GRAPH_H_
