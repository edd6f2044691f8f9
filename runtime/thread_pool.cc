// A job is published by one store to job_, which also counts the threads that work on it: a thread
// enters by adding one, while the job is open, and leaves by subtracting it. The caller closes the
// job when no chunk is left and waits for the count to fall to zero; a thread that comes late finds
// the job closed and never touches it. So nobody waits for a thread that is still waking up.
#include "runtime/thread_pool.h"

#include <algorithm>
#include <chrono>

namespace cermet::runtime {
namespace {

constexpr uint64_t kInsideMask = 0xffff;
constexpr uint64_t kOpen = 0x10000;
constexpr int kJobShift = 17;
constexpr auto kSpinTime = std::chrono::microseconds(30);
// Chunks per worker: enough that an early finisher finds more, few enough that the counter is no
// bottleneck.
constexpr int64_t kChunksPerWorker = 4;

void Pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#else
  std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
}

int64_t ChunkSize(int64_t n, int64_t grain, int64_t workers) {
  const int64_t parts = workers * kChunksPerWorker;
  return std::max({grain, n / parts + (n % parts != 0), int64_t{1}});
}

}  // namespace

ThreadPool::ThreadPool(int64_t num_threads) {
  for (int64_t worker = 1; worker < num_threads; ++worker) {
    threads_.emplace_back([this, worker] { Work(worker); });
  }
}

ThreadPool::~ThreadPool() {
  stop_.store(true);
  wake_.fetch_add(1);
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::ParallelFor(int64_t n, int64_t grain, CermetBody body, void* context) {
  if (n <= 0) return;
  const int64_t chunk = ChunkSize(n, grain, max_workers());
  // One chunk, no threads, or threads that are busy: no need for any hand-over.
  if (chunk >= n || threads_.empty() || taken_.exchange(true, std::memory_order_acquire)) {
    body(context, 0, 0, n);
    return;
  }
  body_ = body;
  context_ = context;
  size_ = n;
  chunk_ = chunk;
  next_.store(0, std::memory_order_relaxed);
  const uint64_t number = (job_.load(std::memory_order_relaxed) >> kJobShift) + 1;
  job_.store(number << kJobShift | kOpen, std::memory_order_release);
  WakeThreads((n + chunk - 1) / chunk - 1);
  RunChunks(0);
  job_.fetch_and(~kOpen, std::memory_order_acq_rel);
  for (int spins = 0; (job_.load(std::memory_order_acquire) & kInsideMask) != 0; ++spins) {
    if (spins < 1000) {
      Pause();
    } else {
      std::this_thread::yield();
    }
  }
  taken_.store(false, std::memory_order_release);
}

void ThreadPool::WakeThreads(int64_t count) {
  // Sequentially consistent on both sides: either a thread sees the new count before it sleeps, or
  // this sees the sleeper.
  wake_.fetch_add(1, std::memory_order_seq_cst);
  if (sleepers_.load(std::memory_order_seq_cst) == 0) return;
  if (count >= static_cast<int64_t>(threads_.size())) {
    wake_.notify_all();
    return;
  }
  for (int64_t i = 0; i < count; ++i) wake_.notify_one();
}

void ThreadPool::RunChunks(int64_t worker) {
  while (true) {
    const int64_t begin = next_.fetch_add(chunk_, std::memory_order_relaxed);
    if (begin >= size_) return;
    body_(context_, worker, begin, std::min(begin + chunk_, size_));
  }
}

// Joins the open job if it is another one than `*last_job`.
bool ThreadPool::Enter(uint64_t* last_job) {
  uint64_t job = job_.load(std::memory_order_acquire);
  while ((job & kOpen) != 0 && job >> kJobShift != *last_job) {
    if (job_.compare_exchange_weak(job, job + 1, std::memory_order_acq_rel,
                                   std::memory_order_acquire)) {
      *last_job = job >> kJobShift;
      return true;
    }
  }
  return false;
}

void ThreadPool::Work(int64_t worker) {
  uint64_t last_job = 0;
  while (true) {
    const uint32_t wake = wake_.load(std::memory_order_seq_cst);
    if (stop_.load()) return;
    if (Enter(&last_job)) {
      RunChunks(worker);
      job_.fetch_sub(1, std::memory_order_acq_rel);
      continue;
    }
    const auto deadline = std::chrono::steady_clock::now() + kSpinTime;
    while (wake_.load(std::memory_order_relaxed) == wake) {
      for (int i = 0; i < 32; ++i) Pause();
      if (std::chrono::steady_clock::now() < deadline) continue;
      sleepers_.fetch_add(1, std::memory_order_seq_cst);
      wake_.wait(wake, std::memory_order_seq_cst);
      sleepers_.fetch_sub(1, std::memory_order_seq_cst);
      break;
    }
  }
}

Threads ThreadPool::threads() {
  Threads threads;
  threads.parallel_for = [](void* pool, int64_t n, int64_t grain, CermetBody body, void* context) {
    static_cast<ThreadPool*>(pool)->ParallelFor(n, grain, body, context);
  };
  threads.pool = this;
  threads.max_workers = max_workers();
  return threads;
}

Threads HostThreads::threads() {
  Threads threads;
  threads.parallel_for = [](void* pool, int64_t n, int64_t grain, CermetBody body, void* context) {
    HostThreads* const host = static_cast<HostThreads*>(pool);
    const int64_t chunk = ChunkSize(n, grain, host->max_workers_);
    if (chunk >= n) {
      if (n > 0) body(context, 0, 0, n);
      return;
    }
    std::atomic<int64_t> next{0};
    const int64_t tasks = std::min(host->max_workers_, (n + chunk - 1) / chunk);
    host->run_(tasks, [&](int64_t worker) {
      while (true) {
        const int64_t begin = next.fetch_add(chunk, std::memory_order_relaxed);
        if (begin >= n) return;
        body(context, worker, begin, std::min(begin + chunk, n));
      }
    });
  };
  threads.pool = this;
  threads.max_workers = max_workers_;
  return threads;
}

Threads CallerOnly() {
  Threads threads;
  threads.parallel_for = [](void*, int64_t n, int64_t, CermetBody body, void* context) {
    if (n > 0) body(context, 0, 0, n);
  };
  return threads;
}

}  // namespace cermet::runtime
