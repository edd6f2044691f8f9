// Handles to what a graph computes: tensors and operations, and what Session::Run takes.
#ifndef CERMET_FRONTEND_API_TENSOR_H_
#define CERMET_FRONTEND_API_TENSOR_H_

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "ir/graph.h"
#include "ir/literal.h"

namespace cermet::api {

class Graph;

// A node's result: a name for a value that a run will compute, not the value. Cheap to copy; valid
// while its graph lives. A Tensor made by an op that failed is null: using it is allowed and gives
// null Tensors, and Graph::status() says what went wrong.
class Tensor {
 public:
  Tensor() = default;
  Tensor(Graph* graph, Value value, std::string name)
      : graph_(graph), value_(value), name_(std::move(name)) {}

  explicit operator bool() const { return static_cast<bool>(value_); }
  Graph* graph() const { return graph_; }
  Value value() const { return value_; }
  const std::string& op_name() const { return name_; }  // "mlp/Add"
  std::string name() const;                             // "mlp/Add:0"
  DType dtype() const { return value_.type().dtype; }
  const Shape& shape() const { return value_.type().shape; }

  // The value, computed by this thread's default session (session.h). An error says so when there
  // is none.
  absl::StatusOr<Literal> Eval(const std::vector<std::pair<Tensor, Literal>>& feeds = {}) const;

 private:
  Graph* graph_ = nullptr;
  Value value_;
  std::string name_;
};

// As TensorFlow prints a tensor: Tensor("Add:0", shape=(), dtype=int32); unknown extents print as
// `?`.
std::ostream& operator<<(std::ostream& out, const Tensor& tensor);

// The value of a placeholder (or of any tensor, which is then not computed) for one run.
using Feed = std::pair<Tensor, Literal>;

// What is run for its effects and has no result: a group, an initialiser, a check; or the op that
// computes a tensor, without its value.
class Operation {
 public:
  Operation() = default;
  Operation(const Tensor& tensor)  // NOLINT
      : graph_(tensor.graph()), name_(tensor.op_name()) {
    if (tensor) values_.push_back(tensor.value());
  }
  Operation(Graph* graph, std::string name, std::vector<Value> values, std::vector<int> effects)
      : graph_(graph),
        name_(std::move(name)),
        values_(std::move(values)),
        effects_(std::move(effects)) {}
  Graph* graph() const { return graph_; }
  const std::string& name() const { return name_; }
  const std::vector<Value>& values() const { return values_; }  // it runs what computes them
  const std::vector<int>& effects() const { return effects_; }  // of the graph, and these

  // Runs it in this thread's default session.
  absl::Status Run(const std::vector<Feed>& feeds = {}) const;

 private:
  Graph* graph_ = nullptr;
  std::string name_;
  std::vector<Value> values_;
  std::vector<int> effects_;
};

// What a run is asked for: a tensor's value, or an operation's effects.
class Fetch {
 public:
  Fetch(const Tensor& tensor)  // NOLINT
      : operation_(tensor), value_(tensor.value()), name_(tensor.name()) {}
  Fetch(const Operation& operation)  // NOLINT
      : operation_(operation), name_(operation.name()) {}
  const Operation& operation() const { return operation_; }
  Graph* graph() const { return operation_.graph(); }
  Value value() const { return value_; }  // null for operations
  const std::string& name() const { return name_; }

 private:
  Operation operation_;
  Value value_;
  std::string name_;
};

// What Tensor::Eval and Operation::Run need of a session.
class Evaluation {
 public:
  virtual ~Evaluation() = default;
  virtual absl::StatusOr<std::vector<Literal>> Run(const std::vector<Feed>& feeds,
                                                   const std::vector<Fetch>& fetches) = 0;
};

// This thread's stack of default sessions. Push and pop in pairs; the session must outlive its
// place on the stack.
void PushDefaultSession(Evaluation* session);
void PopDefaultSession(Evaluation* session);
void RemoveDefaultSession(Evaluation* session);  // from all its places on this thread's stack
Evaluation* DefaultSession();                    // null if there is none

}  // namespace cermet::api

#endif  // CERMET_FRONTEND_API_TENSOR_H_
