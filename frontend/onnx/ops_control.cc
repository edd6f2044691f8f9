// If. A condition that is known (shapes often decide it) leaves only its branch, put in place.
#include "absl/strings/str_cat.h"
#include "frontend/onnx/op_context.h"
#include "frontend/onnx/op_table.h"
#include "frontend/onnx/subgraph.h"
#include "ir/status.h"

namespace cermet {

absl::Status Loop(OpContext& c);  // ops_loop.cc
absl::Status Scan(OpContext& c);

namespace {

absl::Status Inline(OpContext& c, const onnx::GraphProto& branch) {
  Scope inner(&c.b(), &c.scope());
  CERMET_RETURN_IF_ERROR(c.importer().ImportNodes(branch, &inner));
  for (int i = 0; i < c.num_outputs(); ++i) {
    if (!c.wants(i)) continue;
    ImportedValue* output = inner.Find(branch.output(i).name());
    if (output == nullptr)
      return c.Error(
          absl::StrCat("no node writes the branch's output \"", branch.output(i).name(), "\""));
    CERMET_RETURN_IF_ERROR(c.importer().Alias(*output, c.node().output(i), &c.scope()));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Graph>> Branch(OpContext& c, const std::string& name,
                                              const onnx::GraphProto& proto,
                                              const std::vector<Capture>& captures) {
  auto body = std::make_unique<Graph>(name);
  Builder builder(body.get());
  Scope scope(&builder, &c.scope());
  for (const Capture& capture : captures) {
    Node* parameter = body->AddParameter(capture.value.type(), capture.name);
    CERMET_RETURN_IF_ERROR(DefineValue(capture.name, parameter->result(), &scope));
  }
  CERMET_RETURN_IF_ERROR(c.importer().ImportNodes(proto, &scope));
  CERMET_ASSIGN_OR_RETURN(std::vector<Value> results, c.importer().OutputValues(proto, &scope));
  SetResults(body.get(), std::move(results));
  return body;
}

absl::Status If(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(const onnx::GraphProto* then_graph, c.GraphAttr("then_branch"));
  CERMET_ASSIGN_OR_RETURN(const onnx::GraphProto* else_graph, c.GraphAttr("else_branch"));
  for (const onnx::GraphProto* graph : {then_graph, else_graph}) {
    if (graph->output_size() != c.num_outputs()) {
      return c.Error(absl::StrCat("a branch has ", graph->output_size(), " outputs, the node has ",
                                  c.num_outputs()));
    }
  }
  if (c.dtype(0) != DType::kBool || c.type(0).NumElements() != Dim(1)) {
    return c.Error(
        absl::StrCat("its condition has type ", c.type(0).ToString(), " instead of one bool"));
  }
  if (const KnownValue* known = c.known(0))
    return Inline(c, known->ints[0] != Dim(0) ? *then_graph : *else_graph);

  CERMET_ASSIGN_OR_RETURN(const std::vector<Capture> captures,
                          CaptureValues(c, {then_graph, else_graph}));
  std::vector<std::unique_ptr<Graph>> bodies;
  CERMET_ASSIGN_OR_RETURN(bodies.emplace_back(), Branch(c, "then", *then_graph, captures));
  CERMET_ASSIGN_OR_RETURN(bodies.emplace_back(), Branch(c, "else", *else_graph, captures));
  for (int i = 0; i < c.num_outputs(); ++i) {
    const Type &x = bodies[0]->results()[i].type(), &y = bodies[1]->results()[i].type();
    if (x == y) continue;
    return c.NeedsDims(absl::StrCat("its branches yield ", x.ToString(), " and ", y.ToString(),
                                    " for output ", i, ", and the condition is not known"));
  }
  std::vector<Value> operands = {c.Reshape(c.in(0), {})};
  for (const Capture& capture : captures) operands.push_back(capture.value);
  Node* node = c.b().MakeNode(OpCode::kIf, std::move(operands), {}, std::move(bodies));
  CERMET_RETURN_IF_ERROR(c.status());
  for (int i = 0; i < c.num_outputs(); ++i) CERMET_RETURN_IF_ERROR(c.Return(i, node->result(i)));
  return absl::OkStatus();
}

constexpr OpRow kRows[] = {
    {"If", 1, kNewest, 1, 1, If, Float16::kKept},
    {"Loop", 1, kNewest, 0, kAny, Loop, Float16::kKept},
    {"Scan", 9, kNewest, 1, kAny, Scan, Float16::kKept},
};

}  // namespace

absl::Span<const OpRow> ControlOps() { return kRows; }

}  // namespace cermet
