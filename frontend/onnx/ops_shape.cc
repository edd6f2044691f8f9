// Operators that make tensors from shapes, counts and constants.
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "frontend/onnx/op_context.h"
#include "frontend/onnx/op_table.h"
#include "ir/status.h"

namespace cermet {
namespace {

absl::Status Constant(OpContext& c) {
  if (const onnx::AttributeProto* attr = c.FindAttr("value")) {
    if (!attr->has_t()) return c.Error("attribute value is not a tensor");
    return c.ReturnTensor(0, attr->t());
  }
  KnownValue known;
  if (c.has_attr("value_float") || c.has_attr("value_floats")) {
    known.dtype = DType::kF32;
    known.reals = c.has_attr("value_float") ? std::vector<double>{c.Float("value_float", 0)}
                                            : c.Floats("value_floats");
  } else if (c.has_attr("value_int") || c.has_attr("value_ints")) {
    const std::vector<int64_t> ints = c.has_attr("value_int")
                                          ? std::vector<int64_t>{c.Int("value_int", 0)}
                                          : c.Ints("value_ints");
    known.ints.assign(ints.begin(), ints.end());
  } else {
    return c.Unsupported("a constant that is neither a dense tensor nor numbers");
  }
  if (c.has_attr("value_floats") || c.has_attr("value_ints")) known.shape = {known.num_elements()};
  return c.ReturnKnown(0, std::move(known));
}

absl::Status ConstantOfShape(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(const std::vector<Dim> dims, c.DimsInput(0, "shape"));
  Literal element = Literal::Scalar<float>(0);
  if (const onnx::AttributeProto* attr = c.FindAttr("value")) {
    if (!attr->has_t()) return c.Error("attribute value is not a tensor");
    CERMET_ASSIGN_OR_RETURN(element, DecodeTensor(attr->t()));
    if (element.num_elements() != 1) return c.Error("attribute value does not hold one element");
  }
  return c.Return(c.b().Broadcast(c.Reshape(c.b().Constant(element), {}), dims, {}));
}

// Part [start, end) of the shape since operator set 15.
absl::Status ShapeOf(OpContext& c) {
  const int64_t rank = c.rank(0);
  const auto clamp = [&](int64_t i) {
    return std::max<int64_t>(0, std::min(i < 0 ? i + rank : i, rank));
  };
  const int64_t start = clamp(c.Int("start", 0)), end = clamp(c.Int("end", rank));
  const Shape& shape = c.shape(0);
  std::vector<Dim> dims;
  for (int64_t i = start; i < end; ++i) dims.push_back(shape[i]);
  return c.ReturnKnown(0, KnownValue::Vector(std::move(dims)));
}

absl::Status Size(OpContext& c) {
  return c.ReturnKnown(0, KnownValue::Scalar(c.type(0).NumElements()));
}

// start + i * delta for i below ceil((limit - start) / delta).
absl::Status Range(OpContext& c) {
  const DType dtype = c.dtype(0);
  Dim length;
  if (IsFloat(dtype)) {
    CERMET_ASSIGN_OR_RETURN(const std::vector<double> start, c.RealsInput(0, "start"));
    CERMET_ASSIGN_OR_RETURN(const std::vector<double> limit, c.RealsInput(1, "limit"));
    CERMET_ASSIGN_OR_RETURN(const std::vector<double> delta, c.RealsInput(2, "delta"));
    if (start.size() != 1 || limit.size() != 1 || delta.size() != 1)
      return c.Error("start, limit and delta are not scalars");
    const double count = std::ceil((limit[0] - start[0]) / delta[0]);
    if (!(std::fabs(count) < 1e15)) return c.Error("the range has no end");
    length = Dim(std::max<int64_t>(0, static_cast<int64_t>(count)));
  } else {
    CERMET_ASSIGN_OR_RETURN(const std::vector<Dim> start, c.DimsInput(0, "start"));
    CERMET_ASSIGN_OR_RETURN(const std::vector<Dim> limit, c.DimsInput(1, "limit"));
    CERMET_ASSIGN_OR_RETURN(const std::vector<int64_t> delta, c.IntsInput(2, "delta"));
    if (start.size() != 1 || limit.size() != 1 || delta.size() != 1)
      return c.Error("start, limit and delta are not scalars");
    if (delta[0] == 0 || delta[0] == std::numeric_limits<int64_t>::min())
      return c.Error(absl::StrCat("delta is ", delta[0]));
    const Dim span = delta[0] > 0 ? limit[0] - start[0] : start[0] - limit[0];
    length = c.solver().Max(Dim::CeilDiv(span, std::abs(delta[0])), 0);
  }
  Builder& b = c.b();
  const Value counts = b.Iota(Type(dtype, {length}), 0);
  const Value scaled = b.Mul(counts, c.Reshape(c.in(2), {}));
  return c.Return(b.Add(scaled, c.Reshape(c.in(0), {})));
}

absl::Status EyeLike(OpContext& c) {
  DType dtype = c.dtype(0);
  if (c.has_attr("dtype")) {
    CERMET_ASSIGN_OR_RETURN(dtype, DTypeOfOnnx(static_cast<int32_t>(c.Int("dtype", 0))));
  }
  if (c.rank(0) != 2)
    return c.Error(absl::StrCat("its input of shape ", ToString(c.shape(0)), " is not a matrix"));
  Builder& b = c.b();
  const Type index(DType::kI64, c.shape(0));
  const Value diagonal = b.Add(b.Iota(index, 0), c.ScalarInt(c.Int("k", 0)));
  return c.Return(b.Convert(b.Compare("eq", diagonal, b.Iota(index, 1)), dtype));
}

// The upper (or lower) triangle of the last two dims; k shifts the diagonal to the right.
absl::Status Trilu(OpContext& c) {
  const int64_t rank = c.rank(0);
  if (rank < 2)
    return c.Error(
        absl::StrCat("its input of shape ", ToString(c.shape(0)), " has fewer than two dims"));
  Builder& b = c.b();
  const Value x = c.in(0);
  CERMET_RETURN_IF_ERROR(c.status());
  const Type index(DType::kI64, x.type().shape);
  Value k = c.has_input(1) ? c.Reshape(c.in(1), {}) : c.ScalarInt(0);
  k = b.Convert(k, DType::kI64);
  const Value diagonal = b.Add(b.Iota(index, rank - 2), k);
  const Value keep =
      b.Compare(c.Int("upper", 1) != 0 ? "ge" : "le", b.Iota(index, rank - 1), diagonal);
  return c.Return(b.Select(keep, x, c.Splat(0, Type(x.type().dtype, {}))));
}

// A new axis of extent `depth` that holds values[1] at the index and values[0] elsewhere. Indices
// outside give no hot element.
absl::Status OneHot(OpContext& c) {
  Dim depth;
  if (const KnownValue* known = c.known(1);
      known != nullptr && known->is_real() && known->num_elements() == 1) {
    depth = Dim(static_cast<int64_t>(known->reals[0]));
  } else {
    CERMET_ASSIGN_OR_RETURN(const std::vector<Dim> dims, c.DimsInput(1, "depth"));
    if (dims.size() != 1) return c.Error("depth is not a scalar");
    depth = dims[0];
  }
  if (depth.IsConstant() && depth.value() < 0)
    return c.Error(absl::StrCat("depth is ", depth.value()));
  if (c.rank(2) != 1 || c.solver().Equal(c.shape(2)[0], 2) == false)
    return c.Error("values is not a vector of two");
  const int64_t rank = c.rank(0) + 1;
  CERMET_ASSIGN_OR_RETURN(const int64_t axis, c.Axis(-1, rank));
  Builder& b = c.b();
  Shape shape = c.shape(0);
  shape.insert(shape.begin() + axis, depth);
  std::vector<int64_t> kept;
  for (int64_t d = 0; d < rank; ++d) {
    if (d != axis) kept.push_back(d);
  }
  const Value raw = b.Convert(c.in(0), DType::kI64);
  const Value size = c.DimValue(depth);
  const Value index = b.Select(b.Compare("lt", raw, c.ScalarInt(0)), b.Add(raw, size), raw);
  const Value hot =
      b.Compare("eq", b.Broadcast(index, shape, kept), b.Iota(Type(DType::kI64, shape), axis));
  const Value off = b.Reshape(b.Slice(c.in(2), {0}, {1}, {1}), {}),
              on = b.Reshape(b.Slice(c.in(2), {1}, {2}, {1}), {});
  return c.Return(b.Select(hot, b.Broadcast(on, shape, {}), b.Broadcast(off, shape, {})));
}

// Inference: the identity, and a mask of ones.
absl::Status Dropout(OpContext& c) {
  if (c.has_input(2)) {
    CERMET_ASSIGN_OR_RETURN(const std::vector<int64_t> training, c.IntsInput(2, "training_mode"));
    if (training.size() == 1 && training[0] != 0) return c.Unsupported("Dropout in training mode");
  }
  CERMET_RETURN_IF_ERROR(c.Return(0, c.in(0)));
  if (!c.wants(1)) return absl::OkStatus();
  const DType mask = c.opset() < 10 ? c.dtype(0) : DType::kBool;
  return c.Return(1, c.Splat(1, Type(mask, c.shape(0))));
}

constexpr OpRow kRows[] = {
    {"Constant", 1, kNewest, 0, 0, Constant, Float16::kKept},
    {"ConstantOfShape", 9, kNewest, 1, 1, ConstantOfShape, Float16::kKept},
    {"Dropout", 7, kNewest, 1, 3, Dropout, {Float16::kMoved, 1}},
    {"EyeLike", 9, kNewest, 1, 1, EyeLike, Float16::kKept},
    {"OneHot", 9, kNewest, 3, 3, OneHot, Float16::kKept},
    {"Range", 11, kNewest, 3, 3, Range, Float16::kKept},
    {"Shape", 1, kNewest, 1, 1, ShapeOf, Float16::kKept},
    {"Size", 1, kNewest, 1, 1, Size, Float16::kKept},
    {"Trilu", 14, kNewest, 1, 2, Trilu, Float16::kMoved},
};

}  // namespace

absl::Span<const OpRow> ShapeOps() { return kRows; }

}  // namespace cermet
