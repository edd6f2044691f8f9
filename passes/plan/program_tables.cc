// Buffers, kernels, constants and packed arguments of a program under construction.

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "ir/kernel/text.h"
#include "ir/lexer.h"
#include "ir/status.h"
#include "passes/plan/program_builder.h"
#include "passes/plan/work.h"

namespace cermet::plan {

using program::Buffer;
using program::BufferKind;
using program::Command;
using program::CommandKind;
using program::CommandList;

namespace {

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

// `hint` with `_` for what the text form has no place for: users name tensors as they like.
std::string ValueName(absl::string_view hint) {
  std::string name;
  for (const char c : hint) {
    const bool stays = absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.';
    name += stays ? c : '_';
  }
  return IsValueName(name) ? name : "_" + name;
}

}  // namespace

int32_t ProgramBuilder::AddBuffer(Buffer buffer) {
  buffer.name = Unique(ValueName(buffer.name), '.', &names_);
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

}  // namespace cermet::plan
