// PTX of GPU schedules, and that NVIDIA's assembler takes it for two architectures.
#include "codegen/ptx.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "codegen/target.h"
#include "ir/kernel/builder.h"
#include "ir/kernel/kernel.h"
#include "ir/kernel/text.h"
#include "tests/codegen/ptxas.h"

namespace cermet {
namespace {

using kernel::Kernel;
using kernel::KernelBuilder;
using kernel::LoopKind;
using kernel::MemorySpace;
using Values = std::vector<kernel::ValueId>;

std::string Ptx(const Kernel& kernel, codegen::GpuLaunch* launch) {
  absl::StatusOr<Target> target = codegen::ParseTarget("nvptx64-nvidia-cuda", "sm_80");
  EXPECT_TRUE(target.ok()) << target.status();
  std::vector<codegen::GpuLaunch> launches;
  absl::StatusOr<std::string> ptx = codegen::EmitPtx({kernel}, *target, &launches);
  EXPECT_TRUE(ptx.ok()) << ptx.status();
  if (!ptx.ok()) return "";
  *launch = launches[0];
  return *ptx;
}

kernel::Buffer Buffer(const std::string& name, Shape shape, kernel::Access access,
                      MemorySpace space = MemorySpace::kGlobal) {
  kernel::Buffer buffer{name, DType::kF32, std::move(shape)};
  buffer.access = access;
  buffer.space = space;
  return buffer;
}

// y[i] = x[i] * x[i] + x[i] for i < n.
TEST(Ptx, ElementwiseWithBoundsCheck) {
  Kernel k;
  k.name = "square_plus";
  const Dim n = Dim::Symbol("n");
  k.buffers = {Buffer("x", {n}, kernel::Access::kIn), Buffer("y", {n}, kernel::Access::kOut)};
  KernelBuilder b(&k, &k.body);
  b.For(b.Index(0), b.DimValue(Dim::CeilDiv(n, 128)), 1, LoopKind::kBlock, "block", {},
        [&](KernelBuilder& c, auto block, const Values&) {
          c.For(c.Index(0), c.Index(128), 1, LoopKind::kThread, "thread", {},
                [&](KernelBuilder& d, auto thread, const Values&) {
                  const auto i = d.Add(d.Mul(block, d.Index(128)), thread);
                  const auto inside = d.Compare(CompareDirection::kLt, i, d.DimValue(n));
                  const auto x = d.Load(0, {i}, inside);
                  d.Store(1, d.Add(d.Mul(x, x), x), {i}, inside);
                  return Values();
                });
          return Values();
        });
  codegen::GpuLaunch launch;
  const std::string ptx = Ptx(k, &launch);
  EXPECT_EQ(launch.entry, "square_plus");
  EXPECT_EQ(launch.block, (std::array<int64_t, 3>{128, 1, 1}));
  EXPECT_NE(ptx.find(".visible .entry square_plus"), std::string::npos);
  EXPECT_NE(ptx.find("ld.global.nc.b32"), std::string::npos) << ptx;
  EXPECT_NE(ptx.find("mul.rn.f32"), std::string::npos) << "a product was contracted:\n" << ptx;
  EXPECT_EQ(ptx.find("fma"), std::string::npos) << ptx;
  EXPECT_EQ(ptx.find("ftz"), std::string::npos) << ptx;
  testing::ExpectAssembles(ptx, {"sm_80", "sm_90"});
}

// Sums rows of 64 elements through shared memory.
TEST(Ptx, RowSumInSharedMemory) {
  Kernel k;
  k.name = "row_sum";
  const Dim n = Dim::Symbol("n");
  k.buffers = {Buffer("x", {n, 64}, kernel::Access::kIn), Buffer("y", {n}, kernel::Access::kOut),
               Buffer("part", {64}, kernel::Access::kInOut, MemorySpace::kShared)};
  KernelBuilder b(&k, &k.body);
  b.For(b.Index(0), b.DimValue(n), 1, LoopKind::kBlock, "row", {},
        [&](KernelBuilder& c, auto row, const Values&) {
          c.For(c.Index(0), c.Index(64), 1, LoopKind::kThread, "lane", {},
                [&](KernelBuilder& d, auto lane, const Values&) {
                  d.Store(2, d.Load(0, {row, lane}), {lane});
                  d.Barrier();
                  for (int64_t half = 32; half > 0; half /= 2) {
                    const auto active = d.Compare(CompareDirection::kLt, lane, d.Index(half));
                    const auto sum = d.Add(d.Load(2, {lane}, active),
                                           d.Load(2, {d.Add(lane, d.Index(half))}, active));
                    d.Barrier();
                    d.Store(2, sum, {lane}, active);
                    d.Barrier();
                  }
                  const auto first = d.Compare(CompareDirection::kEq, lane, d.Index(0));
                  d.Store(1, d.Load(2, {d.Index(0)}), {row}, first);
                  return Values();
                });
          return Values();
        });
  codegen::GpuLaunch launch;
  const std::string ptx = Ptx(k, &launch);
  EXPECT_NE(ptx.find("bar.sync"), std::string::npos) << ptx;
  EXPECT_NE(ptx.find(".shared"), std::string::npos) << ptx;
  EXPECT_EQ(launch.block, (std::array<int64_t, 3>{64, 1, 1}));
  testing::ExpectAssembles(ptx, {"sm_80", "sm_90"});
}

// C[m,n] = A B by one thread per element, blocks of 8 by 16 threads.
TEST(Ptx, MatrixProductOnTwoAxes) {
  Kernel k;
  k.name = "matmul";
  k.buffers = {Buffer("a", {32, 20}, kernel::Access::kIn),
               Buffer("b", {20, 48}, kernel::Access::kIn),
               Buffer("c", {32, 48}, kernel::Access::kOut)};
  KernelBuilder b(&k, &k.body);
  b.For(b.Index(0), b.Index(4), 1, LoopKind::kBlock, "bm", {},
        [&](KernelBuilder& b1, auto bm, const Values&) {
          b1.For(b1.Index(0), b1.Index(3), 1, LoopKind::kBlock, "bn", {},
                 [&](KernelBuilder& b2, auto bn, const Values&) {
                   b2.For(b2.Index(0), b2.Index(8), 1, LoopKind::kThread, "tm", {},
                          [&](KernelBuilder& t1, auto tm, const Values&) {
                            t1.For(t1.Index(0), t1.Index(16), 1, LoopKind::kThread, "tn", {},
                                   [&](KernelBuilder& d, auto tn, const Values&) {
                                     const auto m = d.Add(d.Mul(bm, d.Index(8)), tm);
                                     const auto n = d.Add(d.Mul(bn, d.Index(16)), tn);
                                     const Values sum = d.For(
                                         d.Index(0), d.Index(20), 1, LoopKind::kSerial, "k",
                                         {d.Constant(DType::kF32, 0)},
                                         [&](KernelBuilder& e, auto i, const Values& acc) {
                                           return Values{e.Compute(
                                               OpCode::kFma,
                                               {e.Load(0, {m, i}), e.Load(1, {i, n}), acc[0]})};
                                         });
                                     d.Store(2, sum[0], {m, n});
                                     return Values();
                                   });
                            return Values();
                          });
                   return Values();
                 });
          return Values();
        });
  codegen::GpuLaunch launch;
  const std::string ptx = Ptx(k, &launch);
  EXPECT_EQ(launch.block, (std::array<int64_t, 3>{16, 8, 1}));
  EXPECT_NE(ptx.find("fma.rn.f32"), std::string::npos) << ptx;
  EXPECT_NE(ptx.find("%ctaid.y"), std::string::npos) << ptx;
  testing::ExpectAssembles(ptx, {"sm_80", "sm_90"});
}

Kernel Parse(absl::string_view text) {
  absl::StatusOr<std::vector<Kernel>> kernels = kernel::ParseKernels(text, "k.cermet");
  EXPECT_TRUE(kernels.ok()) << kernels.status();
  return std::move((*kernels)[0]);
}

int Count(const std::string& text, const std::string& word) {
  int count = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

TEST(Ptx, ShufflesOfEveryWidth) {
  for (const auto& [dtype, words] :
       {std::pair("f32", 1), std::pair("f64", 2), std::pair("i64", 2), std::pair("f16", 1),
        std::pair("u8", 1), std::pair("bool", 1)}) {
    codegen::GpuLaunch launch;
    const std::string ptx =
        Ptx(Parse(absl::StrCat("kernel @k(%x: ", dtype, "[64], %y: ", dtype,
                               "[64] out) { block %b in 0..1 { thread %t in 0..64 { "
                               "%0 = %x[%t] %1 = shuffle(%0, xor 16) %2 = shuffle(%1, down 3) "
                               "%3 = shuffle(%2, lane 5) %y[%t] = %3 } } }")),
            &launch);
    EXPECT_EQ(Count(ptx, "shfl.sync.bfly.b32"), words) << ptx;
    EXPECT_EQ(Count(ptx, "shfl.sync.down.b32"), words) << ptx;
    EXPECT_EQ(Count(ptx, "shfl.sync.idx.b32"), words) << ptx;
    testing::ExpectAssembles(ptx, {"sm_80", "sm_90"});
  }
}

TEST(Ptx, MatrixProductsOfWarps) {
  struct Mode {
    const char *name, *dtype, *a, *b, *instruction;
  };
  const Mode modes[] = {
      {"tf32", "f32", "4 a16x8", "2 b8x8", "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32"},
      {"f16", "f16", "8 a16x16", "4 b16x8", "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32"},
      {"bf16", "bf16", "8 a16x16", "4 b16x8",
       "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32"},
  };
  for (const Mode& mode : modes) {
    codegen::GpuLaunch launch;
    const std::string ptx = Ptx(
        Parse(absl::StrCat(
            "kernel @k(%x: ", mode.dtype, "[16,64], %w: ", mode.dtype,
            "[64,8], %y: f32[16,8] out) { block %b in 0..1 { thread %t in 0..32 { "
            "%0 = for %k in 0..64 step 16 carry(%1 = splat<4 c16x8>(f32(0))) { %2 = %x[iota<",
            mode.a, ">(0), %k + iota<", mode.a, ">(1)] %3 = %w[%k + iota<", mode.b, ">(0), iota<",
            mode.b, ">(1)] yield mma<", mode.name,
            ">(%2, %3, %1) } %y[iota<4 c16x8>(0), iota<4 c16x8>(1)] = maximum(%0, f32(0)) } } }")),
        &launch);
    EXPECT_EQ(Count(ptx, mode.instruction), 1) << ptx;
    EXPECT_EQ(Count(ptx, "cvt.rna.tf32.f32"), mode.dtype == std::string("f32") ? 6 : 0) << ptx;
    EXPECT_EQ(ptx.find(".local"), std::string::npos) << "a fragment left the registers:\n" << ptx;
    testing::ExpectAssembles(ptx, {"sm_80", "sm_90"});
  }
}

TEST(Ptx, CopiesInTheBackground) {
  codegen::GpuLaunch launch;
  const std::string ptx =
      Ptx(Parse("kernel @k(%x: f32[?n,64], %y: f32[?n,64] out) { shared %s: f32[64] "
                "block %b in 0..?n { thread %t in 0..16 { "
                "copy_async %s[%t * 4 : 4] = %x[%b, %t * 4 : 4] commit wait 0 barrier "
                "copy_async %s[%t * 2 : 2] = %x[%b, %t * 2 : 2] commit "
                "copy_async %s[%t + 32] = %x[%b, %t] mask %t < ?n commit wait 1 barrier wait 0 "
                "%y[%b, %t] = %s[63 - %t] } } }"),
          &launch);
  EXPECT_EQ(Count(ptx, "cp.async.cg.shared.global"), 1) << ptx;
  EXPECT_EQ(Count(ptx, "cp.async.ca.shared.global"), 2) << ptx;
  EXPECT_EQ(Count(ptx, "cp.async.commit_group"), 3) << ptx;
  EXPECT_EQ(Count(ptx, "cp.async.wait_group"), 3) << ptx;
  // Two, and one before the shared memory goes to the next row.
  EXPECT_EQ(Count(ptx, "bar.sync"), 3) << ptx;
  testing::ExpectAssembles(ptx, {"sm_80", "sm_90"});
}

TEST(Ptx, RefusesWarpsAcrossRowsOfThreads) {
  const Kernel k = Parse(
      "kernel @k() { block %a in 0..1 { thread %i in 0..2 { thread %j in 0..40 { } } "
      "block %b in 0..1 { thread %t in 0..32 { %0 = shuffle(%t, xor 1) } } } }");
  absl::StatusOr<Target> target = codegen::ParseTarget("nvptx64-nvidia-cuda", "sm_80");
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(codegen::EmitPtx({k}, *target, nullptr).status().message(),
            "kernel k cannot be compiled for a GPU: warps of one loop over threads would lie "
            "across rows of another");
}

TEST(Ptx, RefusesOldGpus) {
  EXPECT_TRUE(codegen::ParseTarget("nvptx64-nvidia-cuda", "sm_90a").ok());
  EXPECT_TRUE(codegen::ParseTarget("nvptx64-nvidia-cuda", "sm_100").ok());
  EXPECT_EQ(codegen::ParseTarget("nvptx64-nvidia-cuda", "sm_75").status().message(),
            "the GPU sm_75 is below Cermet's minimum, sm_80: schedules copy to shared memory "
            "asynchronously");
  for (const char* cpu : {"sm_", "turing", "haswell"}) {
    EXPECT_EQ(codegen::ParseTarget("nvptx64-nvidia-cuda", cpu).status().message(),
              absl::StrCat("nvptx64 knows no GPU ", cpu, "; their names are sm_80 and the like"));
  }
}

TEST(Ptx, RefusesCpuSchedules) {
  Kernel k;
  k.name = "cpu";
  k.buffers = {Buffer("y", {4}, kernel::Access::kOut)};
  KernelBuilder b(&k, &k.body);
  b.Store(0, b.Constant(DType::kF32, 0), {b.Index(0)});
  absl::StatusOr<Target> target = codegen::ParseTarget("nvptx64-nvidia-cuda", "");
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(codegen::EmitPtx({k}, *target, nullptr).status().message(),
            "kernel cpu is not scheduled for a GPU: it has no block loop");
}

}  // namespace
}  // namespace cermet
