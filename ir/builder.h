// Appending checked nodes to a graph.
#ifndef CERMET_IR_BUILDER_H_
#define CERMET_IR_BUILDER_H_

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "ir/graph.h"

namespace cermet {

// Appends nodes to one graph, inferring result types (ir/infer.h). The first error sticks: later
// calls return null Values and do nothing, and status() tells what was wrong, where, and with which
// shapes. So straight-line code needs one check at its end. Not thread safe. Does not own the
// graph.
class Builder {
 public:
  explicit Builder(Graph* graph) : graph_(graph) {}

  const absl::Status& status() const { return status_; }
  bool ok() const { return status_.ok(); }
  Graph* graph() const { return graph_; }
  // Nodes made from now on carry this location.
  void set_location(Location location) { location_ = std::move(location); }
  const Location& location() const { return location_; }
  void Fail(absl::Status status);  // keeps the first

  // Any op whose result types follow from operands, attributes and bodies.
  Value Make(OpCode op, std::vector<Value> operands, AttrMap attrs = {});
  Node* MakeNode(OpCode op, std::vector<Value> operands, AttrMap attrs = {},
                 std::vector<std::unique_ptr<Graph>> bodies = {});
  // Any op whose result types must be told (iota, reshape, convert, ...); they are verified.
  Value MakeTyped(OpCode op, std::vector<Value> operands, Type type, AttrMap attrs = {});

  Value Constant(Literal value);
  // A number, converted as `convert` does, broadcast to `type`.
  Value Splat(double value, const Type& type);
  Value Unary(OpCode op, Value x) { return Make(op, {x}); }
  // Operands of equal shape; scalars are broadcast to the other operand's shape.
  Value Binary(OpCode op, Value x, Value y);
  Value Add(Value x, Value y) { return Binary(OpCode::kAdd, x, y); }
  Value Sub(Value x, Value y) { return Binary(OpCode::kSub, x, y); }
  Value Mul(Value x, Value y) { return Binary(OpCode::kMul, x, y); }
  Value Div(Value x, Value y) { return Binary(OpCode::kDiv, x, y); }
  Value Max(Value x, Value y) { return Binary(OpCode::kMaximum, x, y); }
  Value Min(Value x, Value y) { return Binary(OpCode::kMinimum, x, y); }
  Value Compare(absl::string_view direction, Value x, Value y);
  Value Select(Value pred, Value x, Value y);  // scalars are broadcast
  Value Convert(Value x, DType dtype);         // x itself when it has the type
  Value Bitcast(Value x, DType dtype);

  Value Broadcast(Value x, const Shape& shape, std::vector<int64_t> dims);
  // Numpy's rule: trailing dims align, extents 1 stretch. Returns x itself when nothing changes.
  Value BroadcastTo(Value x, const Shape& shape);
  Value Reshape(Value x, const Shape& shape);
  Value Transpose(Value x, std::vector<int64_t> permutation);
  Value Slice(Value x, std::vector<Dim> start, std::vector<Dim> limit, std::vector<int64_t> stride);
  Value Concat(std::vector<Value> values, int64_t dim);
  Value Pad(Value x, Value value, std::vector<Dim> low, std::vector<Dim> high,
            std::vector<int64_t> interior);
  Value Iota(const Type& type, int64_t dim);
  Value DimSize(const Dim& dim);

  // A reduction with the combiner `op` (add, mul, maximum, minimum, and, or); `init` is a scalar.
  Value Reduce(OpCode op, Value x, Value init, std::vector<int64_t> dims);
  // The neutral element of the combiner `op` for `dtype`, as a scalar constant.
  Value Identity(OpCode op, DType dtype);
  Value Dot(Value lhs, Value rhs, DimPair contract, DimPair batch = {});

 private:
  Node* Append(OpCode op, std::vector<Value> operands, std::vector<Type> types, AttrMap attrs,
               std::vector<std::unique_ptr<Graph>> bodies);
  void BroadcastScalars(std::initializer_list<Value*> values);

  Graph* graph_;
  Location location_;
  absl::Status status_;
};

// The numpy broadcast of two shapes, or an error naming both.
absl::StatusOr<Shape> BroadcastShapes(const Shape& a, const Shape& b);
// A graph `(x, y) -> op(x, y)` over scalars of `dtype`: the body of a simple reduction.
std::unique_ptr<Graph> BinaryBody(OpCode op, DType dtype);
// The op of a body that is just one binary op of its two parameters in order, if it is.
std::optional<OpCode> SimpleCombiner(const Graph& body);

}  // namespace cermet

#endif  // CERMET_IR_BUILDER_H_
