// Replaces transcendental functions by their expansion into basic ops (passes/math/math_body.h),
// once, in IR: so that the interpreter, x86, PTX and objects run the same arithmetic.
//
//   %1 = logistic(%0) : f32[4]   =>   %1 = abs(%0) : f32[4]
//                                     ...
//
// It runs on fusion bodies, after fusion has counted each function as one op.
#include "passes/math/expand_math.h"

#include <map>
#include <utility>

#include "ir/status.h"
#include "passes/math/math_body.h"

namespace cermet {
namespace {

bool IsTranscendental(const Node& node) {
  return Info(node.op()).op_class == OpClass::kTranscendental;
}

// Bodies by op and type: made once for a module.
class Bodies {
 public:
  const Graph& Get(OpCode op, DType dtype) {
    std::unique_ptr<Graph>& body = bodies_[{op, dtype}];
    if (body == nullptr) body = MathBody(op, dtype);
    return *body;
  }

 private:
  std::map<std::pair<OpCode, DType>, std::unique_ptr<Graph>> bodies_;
};

// Rebuilds the scalar `body` before node number `*position` of the graph, over tensors of the
// node's shape.
class Lifter {
 public:
  Lifter(Graph* graph, const Node& node, int64_t* position)
      : graph_(graph), node_(node), position_(position) {}

  Value Lift(const Graph& body) {
    for (size_t i = 0; i < body.parameters().size(); ++i) {
      lifted_[body.parameters()[i]] = node_.operand(static_cast<int64_t>(i));
    }
    for (const std::unique_ptr<Node>& source : body.nodes()) {
      if (source->op() != OpCode::kParameter) lifted_[source.get()] = LiftNode(*source);
    }
    return lifted_.at(body.results()[0].node);
  }

 private:
  Value Insert(OpCode op, std::vector<Value> operands, Type type, AttrMap attrs) {
    return graph_
        ->InsertNode((*position_)++, op, std::move(operands), {std::move(type)}, std::move(attrs),
                     {}, node_.location())
        ->result();
  }

  Value LiftNode(const Node& source) {
    std::vector<Value> operands;
    for (Value operand : source.operands()) operands.push_back(lifted_.at(operand.node));
    const Shape& shape = node_.type().shape;
    if (source.op() != OpCode::kConstant) {
      return Insert(source.op(), std::move(operands), Type(source.type().dtype, shape),
                    source.attrs());
    }
    const Value scalar = Insert(OpCode::kConstant, {}, source.type(), source.attrs());
    if (shape.empty()) return scalar;
    return Insert(OpCode::kBroadcastInDim, {scalar}, Type(source.type().dtype, shape),
                  {{"dims", std::vector<int64_t>{}}});
  }

  Graph* graph_;
  const Node& node_;
  int64_t* position_;
  std::map<const Node*, Value> lifted_;
};

bool ExpandIn(Graph& graph, Bodies* bodies) {
  bool changed = false;
  std::map<Value, Value> replacements;
  for (int64_t i = 0; i < static_cast<int64_t>(graph.nodes().size()); ++i) {
    Node* node = graph.nodes()[static_cast<size_t>(i)].get();
    for (const std::unique_ptr<Graph>& body : node->bodies()) changed |= ExpandIn(*body, bodies);
    if (!IsTranscendental(*node)) continue;
    Lifter lifter(&graph, *node, &i);
    replacements[node->result()] = lifter.Lift(bodies->Get(node->op(), node->type().dtype));
  }
  if (replacements.empty()) return changed;
  graph.ReplaceAllUses(replacements);
  graph.RemoveNodes(IsTranscendental);
  return true;
}

}  // namespace

bool ExpandMath(Graph& graph) {
  Bodies bodies;
  return ExpandIn(graph, &bodies);
}

absl::StatusOr<bool> ExpandMath(Module& module, const PassContext&) {
  Bodies bodies;
  bool changed = false;
  for (const std::unique_ptr<Graph>& graph : module.graphs()) changed |= ExpandIn(*graph, &bodies);
  return changed;
}

}  // namespace cermet
