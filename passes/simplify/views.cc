// Views: reshapes, transposes, broadcasts and reversals that do nothing, follow each other, or are
// a simpler view in disguise.
#include <algorithm>

#include "passes/permutation.h"
#include "passes/simplify/rules.h"

namespace cermet::simplify {
namespace {

const std::vector<int64_t>& PermutationOf(const Node& node) {
  return node.attrs().Ints("permutation");
}

// reshape(x) = x to the shape that x has
Replacement ReshapeNoop(Node& node, Rewriter&) {
  if (node.operand(0).type() != node.type()) return {};
  return {node.operand(0)};
}

// reshape(reshape(x)) = reshape(x)
Replacement ReshapeReshape(Node& node, Rewriter& rewriter) {
  const Node& inner = *node.operand(0).node;
  if (inner.op() != OpCode::kReshape) return {};
  return {rewriter.builder().Reshape(inner.operand(0), node.type().shape)};
}

// reshape(broadcast(s)) = broadcast(s), for a scalar s
Replacement ReshapeOfSplat(Node& node, Rewriter& rewriter) {
  const Node& inner = *node.operand(0).node;
  if (inner.op() != OpCode::kBroadcastInDim || !inner.operand(0).type().IsScalar()) return {};
  if (node.type().IsScalar()) return {inner.operand(0)};
  return {rewriter.builder().Broadcast(inner.operand(0), node.type().shape, {})};
}

// transpose(x, identity) = x
Replacement TransposeNoop(Node& node, Rewriter&) {
  if (!IsIdentity(PermutationOf(node))) return {};
  return {node.operand(0)};
}

// transpose(transpose(x)) = transpose(x)
Replacement TransposeTranspose(Node& node, Rewriter& rewriter) {
  const Node& inner = *node.operand(0).node;
  if (inner.op() != OpCode::kTranspose) return {};
  rewriter.Absorb(inner);
  return {rewriter.builder().Transpose(inner.operand(0),
                                       Compose(PermutationOf(inner), PermutationOf(node)))};
}

// transpose(x) = reshape(x), where it moves only dims of extent 1
Replacement TransposeAsReshape(Node& node, Rewriter& rewriter) {
  if (!MovesOnlyUnitDims(PermutationOf(node), node.operand(0).type().shape)) return {};
  return {rewriter.builder().Reshape(node.operand(0), node.type().shape)};
}

// transpose(broadcast(x, dims)) = broadcast(x, dims'), where dims' still increase
Replacement TransposeOfBroadcast(Node& node, Rewriter& rewriter) {
  const Node& inner = *node.operand(0).node;
  if (inner.op() != OpCode::kBroadcastInDim) return {};
  const Permutation position = Invert(PermutationOf(node));
  std::vector<int64_t> dims;
  for (int64_t dim : inner.attrs().Ints("dims")) dims.push_back(position[dim]);
  if (!std::is_sorted(dims.begin(), dims.end())) return {};
  return {rewriter.builder().Broadcast(inner.operand(0), node.type().shape, dims)};
}

// broadcast(x) = x to the shape that x has
Replacement BroadcastNoop(Node& node, Rewriter&) {
  if (node.operand(0).type() != node.type()) return {};
  return {node.operand(0)};
}

// broadcast(broadcast(x, d), e) = broadcast(x, e[d])
Replacement BroadcastBroadcast(Node& node, Rewriter& rewriter) {
  const Node& inner = *node.operand(0).node;
  if (inner.op() != OpCode::kBroadcastInDim) return {};
  const std::vector<int64_t>& outer_dims = node.attrs().Ints("dims");
  std::vector<int64_t> dims;
  for (int64_t dim : inner.attrs().Ints("dims")) dims.push_back(outer_dims[dim]);
  return {rewriter.builder().Broadcast(inner.operand(0), node.type().shape, dims)};
}

// broadcast(x) = reshape(x), where it only adds dims of extent 1
Replacement BroadcastAsReshape(Node& node, Rewriter& rewriter) {
  const Shape& operand = node.operand(0).type().shape;
  const std::vector<int64_t>& dims = node.attrs().Ints("dims");
  size_t next = 0;
  for (int64_t i = 0; i < node.type().rank(); ++i) {
    const Dim& extent = node.type().shape[i];
    const bool mapped = next < dims.size() && dims[next] == i;
    if (extent != (mapped ? operand[next] : Dim(1))) return {};
    if (mapped) ++next;
  }
  return {rewriter.builder().Reshape(node.operand(0), node.type().shape)};
}

// broadcast(x: [n, 1]) = broadcast(reshape(x): [n]): no unit dims below a broadcast
Replacement BroadcastDropUnitDims(Node& node, Rewriter& rewriter) {
  const Value x = node.operand(0);
  const std::vector<int64_t>& dims = node.attrs().Ints("dims");
  Shape kept_shape;
  std::vector<int64_t> kept_dims;
  for (int64_t i = 0; i < x.type().rank(); ++i) {
    if (x.type().shape[i] == Dim(1)) continue;
    kept_shape.push_back(x.type().shape[i]);
    kept_dims.push_back(dims[i]);
  }
  if (static_cast<int64_t>(kept_shape.size()) == x.type().rank()) return {};
  Builder& b = rewriter.builder();
  return {b.Broadcast(b.Reshape(x, kept_shape), node.type().shape, kept_dims)};
}

// f(broadcast(s)) = broadcast(f(s)), for unary f and a scalar s
Replacement UnaryOfSplat(Node& node, Rewriter& rewriter) {
  const Node& inner = *node.operand(0).node;
  if (inner.op() != OpCode::kBroadcastInDim || node.num_operands() != 1) return {};
  const Value scalar = inner.operand(0);
  if (!scalar.type().IsScalar()) return {};
  Builder& b = rewriter.builder();
  const Value result = b.MakeTyped(node.op(), {scalar}, Type(node.type().dtype, {}), node.attrs());
  return {b.Broadcast(result, node.type().shape, {})};
}

// f(broadcast(s), broadcast(t)) = broadcast(f(s, t)), for binary f and scalars s, t
Replacement BinaryOfSplats(Node& node, Rewriter& rewriter) {
  std::vector<Value> scalars;
  for (Value operand : node.operands()) {
    const Node& inner = *operand.node;
    if (inner.op() != OpCode::kBroadcastInDim || !inner.operand(0).type().IsScalar()) return {};
    scalars.push_back(inner.operand(0));
  }
  Builder& b = rewriter.builder();
  const Value result = b.Make(node.op(), scalars, node.attrs());
  return {b.Broadcast(result, node.type().shape, {})};
}

// True if the reshape of `from` to `to` only puts dims of extent 1 in between.
bool OnlyAddsUnitDims(const Shape& from, const Shape& to) {
  size_t next = 0;
  for (const Dim& extent : to) {
    if (next < from.size() && from[next] == extent) {
      ++next;
    } else if (extent != Dim(1)) {
      return false;
    }
  }
  return next == from.size() && to.size() > from.size();
}

// True if `value` is a reshape of something of shape `shape`.
bool IsReshapeOf(Value value, const Shape& shape) {
  const Node& node = *value.node;
  return node.op() == OpCode::kReshape && node.operand(0).type().shape == shape;
}

// f(reshape(x: [n]): [n,1], s) = reshape(f(x, s)), for splats s or others reshaped likewise: what
// keeps reduced dims moves down to where they are broadcast
Replacement SinkUnitDims(Node& node, Rewriter& rewriter) {
  const Module& module = rewriter.module();
  std::optional<Shape> shape;  // of the first operand that is a reshape
  for (Value operand : node.operands()) {
    if (operand.node->op() == OpCode::kReshape && !SplatOf(operand, module)) {
      shape = operand.node->operand(0).type().shape;
      break;
    }
  }
  if (!shape || !OnlyAddsUnitDims(*shape, node.type().shape)) return {};
  for (Value operand : node.operands()) {
    if (!IsReshapeOf(operand, *shape) && !SplatOf(operand, module)) return {};
  }
  Builder& b = rewriter.builder();
  std::vector<Value> operands;
  for (Value operand : node.operands()) {
    if (IsReshapeOf(operand, *shape)) {
      operands.push_back(operand.node->operand(0));
    } else {
      const Value scalar = b.Constant(*SplatOf(operand, module));
      operands.push_back(shape->empty() ? scalar : b.Broadcast(scalar, *shape, {}));
    }
  }
  const Type type(node.type().dtype, *shape);
  return {b.Reshape(b.MakeTyped(node.op(), operands, type, node.attrs()), node.type().shape)};
}

std::vector<OpCode> ElementwiseOps() {
  std::vector<OpCode> codes;
  for (const OpInfo& info : AllOps()) {
    if (IsElementwise(info.code)) codes.push_back(info.code);
  }
  return codes;
}

// reverse(x, dims) = reverse(x, dims of an extent above 1), and x where there is none
Replacement ReverseUnitDims(Node& node, Rewriter& rewriter) {
  const Value x = node.operand(0);
  std::vector<int64_t> kept;
  for (int64_t dim : node.attrs().Ints("dims")) {
    if (x.type().shape[dim] != Dim(1)) kept.push_back(dim);
  }
  if (kept.empty()) return {x};
  if (kept.size() == node.attrs().Ints("dims").size()) return {};
  return {rewriter.builder().Make(OpCode::kReverse, {x}, {{"dims", kept}})};
}

// reverse(reverse(x)) = x, over the same dims
Replacement ReverseReverse(Node& node, Rewriter&) {
  const Node& inner = *node.operand(0).node;
  if (inner.op() != OpCode::kReverse || !(inner.attrs() == node.attrs())) return {};
  return {inner.operand(0)};
}

// iota over a dim of extent 1 = 0
Replacement IotaOfOne(Node& node, Rewriter& rewriter) {
  if (node.type().shape[node.attrs().Int("dim")] != Dim(1)) return {};
  return {rewriter.builder().Splat(0, node.type())};
}

// constant of equal elements = broadcast(scalar)
Replacement ConstantAsSplat(Node& node, Rewriter& rewriter) {
  if (node.type().NumElements().value() < 2) return {};
  std::optional<Literal> splat = SplatOf(node.result(), rewriter.module());
  if (!splat) return {};
  Builder& b = rewriter.builder();
  return {b.Broadcast(b.Constant(*std::move(splat)), node.type().shape, {})};
}

// constant [0, 1, 2] = iota, of which ranges are known and which needs no memory
Replacement ConstantAsIota(Node& node, Rewriter& rewriter) {
  const Type& type = node.type();
  if (type.dtype != DType::kI64 && type.dtype != DType::kI32) return {};
  int64_t counted = -1;  // the one dim with an extent above 1
  for (int64_t i = 0; i < type.rank(); ++i) {
    if (type.shape[i] == Dim(1)) continue;
    if (counted >= 0) return {};
    counted = i;
  }
  if (counted < 0) return {};
  const std::optional<Literal> literal = LiteralOf(node.result(), rewriter.module());
  if (!literal) return {};
  for (int64_t i = 0; i < literal->num_elements(); ++i) {
    if (literal->GetInt(i) != i) return {};
  }
  return {rewriter.builder().Iota(type, counted)};
}

}  // namespace

std::vector<RewriteRule> TransposeRules() {
  using enum OpCode;
  return {
      {"transpose_noop", "transpose(x, identity) = x", kExact, {kTranspose}, TransposeNoop},
      {"transpose_transpose",
       "transpose(transpose(x)) = transpose(x)",
       kExact,
       {kTranspose},
       TransposeTranspose},
      {"transpose_as_reshape",
       "transpose(x: [n,1]) = reshape(x)",
       kExact,
       {kTranspose},
       TransposeAsReshape},
      {"transpose_of_broadcast",
       "transpose(broadcast(x)) = broadcast(x)",
       kExact,
       {kTranspose},
       TransposeOfBroadcast},
  };
}

std::vector<RewriteRule> ViewRules() {
  using enum OpCode;
  return {
      {"reshape_noop", "reshape(x: S): S = x", kExact, {kReshape}, ReshapeNoop},
      {"reshape_reshape", "reshape(reshape(x)) = reshape(x)", kExact, {kReshape}, ReshapeReshape},
      {"reshape_of_splat",
       "reshape(broadcast(s)) = broadcast(s)",
       kExact,
       {kReshape},
       ReshapeOfSplat},
      {"broadcast_noop", "broadcast(x: S): S = x", kExact, {kBroadcastInDim}, BroadcastNoop},
      {"broadcast_broadcast",
       "broadcast(broadcast(x)) = broadcast(x)",
       kExact,
       {kBroadcastInDim},
       BroadcastBroadcast},
      {"broadcast_as_reshape",
       "broadcast(x: [n]): [n,1] = reshape(x)",
       kExact,
       {kBroadcastInDim},
       BroadcastAsReshape},
      {"broadcast_drop_unit_dims",
       "broadcast(x: [n,1]) = broadcast(reshape(x): [n])",
       kExact,
       {kBroadcastInDim},
       BroadcastDropUnitDims},
      {"unary_of_splat",
       "f(broadcast(s)) = broadcast(f(s))",
       kExact,
       {kNeg, kAbs, kSign, kNot, kFloor, kCeil, kTrunc, kSqrt, kConvert, kExp, kLog, kTanh, kRsqrt,
        kLogistic},
       UnaryOfSplat},
      {"binary_of_splats",
       "f(broadcast(s), broadcast(t)) = broadcast(f(s, t))",
       kExact,
       {kAdd, kSub, kMul, kDiv, kRem, kMaximum, kMinimum, kAnd, kOr, kXor, kCompare, kPow},
       BinaryOfSplats},
      {"sink_unit_dims", "f(reshape(x: [n]): [n,1]) = reshape(f(x))", kExact, ElementwiseOps(),
       SinkUnitDims},
      {"reverse_unit_dims", "reverse(x: [1]) = x", kExact, {kReverse}, ReverseUnitDims},
      {"reverse_reverse", "reverse(reverse(x)) = x", kExact, {kReverse}, ReverseReverse},
      {"iota_of_one", "iota: [1] = 0", kExact, {kIota}, IotaOfOne},
      {"constant_as_splat",
       "constant [c, c, c] = broadcast(c)",
       kExact,
       {kConstant},
       ConstantAsSplat},
      {"constant_as_iota", "constant [0, 1, 2] = iota", kExact, {kConstant}, ConstantAsIota},
  };
}

}  // namespace cermet::simplify
