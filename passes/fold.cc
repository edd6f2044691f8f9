// Constant folding: evaluates nodes whose operands are constants.
//
//   %1 = constant [1, 2] : i64[2]
//   %2 = constant [3, 4] : i64[2]
//   %3 = add(%1, %2)                =>   %3 = constant [4, 6] : i64[2]
//
// The reference evaluator computes the values, so folding gives the bits that compiled code would:
// ops that round in an order are left until they have one, and transcendentals are evaluated by
// their expansion. Views and arithmetic of weights fold too, into new entries of the store, unless
// the result is much larger than what it is made from.
#include <algorithm>

#include "ir/evaluator/evaluator.h"
#include "ir/status.h"
#include "passes/graph_passes.h"
#include "passes/literal_views.h"
#include "passes/math/expand_math.h"
#include "passes/rewriter.h"

namespace cermet {
namespace {

// A result of at most this many elements is always worth it.
constexpr int64_t kSmallResult = 1024;
// No folding beyond this many elements or multiplications: it would take seconds to compile.
constexpr int64_t kMaxElements = int64_t{1} << 26;
constexpr int64_t kMaxMultiplications = int64_t{1} << 24;

int64_t Elements(const Type& type) {
  absl::StatusOr<int64_t> count = StaticNumElements(type.shape);
  return count.ok() ? *count : kMaxElements + 1;
}

// True if the value follows from constants by views, or counts up: it can be evaluated in place.
bool IsReadable(Value value, const Module& module) {
  const Node* node = value.node;
  if (!value.type().IsStatic() || Elements(value.type()) > kMaxElements) return false;
  if (node->op() == OpCode::kIota) return true;
  if (node->op() == OpCode::kConstant) {
    const SymbolRef* ref = node->attrs().Find<SymbolRef>("ref");
    if (ref == nullptr) return true;
    const ConstantEntry* entry = module.constants().Find(ref->name);
    return entry != nullptr && (entry->data != nullptr || entry->byte_size == 0);
  }
  const bool is_view = node->op() == OpCode::kBroadcastInDim || node->op() == OpCode::kReshape ||
                       node->op() == OpCode::kTranspose;
  return is_view && IsReadable(node->operand(0), module);
}

// True if no rounding depends on the order in which a reduction or contraction adds up, or if the
// node says which order that is.
bool HasFixedOrder(const Node& node) {
  if (node.attrs().Has("order") || !IsFloat(node.type().dtype)) return true;
  if (node.op() != OpCode::kReduce && node.op() != OpCode::kReduceWindow) return false;
  if (node.num_operands() != 2) return false;
  const std::optional<OpCode> combiner = SimpleCombiner(*node.body());
  return combiner == OpCode::kMaximum || combiner == OpCode::kMinimum;
}

// The products that a contraction adds up.
int64_t Multiplications(const Node& node) {
  const double results = static_cast<double>(Elements(node.type()));
  const double operand = static_cast<double>(Elements(node.operand(1).type()));
  const double count = results * operand;  // an upper bound
  return count > static_cast<double>(kMaxMultiplications) ? kMaxMultiplications + 1
                                                          : static_cast<int64_t>(count);
}

bool IsFoldableOp(const Node& node) {
  switch (Info(node.op()).op_class) {
    case OpClass::kElementwise:
    case OpClass::kTranscendental:
    case OpClass::kUpdate:
      return true;
    case OpClass::kView:
      return node.op() != OpCode::kBroadcastInDim;  // stays small as it is
    case OpClass::kReduction:
      return HasFixedOrder(node);
    case OpClass::kContraction:
      return HasFixedOrder(node) && Multiplications(node) <= kMaxMultiplications;
    case OpClass::kSource:
    case OpClass::kControl:
    case OpClass::kEffectful:
    case OpClass::kComposite:
      return false;
  }
  return false;
}

bool ShouldFold(const Node& node, const Module& module) {
  if (node.num_operands() == 0 || node.num_results() != 1 || !IsFoldableOp(node)) return false;
  if (!node.type().IsStatic()) return false;
  int64_t stored = 0;  // elements of the constants that it is made from
  for (Value operand : node.operands()) {
    if (!IsReadable(operand, module)) return false;
    if (IsConstant(operand)) stored += Elements(operand.type());
  }
  const int64_t result = Elements(node.type());
  return result <= kMaxElements && result <= std::max(kSmallResult, 2 * stored);
}

// Copies `node` and the readable values below it into the graph of a scratch module.
Value CopyInto(Value value, const Module& module, Module* scratch, Graph* graph,
               std::map<const Node*, Node*>* copies) {
  Node*& copy = (*copies)[value.node];
  if (copy == nullptr) {
    const Node& node = *value.node;
    std::vector<Value> operands;
    for (Value operand : node.operands()) {
      operands.push_back(CopyInto(operand, module, scratch, graph, copies));
    }
    if (const SymbolRef* ref = node.attrs().Find<SymbolRef>("ref")) {
      scratch->constants().Declare(ref->name, *module.constants().Find(ref->name));
    }
    std::vector<std::unique_ptr<Graph>> bodies;
    for (const auto& body : node.bodies()) bodies.push_back(body->Clone(body->name()));
    copy = graph->AddNode(node.op(), std::move(operands), node.types(), node.attrs(),
                          std::move(bodies), node.location());
  }
  return copy->result(value.index);
}

absl::StatusOr<Literal> EvaluateNode(Node& node, const Module& module) {
  Module scratch;
  Graph* graph = scratch.AddGraph("fold");
  std::map<const Node*, Node*> copies;
  graph->set_results({CopyInto(node.result(), module, &scratch, graph, &copies)});
  graph->set_result_names({""});
  ExpandMath(*graph);  // the arithmetic of compiled code, not the evaluator's own
  CERMET_ASSIGN_OR_RETURN(std::vector<Literal> results, Evaluate(scratch, *graph, {}));
  return std::move(results[0]);
}

std::vector<int64_t> StaticExtents(const Type& type) {
  std::vector<int64_t> extents;
  for (const Dim& dim : type.shape) extents.push_back(dim.value());
  return extents;
}

absl::StatusOr<Literal> Compute(Node& node, const Module& module) {
  if (node.op() == OpCode::kTranspose || node.op() == OpCode::kReshape) {
    if (const std::optional<LiteralView> view = ViewOf(node.operand(0), module)) {
      if (node.op() == OpCode::kReshape) return ReshapeLiteral(*view, StaticExtents(node.type()));
      return TransposeLiteral(*view, node.attrs().Ints("permutation"));
    }
  }
  return EvaluateNode(node, module);
}

// f(constants) = constant
Replacement FoldNode(Node& node, Rewriter& rewriter) {
  if (!ShouldFold(node, rewriter.module())) return {};
  const bool is_view = node.op() == OpCode::kReshape || node.op() == OpCode::kTranspose;
  // A view of a view of a constant is one that simplification merges.
  if (is_view && !IsConstant(node.operand(0))) return {};
  absl::StatusOr<Literal> result = Compute(node, rewriter.module());
  if (!result.ok()) {
    rewriter.builder().Fail(result.status());
    return {};
  }
  return {rewriter.Constant(*std::move(result), ConstantHint(node))};
}

std::vector<OpCode> AllOpCodes() {
  std::vector<OpCode> codes;
  for (const OpInfo& info : AllOps()) codes.push_back(info.code);
  return codes;
}

}  // namespace

const std::vector<RewriteRule>& FoldRules() {
  static const std::vector<RewriteRule>* const rules = new std::vector<RewriteRule>{
      {"evaluate", "f(constants) = constant", kExact, AllOpCodes(), FoldNode}};
  return *rules;
}

absl::StatusOr<bool> ConstantFolding(Module& module, const PassContext& context) {
  return ApplyRules(module, context, "fold", FoldRules());
}

}  // namespace cermet
