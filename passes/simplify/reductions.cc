// Reductions over nothing, and contractions of transposed operands.
#include <algorithm>

#include "passes/permutation.h"
#include "passes/simplify/rules.h"

namespace cermet::simplify {
namespace {

// reduce(x, over no dims) = body(init, x)
Replacement ReduceUnitDims(Node& node, Rewriter& rewriter) {
  if (node.num_operands() != 2) return {};
  const std::optional<OpCode> combiner = SimpleCombiner(*node.body());
  if (!combiner) return {};
  const Value x = node.operand(0);
  for (int64_t dim : node.attrs().Ints("dims")) {
    if (x.type().shape[dim] != Dim(1)) return {};
  }
  Builder& b = rewriter.builder();
  const Value init = b.Broadcast(node.operand(1), node.type().shape, {});
  return {b.Make(*combiner, {init, b.Reshape(x, node.type().shape)})};
}

// reduce(reduce(x, d), e) = reduce(x, d and e), where rounding plays no part
Replacement ReduceReduce(Node& node, Rewriter& rewriter) {
  const Node& inner = *node.operand(0).node;
  if (node.num_operands() != 2 || inner.op() != OpCode::kReduce || inner.num_operands() != 2) {
    return {};
  }
  const std::optional<OpCode> combiner = SimpleCombiner(*node.body());
  if (!combiner || combiner != SimpleCombiner(*inner.body())) return {};
  const bool rounds =
      IsFloat(node.type().dtype) && *combiner != OpCode::kMaximum && *combiner != OpCode::kMinimum;
  if (rounds || !rewriter.HasOneUse(node.operand(0))) return {};
  // The inner initial value must be the neutral element, or else it would count once only.
  const std::optional<Literal> init = SplatOf(inner.operand(1), rewriter.module());
  const std::optional<Literal> outer_init = SplatOf(node.operand(1), rewriter.module());
  if (!init || !outer_init || !(*init == *outer_init)) return {};
  const bool idempotent = *combiner != OpCode::kAdd && *combiner != OpCode::kMul;
  if (!idempotent && init->GetInt(0) != (*combiner == OpCode::kAdd ? 0 : 1)) return {};
  std::vector<int64_t> dims = inner.attrs().Ints("dims");
  std::vector<int64_t> kept;
  for (int64_t i = 0; i < inner.operand(0).type().rank(); ++i) {
    if (std::find(dims.begin(), dims.end(), i) == dims.end()) kept.push_back(i);
  }
  for (int64_t dim : node.attrs().Ints("dims")) dims.push_back(kept[dim]);
  std::sort(dims.begin(), dims.end());
  rewriter.Absorb(inner);
  return {rewriter.builder().Reduce(*combiner, inner.operand(0), node.operand(1), dims)};
}

// The dims of `side` that are neither contracted nor batch dims, in order.
std::vector<int64_t> FreeDims(int64_t rank, const std::vector<int64_t>& contract,
                              const std::vector<int64_t>& batch) {
  std::vector<int64_t> free_dims;
  for (int64_t i = 0; i < rank; ++i) {
    const bool used = std::find(contract.begin(), contract.end(), i) != contract.end() ||
                      std::find(batch.begin(), batch.end(), i) != batch.end();
    if (!used) free_dims.push_back(i);
  }
  return free_dims;
}

// dot(transpose(x), y) = dot(x, y) over other dims, where the free dims keep their order
Replacement TransposeIntoDot(Node& node, Rewriter& rewriter) {
  DimPair contract = node.attrs().Get<DimPair>("contract");
  const DimPair* old_batch = node.attrs().Find<DimPair>("batch");
  DimPair batch = old_batch == nullptr ? DimPair() : *old_batch;
  std::vector<Value> operands(node.operands().begin(), node.operands().end());
  bool changed = false;
  for (int side = 0; side < 2; ++side) {
    const Node& inner = *operands[side].node;
    if (inner.op() != OpCode::kTranspose) continue;
    std::vector<int64_t>& contracted = side == 0 ? contract.lhs : contract.rhs;
    std::vector<int64_t>& batched = side == 0 ? batch.lhs : batch.rhs;
    const std::vector<int64_t>& permutation = inner.attrs().Ints("permutation");
    const std::vector<int64_t> free_dims =
        Permute(permutation, FreeDims(inner.type().rank(), contracted, batched));
    if (!std::is_sorted(free_dims.begin(), free_dims.end())) continue;
    contracted = Permute(permutation, contracted);
    batched = Permute(permutation, batched);
    operands[side] = inner.operand(0);
    changed = true;
  }
  if (!changed) return {};
  AttrMap attrs = node.attrs();
  attrs.Set("contract", contract);
  if (old_batch != nullptr) attrs.Set("batch", batch);
  return {rewriter.builder().MakeTyped(OpCode::kDotGeneral, operands, node.type(), attrs)};
}

}  // namespace

std::vector<RewriteRule> ReductionRules() {
  using enum OpCode;
  return {
      {"reduce_unit_dims", "reduce(x: [1]) = body(init, x)", kExact, {kReduce}, ReduceUnitDims},
      {"reduce_reduce", "max(max(x, d), e) = max(x, d and e)", kExact, {kReduce}, ReduceReduce},
      {"transpose_into_dot",
       "dot(transpose(x), y) = dot(x, y)",
       kExact,
       {kDotGeneral},
       TransposeIntoDot},
  };
}

}  // namespace cermet::simplify
