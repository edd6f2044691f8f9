// What an operator function of the importer sees of one ONNX node.
#ifndef CERMET_FRONTEND_ONNX_OP_CONTEXT_H_
#define CERMET_FRONTEND_ONNX_OP_CONTEXT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "frontend/onnx/dim_solver.h"
#include "frontend/onnx/float16.h"
#include "frontend/onnx/graph_importer.h"
#include "frontend/onnx/known_value.h"
#include "frontend/onnx/onnx.pb.h"
#include "frontend/onnx/scope.h"
#include "ir/builder.h"

namespace cermet {

// Inputs, attributes and the builder of the graph that the node goes to. Errors made in passing (an
// attribute of the wrong type, a node that the builder rejects) stick and are returned by Return.
// Inputs that the operator's row requires are present.
class OpContext {
 public:
  OpContext(GraphImporter* importer, Scope* scope, const onnx::NodeProto* node, int64_t opset,
            Float16Rule float16)
      : importer_(importer), scope_(scope), node_(node), opset_(opset), float16_(float16) {}

  const onnx::NodeProto& node() const { return *node_; }
  int64_t opset() const { return opset_; }
  // From here on f16 and bf16 inputs may read as f32, and outputs are narrowed in their place.
  // An error if the inputs mix float types that the operator wants to be one.
  absl::Status UseFloat16Rule();
  Builder& b() { return scope_->builder(); }
  DimSolver& solver() { return importer_->solver(); }
  GraphImporter& importer() { return *importer_; }
  Scope& scope() { return *scope_; }
  bool checked() const { return importer_->options().checked; }
  absl::Status status() { return b().status(); }

  // ---- inputs
  int num_inputs() const { return node_->input_size(); }
  bool has_input(int i) const { return i < node_->input_size() && !node_->input(i).empty(); }
  const Type& type(int i);
  const Shape& shape(int i) { return type(i).shape; }
  int64_t rank(int i) { return type(i).rank(); }
  DType dtype(int i) { return type(i).dtype; }
  // The input as a value of the graph.
  Value in(int i);
  // Null unless the elements are known.
  const KnownValue* known(int i);
  // Elements that must be known, as a flat list. `what` names the input in the error, which says
  // how to make it known.
  absl::StatusOr<std::vector<Dim>> DimsInput(int i, absl::string_view what);
  absl::StatusOr<std::vector<int64_t>> IntsInput(int i, absl::string_view what);
  absl::StatusOr<std::vector<double>> RealsInput(int i, absl::string_view what);

  // ---- attributes
  bool has_attr(absl::string_view name) const { return FindAttr(name) != nullptr; }
  int64_t Int(absl::string_view name, int64_t otherwise);
  double Float(absl::string_view name, double otherwise);
  std::string Str(absl::string_view name, absl::string_view otherwise);
  std::vector<int64_t> Ints(absl::string_view name, std::vector<int64_t> otherwise = {});
  std::vector<double> Floats(absl::string_view name);
  std::vector<std::string> Strings(absl::string_view name);
  const onnx::AttributeProto* FindAttr(absl::string_view name) const;
  // The subgraph of that name, or an error.
  absl::StatusOr<const onnx::GraphProto*> GraphAttr(absl::string_view name);
  // The attribute `axis`, or `otherwise`, made non-negative; an error if it is outside [-rank,
  // rank).
  absl::StatusOr<int64_t> Axis(int64_t otherwise, int64_t rank);
  // Distinct axes made non-negative, in the given order.
  absl::StatusOr<std::vector<int64_t>> NormalizeAxes(std::vector<int64_t> axes, int64_t rank);
  // Axes that are an attribute before `input_since` and input 1 from then on; nullopt when not
  // given.
  absl::StatusOr<std::optional<std::vector<int64_t>>> AxesArgument(int64_t input_since);

  // ---- building
  // All inputs, broadcast to their common shape (scalars too).
  absl::StatusOr<std::vector<Value>> BroadcastInputs();
  absl::StatusOr<Value> BroadcastTo(Value x, const Shape& shape);
  // Fails the run at this node when an element of `pred` is false, if checks are asked for.
  void Check(Value pred, int64_t code, absl::string_view what);
  // Reshape that returns x itself when nothing changes.
  Value Reshape(Value x, const Shape& shape);
  Value Transpose(Value x, std::vector<int64_t> permutation);
  Value Splat(double value, const Type& type) { return b().Splat(value, type); }
  Value ScalarInt(int64_t value, DType dtype = DType::kI64);
  Value DimValue(const Dim& dim, DType dtype = DType::kI64);  // a scalar

  // ---- outputs
  int num_outputs() const { return node_->output_size(); }
  bool wants(int i) const { return i < node_->output_size() && !node_->output(i).empty(); }
  // Sets output i. Returns the builder's error if there is one.
  absl::Status Return(Value value) { return Return(0, value); }
  absl::Status Return(int i, Value value);
  absl::Status ReturnKnown(int i, KnownValue known);
  absl::Status ReturnTensor(int i, const onnx::TensorProto& tensor);  // kept by the file

  // InvalidArgument and Unimplemented; the caller adds the node.
  absl::Status Error(absl::string_view message) const;
  absl::Status Unsupported(absl::string_view message) const;
  // Adds what dims to give.
  absl::Status NeedsDims(absl::string_view message) const;

 private:
  // The first input of the float type that the operator works on; nullopt if it has none.
  absl::StatusOr<std::optional<int>> FirstFloat();
  bool HasWideInput();

  GraphImporter* importer_;
  Scope* scope_;
  const onnx::NodeProto* node_;
  int64_t opset_;
  Float16Rule float16_;
  bool is_wide_ = false;              // inputs may be widened, and outputs narrowed
  DType narrow_dtype_ = DType::kF16;  // of what is widened
  std::vector<Type> wide_types_;      // of the inputs, once they may be widened
};

// Codes of checks, as absl::StatusCode.
inline constexpr int64_t kCheckInvalidArgument = 3;
inline constexpr int64_t kCheckOutOfRange = 11;

// The shape of a value; that of a scalar for the null value that a failed builder returns.
const Type& TypeOf(Value value);

}  // namespace cermet

#endif  // CERMET_FRONTEND_ONNX_OP_CONTEXT_H_
