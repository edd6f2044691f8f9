// Arithmetic on the values of dims. Models compute shapes at run time; under symbolic dims these
// computations are Dim expressions, known (or bounded) when the program is compiled.
#include <algorithm>

#include "passes/simplify/rules.h"

namespace cermet::simplify {
namespace {

// The Dim whose value an i64 scalar (or one-element tensor) holds; nothing if it is not known.
std::optional<Dim> DimOf(Value value, const Module& module) {
  const Node* node = value.node;
  while (node->op() == OpCode::kReshape) node = node->operand(0).node;
  if (node->op() == OpCode::kDimSize) return node->attrs().Dims("size")[0];
  if (value.type().dtype != DType::kI64) return std::nullopt;
  if (std::optional<int64_t> constant = SplatInt(value, module)) return Dim(*constant);
  return std::nullopt;
}

// dim_size(c) = c
Replacement DimSizeConstant(Node& node, Rewriter& rewriter) {
  const Dim& size = node.attrs().Dims("size")[0];
  if (!size.IsConstant()) return {};
  return {rewriter.builder().Constant(Literal::Scalar<int64_t>(size.value()))};
}

// The Dim that is the value of op(x, y), if it is one.
std::optional<Dim> Combine(OpCode op, const Dim& x, const Dim& y, const DimFacts& facts) {
  if (op == OpCode::kAdd) return x + y;
  if (op == OpCode::kSub) return x - y;
  if (op == OpCode::kMul) return x * y;
  if (op == OpCode::kMaximum) return Dim::Max(x, y);
  if (op == OpCode::kMinimum) return Dim::Min(x, y);
  // Integer division rounds towards zero: it agrees with floordiv and mod where neither operand is
  // negative and the divisor not zero.
  const DimRange x_range = Range(x, facts);
  const DimRange y_range = Range(y, facts);
  if (!x_range.lower || *x_range.lower < 0 || !y_range.lower || *y_range.lower < 1) {
    return std::nullopt;
  }
  if (op == OpCode::kDiv) return Dim::FloorDiv(x, y);
  if (op == OpCode::kRem) return Dim::Mod(x, y);
  return std::nullopt;
}

// dim_size(a) + dim_size(b) = dim_size(a + b), and so on, for scalars
Replacement DimArithmetic(Node& node, Rewriter& rewriter) {
  if (node.type().dtype != DType::kI64 || node.type().NumElements() != Dim(1)) return {};
  if (IsConstantLike(node.operand(0)) && IsConstantLike(node.operand(1))) return {};
  const std::optional<Dim> x = DimOf(node.operand(0), rewriter.module());
  const std::optional<Dim> y = DimOf(node.operand(1), rewriter.module());
  if (!x || !y) return {};
  const std::optional<Dim> size = Combine(node.op(), *x, *y, rewriter.module().facts());
  if (!size) return {};
  Builder& b = rewriter.builder();
  return {b.Reshape(b.DimSize(*size), node.type().shape)};
}

// Whether `direction` holds between numbers whose difference is in `range`, if that is known.
std::optional<bool> Decide(absl::string_view direction, const DimRange& range) {
  const bool positive = range.lower && *range.lower > 0;
  const bool negative = range.upper && *range.upper < 0;
  const bool not_negative = range.lower && *range.lower >= 0;
  const bool not_positive = range.upper && *range.upper <= 0;
  const bool zero = not_negative && not_positive;
  auto known = [](bool yes, bool no) {
    return yes ? std::optional<bool>(true) : no ? std::optional<bool>(false) : std::nullopt;
  };
  if (direction == "eq") return known(zero, positive || negative);
  if (direction == "ne") return known(positive || negative, zero);
  if (direction == "lt") return known(negative, not_negative);
  if (direction == "le") return known(not_positive, positive);
  if (direction == "gt") return known(positive, not_positive);
  return known(not_negative, negative);
}

// dim_size(a) < dim_size(b) is true or false, where the facts about dims decide it
Replacement CompareDims(Node& node, Rewriter& rewriter) {
  if (node.type().NumElements() != Dim(1)) return {};
  if (IsConstantLike(node.operand(0)) && IsConstantLike(node.operand(1))) return {};
  const std::optional<Dim> x = DimOf(node.operand(0), rewriter.module());
  const std::optional<Dim> y = DimOf(node.operand(1), rewriter.module());
  if (!x || !y) return {};
  const DimRange range = Range(*x - *y, rewriter.module().facts());
  const std::optional<bool> holds = Decide(node.attrs().WordText("direction"), range);
  if (!holds) return {};
  return {rewriter.builder().Splat(*holds ? 1 : 0, node.type())};
}

// True if a value of `dtype` that counts up to `upper` does not wrap.
bool CountsWithoutWrap(DType dtype, const std::optional<int64_t>& upper) {
  if (dtype == DType::kI64) return true;
  return dtype == DType::kI32 && upper && *upper <= int64_t{1} << 31;
}

std::optional<int64_t> Least(std::optional<int64_t> a, std::optional<int64_t> b) {
  return a && b ? std::optional<int64_t>(std::min(*a, *b)) : std::nullopt;
}
std::optional<int64_t> Greatest(std::optional<int64_t> a, std::optional<int64_t> b) {
  return a && b ? std::optional<int64_t>(std::max(*a, *b)) : std::nullopt;
}

// Bounds of all elements of an integer tensor.
DimRange ElementRange(Value value, const Module& module) {
  const Node& node = *value.node;
  if (std::optional<int64_t> splat = SplatInt(value, module)) return {*splat, *splat};
  if (node.op() == OpCode::kDimSize) return Range(node.attrs().Dims("size")[0], module.facts());
  if (node.op() == OpCode::kIota) {
    const Dim& extent = node.type().shape[node.attrs().Int("dim")];
    const std::optional<int64_t> upper = Range(extent, module.facts()).upper;
    if (!CountsWithoutWrap(node.type().dtype, upper)) return {};
    return {0, upper ? std::optional<int64_t>(*upper - 1) : std::nullopt};
  }
  const bool is_view = node.op() == OpCode::kBroadcastInDim || node.op() == OpCode::kReshape ||
                       node.op() == OpCode::kTranspose || node.op() == OpCode::kSlice ||
                       node.op() == OpCode::kReverse;
  if (is_view) return ElementRange(node.operand(0), module);
  if (node.op() == OpCode::kConcat) {
    DimRange range = ElementRange(node.operand(0), module);
    for (Value part : node.operands().subspan(1)) {
      const DimRange next = ElementRange(part, module);
      range = {Least(range.lower, next.lower), Greatest(range.upper, next.upper)};
    }
    return range;
  }
  return {};
}

std::optional<int64_t> Difference(std::optional<int64_t> a, std::optional<int64_t> b) {
  int64_t difference = 0;
  if (!a || !b || __builtin_sub_overflow(*a, *b, &difference)) return std::nullopt;
  return difference;
}

// iota >= 0 is true, and so on, where the ranges of the elements decide it
Replacement CompareRanges(Node& node, Rewriter& rewriter) {
  if (!IsSignedInteger(node.operand(0).type().dtype)) return {};
  if (IsConstantLike(node.operand(0)) && IsConstantLike(node.operand(1))) return {};
  const DimRange x = ElementRange(node.operand(0), rewriter.module());
  const DimRange y = ElementRange(node.operand(1), rewriter.module());
  const DimRange range = {Difference(x.lower, y.upper), Difference(x.upper, y.lower)};
  const std::optional<bool> holds = Decide(node.attrs().WordText("direction"), range);
  if (!holds) return {};
  return {rewriter.builder().Splat(*holds ? 1 : 0, node.type())};
}

}  // namespace

std::vector<RewriteRule> ShapeRules() {
  using enum OpCode;
  return {
      {"dim_size_constant", "dim_size(8) = 8", kExact, {kDimSize}, DimSizeConstant},
      {"dim_arithmetic",
       "dim_size(a) + dim_size(b) = dim_size(a + b)",
       kExact,
       {kAdd, kSub, kMul, kDiv, kRem, kMaximum, kMinimum},
       DimArithmetic},
      {"compare_dims", "dim_size(a) < dim_size(a + 1) is true", kExact, {kCompare}, CompareDims},
      {"compare_ranges", "iota >= 0 is true", kExact, {kCompare}, CompareRanges},
  };
}

}  // namespace cermet::simplify
