// Commands of conditionals and loops.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "ir/infer.h"
#include "ir/kernel/builder.h"
#include "ir/status.h"
#include "passes/plan/program_builder.h"

namespace cermet::plan {

using program::Command;
using program::CommandKind;

// The entry checks the relations between dims that all of its nodes need. A branch may be there for
// other sizes, so it checks its own when it is taken, before anything of it runs.
absl::Status ProgramBuilder::EmitSizeChecks(const Node& node, const Graph& branch, Scope* scope) {
  CERMET_ASSIGN_OR_RETURN(const std::vector<DimConstraint> open,
                          OpenConstraints(branch, module_.facts()));
  if (open.empty()) return absl::OkStatus();
  kernel::Kernel kernel;
  kernel.name = "sizes_of_branch";
  kernel.location = node.location();
  kernel::KernelBuilder b(&kernel, &kernel.body);
  for (const DimConstraint& constraint : open) {
    const auto direction = constraint.kind == DimConstraint::Kind::kEqual ? CompareDirection::kEq
                                                                          : CompareDirection::kLe;
    const kernel::ValueId holds =
        b.Compare(direction, b.DimValue(constraint.lhs), b.DimValue(constraint.rhs));
    const auto check = static_cast<int64_t>(program_.checks.size());
    const std::string message =
        absl::StrCat("this branch is for other sizes: it needs ", constraint.ToString());
    program_.checks.push_back({static_cast<int64_t>(absl::StatusCode::kInvalidArgument), message,
                               constraint.node->Describe()});
    b.Check(holds, b.Index(0), check, message);
  }
  CERMET_RETURN_IF_ERROR(options_.schedule(&kernel, {}));
  Command launch;
  launch.kind = CommandKind::kLaunch;
  launch.location = node.location();
  launch.kernel = AddKernel(std::move(kernel));
  scope->commands->push_back(std::move(launch));
  return absl::OkStatus();
}

absl::Status ProgramBuilder::EmitIf(const Node& node, Scope* scope) {
  Command command;
  command.kind = CommandKind::kIf;
  command.location = node.location();
  CERMET_ASSIGN_OR_RETURN(const int32_t predicate, BufferOf(node.operand(0), scope));
  command.buffers = {predicate};
  std::vector<int32_t> results;
  for (int i = 0; i < node.num_results(); ++i) {
    results.push_back(node.type(i).dtype == DType::kToken ? kNone : AddTemp(node.type(i), "if"));
    const Value value{const_cast<Node*>(&node), i};
    scope->buffers[value] = results.back();
    scope->owned[value] = true;
  }
  command.bodies.resize(2);
  for (int branch = 0; branch < 2; ++branch) {
    const Graph& body = *node.body(branch);
    Scope inner = OpenScope(body, &command.bodies[branch]);
    for (size_t i = 0; i < body.parameters().size(); ++i) {
      CERMET_ASSIGN_OR_RETURN(inner.buffers[body.parameter(i)->result()],
                              BufferOf(node.operand(1 + i), scope));
    }
    CERMET_RETURN_IF_ERROR(EmitSizeChecks(node, body, &inner));
    CERMET_RETURN_IF_ERROR(EmitGraph(body, &inner));
    for (size_t i = 0; i < results.size(); ++i) {
      if (results[i] == kNone) continue;
      CERMET_ASSIGN_OR_RETURN(const int32_t result, BufferOf(body.results()[i], &inner));
      EmitCopy(result, results[i], node.location(), inner.commands);
    }
  }
  scope->commands->push_back(std::move(command));
  return absl::OkStatus();
}

absl::Status ProgramBuilder::EmitWhile(const Node& node, Scope* scope) {
  std::vector<int32_t> carried;
  for (int i = 0; i < node.num_results(); ++i) {
    if (node.type(i).dtype == DType::kToken) {
      carried.push_back(kNone);
      continue;
    }
    CERMET_ASSIGN_OR_RETURN(const int32_t init, BufferOf(node.operand(i), scope));
    const int32_t buffer = AddTemp(node.type(i), "carried");
    const Value operand = node.operand(i);
    const auto& operands = node.operands();
    const bool once = std::count(operands.begin(), operands.end(), operand) == 1;
    if (once && scope->DiesHere(operand) && scope->owned[operand]) {
      program_.buffers[buffer].alias = program_.StorageOf(init);
    } else {
      EmitCopy(init, buffer, node.location(), scope->commands);
    }
    carried.push_back(buffer);
    const Value value{const_cast<Node*>(&node), i};
    scope->buffers[value] = buffer;
    scope->owned[value] = true;
  }
  Command command;
  command.kind = CommandKind::kWhile;
  command.location = node.location();
  command.bodies.resize(2);
  const Graph& condition = *node.body(0);
  Scope test = OpenScope(condition, &command.bodies[0]);
  for (size_t i = 0; i < carried.size(); ++i)
    test.buffers[condition.parameter(i)->result()] = carried[i];
  CERMET_RETURN_IF_ERROR(EmitGraph(condition, &test));
  CERMET_ASSIGN_OR_RETURN(const int32_t predicate, BufferOf(condition.results()[0], &test));
  command.buffers = {predicate};

  const Graph& body = *node.body(1);
  Scope inner = OpenScope(body, &command.bodies[1]);
  for (size_t i = 0; i < carried.size(); ++i) {
    inner.buffers[body.parameter(i)->result()] = carried[i];
    inner.owned[body.parameter(i)->result()] = true;
  }
  CERMET_RETURN_IF_ERROR(EmitGraph(body, &inner));
  CERMET_RETURN_IF_ERROR(EmitLoopResults(body, carried, &inner));
  scope->commands->push_back(std::move(command));
  return absl::OkStatus();
}

// Moves the body's results to the carried buffers. A result that already lives there needs no move;
// results in other carried buffers (a swap) go through copies first.
absl::Status ProgramBuilder::EmitLoopResults(const Graph& body, const std::vector<int32_t>& carried,
                                             Scope* scope) {
  std::vector<std::pair<int32_t, int32_t>> moves;
  for (size_t i = 0; i < carried.size(); ++i) {
    if (carried[i] == kNone) continue;
    CERMET_ASSIGN_OR_RETURN(int32_t result, BufferOf(body.results()[i], scope));
    if (program_.StorageOf(result) == program_.StorageOf(carried[i])) continue;
    const bool in_carried = std::any_of(carried.begin(), carried.end(), [&](int32_t other) {
      return other != kNone && program_.StorageOf(other) == program_.StorageOf(result);
    });
    if (in_carried) {
      const int32_t copy = AddTemp(body.results()[i].type(), "moved");
      EmitCopy(result, copy, body.results()[i].node->location(), scope->commands);
      result = copy;
    }
    moves.push_back({result, carried[i]});
  }
  for (const auto& [from, to] : moves) EmitCopy(from, to, {}, scope->commands);
  return absl::OkStatus();
}

// Which parameter result `i` updates: the donated one of its name, or else the first donated one of
}  // namespace cermet::plan
