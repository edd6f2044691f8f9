// What the analysis of index values shows, and what it must not show: machine arithmetic wraps.
#include "passes/schedule/index_analysis.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "passes/schedule/kernel_walk.h"
#include "tests/schedule/schedule_testing.h"

namespace cermet::schedule {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

TEST(PolynomialTest, OverflowMakesItUnknown) {
  const Polynomial x = Polynomial::OfAtom(1);
  EXPECT_TRUE((Polynomial(kMax) + 1).overflowed());
  EXPECT_TRUE((Polynomial(kMin) - 1).overflowed());
  EXPECT_TRUE((x * kMax + x).overflowed());
  EXPECT_TRUE((x * kMin).overflowed());
  EXPECT_TRUE(((x * (int64_t{1} << 40)) * (x * (int64_t{1} << 40))).overflowed());
  EXPECT_FALSE((x * kMax - x).overflowed());
  const Polynomial unknown = Polynomial(kMax) + 1;
  EXPECT_TRUE((unknown * 0).overflowed());
  EXPECT_TRUE((x + unknown).overflowed());
  EXPECT_FALSE(unknown.IsConstant());
  EXPECT_FALSE(unknown == unknown);
}

TEST(IntervalTest, LimitsAreNeverTakenForValues) {
  EXPECT_FALSE(Interval::Of(kMax).IsFinite());
  EXPECT_FALSE(Interval::Of(kMin).IsFinite());
  EXPECT_TRUE(Interval::Of(kMax / 4).IsFinite());
  EXPECT_FALSE((Interval::Of(kMax / 4) * Interval::Of(8)).IsFinite());
  EXPECT_FALSE((Interval::Of(kMax) + Interval::Of(-5)).IsFinite());
}

// An analysis of the kernel and the value that its last store writes.
class Analysed {
 public:
  explicit Analysed(const std::string& body)
      : kernel_(ParseKernel("kernel @k(%x: i64[50], %z: u8[50], %g: f32[?n,?m], "
                            "%y: i64[?n,50] out) {\n" +
                            body + "\n}")),
        analysis_(IndexAnalysis::OfKernel(&kernel_)) {
    ForEachInst(kernel_.body, [&](const kernel::Inst& inst) {
      if (inst.kind == kernel::InstKind::kStore) stored_ = inst.operands[0];
    });
  }
  Polynomial value() const { return analysis_.Value(stored_); }
  bool NonNegative() const { return analysis_.ProveNonNegative(value()); }
  bool IsOpaque() const { return value() == Polynomial::OfAtom(stored_); }

 private:
  kernel::Kernel kernel_;
  IndexAnalysis analysis_;
  kernel::ValueId stored_ = kernel::kNoValue;
};

std::string Loops(const std::string& value) {
  return "parallel %i in 0..?n { parallel %j in 0..50 {\n" + value + "\n%y[%i, %j] = %v } }";
}

TEST(IndexAnalysisTest, FollowsIndexArithmetic) {
  EXPECT_TRUE(Analysed(Loops("%v = %i * 50 + %j")).NonNegative());
  EXPECT_TRUE(Analysed(Loops("%v = ?n - 1 - %i")).NonNegative());
  EXPECT_TRUE(Analysed(Loops("%v = (%i * ?m + %j) * 150528")).NonNegative());
  EXPECT_TRUE(Analysed(Loops("%v = 49 - %j")).NonNegative());
  EXPECT_FALSE(Analysed(Loops("%v = 48 - %j")).NonNegative());
}

TEST(IndexAnalysisTest, FollowsUserValuesWithinARange) {
  EXPECT_TRUE(Analysed(Loops("%v = convert<i64>(%z[%j]) * 1000")).NonNegative());
  EXPECT_TRUE(Analysed(Loops("%v = clamp(0, %x[%j], 1000) * 16")).NonNegative());
  // A clamped row of a matrix of ?m columns.
  EXPECT_TRUE(Analysed(Loops("%v = clamp(0, %x[%j], 1000) * ?m + 3")).NonNegative());
  EXPECT_FALSE(Analysed(Loops("%v = %x[%j]")).NonNegative());
}

TEST(IndexAnalysisTest, UserValuesThatMayWrapAreOpaque) {
  for (const char* value : {
           "%v = convert<i64>(%z[%j]) * 6364136223846793005 + 1442695040888963407",
           "%v = clamp(0, %x[%j], 9223372036854775807) * 2",
           "%v = clamp(0, %x[%j], 1152921504606846976) * 16",
           "%v = minimum(maximum(%x[%j], 0), 1152921504606846976) * 16",
           "%v = clamp(0, %x[%j], 2305843009213693957) * 8",
           "%v = maximum(%x[%j], 0) + 1",
           "%v = maximum(%x[%j], 0) + %i",
           "%v = %j * 1152921504606846976",
           "%v = %i * 1152921504606846976",
           "%v = %i + 9223372036854775807",
           "%v = %i * %i * %i",
           "%v = select(%x[%j] < 0, %i, 1152921504606846976) * 16",
       }) {
    SCOPED_TRACE(value);
    const Analysed analysed(Loops(value));
    EXPECT_TRUE(analysed.IsOpaque());
    EXPECT_FALSE(analysed.NonNegative());
  }
}

TEST(IndexAnalysisTest, ALimitIsNoConstant) {
  EXPECT_FALSE(Analysed(Loops("%v = maximum(%x[%j], 4611686018427387909)")).value().IsConstant());
  EXPECT_TRUE(Analysed(Loops("%v = maximum(%x[%j], 4611686018427387909)")).NonNegative());
}

// Only an extent that is 0 shows that nothing is computed.
TEST(IndexAnalysisTest, UserDivisorsMayBeZero) {
  EXPECT_FALSE(Analysed(Loops("%v = convert<i64>(%z[%j]) - 1 - rem(%j, convert<i64>(%z[%j]))"))
                   .NonNegative());
  EXPECT_TRUE(Analysed(Loops("%v = ?n - 1 - rem(%j, ?n)")).NonNegative());
}

}  // namespace
}  // namespace cermet::schedule
