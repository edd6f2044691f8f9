// Blocks are kept by address, so a range is resolved by looking up the block below it.
#include "runtime/device_memory.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace cermet::runtime {
namespace {

constexpr int64_t kAlignment = 256;
constexpr int kGarbage = 0xcd;

}  // namespace

void DeviceMemory::FreeBytes::operator()(void* pointer) const { std::free(pointer); }

absl::StatusOr<DevicePointer> DeviceMemory::Allocate(int64_t bytes) {
  ++num_requests_;
  if (bytes < 0 || bytes > options_.limit_bytes - stats_.allocated_bytes ||
      num_requests_ == options_.fail_allocation) {
    return absl::ResourceExhaustedError(absl::StrCat("out of device memory: ", bytes,
                                                     " bytes asked for, ", stats_.allocated_bytes,
                                                     " of ", options_.limit_bytes, " allocated"));
  }
  if (bytes > INT64_MAX - 2 * kAlignment) {
    return absl::ResourceExhaustedError(absl::StrCat("out of device memory: ", bytes, " bytes"));
  }
  const int64_t room = std::max(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
  Block block;
  block.bytes.reset(std::aligned_alloc(kAlignment, static_cast<size_t>(room)));
  block.size = bytes;
  if (block.bytes == nullptr) {
    return absl::ResourceExhaustedError(absl::StrCat("out of memory: ", bytes, " bytes"));
  }
  if (options_.poison) std::memset(block.bytes.get(), kGarbage, static_cast<size_t>(bytes));
  uint64_t address = reinterpret_cast<uint64_t>(block.bytes.get());
  if (options_.opaque_addresses) {
    address = next_address_;
    next_address_ += static_cast<uint64_t>(room) + kAlignment;
  }
  stats_.allocated_bytes += bytes;
  stats_.peak_bytes = std::max(stats_.peak_bytes, stats_.allocated_bytes);
  ++stats_.num_allocations;
  blocks_[address] = std::move(block);
  return DevicePointer{address};
}

absl::Status DeviceMemory::Free(DevicePointer pointer) {
  if (!pointer) return absl::OkStatus();
  auto it = blocks_.find(pointer.address);
  if (it == blocks_.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("free of 0x", absl::Hex(pointer.address), ", which is not allocated"));
  }
  if (options_.poison) {
    std::memset(it->second.bytes.get(), kGarbage, static_cast<size_t>(it->second.size));
  }
  stats_.allocated_bytes -= it->second.size;
  --stats_.num_allocations;
  blocks_.erase(it);
  return absl::OkStatus();
}

absl::StatusOr<void*> DeviceMemory::Resolve(DevicePointer pointer, int64_t bytes) const {
  auto it = blocks_.upper_bound(pointer.address);
  if (it != blocks_.begin()) {
    --it;
    const uint64_t offset = pointer.address - it->first;
    const uint64_t size = static_cast<uint64_t>(it->second.size);
    if (bytes >= 0 && offset <= size && static_cast<uint64_t>(bytes) <= size - offset) {
      return static_cast<char*>(it->second.bytes.get()) + offset;
    }
  }
  return absl::OutOfRangeError(absl::StrCat(bytes, " bytes at 0x", absl::Hex(pointer.address),
                                            " are not inside a live allocation"));
}

}  // namespace cermet::runtime
