// Control flow whose course is known, and what does not change in a loop.
#include "passes/simplify/rules.h"

namespace cermet::simplify {
namespace {

// if(true, x) = then(x), if(false, x) = else(x)
Replacement IfConstant(Node& node, Rewriter& rewriter) {
  std::optional<int64_t> pred = SplatInt(node.operand(0), rewriter.module());
  if (!pred) return {};
  return InlineGraph(*node.body(*pred != 0 ? 0 : 1), node.graph(), node.operands().subspan(1),
                     node.location());
}

// The index of the parameter that `value` is, or -1.
int64_t ParameterIndex(Value value) {
  return value.node->op() == OpCode::kParameter ? value.node->attrs().Int("index") : -1;
}

// A clone of `body` in which the parameters for which `constants` has a value are that constant.
// The parameters stay, unused.
std::unique_ptr<Graph> WithConstants(const Graph& body,
                                     const std::map<int64_t, const Node*>& constants) {
  std::unique_ptr<Graph> clone = body.Clone(body.name());
  std::map<Value, Value> replacements;
  for (const auto& [index, constant] : constants) {
    Node* copy = clone->AddNode(OpCode::kConstant, {}, constant->types(), constant->attrs(), {},
                                constant->location());
    replacements[clone->parameter(index)->result()] = copy->result();
  }
  clone->ReplaceAllUses(replacements);
  clone->SortTopologically();
  return clone;
}

bool IsUsed(const Graph& graph, int64_t parameter) {
  const Value value = graph.parameter(parameter)->result();
  for (const auto& node : graph.nodes()) {
    for (Value operand : node->operands()) {
      if (operand == value) return true;
    }
  }
  for (Value result : graph.results()) {
    if (result == value) return true;
  }
  return false;
}

// if(p, c) with bodies of x = if(p, c) with bodies that use the constant c
Replacement IfConstantOperand(Node& node, Rewriter& rewriter) {
  std::map<int64_t, const Node*> constants;
  for (int64_t i = 1; i < node.num_operands(); ++i) {
    const bool used = IsUsed(*node.body(0), i - 1) || IsUsed(*node.body(1), i - 1);
    if (used && IsConstant(node.operand(i))) constants[i - 1] = node.operand(i).node;
  }
  if (constants.empty()) return {};
  std::vector<std::unique_ptr<Graph>> bodies;
  for (const auto& body : node.bodies()) bodies.push_back(WithConstants(*body, constants));
  std::vector<Value> operands(node.operands().begin(), node.operands().end());
  Node* copy = rewriter.builder().MakeNode(OpCode::kIf, operands, {}, std::move(bodies));
  Replacement results;
  for (int64_t i = 0; i < node.num_results(); ++i) results.push_back(copy->result(i));
  return results;
}

// The carried values that the body of the loop returns as they came.
std::vector<int64_t> Invariants(const Node& loop) {
  std::vector<int64_t> invariants;
  for (int64_t i = 0; i < loop.num_operands(); ++i) {
    if (ParameterIndex(loop.body(1)->results()[i]) == i) invariants.push_back(i);
  }
  return invariants;
}

// while(false, x) = x
Replacement WhileFalse(Node& node, Rewriter& rewriter) {
  std::optional<int64_t> pred = SplatInt(node.body(0)->results()[0], rewriter.module());
  if (!pred || *pred != 0) return {};
  return Replacement(node.operands().begin(), node.operands().end());
}

// while carrying a constant c unchanged = while with bodies that use c
Replacement WhileConstantOperand(Node& node, Rewriter& rewriter) {
  std::map<int64_t, const Node*> constants;
  for (int64_t i : Invariants(node)) {
    if (!IsConstant(node.operand(i))) continue;
    // Its one use in the body may be that it is carried on.
    const auto uses = node.body(1)->CountUses();
    const auto count = uses.find(node.body(1)->parameter(i)->result());
    const bool used = IsUsed(*node.body(0), i) || (count != uses.end() && count->second > 1);
    if (used) constants[i] = node.operand(i).node;
  }
  if (constants.empty()) return {};
  std::vector<std::unique_ptr<Graph>> bodies;
  for (const auto& body : node.bodies()) bodies.push_back(WithConstants(*body, constants));
  // It is still carried on as it came; removing it altogether is dce's part.
  std::vector<Value> results = bodies[1]->results();
  for (const auto& [index, constant] : constants) {
    results[index] = bodies[1]->parameter(index)->result();
  }
  bodies[1]->set_results(results);
  std::vector<Value> operands(node.operands().begin(), node.operands().end());
  Node* copy = rewriter.builder().MakeNode(OpCode::kWhile, operands, {}, std::move(bodies));
  Replacement replacement;
  for (int64_t i = 0; i < node.num_results(); ++i) replacement.push_back(copy->result(i));
  return replacement;
}

// while carrying x unchanged: the result is x
Replacement WhileInvariant(Node& node, Rewriter& rewriter) {
  std::vector<int64_t> used;
  for (int64_t i : Invariants(node)) {
    if (rewriter.IsUsed(node.result(static_cast<int>(i)))) used.push_back(i);
  }
  if (used.empty()) return {};
  std::vector<std::unique_ptr<Graph>> bodies;
  for (const auto& body : node.bodies()) bodies.push_back(body->Clone(body->name()));
  std::vector<Value> operands(node.operands().begin(), node.operands().end());
  Node* copy = rewriter.builder().MakeNode(OpCode::kWhile, operands, {}, std::move(bodies));
  Replacement replacement;
  for (int64_t i = 0; i < node.num_results(); ++i) replacement.push_back(copy->result(i));
  for (int64_t i : used) replacement[i] = node.operand(i);
  return replacement;
}

// check(true) = nothing
Replacement CheckTrue(Node& node, Rewriter& rewriter) {
  std::optional<int64_t> pred = SplatInt(node.operand(0), rewriter.module());
  if (!pred || *pred == 0) return {};
  return {rewriter.builder().Make(OpCode::kAfterAll, {})};
}

}  // namespace

std::vector<RewriteRule> ControlRules() {
  using enum OpCode;
  return {
      {"if_constant", "if(true, x) = then(x)", kExact, {kIf}, IfConstant},
      {"if_constant_operand", "if(p, c) {f(x)} = if(p) {f(c)}", kExact, {kIf}, IfConstantOperand},
      {"while_false", "while(false, x) = x", kExact, {kWhile}, WhileFalse},
      {"while_constant_operand",
       "while(c) {f(x)} = while {f(c)}, for an unchanged c",
       kExact,
       {kWhile},
       WhileConstantOperand},
      {"while_invariant", "while(x) {x} = x", kExact, {kWhile}, WhileInvariant},
      {"check_true", "check(true) = nothing", kExact, {kCheck}, CheckTrue},
  };
}

}  // namespace cermet::simplify
