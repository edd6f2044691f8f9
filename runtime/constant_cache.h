// Packed forms of constants, made once and shared.
#ifndef CERMET_RUNTIME_CONSTANT_CACHE_H_
#define CERMET_RUNTIME_CONSTANT_CACHE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "ir/constant_store.h"
#include "ir/kernel/kernel.h"
#include "ir/program/program.h"

namespace cermet::runtime {

// Bytes of a constant as kernels want them. Sharing is by reference count: the bytes go when the
// last program that uses them goes.
using ConstantBytes = std::shared_ptr<const void>;

// Keyed by content and packing, so programs and sessions that use one weight in one layout share
// its packed bytes. Thread safe.
class ConstantCache {
 public:
  // The bytes of `entry`, packed if `packing` is given, aligned for their element type (packed ones
  // to 64 bytes). Unpacked bytes are the entry's own where they are aligned. Errors: a packing
  // whose logical shape is not the entry's.
  absl::StatusOr<ConstantBytes> Get(const ConstantEntry& entry,
                                    const std::optional<kernel::Packing>& packing);
  // The bytes held by packed constants now.
  int64_t packed_bytes() const;

 private:
  struct Packed {
    std::weak_ptr<const void> bytes;
    int64_t size = 0;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Packed> packed_;
};

// The bytes of a kConstant buffer of `program`. Errors: a constant that is missing or of another
// type. `cache` must not be null.
absl::StatusOr<ConstantBytes> ConstantBytesOf(const program::Program& program,
                                              const program::Buffer& buffer,
                                              const ConstantStore& constants, ConstantCache* cache);

}  // namespace cermet::runtime

#endif  // CERMET_RUNTIME_CONSTANT_CACHE_H_
