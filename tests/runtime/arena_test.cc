// Arenas: commitment, budgets, trim, statistics.
#include "runtime/arena.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>

namespace cermet::runtime {
namespace {

using ::testing::HasSubstr;

const int64_t kPage = sysconf(_SC_PAGESIZE);

TEST(Arena, CommitsAsNeeded) {
  MemoryBudget budget;
  absl::StatusOr<std::unique_ptr<Arena>> arena = Arena::Create({}, &budget);
  ASSERT_TRUE(arena.ok()) << arena.status();
  EXPECT_EQ((*arena)->stats().committed_bytes, 0);
  EXPECT_GT((*arena)->stats().reserved_bytes, 0);
  absl::StatusOr<void*> small = (*arena)->Ensure(100);
  ASSERT_TRUE(small.ok());
  std::memset(*small, 7, 100);
  EXPECT_EQ((*arena)->stats().committed_bytes, kPage);
  EXPECT_EQ((*arena)->stats().in_use_bytes, 100);
  absl::StatusOr<void*> large = (*arena)->Ensure(10 * kPage + 1);
  ASSERT_TRUE(large.ok());
  EXPECT_EQ(*large, *small);
  EXPECT_EQ(static_cast<char*>(*large)[99], 7);
  static_cast<char*>(*large)[10 * kPage] = 1;
  EXPECT_EQ(budget.taken(), 11 * kPage);
  ASSERT_TRUE((*arena)->Ensure(0).ok());
  EXPECT_EQ((*arena)->stats().peak_in_use_bytes, 10 * kPage + 1);
  (*arena)->Trim(kPage);
  EXPECT_EQ((*arena)->stats().committed_bytes, kPage);
  EXPECT_EQ(budget.taken(), kPage);
  // What was given back comes back as zeros.
  ASSERT_TRUE((*arena)->Ensure(11 * kPage).ok());
  EXPECT_EQ(static_cast<char*>(*large)[10 * kPage], 0);
  EXPECT_EQ(static_cast<char*>(*large)[99], 7);
  arena->reset();
  EXPECT_EQ(budget.taken(), 0);
  EXPECT_EQ(budget.peak(), 11 * kPage);
}

TEST(Arena, KeepsToTheBudget) {
  MemoryBudget budget(4 * kPage);
  absl::StatusOr<std::unique_ptr<Arena>> first = Arena::Create({}, &budget);
  absl::StatusOr<std::unique_ptr<Arena>> second = Arena::Create({}, &budget);
  ASSERT_TRUE((*first)->Ensure(3 * kPage).ok());
  absl::StatusOr<void*> refused = (*second)->Ensure(2 * kPage);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("does not fit the memory limit"));
  EXPECT_TRUE((*second)->Ensure(kPage).ok());
  (*first)->Trim();
  EXPECT_TRUE((*second)->Ensure(4 * kPage).ok());
}

TEST(Arena, OutgrowsItsReservation) {
  MemoryBudget budget;
  ArenaOptions options;
  options.reserve_bytes = kPage;
  absl::StatusOr<std::unique_ptr<Arena>> arena = Arena::Create(options, &budget);
  ASSERT_TRUE((*arena)->Ensure(kPage).ok());
  absl::StatusOr<void*> grown = (*arena)->Ensure(8 * kPage);
  ASSERT_TRUE(grown.ok());
  std::memset(*grown, 1, 8 * kPage);
  EXPECT_EQ(budget.taken(), 8 * kPage);
}

TEST(Arena, PreallocatesAShareOfTheLimit) {
  MemoryBudget budget(8 * kPage);
  ArenaOptions options;
  options.preallocate_fraction = 0.5;
  absl::StatusOr<std::unique_ptr<Arena>> arena = Arena::Create(options, &budget);
  ASSERT_TRUE(arena.ok()) << arena.status();
  EXPECT_EQ((*arena)->stats().committed_bytes, 4 * kPage);
  EXPECT_EQ((*arena)->stats().peak_in_use_bytes, 0);
  MemoryBudget unlimited;
  EXPECT_FALSE(Arena::Create(options, &unlimited).ok());
  options.preallocate_fraction = 1.5;
  EXPECT_FALSE(Arena::Create(options, &budget).ok());
}

TEST(Arena, RefusesHugeSizes) {
  MemoryBudget budget;
  absl::StatusOr<std::unique_ptr<Arena>> arena = Arena::Create({}, &budget);
  EXPECT_EQ((*arena)->Ensure(INT64_MAX).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ((*arena)->Ensure(-1).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ((*arena)->Ensure(int64_t{1} << 60).status().code(),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace cermet::runtime
