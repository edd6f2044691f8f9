// Prepared runs: the caller's memory, nothing copied, nothing allocated.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "frontend/api/ops.h"
#include "runtime/session/session.h"
#include "tests/session/allocation_count.h"
#include "tests/session/session_fixture.h"

namespace cermet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CallableTest : public testing::SessionFixture {
 protected:
  CallableTest() : SessionFixture(/*threads=*/1) {}
  Callable Make(const std::vector<api::Tensor>& feeds, const std::vector<api::Fetch>& fetches) {
    absl::StatusOr<Callable> callable = session_->MakeCallable(feeds, fetches);
    EXPECT_TRUE(callable.ok()) << callable.status();
    return *callable;
  }
};

TEST_F(CallableTest, GivesWhatRunGives) {
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim::Symbol("n")}, "x");
  const api::Tensor y = api::Mul(x, 3.0f), z = api::ReduceSum(y, {0});
  const Callable callable = Make({x}, {z, y});
  for (int64_t n : {2, 5, 0, 2}) {
    const Literal fed = Literal::Splat(DType::kF32, {n}, 2);
    const absl::StatusOr<std::vector<Literal>> values = callable.Run({fed});
    ASSERT_TRUE(values.ok()) << values.status();
    EXPECT_THAT(*values, ElementsAre(Literal::Splat(DType::kF32, {}, 6.0 * n),
                                     Literal::Splat(DType::kF32, {n}, 6)));
    EXPECT_EQ(*session_->Run({{x, fed}}, {z, y}), *values);
  }
}

TEST_F(CallableTest, WritesToTheCallersMemory) {
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim(3)}, "x");
  const Callable callable = Make({x}, {api::Mul(x, 2.0f)});
  const float fed[] = {1, 2, 3};
  const int64_t shape[] = {3};
  float result[4] = {-1, -1, -1, -1};
  const absl::Status status =
      callable.RunInto({TensorView(DType::kF32, fed, shape)}, {TensorBuffer(result, 12)});
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(result, ElementsAre(2, 4, 6, -1));
}

TEST_F(CallableTest, FeedsNeedNoAlignment) {
  const api::Tensor x = api::Placeholder(DType::kF64, {Dim(2)}, "x");
  const Callable callable = Make({x}, {api::Add(x, x)});
  const double values[] = {1.5, 2.5};
  char bytes[sizeof(values) + 1];
  std::memcpy(bytes + 1, values, sizeof(values));
  const int64_t shape[] = {2};
  // The bytes that a run allocates for tensors.
  const auto run = [&](const void* data) {
    const int64_t before = TensorBytes();
    const absl::StatusOr<std::vector<Literal>> sum =
        callable.Run({TensorView(DType::kF64, data, shape)});
    EXPECT_TRUE(sum.ok()) << sum.status();
    EXPECT_THAT((*sum)[0].values<double>(), ElementsAre(3, 5));
    return TensorBytes() - before;
  };
  run(values);
  const int64_t aligned = run(values), unaligned = run(bytes + 1);
  if (!kCountsAllocations) GTEST_SKIP() << "sanitizers have allocators of their own";
  EXPECT_LT(aligned, unaligned);  // a copy
}

TEST_F(CallableTest, BadMemoryIsAnErrorAndTheNextRunIsGood) {
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim::Symbol("n")}, "x");
  const Callable callable = Make({x}, {api::Neg(x)});
  const Literal fed = Literal::Splat(DType::kF32, {4}, 1);
  alignas(8) char room[32];
  const auto error = [&](TensorView feed, TensorBuffer fetch) {
    return std::string(callable.RunInto({feed}, {fetch}).message());
  };
  EXPECT_THAT(error(fed, TensorBuffer(room, 15)), HasSubstr("needs 16 bytes aligned to 4"));
  EXPECT_THAT(error(fed, TensorBuffer(room + 1, 31)), HasSubstr("needs 16 bytes aligned to 4"));
  EXPECT_THAT(error(fed, TensorBuffer(nullptr, 0)), HasSubstr("needs 16 bytes"));
  EXPECT_THAT(error(fed, TensorBuffer(nullptr, 16)), HasSubstr("needs 16 bytes"));
  EXPECT_THAT(error(Literal::Splat(DType::kF64, {4}, 1), TensorBuffer(room, 32)),
              HasSubstr("tensor \"x:0\" is f32[?n], the fed value is f64[4]"));
  EXPECT_THAT(error(TensorView(DType::kF32, nullptr, fed.shape()), TensorBuffer(room, 32)),
              HasSubstr("null pointer"));
  const int64_t negative[] = {-4};
  EXPECT_THAT(error(TensorView(DType::kF32, fed.data(), negative), TensorBuffer(room, 32)),
              HasSubstr("the fed value is f32[-4]"));
  EXPECT_THAT(std::string(callable.RunInto({fed}, {}).message()), HasSubstr("gives 1 values"));
  EXPECT_THAT(std::string(callable.Run({}).status().message()), HasSubstr("takes 1 fed values"));
  EXPECT_EQ(error(fed, TensorBuffer(room, 16)), "");
  EXPECT_EQ(reinterpret_cast<float*>(room)[3], -1);
}

TEST_F(CallableTest, NothingNeedsNoMemory) {
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim::Symbol("n")}, "x");
  const Literal fed(DType::kF32, {0});
  EXPECT_TRUE(Make({x}, {api::Neg(x)}).RunInto({fed}, {TensorBuffer(nullptr, 0)}).ok());
}

TEST_F(CallableTest, FetchesMustNotOverlap) {
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim(4)}, "x");
  const Callable callable = Make({x}, {api::Neg(x), api::ReduceSum(x, {0}), api::Add(x, x)});
  const Literal fed = Literal::Splat(DType::kF32, {4}, 1);
  float room[9];
  const auto error = [&](int first, int second, int third) {
    return std::string(
        callable
            .RunInto({fed}, {TensorBuffer(room + first, 16), TensorBuffer(room + second, 4),
                             TensorBuffer(room + third, 16)})
            .message());
  };
  EXPECT_EQ(error(5, 4, 0), "");
  EXPECT_THAT(room, ElementsAre(2, 2, 2, 2, 4, -1, -1, -1, -1));
  EXPECT_EQ(error(0, 3, 4), "the buffers of fetches 0 and 1 overlap");
  EXPECT_EQ(error(4, 0, 1), "the buffers of fetches 0 and 2 overlap");
}

TEST_F(CallableTest, WhatNoMemoryCanHoldIsAnError) {
  const int64_t n = 4000000;
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim::Symbol("n"), Dim(1)}, "x");
  const api::Tensor y = api::Placeholder(DType::kF32, {Dim::Symbol("m")}, "y");
  const Literal column(DType::kF32, {n, 1}), row(DType::kF32, {n});
  const absl::Status fetched = Make({x, y}, {api::Add(x, y)}).Run({column, row}).status();
  EXPECT_EQ(fetched.code(), absl::StatusCode::kResourceExhausted) << fetched;
  EXPECT_THAT(std::string(fetched.message()), HasSubstr("fetch 0"));
  // The copy of a feed without alignment.
  alignas(8) const char bytes[8] = {};
  const Callable negate = Make({y}, {api::Neg(y)});
  for (int64_t extent : {int64_t{1} << 44, int64_t{1} << 62}) {
    const absl::Status fed =
        negate.Run({TensorView(DType::kF32, bytes + 1, {&extent, 1})}).status();
    EXPECT_FALSE(fed.ok());
    EXPECT_THAT(std::string(fed.message()), HasSubstr("tensor \"y:0\""));
  }
}

TEST_F(CallableTest, PreparationFindsErrors) {
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim(2)}, "x");
  const api::Tensor y = api::Neg(x);
  EXPECT_THAT(std::string(session_->MakeCallable({}, {y}).status().message()),
              HasSubstr("placeholder \"x\""));
  EXPECT_THAT(std::string(session_->MakeCallable({x, x}, {y}).status().message()),
              HasSubstr("fed twice"));
}

TEST_F(CallableTest, EndsWithItsSession) {
  const Callable callable = Make({}, {api::Add(3, 5)});
  ASSERT_TRUE(callable.Run({}).ok());
  session_->Close();
  EXPECT_EQ(callable.Run({}).status().message(), "the session is closed");
  EXPECT_EQ(callable.RunInto({}, {}).message(), "the session is closed");
  EXPECT_EQ(session_->MemoryStats().in_use_bytes, 0);
  session_ = nullptr;  // and its memory was not the callable's
}

TEST_F(CallableTest, SteadyRunsAllocateNothing) {
  if (!kCountsAllocations) GTEST_SKIP() << "sanitizers have allocators of their own";
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim::Symbol("n")}, "x");
  const api::Tensor total = api::Variable(0.0f, "total");
  const api::Tensor sum = api::ReduceSum(x, {0});
  ASSERT_TRUE(session_->Run({}, {api::GlobalVariablesInitializer()}).ok());
  const Callable callable = Make({x}, {sum, api::Operation(api::AssignAdd(total, sum))});
  const Literal fed = Literal::Splat(DType::kF32, {100}, 1);
  Literal result(DType::kF32, {});
  const auto run = [&] { return callable.RunInto({fed}, {&result}).ok(); };
  ASSERT_TRUE(run());
  const int64_t before = Allocations() + TensorBytes();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(run());
  EXPECT_EQ(Allocations() + TensorBytes(), before);
}

TEST_F(CallableTest, FeedsAndVariablesAreNotCopied) {
  if (!kCountsAllocations) GTEST_SKIP() << "sanitizers have allocators of their own";
  const int64_t n = 100000;
  const api::Tensor x = api::Placeholder(DType::kF32, {Dim(n)}, "x");
  const api::Tensor v = api::Variable(Literal::Splat(DType::kF32, {n}, 1), "v");
  ASSERT_TRUE(session_->Run({}, {api::GlobalVariablesInitializer()}).ok());
  const std::vector<api::Feed> feeds = {{x, Literal::Splat(DType::kF32, {n}, 2)}};
  const std::vector<api::Fetch> read = {api::ReduceMax(api::Mul(x, v), {0})};
  const std::vector<api::Fetch> write = {api::Operation(api::Assign(v, api::Mul(x, v)))};
  ASSERT_TRUE(session_->Run(feeds, read).ok());
  ASSERT_TRUE(session_->Run(feeds, write).ok());
  const int64_t before = TensorBytes();
  const absl::StatusOr<std::vector<Literal>> values = session_->Run(feeds, read);
  ASSERT_TRUE(session_->Run(feeds, write).ok());
  EXPECT_LT(TensorBytes() - before, 1000);
  EXPECT_THAT(*values, ElementsAre(Literal::Splat(DType::kF32, {}, 4)));
}

}  // namespace
}  // namespace cermet
