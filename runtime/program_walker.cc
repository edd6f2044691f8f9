// Conditions of `if` and `while` are read back to the host: the device's queue drains there, and
// failed checks surface.
#include "runtime/program_walker.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "ir/status.h"
#include "runtime/check_error.h"

namespace cermet::runtime {
namespace {

using program::Buffer;
using program::BufferKind;
using program::Command;
using program::CommandKind;
using program::CommandList;

constexpr int64_t kAlignment = 256;

int64_t Align(int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

ProgramWalker::ProgramWalker(program::Program program, Device* device, Profile* profile)
    : program_(std::move(program)), device_(device), profile_(profile) {
  constants_.resize(program_.buffers.size());
}

ProgramWalker::~ProgramWalker() {
  for (DevicePointer constant : constants_) device_->Free(constant).IgnoreError();
  device_->Free(block_).IgnoreError();
}

absl::StatusOr<std::unique_ptr<ProgramWalker>> ProgramWalker::Create(program::Program program,
                                                                     const ConstantStore& constants,
                                                                     ConstantCache* cache,
                                                                     Device* device,
                                                                     Profile* profile) {
  ConstantCache own_cache;  // the device has its own copies
  if (cache == nullptr) cache = &own_cache;
  std::unique_ptr<ProgramWalker> walker(new ProgramWalker(std::move(program), device, profile));
  CERMET_ASSIGN_OR_RETURN(walker->kernels_, device->Load(walker->program_.kernels));
  for (size_t i = 0; i < walker->program_.buffers.size(); ++i) {
    const Buffer& buffer = walker->program_.buffers[i];
    if (buffer.kind != BufferKind::kConstant) continue;
    CERMET_ASSIGN_OR_RETURN(ConstantBytes bytes,
                            ConstantBytesOf(walker->program_, buffer, constants, cache));
    CERMET_ASSIGN_OR_RETURN(int64_t size, buffer.type.ByteSize({}));
    CERMET_ASSIGN_OR_RETURN(walker->constants_[i], device->Allocate(size));
    CERMET_RETURN_IF_ERROR(device->CopyToDevice(walker->constants_[i], bytes.get(), size));
  }
  return walker;
}

absl::StatusOr<int64_t> ProgramWalker::PlannedBytes(const DimBindings& dims) const {
  CERMET_ASSIGN_OR_RETURN(int64_t total, program_.temp_bytes.Evaluate(dims));
  total = Align(total);
  for (const Buffer& buffer : program_.buffers) {
    if (buffer.kind != BufferKind::kInput && buffer.kind != BufferKind::kOutput) continue;
    if (buffer.kind == BufferKind::kOutput && buffer.alias >= 0) continue;
    CERMET_ASSIGN_OR_RETURN(int64_t bytes, buffer.type.ByteSize(dims));
    if (__builtin_add_overflow(total, Align(bytes), &total)) {
      return absl::ResourceExhaustedError(
          absl::StrCat("program @", program_.name, ": the buffers overflow 64 bits"));
    }
  }
  return total;
}

absl::Status ProgramWalker::Trim() {
  CERMET_RETURN_IF_ERROR(device_->Free(std::exchange(block_, DevicePointer())));
  block_bytes_ = 0;
  return absl::OkStatus();
}

// Temps stand first in the block, at their planned offsets, then inputs and outputs.
absl::Status ProgramWalker::Place(const DimBindings& dims) {
  dims_ = dims;
  CERMET_ASSIGN_OR_RETURN(int64_t total, PlannedBytes(dims));
  if (total > block_bytes_ || !block_) {
    CERMET_RETURN_IF_ERROR(Trim());
    CERMET_ASSIGN_OR_RETURN(block_, device_->Allocate(total));
    block_bytes_ = total;
  }
  places_ = constants_;
  bytes_.assign(program_.buffers.size(), 0);
  CERMET_ASSIGN_OR_RETURN(int64_t next, program_.temp_bytes.Evaluate(dims));
  next = Align(next);
  for (size_t i = 0; i < program_.buffers.size(); ++i) {
    const Buffer& buffer = program_.buffers[i];
    CERMET_ASSIGN_OR_RETURN(bytes_[i], buffer.type.ByteSize(dims));
    if (buffer.kind == BufferKind::kConstant || buffer.alias >= 0) continue;
    if (buffer.kind == BufferKind::kTemp) {
      CERMET_ASSIGN_OR_RETURN(int64_t offset, buffer.offset.Evaluate(dims));
      places_[i] = block_ + offset;
    } else {
      places_[i] = block_ + next;
      next += Align(bytes_[i]);
    }
  }
  for (size_t i = 0; i < program_.buffers.size(); ++i) {
    places_[i] = places_[program_.StorageOf(static_cast<int32_t>(i))];
  }
  return absl::OkStatus();
}

absl::Status ProgramWalker::Upload(absl::Span<const InputView> inputs) {
  for (size_t i = 0; i < program_.buffers.size(); ++i) {
    const Buffer& buffer = program_.buffers[i];
    if (buffer.kind != BufferKind::kInput) continue;
    CERMET_RETURN_IF_ERROR(device_->CopyToDevice(places_[i], inputs[buffer.index].data, bytes_[i]));
  }
  return absl::OkStatus();
}

absl::Status ProgramWalker::Download(absl::Span<const InputView> inputs,
                                     absl::Span<void* const> outputs) {
  for (size_t i = 0; i < program_.buffers.size(); ++i) {
    const Buffer& buffer = program_.buffers[i];
    if (buffer.kind != BufferKind::kOutput) continue;
    void* to = outputs[buffer.index];
    if (to == nullptr && buffer.alias >= 0) to = inputs[program_.buffers[buffer.alias].index].data;
    CERMET_RETURN_IF_ERROR(device_->CopyFromDevice(to, places_[i], bytes_[i]));
  }
  return absl::OkStatus();
}

absl::Status ProgramWalker::Run(absl::Span<const InputView> inputs,
                                absl::Span<void* const> outputs) {
  if (static_cast<int64_t>(outputs.size()) != program_.num_outputs()) {
    return absl::InvalidArgumentError(absl::StrCat("program @", program_.name, " has ",
                                                   program_.num_outputs(), " outputs, not ",
                                                   outputs.size()));
  }
  std::vector<std::vector<int64_t>> shapes;
  for (const InputView& input : inputs) shapes.emplace_back(input.shape.begin(), input.shape.end());
  CERMET_ASSIGN_OR_RETURN(DimBindings dims, program_.BindDims(shapes));
  CERMET_RETURN_IF_ERROR(Place(dims));
  CERMET_RETURN_IF_ERROR(Upload(inputs));
  const absl::Status status = RunCommands(program_.commands);
  // The queue drains, and its error record is cleared, whatever happened.
  const absl::Status checks = CheckErrors();
  CERMET_RETURN_IF_ERROR(status);
  CERMET_RETURN_IF_ERROR(checks);
  return Download(inputs, outputs);
}

absl::Status ProgramWalker::CheckErrors() {
  CERMET_ASSIGN_OR_RETURN(CermetError error, device_->Synchronize());
  return CheckErrorStatus(program_, error);
}

absl::Status ProgramWalker::RunCommands(const CommandList& commands) {
  for (const Command& command : commands) {
    absl::Status status = profile_ == nullptr ? RunCommand(command) : TimeCommand(command);
    CERMET_RETURN_IF_ERROR(status);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> ProgramWalker::ReadCondition(const Command& command) {
  CERMET_RETURN_IF_ERROR(CheckErrors());
  uint8_t value = 0;
  CERMET_RETURN_IF_ERROR(device_->CopyFromDevice(&value, places_[command.buffers[0]], 1));
  return value != 0;
}

absl::Status ProgramWalker::RunCommand(const Command& command) {
  switch (command.kind) {
    case CommandKind::kLaunch:
    case CommandKind::kPack: {
      std::vector<DevicePointer> arguments;
      for (int32_t buffer : command.buffers) arguments.push_back(places_[buffer]);
      return device_->Launch(kernels_.get(), command.kernel, arguments, dims_, command.grain);
    }
    case CommandKind::kCopy:
      return device_->CopyOnDevice(places_[command.buffers[1]], places_[command.buffers[0]],
                                   bytes_[command.buffers[0]]);
    case CommandKind::kIf: {
      CERMET_ASSIGN_OR_RETURN(bool taken, ReadCondition(command));
      return RunCommands(command.bodies[taken ? 0 : 1]);
    }
    case CommandKind::kWhile: {
      CERMET_RETURN_IF_ERROR(RunCommands(command.bodies[0]));
      while (true) {
        CERMET_ASSIGN_OR_RETURN(bool again, ReadCondition(command));
        if (!again) return absl::OkStatus();
        CERMET_RETURN_IF_ERROR(RunCommands(command.bodies[1]));
        CERMET_RETURN_IF_ERROR(RunCommands(command.bodies[0]));
      }
    }
  }
  CERMET_UNREACHABLE();
}

absl::Status ProgramWalker::TimeCommand(const Command& command) {
  const bool is_launch = command.kind == CommandKind::kLaunch || command.kind == CommandKind::kPack;
  if (!is_launch && command.kind != CommandKind::kCopy) return RunCommand(command);
  const Profile::Clock::time_point start = Profile::Clock::now();
  CERMET_RETURN_IF_ERROR(RunCommand(command));
  CERMET_RETURN_IF_ERROR(CheckErrors());
  const std::string detail = is_launch ? program_.kernels[command.kernel].name : "";
  const std::string names = command.location.NamesToString();
  profile_->Add(names.empty() ? detail : names, is_launch ? "launch" : "copy", detail, start,
                Profile::Clock::now());
  return absl::OkStatus();
}

}  // namespace cermet::runtime
