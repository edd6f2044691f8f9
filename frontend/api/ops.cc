// The user's ops, in terms of the IR builder.
#include "frontend/api/ops.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "frontend/api/make_op.h"

namespace cermet::api {
namespace {

// Both values in their common numpy shape.
void BroadcastBoth(Builder& builder, Value* x, Value* y) {
  const absl::StatusOr<Shape> shape = BroadcastShapes(x->type().shape, y->type().shape);
  if (!shape.ok()) {
    builder.Fail(absl::Status(
        shape.status().code(),
        absl::StrCat(builder.location().NamesToString(), ": ", shape.status().message())));
    return;
  }
  *x = builder.BroadcastTo(*x, *shape);
  *y = builder.BroadcastTo(*y, *shape);
}

Tensor Binary(absl::string_view name, OpCode op, const Input& x, const Input& y) {
  return MakeOp(name, {&x, &y}, [op](Builder& builder, const std::vector<Value>& v) {
    Value a = v[0], b = v[1];
    BroadcastBoth(builder, &a, &b);
    return builder.Binary(op, a, b);
  });
}

Tensor Comparison(absl::string_view name, absl::string_view direction, const Input& x,
                  const Input& y) {
  return MakeOp(name, {&x, &y}, [direction](Builder& builder, const std::vector<Value>& v) {
    Value a = v[0], b = v[1];
    BroadcastBoth(builder, &a, &b);
    return builder.Compare(direction, a, b);
  });
}

Tensor Unary(absl::string_view name, OpCode op, const Input& x) {
  return MakeOp(name, {&x}, [op](Builder& builder, const std::vector<Value>& v) {
    return builder.Unary(op, v[0]);
  });
}

// Axes in [0, rank), sorted; an error names one that is not.
std::vector<int64_t> NormalAxes(Builder& builder, std::vector<int64_t> axes, int64_t rank) {
  for (int64_t& axis : axes) {
    if (axis < -rank || axis >= rank) {
      builder.Fail(
          absl::InvalidArgumentError(absl::StrCat(builder.location().NamesToString(), ": axis ",
                                                  axis, " is outside a tensor of rank ", rank)));
      return {};
    }
    if (axis < 0) axis += rank;
  }
  std::sort(axes.begin(), axes.end());
  axes.erase(std::unique(axes.begin(), axes.end()), axes.end());
  return axes;
}

Value KeepDims(Builder& builder, Value reduced, const Shape& shape,
               const std::vector<int64_t>& axes, bool keep_dims) {
  if (!keep_dims) return reduced;
  Shape kept = shape;
  for (int64_t axis : axes) kept[axis] = Dim(1);
  return builder.Reshape(reduced, kept);
}

Tensor Reduction(absl::string_view name, OpCode op, const Input& x, std::vector<int64_t> axes,
                 bool keep_dims, bool mean) {
  return MakeOp(name, {&x}, [&](Builder& builder, const std::vector<Value>& v) {
    const Shape shape = v[0].type().shape;
    const std::vector<int64_t> dims = NormalAxes(builder, axes, v[0].type().rank());
    if (!builder.ok()) return Value();
    Value sum = builder.Reduce(op, v[0], builder.Identity(op, v[0].type().dtype), dims);
    if (mean && sum) {
      Dim count(1);
      for (int64_t dim : dims) count = count * shape[dim];
      sum = builder.Div(sum, builder.Convert(builder.DimSize(count), v[0].type().dtype));
    }
    return KeepDims(builder, sum, shape, dims, keep_dims);
  });
}

}  // namespace

Tensor Constant(Literal value, absl::string_view name) {
  const Input input(std::move(value));
  return MakeOp(name, {&input}, [](Builder&, const std::vector<Value>& v) { return v[0]; });
}

Tensor Placeholder(DType dtype, Shape shape, absl::string_view name) {
  Graph* graph = Graph::Default();
  return graph == nullptr ? Tensor() : graph->AddPlaceholder(Type(dtype, std::move(shape)), name);
}

Tensor Add(const Input& x, const Input& y) { return Binary("Add", OpCode::kAdd, x, y); }
Tensor Sub(const Input& x, const Input& y) { return Binary("Sub", OpCode::kSub, x, y); }
Tensor Mul(const Input& x, const Input& y) { return Binary("Mul", OpCode::kMul, x, y); }
Tensor Div(const Input& x, const Input& y) { return Binary("RealDiv", OpCode::kDiv, x, y); }
Tensor Pow(const Input& x, const Input& y) { return Binary("Pow", OpCode::kPow, x, y); }
Tensor Maximum(const Input& x, const Input& y) { return Binary("Maximum", OpCode::kMaximum, x, y); }
Tensor Minimum(const Input& x, const Input& y) { return Binary("Minimum", OpCode::kMinimum, x, y); }
Tensor Equal(const Input& x, const Input& y) { return Comparison("Equal", "eq", x, y); }
Tensor Less(const Input& x, const Input& y) { return Comparison("Less", "lt", x, y); }
Tensor Greater(const Input& x, const Input& y) { return Comparison("Greater", "gt", x, y); }

Tensor Where(const Input& condition, const Input& x, const Input& y) {
  return MakeOp("Select", {&condition, &x, &y}, CommonType({&x, &y}),
                [](Builder& builder, const std::vector<Value>& v) {
                  Value c = v[0], a = v[1], b = v[2];
                  BroadcastBoth(builder, &a, &b);
                  if (builder.ok()) BroadcastBoth(builder, &c, &a);
                  if (builder.ok()) b = builder.BroadcastTo(b, a.type().shape);
                  return builder.ok() ? builder.Select(c, a, b) : Value();
                });
}

Tensor Neg(const Input& x) { return Unary("Neg", OpCode::kNeg, x); }
Tensor Abs(const Input& x) { return Unary("Abs", OpCode::kAbs, x); }
Tensor Sqrt(const Input& x) { return Unary("Sqrt", OpCode::kSqrt, x); }
Tensor Exp(const Input& x) { return Unary("Exp", OpCode::kExp, x); }
Tensor Log(const Input& x) { return Unary("Log", OpCode::kLog, x); }
Tensor Tanh(const Input& x) { return Unary("Tanh", OpCode::kTanh, x); }
Tensor Sigmoid(const Input& x) { return Unary("Sigmoid", OpCode::kLogistic, x); }

Tensor Relu(const Input& x) {
  return MakeOp("Relu", {&x}, [](Builder& builder, const std::vector<Value>& v) {
    return builder.Max(v[0], builder.Splat(0, Type(v[0].type().dtype, {})));
  });
}

Tensor Identity(const Input& x, absl::string_view name) {
  return MakeOp(name, {&x}, [](Builder& builder, const std::vector<Value>& v) {
    return SameValue(builder, v[0]);
  });
}

Tensor Cast(const Input& x, DType dtype) {
  return MakeOp("Cast", {&x}, [dtype](Builder& builder, const std::vector<Value>& v) {
    return builder.Convert(v[0], dtype);
  });
}

Tensor Reshape(const Input& x, const Shape& shape) {
  return MakeOp("Reshape", {&x}, [&](Builder& builder, const std::vector<Value>& v) {
    return builder.Reshape(v[0], shape);
  });
}

Tensor Transpose(const Input& x, std::vector<int64_t> permutation) {
  return MakeOp("transpose", {&x}, [&](Builder& builder, const std::vector<Value>& v) {
    return builder.Transpose(v[0], permutation);
  });
}

Tensor ReduceSum(const Input& x, std::vector<int64_t> axes, bool keep_dims) {
  return Reduction("Sum", OpCode::kAdd, x, std::move(axes), keep_dims, false);
}
Tensor ReduceMax(const Input& x, std::vector<int64_t> axes, bool keep_dims) {
  return Reduction("Max", OpCode::kMaximum, x, std::move(axes), keep_dims, false);
}
Tensor ReduceMean(const Input& x, std::vector<int64_t> axes, bool keep_dims) {
  return Reduction("Mean", OpCode::kAdd, x, std::move(axes), keep_dims, true);
}

Tensor MatMul(const Input& x, const Input& y) {
  return MakeOp("MatMul", {&x, &y}, [](Builder& builder, const std::vector<Value>& v) {
    const int64_t x_rank = v[0].type().rank(), y_rank = v[1].type().rank();
    if (x_rank < 2 || y_rank < 2 || (y_rank > 2 && y_rank != x_rank)) {
      builder.Fail(absl::InvalidArgumentError(
          absl::StrCat(builder.location().NamesToString(), ": shapes ", v[0].type().ToString(),
                       " and ", v[1].type().ToString(), " are not those of a matrix product")));
      return Value();
    }
    DimPair batch;
    for (int64_t i = 0; i < y_rank - 2; ++i) {
      batch.lhs.push_back(i);
      batch.rhs.push_back(i);
    }
    return builder.Dot(v[0], v[1], DimPair{{x_rank - 1}, {y_rank - 2}}, batch);
  });
}

Tensor Softmax(const Input& x, int64_t axis) {
  return MakeOp("Softmax", {&x}, [&](Builder& builder, const std::vector<Value>& v) {
    const std::vector<int64_t> axes = NormalAxes(builder, {axis}, v[0].type().rank());
    return builder.ok() ? builder.Make(OpCode::kSoftmax, {v[0]}, {{"axis", axes[0]}}) : Value();
  });
}

}  // namespace cermet::api
