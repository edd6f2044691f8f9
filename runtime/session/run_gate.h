// Who is inside, and whether more may enter.
#ifndef CERMET_RUNTIME_SESSION_RUN_GATE_H_
#define CERMET_RUNTIME_SESSION_RUN_GATE_H_

#include <atomic>
#include <cstdint>

namespace cermet {

// Counts the calls that are inside a session and, once closed, lets no more in. Thread safe;
// entering takes no lock.
class RunGate {
 public:
  // False if the gate is closed; else the caller must Leave.
  bool Enter() {
    if ((state_.fetch_add(1, std::memory_order_acquire) & kClosed) == 0) return true;
    Leave();
    return false;
  }
  void Leave() {
    if (state_.fetch_sub(1, std::memory_order_release) == (kClosed | 1)) state_.notify_all();
  }
  // Lets nobody in any more, and returns when everybody has left. Any number of times.
  void Close() {
    state_.fetch_or(kClosed, std::memory_order_relaxed);
    for (uint32_t state = state_.load(std::memory_order_acquire); state != kClosed;
         state = state_.load(std::memory_order_acquire)) {
      state_.wait(state, std::memory_order_acquire);
    }
  }
  bool is_closed() const { return (state_.load(std::memory_order_acquire) & kClosed) != 0; }

 private:
  static constexpr uint32_t kClosed = uint32_t{1} << 31;
  std::atomic<uint32_t> state_{0};  // kClosed, and the number of calls inside
};

}  // namespace cermet

#endif  // CERMET_RUNTIME_SESSION_RUN_GATE_H_
