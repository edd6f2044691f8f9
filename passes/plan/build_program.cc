// Walks the entry graph once: buffers for its parameters, commands for its nodes, memory of the
// caller for its results.
#include "passes/plan/build_program.h"

#include <algorithm>
#include <functional>

#include "absl/strings/str_cat.h"
#include "ir/infer.h"
#include "ir/status.h"
#include "passes/plan/program_builder.h"

namespace cermet::plan {

using program::Buffer;
using program::BufferKind;
using program::Command;
using program::CommandList;
using program::Program;

namespace {

// Whether a run may fail once it has begun: by a check, or by a branch that is for other sizes.
absl::StatusOr<bool> MayFail(const Graph& graph, const DimFacts& facts) {
  for (const std::unique_ptr<Node>& node : graph.nodes()) {
    if (node->op() == OpCode::kCheck) return true;
    for (const std::unique_ptr<Graph>& body : node->bodies()) {
      CERMET_ASSIGN_OR_RETURN(bool may_fail, MayFail(*body, facts));
      if (!may_fail && node->op() == OpCode::kIf) {
        CERMET_ASSIGN_OR_RETURN(const auto open, OpenConstraints(*body, facts));
        may_fail = !open.empty();
      }
      if (may_fail) return true;
    }
  }
  return false;
}

// Inputs, outputs, constants, temps: the order that the host ABI and the text form have.
void SortBuffers(Program* program) {
  std::vector<int32_t> order(program->buffers.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int32_t>(i);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    const Buffer& x = program->buffers[a];
    const Buffer& y = program->buffers[b];
    if (x.kind != y.kind) return x.kind < y.kind;
    return (x.kind == BufferKind::kInput || x.kind == BufferKind::kOutput) && x.index < y.index;
  });
  std::vector<int32_t> position(order.size());
  std::vector<Buffer> sorted;
  for (size_t i = 0; i < order.size(); ++i) {
    position[order[i]] = static_cast<int32_t>(i);
    sorted.push_back(std::move(program->buffers[order[i]]));
  }
  for (Buffer& buffer : sorted) {
    if (buffer.alias >= 0) buffer.alias = position[buffer.alias];
  }
  program->buffers = std::move(sorted);
  const std::function<void(CommandList*)> renumber = [&](CommandList* commands) {
    for (Command& command : *commands) {
      for (int32_t& buffer : command.buffers) buffer = position[buffer];
      for (CommandList& body : command.bodies) renumber(&body);
    }
  };
  renumber(&program->commands);
}

}  // namespace

absl::StatusOr<Program> ProgramBuilder::Build() {
  const Graph& graph = *module_.entry();
  for (const Value result : graph.results()) {
    if (result.type().dtype == DType::kToken) {
      return absl::InvalidArgumentError(absl::StrCat(
          result.node->Describe(), ": a token orders effects and is no result of a program"));
    }
  }
  program_.name = graph.name();
  program_.facts = module_.facts();
  CERMET_ASSIGN_OR_RETURN(const std::vector<DimConstraint> open,
                          OpenConstraints(graph, module_.facts()));
  for (const DimConstraint& constraint : open) {
    program_.requirements.push_back({constraint.kind == DimConstraint::Kind::kEqual, constraint.lhs,
                                     constraint.rhs, constraint.node->Describe()});
  }
  Scope scope = OpenScope(graph, &program_.commands);
  for (Node* parameter : graph.parameters()) {
    for (const Dim& dim : parameter->type().shape) dim.CollectSymbols(&program_.symbols);
    Buffer buffer;
    buffer.user_name = parameter->attrs().Get<std::string>("name");
    buffer.name = buffer.user_name.empty() ? "input" : buffer.user_name;
    buffer.type = parameter->type();
    buffer.kind = BufferKind::kInput;
    buffer.index = parameter->attrs().Int("index");
    const bool* donated = parameter->attrs().Find<bool>("donated");
    scope.buffers[parameter->result()] = AddBuffer(std::move(buffer));
    scope.owned[parameter->result()] = donated != nullptr && *donated;
  }
  // A run that fails must not have changed state: then updates go through a copy at the end.
  CERMET_ASSIGN_OR_RETURN(const bool may_fail, MayFail(graph, module_.facts()));
  if (!may_fail) {
    const std::vector<int64_t> donated = DonatedParameters(graph);
    for (size_t i = 0; i < donated.size(); ++i) {
      if (donated[i] != kNone)
        state_[graph.results()[i]] = scope.buffers[graph.parameter(donated[i])->result()];
    }
  }
  CERMET_RETURN_IF_ERROR(EmitGraph(graph, &scope));
  CERMET_RETURN_IF_ERROR(FinishResults(graph, &scope));
  SortBuffers(&program_);
  return std::move(program_);
}

absl::StatusOr<Program> BuildProgram(const Module& module, const BuildProgramOptions& options) {
  return ProgramBuilder(module, options).Build();
}

}  // namespace cermet::plan
