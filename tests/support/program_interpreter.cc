// A walker over commands with one workspace; temps are where the plan puts them, so a wrong plan
// shows as wrong results.
#include "tests/support/program_interpreter.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "ir/kernel/interpreter/interpreter.h"
#include "ir/status.h"

namespace cermet::testing {
namespace {

using program::Buffer;
using program::BufferKind;
using program::Command;
using program::CommandKind;
using program::CommandList;
using program::Program;

class Walker {
 public:
  Walker(const Program& program, DimBindings dims, std::vector<void*> memory)
      : program_(program), dims_(std::move(dims)), memory_(std::move(memory)) {}

  absl::Status Run(const CommandList& commands) {
    for (const Command& command : commands) CERMET_RETURN_IF_ERROR(Run(command));
    return absl::OkStatus();
  }

 private:
  absl::Status Run(const Command& command) {
    switch (command.kind) {
      case CommandKind::kLaunch:
      case CommandKind::kPack: {
        std::vector<void*> arguments;
        for (int32_t buffer : command.buffers) arguments.push_back(memory_[buffer]);
        return kernel::Interpret(program_.kernels[command.kernel], arguments, dims_);
      }
      case CommandKind::kCopy: {
        CERMET_ASSIGN_OR_RETURN(
            const int64_t count,
            program_.buffers[command.buffers[0]].type.NumElements().Evaluate(dims_));
        std::memmove(memory_[command.buffers[1]], memory_[command.buffers[0]],
                     count * ByteSize(program_.buffers[command.buffers[0]].type.dtype));
        return absl::OkStatus();
      }
      case CommandKind::kIf:
        return Run(command.bodies[*static_cast<bool*>(memory_[command.buffers[0]]) ? 0 : 1]);
      case CommandKind::kWhile:
        CERMET_RETURN_IF_ERROR(Run(command.bodies[0]));
        while (*static_cast<bool*>(memory_[command.buffers[0]])) {
          CERMET_RETURN_IF_ERROR(Run(command.bodies[1]));
          CERMET_RETURN_IF_ERROR(Run(command.bodies[0]));
        }
        return absl::OkStatus();
    }
    CERMET_UNREACHABLE();
  }

  const Program& program_;
  DimBindings dims_;
  std::vector<void*> memory_;
};

}  // namespace

absl::StatusOr<std::vector<Literal>> InterpretProgram(const Program& program,
                                                      const ConstantStore& constants,
                                                      const std::vector<Literal>& inputs) {
  std::vector<std::vector<int64_t>> shapes;
  for (const Literal& input : inputs) shapes.push_back(input.shape());
  CERMET_ASSIGN_OR_RETURN(const DimBindings dims, program.BindDims(shapes));
  CERMET_ASSIGN_OR_RETURN(const int64_t workspace_bytes, program.WorkspaceBytes(1, dims));
  std::vector<char> workspace(workspace_bytes + 64);
  char* base =
      reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(workspace.data()) + 63) / 64 * 64);
  std::vector<Literal> input_copies = inputs;
  std::vector<Literal> outputs(program.num_outputs());
  std::vector<Literal> packed;
  packed.reserve(program.buffers.size());
  std::vector<void*> memory;
  for (const Buffer& buffer : program.buffers) {
    std::vector<int64_t> shape;
    for (const Dim& dim : buffer.type.shape) {
      CERMET_ASSIGN_OR_RETURN(const int64_t extent, dim.Evaluate(dims));
      shape.push_back(extent);
    }
    switch (buffer.kind) {
      case BufferKind::kInput:
        memory.push_back(input_copies[buffer.index].data());
        break;
      case BufferKind::kOutput:
        outputs[buffer.index] = Literal(buffer.type.dtype, shape);
        memory.push_back(buffer.alias >= 0 ? memory[buffer.alias] : outputs[buffer.index].data());
        break;
      case BufferKind::kConstant: {
        const ConstantEntry* entry = constants.Find(buffer.constant);
        if (entry == nullptr) return absl::NotFoundError(buffer.constant);
        packed.push_back(Literal(buffer.type.dtype, shape));
        if (buffer.packing.has_value()) {
          CERMET_RETURN_IF_ERROR(program::Pack(*buffer.packing, buffer.type.dtype, dims,
                                               entry->data, packed.back().data()));
        } else {
          std::memcpy(packed.back().data(), entry->data, entry->byte_size);
        }
        memory.push_back(packed.back().data());
        break;
      }
      case BufferKind::kTemp: {
        if (buffer.alias >= 0 && program.buffers[buffer.alias].kind != BufferKind::kTemp) {
          memory.push_back(memory[buffer.alias]);
          break;
        }
        CERMET_ASSIGN_OR_RETURN(const int64_t offset, buffer.offset.Evaluate(dims));
        memory.push_back(base + offset);
        break;
      }
    }
  }
  CERMET_RETURN_IF_ERROR(Walker(program, dims, memory).Run(program.commands));
  for (const Buffer& buffer : program.buffers) {
    if (buffer.kind == BufferKind::kOutput && buffer.alias >= 0) {
      std::memcpy(outputs[buffer.index].data(), memory[buffer.alias],
                  outputs[buffer.index].byte_size());
    }
  }
  return outputs;
}

}  // namespace cermet::testing
