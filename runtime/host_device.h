// The CPU as a device: the walker's reference, and the way to time each command of a program with
// real code.
#ifndef CERMET_RUNTIME_HOST_DEVICE_H_
#define CERMET_RUNTIME_HOST_DEVICE_H_

#include <functional>
#include <memory>
#include <string>

#include "runtime/device.h"
#include "runtime/device_memory.h"
#include "runtime/thread_pool.h"

namespace cermet::runtime {

// Kernels that run on the host, however they were made (machine code, the interpreter).
class HostKernels : public DeviceKernels {
 public:
  // Runs kernel number `kernel` to its end over host pointers. Checks that fail go to host.error.
  virtual absl::Status Run(int64_t kernel, const CermetHost& host,
                           absl::Span<void* const> arguments, const DimBindings& dims,
                           int64_t grain) = 0;
};
using HostKernelLoader = std::function<absl::StatusOr<std::unique_ptr<HostKernels>>(
    absl::Span<const kernel::Kernel> kernels)>;

// Launches run at once, on `threads`, which must outlive the device.
class HostDevice : public Device {
 public:
  HostDevice(std::string name, HostKernelLoader loader, Threads threads,
             const DeviceMemoryOptions& memory = {});

  std::string name() const override { return name_; }
  absl::StatusOr<DevicePointer> Allocate(int64_t bytes) override { return memory_.Allocate(bytes); }
  absl::Status Free(DevicePointer pointer) override { return memory_.Free(pointer); }
  absl::Status CopyToDevice(DevicePointer to, const void* from, int64_t bytes) override;
  absl::Status CopyFromDevice(void* to, DevicePointer from, int64_t bytes) override;
  absl::Status CopyOnDevice(DevicePointer to, DevicePointer from, int64_t bytes) override;
  absl::StatusOr<std::unique_ptr<DeviceKernels>> Load(
      absl::Span<const kernel::Kernel> kernels) override;
  absl::Status Launch(DeviceKernels* kernels, int64_t kernel,
                      absl::Span<const DevicePointer> arguments, const DimBindings& dims,
                      int64_t grain) override;
  absl::StatusOr<CermetError> Synchronize() override;
  DeviceMemoryStats memory() const override { return memory_.stats(); }
  // For tests: the n-th allocation from now fails.
  void FailAllocation(int64_t n) { memory_.FailAllocation(n); }

 private:
  class LoadedKernels;
  const std::string name_;
  const HostKernelLoader loader_;
  const Threads threads_;
  DeviceMemory memory_;
  CermetError error_ = {};
};

}  // namespace cermet::runtime

#endif  // CERMET_RUNTIME_HOST_DEVICE_H_
