// Builds nodes: fills in broadcasts, attributes and bodies, and infers the result types.
#include "ir/builder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "ir/infer.h"
#include "ir/status.h"

namespace cermet {

void Builder::Fail(absl::Status status) {
  if (status_.ok()) status_ = std::move(status);
}

Value Builder::Make(OpCode op, std::vector<Value> operands, AttrMap attrs) {
  Node* const node = MakeNode(op, std::move(operands), std::move(attrs));
  return node == nullptr ? Value() : node->result();
}

Node* Builder::MakeNode(OpCode op, std::vector<Value> operands, AttrMap attrs,
                        std::vector<std::unique_ptr<Graph>> bodies) {
  return Append(op, std::move(operands), {}, std::move(attrs), std::move(bodies));
}

Value Builder::MakeTyped(OpCode op, std::vector<Value> operands, Type type, AttrMap attrs) {
  Node* const node = Append(op, std::move(operands), {std::move(type)}, std::move(attrs), {});
  return node == nullptr ? Value() : node->result();
}

Node* Builder::Append(OpCode op, std::vector<Value> operands, std::vector<Type> types,
                      AttrMap attrs, std::vector<std::unique_ptr<Graph>> bodies) {
  if (!ok()) return nullptr;
  Node* const node = graph_->AddNode(op, std::move(operands), std::move(types), std::move(attrs),
                                     std::move(bodies), location_);
  absl::StatusOr<std::vector<Type>> inferred = InferTypes(*node);
  if (!inferred.ok()) {
    Fail(inferred.status());
    graph_->RemoveNodes([node](const Node& candidate) { return &candidate == node; });
    return nullptr;
  }
  node->set_types(*std::move(inferred));
  return node;
}

Value Builder::Constant(Literal value) {
  return Make(OpCode::kConstant, {}, {{"value", std::move(value)}});
}

Value Builder::Splat(double value, const Type& type) {
  const Value scalar = Constant(Literal::Splat(type.dtype, {}, value));
  return type.rank() == 0 ? scalar : Broadcast(scalar, type.shape, {});
}

Value Builder::Binary(OpCode op, Value x, Value y) {
  BroadcastScalars({&x, &y});
  return Make(op, {x, y});
}

Value Builder::Compare(absl::string_view direction, Value x, Value y) {
  BroadcastScalars({&x, &y});
  return Make(OpCode::kCompare, {x, y}, {{"direction", Word{std::string(direction)}}});
}

Value Builder::Select(Value pred, Value x, Value y) {
  BroadcastScalars({&pred, &x, &y});
  return Make(OpCode::kSelect, {pred, x, y});
}

// Broadcasts the scalars among the values to the shape of the first that is none.
void Builder::BroadcastScalars(std::initializer_list<Value*> values) {
  const Type* shaped = nullptr;
  for (const Value* value : values) {
    if (!*value) return;
    if (shaped == nullptr && value->type().rank() > 0) shaped = &value->type();
  }
  if (shaped == nullptr) return;
  const Shape shape = shaped->shape;
  for (Value* value : values) {
    if (value->type().IsScalar()) *value = Broadcast(*value, shape, {});
    if (!ok()) return;
  }
}

Value Builder::Convert(Value x, DType dtype) {
  if (!ok() || !x || x.type().dtype == dtype) return x;
  return MakeTyped(OpCode::kConvert, {x}, Type(dtype, x.type().shape));
}

Value Builder::Bitcast(Value x, DType dtype) {
  if (!ok() || !x || x.type().dtype == dtype) return x;
  return MakeTyped(OpCode::kBitcast, {x}, Type(dtype, x.type().shape));
}

Value Builder::Broadcast(Value x, const Shape& shape, std::vector<int64_t> dims) {
  if (!ok() || !x) return Value();
  return MakeTyped(OpCode::kBroadcastInDim, {x}, Type(x.type().dtype, shape),
                   {{"dims", std::move(dims)}});
}

Value Builder::BroadcastTo(Value x, const Shape& shape) {
  if (!ok() || !x || x.type().shape == shape) return x;
  const int64_t offset = static_cast<int64_t>(shape.size()) - x.type().rank();
  if (offset < 0) {
    Fail(absl::InvalidArgumentError(absl::StrCat(x.node->Describe(), ": cannot broadcast ",
                                                 x.type().ToString(), " to ", ToString(shape))));
    return Value();
  }
  std::vector<int64_t> dims(x.type().shape.size());
  std::iota(dims.begin(), dims.end(), offset);
  return Broadcast(x, shape, std::move(dims));
}

Value Builder::Reshape(Value x, const Shape& shape) {
  if (!ok() || !x) return Value();
  return MakeTyped(OpCode::kReshape, {x}, Type(x.type().dtype, shape));
}

Value Builder::Transpose(Value x, std::vector<int64_t> permutation) {
  return Make(OpCode::kTranspose, {x}, {{"permutation", std::move(permutation)}});
}

Value Builder::Slice(Value x, std::vector<Dim> start, std::vector<Dim> limit,
                     std::vector<int64_t> stride) {
  return Make(
      OpCode::kSlice, {x},
      {{"start", std::move(start)}, {"limit", std::move(limit)}, {"stride", std::move(stride)}});
}

Value Builder::Concat(std::vector<Value> values, int64_t dim) {
  return Make(OpCode::kConcat, std::move(values), {{"dim", dim}});
}

Value Builder::Pad(Value x, Value value, std::vector<Dim> low, std::vector<Dim> high,
                   std::vector<int64_t> interior) {
  return Make(
      OpCode::kPad, {x, value},
      {{"low", std::move(low)}, {"high", std::move(high)}, {"interior", std::move(interior)}});
}

Value Builder::Iota(const Type& type, int64_t dim) {
  return MakeTyped(OpCode::kIota, {}, type, {{"dim", dim}});
}

Value Builder::DimSize(const Dim& dim) {
  return Make(OpCode::kDimSize, {}, {{"size", std::vector<Dim>{dim}}});
}

Value Builder::Reduce(OpCode op, Value x, Value init, std::vector<int64_t> dims) {
  if (!ok() || !x || !init) return Value();
  const DType dtype = x.type().dtype;
  if (Info(op).op_class != OpClass::kElementwise || Info(op).min_operands != 2 ||
      !Contains(Info(op).dtypes, dtype)) {
    Fail(absl::InvalidArgumentError(absl::StrCat("reduce of ", x.node->Describe(), ": ", Name(op),
                                                 " does not combine elements of type ",
                                                 Name(dtype))));
    return Value();
  }
  std::sort(dims.begin(), dims.end());
  std::vector<std::unique_ptr<Graph>> bodies;
  bodies.push_back(BinaryBody(op, dtype));
  Node* const node =
      MakeNode(OpCode::kReduce, {x, init}, {{"dims", std::move(dims)}}, std::move(bodies));
  return node == nullptr ? Value() : node->result();
}

Value Builder::Identity(OpCode op, DType dtype) {
  const bool is_max = op == OpCode::kMaximum;
  if (op == OpCode::kAdd || op == OpCode::kOr || op == OpCode::kXor)
    return Constant(Literal::SplatInt(dtype, {}, 0));
  if (op == OpCode::kMul) return Constant(Literal::SplatInt(dtype, {}, 1));
  if (op == OpCode::kAnd)
    return Constant(Literal::SplatInt(dtype, {}, dtype == DType::kBool ? 1 : -1));
  if (op != OpCode::kMinimum && !is_max) {
    Fail(absl::InvalidArgumentError(absl::StrCat(Name(op), " has no neutral element")));
    return Value();
  }
  if (IsFloat(dtype)) {
    const double infinity = std::numeric_limits<double>::infinity();
    return Constant(Literal::Splat(dtype, {}, is_max ? -infinity : infinity));
  }
  // The least or greatest value: the bits 1000... or 0111... for signed types, all zeros or all
  // ones for the others.
  const int64_t bits = 8 * ByteSize(dtype);
  const int64_t smallest =
      IsSignedInteger(dtype) ? std::numeric_limits<int64_t>::min() >> (64 - bits) : 0;
  if (dtype == DType::kBool) return Constant(Literal::SplatInt(dtype, {}, is_max ? 0 : 1));
  return Constant(Literal::SplatInt(dtype, {}, is_max ? smallest : ~smallest));
}

Value Builder::Dot(Value lhs, Value rhs, DimPair contract, DimPair batch) {
  AttrMap attrs = {{"contract", std::move(contract)}};
  if (!batch.lhs.empty() || !batch.rhs.empty()) attrs.Set("batch", std::move(batch));
  return Make(OpCode::kDotGeneral, {lhs, rhs}, std::move(attrs));
}

absl::StatusOr<Shape> BroadcastShapes(const Shape& a, const Shape& b) {
  const size_t rank = std::max(a.size(), b.size());
  Shape shape(rank, Dim(1));
  for (size_t i = 1; i <= rank; ++i) {  // from the last dim
    const Dim x = i <= a.size() ? a[a.size() - i] : Dim(1);
    const Dim y = i <= b.size() ? b[b.size() - i] : Dim(1);
    const std::optional<Dim> extent = x == Dim(1) ? y : y == Dim(1) ? x : UnifyDims(x, y);
    if (!extent.has_value()) {
      return absl::InvalidArgumentError(absl::StrCat("shapes ", ToString(a), " and ", ToString(b),
                                                     " do not broadcast against each other"));
    }
    shape[rank - i] = *extent;
  }
  return shape;
}

std::unique_ptr<Graph> BinaryBody(OpCode op, DType dtype) {
  auto body = std::make_unique<Graph>(std::string(Name(op)));
  const Type scalar(dtype, {});
  const Value x = body->AddParameter(scalar, "x")->result();
  const Value y = body->AddParameter(scalar, "y")->result();
  body->set_results({body->AddNode(op, {x, y}, {scalar})->result()});
  return body;
}

std::optional<OpCode> SimpleCombiner(const Graph& body) {
  if (body.nodes().size() != 3 || body.parameters().size() != 2 || body.results().size() != 1)
    return std::nullopt;
  const Node& node = *body.nodes()[2];
  const Type& type = body.parameter(0)->type();
  const bool binary = node.num_operands() == 2 && node.operand(0) == body.parameter(0)->result() &&
                      node.operand(1) == body.parameter(1)->result() &&
                      body.results()[0] == body.nodes()[2]->result();
  const bool plain = IsElementwise(node.op()) && node.attrs().items().empty() && type.IsScalar() &&
                     body.parameter(1)->type() == type && node.type() == type;
  if (!binary || !plain) return std::nullopt;
  return node.op();
}

}  // namespace cermet
