// Whole programs through the JIT: control flow, copies, run-time dims, planned memory, the code
// cache, and compilation on several threads.
#include "codegen/jit.h"

#include <gtest/gtest.h>

#include <cstring>

#include "codegen/target.h"
#include "ir/kernel/text.h"
#include "ir/program/program.h"
#include "tests/codegen/compiled_kernels.h"
#include "tests/support/memory_cache.h"

namespace cermet::testing {
namespace {

program::Program Parse(const char* text) {
  absl::StatusOr<program::Program> program = program::ParseProgram(text, "test.cermet");
  EXPECT_TRUE(program.ok()) << program.status();
  const absl::Status valid = program::Verify(*program);
  EXPECT_TRUE(valid.ok()) << valid;
  return *program;
}

Target Host() { return *codegen::HostTarget(); }

// Counts to 10 in the state, doubling %x each time; takes the branch that the sign of %s's start
// says.
constexpr char kControl[] = R"(program @control {
  dim ?m
  dim ?n in 1..64
  input %s: i64 "counter"
  input %x: f32[?n] "x"
  input %z: f32[?m] "z"
  output %y: f32[?n] "y"
  output %next: i64 "counter" updates %s
  output %sum: f32 "sum"
  temp %u: f32[?n] at 0
  temp %more: bool at 256
  temp %positive: bool at 320
  workspace 384 scratch 0
  copy %x to %u
  launch @positive(%s, %positive)
  while %more "loop" {
    launch @test(%s, %more)
  } do {
    launch @step(%next)
    launch @double(%u)
  }
  if %positive "cond" {
    copy %u to %y
  } else {
    launch @negate(%u, %y) grain 2
  }
  launch @total(%z, %u, %sum)
}
kernel @positive(%s: i64, %p: bool out) {
  %0 = %s[]
  %p[] = 0 <= %0
}
kernel @test(%s: i64, %more: bool out) {
  %0 = %s[]
  %more[] = %0 < 10
}
kernel @step(%s: i64 inout) {
  %0 = %s[]
  %s[] = %0 + 1
}
kernel @double(%u: f32[?n] inout) {
  parallel %i in 0..?n {
    %0 = %u[%i]
    %u[%i] = %0 + %0
  }
}
kernel @negate(%x: f32[?n], %y: f32[?n] out) {
  parallel %i in 0..?n {
    %0 = neg(%x[%i])
    %y[%i] = %0
  }
}
kernel @total(%z: f32[?m], %u: f32[?n], %sum: f32 out) {
  %0 = for %i in 0..?m carry (%a = f32(0)) {
    yield %a + %z[%i]
  }
  %1 = for %i in 0..?n carry (%a = %0) {
    yield %a + %u[%i]
  }
  %sum[] = %1
}
)";

TEST(Jit, ControlFlowCopiesAndDims) {
  const program::Program program = Parse(kControl);
  for (int64_t start : {7, -2}) {
    for (int workers : {1, 3}) {
      std::vector<Array> arguments = {MakeArray<int64_t>(DType::kI64, {start}),
                                      MakeArray<float>(DType::kF32, {1, -2, 3, 4, 0.5f}),
                                      MakeArray<float>(DType::kF32, {100, 200}),
                                      Array(DType::kF32, 5),
                                      Array(DType::kI64, 1),
                                      Array(DType::kF32, 1)};
      ASSERT_EQ(RunCompiled(program, Host(), &arguments, {{"m", 2}, {"n", 5}}, workers), 0);
      EXPECT_EQ(static_cast<int64_t>(arguments[0].Get(0)), 10);  // in place
      const auto scale = static_cast<float>(int64_t{1} << (10 - start));
      float y[5];
      std::memcpy(y, arguments[3].bytes.data(), sizeof(y));
      EXPECT_EQ(y[1], start >= 0 ? -2 * scale : 2 * scale);
      float sum;
      std::memcpy(&sum, arguments[5].bytes.data(), sizeof(sum));
      EXPECT_EQ(sum, 300 + 6.5f * scale);
    }
  }
}

// Two launches of equal kernels and one of a kernel in place: two functions, since the last may not
// assume distinct memory.
TEST(Jit, EqualKernelsAreCompiledOnce) {
  const program::Program program = Parse(R"(program @p {
  input %x: f32[8] "x"
  output %y: f32[8] "y"
  temp %t: f32[8] at 0
  workspace 64 scratch 0
  launch @first(%x, %t)
  launch @second(%t, %y)
}
kernel @first(%a: f32[8], %b: f32[8] out) {
  parallel %i in 0..8 {
    %b[%i] = %a[%i] + f32(1)
  }
}
kernel @second(%from: f32[8], %to: f32[8] out) {
  parallel %j in 0..8 {
    %to[%j] = %from[%j] + f32(1)
  }
}
)");
  EXPECT_EQ(kernel::CanonicalKey(program.kernels[0]), kernel::CanonicalKey(program.kernels[1]));
  std::vector<Array> arguments = {MakeArray<float>(DType::kF32, {0, 1, 2, 3, 4, 5, 6, 7}),
                                  Array(DType::kF32, 8)};
  ASSERT_EQ(RunCompiled(program, Host(), &arguments, {}), 0);
  EXPECT_EQ(arguments[1].bytes, MakeArray<float>(DType::kF32, {2, 3, 4, 5, 6, 7, 8, 9}).bytes);
}

TEST(Jit, CacheIsUsedAndDamageIsAMiss) {
  const program::Program program = Parse(kControl);
  MemoryCache cache;
  codegen::JitOptions options;
  options.cache = &cache;
  ASSERT_TRUE(codegen::JitCompile(program, Host(), options).ok());
  EXPECT_EQ(cache.stores, 1);
  EXPECT_EQ(cache.hits, 0);
  ASSERT_TRUE(codegen::JitCompile(program, Host(), options).ok());
  EXPECT_EQ(cache.stores, 1);
  EXPECT_EQ(cache.hits, 1);
  const std::string good = cache.entries.begin()->second;
  for (size_t keep : {size_t{0}, size_t{5}, size_t{24}, good.size() / 2, good.size() - 1}) {
    cache.entries.begin()->second = good.substr(0, keep);
    EXPECT_TRUE(codegen::JitCompile(program, Host(), options).ok()) << keep;
    EXPECT_EQ(cache.entries.begin()->second, good)
        << "compilation is not deterministic, or the entry was not replaced";
  }
  // Well-formed but foreign bytes: an object that is not one.
  cache.entries.begin()->second = good.substr(0, good.size() - 64) + std::string(64, 'x');
  EXPECT_TRUE(codegen::JitCompile(program, Host(), options).ok());
}

TEST(Jit, CacheKeyNamesProgramAndTarget) {
  const program::Program program = Parse(kControl);
  program::Program other = program;
  other.commands.pop_back();
  const std::vector<Target> targets = TestTargets();
  const std::string text = program::Print(program);
  EXPECT_NE(codegen::CodeCacheKey(text, targets[0]),
            codegen::CodeCacheKey(program::Print(other), targets[0]));
  EXPECT_NE(codegen::CodeCacheKey(text, targets[0]), codegen::CodeCacheKey(text, targets[1]));
  EXPECT_EQ(codegen::CodeCacheKey(text, targets[0]), codegen::CodeCacheKey(text, targets[0]));
}

std::vector<std::pair<int32_t, int32_t>>* observed = nullptr;
void Observe(const CermetHost*, int32_t launch, int32_t end) { observed->push_back({launch, end}); }

TEST(Jit, HookSeesEveryLaunch) {
  const program::Program program = Parse(kControl);
  const std::vector<const program::Command*> launches = codegen::Launches(program);
  ASSERT_EQ(launches.size(), 8u);
  EXPECT_EQ(launches[0]->kind, program::CommandKind::kCopy);
  EXPECT_EQ(program.kernels[launches[3]->kernel].name, "step");
  codegen::JitOptions options;
  options.on_launch = &Observe;
  auto code = codegen::JitCompile(program, Host(), options);
  ASSERT_TRUE(code.ok()) << code.status();
  std::vector<std::pair<int32_t, int32_t>> events;
  observed = &events;
  int64_t counter = 10;  // no iteration of the loop
  float x = 1, z = 2, y = 0, sum = 0;
  const int64_t dims[] = {1, 1};
  void* const buffers[] = {&counter, &x, &z, &y, nullptr, &sum, const_cast<int64_t*>(dims)};
  alignas(64) char workspace[384];
  CermetError error = {};
  const CermetHost host = {nullptr, nullptr, 1, &error};
  EXPECT_EQ((*code)->entry()(&host, buffers, workspace), 0);
  const std::vector<std::pair<int32_t, int32_t>> expected = {
      {0, 0}, {0, 1}, {1, 0}, {1, 1}, {2, 0}, {2, 1}, {5, 0}, {5, 1}, {7, 0}, {7, 1}};
  EXPECT_EQ(events, expected);
}

TEST(Jit, ThreadsDoNotChangeTheCode) {
  const program::Program program = Parse(kControl);
  MemoryCache one;
  MemoryCache many;
  codegen::JitOptions options;
  options.cache = &one;
  ASSERT_TRUE(codegen::JitCompile(program, Host(), options).ok());
  options.cache = &many;
  options.threads = 4;
  ASSERT_TRUE(codegen::JitCompile(program, Host(), options).ok());
  EXPECT_EQ(one.entries, many.entries);
}

TEST(Jit, RefusesGpuSchedules) {
  const program::Program program = Parse(R"(program @p {
  output %y: f32[8] "y"
  workspace 0 scratch 0
  launch @k(%y)
}
kernel @k(%y: f32[8] out) {
  block %b in 0..1 {
    thread %t in 0..8 {
      %y[%t] = f32(1)
    }
  }
}
)");
  EXPECT_EQ(codegen::JitCompile(program, Host(), {}).status().message(),
            "kernel k is scheduled for a GPU and cannot run on a CPU");
}

}  // namespace
}  // namespace cermet::testing
