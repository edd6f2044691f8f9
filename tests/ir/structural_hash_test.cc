// What counts for the structure of a graph, and what does not.
#include "ir/structural_hash.h"

#include <gtest/gtest.h>

#include "ir/parser.h"

namespace cermet {
namespace {

std::unique_ptr<Module> Parse(const std::string& text) {
  absl::StatusOr<std::unique_ptr<Module>> module = ParseModule(text, "m.cermet");
  EXPECT_TRUE(module.ok()) << module.status();
  return module.ok() ? *std::move(module) : nullptr;
}

constexpr char kText[] = R"(graph @main(%x: f32[?n], %s: f32) {
  %2 = constant 1 : f32
  %3 = reduce(%x, %s) {dims = [0]} : f32 with add
  %4 = add(%3, %2) : f32
  return %4
})";

std::string Replace(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(StructuralHashTest, NamesAndLocationsDoNotCount) {
  const std::unique_ptr<Module> a = Parse(kText);
  std::string text = Replace(kText, "%x:", "%input:");
  text = Replace(text, "(%x,", "(%input,");
  text = Replace(text, "%4 = add(%3, %2) : f32", "%4 = add(%3, %2) : f32 \"user/name\"");
  text = Replace(text, "return %4", "return %4 \"out\"");
  const std::unique_ptr<Module> b = Parse(text);
  EXPECT_EQ(StructuralHash(*a), StructuralHash(*b));
  EXPECT_TRUE(StructurallyEqual(*a->entry(), *b->entry()));
}

TEST(StructuralHashTest, EverythingElseCounts) {
  const std::unique_ptr<Module> a = Parse(kText);
  const std::pair<const char*, const char*> changes[] = {
      {"constant 1", "constant 2"},
      {"constant 1", "constant -0"},
      {"with add", "with mul"},
      {"add(%3, %2)", "add(%2, %3)"},
      {"add(%3, %2)", "sub(%3, %2)"},
      {"f32[?n]", "f32[8]"},
      {"f32[?n]", "f32[?n+1]"},
      {"return %4", "return %3"},
      {"{dims = [0]}", "{dims = [0], order = sequential}"},
      {"return %4", "return %4, %4"},
  };
  for (const auto& [from, to] : changes) {
    const std::unique_ptr<Module> b = Parse(Replace(kText, from, to));
    EXPECT_NE(StructuralHash(*a), StructuralHash(*b)) << to;
    EXPECT_NE(StructuralHash(*a->entry()), StructuralHash(*b->entry())) << to;
    EXPECT_FALSE(StructurallyEqual(*a->entry(), *b->entry())) << to;
  }
  const std::unique_ptr<Module> fact = Parse(std::string("dim ?n in 1..4\n") + kText);
  EXPECT_NE(StructuralHash(*a), StructuralHash(*fact));
}

TEST(StructuralHashTest, ConstantsCountByContent) {
  const auto hash = [](const std::string& name, const std::string& content) {
    return StructuralHash(*Parse("constant @" + name + " : f32[2] hash " + content +
                                 "\ngraph @main() {\n  %0 = constant @" + name +
                                 " : f32[2]\n  return %0\n}"));
  };
  EXPECT_EQ(hash("a", "0x1"), hash("b", "0x1"));
  EXPECT_NE(hash("a", "0x1"), hash("a", "0x2"));
}

}  // namespace
}  // namespace cermet
