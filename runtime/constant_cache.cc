// Packs under the lock, so that two programs that load at once do not both do the work.
#include "runtime/constant_cache.h"

#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "ir/status.h"

namespace cermet::runtime {
namespace {

constexpr int64_t kAlignment = 64;

std::shared_ptr<void> Allocate(int64_t bytes) {
  const int64_t size = std::max<int64_t>((bytes + kAlignment - 1) / kAlignment, 1) * kAlignment;
  return std::shared_ptr<void>(std::aligned_alloc(kAlignment, static_cast<size_t>(size)),
                               std::free);
}

std::string KeyOf(const ConstantEntry& entry, const std::optional<kernel::Packing>& packing) {
  return absl::StrCat(absl::Hex(entry.content_hash), " ", entry.type().ToString(), " ",
                      packing ? packing->ToString() : "copy");
}

absl::Status Fill(const ConstantEntry& entry, const std::optional<kernel::Packing>& packing,
                  void* to) {
  if (packing) return program::Pack(*packing, entry.dtype, {}, entry.data, to);
  if (entry.byte_size > 0) std::memcpy(to, entry.data, static_cast<size_t>(entry.byte_size));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ConstantBytes> ConstantCache::Get(const ConstantEntry& entry,
                                                 const std::optional<kernel::Packing>& packing) {
  if (!packing) {
    const auto address = reinterpret_cast<uintptr_t>(entry.data);
    // A mapped file may hold a tensor at any offset.
    if (address % static_cast<uintptr_t>(ByteSize(entry.dtype)) == 0) {
      return ConstantBytes(entry.owner, entry.data);
    }
  }
  int64_t size = entry.byte_size;
  if (packing) {
    // A kernel may see a constant reshaped: the same elements in the same order.
    if (Type(entry.dtype, packing->logical).NumElements() != entry.type().NumElements()) {
      return absl::InvalidArgumentError(absl::StrCat("a constant of shape ",
                                                     ToString(entry.type().shape), " cannot be ",
                                                     packing->ToString()));
    }
    CERMET_ASSIGN_OR_RETURN(int64_t elements, StaticNumElements(packing->PackedShape()));
    size = elements * ByteSize(entry.dtype);
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  Packed& packed = packed_[KeyOf(entry, packing)];
  if (ConstantBytes bytes = packed.bytes.lock()) return bytes;
  std::shared_ptr<void> bytes = Allocate(size);
  if (bytes == nullptr) {
    return absl::ResourceExhaustedError(
        absl::StrCat("no memory for a constant of ", size, " bytes"));
  }
  CERMET_RETURN_IF_ERROR(Fill(entry, packing, bytes.get()));
  packed.bytes = bytes;
  packed.size = size;
  return ConstantBytes(bytes);
}

int64_t ConstantCache::packed_bytes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  int64_t total = 0;
  for (const auto& [key, packed] : packed_) {
    if (!packed.bytes.expired()) total += packed.size;
  }
  return total;
}

absl::StatusOr<ConstantBytes> ConstantBytesOf(const program::Program& program,
                                              const program::Buffer& buffer,
                                              const ConstantStore& constants,
                                              ConstantCache* cache) {
  const ConstantEntry* entry = constants.Find(buffer.constant);
  if (entry == nullptr || entry->data == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("program @", program.name, ": constant @", buffer.constant,
                     " has no bytes; was its module read without the side file?"));
  }
  if (!buffer.packing && entry->type() != buffer.type) {
    return absl::InvalidArgumentError(absl::StrCat("constant @", buffer.constant, " is ",
                                                   entry->type().ToString(), ", not ",
                                                   buffer.type.ToString()));
  }
  return cache->Get(*entry, buffer.packing);
}

}  // namespace cermet::runtime
