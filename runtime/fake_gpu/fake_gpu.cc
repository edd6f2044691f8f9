// A queue in front of a host device with opaque, poisoned memory and interpreted kernels.
#include "runtime/fake_gpu/fake_gpu.h"

#include <cstring>
#include <utility>

#include "ir/status.h"
#include "runtime/fake_gpu/interpreted_kernels.h"

namespace cermet::runtime {
namespace {

DeviceMemoryOptions MemoryOptions(const FakeGpuOptions& options) {
  DeviceMemoryOptions memory;
  memory.limit_bytes = options.memory_bytes;
  memory.opaque_addresses = true;
  memory.poison = true;
  return memory;
}

}  // namespace

FakeGpu::FakeGpu(const FakeGpuOptions& options)
    : memory_("fake_gpu", LoadInterpretedKernels, CallerOnly(), MemoryOptions(options)),
      max_queue_(options.max_queue) {}

absl::Status FakeGpu::Enqueue(std::function<absl::Status()> command) {
  queue_.push_back(std::move(command));
  return num_pending() < max_queue_ ? absl::OkStatus() : Drain();
}

// Runs what is pending, up to the first error of the device.
absl::Status FakeGpu::Drain() {
  const std::vector<std::function<absl::Status()>> commands = std::exchange(queue_, {});
  for (const std::function<absl::Status()>& command : commands) {
    CERMET_RETURN_IF_ERROR(command());
  }
  return absl::OkStatus();
}

absl::Status FakeGpu::Free(DevicePointer pointer) {
  CERMET_RETURN_IF_ERROR(Drain());
  return memory_.Free(pointer);
}

absl::Status FakeGpu::CopyToDevice(DevicePointer to, const void* from, int64_t bytes) {
  // The host may reuse its memory at once, so the bytes travel with the command.
  std::string copy(static_cast<const char*>(from), static_cast<size_t>(bytes));
  return Enqueue([this, to, copy = std::move(copy)] {
    return memory_.CopyToDevice(to, copy.data(), static_cast<int64_t>(copy.size()));
  });
}

absl::Status FakeGpu::CopyFromDevice(void* to, DevicePointer from, int64_t bytes) {
  CERMET_RETURN_IF_ERROR(Drain());
  return memory_.CopyFromDevice(to, from, bytes);
}

absl::Status FakeGpu::CopyOnDevice(DevicePointer to, DevicePointer from, int64_t bytes) {
  return Enqueue([this, to, from, bytes] { return memory_.CopyOnDevice(to, from, bytes); });
}

absl::StatusOr<std::unique_ptr<DeviceKernels>> FakeGpu::Load(
    absl::Span<const kernel::Kernel> kernels) {
  return memory_.Load(kernels);
}

absl::Status FakeGpu::Launch(DeviceKernels* kernels, int64_t kernel,
                             absl::Span<const DevicePointer> arguments, const DimBindings& dims,
                             int64_t grain) {
  std::vector<DevicePointer> copy(arguments.begin(), arguments.end());
  return Enqueue([this, kernels, kernel, copy = std::move(copy), dims, grain] {
    return memory_.Launch(kernels, kernel, copy, dims, grain);
  });
}

absl::StatusOr<CermetError> FakeGpu::Synchronize() {
  const absl::Status status = Drain();
  absl::StatusOr<CermetError> error = memory_.Synchronize();
  CERMET_RETURN_IF_ERROR(status);
  return error;
}

}  // namespace cermet::runtime
