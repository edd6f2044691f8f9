// Exporters compute shapes with tensors: Shape -> Gather -> Mul -> Concat -> Reshape. Here such
// chains stay Dims, so that the Reshape at their end has a symbolic shape. An operator that cannot
// tell (is ?n equal to 7?) leaves the value unknown, and the node is imported like any other.
#include "frontend/onnx/known_ops.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "frontend/onnx/op_context.h"
#include "ir/scalar_ops.h"
#include "ir/status.h"

namespace cermet {
namespace {

using Known = std::optional<KnownValue>;
using Inputs = std::vector<const KnownValue*>;

int64_t Product(const std::vector<int64_t>& shape) {
  int64_t product = 1;
  for (const int64_t extent : shape) {
    if (__builtin_mul_overflow(product, extent, &product))
      return std::numeric_limits<int64_t>::max();
  }
  return product;
}

bool TooLarge(const std::vector<int64_t>& shape, DType dtype) {
  return Product(shape) >
         (IsFloat(dtype) ? KnownValue::kMaxRealElements : KnownValue::kMaxElements);
}

double RoundTo(DType dtype, double value) {
  return FloatFromBits(dtype, BitsFromFloat(dtype, value));
}
Dim Wrap(DType dtype, const Dim& dim) {
  return dim.IsConstant() ? Dim(IntFromBits(dtype, BitsFromInt(dtype, dim.value()))) : dim;
}

// ---- elementwise

// Applies f to Dims a, b; nullopt when it cannot tell.
using DimFunction = std::optional<Dim> (*)(const DimSolver&, const Dim& a, const Dim& b);
using RealFunction = double (*)(double a, double b);

std::optional<Dim> FromBool(std::optional<bool> truth) {
  return truth ? std::optional<Dim>(Dim(*truth ? 1 : 0)) : std::nullopt;
}
std::optional<bool> Not(std::optional<bool> truth) {
  return truth ? std::optional<bool>(!*truth) : std::nullopt;
}

int64_t WrapAdd(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
int64_t WrapMul(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}

std::optional<Dim> AddDims(const DimSolver&, const Dim& a, const Dim& b) {
  return a.IsConstant() && b.IsConstant() ? Dim(WrapAdd(a.value(), b.value())) : a + b;
}
std::optional<Dim> SubDims(const DimSolver&, const Dim& a, const Dim& b) {
  return a.IsConstant() && b.IsConstant() ? Dim(WrapAdd(a.value(), WrapMul(b.value(), -1))) : a - b;
}
std::optional<Dim> MulDims(const DimSolver&, const Dim& a, const Dim& b) {
  return a.IsConstant() && b.IsConstant() ? Dim(WrapMul(a.value(), b.value())) : a * b;
}
// ONNX rounds towards zero, Dims towards minus infinity.
std::optional<Dim> DivDims(const DimSolver& solver, const Dim& a, const Dim& b) {
  if (b == Dim(0)) return std::nullopt;
  if (solver.NonNegative(a) && solver.NonNegative(b - Dim(1))) return Dim::FloorDiv(a, b);
  if (!a.IsConstant() || !b.IsConstant() || b.value() == -1) return std::nullopt;
  return Dim(a.value() / b.value());
}
std::optional<Dim> ModDims(const DimSolver& solver, const Dim& a, const Dim& b) {
  if (!solver.NonNegative(a) || !solver.NonNegative(b - Dim(1))) return std::nullopt;
  return Dim::Mod(a, b);
}
std::optional<Dim> MinDims(const DimSolver& solver, const Dim& a, const Dim& b) {
  return solver.Min(a, b);
}
std::optional<Dim> MaxDims(const DimSolver& solver, const Dim& a, const Dim& b) {
  return solver.Max(a, b);
}
std::optional<Dim> EqualDims(const DimSolver& solver, const Dim& a, const Dim& b) {
  return FromBool(solver.Equal(a, b));
}
std::optional<Dim> LessDims(const DimSolver& solver, const Dim& a, const Dim& b) {
  return FromBool(solver.Less(a, b));
}
std::optional<Dim> GreaterDims(const DimSolver& solver, const Dim& a, const Dim& b) {
  return FromBool(solver.Less(b, a));
}
std::optional<Dim> LessEqualDims(const DimSolver& solver, const Dim& a, const Dim& b) {
  return FromBool(Not(solver.Less(b, a)));
}
std::optional<Dim> GreaterEqualDims(const DimSolver& solver, const Dim& a, const Dim& b) {
  return FromBool(Not(solver.Less(a, b)));
}
std::optional<Dim> AndDims(const DimSolver&, const Dim& a, const Dim& b) {
  return Dim(a == Dim(0) || b == Dim(0) ? 0 : 1);
}
std::optional<Dim> OrDims(const DimSolver&, const Dim& a, const Dim& b) {
  return Dim(a == Dim(0) && b == Dim(0) ? 0 : 1);
}

struct BinaryRow {
  absl::string_view name;
  DimFunction dims;
  RealFunction reals;  // null: not for floats
  bool predicate;
};
const BinaryRow kBinaryRows[] = {
    {"Add", AddDims, [](double a, double b) { return a + b; }, false},
    {"Sub", SubDims, [](double a, double b) { return a - b; }, false},
    {"Mul", MulDims, [](double a, double b) { return a * b; }, false},
    {"Div", DivDims, [](double a, double b) { return a / b; }, false},
    {"Mod", ModDims, nullptr, false},
    {"Min", MinDims, [](double a, double b) { return std::isnan(a) || a < b ? a : b; }, false},
    {"Max", MaxDims, [](double a, double b) { return std::isnan(a) || a > b ? a : b; }, false},
    {"Equal", EqualDims, [](double a, double b) { return a == b ? 1.0 : 0.0; }, true},
    {"Less", LessDims, [](double a, double b) { return a < b ? 1.0 : 0.0; }, true},
    {"Greater", GreaterDims, [](double a, double b) { return a > b ? 1.0 : 0.0; }, true},
    {"LessOrEqual", LessEqualDims, [](double a, double b) { return a <= b ? 1.0 : 0.0; }, true},
    {"GreaterOrEqual", GreaterEqualDims, [](double a, double b) { return a >= b ? 1.0 : 0.0; },
     true},
    {"And", AndDims, nullptr, true},
    {"Or", OrDims, nullptr, true},
};

std::optional<std::vector<int64_t>> BroadcastShape(const std::vector<int64_t>& a,
                                                   const std::vector<int64_t>& b) {
  std::vector<int64_t> result(std::max(a.size(), b.size()), 1);
  for (size_t i = 0; i < result.size(); ++i) {
    const int64_t x = i < result.size() - a.size() ? 1 : a[i - (result.size() - a.size())];
    const int64_t y = i < result.size() - b.size() ? 1 : b[i - (result.size() - b.size())];
    if (x != y && x != 1 && y != 1) return std::nullopt;
    result[i] = x == 1 ? y : x;
  }
  return result;
}

// Makes a value of `shape` whose element at an index is element `source(index)` of `from`.
KnownValue Rearrange(const KnownValue& from, const std::vector<int64_t>& shape,
                     const std::function<int64_t(const std::vector<int64_t>&)>& source) {
  KnownValue result;
  result.dtype = from.dtype;
  result.shape = shape;
  std::vector<int64_t> index(shape.size(), 0);
  for (int64_t i = 0, n = Product(shape); i < n; ++i) {
    const int64_t at = source(index);
    if (from.is_real()) {
      result.reals.push_back(from.reals[at]);
    } else {
      result.ints.push_back(from.ints[at]);
    }
    for (size_t d = shape.size(); d-- > 0;) {
      if (++index[d] < shape[d]) break;
      index[d] = 0;
    }
  }
  return result;
}

int64_t FlatIndex(const std::vector<int64_t>& index, const std::vector<int64_t>& shape) {
  int64_t flat = 0;
  for (size_t d = 0; d < shape.size(); ++d) flat = flat * shape[d] + index[d];
  return flat;
}

KnownValue BroadcastValue(const KnownValue& from, const std::vector<int64_t>& shape) {
  const size_t lead = shape.size() - from.shape.size();
  return Rearrange(from, shape, [&](const std::vector<int64_t>& index) {
    int64_t flat = 0;
    for (size_t d = 0; d < from.shape.size(); ++d)
      flat = flat * from.shape[d] + (from.shape[d] == 1 ? 0 : index[lead + d]);
    return flat;
  });
}

Known Binary(const BinaryRow& row, const DimSolver& solver, const KnownValue& a,
             const KnownValue& b) {
  const auto shape = BroadcastShape(a.shape, b.shape);
  if (!shape || a.dtype != b.dtype || TooLarge(*shape, a.dtype) ||
      (a.is_real() && row.reals == nullptr))
    return std::nullopt;
  const KnownValue x = BroadcastValue(a, *shape), y = BroadcastValue(b, *shape);
  KnownValue result;
  result.dtype = row.predicate ? DType::kBool : a.dtype;
  result.shape = *shape;
  for (int64_t i = 0; i < x.num_elements(); ++i) {
    if (a.is_real() && row.predicate) {
      result.ints.push_back(row.reals(x.reals[i], y.reals[i]) != 0 ? 1 : 0);
    } else if (a.is_real()) {
      result.reals.push_back(RoundTo(a.dtype, row.reals(x.reals[i], y.reals[i])));
    } else {
      const std::optional<Dim> element = row.dims(solver, x.ints[i], y.ints[i]);
      if (!element) return std::nullopt;
      result.ints.push_back(Wrap(result.dtype, *element));
    }
  }
  return result;
}

Known EvaluateBinary(const BinaryRow& row, OpContext* c, const Inputs& in) {
  if (in.size() < 2 || (in.size() > 2 && row.name != "Min" && row.name != "Max"))
    return std::nullopt;
  if (row.name == "Mod" && c->Int("fmod", 0) != 0) return std::nullopt;
  Known result = *in[0];
  for (size_t i = 1; i < in.size() && result; ++i)
    result = Binary(row, c->solver(), *result, *in[i]);
  return result;
}

struct UnaryRow {
  absl::string_view name;
  double (*reals)(double);
};
const UnaryRow kUnaryRows[] = {
    {"Floor", [](double x) { return std::floor(x); }},
    {"Ceil", [](double x) { return std::ceil(x); }},
    {"Round", [](double x) { return std::nearbyint(x); }},
    {"Sqrt", [](double x) { return std::sqrt(x); }},
    {"Neg", [](double x) { return -x; }},
    {"Abs", [](double x) { return std::fabs(x); }},
    {"Reciprocal", [](double x) { return 1 / x; }},
};

Known EvaluateUnary(const UnaryRow& row, const KnownValue& x) {
  KnownValue result = x;
  for (double& value : result.reals) value = RoundTo(x.dtype, row.reals(value));
  if (x.is_real()) return result;
  if (row.name != "Neg") return std::nullopt;
  for (Dim& dim : result.ints)
    dim = Wrap(x.dtype, dim.IsConstant() ? Dim(WrapMul(dim.value(), -1)) : Dim(0) - dim);
  return result;
}

Known EvaluateNot(OpContext*, const Inputs& in) {
  KnownValue result = *in[0];
  for (Dim& dim : result.ints) dim = Dim(dim == Dim(0) ? 1 : 0);
  return result;
}

Known EvaluateCast(OpContext* c, const Inputs& in) {
  const auto dtype = DTypeOfOnnx(static_cast<int32_t>(c->Int("to", 0)));
  const KnownValue& x = *in[0];
  if (!dtype.ok()) return std::nullopt;
  KnownValue result;
  result.dtype = *dtype;
  result.shape = x.shape;
  if (TooLarge(x.shape, *dtype)) return std::nullopt;
  for (int64_t i = 0; i < x.num_elements(); ++i) {
    if (x.is_real()) {
      const double value = x.reals[i];
      if (result.is_real()) {
        result.reals.push_back(RoundTo(*dtype, value));
      } else if (*dtype == DType::kBool) {
        result.ints.push_back(value != 0 ? 1 : 0);
      } else if (std::fabs(value) < 1e18 && (value >= 0 || IsSignedInteger(*dtype))) {
        const Dim integer(static_cast<int64_t>(value));
        if (Wrap(*dtype, integer) != integer) return std::nullopt;
        result.ints.push_back(integer);
      } else {
        return std::nullopt;
      }
      continue;
    }
    if (result.is_real()) {
      if (!x.ints[i].IsConstant() || x.dtype == DType::kU64) return std::nullopt;
      result.reals.push_back(RoundTo(*dtype, static_cast<double>(x.ints[i].value())));
    } else if (*dtype == DType::kBool) {
      const std::optional<bool> zero = c->solver().Equal(x.ints[i], 0);
      if (!zero) return std::nullopt;
      result.ints.push_back(*zero ? 0 : 1);
    } else {
      result.ints.push_back(Wrap(*dtype, x.ints[i]));
    }
  }
  return result;
}

Known EvaluateWhere(OpContext*, const Inputs& in) {
  auto shape = BroadcastShape(in[1]->shape, in[2]->shape);
  if (shape) shape = BroadcastShape(*shape, in[0]->shape);
  if (!shape || in[1]->dtype != in[2]->dtype || TooLarge(*shape, in[1]->dtype)) return std::nullopt;
  const KnownValue pred = BroadcastValue(*in[0], *shape), y = BroadcastValue(*in[2], *shape);
  KnownValue result = BroadcastValue(*in[1], *shape);
  for (size_t i = 0; i < pred.ints.size(); ++i) {
    if (pred.ints[i] != Dim(0)) continue;
    if (result.is_real()) {
      result.reals[i] = y.reals[i];
    } else {
      result.ints[i] = y.ints[i];
    }
  }
  return result;
}

// ---- views

std::optional<std::vector<int64_t>> ConstantInts(const KnownValue& value) {
  if (value.is_real() || !value.IsConstant()) return std::nullopt;
  std::vector<int64_t> ints;
  for (const Dim& dim : value.ints) ints.push_back(dim.value());
  return ints;
}

Known WithShape(const KnownValue& value, std::vector<int64_t> shape) {
  for (const int64_t extent : shape) {
    if (extent < 0) return std::nullopt;
  }
  if (Product(shape) != value.num_elements()) return std::nullopt;
  KnownValue result = value;
  result.shape = std::move(shape);
  return result;
}

Known EvaluateReshape(OpContext* c, const Inputs& in) {
  auto shape = ConstantInts(*in[1]);
  if (!shape) return std::nullopt;
  int64_t rest = in[0]->num_elements(), *hole = nullptr;
  for (size_t i = 0; i < shape->size(); ++i) {
    int64_t& extent = (*shape)[i];
    if (extent == 0 && c->Int("allowzero", 0) == 0) {
      if (i >= in[0]->shape.size()) return std::nullopt;
      extent = in[0]->shape[i];
    }
    if (extent == -1) {
      hole = &extent;
    } else if (extent <= 0) {
      return std::nullopt;
    } else {
      rest /= extent;
    }
  }
  if (hole != nullptr) *hole = rest;
  return WithShape(*in[0], *std::move(shape));
}

Known EvaluateSqueeze(OpContext* c, const Inputs& in) {
  const auto given = c->AxesArgument(13);
  const auto& shape = in[0]->shape;
  std::vector<int64_t> kept;
  std::vector<bool> dropped(shape.size());
  for (size_t i = 0; i < shape.size(); ++i)
    dropped[i] = !given.ok() || !*given ? shape[i] == 1 : false;
  if (given.ok() && *given) {
    const auto axes = c->NormalizeAxes(**given, shape.size());
    if (!axes.ok()) return std::nullopt;
    for (const int64_t axis : *axes) dropped[axis] = true;
  }
  for (size_t i = 0; i < shape.size(); ++i) {
    if (!dropped[i]) kept.push_back(shape[i]);
  }
  return WithShape(*in[0], std::move(kept));
}

Known EvaluateUnsqueeze(OpContext* c, const Inputs& in) {
  const auto given = c->AxesArgument(13);
  if (!given.ok() || !*given) return std::nullopt;
  const int64_t rank = static_cast<int64_t>(in[0]->shape.size() + (*given)->size());
  const auto axes = c->NormalizeAxes(**given, rank);
  if (!axes.ok()) return std::nullopt;
  std::vector<int64_t> shape;
  auto next = in[0]->shape.begin();
  for (int64_t d = 0; d < rank; ++d) {
    shape.push_back(std::find(axes->begin(), axes->end(), d) != axes->end() ? 1 : *next++);
  }
  return WithShape(*in[0], std::move(shape));
}

Known EvaluateTranspose(OpContext* c, const Inputs& in) {
  const auto& from = in[0]->shape;
  const int64_t rank = static_cast<int64_t>(from.size());
  std::vector<int64_t> reversed;
  for (int64_t d = rank; d-- > 0;) reversed.push_back(d);
  const auto permutation = c->NormalizeAxes(c->Ints("perm", reversed), rank);
  if (!permutation.ok() || permutation->size() != from.size()) return std::nullopt;
  std::vector<int64_t> shape;
  for (const int64_t axis : *permutation) shape.push_back(from[axis]);
  return Rearrange(*in[0], shape, [&](const std::vector<int64_t>& index) {
    std::vector<int64_t> source(index.size());
    for (size_t d = 0; d < index.size(); ++d) source[(*permutation)[d]] = index[d];
    return FlatIndex(source, from);
  });
}

Known EvaluateConcat(OpContext* c, const Inputs& in) {
  std::vector<int64_t> shape = in[0]->shape;
  const auto axis = c->Axis(0, static_cast<int64_t>(shape.size()));
  if (!axis.ok()) return std::nullopt;
  KnownValue all;  // the inputs' elements one after the other
  all.dtype = in[0]->dtype;
  shape[*axis] = 0;
  std::vector<int64_t> begin, base;  // of each input: along the axis, and in `all`
  for (const KnownValue* value : in) {
    if (value->dtype != all.dtype || value->shape.size() != shape.size()) return std::nullopt;
    for (size_t d = 0; d < shape.size(); ++d) {
      if (static_cast<int64_t>(d) != *axis && value->shape[d] != shape[d]) return std::nullopt;
    }
    begin.push_back(shape[*axis]);
    base.push_back(all.num_elements());
    shape[*axis] += value->shape[*axis];
    all.ints.insert(all.ints.end(), value->ints.begin(), value->ints.end());
    all.reals.insert(all.reals.end(), value->reals.begin(), value->reals.end());
  }
  if (TooLarge(shape, all.dtype)) return std::nullopt;
  return Rearrange(all, shape, [&](std::vector<int64_t> index) {
    // The last input that begins at or before the index and is not empty there.
    size_t k = in.size() - 1;
    while (begin[k] > index[*axis]) --k;
    index[*axis] -= begin[k];
    return base[k] + FlatIndex(index, in[k]->shape);
  });
}

Known EvaluateGather(OpContext* c, const Inputs& in) {
  const std::vector<int64_t>& from = in[0]->shape;
  const auto axis = c->Axis(0, static_cast<int64_t>(from.size()));
  const auto indices = ConstantInts(*in[1]);
  if (!axis.ok() || !indices) return std::nullopt;
  for (const int64_t i : *indices) {
    if (i < -from[*axis] || i >= from[*axis]) return std::nullopt;
  }
  std::vector<int64_t> shape(from.begin(), from.begin() + *axis);
  shape.insert(shape.end(), in[1]->shape.begin(), in[1]->shape.end());
  shape.insert(shape.end(), from.begin() + *axis + 1, from.end());
  if (TooLarge(shape, in[0]->dtype)) return std::nullopt;
  const int64_t index_rank = static_cast<int64_t>(in[1]->shape.size());
  return Rearrange(*in[0], shape, [&](const std::vector<int64_t>& index) {
    std::vector<int64_t> source(index.begin(), index.begin() + *axis);
    const std::vector<int64_t> at(index.begin() + *axis, index.begin() + *axis + index_rank);
    const int64_t i = (*indices)[FlatIndex(at, in[1]->shape)];
    source.push_back(i < 0 ? i + from[*axis] : i);
    source.insert(source.end(), index.begin() + *axis + index_rank, index.end());
    return FlatIndex(source, from);
  });
}

Known EvaluateSlice(OpContext* c, const Inputs& in) {
  const std::vector<int64_t>& from = in[0]->shape;
  const int64_t rank = static_cast<int64_t>(from.size());
  std::vector<int64_t> starts = c->Ints("starts"), ends = c->Ints("ends"), axes = c->Ints("axes"),
                       steps;
  std::vector<int64_t>* const lists[] = {&starts, &ends, &axes, &steps};
  for (size_t i = 1; i < in.size(); ++i) {
    if (in[i] == nullptr) continue;
    const auto ints = ConstantInts(*in[i]);
    if (!ints) return std::nullopt;
    *lists[i - 1] = *ints;
  }
  if (axes.empty()) {
    for (size_t d = 0; d < starts.size(); ++d) axes.push_back(static_cast<int64_t>(d));
  }
  if (steps.empty()) steps.assign(starts.size(), 1);
  const auto normal = c->NormalizeAxes(axes, rank);
  if (!normal.ok() || starts.size() != axes.size() || ends.size() != axes.size() ||
      steps.size() != axes.size())
    return std::nullopt;
  std::vector<int64_t> shape = from, first(rank, 0), step(rank, 1);
  for (size_t i = 0; i < axes.size(); ++i) {
    const int64_t d = (*normal)[i], n = from[d], low = steps[i] < 0 ? -1 : 0,
                  high = steps[i] < 0 ? n - 1 : n;
    if (steps[i] == 0 || steps[i] == std::numeric_limits<int64_t>::min()) return std::nullopt;
    const auto clamp = [n](int64_t x, int64_t least, int64_t most) {
      return std::max(least, std::min(x < 0 ? x + n : x, most));
    };
    // With a negative step, an end that is still negative after counting from the back means "down
    // to element 0".
    const int64_t begin = clamp(starts[i], 0, high), end = clamp(ends[i], low, high);
    const int64_t span = steps[i] > 0 ? end - begin : begin - end, stride = std::abs(steps[i]);
    shape[d] = span <= 0 ? 0 : (span - 1) / stride + 1;
    first[d] = begin;
    step[d] = steps[i];
  }
  return Rearrange(*in[0], shape, [&](std::vector<int64_t> index) {
    for (int64_t d = 0; d < rank; ++d) index[d] = first[d] + index[d] * step[d];
    return FlatIndex(index, from);
  });
}

Known EvaluateExpand(OpContext*, const Inputs& in) {
  const auto target = ConstantInts(*in[1]);
  const auto shape = target ? BroadcastShape(in[0]->shape, *target) : std::nullopt;
  if (!shape || TooLarge(*shape, in[0]->dtype)) return std::nullopt;
  for (const int64_t extent : *shape) {
    if (extent < 0) return std::nullopt;
  }
  return BroadcastValue(*in[0], *shape);
}

// ---- makers and reductions

Known EvaluateConstantOfShape(OpContext* c, const Inputs& in) {
  const auto shape = ConstantInts(*in[0]);
  if (!shape) return std::nullopt;
  KnownValue element;
  element.dtype = DType::kF32;
  element.reals = {0};
  if (const onnx::AttributeProto* attr = c->FindAttr("value")) {
    const auto literal = DecodeTensor(attr->t());
    if (!literal.ok() || literal->num_elements() != 1) return std::nullopt;
    element = *KnownValue::FromLiteral(*literal);
    element.shape.clear();
  }
  for (const int64_t extent : *shape) {
    if (extent < 0) return std::nullopt;
  }
  // Larger float tensors are broadcasts of one element, as they should stay.
  if (element.is_real() || TooLarge(*shape, element.dtype)) return std::nullopt;
  return BroadcastValue(element, *shape);
}

Known EvaluateRange(OpContext*, const Inputs& in) {
  const auto start = ConstantInts(*in[0]), limit = ConstantInts(*in[1]),
             delta = ConstantInts(*in[2]);
  if (!start || !limit || !delta || start->size() != 1 || limit->size() != 1 ||
      delta->size() != 1 || (*delta)[0] == 0)
    return std::nullopt;
  KnownValue result;
  result.dtype = in[0]->dtype;
  const int64_t step = (*delta)[0];
  for (int64_t x = (*start)[0]; step > 0 ? x < (*limit)[0] : x > (*limit)[0]; x = WrapAdd(x, step)) {
    if (result.num_elements() >= KnownValue::kMaxRealElements) return std::nullopt;
    result.ints.push_back(x);
  }
  result.shape = {result.num_elements()};
  return result;
}

Known ReduceAll(OpContext* c, const KnownValue& x, DimFunction combine) {
  if (x.is_real() || x.shape.size() != 1 || x.ints.empty()) return std::nullopt;
  Dim total = x.ints[0];
  for (size_t i = 1; i < x.ints.size(); ++i) {
    const std::optional<Dim> next = combine(c->solver(), total, x.ints[i]);
    if (!next) return std::nullopt;
    total = *next;
  }
  KnownValue result;
  result.dtype = x.dtype;
  result.ints = {Wrap(x.dtype, total)};
  if (c->Int("keepdims", 1) != 0) result.shape = {1};
  return result;
}

// A reduction of a vector along its only axis.
template <DimFunction combine>
Known EvaluateReduce(OpContext* c, const Inputs& in) {
  const auto axes = c->AxesArgument(c->node().op_type() == "ReduceSum" ? 13 : 18);
  if (!axes.ok() || (*axes && (*axes)->empty() && c->Int("noop_with_empty_axes", 0) != 0) ||
      (!*axes && c->Int("noop_with_empty_axes", 0) != 0)) {
    return std::nullopt;
  }
  return ReduceAll(c, *in[0], combine);
}

Known EvaluateIdentity(OpContext*, const Inputs& in) { return *in[0]; }

struct Row {
  absl::string_view name;
  size_t min_inputs;
  Known (*function)(OpContext*, const Inputs&);
};
const Row kRows[] = {
    {"Identity", 1, EvaluateIdentity},
    {"Not", 1, EvaluateNot},
    {"Cast", 1, EvaluateCast},
    {"Where", 3, EvaluateWhere},
    {"Reshape", 2, EvaluateReshape},
    {"Squeeze", 1, EvaluateSqueeze},
    {"Unsqueeze", 1, EvaluateUnsqueeze},
    {"Transpose", 1, EvaluateTranspose},
    {"Concat", 1, EvaluateConcat},
    {"Gather", 2, EvaluateGather},
    {"Slice", 1, EvaluateSlice},
    {"Expand", 2, EvaluateExpand},
    {"ConstantOfShape", 1, EvaluateConstantOfShape},
    {"Range", 3, EvaluateRange},
    {"ReduceProd", 1, EvaluateReduce<MulDims>},
    {"ReduceSum", 1, EvaluateReduce<AddDims>},
    {"ReduceMax", 1, EvaluateReduce<MaxDims>},
    {"ReduceMin", 1, EvaluateReduce<MinDims>},
};

}  // namespace

absl::StatusOr<std::optional<KnownValue>> EvaluateKnown(OpContext* context) {
  const std::string& name = context->node().op_type();
  const auto match = [&](const auto& row) { return row.name == name; };
  const auto* row = std::find_if(std::begin(kRows), std::end(kRows), match);
  const auto* binary = std::find_if(std::begin(kBinaryRows), std::end(kBinaryRows), match);
  const auto* unary = std::find_if(std::begin(kUnaryRows), std::end(kUnaryRows), match);
  if (row == std::end(kRows) && binary == std::end(kBinaryRows) && unary == std::end(kUnaryRows))
    return Known();
  Inputs inputs;
  for (int i = 0; i < context->num_inputs(); ++i) {
    inputs.push_back(context->known(i));
    if (inputs.back() == nullptr && (context->has_input(i) || name != "Slice")) return Known();
  }
  CERMET_RETURN_IF_ERROR(context->status());
  if (row != std::end(kRows) && inputs.size() >= row->min_inputs)
    return row->function(context, inputs);
  if (binary != std::end(kBinaryRows)) return EvaluateBinary(*binary, context, inputs);
  if (unary != std::end(kUnaryRows) && inputs.size() == 1) return EvaluateUnary(*unary, *inputs[0]);
  return Known();
}

}  // namespace cermet
