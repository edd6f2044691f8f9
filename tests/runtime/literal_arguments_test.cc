// Whole values as the arguments and results of a run.
#include "runtime/literal_arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cermet::runtime {
namespace {

using ::testing::HasSubstr;

const char* const kProgram = R"(program @main {
  dim ?n
  input %x: f32[?n] "x"
  input %s: i64 "s"
  output %y: f32[?n] "y"
  output %next: i64 "s" updates %s
  workspace 0 scratch 0
  copy %x to %y
}
)";

class LiteralArgumentsTest : public ::testing::Test {
 protected:
  absl::StatusOr<program::Program> program_ = program::ParseProgram(kProgram, "p.cermet");
  std::vector<Literal> inputs_ = {Literal(DType::kF32, {3}), Literal::Scalar<int64_t>(7)};
};

TEST_F(LiteralArgumentsTest, StateIsUpdatedInPlaceAndItsResultIsACopy) {
  absl::StatusOr<LiteralArguments> arguments =
      LiteralArguments::Create(*program_, &inputs_, StateUpdates::kInPlace);
  ASSERT_TRUE(arguments.ok()) << arguments.status();
  EXPECT_EQ(arguments->inputs()[1].data, inputs_[1].data());
  EXPECT_NE(arguments->outputs()[0], nullptr);
  EXPECT_EQ(arguments->outputs()[1], nullptr);
  *static_cast<int64_t*>(inputs_[1].data()) = 8;  // as the run does
  const std::vector<Literal> results = arguments->TakeResults();
  EXPECT_EQ(results[0].shape(), std::vector<int64_t>{3});
  EXPECT_EQ(results[1], Literal::Scalar<int64_t>(8));
}

TEST_F(LiteralArgumentsTest, StateStaysWhereUpdatesAreCopied) {
  absl::StatusOr<LiteralArguments> arguments =
      LiteralArguments::Create(*program_, &inputs_, StateUpdates::kCopied);
  ASSERT_TRUE(arguments.ok()) << arguments.status();
  ASSERT_NE(arguments->outputs()[1], nullptr);
  EXPECT_NE(arguments->outputs()[1], inputs_[1].data());
  *static_cast<int64_t*>(arguments->outputs()[1]) = 8;
  EXPECT_EQ(arguments->results()[1], Literal::Scalar<int64_t>(8));
  EXPECT_EQ(inputs_[1], Literal::Scalar<int64_t>(7));
}

TEST_F(LiteralArgumentsTest, OutputsThatAreTooLargeAreNamed) {
  const absl::StatusOr<program::Program> program = program::ParseProgram(R"(program @main {
  dim ?n
  input %x: f32[?n] "x"
  output %y: f32[?n,?n,?n,?n] "y"
  workspace 0 scratch 0
}
)",
                                                                         "p.cermet");
  ASSERT_TRUE(program.ok()) << program.status();
  std::vector<Literal> inputs = {Literal(DType::kF32, {4000})};
  const absl::Status status =
      LiteralArguments::Create(*program, &inputs, StateUpdates::kCopied).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("output \"y\""));
}

TEST_F(LiteralArgumentsTest, InputsThatDoNotFitAreNamed) {
  inputs_[0] = Literal(DType::kF32, {3, 4});
  EXPECT_THAT(
      std::string(
          LiteralArguments::Create(*program_, &inputs_, StateUpdates::kCopied).status().message()),
      HasSubstr("\"x\""));
}

}  // namespace
}  // namespace cermet::runtime
