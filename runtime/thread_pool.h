// Threads for parallel loops: the session's own pool, or the host's.
//
// Both provide the parallel_for of the host ABI (ir/program/host_abi.h). Ranges are handed out by
// an atomic counter, so work is balanced; results never depend on who runs what.
#ifndef CERMET_RUNTIME_THREAD_POOL_H_
#define CERMET_RUNTIME_THREAD_POOL_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "ir/program/host_abi.h"

namespace cermet::runtime {

// What an executor needs of threads. Copyable; whatever is behind it must outlive its use.
struct Threads {
  void (*parallel_for)(void* pool, int64_t n, int64_t grain, CermetBody body,
                       void* context) = nullptr;
  void* pool = nullptr;
  int64_t max_workers = 1;
};

// A fixed number of threads. ParallelFor allocates nothing; idle threads spin for some tens of
// microseconds before they sleep. Thread safe: while one caller's loop has the threads, the loops
// of other callers (and nested loops) run on the callers' own threads.
class ThreadPool {
 public:
  // `num_threads` counts the thread that calls ParallelFor: a pool of 1 starts none.
  explicit ThreadPool(int64_t num_threads);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool();  // no loop may be running

  int64_t max_workers() const { return static_cast<int64_t>(threads_.size()) + 1; }
  // Runs body(context, worker, begin, end) over a partition of [0, n) into ranges of at least
  // `grain` iterations (but for the last); returns when all are done. The caller is worker 0.
  void ParallelFor(int64_t n, int64_t grain, CermetBody body, void* context);
  Threads threads();

 private:
  void Work(int64_t worker);
  void RunChunks(int64_t worker);
  bool Enter(uint64_t* last_job);
  void WakeThreads(int64_t count);

  // The job. Written only while no thread is inside.
  CermetBody body_ = nullptr;
  void* context_ = nullptr;
  int64_t size_ = 0;
  int64_t chunk_ = 1;
  std::atomic<int64_t> next_{0};

  std::atomic<bool> taken_{false};  // a caller has the threads
  std::atomic<uint64_t> job_{0};    // number of the job << 17 | open << 16 | threads inside
  std::atomic<uint32_t> wake_{0};   // counts jobs; threads sleep on it
  std::atomic<int32_t> sleepers_{0};
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

// The host's threads behind the interface that most of them have: run(tasks, task) calls task(0) ..
// task(tasks - 1) in any order, on any threads, and returns when all are done. Each task is one
// worker.
class HostThreads {
 public:
  using Run = std::function<void(int64_t tasks, const std::function<void(int64_t)>& task)>;
  HostThreads(int64_t max_workers, Run run) : max_workers_(max_workers), run_(std::move(run)) {}
  Threads threads();

 private:
  const int64_t max_workers_;
  const Run run_;
};

// Runs loops on the calling thread.
Threads CallerOnly();

}  // namespace cermet::runtime

#endif  // CERMET_RUNTIME_THREAD_POOL_H_
