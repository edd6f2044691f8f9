// Damaged text never crashes the parsers: it gives an error with a place, or a module or kernels
// that print and parse back.
#include "ir/parser.h"

#include <gtest/gtest.h>

#include "ir/kernel/interpreter/interpreter.h"
#include "ir/kernel/text.h"
#include "ir/printer.h"
#include "tests/fuzz/mutator.h"

namespace cermet {
namespace {

TEST(ParserFuzzTest, DamagedTextIsAnErrorOrParsesBack) {
  const std::vector<std::string> corpus = ReadCorpus("tests/golden/ir");
  ASSERT_FALSE(corpus.empty());
  Mutator mutator(corpus);
  int64_t accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::string text = mutator.Next();
    const absl::StatusOr<std::unique_ptr<Module>> module = ParseModule(text, "m.cermet");
    if (!module.ok()) {
      EXPECT_EQ(module.status().code(), absl::StatusCode::kInvalidArgument) << module.status();
      continue;
    }
    ++accepted;
    const std::string printed = Print(**module);
    const absl::StatusOr<std::unique_ptr<Module>> again = ParseModule(printed, "printed");
    ASSERT_TRUE(again.ok()) << again.status() << "\n" << text;
    ASSERT_EQ(Print(**again), printed) << text;
  }
  EXPECT_GT(accepted, 100);
}

// What is accepted also goes through the interpreter's translation.
TEST(ParserFuzzTest, DamagedKernelsAreErrorsOrParseBack) {
  const std::vector<std::string> corpus = ReadCorpus("tests/golden/schedule");
  ASSERT_FALSE(corpus.empty());
  Mutator mutator(corpus);
  int64_t accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::string text = mutator.Next();
    const absl::StatusOr<std::vector<kernel::Kernel>> kernels =
        kernel::ParseKernels(text, "k.cermet");
    if (!kernels.ok()) {
      EXPECT_EQ(kernels.status().code(), absl::StatusCode::kInvalidArgument) << kernels.status();
      continue;
    }
    ++accepted;
    for (const kernel::Kernel& kernel : *kernels) {
      const std::string printed = Print(kernel);
      const absl::StatusOr<std::vector<kernel::Kernel>> again =
          kernel::ParseKernels(printed, "printed");
      ASSERT_TRUE(again.ok()) << again.status() << "\n" << text;
      ASSERT_EQ(Print((*again)[0]), printed) << text;
      EXPECT_TRUE(kernel::Interpreter::Create(kernel).ok()) << printed;
    }
  }
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace cermet
