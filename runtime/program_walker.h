// Runs a program on a device, command by command.
#ifndef CERMET_RUNTIME_PROGRAM_WALKER_H_
#define CERMET_RUNTIME_PROGRAM_WALKER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "ir/constant_store.h"
#include "ir/program/program.h"
#include "runtime/constant_cache.h"
#include "runtime/device.h"
#include "runtime/executor.h"
#include "runtime/profile.h"

namespace cermet::runtime {

// Owns the program's memory on the device: its constants, and one block for inputs, outputs and
// temps that grows with the shapes. Not thread safe; the device must outlive it. A run that fails
// leaves the walker usable and the caller's memory as it was.
class ProgramWalker {
 public:
  // Loads the kernels and uploads the constants, which need to live only during the call.
  // `profile`, if not null, gets an event per launch and copy (each is then waited for) and must
  // outlive the walker.
  static absl::StatusOr<std::unique_ptr<ProgramWalker>> Create(program::Program program,
                                                               const ConstantStore& constants,
                                                               ConstantCache* cache, Device* device,
                                                               Profile* profile = nullptr);
  ProgramWalker(const ProgramWalker&) = delete;
  ProgramWalker& operator=(const ProgramWalker&) = delete;
  ~ProgramWalker();

  // Inputs and outputs are host memory, copied to and from the device; as in Execution::Run, an
  // output that updates an input may be null, and then goes back to the input.
  absl::Status Run(absl::Span<const InputView> inputs, absl::Span<void* const> outputs);
  const program::Program& program() const { return program_; }
  // Bytes on the device besides constants that a run under these dims needs.
  absl::StatusOr<int64_t> PlannedBytes(const DimBindings& dims) const;
  // Frees the block of inputs, outputs and temps.
  absl::Status Trim();

 private:
  ProgramWalker(program::Program program, Device* device, Profile* profile);
  absl::Status Place(const DimBindings& dims);
  absl::Status Upload(absl::Span<const InputView> inputs);
  absl::Status Download(absl::Span<const InputView> inputs, absl::Span<void* const> outputs);
  absl::Status RunCommands(const program::CommandList& commands);
  absl::Status RunCommand(const program::Command& command);
  absl::Status TimeCommand(const program::Command& command);
  absl::StatusOr<bool> ReadCondition(const program::Command& command);
  absl::Status CheckErrors();

  program::Program program_;
  Device* const device_;
  Profile* const profile_;
  std::unique_ptr<DeviceKernels> kernels_;
  std::vector<DevicePointer> constants_;  // by buffer; null for other kinds
  DevicePointer block_;
  int64_t block_bytes_ = 0;
  // Of the current run:
  DimBindings dims_;
  std::vector<DevicePointer> places_;  // by buffer
  std::vector<int64_t> bytes_;         // by buffer
};

}  // namespace cermet::runtime

#endif  // CERMET_RUNTIME_PROGRAM_WALKER_H_
