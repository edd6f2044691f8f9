// What a machine with memory of its own must offer to run programs: the host itself, the fake GPU,
// and CUDA.
//
// A device has one queue: copies and launches take effect in the order in which they were issued.
// Launches may run later; copies from the device and Synchronize wait. Not thread safe: one thread
// at a time uses a device.
#ifndef CERMET_RUNTIME_DEVICE_H_
#define CERMET_RUNTIME_DEVICE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "ir/dim.h"
#include "ir/kernel/kernel.h"
#include "ir/program/host_abi.h"

namespace cermet::runtime {

// An address in device memory: the host must not dereference it.
struct DevicePointer {
  uint64_t address = 0;
  DevicePointer operator+(int64_t bytes) const { return {address + static_cast<uint64_t>(bytes)}; }
  explicit operator bool() const { return address != 0; }
  friend bool operator==(DevicePointer a, DevicePointer b) { return a.address == b.address; }
};

// Kernels made ready for one device. Must die before the device.
class DeviceKernels {
 public:
  virtual ~DeviceKernels() = default;
};

struct DeviceMemoryStats {
  int64_t allocated_bytes = 0;
  int64_t peak_bytes = 0;
  int64_t num_allocations = 0;  // alive now
};

class Device {
 public:
  virtual ~Device() = default;
  virtual std::string name() const = 0;

  // At least `bytes` bytes (0 is allowed), aligned to 256. ResourceExhausted if there is no room;
  // the device stays usable.
  virtual absl::StatusOr<DevicePointer> Allocate(int64_t bytes) = 0;
  // `pointer` is what Allocate returned, or null. Waits for the commands that use it.
  virtual absl::Status Free(DevicePointer pointer) = 0;

  // Copies between dense ranges that lie in one allocation each. The host's memory may be reused as
  // soon as a call returns.
  virtual absl::Status CopyToDevice(DevicePointer to, const void* from, int64_t bytes) = 0;
  virtual absl::Status CopyFromDevice(void* to, DevicePointer from, int64_t bytes) = 0;
  virtual absl::Status CopyOnDevice(DevicePointer to, DevicePointer from, int64_t bytes) = 0;

  // Prepares kernels, which may die before the result.
  virtual absl::StatusOr<std::unique_ptr<DeviceKernels>> Load(
      absl::Span<const kernel::Kernel> kernels) = 0;
  // Runs kernel number `kernel` of `kernels`; one argument per kGlobal buffer, each with room for
  // the buffer's shape under `dims`. The grid and the threads of a block come from the kernel's
  // block and thread loops. `grain` is the least number of iterations of the parallel loop that is
  // worth a thread.
  virtual absl::Status Launch(DeviceKernels* kernels, int64_t kernel,
                              absl::Span<const DevicePointer> arguments, const DimBindings& dims,
                              int64_t grain) = 0;

  // Waits for all commands. The result is the failed check of the first kernel with one, if any did
  // (code 0: none); later launches up to here had no effect. Errors of the device itself are a
  // status.
  virtual absl::StatusOr<CermetError> Synchronize() = 0;

  virtual DeviceMemoryStats memory() const = 0;
};

}  // namespace cermet::runtime

#endif  // CERMET_RUNTIME_DEVICE_H_
