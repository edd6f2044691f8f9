// The allocations of a device whose memory is really the host's: checked, counted, and made to fail
// on demand.
#ifndef CERMET_RUNTIME_DEVICE_MEMORY_H_
#define CERMET_RUNTIME_DEVICE_MEMORY_H_

#include <cstdint>
#include <map>
#include <memory>

#include "absl/status/statusor.h"
#include "runtime/device.h"

namespace cermet::runtime {

struct DeviceMemoryOptions {
  int64_t limit_bytes = INT64_MAX;
  // Addresses that are no host addresses and are never used twice, so that the host cannot read
  // through them and no stale one is valid.
  bool opaque_addresses = false;
  bool poison = false;          // fills new and freed memory with garbage
  int64_t fail_allocation = 0;  // the n-th allocation (from 1) fails; 0: none
};

// Not thread safe.
class DeviceMemory {
 public:
  explicit DeviceMemory(const DeviceMemoryOptions& options) : options_(options) {}

  absl::StatusOr<DevicePointer> Allocate(int64_t bytes);
  absl::Status Free(DevicePointer pointer);
  // The host's address of [pointer, pointer + bytes). Errors: not wholly inside one live
  // allocation.
  absl::StatusOr<void*> Resolve(DevicePointer pointer, int64_t bytes) const;
  DeviceMemoryStats stats() const { return stats_; }
  // From now on counting from 1 again.
  void FailAllocation(int64_t n) {
    options_.fail_allocation = n;
    num_requests_ = 0;
  }

 private:
  struct FreeBytes {
    void operator()(void* pointer) const;
  };
  struct Block {
    std::unique_ptr<void, FreeBytes> bytes;
    int64_t size = 0;
  };
  DeviceMemoryOptions options_;
  std::map<uint64_t, Block> blocks_;  // by address
  uint64_t next_address_ = uint64_t{1} << 56;
  int64_t num_requests_ = 0;
  DeviceMemoryStats stats_;
};

}  // namespace cermet::runtime

#endif  // CERMET_RUNTIME_DEVICE_MEMORY_H_
