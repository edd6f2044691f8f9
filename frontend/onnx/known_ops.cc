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
#include "ir/wrapping.h"

namespace cermet {
namespace {

using Known = std::optional<KnownValue>;
using Inputs = std::vector<const KnownValue*>;

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

std::optional<Dim> AddDims(const DimSolver&, const Dim& a, const Dim& b) {
  return a.IsConstant() && b.IsConstant() ? Dim(WrappingAdd(a.value(), b.value())) : a + b;
}
std::optional<Dim> SubDims(const DimSolver&, const Dim& a, const Dim& b) {
  return a.IsConstant() && b.IsConstant() ? Dim(WrappingSub(a.value(), b.value())) : a - b;
}
std::optional<Dim> MulDims(const DimSolver&, const Dim& a, const Dim& b) {
  return a.IsConstant() && b.IsConstant() ? Dim(WrappingMul(a.value(), b.value())) : a * b;
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
    dim = Wrap(x.dtype, dim.IsConstant() ? Dim(WrappingSub(0, dim.value())) : Dim(0) - dim);
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
  const int64_t end = (*limit)[0];
  for (int64_t x = (*start)[0]; step > 0 ? x < end : x > end; x = WrappingAdd(x, step)) {
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

constexpr KnownRule kRules[] = {
    {"Identity", 1, EvaluateIdentity},
    {"Not", 1, EvaluateNot},
    {"Cast", 1, EvaluateCast},
    {"Where", 3, EvaluateWhere},
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
  const KnownRule* rule = std::find_if(std::begin(kRules), std::end(kRules), match);
  if (rule == std::end(kRules)) {
    const absl::Span<const KnownRule> views = KnownViewRules();
    rule = std::find_if(views.begin(), views.end(), match);
    if (rule == views.end()) rule = nullptr;
  }
  const auto* binary = std::find_if(std::begin(kBinaryRows), std::end(kBinaryRows), match);
  const auto* unary = std::find_if(std::begin(kUnaryRows), std::end(kUnaryRows), match);
  if (rule == nullptr && binary == std::end(kBinaryRows) && unary == std::end(kUnaryRows))
    return Known();
  Inputs inputs;
  for (int i = 0; i < context->num_inputs(); ++i) {
    inputs.push_back(context->known(i));
    if (inputs.back() == nullptr && (context->has_input(i) || name != "Slice")) return Known();
  }
  CERMET_RETURN_IF_ERROR(context->status());
  if (rule != nullptr && inputs.size() >= rule->min_inputs) return rule->function(context, inputs);
  if (binary != std::end(kBinaryRows)) return EvaluateBinary(*binary, context, inputs);
  if (unary != std::end(kUnaryRows) && inputs.size() == 1) return EvaluateUnary(*unary, *inputs[0]);
  return Known();
}

}  // namespace cermet
