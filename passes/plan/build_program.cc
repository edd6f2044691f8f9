// Walks the fused graph once and emits commands, deciding for every value which storage it lives
// in.
//
// Storage is shared (Buffer::alias) in three cases, each proven here: an update in place of a value
// that nobody reads afterwards, an elementwise result over an operand that dies, and loop-carried
// values that the body writes where it read them.
#include "passes/plan/build_program.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>

#include "absl/strings/str_cat.h"
#include "ir/infer.h"
#include "ir/kernel/text.h"
#include "ir/status.h"
#include "passes/lower/lower_fusion.h"
#include "passes/plan/work.h"

namespace cermet::plan {
namespace {

using lower::FusionArgument;
using lower::LoweredFusion;
using lower::LoweredKernel;
using lower::SharedStorage;
using program::Buffer;
using program::BufferKind;
using program::Command;
using program::CommandKind;
using program::CommandList;
using program::Program;

constexpr int32_t kNone = -1;
constexpr int64_t kNever =
    std::numeric_limits<int64_t>::max();  // the last use of a value that leaves its graph

class ProgramBuilder {
 public:
  ProgramBuilder(const Module& module, const BuildProgramOptions& options)
      : module_(module), options_(options) {}
  absl::StatusOr<Program> Build();

 private:
  // What is known of the values of one graph while its commands are emitted.
  struct Scope {
    CommandList* commands;
    std::map<Value, int32_t> buffers;
    std::map<Value, int64_t> last_use;  // position of the last node that uses it
    std::map<Value, bool> owned;        // its storage may be overwritten once it is dead
    int64_t position = 0;
    bool DiesHere(Value value) const {
      auto it = last_use.find(value);
      return it != last_use.end() && it->second == position;
    }
  };

  Scope OpenScope(const Graph& graph, CommandList* commands);
  absl::Status EmitGraph(const Graph& graph, Scope* scope);
  absl::Status EmitFusion(const Node& node, Scope* scope);
  absl::Status EmitLaunch(const Node& node, LoweredKernel lowered,
                          const std::vector<int32_t>& results, Scope* scope);
  absl::Status EmitIf(const Node& node, Scope* scope);
  absl::Status EmitWhile(const Node& node, Scope* scope);
  absl::Status EmitLoopResults(const Graph& body, const std::vector<int32_t>& carried,
                               Scope* scope);
  absl::StatusOr<int32_t> BufferOf(Value value, Scope* scope);
  absl::StatusOr<int32_t> ConstantBuffer(const Node& node);
  absl::StatusOr<int32_t> Packed(int32_t buffer, const kernel::Packing& packing,
                                 const Location& location, Scope* scope);
  absl::Status FinishResults(const Graph& graph, Scope* scope);
  std::optional<int32_t> StorageToReuse(const Node& node, const LoweredFusion& lowered,
                                        int64_t result, Scope* scope);

  int32_t AddBuffer(Buffer buffer);
  int32_t AddTemp(const Type& type, absl::string_view hint);
  int32_t AddKernel(kernel::Kernel kernel);
  void EmitCopy(int32_t from, int32_t to, const Location& location, CommandList* commands);
  int32_t Storage(int32_t buffer) const;

  const Module& module_;
  const BuildProgramOptions& options_;
  Program program_;
  std::map<std::string, int32_t> kernels_;    // canonical key -> index
  std::map<std::string, int32_t> constants_;  // name and packing -> buffer
  std::map<std::string, int64_t> names_;      // of buffers, to keep them unique
  std::map<std::string, int64_t> kernel_names_;
  std::map<Value, int32_t>
      state_;  // results that may be written to the donated input that they update
};

// `hint`, or `hint` with the first number that makes it new.
std::string Unique(absl::string_view hint, char separator, std::map<std::string, int64_t>* used) {
  int64_t& count = (*used)[std::string(hint)];
  if (count++ == 0) return std::string(hint);
  while (true) {
    std::string candidate = absl::StrCat(hint, std::string(1, separator), count - 1);
    if (used->emplace(candidate, 1).second) return candidate;
    ++count;
  }
}

int32_t ProgramBuilder::AddBuffer(Buffer buffer) {
  buffer.name = Unique(buffer.name, '.', &names_);
  program_.buffers.push_back(std::move(buffer));
  return static_cast<int32_t>(program_.buffers.size()) - 1;
}

int32_t ProgramBuilder::AddTemp(const Type& type, absl::string_view hint) {
  Buffer buffer;
  buffer.name = std::string(hint);
  buffer.type = type;
  buffer.kind = BufferKind::kTemp;
  return AddBuffer(std::move(buffer));
}

int32_t ProgramBuilder::Storage(int32_t buffer) const {
  while (program_.buffers[buffer].alias >= 0) buffer = program_.buffers[buffer].alias;
  return buffer;
}

int32_t ProgramBuilder::AddKernel(kernel::Kernel kernel) {
  const std::string key = kernel::CanonicalKey(kernel);
  if (auto it = kernels_.find(key); it != kernels_.end()) return it->second;
  kernel.name = Unique(kernel.name, '_', &kernel_names_);
  const int32_t index = static_cast<int32_t>(program_.kernels.size());
  program_.kernels.push_back(std::move(kernel));
  kernels_[key] = index;
  return index;
}

void ProgramBuilder::EmitCopy(int32_t from, int32_t to, const Location& location,
                              CommandList* commands) {
  Command copy;
  copy.kind = CommandKind::kCopy;
  copy.buffers = {from, to};
  copy.location = location;
  commands->push_back(std::move(copy));
}

absl::StatusOr<int32_t> ProgramBuilder::ConstantBuffer(const Node& node) {
  std::string name;
  if (const SymbolRef* ref = node.attrs().Find<SymbolRef>("ref")) {
    name = ref->name;
  } else {
    return absl::InternalError(
        absl::StrCat(node.Describe(), ": literals outside fusions must be in the constant store"));
  }
  if (module_.constants().Find(name) == nullptr) {
    return absl::NotFoundError(
        absl::StrCat(node.Describe(), ": the constant store has no entry @", name));
  }
  if (auto it = constants_.find(name); it != constants_.end()) return it->second;
  Buffer buffer;
  buffer.name = name;
  buffer.type = node.type();
  buffer.kind = BufferKind::kConstant;
  buffer.constant = name;
  return constants_[name] = AddBuffer(std::move(buffer));
}

absl::StatusOr<int32_t> ProgramBuilder::Packed(int32_t buffer, const kernel::Packing& packing,
                                               const Location& location, Scope* scope) {
  const Type type(program_.buffers[buffer].type.dtype, packing.PackedShape());
  if (program_.buffers[buffer].kind == BufferKind::kConstant) {
    const std::string key =
        absl::StrCat(program_.buffers[buffer].constant, "|", packing.ToString());
    if (auto it = constants_.find(key); it != constants_.end()) return it->second;
    Buffer packed;
    packed.name = absl::StrCat(program_.buffers[buffer].constant, ".packed");
    packed.type = type;
    packed.kind = BufferKind::kConstant;
    packed.constant = program_.buffers[buffer].constant;
    packed.packing = packing;
    return constants_[key] = AddBuffer(std::move(packed));
  }
  const int32_t packed = AddTemp(type, absl::StrCat(program_.buffers[buffer].name, ".packed"));
  CERMET_ASSIGN_OR_RETURN(kernel::Kernel kernel, options_.pack_kernel(packing, type.dtype));
  Command command;
  command.kind = CommandKind::kPack;
  command.grain = LaunchGrain(kernel, module_.facts());
  command.kernel = AddKernel(std::move(kernel));
  command.buffers = {buffer, packed};
  command.location = location;
  scope->commands->push_back(std::move(command));
  return packed;
}

ProgramBuilder::Scope ProgramBuilder::OpenScope(const Graph& graph, CommandList* commands) {
  Scope scope;
  scope.commands = commands;
  int64_t position = 0;
  for (const std::unique_ptr<Node>& node : graph.nodes()) {
    for (Value operand : node->operands()) scope.last_use[operand] = position;
    ++position;
  }
  for (Value result : graph.results()) scope.last_use[result] = kNever;
  return scope;
}

absl::StatusOr<int32_t> ProgramBuilder::BufferOf(Value value, Scope* scope) {
  if (auto it = scope->buffers.find(value); it != scope->buffers.end()) return it->second;
  if (value.node->op() == OpCode::kConstant) return ConstantBuffer(*value.node);
  return absl::InternalError(absl::StrCat(value.node->Describe(), ": has no buffer"));
}

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
    const int32_t storage = Storage(scope->buffers[operand]);
    if (program_.buffers[storage].kind == BufferKind::kInput) {
      const auto target = state_.find(Value{const_cast<Node*>(&node), static_cast<int>(result)});
      if (target == state_.end() || target->second != storage) return std::nullopt;
    }
    return storage;
  };
  for (const SharedStorage& shared : lowered.updates) {
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
      program_.buffers[buffer].alias = Storage(*reused);
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
      program_.buffers[buffer].alias = Storage(init);
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
    if (Storage(result) == Storage(carried[i])) continue;
    const bool in_carried = std::any_of(carried.begin(), carried.end(), [&](int32_t other) {
      return other != kNone && Storage(other) == Storage(result);
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
// its type that is not taken.
std::vector<int64_t> DonatedParameters(const Graph& graph) {
  std::vector<int64_t> updated(graph.results().size(), kNone);
  std::vector<bool> taken(graph.parameters().size());
  const auto donated = [&](size_t p) {
    const bool* attr = graph.parameter(p)->attrs().Find<bool>("donated");
    return attr != nullptr && *attr && !taken[p];
  };
  for (const bool by_name : {true, false}) {
    for (size_t i = 0; i < updated.size(); ++i) {
      for (size_t p = 0; p < taken.size() && updated[i] == kNone; ++p) {
        const std::string& name = graph.parameter(p)->attrs().Get<std::string>("name");
        const bool same_name = i < graph.result_names().size() && graph.result_names()[i] == name;
        if (!donated(p) || graph.parameter(p)->type() != graph.results()[i].type() ||
            (by_name && !same_name))
          continue;
        updated[i] = static_cast<int64_t>(p);
        taken[p] = true;
      }
    }
  }
  return updated;
}

// Gives every result the caller's memory: the temporary that holds it becomes an output, or is
// copied to one.
absl::Status ProgramBuilder::FinishResults(const Graph& graph, Scope* scope) {
  const std::vector<int64_t> donated = DonatedParameters(graph);
  std::vector<std::pair<int32_t, int32_t>> copies;
  std::map<int32_t, int64_t> outputs;  // storage -> result
  for (size_t i = 0; i < graph.results().size(); ++i) {
    const Value result = graph.results()[i];
    CERMET_ASSIGN_OR_RETURN(const int32_t buffer, BufferOf(result, scope));
    const int32_t storage = Storage(buffer);
    const std::string user_name = i < graph.result_names().size() ? graph.result_names()[i] : "";
    const bool is_donated = donated[i] != kNone;
    const int32_t input =
        is_donated ? scope->buffers[graph.parameter(donated[i])->result()] : kNone;
    if (!is_donated && program_.buffers[storage].kind == BufferKind::kTemp) {
      program_.buffers[storage].kind = BufferKind::kOutput;
      program_.buffers[storage].index = static_cast<int64_t>(i);
      program_.buffers[storage].user_name = user_name;
      program_.buffers[storage].type = result.type();
      continue;
    }
    Buffer output;
    output.name = absl::StrCat("result", i);
    output.type = result.type();
    output.kind = BufferKind::kOutput;
    output.index = static_cast<int64_t>(i);
    output.user_name = user_name;
    output.alias = input;
    const int32_t target = AddBuffer(std::move(output));
    if (input == kNone || storage != input) copies.push_back({buffer, target});
  }
  // Donated memory last: other copies may still read it.
  std::stable_sort(copies.begin(), copies.end(), [&](const auto& a, const auto& b) {
    return (program_.buffers[a.second].alias >= 0) < (program_.buffers[b.second].alias >= 0);
  });
  for (auto& [from, to] : copies) {
    const bool clobbered = program_.buffers[to].alias >= 0 &&
                           program_.buffers[Storage(from)].kind == BufferKind::kInput;
    if (clobbered) {
      const int32_t moved = AddTemp(program_.buffers[from].type, "moved");
      EmitCopy(from, moved, {}, scope->commands);
      from = moved;
    }
  }
  for (const auto& [from, to] : copies) EmitCopy(from, to, {}, scope->commands);
  return absl::OkStatus();
}

bool HasChecks(const Graph& graph) {
  for (const std::unique_ptr<Node>& node : graph.nodes()) {
    if (node->op() == OpCode::kCheck) return true;
    for (const std::unique_ptr<Graph>& body : node->bodies()) {
      if (HasChecks(*body)) return true;
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

absl::StatusOr<Program> ProgramBuilder::Build() {
  const Graph& graph = *module_.entry();
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
  // A run that fails a check must not have changed state: then updates go through a copy at the
  // end.
  if (!HasChecks(graph)) {
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

}  // namespace

absl::StatusOr<Program> BuildProgram(const Module& module, const BuildProgramOptions& options) {
  return ProgramBuilder(module, options).Build();
}

}  // namespace cermet::plan
