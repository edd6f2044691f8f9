// Values of symbols: from shapes, against facts and relations, and found by search.
#include "ir/dim_binding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/parser.h"
#include "ir/sample_inputs.h"

namespace cermet {
namespace {

using testing::HasSubstr;
using Shapes = std::vector<std::vector<int64_t>>;

std::unique_ptr<Module> Parse(const std::string& text) {
  absl::StatusOr<std::unique_ptr<Module>> module = ParseModule(text, "m.cermet");
  EXPECT_TRUE(module.ok()) << module.status();
  return *std::move(module);
}

std::vector<DimSource> Sources() {
  const Dim n = Dim::Symbol("n"), m = Dim::Symbol("m"), k = Dim::Symbol("k");
  return {{"input \"x\"", Type(DType::kF32, {n, 4})},
          {"input \"y\"", Type(DType::kF32, {2 * m + 1, n * k})}};
}

std::string BindError(const Shapes& shapes) {
  return std::string(BindShapes(Sources(), shapes).status().message());
}

TEST(BindShapes, SolvesForOneUnknown) {
  const absl::StatusOr<DimBindings> dims = BindShapes(Sources(), Shapes{{3, 4}, {7, 6}});
  ASSERT_TRUE(dims.ok()) << dims.status();
  EXPECT_EQ(*dims, (DimBindings{{"n", 3}, {"m", 3}, {"k", 2}}));
  const absl::StatusOr<DimBindings> unknown =
      BindShapes({Sources()[1]}, absl::MakeConstSpan(Shapes{{7, 6}}));
  ASSERT_TRUE(unknown.ok()) << unknown.status();
  EXPECT_EQ(*unknown, (DimBindings{{"m", 3}}));
}

TEST(BindShapes, NamesWhatContradicts) {
  EXPECT_EQ(BindError({{3, 4, 1}, {7, 6}}),
            "input \"x\" (f32[?n,4]) is given as [3,4,1]: rank 3, not 2");
  EXPECT_THAT(BindError({{-3, 4}, {7, 6}}), HasSubstr("dim 0 is negative"));
  EXPECT_THAT(BindError({{3, 5}, {7, 6}}), HasSubstr("dim 1 must be 4"));
  std::vector<DimSource> sources = Sources();
  sources[1].type.shape = {Dim::Symbol("n")};
  EXPECT_EQ(BindShapes(sources, Shapes{{3, 4}, {2}}).status().message(),
            "input \"y\" (f32[?n]) is given as [2]: dim 0 is 2, but ?n is 3 by dim 0 of input "
            "\"x\"");
}

// ---- relations

constexpr char kRelations[] =
    "dim ?n in 2..64 multiple of 2\n"
    "graph @main(%x: f32[?n], %y: f32[?m], %z: f32[?k]) {\n"
    "  %3 = add(%x, %y) : f32[?n] \"sum\"\n"
    "  %4 = slice(%x) {start = [0], limit = [8], stride = [1]} : f32[8] \"head\"\n"
    "  %5 = reshape(%z) : f32[?m,3] \"split\"\n"
    "  return %3, %4, %5\n"
    "}\n";

std::string CheckError(const DimBindings& dims) {
  const std::unique_ptr<Module> module = Parse(kRelations);
  const Graph& graph = *module->entry();
  return std::string(CheckDims(graph, module->facts(), DimSourcesOf(graph), dims).message());
}

TEST(CheckDims, NamesBoundsRelationsAndInputs) {
  EXPECT_EQ(CheckError({{"n", 8}, {"m", 8}, {"k", 24}}), "");
  EXPECT_EQ(CheckError({{"n", 66}}),
            "dim ?n = 66 (dim 0 of input \"x\") is outside of its bounds 2..64");
  EXPECT_EQ(CheckError({{"n", 9}}), "dim ?n = 9 (dim 0 of input \"x\") is not a multiple of 2");
  EXPECT_EQ(CheckError({{"k", -1}}),
            "dim ?k = -1 (dim 0 of input \"z\") is outside of its bounds 0..");
  EXPECT_EQ(CheckError({{"n", 8}, {"m", 9}}),
            "add %3 \"sum\" (m.cermet:3): needs ?n = ?m, but ?n = 8 (dim 0 of input \"x\") and "
            "?m = 9 (dim 0 of input \"y\")");
  EXPECT_EQ(CheckError({{"n", 4}}),
            "slice %4 \"head\" (m.cermet:4): needs 8 <= ?n, but ?n = 4 (dim 0 of input \"x\")");
}

TEST(CheckDims, AnUnknownSymbolMayHaveWhatItsFactsAllow) {
  EXPECT_EQ(CheckError({{"m", 8}}), "");
  EXPECT_EQ(CheckError({{"m", 65}}),
            "add %3 \"sum\" (m.cermet:3): needs ?n = ?m, but ?n in 2..64 and ?m = 65 (dim 0 of "
            "input \"y\")");
}

// ---- samples

std::string Sampled(const std::string& text, const DimBindings& given = {}) {
  const std::unique_ptr<Module> module = Parse(text);
  const absl::StatusOr<DimBindings> dims = SampleDims(*module->entry(), module->facts(), given);
  if (!dims.ok()) return std::string(dims.status().message());
  std::string out;
  for (const auto& [symbol, value] : *dims) absl::StrAppend(&out, symbol, "=", value, " ");
  return out;
}

TEST(SampleDims, KeepsFactsAndRelations) {
  EXPECT_EQ(Sampled(kRelations), "k=24 m=8 n=8 ");
  EXPECT_EQ(Sampled(kRelations, {{"m", 12}}), "k=36 m=12 n=12 ");
  EXPECT_EQ(Sampled("graph @main(%x: f32[?n], %y: f32[?m]) {\n  return %x, %y\n}\n"), "m=4 n=3 ");
}

TEST(SampleDims, SearchesWhereTheFirstValuesDoNotFit) {
  EXPECT_EQ(Sampled("dim ?m in 1..8\n"
                    "graph @main(%x: f32[?n], %y: f32[?m]) {\n"
                    "  %2 = reshape(%x) : f32[2,?m,3]\n"
                    "  return %2\n"
                    "}\n"),
            "m=1 n=6 ");
}

TEST(SampleDims, SaysWhyItFindsNone) {
  EXPECT_THAT(Sampled(kRelations, {{"n", 4}}), HasSubstr("needs 8 <= ?n, but ?n = 4"));
  EXPECT_EQ(Sampled("graph @main(%x: f32[?n], %y: f32[?m]) {\n"
                    "  %2 = reshape(%x) : f32[2,?m]\n"
                    "  %3 = reshape(%x) : f32[2,?m,3]\n"
                    "  %4 = slice(%x) {start = [0], limit = [1], stride = [1]} : f32[1]\n"
                    "  return %2, %3, %4\n"
                    "}\n"),
            "no sizes were found for ?n, ?m; give some of them, such that ?n = 2*?m, ?n = 6*?m, "
            "1 <= ?n");
}

}  // namespace
}  // namespace cermet
