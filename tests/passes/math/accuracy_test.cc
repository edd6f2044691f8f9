// How far the expansions of transcendental functions are from the exact results. The quick tests
// take samples; the slow ones all 2^32 values of f32, and print what docs/accuracy.md publishes.
#include "tests/passes/math/accuracy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>
#include <thread>

#include "absl/strings/str_cat.h"
#include "ir/evaluator/evaluator.h"
#include "passes/math/math_body.h"
#include "tests/passes/math/body_program.h"

namespace cermet {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

std::string TestName(const ::testing::TestParamInfo<UnaryFunction>& info) {
  return std::string(Name(info.param.op));
}

class UnaryAccuracyTest : public ::testing::TestWithParam<UnaryFunction> {};

TEST_P(UnaryAccuracyTest, F32Sample) {
  const WorstError worst = MeasureF32(GetParam(), 0, 0xffffffff, 65521);
  EXPECT_LE(worst.ulp, GetParam().f32_bound) << "at " << worst.at;
  // Around zero of both signs, and where numbers end.
  for (uint32_t first : {0u, 0x007fff00u, 0x7f7fff00u, 0x80000000u, 0xff7fff00u}) {
    const WorstError edge = MeasureF32(GetParam(), first, first + 0x200, 1);
    EXPECT_LE(edge.ulp, GetParam().f32_bound) << "at " << edge.at;
  }
  const WorstError near_one = MeasureF32(GetParam(), 0x3f000000, 0x41000000, 997);
  EXPECT_LE(near_one.ulp, GetParam().f32_bound) << "at " << near_one.at;
}

// Specials, all exponents, and dense around where functions bend.
std::vector<double> SampleF64() {
  std::mt19937_64 random(1);
  std::vector<double> values = {0.0,  -0.0,     1,      -1,      0.5,    -0.5,  2,
                                kInf, -kInf,    NAN,    709.7,   709.8,  -745,  -746,
                                1e22, 0x1p1023, 5e-324, -5e-324, 1e-310, 0.9277};
  for (int i = 0; i < 20000; ++i) values.push_back(std::bit_cast<double>(random()));
  std::uniform_real_distribution<double> small(-2, 2), medium(-40, 40), large(-800, 800);
  for (int i = 0; i < 20000; ++i) {
    values.push_back(small(random));
    values.push_back(medium(random));
    values.push_back(large(random));
  }
  for (int k = 1; k < 2000; ++k) values.push_back(k * M_PI_2);
  return values;
}

TEST_P(UnaryAccuracyTest, F64Sample) {
  const WorstError worst = MeasureF64(GetParam(), SampleF64());
  EXPECT_LE(worst.ulp, GetParam().f64_bound) << "at " << worst.at;
  RecordProperty("ulp", std::to_string(worst.ulp));
}

INSTANTIATE_TEST_SUITE_P(Functions, UnaryAccuracyTest, ::testing::ValuesIn(UnaryFunctions()),
                         TestName);

class SlowUnaryAccuracyTest : public ::testing::TestWithParam<UnaryFunction> {};

TEST_P(SlowUnaryAccuracyTest, AllF32) {
  WorstError worst[2];
  std::thread other([&] { worst[1] = MeasureF32(GetParam(), 0x80000000, 0xffffffff, 1); });
  worst[0] = MeasureF32(GetParam(), 0, 0x7fffffff, 1);
  other.join();
  const WorstError& worse = worst[0].ulp > worst[1].ulp ? worst[0] : worst[1];
  std::printf("%s f32: %.4f ulp at %a\n", std::string(Name(GetParam().op)).c_str(), worse.ulp,
              worse.at);
  EXPECT_LE(worse.ulp, GetParam().f32_bound);
}

INSTANTIATE_TEST_SUITE_P(Functions, SlowUnaryAccuracyTest, ::testing::ValuesIn(UnaryFunctions()),
                         TestName);

TEST(AccuracyDocs, PublishWhatTheTestsAssert) {
  std::ifstream file("docs/accuracy.md");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  for (const UnaryFunction& function : UnaryFunctions()) {
    const std::string row = absl::StrCat("| ", std::string(Name(function.op)), " | ",
                                         function.f32_bound, " | ", function.f64_bound, " |");
    EXPECT_NE(text.find(row), std::string::npos) << row;
  }
}

// ---- functions of two operands

std::vector<std::pair<double, double>> Pairs(DType dtype) {
  std::vector<double> special = {0.0,  -0.0, 1,     -1,  2,     -2,   3,     -3,  0.5,
                                 -0.5, kInf, -kInf, NAN, 1e-30, 1e30, -1e30, 1.5, 1e10 + 1};
  std::vector<std::pair<double, double>> pairs;
  for (double x : special) {
    for (double y : special) pairs.emplace_back(x, y);
  }
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> base(0, 8), exponent(-60, 60), wide(-30, 30);
  for (int i = 0; i < 20000; ++i) {
    pairs.emplace_back(base(random), exponent(random));
    pairs.emplace_back(std::exp(wide(random)), wide(random) / 10);
    pairs.emplace_back(wide(random), std::floor(wide(random)));
    pairs.emplace_back(1 + wide(random) * 1e-6, wide(random) * 1e6);
    const uint64_t x = random(), y = random();
    if (dtype == DType::kF32) {
      pairs.emplace_back(std::bit_cast<float>(static_cast<uint32_t>(x)),
                         std::bit_cast<float>(static_cast<uint32_t>(y)));
    } else {
      pairs.emplace_back(std::bit_cast<double>(x), std::bit_cast<double>(y));
    }
  }
  return pairs;
}

template <typename T, typename Wide>
WorstError MeasureBinary(OpCode op, DType dtype, Wide (*reference)(Wide, Wide),
                         double (*error)(T, Wide), double* worst_y) {
  BodyProgram program(*MathBody(op, dtype));
  const std::vector<std::pair<double, double>> pairs = Pairs(dtype);
  constexpr size_t kChunk = BodyProgram::kChunk;
  T x[kChunk] = {}, y[kChunk] = {}, result[kChunk];
  WorstError worst;
  for (size_t begin = 0; begin < pairs.size(); begin += kChunk) {
    const size_t count = std::min(kChunk, pairs.size() - begin);
    for (size_t i = 0; i < count; ++i) {
      x[i] = static_cast<T>(pairs[begin + i].first);
      y[i] = static_cast<T>(pairs[begin + i].second);
    }
    program.Run(x, y, static_cast<int64_t>(count), result);
    for (size_t i = 0; i < count; ++i) {
      const double ulp = error(result[i], reference(x[i], y[i]));
      if (ulp <= worst.ulp) continue;
      worst = {ulp, x[i]};
      *worst_y = y[i];
    }
  }
  return worst;
}

TEST(BinaryAccuracyTest, PowAndAtan2) {
  double y = 0;
  WorstError worst =
      MeasureBinary<float, double>(OpCode::kPow, DType::kF32, std::pow, UlpErrorF32, &y);
  EXPECT_LE(worst.ulp, 0.51) << worst.at << " " << y;
  worst = MeasureBinary<double, long double>(OpCode::kPow, DType::kF64, std::pow, UlpErrorF64, &y);
  EXPECT_LE(worst.ulp, 2) << worst.at << " " << y;
  worst = MeasureBinary<float, double>(OpCode::kAtan2, DType::kF32, std::atan2, UlpErrorF32, &y);
  EXPECT_LE(worst.ulp, 0.51) << worst.at << " " << y;
  worst =
      MeasureBinary<double, long double>(OpCode::kAtan2, DType::kF64, std::atan2, UlpErrorF64, &y);
  EXPECT_LE(worst.ulp, 2) << worst.at << " " << y;
}

// ---- the other element types, through the evaluator, which also runs the bodies as they are

TEST(MathBodyTest, SmallTypesMatchTheEvaluatorsOwnFunctions) {
  Module module;
  for (const OpInfo& info : AllOps()) {
    if (info.op_class != OpClass::kTranscendental) continue;
    for (DType dtype : {DType::kF16, DType::kBF16, DType::kI8, DType::kU8, DType::kI64}) {
      if (!Contains(info.dtypes, dtype)) continue;
      std::vector<Literal> inputs;
      for (int i = 0; i < info.max_operands; ++i) {
        Literal input(dtype, {});
        inputs.push_back(input);
      }
      const std::unique_ptr<Graph> body = MathBody(info.code, dtype);
      Graph direct("direct");
      std::vector<Value> parameters;
      for (int i = 0; i < info.max_operands; ++i) {
        parameters.push_back(
            direct.AddParameter(Type(dtype, {}), "p" + std::to_string(i))->result());
      }
      direct.set_results({direct.AddNode(info.code, parameters, {Type(dtype, {})})->result()});
      std::mt19937 random(3);
      for (int n = 0; n < 300; ++n) {
        for (Literal& input : inputs) {
          const uint64_t bits = random();
          std::memcpy(input.data(), &bits, static_cast<size_t>(ByteSize(dtype)));
          if (n % 3 == 0 && !IsFloat(dtype)) input.SetInt(0, static_cast<int64_t>(bits % 9) - 4);
        }
        const auto expanded = Evaluate(module, *body, inputs);
        const auto expected = Evaluate(module, direct, inputs);
        ASSERT_TRUE(expanded.ok() && expected.ok());
        if (!IsFloat(dtype)) {
          EXPECT_EQ((*expanded)[0], (*expected)[0]) << info.name << " " << inputs[0].ToString();
          continue;
        }
        const double a = (*expanded)[0].GetFloat(0), b = (*expected)[0].GetFloat(0);
        // One unit of the narrow type, for the double rounding.
        const double unit = dtype == DType::kF16 ? 0x1p-10 : 0x1p-7;
        const bool same =
            (std::isnan(a) && std::isnan(b)) || a == b || std::fabs(a - b) <= unit * std::fabs(b);
        EXPECT_TRUE(same) << info.name << " " << Name(dtype) << " " << inputs[0].ToString() << ": "
                          << a << " " << b;
      }
    }
  }
}

TEST(MathBodyTest, ProgramOfTheTestMatchesTheEvaluator) {
  Module module;
  std::mt19937_64 random(4);
  for (const OpInfo& info : AllOps()) {
    if (info.op_class != OpClass::kTranscendental) continue;
    for (DType dtype : {DType::kF32, DType::kF64}) {
      const std::unique_ptr<Graph> body = MathBody(info.code, dtype);
      BodyProgram program(*body);
      for (int n = 0; n < 50; ++n) {
        std::vector<Literal> inputs;
        for (int i = 0; i < info.max_operands; ++i) {
          inputs.push_back(Literal::Splat(dtype, {},
                                          std::ldexp(static_cast<double>(random() % 2000) - 1000,
                                                     static_cast<int>(random() % 40) - 30)));
        }
        Literal result(dtype, {});
        program.Run(inputs[0].data(), inputs.back().data(), 1, result.data());
        const auto expected = Evaluate(module, *body, inputs);
        ASSERT_TRUE(expected.ok());
        if (std::isnan(result.GetFloat(0))) {
          EXPECT_TRUE(std::isnan((*expected)[0].GetFloat(0)));
        } else {
          EXPECT_EQ(result, (*expected)[0]) << info.name << " of " << inputs[0].ToString();
        }
      }
    }
  }
}

}  // namespace
}  // namespace cermet
