// A GPU for machines without one: what runs on it runs by the kernel interpreter, and every misuse
// is an error.
//
// Its memory is its own: addresses are opaque to the host and never reused, new and freed bytes
// hold garbage, allocations can be capped or made to fail. Launches are deferred to the next copy
// from the device or Synchronize, as on a real queue, so that a missing wait shows. Kernels are the
// GPU schedules that PTX is made of: blocks, threads in lockstep, shared memory with race
// detection.
#ifndef CERMET_RUNTIME_FAKE_GPU_FAKE_GPU_H_
#define CERMET_RUNTIME_FAKE_GPU_FAKE_GPU_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/device.h"
#include "runtime/host_device.h"

namespace cermet::runtime {

struct FakeGpuOptions {
  int64_t memory_bytes = int64_t{8} << 30;
  int64_t max_queue = 64;  // commands that may be pending
};

class FakeGpu : public Device {
 public:
  explicit FakeGpu(const FakeGpuOptions& options = {});

  std::string name() const override { return "fake_gpu"; }
  absl::StatusOr<DevicePointer> Allocate(int64_t bytes) override { return memory_.Allocate(bytes); }
  absl::Status Free(DevicePointer pointer) override;
  absl::Status CopyToDevice(DevicePointer to, const void* from, int64_t bytes) override;
  absl::Status CopyFromDevice(void* to, DevicePointer from, int64_t bytes) override;
  absl::Status CopyOnDevice(DevicePointer to, DevicePointer from, int64_t bytes) override;
  absl::StatusOr<std::unique_ptr<DeviceKernels>> Load(
      absl::Span<const kernel::Kernel> kernels) override;
  absl::Status Launch(DeviceKernels* kernels, int64_t kernel,
                      absl::Span<const DevicePointer> arguments, const DimBindings& dims,
                      int64_t grain) override;
  absl::StatusOr<CermetError> Synchronize() override;
  DeviceMemoryStats memory() const override { return memory_.memory(); }

  // For tests: the n-th allocation from now fails; what is pending.
  void FailAllocation(int64_t n) { memory_.FailAllocation(n); }
  int64_t num_pending() const { return static_cast<int64_t>(queue_.size()); }

 private:
  absl::Status Enqueue(std::function<absl::Status()> command);
  absl::Status Drain();

  HostDevice memory_;  // runs a command when its turn comes
  const int64_t max_queue_;
  std::vector<std::function<absl::Status()>> queue_;
};

}  // namespace cermet::runtime

#endif  // CERMET_RUNTIME_FAKE_GPU_FAKE_GPU_H_
