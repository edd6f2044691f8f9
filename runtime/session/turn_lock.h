// A lock for readers and writers that come in turns.
#ifndef CERMET_RUNTIME_SESSION_TURN_LOCK_H_
#define CERMET_RUNTIME_SESSION_TURN_LOCK_H_

#include <atomic>
#include <cstdint>

namespace cermet {

// Served in the order of arrival, readers that follow one another together; so a loop of writers
// does not starve a reader, nor the other way round. Not recursive. A free lock costs three atomic
// additions. (The fair ticket lock for readers and writers of Mellor-Crummey and Scott, "Scalable
// Reader-Writer Synchronization for Shared-Memory Multiprocessors", 1991.)
class TurnLock {
 public:
  void LockShared() {
    Await(next_reader_, ticket_.fetch_add(1, std::memory_order_relaxed));
    Advance(next_reader_);
  }
  void UnlockShared() { Advance(next_writer_); }
  void Lock() { Await(next_writer_, ticket_.fetch_add(1, std::memory_order_relaxed)); }
  void Unlock() {
    Advance(next_reader_);
    Advance(next_writer_);
  }

 private:
  static void Await(std::atomic<uint32_t>& served, uint32_t ticket) {
    for (uint32_t now = served.load(std::memory_order_acquire); now != ticket;
         now = served.load(std::memory_order_acquire)) {
      served.wait(now, std::memory_order_acquire);
    }
  }
  static void Advance(std::atomic<uint32_t>& served) {
    served.fetch_add(1, std::memory_order_acq_rel);
    served.notify_all();
  }

  std::atomic<uint32_t> ticket_{0};
  std::atomic<uint32_t> next_reader_{0};  // the ticket that may enter as a reader
  std::atomic<uint32_t> next_writer_{0};  // the ticket that may enter as a writer
};

}  // namespace cermet

#endif  // CERMET_RUNTIME_SESSION_TURN_LOCK_H_
