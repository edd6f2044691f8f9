// The user's ops. Each adds a node (or a few) to a graph and returns its result.
//
// Operands are Tensors or plain values; a plain value takes the element type of the other operand.
// Shapes broadcast as in numpy. Names are TensorFlow's (`Add`, `Mul`, `MatMul`, ...) and made
// unique in the graph.
#ifndef CERMET_FRONTEND_API_OPS_H_
#define CERMET_FRONTEND_API_OPS_H_

#include <initializer_list>
#include <string>
#include <vector>

#include "frontend/api/graph.h"
#include "frontend/api/tensor.h"
#include "ir/literal.h"

namespace cermet::api {

// A Tensor, or a value that becomes a constant: integers are int32 and floating-point numbers
// float32, as in TensorFlow.
class Input {
 public:
  Input(const Tensor& tensor) : tensor_(tensor) {}                                        // NOLINT
  Input(int value) : literal_(Literal::Scalar<int32_t>(value)), is_literal_(true) {}      // NOLINT
  Input(int64_t value) : literal_(Literal::Scalar<int64_t>(value)), is_literal_(true) {}  // NOLINT
  Input(bool value) : literal_(Literal::Scalar<bool>(value)), is_literal_(true) {}        // NOLINT
  Input(float value) : literal_(Literal::Scalar<float>(value)), is_literal_(true) {}      // NOLINT
  Input(double value) : Input(static_cast<float>(value)) {}                               // NOLINT
  Input(Literal value) : literal_(std::move(value)), is_literal_(true) {}                 // NOLINT

  bool is_literal() const { return is_literal_; }
  const Tensor& tensor() const { return tensor_; }
  const Literal& literal() const { return literal_; }

 private:
  Tensor tensor_;
  Literal literal_;
  bool is_literal_ = false;
};

// ---- sources. The graph is the thread's default one.
Tensor Constant(Literal value, absl::string_view name = "Const");
// A value that every run must feed; extents may be symbolic (Dim::Symbol("batch")).
Tensor Placeholder(DType dtype, Shape shape, absl::string_view name = "Placeholder");

// ---- state
// A variable: its value lives in a session, from the run of an initialiser on. Its shape is known.
// What reads it sees the value from before the run, or, in a scope of control dependencies
// (graph.h), the value after those.
Tensor Variable(const Input& initial, absl::string_view name = "Variable");
// The new value, and the variable takes it at the end of a run that computes this tensor. Two
// updates of one variable in one run need an order: a control dependency of one on the other.
Tensor Assign(const Tensor& variable, const Input& value, absl::string_view name = "Assign");
Tensor AssignAdd(const Tensor& variable, const Input& value, absl::string_view name = "AssignAdd");
Tensor AssignSub(const Tensor& variable, const Input& value, absl::string_view name = "AssignSub");
// Gives these variables their initial values.
Operation VariablesInitializer(const std::vector<Tensor>& variables);
// Gives every variable of the default graph its initial value.
Operation GlobalVariablesInitializer();

// ---- what is run for its effects
// All of them, and the control dependencies of the scope.
Operation Group(const std::vector<Operation>& operations, absl::string_view name = "group_deps");
Operation NoOp(absl::string_view name = "NoOp");
// Fails a run that has it as an effect, before any variable is updated, where an element of
// `condition` is false.
Operation Assert(const Input& condition, absl::string_view message,
                 absl::string_view name = "Assert");
// `tensor`, read after `control_inputs`; a run that computes it has their effects.
Tensor WithControlDependencies(const std::vector<Operation>& control_inputs, const Tensor& tensor);

// ---- elementwise
Tensor Add(const Input& x, const Input& y);
Tensor Sub(const Input& x, const Input& y);
Tensor Mul(const Input& x, const Input& y);
Tensor Div(const Input& x, const Input& y);
Tensor Pow(const Input& x, const Input& y);
Tensor Maximum(const Input& x, const Input& y);
Tensor Minimum(const Input& x, const Input& y);
Tensor Equal(const Input& x, const Input& y);
Tensor Less(const Input& x, const Input& y);
Tensor Greater(const Input& x, const Input& y);
Tensor Where(const Input& condition, const Input& x, const Input& y);
Tensor Identity(const Input& x, absl::string_view name = "Identity");
Tensor Neg(const Input& x);
Tensor Abs(const Input& x);
Tensor Sqrt(const Input& x);
Tensor Exp(const Input& x);
Tensor Log(const Input& x);
Tensor Tanh(const Input& x);
Tensor Sigmoid(const Input& x);
Tensor Relu(const Input& x);
Tensor Cast(const Input& x, DType dtype);

// ---- shapes
Tensor Reshape(const Input& x, const Shape& shape);
Tensor Transpose(const Input& x, std::vector<int64_t> permutation);

// ---- reductions and products. Negative axes count from the end.
Tensor ReduceSum(const Input& x, std::vector<int64_t> axes, bool keep_dims = false);
Tensor ReduceMax(const Input& x, std::vector<int64_t> axes, bool keep_dims = false);
Tensor ReduceMean(const Input& x, std::vector<int64_t> axes, bool keep_dims = false);
// x: [..., m, k], y: [k, n] or [..., k, n] with equal leading dims.
Tensor MatMul(const Input& x, const Input& y);
Tensor Softmax(const Input& x, int64_t axis = -1);

}  // namespace cermet::api

#endif  // CERMET_FRONTEND_API_OPS_H_
