// Integer arithmetic of the user wraps, also where the compiler works with the ranges of indices.
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "codegen/target.h"
#include "ir/evaluator/evaluator.h"
#include "ir/parser.h"
#include "tests/support/backends.h"

namespace cermet {
namespace {

// Runs the text on `inputs` and expects the evaluator's results.
void Check(const std::string& text, const std::vector<Literal>& inputs) {
  SCOPED_TRACE(text);
  const absl::StatusOr<std::unique_ptr<Module>> module = ParseModule(text, "test.cermet");
  ASSERT_TRUE(module.ok()) << module.status();
  const absl::StatusOr<std::vector<Literal>> expected =
      Evaluate(**module, *(*module)->entry(), inputs);
  ASSERT_TRUE(expected.ok()) << expected.status();
  CompileOptions options;
  options.passes.target = *codegen::HostTarget();
  const absl::StatusOr<testing::BackendResults> actual =
      testing::RunBackends(**module, inputs, options);
  ASSERT_TRUE(actual.ok()) << actual.status();
  EXPECT_EQ(actual->compiled[0], (*expected)[0]);
  EXPECT_EQ(actual->interpreted[0], (*expected)[0]);
}

std::vector<Literal> Integers() {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const int64_t values[] = {0, 5, -3, int64_t{1} << 40, int64_t{1} << 60, kMax, -kMax - 1, 7};
  return {Literal::FromValues<int64_t>({8}, values)};
}

TEST(Wrapping, GeneratorOfRandomNumbers) {
  const uint8_t seeds[] = {0, 1, 2, 3, 100, 200, 254, 255};
  Check(R"(
graph @main(%seed: u8[8]) {
  %a = constant 6364136223846793005 : i64
  %c = constant 1442695040888963407 : i64
  %aa = broadcast_in_dim(%a) {dims = []} : i64[8]
  %cc = broadcast_in_dim(%c) {dims = []} : i64[8]
  %0 = constant 0 : i64
  %zz = broadcast_in_dim(%0) {dims = []} : i64[8]
  %x = convert(%seed) : i64[8]
  %3 = mul(%x, %aa) : i64[8]
  %4 = add(%3, %cc) : i64[8]
  %5 = compare(%4, %zz) {direction = lt} : bool[8]
  return %5
}
)",
        {Literal::FromValues<uint8_t>({8}, seeds)});
}

TEST(Wrapping, ClampedTimesAFactor) {
  const std::string head = R"(
graph @main(%x: i64[8]) {
  %0 = constant 0 : i64
  %h = constant )";
  for (const auto& [limit, factor] :
       {std::pair("9223372036854775807", "2"), std::pair("1152921504606846976", "16")}) {
    const std::string constants = head + limit + " : i64\n  %f = constant " + factor + R"( : i64
  %z = broadcast_in_dim(%0) {dims = []} : i64[8]
  %hh = broadcast_in_dim(%h) {dims = []} : i64[8]
  %ff = broadcast_in_dim(%f) {dims = []} : i64[8]
)";
    for (const char* clamp : {"  %2 = clamp(%z, %x, %hh) : i64[8]\n",
                              "  %1 = maximum(%x, %z) : i64[8]\n"
                              "  %2 = minimum(%1, %hh) : i64[8]\n"}) {
      for (const char* end : {"  %4 = maximum(%3, %z) : i64[8]\n", "  %4 = div(%3, %ff) : i64[8]\n",
                              "  %4 = rem(%3, %hh) : i64[8]\n"}) {
        Check(constants + clamp + "  %3 = mul(%2, %ff) : i64[8]\n" + end + "  return %4\n}\n",
              Integers());
      }
    }
  }
}

TEST(Wrapping, IotaTimesAFactor) {
  Check(R"(
graph @main() {
  %f = constant 1152921504606846976 : i64
  %ff = broadcast_in_dim(%f) {dims = []} : i64[40]
  %z = constant 0 : i64
  %zz = broadcast_in_dim(%z) {dims = []} : i64[40]
  %1 = iota() {dim = 0} : i64[40]
  %2 = mul(%1, %ff) : i64[40]
  %3 = compare(%2, %zz) {direction = ge} : bool[40]
  return %3
}
)",
        {});
}

// The start is out of the tensor after it has wrapped; it must be clamped nevertheless.
TEST(Wrapping, StartOfAnUpdate) {
  const std::vector<float> update(8, 1.0f);
  for (const auto& [limit, factor] :
       {std::pair("9223372036854775807", "4"), std::pair("2305843009213693957", "8"),
        std::pair("1099511627776", "16777216")}) {
    const std::string text = std::string(R"(
graph @main(%x: i64[], %t: f32[1000], %u: f32[8]) {
  %0 = constant 0 : i64
  %h = constant )") + limit + " : i64\n  %f = constant " +
                             factor + R"( : i64
  %2 = clamp(%0, %x, %h) : i64[]
  %3 = mul(%2, %f) : i64[]
  %4 = dynamic_update_slice(%t, %u, %3) : f32[1000]
  return %4
}
)";
    for (const int64_t x : {int64_t{0}, int64_t{5}, int64_t{1} << 40, int64_t{1} << 61,
                            std::numeric_limits<int64_t>::max(), int64_t{-1}}) {
      Check(text, {Literal::Scalar<int64_t>(x), Literal::Splat(DType::kF32, {1000}, 0.0),
                   Literal::FromValues<float>({8}, update)});
    }
  }
}

}  // namespace
}  // namespace cermet
