// Pools run every iteration once, with worker numbers that no two threads hold at a time.
#include "runtime/thread_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace cermet::runtime {
namespace {

struct Record {
  explicit Record(int64_t n, int64_t max_workers) : counts(n), busy(max_workers) {}
  std::vector<int> counts;             // plain ints: an iteration that ran twice at once is a race
  std::vector<std::atomic<int>> busy;  // by worker
  std::atomic<int> overlaps{0};
  std::atomic<int64_t> ranges{0};
  std::atomic<int64_t> shortest{INT64_MAX};
};

void Count(void* context, int64_t worker, int64_t begin, int64_t end) {
  Record* const record = static_cast<Record*>(context);
  if (record->busy[worker].fetch_add(1) != 0) record->overlaps.fetch_add(1);
  for (int64_t i = begin; i < end; ++i) ++record->counts[i];
  if (end != static_cast<int64_t>(record->counts.size())) {
    int64_t shortest = record->shortest.load();
    while (end - begin < shortest &&
           !record->shortest.compare_exchange_weak(shortest, end - begin)) {
    }
  }
  record->ranges.fetch_add(1);
  record->busy[worker].fetch_sub(1);
}

void ExpectPartition(const Threads& threads, int64_t n, int64_t grain) {
  Record record(n, threads.max_workers);
  threads.parallel_for(threads.pool, n, grain, Count, &record);
  EXPECT_TRUE(
      std::all_of(record.counts.begin(), record.counts.end(), [](int c) { return c == 1; }));
  EXPECT_EQ(record.overlaps, 0);
  if (record.ranges > 1) {
    EXPECT_GE(record.shortest, grain);
  }
}

TEST(ThreadPool, RunsEveryIterationOnce) {
  for (int64_t size : {1, 2, 3, 7}) {
    ThreadPool pool(size);
    EXPECT_EQ(pool.max_workers(), size);
    for (int repeat = 0; repeat < 50; ++repeat) {
      for (int64_t n : {0, 1, 2, 5, 64, 1000}) {
        for (int64_t grain : {1, 7, 500}) ExpectPartition(pool.threads(), n, grain);
      }
    }
  }
}

TEST(ThreadPool, WakesSleepingThreads) {
  ThreadPool pool(3);
  for (int repeat = 0; repeat < 20; ++repeat) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ExpectPartition(pool.threads(), 100, 1);
  }
}

TEST(ThreadPool, UsesItsThreads) {
  ThreadPool pool(2);
  struct Meeting {
    std::atomic<int> arrived{0};
  } meeting;
  // Both ranges must be running at once for either to end; a slow wake-up only delays them.
  pool.ParallelFor(
      2, 1,
      [](void* context, int64_t, int64_t, int64_t) {
        Meeting* const meeting = static_cast<Meeting*>(context);
        meeting->arrived.fetch_add(1);
        while (meeting->arrived.load() < 2) std::this_thread::yield();
      },
      &meeting);
  EXPECT_EQ(meeting.arrived, 2);
}

TEST(ThreadPool, ManyCallersAtOnce) {
  ThreadPool pool(3);
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&pool] {
      for (int repeat = 0; repeat < 200; ++repeat) ExpectPartition(pool.threads(), 100, 1);
    });
  }
  for (std::thread& caller : callers) caller.join();
}

TEST(ThreadPool, NestedLoopsRunOnTheirCaller) {
  ThreadPool pool(2);
  struct Outer {
    ThreadPool* pool;
    std::atomic<int64_t> total{0};
  } outer{&pool};
  pool.ParallelFor(
      8, 1,
      [](void* context, int64_t, int64_t begin, int64_t end) {
        Outer* const outer = static_cast<Outer*>(context);
        for (int64_t i = begin; i < end; ++i) {
          outer->pool->ParallelFor(
              10, 1,
              [](void* inner, int64_t worker, int64_t b, int64_t e) {
                EXPECT_EQ(worker, 0);
                static_cast<Outer*>(inner)->total.fetch_add(e - b);
              },
              outer);
        }
      },
      &outer);
  EXPECT_EQ(outer.total, 80);
}

TEST(HostThreads, SplitIntoTasks) {
  HostThreads host(3, [](int64_t tasks, const std::function<void(int64_t)>& task) {
    std::vector<std::thread> threads;
    for (int64_t i = 0; i < tasks; ++i) threads.emplace_back(task, i);
    for (std::thread& thread : threads) thread.join();
  });
  for (int64_t n : {0, 1, 2, 100}) ExpectPartition(host.threads(), n, 4);
}

TEST(CallerOnly, RunsInline) { ExpectPartition(CallerOnly(), 10, 1); }

}  // namespace
}  // namespace cermet::runtime
