// Addresses come from mmap without access; pages are committed by granting access, and given back
// by MADV_DONTNEED.
#include "runtime/arena.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "ir/status.h"

namespace cermet::runtime {
namespace {

int64_t PageBytes() {
  static const int64_t bytes = sysconf(_SC_PAGESIZE);
  return bytes;
}

int64_t RoundUpToPage(int64_t bytes) {
  const int64_t page = PageBytes();
  return (bytes + page - 1) / page * page;
}

}  // namespace

bool MemoryBudget::Take(int64_t bytes) {
  int64_t taken = taken_.load(std::memory_order_relaxed);
  do {
    if (bytes > limit_ - taken) return false;
  } while (!taken_.compare_exchange_weak(taken, taken + bytes, std::memory_order_relaxed));
  int64_t peak = peak_.load(std::memory_order_relaxed);
  while (peak < taken + bytes &&
         !peak_.compare_exchange_weak(peak, taken + bytes, std::memory_order_relaxed)) {
  }
  return true;
}

void MemoryBudget::Return(int64_t bytes) { taken_.fetch_sub(bytes, std::memory_order_relaxed); }

SystemMemory GetSystemMemory() {
  SystemMemory memory;
  std::ifstream file("/proc/meminfo");
  std::string name, unit;
  int64_t kilobytes = 0;
  while (file >> name >> kilobytes && std::getline(file, unit)) {
    if (name == "MemTotal:") memory.total_bytes = kilobytes * 1024;
    if (name == "MemAvailable:") memory.free_bytes = kilobytes * 1024;
  }
  return memory;
}

absl::StatusOr<std::unique_ptr<Arena>> Arena::Create(const ArenaOptions& options,
                                                     MemoryBudget* budget) {
  const bool fraction_is_valid =
      options.preallocate_fraction >= 0 && options.preallocate_fraction <= 1;
  if (!fraction_is_valid || options.reserve_bytes < 0) {
    return absl::InvalidArgumentError(
        "arena: preallocate_fraction lies in [0, 1], and reserve_bytes is not negative");
  }
  std::unique_ptr<Arena> arena(new Arena(budget));
  // Addresses may be limited (ulimit -v): take what there is, and grow by reserving anew.
  int64_t reserve = RoundUpToPage(std::max(options.reserve_bytes, PageBytes()));
  while (!arena->Reserve(reserve).ok() && reserve > PageBytes())
    reserve = RoundUpToPage(reserve / 4);
  if (arena->base_ == nullptr) {
    return absl::ResourceExhaustedError("arena: the system has no addresses left");
  }
  if (options.preallocate_fraction > 0) {
    if (budget->limit() == MemoryBudget::kUnlimited) {
      return absl::InvalidArgumentError("arena: preallocation needs a memory limit");
    }
    const double bytes = options.preallocate_fraction * static_cast<double>(budget->limit());
    CERMET_RETURN_IF_ERROR(arena->Ensure(static_cast<int64_t>(bytes)).status());
    arena->stats_.in_use_bytes = arena->stats_.peak_in_use_bytes = 0;
  }
  return arena;
}

Arena::~Arena() { Release(); }

absl::Status Arena::Reserve(int64_t bytes) {
  void* base = mmap(nullptr, static_cast<size_t>(bytes), PROT_NONE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) {
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot reserve ", bytes, " bytes of addresses: ", std::strerror(errno)));
  }
  base_ = static_cast<char*>(base);
  stats_.reserved_bytes = bytes;
  return absl::OkStatus();
}

void Arena::Release() {
  if (base_ == nullptr) return;
  munmap(base_, static_cast<size_t>(stats_.reserved_bytes));
  budget_->Return(stats_.committed_bytes);
  base_ = nullptr;
  stats_.reserved_bytes = stats_.committed_bytes = stats_.in_use_bytes = 0;
}

absl::Status Arena::Commit(int64_t bytes) {
  const int64_t growth = bytes - stats_.committed_bytes;
  if (!budget_->Take(growth)) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a workspace of ", bytes, " bytes does not fit the memory limit of ",
                     budget_->limit(), " bytes, of which ", budget_->taken(), " are taken"));
  }
  if (mprotect(base_ + stats_.committed_bytes, static_cast<size_t>(growth),
               PROT_READ | PROT_WRITE) != 0) {
    budget_->Return(growth);
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot commit ", growth, " bytes of memory: ", std::strerror(errno)));
  }
  stats_.committed_bytes = bytes;
  return absl::OkStatus();
}

absl::StatusOr<void*> Arena::Ensure(int64_t bytes) {
  if (bytes < 0 || bytes > INT64_MAX - PageBytes()) {
    return absl::ResourceExhaustedError("a workspace of more than 63 bits");
  }
  const int64_t needed = RoundUpToPage(bytes);
  if (needed > stats_.reserved_bytes) {
    Release();
    CERMET_RETURN_IF_ERROR(Reserve(needed));
  }
  if (needed > stats_.committed_bytes) CERMET_RETURN_IF_ERROR(Commit(needed));
  stats_.in_use_bytes = bytes;
  stats_.peak_in_use_bytes = std::max(stats_.peak_in_use_bytes, bytes);
  return static_cast<void*>(base_);
}

void Arena::Trim(int64_t keep_bytes) {
  const int64_t keep = RoundUpToPage(std::max<int64_t>(keep_bytes, 0));
  const int64_t surplus = stats_.committed_bytes - keep;
  if (surplus <= 0) return;
  madvise(base_ + keep, static_cast<size_t>(surplus), MADV_DONTNEED);
  mprotect(base_ + keep, static_cast<size_t>(surplus), PROT_NONE);
  stats_.committed_bytes = keep;
  stats_.in_use_bytes = std::min(stats_.in_use_bytes, keep);
  budget_->Return(surplus);
}

}  // namespace cermet::runtime
