// What bodies share, whichever control flow they belong to.
#include "frontend/onnx/subgraph.h"

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "frontend/onnx/graph_order.h"
#include "ir/status.h"

namespace cermet {
namespace {

bool IsConstantExpression(const Node* node) {
  const OpInfo& info = Info(node->op());
  if (node->op() == OpCode::kConstant) return true;
  if (info.op_class != OpClass::kView || node->op() == OpCode::kGather ||
      node->op() == OpCode::kDynamicSlice)
    return false;
  for (const Value& operand : node->operands()) {
    if (!IsConstantExpression(operand.node)) return false;
  }
  return true;
}

Value CloneExpression(const Node* node, Graph* target, std::map<const Node*, Node*>* done) {
  if (auto it = done->find(node); it != done->end()) return it->second->result();
  std::vector<Value> operands;
  for (const Value& operand : node->operands())
    operands.push_back(CloneExpression(operand.node, target, done));
  Node* copy = target->AddNode(node->op(), std::move(operands), node->types(), node->attrs(), {},
                               node->location());
  (*done)[node] = copy;
  return copy->result();
}

}  // namespace

absl::StatusOr<std::vector<Capture>> CaptureValues(
    OpContext& c, const std::vector<const onnx::GraphProto*>& graphs) {
  std::vector<Capture> captures;
  std::set<std::string> seen;
  for (const onnx::GraphProto* graph : graphs) {
    for (const std::string& name : CapturedNames(*graph)) {
      if (!seen.insert(name).second) continue;
      ImportedValue* imported = c.scope().Find(name);
      if (imported == nullptr)
        return c.Error(absl::StrCat("its body uses \"", name, "\", which nothing defines"));
      if (imported->known || imported->initializer != nullptr) continue;
      CERMET_ASSIGN_OR_RETURN(const Value value, c.importer().ValueIn(&c.b(), imported));
      captures.push_back({name, value});
    }
  }
  return captures;
}

absl::Status DefineValue(const std::string& name, Value value, Scope* scope) {
  ImportedValue imported;
  imported.name = name;
  imported.type = value.type();
  imported.values.emplace_back(scope->builder().graph(), value);
  if (scope->Define(std::move(imported))) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("its body has two inputs \"", name, "\""));
}

Value CloneConstant(Value value, Builder* builder) {
  if (!value || !IsConstantExpression(value.node)) return Value();
  std::map<const Node*, Node*> done;
  return CloneExpression(value.node, builder->graph(), &done);
}

void SetResults(Graph* body, std::vector<Value> results) {
  std::vector<std::string> names(results.size());
  body->set_results(std::move(results));
  body->set_result_names(std::move(names));
}

}  // namespace cermet
