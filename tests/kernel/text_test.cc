// The text form of kernels: what it looks like, that it parses back to the same bytes, and its
// errors.
#include "ir/kernel/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/kernel/builder.h"
#include "ir/kernel/verifier.h"

namespace cermet::kernel {
namespace {

using ::testing::HasSubstr;

// Texts in the form that the printer gives.
const char* const kTexts[] = {
    R"(kernel @matmul(%x: f32[?n,784], %w: f32[784,512], %y: f32[?n,512] out) "fc1/MatMul" "fc1/BiasAdd" {
  parallel %i in 0..?n {
    for %j in 0..512 {
      %0 = for %k in 0..784 carry(%1 = f32(0)) {
        %2 = fma(%x[%i, %k], %w[%k, %j], %1)
        yield %2
      }
      %y[%i, %j] = maximum(%0, f32(0))
    }
  }
}
)",
    R"(kernel @tiled(%x: f32[?n,784], %w: f32[32,784,16] packed(dim 1 by 16 of [784,512]), %y: f32[?n,512] inout) {
  scratch %s: f32[64]
  parallel %jb in 0..32 {
    for %ib in 0..?n step 6 {
      %0 = %ib + iota<6x1>(0) < ?n : bool<6x1>
      %1 = for %k in 0..784 step 2 carry(%2 = splat<6x16>(f32(0))) {
        %3 = %x[%ib + iota<6x1>(0), %k] mask %0 : f32<6x1>
        %4 = fma(%3, %w[%jb, %k, iota<1x16>(1)], %2) : f32<6x16>
        yield %4
      }
      %s[0 : 8] = splat<8>(f32(1.5))
      %5 = slice(%1, axis 0, 1..2) : f32<1x16>
      %y[%ib + iota<6x1>(0), %jb * 16 + iota<1x16>(1)] = %1 mask %0
    }
  }
}
)",
    R"(kernel @lanes(%x: f32[?n,?k], %y: f32[?n] out) {
  parallel %i in 0..?n {
    %0 = for %j in 0..?k order lanes(64) carry(%1 = f32(0)) {
      %2 = %1 + %x[%i, %j]
      yield %2
    } combine(%3, %4) {
      %5 = %3 + %4
      yield %5
    }
    %y[%i] = %0
  }
}
)",
    R"(kernel @warps(%x: f16[64,32], %w: f16[32,8], %y: f32[64,8] out) {
  shared %s: f16[16,16]
  block %b in 0..4 {
    thread %t in 0..32 {
      copy_async %s[%t / 2, %t * 8 : 8] = %x[%b * 16 + %t / 2, %t * 8 : 8]
      copy_async %s[0, 0 : 2] = %x[%b, 0 : 2] mask %t < 4
      commit
      wait 0
      barrier
      %0 = %s[iota<8 a16x16>(0), iota<8 a16x16>(1)] : f16<8 a16x16>
      %1 = %w[iota<4 b16x8>(0), iota<4 b16x8>(1)] : f16<4 b16x8>
      %2 = mma<f16>(%0, %1, splat<4 c16x8>(f32(0))) : f32<4 c16x8>
      %y[%b * 16 + iota<4 c16x8>(0), iota<4 c16x8>(1)] = %2
      %3 = shuffle(%b + %t, xor 16)
      %4 = shuffle(%3, down 4)
      %5 = shuffle(%4, lane 0)
    }
  }
}
)",
    R"(kernel @gpu(%x: f32[?n], %y: f32[?n] out) {
  shared %t: f32[32]
  block %b in 0..dim(floordiv(?n+31,32)) {
    thread %tx in 0..32 {
      %0 = %b * 32 + %tx
      %1 = %x[%0] mask %0 < ?n
      %t[%tx] = %1
      barrier
      for %s in 1..%b + 1 {
        barrier
      }
      %y[%0] = %t[31 - %tx] mask %0 < ?n
    }
  }
}
)",
    R"(kernel @control(%p: bool, %x: i32[4], %y: i32[4] out, %z: u64 out) {
  for %i in 0..4 {
    %0 = %x[%i]
    check %0 > i32(-3) at %i code 7 "x \"small\""
    %1 = %p[]
    %2 = if %1 & %i < 2 {
      yield i32(1)
    } else {
      %3 = rem(%x[%i], i32(3))
      yield %3
    }
    if %2 == i32(1) {
      %z[] = u64(18446744073709551615)
    }
    %4 = convert<f64>(%2)
    %5 = %4 * f64(0.1)
    %6 = bitcast<i64>(%5)
    %y[%i] = convert<i32>((%6 - (%i - 1)) * -2)
  }
}
)",
};

class KernelTextTest : public testing::TestWithParam<const char*> {};

TEST_P(KernelTextTest, PrintsWhatItParses) {
  absl::StatusOr<std::vector<Kernel>> kernels = ParseKernels(GetParam(), "k.cermet");
  ASSERT_TRUE(kernels.ok()) << kernels.status();
  ASSERT_EQ(kernels->size(), 1u);
  EXPECT_EQ(Print((*kernels)[0]), GetParam());
}

INSTANTIATE_TEST_SUITE_P(All, KernelTextTest, testing::ValuesIn(kTexts));

TEST(KernelText, ManyKernelsInOneText) {
  std::string text;
  for (const char* part : kTexts) text += part;
  absl::StatusOr<std::vector<Kernel>> kernels = ParseKernels(text, "k.cermet");
  ASSERT_TRUE(kernels.ok()) << kernels.status();
  std::string printed;
  for (const Kernel& kernel : *kernels) printed += Print(kernel);
  EXPECT_EQ(printed, text);
}

std::string KeyOf(absl::string_view text) {
  absl::StatusOr<std::vector<Kernel>> kernels = ParseKernels(text, "k.cermet");
  EXPECT_TRUE(kernels.ok()) << kernels.status();
  return CanonicalKey((*kernels)[0]);
}

TEST(KernelText, KeysIgnoreNames) {
  EXPECT_EQ(KeyOf(R"(kernel @a(%x: f32[4], %y: f32[4] out) "n" {
                       for %i in 0..4 { %y[%i] = neg(%x[%i]) } })"),
            KeyOf(R"(kernel @b(%u: f32[4], %v: f32[4] out) {
                       for %row in 0..4 { %7 = %u[%row] %8 = neg(%7) %v[%row] = %8 } })"));
  EXPECT_NE(KeyOf("kernel @a(%x: f32[4], %y: f32[4] out) { for %i in 0..4 { %y[%i] = %x[%i] } }"),
            KeyOf("kernel @a(%x: f32[5], %y: f32[5] out) { for %i in 0..4 { %y[%i] = %x[%i] } }"));
}

TEST(KernelText, ConstantsKeepTheirBits) {
  Kernel kernel;
  kernel.name = "k";
  const std::pair<DType, ScalarBits> constants[] = {{DType::kF32, 0x7fc00000},
                                                    {DType::kF32, 0x7fa00001},
                                                    {DType::kF32, 0x80000000},
                                                    {DType::kF32, 0x00000001},
                                                    {DType::kF32, 0x7f800000},
                                                    {DType::kF32, 0x3dcccccd},
                                                    {DType::kF16, 0x3555},
                                                    {DType::kF16, 0xfe01},
                                                    {DType::kBF16, 0x3eab},
                                                    {DType::kF64, 1},
                                                    {DType::kF64, 0xfff0000000000000},
                                                    {DType::kI8, 0x80},
                                                    {DType::kU8, 0xff},
                                                    {DType::kI64, ~0ull},
                                                    {DType::kBool, 1}};
  for (const auto& [dtype, bits] : constants) {
    const int32_t buffer = static_cast<int32_t>(kernel.buffers.size());
    Buffer out;
    out.name = absl::StrCat("y", buffer);
    out.dtype = dtype;
    out.access = Access::kOut;
    kernel.buffers.push_back(out);
    KernelBuilder builder(&kernel, &kernel.body);
    builder.Store(buffer, builder.Constant(dtype, bits), {});
  }
  absl::StatusOr<std::vector<Kernel>> parsed = ParseKernels(Print(kernel), "k.cermet");
  ASSERT_TRUE(parsed.ok()) << parsed.status() << Print(kernel);
  std::vector<ScalarBits> read;
  for (const Inst& inst : (*parsed)[0].body.insts) {
    if (inst.kind == InstKind::kConstant) read.push_back(inst.bits);
  }
  ASSERT_EQ(read.size(), std::size(constants));
  for (size_t i = 0; i < read.size(); ++i) EXPECT_EQ(read[i], constants[i].second) << i;
}

TEST(KernelText, NestedLoopsOfOneNameAreTold) {
  Kernel kernel;
  kernel.name = "k";
  KernelBuilder builder(&kernel, &kernel.body);
  const ValueId zero = builder.Index(0), two = builder.Index(2);
  builder.For(
      zero, two, 1, LoopKind::kSerial, "i", {},
      [&](KernelBuilder& outer, ValueId, const std::vector<ValueId>&) -> std::vector<ValueId> {
        outer.For(zero, two, 1, LoopKind::kSerial, "i", {},
                  [](KernelBuilder&, ValueId, const std::vector<ValueId>&) {
                    return std::vector<ValueId>();
                  });
        return {};
      });
  const std::string text = Print(kernel);
  EXPECT_THAT(text, HasSubstr("for %i_1 in 0..2"));
  absl::StatusOr<std::vector<Kernel>> parsed = ParseKernels(text, "k.cermet");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(Print((*parsed)[0]), text);
}

struct ErrorCase {
  const char* body;
  const char* message;
};

class KernelTextErrorTest : public testing::TestWithParam<ErrorCase> {};

TEST_P(KernelTextErrorTest, NamesThePlace) {
  const std::string text =
      absl::StrCat("kernel @k(%x: f32[4], %y: f32[4] out) {\n", GetParam().body, "\n}");
  absl::StatusOr<std::vector<Kernel>> kernels = ParseKernels(text, "k.cermet");
  ASSERT_FALSE(kernels.ok());
  EXPECT_THAT(std::string(kernels.status().message()), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, KernelTextErrorTest,
    testing::Values(ErrorCase{"%0 = frobnicate(1)", "k.cermet:2:6: expected an expression"},
                    ErrorCase{"%0 = 1 + ", "expected an expression, found `}`"},
                    ErrorCase{"%y[%i] = f32(0)", "k.cermet:2:4: %i is not a value in scope"},
                    ErrorCase{"%0 = 1\n%0 = 2", "k.cermet:3:1: %0 is defined twice"},
                    ErrorCase{"%x = 1", "%x is defined twice"},
                    ErrorCase{"for %i in 0..4 { %0 = %i }\n%1 = %0", "%0 is not a value in scope"},
                    ErrorCase{"%0 = add(1)", "add takes 2 operands, not 1"},
                    ErrorCase{"%0 = exp(f32(1))", "expected an expression"},
                    ErrorCase{"%0 = splat<4>(1) + splat<5>(1)", "does not broadcast"},
                    ErrorCase{"%0 = iota<4>(0) : i64<5>", "the value has type i64<4>, not i64<5>"},
                    ErrorCase{"%0 = iota<0>(0)", "expected the extents of a tile"},
                    ErrorCase{"%0 = iota<70000>(0)", "expected the extents of a tile"},
                    ErrorCase{"%0 = iota<4>(1)", "no axis 1"},
                    ErrorCase{"%0 = slice(iota<4>(0), axis 0, 2..5)",
                              "the slice is outside i64<4>"},
                    ErrorCase{"%0 = extract(iota<4>(0), 4)", "no lane 4 in i64<4>"},
                    ErrorCase{"%0 = splat<4>(iota<3>(0))", "does not broadcast to the tile"},
                    ErrorCase{"%0 = i8(200)", "200 does not fit i8"},
                    ErrorCase{"%0 = f16(bits 0x10000)", "more bits than f16 has"},
                    ErrorCase{"%0 = %x[0 : 0]", "expected a positive number of lanes"},
                    ErrorCase{"%0 = 1 mask true", "only a load or a store takes a mask"},
                    ErrorCase{"%0, %1 = for %i in 0..4 carry(%2 = 1) { yield %2 }",
                              "1 results are named 2 times"},
                    ErrorCase{"%0, %1 = 2", "expected a loop or an `if`"},
                    ErrorCase{"%0 = splat<3 c16x8>(1)", "a thread has 4 elements of c16x8"},
                    ErrorCase{"%0 = iota<4 c16x8>(2)", "no axis 2"},
                    ErrorCase{"%0 = iota<4 d16x8>(0)", "expected `>`"},
                    ErrorCase{"%0 = splat<4 c16x8>(iota<4>(0))", "does not broadcast to the tile"},
                    ErrorCase{"%0 = splat<4 c16x8>(1) + splat<4>(1)", "does not broadcast"},
                    ErrorCase{"%0 = shuffle(1, up 1)", "expected `xor`, `down` or `lane`"},
                    ErrorCase{"%0 = mma<f32>(1, 2, 3)", "expected the mode of an mma"},
                    ErrorCase{"%0 = mma<f16>(1, 2)", "mma takes 3 operands"},
                    ErrorCase{"copy_async %z[0] = %x[0]", "expected a buffer"},
                    ErrorCase{"copy_async %y[0] = 1", "expected a buffer"},
                    ErrorCase{"copy_async %y[0 : 4] = %x[0]", "the lanes of a copy differ"},
                    ErrorCase{"wait", "expected an integer"}, ErrorCase{"}", "expected `kernel`"}));

}  // namespace
}  // namespace cermet::kernel
