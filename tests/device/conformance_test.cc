// The conformance suite: what every device must do. A new device adds one line to Devices().
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <numeric>

#include "ir/kernel/text.h"
#include "runtime/fake_gpu/fake_gpu.h"
#include "runtime/fake_gpu/interpreted_kernels.h"
#include "runtime/host_device.h"
#include "runtime/program_walker.h"
#include "tests/device/compiled_kernels_loader.h"

namespace cermet::runtime {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Two kernels that add 1, the second one as GPUs schedule it.
const char* const kAddKernels = R"(
kernel @add(%x: f32[?n], %y: f32[?n] out) {
  parallel %i in 0..?n { %y[%i] = %x[%i] + f32(1) }
}
kernel @add_in_blocks(%x: f32[?n], %y: f32[?n] out) {
  shared %t: f32[32]
  block %b in 0..dim(floordiv(?n+31,32)) { thread %i in 0..32 {
    %at = %b * 32 + %i
    %0 = %x[%at] mask %at < ?n
    %t[%i] = %0 + f32(1)
    barrier
    %y[%at] = %t[%i] mask %at < ?n } }
}
)";
// The same for devices that run CPU schedules only.
const char* const kAddKernelsWithoutBlocks = R"(
kernel @add(%x: f32[?n], %y: f32[?n] out) {
  parallel %i in 0..?n { %y[%i] = %x[%i] + f32(1) }
}
kernel @add_in_turn(%x: f32[?n], %y: f32[?n] out) {
  scratch %t: f32[1]
  for %i in 0..?n {
    %t[0] = %x[%i] + f32(1)
    %y[%i] = %t[0]
  }
}
)";

struct DeviceCase {
  const char* name;
  // A device of at least 1 MiB of memory whose n-th allocation fails (0: none).
  std::function<std::unique_ptr<Device>(int64_t fail_allocation)> make;
  const char* add_kernels = kAddKernels;
};

std::unique_ptr<Device> MakeHost(int64_t fail_allocation, Threads threads,
                                 HostKernelLoader loader = LoadInterpretedKernels) {
  DeviceMemoryOptions memory;
  memory.limit_bytes = 1 << 20;
  memory.fail_allocation = fail_allocation;
  return std::make_unique<HostDevice>("host", std::move(loader), threads, memory);
}

Threads ThreeThreads() {
  static ThreadPool* const pool = new ThreadPool(3);
  return pool->threads();
}

std::vector<DeviceCase> Devices() {
  return {
      {"host", [](int64_t fail) { return MakeHost(fail, CallerOnly()); }},
      {"host_with_threads", [](int64_t fail) { return MakeHost(fail, ThreeThreads()); }},
      {"compiled",
       [](int64_t fail) { return MakeHost(fail, ThreeThreads(), testing::LoadCompiledKernels); },
       kAddKernelsWithoutBlocks},
      {"fake_gpu", [](int64_t fail) {
         FakeGpuOptions options;
         options.memory_bytes = 1 << 20;
         auto gpu = std::make_unique<FakeGpu>(options);
         if (fail > 0) gpu->FailAllocation(fail);
         return gpu;
       }}};
}

class DeviceTest : public ::testing::TestWithParam<DeviceCase> {
 protected:
  std::unique_ptr<Device> device_ = GetParam().make(0);

  DevicePointer Allocate(int64_t bytes) {
    absl::StatusOr<DevicePointer> pointer = device_->Allocate(bytes);
    EXPECT_TRUE(pointer.ok()) << pointer.status();
    return *pointer;
  }
  std::unique_ptr<DeviceKernels> Load(absl::string_view text) {
    absl::StatusOr<std::vector<kernel::Kernel>> kernels = kernel::ParseKernels(text, "k.cermet");
    EXPECT_TRUE(kernels.ok()) << kernels.status();
    absl::StatusOr<std::unique_ptr<DeviceKernels>> loaded = device_->Load(*kernels);
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    return *std::move(loaded);
  }
};

INSTANTIATE_TEST_SUITE_P(All, DeviceTest, ::testing::ValuesIn(Devices()),
                         [](const ::testing::TestParamInfo<DeviceCase>& info) {
                           return info.param.name;
                         });

TEST_P(DeviceTest, AllocatesAndCopies) {
  std::vector<int32_t> from(100), to(100);
  std::iota(from.begin(), from.end(), 0);
  const DevicePointer a = Allocate(400), b = Allocate(400);
  EXPECT_EQ(a.address % 256, 0u);
  EXPECT_EQ(device_->memory().allocated_bytes, 800);
  ASSERT_TRUE(device_->CopyToDevice(a, from.data(), 400).ok());
  from.assign(100, -1);  // the call has taken the bytes
  ASSERT_TRUE(device_->CopyOnDevice(b + 40, a, 360).ok());
  ASSERT_TRUE(device_->CopyOnDevice(b, a + 360, 40).ok());
  ASSERT_TRUE(device_->CopyFromDevice(to.data(), b, 400).ok());
  for (int i = 0; i < 100; ++i) EXPECT_EQ(to[i], i < 10 ? 90 + i : i - 10);
  EXPECT_TRUE(device_->Free(a).ok());
  EXPECT_TRUE(device_->Free(b).ok());
  EXPECT_TRUE(device_->Free(DevicePointer()).ok());
  EXPECT_EQ(device_->memory().allocated_bytes, 0);
  EXPECT_EQ(device_->memory().num_allocations, 0);
  EXPECT_EQ(device_->memory().peak_bytes, 800);
}

TEST_P(DeviceTest, EmptyAllocationsAndCopies) {
  const DevicePointer empty = Allocate(0);
  EXPECT_TRUE(device_->CopyToDevice(empty, nullptr, 0).ok());
  EXPECT_TRUE(device_->CopyFromDevice(nullptr, empty, 0).ok());
  EXPECT_TRUE(device_->Free(empty).ok());
}

TEST_P(DeviceTest, RunsOutOfMemoryAndGoesOn) {
  EXPECT_EQ(device_->Allocate(int64_t{1} << 40).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(device_->Allocate(INT64_MAX).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(device_->Allocate(-1).status().code(), absl::StatusCode::kResourceExhausted);
  const DevicePointer most = Allocate(1 << 19);
  EXPECT_FALSE(device_->Allocate((1 << 19) + 1).ok());
  ASSERT_TRUE(device_->Free(most).ok());
  EXPECT_TRUE(device_->Free(Allocate((1 << 19) + 1)).ok());
}

TEST_P(DeviceTest, CopiesStayInsideAllocations) {
  char bytes[32] = {};
  const DevicePointer a = Allocate(16);
  const auto ends_in_error = [&](absl::Status status) {
    if (status.ok()) status = device_->Synchronize().status();
    return status.code() == absl::StatusCode::kOutOfRange;
  };
  EXPECT_TRUE(ends_in_error(device_->CopyToDevice(a, bytes, 17)));
  EXPECT_TRUE(ends_in_error(device_->CopyToDevice(a + 8, bytes, 9)));
  EXPECT_TRUE(ends_in_error(device_->CopyFromDevice(bytes, a + 17, 0)));
  EXPECT_TRUE(ends_in_error(device_->CopyOnDevice(a, a + 1, 16)));
  ASSERT_TRUE(device_->Free(a).ok());
  EXPECT_TRUE(ends_in_error(device_->CopyFromDevice(bytes, a, 1)));
  EXPECT_EQ(device_->Free(a).code(), absl::StatusCode::kInvalidArgument);
}

TEST_P(DeviceTest, LaunchesInOrder) {
  std::unique_ptr<DeviceKernels> kernels = Load(GetParam().add_kernels);
  const int64_t n = 100;
  std::vector<float> x(n, 1.0f), y(n);
  const DevicePointer a = Allocate(4 * n), b = Allocate(4 * n);
  ASSERT_TRUE(device_->CopyToDevice(a, x.data(), 4 * n).ok());
  for (int repeat = 0; repeat < 3; ++repeat) {
    ASSERT_TRUE(device_->Launch(kernels.get(), 0, {a, b}, {{"n", n}}, 1).ok());
    ASSERT_TRUE(device_->Launch(kernels.get(), 1, {b, a}, {{"n", n}}, 1).ok());
  }
  ASSERT_TRUE(device_->CopyFromDevice(y.data(), a, 4 * n).ok());
  EXPECT_THAT(y, Each(7.0f));
  absl::StatusOr<CermetError> error = device_->Synchronize();
  ASSERT_TRUE(error.ok());
  EXPECT_EQ(error->code, 0);
}

TEST_P(DeviceTest, LaunchesCheckTheirArguments) {
  std::unique_ptr<DeviceKernels> kernels = Load(GetParam().add_kernels);
  const DevicePointer a = Allocate(16), b = Allocate(12);
  const auto result = [&](std::vector<DevicePointer> arguments) {
    absl::Status status = device_->Launch(kernels.get(), 0, arguments, {{"n", 4}}, 1);
    return status.ok() ? device_->Synchronize().status() : status;
  };
  EXPECT_THAT(std::string(result({a, b}).message()), HasSubstr("launch of @add: %y: 16 bytes"));
  EXPECT_THAT(std::string(result({a}).message()), HasSubstr("with 1 arguments, not 2"));
  const DevicePointer freed = Allocate(16);
  ASSERT_TRUE(device_->Free(freed).ok());
  EXPECT_EQ(result({a, freed}).code(), absl::StatusCode::kOutOfRange);
  EXPECT_TRUE(result({a, a}).ok());
}

TEST_P(DeviceTest, FailedChecksStopWhatFollows) {
  std::unique_ptr<DeviceKernels> kernels = Load(R"(
kernel @check(%x: i64[8]) {
  parallel %i in 0..8 {
    check %x[%i] > 0 at %i code 3 "not positive"
  }
}
kernel @one(%x: i64[8] out) {
  parallel %i in 0..8 { %x[%i] = 1 }
}
)");
  int64_t x[8] = {1, 1, 0, 1, 0, 1, 1, 1}, y[8] = {};
  const DevicePointer a = Allocate(64);
  ASSERT_TRUE(device_->CopyToDevice(a, x, 64).ok());
  ASSERT_TRUE(device_->Launch(kernels.get(), 0, {a}, {}, 1).ok());
  ASSERT_TRUE(device_->Launch(kernels.get(), 1, {a}, {}, 1).ok());
  absl::StatusOr<CermetError> error = device_->Synchronize();
  ASSERT_TRUE(error.ok()) << error.status();
  EXPECT_NE(error->code, 0);
  EXPECT_EQ(error->check, 3);
  EXPECT_EQ(error->index, 2);
  ASSERT_TRUE(device_->CopyFromDevice(y, a, 64).ok());
  EXPECT_EQ(y[2], 0);
  // The record is clear again.
  ASSERT_TRUE(device_->Launch(kernels.get(), 1, {a}, {}, 1).ok());
  EXPECT_EQ(device_->Synchronize()->code, 0);
  ASSERT_TRUE(device_->CopyFromDevice(y, a, 64).ok());
  EXPECT_EQ(y[2], 1);
}

// Sums the rows of x * w while the counter is below 3, else gives zeros; counts the runs.
const char* const kProgram = R"(program @p {
  dim ?n in 1..
  input %x: f32[?n,3] "x"
  input %count: i64 "count"
  output %y: f32[?n] "y"
  output %next: i64 "count" updates %count
  constant %w: f32[2,1,2] = @w packed(dim 1 by 2 of [1,3])
  temp %t: f32[?n] at 64
  temp %more: bool at 0
  workspace 64*?n+128 scratch 0
  check 7 "the counter is negative" in "check %5 \"count\""
  launch @check(%count) "count"
  launch @zero(%t) "zeros"
  launch @below(%next, %more) "below"
  if %more {
    launch @sum(%x, %w, %t) grain 2 "sum"
  } else {
  }
  while %more {
    launch @below(%next, %more)
  } do {
    launch @step(%next)
  }
  copy %t to %y
}
kernel @check(%c: i64) {
  check %c[] >= 0 at 0 code 0 "negative"
}
kernel @zero(%t: f32[?n] out) {
  parallel %i in 0..?n { %t[%i] = f32(0) }
}
kernel @below(%c: i64, %more: bool out) {
  %0 = %c[]
  %more[] = %0 < 3
}
kernel @step(%c: i64 inout) {
  %0 = %c[]
  %c[] = %0 + 1
}
kernel @sum(%x: f32[?n,3], %w: f32[2,1,2] packed(dim 1 by 2 of [1,3]), %y: f32[?n] out) {
  parallel %i in 0..?n {
    %0 = for %k in 0..3 carry(%1 = f32(0)) { yield fma(%x[%i, %k], %w[%k / 2, 0, rem(%k, 2)], %1) }
    %y[%i] = %0
  }
}
)";

class WalkerTest : public DeviceTest {
 protected:
  absl::StatusOr<std::unique_ptr<ProgramWalker>> Make(Device* device, Profile* profile = nullptr) {
    absl::StatusOr<program::Program> program = program::ParseProgram(kProgram, "p.cermet");
    EXPECT_TRUE(program.ok()) << program.status();
    ConstantStore constants;
    constants.Add("w", Literal::FromValues<float>({1, 3}, {1, 10, 100}));
    return ProgramWalker::Create(*std::move(program), constants, nullptr, device, profile);
  }
  absl::Status Run(ProgramWalker* walker, std::vector<float>* x, std::vector<float>* y,
                   int64_t* count) {
    const int64_t shape[] = {static_cast<int64_t>(x->size()) / 3, 3};
    const InputView inputs[] = {{x->data(), shape}, {count, {}}};
    y->assign(shape[0], -1.0f);
    void* const outputs[] = {y->data(), nullptr};
    return walker->Run(inputs, outputs);
  }
};

INSTANTIATE_TEST_SUITE_P(All, WalkerTest, ::testing::ValuesIn(Devices()),
                         [](const ::testing::TestParamInfo<DeviceCase>& info) {
                           return info.param.name;
                         });

TEST_P(WalkerTest, RunsProgramsWithControlFlowAndState) {
  absl::StatusOr<std::unique_ptr<ProgramWalker>> walker = Make(device_.get());
  ASSERT_TRUE(walker.ok()) << walker.status();
  std::vector<float> x = {1, 2, 3, 4, 5, 6}, y;
  int64_t count = 1;
  ASSERT_TRUE(Run(walker->get(), &x, &y, &count).ok());
  EXPECT_THAT(y, ElementsAre(321, 654));
  EXPECT_EQ(count, 3);
  // Another shape, without a new program; the counter has run out.
  x.assign(15, 1.0f);
  ASSERT_TRUE(Run(walker->get(), &x, &y, &count).ok());
  EXPECT_THAT(y, ElementsAre(0, 0, 0, 0, 0));
  EXPECT_EQ(count, 3);
  EXPECT_EQ(*(*walker)->PlannedBytes({{"n", 5}}), 512 + 256 + 256 + 256);
  ASSERT_TRUE((*walker)->Trim().ok());
  EXPECT_EQ(device_->memory().num_allocations, 1);  // the constant
  walker->reset();
  EXPECT_EQ(device_->memory().num_allocations, 0);
}

TEST_P(WalkerTest, AFailedCheckCommitsNothing) {
  absl::StatusOr<std::unique_ptr<ProgramWalker>> walker = Make(device_.get());
  std::vector<float> x = {1, 2, 3}, y;
  int64_t count = -1;
  absl::Status status = Run(walker->get(), &x, &y, &count);
  EXPECT_EQ(status.message(), "check %5 \"count\": the counter is negative (element 0, code 7)");
  EXPECT_EQ(count, -1);
  EXPECT_THAT(y, ElementsAre(-1));
  count = 0;
  EXPECT_TRUE(Run(walker->get(), &x, &y, &count).ok());
}

TEST_P(WalkerTest, SurvivesAnyFailedAllocation) {
  for (int64_t fail = 1; fail <= 2; ++fail) {
    std::unique_ptr<Device> device = GetParam().make(fail);
    absl::StatusOr<std::unique_ptr<ProgramWalker>> walker = Make(device.get());
    std::vector<float> x = {1, 2, 3}, y;
    int64_t count = 0;
    if (walker.ok()) {
      absl::Status status = Run(walker->get(), &x, &y, &count);
      EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
      EXPECT_EQ(count, 0);
      EXPECT_TRUE(Run(walker->get(), &x, &y, &count).ok());
      EXPECT_THAT(y, ElementsAre(321));
      walker->reset();
    } else {
      EXPECT_EQ(walker.status().code(), absl::StatusCode::kResourceExhausted);
    }
    EXPECT_EQ(device->memory().num_allocations, 0);
  }
}

TEST_P(WalkerTest, ProfilesEachCommand) {
  Profile profile;
  absl::StatusOr<std::unique_ptr<ProgramWalker>> walker = Make(device_.get(), &profile);
  std::vector<float> x = {1, 2, 3}, y;
  int64_t count = 2;
  ASSERT_TRUE(Run(walker->get(), &x, &y, &count).ok());
  std::vector<std::string> details;
  for (const Profile::Event& event : profile.events()) {
    EXPECT_GE(event.duration_ns, 0);
    details.push_back(event.detail);
  }
  EXPECT_THAT(details, ElementsAre("check", "zero", "below", "sum", "below", "step", "below", ""));
  EXPECT_THAT(profile.ToJson(), HasSubstr("\"cat\": \"launch\""));
}

TEST(FakeGpu, KeepsItsMemoryToItself) {
  FakeGpu gpu;
  const DevicePointer first = *gpu.Allocate(16);
  char bytes[16];
  ASSERT_TRUE(gpu.CopyFromDevice(bytes, first, 16).ok());
  EXPECT_THAT(bytes, Each(static_cast<char>(0xcd)));
  ASSERT_TRUE(gpu.Free(first).ok());
  EXPECT_FALSE(*gpu.Allocate(16) == first);
}

TEST(FakeGpu, DefersLaunches) {
  FakeGpu gpu;
  absl::StatusOr<std::vector<kernel::Kernel>> kernels =
      kernel::ParseKernels(kAddKernels, "k.cermet");
  absl::StatusOr<std::unique_ptr<DeviceKernels>> loaded = gpu.Load(*kernels);
  ASSERT_TRUE(loaded.ok());
  const DevicePointer a = *gpu.Allocate(16);
  ASSERT_TRUE(gpu.Launch(loaded->get(), 1, {a, a}, {{"n", 4}}, 1).ok());
  EXPECT_EQ(gpu.num_pending(), 1);
  ASSERT_TRUE(gpu.Synchronize().ok());
  EXPECT_EQ(gpu.num_pending(), 0);
}

}  // namespace
}  // namespace cermet::runtime
