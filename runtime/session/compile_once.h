// Something that is slow to make, made by the first who asks.
#ifndef CERMET_RUNTIME_SESSION_COMPILE_ONCE_H_
#define CERMET_RUNTIME_SESSION_COMPILE_ONCE_H_

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ir/status.h"

namespace cermet {

// Thread safe. While one thread makes the value, those who also want it wait; an error goes to all
// of them, and the next to ask tries again.
template <typename T>
class CompileOnce {
 public:
  // Null until the value is there. Lock free; valid until Clear.
  T* ready() const { return ready_.load(std::memory_order_acquire); }

  template <typename Make>  // () -> absl::StatusOr<std::unique_ptr<T>>
  absl::StatusOr<T*> Get(const Make& make) {
    if (T* value = ready()) return value;
    std::unique_lock<std::mutex> lock(mutex_);
    if (T* value = ready()) return value;
    if (attempt_ != nullptr) {
      const std::shared_ptr<Attempt> attempt = attempt_;
      done_.wait(lock, [&] { return attempt->is_done; });
      if (!attempt->status.ok()) return Copy(attempt->status);
      return ready();
    }
    const std::shared_ptr<Attempt> attempt = attempt_ = std::make_shared<Attempt>();
    lock.unlock();
    absl::StatusOr<std::unique_ptr<T>> made = make();
    lock.lock();
    attempt->is_done = true;
    attempt->status = Copy(made.status());
    attempt_ = nullptr;
    if (made.ok()) {
      value_ = *std::move(made);
      ready_.store(value_.get(), std::memory_order_release);
    }
    done_.notify_all();
    if (!made.ok()) return made.status();
    return value_.get();
  }

  // Deletes the value. Nobody may be using it or asking for it.
  void Clear() {
    ready_.store(nullptr, std::memory_order_relaxed);
    value_ = nullptr;
  }

 private:
  struct Attempt {
    bool is_done = false;
    absl::Status status;
  };
  // A status for each thread: copies that share one count their uses inside Abseil's library,
  // where ThreadSanitizer does not see it.
  static absl::Status Copy(const absl::Status& status) {
    return absl::Status(status.code(), status.message());
  }

  std::atomic<T*> ready_{nullptr};
  std::mutex mutex_;
  std::condition_variable done_;
  std::shared_ptr<Attempt> attempt_;  // in progress
  std::unique_ptr<T> value_;
};

}  // namespace cermet

#endif  // CERMET_RUNTIME_SESSION_COMPILE_ONCE_H_
