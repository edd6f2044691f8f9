// Commands of fusions: lowers and schedules their kernels, packs what the schedules want packed,
// and finds storage for the results.

#include "absl/strings/str_cat.h"
#include "ir/status.h"
#include "passes/lower/lower_fusion.h"
#include "passes/plan/program_builder.h"
#include "passes/plan/work.h"

namespace cermet::plan {

using lower::FusionArgument;
using lower::LoweredFusion;
using lower::LoweredKernel;
using lower::SharedStorage;
using program::BufferKind;
using program::Command;
using program::CommandKind;
using program::Program;

namespace {

// Numbers the checks of a kernel in the program's table.
void RegisterChecks(kernel::Block* block, const Node& node, Program* program) {
  for (kernel::Inst& inst : block->insts) {
    for (kernel::Block& inner : inst.blocks) RegisterChecks(&inner, node, program);
    if (inst.kind != kernel::InstKind::kCheck) continue;
    program->checks.push_back(
        {inst.code, inst.message, node.body()->results()[0].node->Describe()});
    inst.code = static_cast<int64_t>(program->checks.size()) - 1;
  }
}

// True if a kernel reads the operand as it was, not as the start of a result.
bool ReadsOperand(const LoweredFusion& lowered, int64_t operand) {
  for (const LoweredKernel& kernel : lowered.kernels) {
    for (const FusionArgument& argument : kernel.arguments) {
      if (!argument.is_result && argument.index == operand) return true;
    }
  }
  return false;
}

}  // namespace

absl::Status ProgramBuilder::EmitGraph(const Graph& graph, Scope* scope) {
  for (const std::unique_ptr<Node>& node : graph.nodes()) {
    switch (node->op()) {
      case OpCode::kParameter:
      case OpCode::kConstant:
      case OpCode::kAfterAll:
        break;
      case OpCode::kFusion:
        CERMET_RETURN_IF_ERROR(EmitFusion(*node, scope));
        break;
      case OpCode::kIf:
        CERMET_RETURN_IF_ERROR(EmitIf(*node, scope));
        break;
      case OpCode::kWhile:
        CERMET_RETURN_IF_ERROR(EmitWhile(*node, scope));
        break;
      case OpCode::kIota:
      case OpCode::kDimSize:
      case OpCode::kCall:
      case OpCode::kCheck:
#define CERMET_CASES_kElementwise
#define CERMET_CASES_kTranscendental
#define CERMET_CASES_kView
#define CERMET_CASES_kUpdate
#define CERMET_CASES_kReduction
#define CERMET_CASES_kContraction
#define CERMET_CASES_kComposite
#include "ir/op_cases.def"
        return absl::InternalError(
            absl::StrCat(node->Describe(), ": not fused; run the pass `fuse` first"));
    }
    ++scope->position;
  }
  return absl::OkStatus();
}

std::optional<int32_t> ProgramBuilder::StorageToReuse(const Node& node,
                                                      const LoweredFusion& lowered, int64_t result,
                                                      Scope* scope) {
  const auto usable = [&](const SharedStorage& shared) -> std::optional<int32_t> {
    if (shared.result != result) return std::nullopt;
    const Value operand = node.operand(shared.operand);
    if (!scope->DiesHere(operand) || !scope->owned[operand]) return std::nullopt;
    for (int64_t i = 0; i < node.num_operands(); ++i) {
      if (i != shared.operand && node.operand(i) == operand) return std::nullopt;
    }
    const int32_t storage = program_.StorageOf(scope->buffers[operand]);
    if (program_.buffers[storage].kind == BufferKind::kInput) {
      const auto target = state_.find(Value{const_cast<Node*>(&node), static_cast<int>(result)});
      if (target == state_.end() || target->second != storage) return std::nullopt;
    }
    return storage;
  };
  for (const SharedStorage& shared : lowered.updates) {
    if (ReadsOperand(lowered, shared.operand)) continue;  // perhaps after its place was written
    if (auto buffer = usable(shared)) return buffer;
  }
  for (const SharedStorage& shared : lowered.in_place) {
    if (auto buffer = usable(shared)) return buffer;
  }
  return std::nullopt;
}

absl::Status ProgramBuilder::EmitFusion(const Node& node, Scope* scope) {
  CERMET_ASSIGN_OR_RETURN(LoweredFusion lowered, lower::LowerFusion(node, module_.facts()));
  std::vector<int32_t> results;
  for (int i = 0; i < node.num_results(); ++i) {
    if (node.type(i).dtype == DType::kToken) {
      results.push_back(kNone);
      continue;
    }
    const std::optional<int32_t> reused = StorageToReuse(node, lowered, i, scope);
    const int32_t buffer = AddTemp(node.type(i), lowered.kernels[0].kernel.name);
    if (reused.has_value()) {
      program_.buffers[buffer].alias = program_.StorageOf(*reused);
    } else {
      for (const SharedStorage& update : lowered.updates) {
        if (update.result != i) continue;
        CERMET_ASSIGN_OR_RETURN(const int32_t operand,
                                BufferOf(node.operand(update.operand), scope));
        EmitCopy(operand, buffer, node.location(), scope->commands);
      }
    }
    results.push_back(buffer);
    const Value value{const_cast<Node*>(&node), i};
    scope->buffers[value] = buffer;
    scope->owned[value] = true;
  }
  for (LoweredKernel& kernel : lowered.kernels)
    CERMET_RETURN_IF_ERROR(EmitLaunch(node, std::move(kernel), results, scope));
  return absl::OkStatus();
}

absl::Status ProgramBuilder::EmitLaunch(const Node& node, LoweredKernel lowered,
                                        const std::vector<int32_t>& results, Scope* scope) {
  RegisterChecks(&lowered.kernel.body, node, &program_);
  std::vector<bool> constant_arguments;
  for (const FusionArgument& argument : lowered.arguments) {
    constant_arguments.push_back(!argument.is_result &&
                                 node.operand(argument.index).node->op() == OpCode::kConstant);
  }
  if (absl::Status status = options_.schedule(&lowered.kernel, constant_arguments); !status.ok()) {
    return absl::Status(status.code(), absl::StrCat(node.Describe(), ": ", status.message()));
  }
  Command launch;
  launch.kind = CommandKind::kLaunch;
  launch.location = node.location();
  for (size_t i = 0; i < lowered.arguments.size(); ++i) {
    const FusionArgument& argument = lowered.arguments[i];
    int32_t buffer = kNone;
    if (argument.is_result) {
      buffer = results[argument.index];
    } else {
      CERMET_ASSIGN_OR_RETURN(buffer, BufferOf(node.operand(argument.index), scope));
    }
    if (const auto& packing = lowered.kernel.buffers[i].packing; packing.has_value()) {
      CERMET_ASSIGN_OR_RETURN(buffer, Packed(buffer, *packing, node.location(), scope));
    }
    launch.buffers.push_back(buffer);
  }
  launch.grain = LaunchGrain(lowered.kernel, module_.facts());
  launch.kernel = AddKernel(std::move(lowered.kernel));
  scope->commands->push_back(std::move(launch));
  return absl::OkStatus();
}

}  // namespace cermet::plan
