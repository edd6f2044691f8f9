// Hand-built kernels compiled for 32- and 64-byte targets against the interpreter: every kind of
// instruction, and what surrounds it.
#include "ir/kernel/kernel.h"

#include <gtest/gtest.h>

#include <cstring>

#include "codegen/jit.h"
#include "ir/kernel/builder.h"
#include "tests/codegen/compiled_kernels.h"

namespace cermet::testing {
namespace {

using kernel::Kernel;
using kernel::KernelBuilder;
using kernel::kNoValue;
using kernel::LoopKind;
using kernel::MemorySpace;
using Values = std::vector<kernel::ValueId>;

kernel::Buffer In(const std::string& name, DType dtype, Shape shape) {
  return {name, dtype, std::move(shape)};
}
kernel::Buffer Out(const std::string& name, DType dtype, Shape shape) {
  kernel::Buffer buffer{name, dtype, std::move(shape)};
  buffer.access = kernel::Access::kOut;
  return buffer;
}

Array Floats(int64_t n, float scale = 0.37f) {
  std::vector<float> values(n);
  for (int64_t i = 0; i < n; ++i) values[i] = static_cast<float>((i * 7919) % 101 - 50) * scale;
  return MakeArray(DType::kF32, values);
}

kernel::ValueId F32(KernelBuilder& b, float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return b.Constant(DType::kF32, bits);
}

// y[i,j] = max(x[i,j] * w[j] + 1, 0) over symbolic rows, in vectors with a masked tail.
Kernel ScaledRelu(int64_t columns, int64_t lanes) {
  Kernel k;
  k.name = "scaled_relu";
  const Dim n = Dim::Symbol("n");
  k.buffers = {In("x", DType::kF32, {n, columns}), In("w", DType::kF32, {columns}),
               Out("y", DType::kF32, {n, columns})};
  KernelBuilder b(&k, &k.body);
  const auto zero = b.Index(0);
  b.For(zero, b.DimValue(n), 1, LoopKind::kParallel, "i", {},
        [&](KernelBuilder& row, auto i, const Values&) {
          row.For(row.Index(0), row.Index(columns), lanes, LoopKind::kSerial, "j", {},
                  [&](KernelBuilder& c, auto j, const Values&) {
                    const auto columns_of = c.Add(c.Splat(j, {lanes}), c.Iota({lanes}, 0));
                    const auto mask = c.Compare(CompareDirection::kLt, columns_of,
                                                c.Splat(c.Index(columns), {lanes}));
                    const auto x = c.Load(0, {i, j}, mask, lanes);
                    const auto w = c.Load(1, {j}, mask, lanes);
                    const auto scaled = c.Compute(OpCode::kFma, {x, w, F32(c, 1.0f)});
                    c.Store(2, c.Compute(OpCode::kMaximum, {scaled, F32(c, 0.0f)}), {i, j}, mask,
                            lanes);
                    return Values();
                  });
          return Values();
        });
  return k;
}

TEST(CompiledKernel, MaskedTailsAndSymbolicRows) {
  for (int64_t lanes : {4, 8, 16}) {
    for (int64_t rows : {0, 1, 5, 33}) {
      const Kernel k = ScaledRelu(21, lanes);
      ExpectSameAsInterpreter(k, {Floats(rows * 21), Floats(21), Array(DType::kF32, rows * 21)},
                              {{"n", rows}});
    }
  }
}

TEST(CompiledKernel, ParallelRangesGiveTheSameBits) {
  const Kernel k = ScaledRelu(21, 8);
  for (int workers : {1, 2, 3, 7}) {
    ExpectSameAsInterpreter(k, {Floats(50 * 21), Floats(21), Array(DType::kF32, 50 * 21)},
                            {{"n", 50}}, workers);
  }
}

// A contraction with 4 rows of accumulators carried through the loop over k.
TEST(CompiledKernel, CarriedVectorsAccumulate) {
  const int64_t lanes = 8;
  Kernel k;
  k.name = "dot";
  k.buffers = {In("a", DType::kF32, {4, 37}), In("b", DType::kF32, {37, lanes}),
               Out("c", DType::kF32, {4, lanes})};
  KernelBuilder b(&k, &k.body);
  const Values inits(4, b.Splat(F32(b, 0.0f), {lanes}));
  const Values sums =
      b.For(b.Index(0), b.Index(37), 1, LoopKind::kSerial, "k", inits,
            [&](KernelBuilder& c, auto i, const Values& acc) {
              const auto row = c.Load(1, {i, c.Index(0)}, kNoValue, lanes);
              Values next;
              for (int64_t r = 0; r < 4; ++r) {
                next.push_back(c.Compute(
                    OpCode::kFma, {c.Splat(c.Load(0, {c.Index(r), i}), {lanes}), row, acc[r]}));
              }
              return next;
            });
  for (int64_t r = 0; r < 4; ++r) b.Store(2, sums[r], {b.Index(r), b.Index(0)}, kNoValue, lanes);
  ExpectSameAsInterpreter(k, {Floats(4 * 37), Floats(37 * lanes), Array(DType::kF32, 4 * lanes)});
}

// Indices loaded from memory: gathers of rows, with lanes that are masked out pointing outside.
TEST(CompiledKernel, GathersWithMasks) {
  for (DType dtype : {DType::kF32, DType::kF64, DType::kI8, DType::kBool, DType::kF16}) {
    const int64_t lanes = 8;
    Kernel k;
    k.name = "gather";
    k.buffers = {In("table", dtype, {10, 3}), In("rows", DType::kI64, {16}), Out("y", dtype, {16})};
    KernelBuilder b(&k, &k.body);
    b.For(b.Index(0), b.Index(16), lanes, LoopKind::kSerial, "i", {},
          [&](KernelBuilder& c, auto i, const Values&) {
            const auto rows = c.Load(1, {i}, kNoValue, lanes);
            const auto in_low =
                c.Compare(CompareDirection::kGe, rows, c.Splat(c.Index(0), {lanes}));
            const auto in_high =
                c.Compare(CompareDirection::kLt, rows, c.Splat(c.Index(10), {lanes}));
            const auto mask = c.Compute(OpCode::kAnd, {in_low, in_high});
            c.Store(2, c.Load(0, {rows, c.Index(2)}, mask), {i}, kNoValue, lanes);
            return Values();
          });
    Array table(dtype, 30);
    for (int64_t i = 0; i < 30; ++i) table.Set(i, dtype == DType::kBool ? i % 3 == 2 : 1 + i * 3);
    const Array rows =
        MakeArray<int64_t>(DType::kI64, {3, 9, 0, -1, 10, 5, 5, 1000000, 2, 4, 6, 8, -7, 1, 3, 7});
    ExpectSameAsInterpreter(k, {table, rows, Array(dtype, 16)});
  }
}

TEST(CompiledKernel, ScattersWithMasks) {
  const int64_t lanes = 4;
  Kernel k;
  k.name = "scatter";
  k.buffers = {In("x", DType::kF32, {lanes}), In("at", DType::kI64, {lanes}),
               Out("y", DType::kF32, {8})};
  KernelBuilder b(&k, &k.body);
  const auto at = b.Load(1, {b.Index(0)}, kNoValue, lanes);
  const auto mask = b.Compare(CompareDirection::kGe, at, b.Splat(b.Index(0), {lanes}));
  b.Store(2, b.Load(0, {b.Index(0)}, kNoValue, lanes), {at}, mask);
  ExpectSameAsInterpreter(
      k, {Floats(lanes), MakeArray<int64_t>(DType::kI64, {6, -5, 6, 1}), Array(DType::kF32, 8)});
}

// Scalar loads and stores under a mask are branches: nothing outside the buffer is touched.
TEST(CompiledKernel, ScalarMasks) {
  Kernel k;
  k.name = "padded";
  k.buffers = {In("x", DType::kF32, {5}), Out("y", DType::kF32, {9})};
  KernelBuilder b(&k, &k.body);
  b.For(b.Index(0), b.Index(12), 1, LoopKind::kSerial, "i", {},
        [&](KernelBuilder& c, auto i, const Values&) {
          const auto from = c.Sub(i, c.Index(2));
          const auto inside =
              c.Compute(OpCode::kAnd, {c.Compare(CompareDirection::kGe, from, c.Index(0)),
                                       c.Compare(CompareDirection::kLt, from, c.Index(5))});
          c.Store(1, c.Load(0, {from}, inside), {i},
                  c.Compare(CompareDirection::kLt, i, c.Index(9)));
          return Values();
        });
  ExpectSameAsInterpreter(k, {Floats(5), Array(DType::kF32, 9)});
}

// Tiles of rank 2 that were not legalised: broadcast, slice, extract.
TEST(CompiledKernel, TilesOfRankTwo) {
  Kernel k;
  k.name = "tiles";
  k.buffers = {In("a", DType::kF32, {3, 1}), In("b", DType::kF32, {1, 4}),
               Out("y", DType::kF32, {3, 4}), Out("z", DType::kF32, {5})};
  KernelBuilder b(&k, &k.body);
  const auto rows = b.Iota({3, 1}, 0);
  const auto columns = b.Iota({1, 4}, 1);
  const auto a = b.Load(0, {rows, b.Splat(b.Index(0), {3, 1})});
  const auto row = b.Load(1, {b.Splat(b.Index(0), {1, 4}), columns});
  const auto outer = b.Mul(a, row);
  b.Store(2, outer, {rows, columns});
  const auto part = b.Slice(outer, 0, 1, 1);
  b.Store(3, part, {columns});
  b.Store(3, b.Extract(b.Load(1, {b.Index(0), b.Index(0)}, kNoValue, 4), 2), {b.Index(4)});
  ExpectSameAsInterpreter(k, {Floats(3), Floats(4), Array(DType::kF32, 12), Array(DType::kF32, 5)});
}

// Floor division and remainder of indices, an if with results, an inner loop with a carried scalar,
// scratch memory.
TEST(CompiledKernel, ControlFlowAndScratch) {
  Kernel k;
  k.name = "control";
  k.buffers = {In("x", DType::kI32, {24}), Out("y", DType::kI32, {24})};
  kernel::Buffer scratch{"s", DType::kI32, {24}};
  scratch.space = MemorySpace::kScratch;
  k.buffers.push_back(scratch);
  KernelBuilder b(&k, &k.body);
  b.For(b.Index(0), b.Index(24), 1, LoopKind::kSerial, "i", {},
        [&](KernelBuilder& c, auto i, const Values&) {
          const auto swapped =
              c.Add(c.Mul(c.FloorMod(i, c.Index(4)), c.Index(6)), c.FloorDiv(i, c.Index(4)));
          c.Store(2, c.Load(0, {swapped}), {i});
          return Values();
        });
  b.For(b.Index(0), b.Index(24), 1, LoopKind::kSerial, "i", {},
        [&](KernelBuilder& c, auto i, const Values&) {
          const Values sum =
              c.For(c.Index(0), i, 2, LoopKind::kSerial, "j", {c.Constant(DType::kI32, 1)},
                    [&](KernelBuilder& d, auto j, const Values& acc) {
                      const auto value = d.Load(2, {j});
                      const auto odd =
                          d.Compare(CompareDirection::kNe,
                                    d.Compute(OpCode::kRem, {value, d.Constant(DType::kI32, 2)}),
                                    d.Constant(DType::kI32, 0));
                      return d.If(
                          odd, [&](KernelBuilder& t) { return Values{t.Add(acc[0], value)}; },
                          [&](KernelBuilder& e) { return Values{e.Sub(acc[0], value)}; });
                    });
          c.Store(1, sum[0], {i});
          return Values();
        });
  std::vector<int32_t> x(24);
  for (int i = 0; i < 24; ++i) x[i] = i * i * 31 - 200;
  ExpectSameAsInterpreter(k, {MakeArray(DType::kI32, x), Array(DType::kI32, 24)});
}

// x * y + z is two roundings: only an explicit fma is one.
TEST(CompiledKernel, ProductsAndSumsAreNotContracted) {
  for (int64_t lanes : {0, 8}) {
    Kernel k;
    k.name = "mul_add";
    k.buffers = {In("x", DType::kF32, {64}), In("y", DType::kF32, {64}),
                 Out("z", DType::kF32, {64})};
    KernelBuilder b(&k, &k.body);
    b.For(b.Index(0), b.Index(64), lanes == 0 ? 1 : lanes, LoopKind::kSerial, "i", {},
          [&](KernelBuilder& c, auto i, const Values&) {
            const auto x = c.Load(0, {i}, kNoValue, lanes);
            const auto y = c.Load(1, {i}, kNoValue, lanes);
            c.Store(2, c.Sub(c.Mul(x, y), c.Mul(y, c.Add(x, y))), {i}, kNoValue, lanes);
            return Values();
          });
    ExpectSameAsInterpreter(k, {Floats(64, 0.371f), Floats(64, 1.913f), Array(DType::kF32, 64)});
  }
}

// y = x + 1 in place, read and written through two arguments that are one buffer.
TEST(CompiledKernel, UpdateInPlace) {
  Kernel k;
  k.name = "increment";
  k.buffers = {In("x", DType::kF32, {40}), Out("y", DType::kF32, {40}),
               Out("z", DType::kF32, {40})};
  KernelBuilder b(&k, &k.body);
  b.For(b.Index(0), b.Index(40), 8, LoopKind::kParallel, "i", {},
        [&](KernelBuilder& c, auto i, const Values&) {
          const auto x = c.Load(0, {i}, kNoValue, 8);
          c.Store(1, c.Add(x, F32(c, 1.0f)), {i}, kNoValue, 8);
          c.Store(2, c.Mul(x, F32(c, 2.0f)), {i}, kNoValue, 8);
          return Values();
        });
  program::Program program = LaunchAll({k}, 1);
  program.buffers[1].alias = 0;  // the output y is the donated input x
  for (const Target& target : TestTargets()) {
    std::vector<Array> arguments = {Floats(40), Array(DType::kF32, 40), Array(DType::kF32, 40)};
    const Array before = arguments[0];
    ASSERT_EQ(RunCompiled(program, target, &arguments, {}), 0);
    for (int64_t i = 0; i < 40; ++i) {
      float x, y, z;
      std::memcpy(&x, &before.bytes[i * 4], 4);
      std::memcpy(&y, &arguments[0].bytes[i * 4], 4);
      std::memcpy(&z, &arguments[2].bytes[i * 4], 4);
      EXPECT_EQ(y, x + 1);
      EXPECT_EQ(z, x * 2);
    }
  }
}

// The lowest index of all failures is reported, whichever thread found it, and later launches do
// not run.
TEST(CompiledKernel, FailedChecksReportTheLowestIndexAndStop) {
  Kernel check;
  check.name = "check";
  check.buffers = {In("x", DType::kI32, {100}), Out("y", DType::kI32, {100})};
  KernelBuilder b(&check, &check.body);
  b.For(b.Index(0), b.Index(100), 1, LoopKind::kParallel, "i", {},
        [&](KernelBuilder& c, auto i, const Values&) {
          const auto x = c.Load(0, {i});
          c.Check(c.Compare(CompareDirection::kLt, x, c.Constant(DType::kI32, 50)), i, 1,
                  "too large");
          c.Store(1, x, {i});
          return Values();
        });
  Kernel next;
  next.name = "next";
  next.buffers = {Out("z", DType::kI32, {1})};
  KernelBuilder n(&next, &next.body);
  n.Store(0, n.Constant(DType::kI32, 7), {n.Index(0)});

  program::Program program = LaunchAll({check, next}, 5);
  program.checks = {{11, "unused", ""}, {42, "too large", "check %3"}};
  std::vector<int32_t> x(100);
  for (int i = 0; i < 100; ++i) x[i] = i;
  for (const Target& target : TestTargets()) {
    for (int workers : {1, 4}) {
      std::vector<Array> arguments = {MakeArray(DType::kI32, x), Array(DType::kI32, 100),
                                      Array(DType::kI32, 1)};
      CermetError error = {};
      EXPECT_EQ(RunCompiled(program, target, &arguments, {}, workers, &error), 42);
      EXPECT_EQ(error.code, 42);
      EXPECT_EQ(error.check, 1);
      EXPECT_EQ(error.index, 50);
      EXPECT_EQ(error.lock, 0);
      EXPECT_EQ(arguments[1].Get(99), 99u);  // the kernel itself ran to its end
      EXPECT_EQ(arguments[2].Get(0), 0u);    // the next one did not begin
    }
  }
}

TEST(CompiledKernel, CpusRefuseWhatOnlyGpusDo) {
  Kernel k;
  k.name = "warp";
  KernelBuilder b(&k, &k.body);
  b.For(b.Index(0), b.Index(1), 1, LoopKind::kBlock, "block", {},
        [](KernelBuilder& c, auto, const Values&) {
          c.For(c.Index(0), c.Index(32), 1, LoopKind::kThread, "thread", {},
                [](KernelBuilder& d, auto thread, const Values&) {
                  d.Shuffle(thread, kernel::ShuffleKind::kXor, 1);
                  return Values();
                });
          return Values();
        });
  const absl::Status status =
      codegen::JitCompile(LaunchAll({k}, 1), TestTargets()[0], codegen::JitOptions()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(status.message(), "kernel warp: shuffle is for the threads of a GPU, not for a CPU");
}

}  // namespace
}  // namespace cermet::testing
