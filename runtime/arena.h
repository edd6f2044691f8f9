// Host memory for the workspace of one run in flight.
//
// An arena reserves a range of addresses (no memory) and commits pages of it as plans need them; a
// budget shared by many arenas caps and counts what they commit. Bytes keep their addresses while
// the arena only grows within its reservation.
#ifndef CERMET_RUNTIME_ARENA_H_
#define CERMET_RUNTIME_ARENA_H_

#include <atomic>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cermet::runtime {

// How many bytes may be committed, and how many are. Thread safe, lock free.
class MemoryBudget {
 public:
  static constexpr int64_t kUnlimited = INT64_MAX;
  explicit MemoryBudget(int64_t limit_bytes = kUnlimited) : limit_(limit_bytes) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  // False, and nothing is taken, if `bytes` more would pass the limit.
  bool Take(int64_t bytes);
  void Return(int64_t bytes);
  int64_t limit() const { return limit_; }
  int64_t taken() const { return taken_.load(std::memory_order_relaxed); }
  int64_t peak() const { return peak_.load(std::memory_order_relaxed); }

 private:
  const int64_t limit_;
  std::atomic<int64_t> taken_{0};
  std::atomic<int64_t> peak_{0};
};

// The machine's memory, and what of it programs can still take. Zeros where the system does not
// tell.
struct SystemMemory {
  int64_t total_bytes = 0;
  int64_t free_bytes = 0;
};
SystemMemory GetSystemMemory();

struct ArenaOptions {
  int64_t reserve_bytes = int64_t{64} << 30;  // of addresses; less where the system grants less
  // The share of the budget's limit that is committed when the arena is made; needs a limited
  // budget. In [0, 1].
  double preallocate_fraction = 0;
};

struct ArenaStats {
  int64_t reserved_bytes = 0;
  int64_t committed_bytes = 0;  // whole pages
  int64_t in_use_bytes = 0;     // what the latest Ensure asked for
  int64_t peak_in_use_bytes = 0;
};

// Not thread safe: one run at a time uses an arena.
class Arena {
 public:
  // `budget` must outlive the arena. Errors: the system refuses the addresses, or the preallocation
  // the pages.
  static absl::StatusOr<std::unique_ptr<Arena>> Create(const ArenaOptions& options,
                                                       MemoryBudget* budget);
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();  // gives everything back

  // The start of at least `bytes` bytes of committed memory, aligned to a page. Keeps the contents
  // unless the reservation is outgrown. ResourceExhausted if the budget or the system has no more.
  absl::StatusOr<void*> Ensure(int64_t bytes);
  // Gives back committed pages beyond the first `keep_bytes`. Their contents are lost.
  void Trim(int64_t keep_bytes = 0);
  ArenaStats stats() const { return stats_; }

 private:
  explicit Arena(MemoryBudget* budget) : budget_(budget) {}
  absl::Status Reserve(int64_t bytes);
  absl::Status Commit(int64_t bytes);
  void Release();

  MemoryBudget* const budget_;
  char* base_ = nullptr;
  ArenaStats stats_;
};

}  // namespace cermet::runtime

#endif  // CERMET_RUNTIME_ARENA_H_
