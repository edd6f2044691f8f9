// Binding of symbolic dims.
#include "passes/bind_dims.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ir/parser.h"
#include "ir/printer.h"
#include "ir/verifier.h"

namespace cermet {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<Module> Parse(const std::string& text) {
  auto module = ParseModule(text, "test.cermet");
  EXPECT_TRUE(module.ok()) << module.status();
  return *std::move(module);
}

constexpr char kText[] =
    "dim ?n in 2..64 multiple of 2\n"
    "\n"
    "graph @main(%x: f32[?n,?m]) {\n"
    "  %1 = slice(%x) {start = [1, 0], limit = [?n, ?m], stride = [1, 1]} : f32[?n-1,?m]\n"
    "  %2 = dim_size() {size = [?n*?m]} : i64\n"
    "  return %1, %2\n"
    "}\n";

TEST(BindDimsTest, SubstitutesInTypesAndAttributes) {
  const std::unique_ptr<Module> module = Parse(kText);
  ASSERT_TRUE(BindDims(module.get(), {{"n", 4}}).ok());
  ASSERT_TRUE(Verify(*module).ok());
  const std::string text = Print(*module);
  EXPECT_THAT(text, HasSubstr("limit = [4, ?m]"));
  EXPECT_THAT(text, HasSubstr("f32[3,?m]"));
  EXPECT_THAT(text, HasSubstr("size = [4*?m]"));
  EXPECT_EQ(module->facts().count("n"), 0u);
}

TEST(BindDimsTest, SubstitutesInBodies) {
  const std::unique_ptr<Module> module = Parse(
      "graph @main(%p: bool, %x: f32[?n]) {\n"
      "  %1 = if(%p, %x) : f32[?n] {\n"
      "    @then(%v: f32[?n]) {\n"
      "      %1 = neg(%v) : f32[?n]\n"
      "      return %1\n"
      "    }\n"
      "    @else(%v: f32[?n]) {\n"
      "      return %v\n"
      "    }\n"
      "  }\n"
      "  return %1\n"
      "}\n");
  ASSERT_TRUE(BindDims(module.get(), {{"n", 4}}).ok());
  EXPECT_TRUE(Verify(*module).ok());
  EXPECT_THAT(Print(*module), ::testing::Not(HasSubstr("?n")));
}

TEST(BindDimsTest, RefusesUnknownDimsAndImpossibleValues) {
  const std::unique_ptr<Module> module = Parse(kText);
  const std::string before = Print(*module);
  const auto error = [&](const DimBindings& bindings) {
    return std::string(BindDims(module.get(), bindings).message());
  };
  EXPECT_THAT(error({{"batch", 4}}), HasSubstr("there is no dim ?batch; the module has ?m, ?n"));
  EXPECT_THAT(error({{"n", 0}}),
              HasSubstr("?n = 0 (dim 0 of input \"x\") is outside of its bounds 2..64"));
  EXPECT_THAT(error({{"n", 128}}), HasSubstr("?n = 128 (dim 0 of input \"x\") is outside"));
  EXPECT_THAT(error({{"n", 7}}), HasSubstr("?n = 7 (dim 0 of input \"x\") is not a multiple of 2"));
  EXPECT_EQ(Print(*module), before);
}

TEST(BindDimsTest, RefusesWhatANodeCannotHave) {
  const std::unique_ptr<Module> module = Parse(
      "graph @main(%x: f32[?n], %y: f32[?m]) {\n"
      "  %2 = add(%x, %y) : f32[?n] \"sum\"\n"
      "  return %2\n"
      "}\n");
  const std::string before = Print(*module);
  EXPECT_EQ(BindDims(module.get(), {{"n", 3}, {"m", 4}}).message(),
            "add %2 \"sum\" (test.cermet:2): needs ?n = ?m, but ?n = 3 (dim 0 of input \"x\") and "
            "?m = 4 (dim 0 of input \"y\")");
  EXPECT_EQ(Print(*module), before);
  EXPECT_TRUE(BindDims(module.get(), {{"n", 3}}).ok());
}

TEST(BindDimsTest, ABranchMayBeForOtherSizes) {
  const std::unique_ptr<Module> module = Parse(
      "graph @main(%p: bool, %x: f32[?n]) {\n"
      "  %2 = if(%p, %x) : f32[2] {\n"
      "    @then(%v: f32[?n]) {\n"
      "      %1 = slice(%v) {start = [6], limit = [8], stride = [1]} : f32[2]\n"
      "      return %1\n"
      "    }\n"
      "    @else(%v: f32[?n]) {\n"
      "      %1 = slice(%v) {start = [0], limit = [2], stride = [1]} : f32[2]\n"
      "      return %1\n"
      "    }\n"
      "  }\n"
      "  return %2\n"
      "}\n");
  const std::string before = Print(*module);
  const absl::Status status = BindDims(module.get(), {{"n", 4}});
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("needs 8 <= ?n, but ?n = 4"));
  EXPECT_EQ(Print(*module), before);
  EXPECT_TRUE(BindDims(module.get(), {{"n", 8}}).ok());
}

}  // namespace
}  // namespace cermet
