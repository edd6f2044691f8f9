// The basic elementwise ops on one element, at the edges that ops.def states.
#include "ir/scalar_ops.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace cermet {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

int64_t Int(OpCode op, DType dtype, int64_t x, int64_t y = 0, int64_t z = 0) {
  const ScalarBits operands[] = {BitsFromInt(dtype, x), BitsFromInt(dtype, y),
                                 BitsFromInt(dtype, z)};
  return IntFromBits(dtype, Apply({op, dtype, dtype}, operands));
}
double Float(OpCode op, DType dtype, double x, double y = 0, double z = 0) {
  const ScalarBits operands[] = {BitsFromFloat(dtype, x), BitsFromFloat(dtype, y),
                                 BitsFromFloat(dtype, z)};
  return FloatFromBits(dtype, Apply({op, dtype, dtype}, operands));
}
ScalarBits Convert(DType from, DType to, ScalarBits bits) {
  return Apply({OpCode::kConvert, from, to}, &bits);
}
int64_t ToInt(double x, DType to) {
  return IntFromBits(to, Convert(DType::kF64, to, std::bit_cast<uint64_t>(x)));
}

TEST(ScalarOpsTest, IntegerDivisionIsTotal) {
  EXPECT_EQ(Int(OpCode::kDiv, DType::kI32, 7, 0), -1);
  EXPECT_EQ(Int(OpCode::kDiv, DType::kU8, 7, 0), 255);
  EXPECT_EQ(Int(OpCode::kRem, DType::kI32, 7, 0), 7);
  EXPECT_EQ(Int(OpCode::kDiv, DType::kI64, INT64_MIN, -1), INT64_MIN);
  EXPECT_EQ(Int(OpCode::kDiv, DType::kI8, -128, -1), -128);
  EXPECT_EQ(Int(OpCode::kRem, DType::kI64, INT64_MIN, -1), 0);
  EXPECT_EQ(Int(OpCode::kDiv, DType::kI32, -7, 2), -3);
  EXPECT_EQ(Int(OpCode::kRem, DType::kI32, -7, 2), -1);
}

TEST(ScalarOpsTest, IntegersWrap) {
  EXPECT_EQ(Int(OpCode::kAdd, DType::kI8, 127, 1), -128);
  EXPECT_EQ(Int(OpCode::kMul, DType::kU16, 65535, 65535), 1);
  EXPECT_EQ(Int(OpCode::kMul, DType::kI64, INT64_MAX, 2), -2);
  EXPECT_EQ(Int(OpCode::kNeg, DType::kI32, INT32_MIN), INT32_MIN);
  EXPECT_EQ(Int(OpCode::kAbs, DType::kI8, -128), -128);
  EXPECT_EQ(Int(OpCode::kSub, DType::kU8, 0, 1), 255);
}

TEST(ScalarOpsTest, ShiftsByTooMuch) {
  EXPECT_EQ(Int(OpCode::kShiftLeft, DType::kI32, 1, 31), INT32_MIN);
  EXPECT_EQ(Int(OpCode::kShiftLeft, DType::kI32, 1, 32), 0);
  EXPECT_EQ(Int(OpCode::kShiftLeft, DType::kI32, 1, -1), 0);
  EXPECT_EQ(Int(OpCode::kShiftRightLogical, DType::kI8, -1, 1), 127);
  EXPECT_EQ(Int(OpCode::kShiftRightLogical, DType::kU64, -1, 64), 0);
  EXPECT_EQ(Int(OpCode::kShiftRightArithmetic, DType::kI8, -128, 100), -1);
  EXPECT_EQ(Int(OpCode::kShiftRightArithmetic, DType::kU8, 128, 1), 192);
}

TEST(ScalarOpsTest, BitCounts) {
  EXPECT_EQ(Int(OpCode::kPopCount, DType::kI8, -1), 8);
  EXPECT_EQ(Int(OpCode::kCountLeadingZeros, DType::kI16, 0), 16);
  EXPECT_EQ(Int(OpCode::kCountLeadingZeros, DType::kU64, 1), 63);
  EXPECT_EQ(Int(OpCode::kNot, DType::kU8, 1), 254);
}

TEST(ScalarOpsTest, BoolArithmeticIsLogic) {
  for (int64_t x : {0, 1}) {
    for (int64_t y : {0, 1}) {
      EXPECT_EQ(Int(OpCode::kAdd, DType::kBool, x, y), x | y);
      EXPECT_EQ(Int(OpCode::kMul, DType::kBool, x, y), x & y);
      EXPECT_EQ(Int(OpCode::kMaximum, DType::kBool, x, y), x | y);
      EXPECT_EQ(Int(OpCode::kMinimum, DType::kBool, x, y), x & y);
      EXPECT_EQ(Int(OpCode::kXor, DType::kBool, x, y), x ^ y);
    }
    EXPECT_EQ(Int(OpCode::kNot, DType::kBool, x), 1 - x);
  }
}

TEST(ScalarOpsTest, FloatExtremaPropagateNan) {
  for (DType dtype : {DType::kF16, DType::kBF16, DType::kF32, DType::kF64}) {
    EXPECT_TRUE(std::isnan(Float(OpCode::kMaximum, dtype, kNan, 1)));
    EXPECT_TRUE(std::isnan(Float(OpCode::kMaximum, dtype, 1, kNan)));
    EXPECT_TRUE(std::isnan(Float(OpCode::kMinimum, dtype, kNan, 1)));
    EXPECT_TRUE(std::isnan(Float(OpCode::kMinimum, dtype, 1, kNan)));
    EXPECT_TRUE(std::isnan(Float(OpCode::kClamp, dtype, 0, kNan, 1)));
    EXPECT_EQ(Float(OpCode::kClamp, dtype, 0, -3, 1), 0);
    EXPECT_EQ(Float(OpCode::kClamp, dtype, 0, 3, 1), 1);
  }
  EXPECT_FALSE(std::signbit(Float(OpCode::kMaximum, DType::kF32, 0.0, -0.0))) << "ties give x";
  EXPECT_TRUE(std::signbit(Float(OpCode::kMaximum, DType::kF32, -0.0, 0.0))) << "ties give x";
}

TEST(ScalarOpsTest, FloatUnaries) {
  EXPECT_EQ(Float(OpCode::kRoundEven, DType::kF32, 2.5), 2);
  EXPECT_EQ(Float(OpCode::kRoundEven, DType::kF32, 3.5), 4);
  EXPECT_EQ(Float(OpCode::kFloor, DType::kF64, -0.5), -1);
  EXPECT_EQ(Float(OpCode::kCeil, DType::kF16, 0.5), 1);
  EXPECT_EQ(Float(OpCode::kTrunc, DType::kF32, -1.75), -1);
  EXPECT_TRUE(std::isnan(Float(OpCode::kSqrt, DType::kF32, -1)));
  EXPECT_TRUE(std::isnan(Float(OpCode::kSign, DType::kF32, kNan)));
  EXPECT_TRUE(std::signbit(Float(OpCode::kSign, DType::kF32, -0.0)));
  EXPECT_EQ(Float(OpCode::kSign, DType::kF32, -kInf), -1);
  EXPECT_TRUE(std::signbit(Float(OpCode::kNeg, DType::kF32, 0.0)));
  EXPECT_EQ(Float(OpCode::kRem, DType::kF32, -7.5, 2), -1.5);
}

TEST(ScalarOpsTest, HalfPrecisionRoundsOncePerOp) {
  EXPECT_EQ(Float(OpCode::kAdd, DType::kF16, 2048, 1), 2048);
  EXPECT_EQ(Float(OpCode::kAdd, DType::kF16, 2048, 3), 2052);
  EXPECT_EQ(Float(OpCode::kMul, DType::kF16, 300, 300), kInf);
  EXPECT_EQ(Float(OpCode::kFma, DType::kF16, 2048, 1, 1), 2048);
  EXPECT_EQ(Float(OpCode::kFma, DType::kF32, 1 + 0x1p-23, 1 - 0x1p-23, -1), -0x1p-46);
}

TEST(ScalarOpsTest, ComparisonsWithNan) {
  const ScalarBits nan = BitsFromFloat(DType::kF32, kNan);
  for (int d = 0; d < 6; ++d) {
    const auto direction = static_cast<CompareDirection>(d);
    const ScalarBits operands[] = {nan, nan};
    EXPECT_EQ(Apply({OpCode::kCompare, DType::kF32, DType::kBool, direction}, operands),
              direction == CompareDirection::kNe ? 1u : 0u);
    EXPECT_EQ(ParseCompareDirection(Name(direction)), direction);
  }
  const ScalarBits integers[] = {BitsFromInt(DType::kU64, -1), 1};
  EXPECT_EQ(Apply({OpCode::kCompare, DType::kU64, DType::kBool, CompareDirection::kGt}, integers),
            1u);
  EXPECT_EQ(Apply({OpCode::kCompare, DType::kI64, DType::kBool, CompareDirection::kGt}, integers),
            0u);
}

TEST(ScalarOpsTest, FloatToIntegerSaturates) {
  EXPECT_EQ(ToInt(kNan, DType::kI32), 0);
  EXPECT_EQ(ToInt(3e9, DType::kI32), INT32_MAX);
  EXPECT_EQ(ToInt(-3e9, DType::kI32), INT32_MIN);
  EXPECT_EQ(ToInt(-1.9, DType::kU8), 0);
  EXPECT_EQ(ToInt(255.9, DType::kU8), 255);
  EXPECT_EQ(ToInt(256, DType::kU8), 255);
  EXPECT_EQ(ToInt(-128.9, DType::kI8), -128);
  EXPECT_EQ(ToInt(9.3e18, DType::kI64), INT64_MAX);
  EXPECT_EQ(static_cast<uint64_t>(ToInt(kInf, DType::kU64)), UINT64_MAX);
  EXPECT_EQ(ToInt(0.5, DType::kBool), 1);
  EXPECT_EQ(ToInt(-2.9, DType::kI64), -2);
}

TEST(ScalarOpsTest, OtherConversions) {
  EXPECT_EQ(Convert(DType::kI32, DType::kU8, BitsFromInt(DType::kI32, -1)), 255u);
  EXPECT_EQ(IntFromBits(DType::kI64, Convert(DType::kI8, DType::kI64, 0x80)), -128);
  EXPECT_EQ(Convert(DType::kI32, DType::kBool, 2), 1u);
  EXPECT_EQ(Convert(DType::kBool, DType::kF32, 1), std::bit_cast<uint32_t>(1.0f));
  EXPECT_EQ(FloatFromBits(DType::kF32, Convert(DType::kI64, DType::kF32, 16777217)), 16777216);
  EXPECT_EQ(FloatFromBits(DType::kF32, Convert(DType::kU64, DType::kF32, UINT64_MAX)), 0x1p64);
  EXPECT_EQ(FloatFromBits(DType::kF16, Convert(DType::kI32, DType::kF16, 100000)), kInf);
  EXPECT_EQ(FloatFromBits(DType::kBF16, Convert(DType::kF16, DType::kBF16, 0x3c01)), 1);
}

TEST(ScalarOpsTest, SelectBitcastIsFinite) {
  const ScalarBits operands[] = {1, 11, 22};
  EXPECT_EQ(Apply({OpCode::kSelect, DType::kI32, DType::kI32}, operands), 11u);
  const ScalarBits one = std::bit_cast<uint32_t>(1.0f);
  EXPECT_EQ(Apply({OpCode::kBitcast, DType::kF32, DType::kI32}, &one), 0x3f800000u);
  const ScalarBits infinity = 0x7c00;
  EXPECT_EQ(Apply({OpCode::kIsFinite, DType::kF16, DType::kBool}, &infinity), 0u);
  EXPECT_EQ(Apply({OpCode::kIsFinite, DType::kBF16, DType::kBool}, &infinity), 1u);
}

}  // namespace
}  // namespace cermet
