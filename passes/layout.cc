// Layout: moves transposes towards the results of the graph, until they meet and cancel.
//
//   %1 = transpose(%0) {permutation = [0, 3, 1, 2]}      %1 = maximum(%0, %zero)
//   %2 = maximum(%1, %zero)                         =>   %2 = transpose(%1) {permutation = ...}
//
// After `canonicalize_convolution` every convolution stands between transposes. Once these have
// moved past the elementwise ops, pads, pools and concatenations between two convolutions, a
// network computes with features last from its first convolution to its last, with one transpose at
// each end. Orders of reductions were assigned before; a transpose passes a reduction only where
// the order goes on meaning the same. See docs/decisions/layout.md.
#include <algorithm>

#include "ir/order_attribute.h"
#include "passes/graph_passes.h"
#include "passes/layout_reshape.h"
#include "passes/permutation.h"
#include "passes/rewriter.h"
#include "passes/simplify/rules.h"

namespace cermet {
namespace {

// The permutation of a transpose; null for other values.
const Permutation* PermutationOf(Value value) {
  if (value.node->op() != OpCode::kTranspose) return nullptr;
  return &value.node->attrs().Ints("permutation");
}

// The permutation of the first operand that is a transpose; null if there is none.
const Permutation* FirstPermutation(absl::Span<const Value> operands) {
  for (Value operand : operands) {
    if (const Permutation* permutation = PermutationOf(operand)) return permutation;
  }
  return nullptr;
}

// Where the dims of a broadcast's operand stand once `permutation` is undone on the result.
std::vector<int64_t> BroadcastPositions(const Node& broadcast, const Permutation& permutation) {
  std::vector<int64_t> positions;
  for (int64_t dim : broadcast.attrs().Ints("dims")) positions.push_back(permutation[dim]);
  return positions;
}

// True if x with value = transpose(x, permutation) exists or costs nothing to make.
bool CanUndo(Value value, const Permutation& permutation) {
  const Node& node = *value.node;
  if (const Permutation* other = PermutationOf(value)) return *other == permutation;
  if (IsConstantLike(value) || node.op() == OpCode::kIota) return true;
  if (node.op() == OpCode::kReshape) {
    return MovesOnlyUnitDims(Invert(permutation), value.type().shape);
  }
  if (node.op() != OpCode::kBroadcastInDim) return false;
  const std::vector<int64_t> positions = BroadcastPositions(node, permutation);
  return std::is_sorted(positions.begin(), positions.end()) ||
         PermutationOf(node.operand(0)) != nullptr;
}

// That x.
Value Undo(Builder& b, Value value, const Permutation& permutation) {
  const Node& node = *value.node;
  const Permutation inverse = Invert(permutation);
  if (PermutationOf(value) != nullptr) return node.operand(0);
  const Shape shape = Permute(value.type().shape, inverse);
  if (node.op() == OpCode::kIota) {
    return b.Iota(Type(value.type().dtype, shape), permutation[node.attrs().Int("dim")]);
  }
  if (node.op() != OpCode::kBroadcastInDim) return b.Transpose(value, inverse);
  std::vector<int64_t> positions = BroadcastPositions(node, permutation);
  // Dim i of the broadcast's operand stands at positions[i]; they must increase.
  Permutation order(positions.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int64_t>(i);
  std::sort(order.begin(), order.end(),
            [&](int64_t i, int64_t j) { return positions[i] < positions[j]; });
  const Value x = IsIdentity(order) ? node.operand(0) : b.Transpose(node.operand(0), order);
  return b.Broadcast(x, shape, Permute(positions, order));
}

bool CanUndoAll(absl::Span<const Value> values, const Permutation& permutation) {
  return std::all_of(values.begin(), values.end(),
                     [&](Value value) { return CanUndo(value, permutation); });
}

std::vector<Value> UndoAll(Builder& b, absl::Span<const Value> values,
                           const Permutation& permutation) {
  std::vector<Value> undone;
  for (Value value : values) undone.push_back(Undo(b, value, permutation));
  return undone;
}

std::vector<std::unique_ptr<Graph>> CloneBodies(const Node& node) {
  std::vector<std::unique_ptr<Graph>> bodies;
  for (const auto& body : node.bodies()) bodies.push_back(body->Clone(body->name()));
  return bodies;
}

// f(transpose(x), transpose(y)) = transpose(f(x, y))
Replacement SinkBelowElementwise(Node& node, Rewriter& rewriter) {
  const Permutation* found = FirstPermutation(node.operands());
  if (found == nullptr || !CanUndoAll(node.operands(), *found)) return {};
  const Permutation permutation = *found;
  Builder& b = rewriter.builder();
  const Type type(node.type().dtype, Permute(node.type().shape, Invert(permutation)));
  const Value result =
      b.MakeTyped(node.op(), UndoAll(b, node.operands(), permutation), type, node.attrs());
  return {b.Transpose(result, permutation)};
}

// concat(transpose(x), transpose(y), i) = transpose(concat(x, y, p[i]))
Replacement SinkBelowConcat(Node& node, Rewriter& rewriter) {
  const Permutation* found = FirstPermutation(node.operands());
  if (found == nullptr || !CanUndoAll(node.operands(), *found)) return {};
  const Permutation permutation = *found;
  Builder& b = rewriter.builder();
  const int64_t dim = permutation[node.attrs().Int("dim")];
  return {b.Transpose(b.Concat(UndoAll(b, node.operands(), permutation), dim), permutation)};
}

// pad(transpose(x), v) = transpose(pad(x, v)), and the same for slice and reverse
Replacement SinkBelowView(Node& node, Rewriter& rewriter) {
  const Permutation* found = PermutationOf(node.operand(0));
  if (found == nullptr) return {};
  const Permutation permutation = *found;
  const Permutation inverse = Invert(permutation);
  AttrMap attrs = node.attrs();
  for (const auto& [name, attr] : node.attrs().items()) {
    if (const auto* dims = std::get_if<std::vector<Dim>>(&attr)) {
      attrs.Set(name, Permute(*dims, inverse));
    } else if (node.op() == OpCode::kReverse) {
      std::vector<int64_t> reversed = Permute(permutation, node.attrs().Ints(name));
      std::sort(reversed.begin(), reversed.end());
      attrs.Set(name, reversed);
    } else {
      attrs.Set(name, Permute(node.attrs().Ints(name), inverse));
    }
  }
  std::vector<Value> operands(node.operands().begin(), node.operands().end());
  operands[0] = operands[0].node->operand(0);
  Builder& b = rewriter.builder();
  return {b.Transpose(b.Make(node.op(), operands, attrs), permutation)};
}

bool Contains(const std::vector<int64_t>& dims, int64_t dim) {
  return std::find(dims.begin(), dims.end(), dim) != dims.end();
}

// True if no result depends on the order in which the body combines elements.
bool IsOrderFree(const Node& node) {
  const std::optional<OpCode> combiner = SimpleCombiner(*node.body());
  if (node.num_operands() != 2 || !combiner) return false;
  return !IsFloat(node.type().dtype) || combiner == OpCode::kMaximum ||
         combiner == OpCode::kMinimum;
}

// The length of the innermost run of adjacent dims in an increasing list.
size_t InnermostRun(const std::vector<int64_t>& dims) {
  size_t run = dims.empty() ? 0 : 1;
  while (run < dims.size() && dims[dims.size() - run - 1] + 1 == dims[dims.size() - run]) {
    ++run;
  }
  return run;
}

// True if the order of `node` means the same for its reduced `dims` and where they come from.
bool KeepsOrder(const Node& node, const std::vector<int64_t>& dims,
                const std::vector<int64_t>& sources) {
  if (IsOrderFree(node)) return true;
  if (!node.attrs().Has("order") || !std::is_sorted(sources.begin(), sources.end())) return false;
  return OrderOf(node).kind == Order::Kind::kSequential ||
         InnermostRun(dims) == InnermostRun(sources);
}

// The permutation of what stays of transpose(x, permutation) when the dims in `dropped` go.
Permutation Remaining(const Permutation& permutation, const std::vector<int64_t>& dropped) {
  Permutation sources;
  for (size_t i = 0; i < permutation.size(); ++i) {
    if (!Contains(dropped, static_cast<int64_t>(i))) sources.push_back(permutation[i]);
  }
  Permutation remaining;  // the rank of each source among them
  for (int64_t source : sources) {
    remaining.push_back(std::count_if(sources.begin(), sources.end(),
                                      [&](int64_t other) { return other < source; }));
  }
  return remaining;
}

Replacement TransposedResults(Builder& b, Node* node, const Permutation& permutation) {
  Replacement results;
  if (node == nullptr) return results;
  for (int i = 0; i < node->num_results(); ++i) {
    results.push_back(IsIdentity(permutation) ? node->result(i)
                                              : b.Transpose(node->result(i), permutation));
  }
  return results;
}

// reduce(transpose(x), d) = transpose(reduce(x, p[d])), where the order keeps its meaning
Replacement SinkBelowReduce(Node& node, Rewriter& rewriter) {
  const size_t count = node.num_operands() / 2;
  const absl::Span<const Value> data = node.operands().first(count);
  const Permutation* found = FirstPermutation(data);
  if (found == nullptr || !CanUndoAll(data, *found)) return {};
  const Permutation permutation = *found;
  const std::vector<int64_t> dims = node.attrs().Ints("dims");
  std::vector<int64_t> sources = Permute(permutation, dims);
  if (!KeepsOrder(node, dims, sources)) return {};
  std::sort(sources.begin(), sources.end());
  // Vectors run along the last dim as long as it is kept; a transpose is cheaper than losing that.
  const int64_t last = static_cast<int64_t>(permutation.size()) - 1;
  if (Contains(sources, last) && !Contains(dims, last)) return {};
  Builder& b = rewriter.builder();
  std::vector<Value> operands = UndoAll(b, data, permutation);
  operands.insert(operands.end(), node.operands().begin() + count, node.operands().end());
  AttrMap attrs = node.attrs();
  attrs.Set("dims", sources);
  Node* reduced = b.MakeNode(OpCode::kReduce, operands, attrs, CloneBodies(node));
  return TransposedResults(b, reduced, Remaining(permutation, dims));
}

// reduce_window(transpose(x)) = transpose(reduce_window(x)), where the order keeps its meaning
Replacement SinkBelowWindow(Node& node, Rewriter& rewriter) {
  const size_t count = node.num_operands() / 2;
  const absl::Span<const Value> data = node.operands().first(count);
  const Permutation* found = FirstPermutation(data);
  if (found == nullptr || !CanUndoAll(data, *found)) return {};
  const Permutation permutation = *found;
  std::vector<int64_t> sources;  // of the dims in which windows have an extent
  for (size_t i = 0; i < permutation.size(); ++i) {
    if (node.attrs().Ints("window")[i] > 1) sources.push_back(permutation[i]);
  }
  if (!IsOrderFree(node) && !std::is_sorted(sources.begin(), sources.end())) return {};
  Builder& b = rewriter.builder();
  std::vector<Value> operands = UndoAll(b, data, permutation);
  operands.insert(operands.end(), node.operands().begin() + count, node.operands().end());
  AttrMap attrs = node.attrs();
  for (absl::string_view name : {"window", "stride", "low", "high", "dilation"}) {
    attrs.Set(name, Permute(node.attrs().Ints(name), Invert(permutation)));
  }
  Node* windows = b.MakeNode(OpCode::kReduceWindow, operands, attrs, CloneBodies(node));
  return TransposedResults(b, windows, permutation);
}

std::vector<OpCode> ElementwiseOps() {
  std::vector<OpCode> codes;
  for (const OpInfo& info : AllOps()) {
    if (IsElementwise(info.code)) codes.push_back(info.code);
  }
  return codes;
}

std::vector<RewriteRule> BuildRules() {
  std::vector<RewriteRule> rules = simplify::TransposeRules();
  const std::vector<RewriteRule> sinks = {
      {"sink_below_elementwise", "f(transpose(x)) = transpose(f(x))", kExact, ElementwiseOps(),
       SinkBelowElementwise},
      {"sink_below_concat",
       "concat(transpose(x), transpose(y)) = transpose(concat(x, y))",
       kExact,
       {OpCode::kConcat},
       SinkBelowConcat},
      {"sink_below_view",
       "pad(transpose(x)) = transpose(pad(x))",
       kExact,
       {OpCode::kPad, OpCode::kSlice, OpCode::kReverse},
       SinkBelowView},
      {"sink_below_reduce",
       "reduce(transpose(x)) = transpose(reduce(x))",
       kExact,
       {OpCode::kReduce},
       SinkBelowReduce},
      {"sink_below_window",
       "reduce_window(transpose(x)) = transpose(reduce_window(x))",
       kExact,
       {OpCode::kReduceWindow},
       SinkBelowWindow},
      {"sink_below_reshape",
       "reshape(transpose(x)) = transpose(reshape(x))",
       kExact,
       {OpCode::kReshape},
       SinkBelowReshape},
  };
  rules.insert(rules.end(), sinks.begin(), sinks.end());
  return rules;
}

}  // namespace

const std::vector<RewriteRule>& LayoutRules() {
  static const std::vector<RewriteRule>* const rules = new std::vector<RewriteRule>(BuildRules());
  return *rules;
}

absl::StatusOr<bool> Layout(Module& module, const PassContext& context) {
  return ApplyRules(module, context, "layout", LayoutRules());
}

}  // namespace cermet
