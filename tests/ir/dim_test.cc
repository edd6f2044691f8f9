// Dims: canonical forms, text, evaluation, ranges.
#include "ir/dim.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_replace.h"
#include "ir/dim_arithmetic.h"

namespace cermet {
namespace {

Dim P(const std::string& text) {
  absl::StatusOr<Dim> dim = Dim::Parse(text);
  EXPECT_TRUE(dim.ok()) << dim.status();
  return dim.ok() ? *dim : Dim(-999);
}

TEST(DimTest, ConstantsFold) {
  EXPECT_EQ(Dim(3) + Dim(4) * Dim(5), Dim(23));
  EXPECT_EQ(Dim::FloorDiv(-7, 2), Dim(-4));
  EXPECT_EQ(Dim::Mod(-7, 2), Dim(1));
  EXPECT_EQ(Dim::CeilDiv(7, 2), Dim(4));
  EXPECT_EQ(Dim::FloorDiv(7, 0), Dim(0));
  EXPECT_EQ(Dim::Mod(7, 0), Dim(7));
  EXPECT_EQ(Dim(INT64_MAX) + Dim(1), Dim(INT64_MAX)) << "saturates";
}

TEST(DimArithmetic, DividesTotally) {
  EXPECT_EQ(CeilDivInt(7, 2), 4);
  EXPECT_EQ(CeilDivInt(-7, 2), -3);
  EXPECT_EQ(CeilDivInt(7, -2), -3);
  EXPECT_EQ(CeilDivInt(8, 2), 4);
  EXPECT_EQ(CeilDivInt(INT64_MAX, 2), INT64_MAX / 2 + 1) << "does not wrap";
  EXPECT_EQ(CeilDivInt(INT64_MIN, -1), INT64_MAX) << "saturates";
  EXPECT_EQ(CeilDivInt(7, 0), 0);
  EXPECT_EQ(FloorModInt(-7, 2), 1);
  EXPECT_EQ(FloorModInt(7, -2), -1);
  EXPECT_EQ(FloorModInt(INT64_MIN, -1), 0);
  EXPECT_EQ(FloorModInt(7, 0), 7);
}

TEST(DimTest, CanonicalFormsAreEqual) {
  const Dim b = Dim::Symbol("b"), s = Dim::Symbol("s");
  EXPECT_EQ(b * s + s, s * (b + Dim(1)));
  EXPECT_EQ((b + s) * (b - s), b * b - s * s);
  EXPECT_EQ(b - b, Dim(0));
  EXPECT_NE(b, s);
}

TEST(DimTest, PrintsAndParsesInverse) {
  for (const char* text :
       {"0", "8", "-3", "?n", "-?n", "?batch*?seq", "4*?n+1", "?n-1", "floordiv(?n,2)",
        "max(?m,?n)", "?a*?a*?b-2*?a+7", "?n*mod(?n,8)", "-9223372036854775808",
        "-9223372036854775808*?n", "floordiv(mod(?n,8)+3,?m+1)", "min(3,?n)"}) {
    EXPECT_EQ(P(text).ToString(), text);
  }
  EXPECT_EQ(P("?s * ?b + 2 - 1").ToString(), "?b*?s+1");
}

TEST(DimTest, BadTextIsAnError) {
  for (const char* text : {"", "?", "3+", "a", "floordiv(3)", "max(1,2", "3)", "?n ?m", "(?n)",
                           "99999999999999999999", "*3", "?n**2"}) {
    EXPECT_FALSE(Dim::Parse(text).ok()) << text;
  }
  std::string deep = "?n";
  for (int i = 0; i < 1000; ++i) deep = "max(1," + deep + "*?n)";
  EXPECT_FALSE(Dim::Parse(deep).ok());
}

TEST(DimTest, DivisionSimplifies) {
  EXPECT_EQ(P("floordiv(4*?n,4)"), P("?n"));
  EXPECT_EQ(P("floordiv(?b*?s,?s)"), P("?b"));
  EXPECT_EQ(P("mod(?b*?s,?s)"), Dim(0));
  EXPECT_EQ(P("floordiv(?b*?s+?b,?s+1)"), P("?b"));
  EXPECT_EQ(P("mod(?b*?s+?b,?s+1)"), Dim(0));
  EXPECT_EQ(P("floordiv(4*?n+5,4)"), P("?n+1"));
  EXPECT_EQ(P("mod(4*?n+5,4)"), Dim(1));
  EXPECT_EQ(P("floordiv(2*?n+2,4)").ToString(), "floordiv(?n+1,2)");
  EXPECT_EQ(P("mod(2*?n,4)").ToString(), "2*mod(?n,2)");
  EXPECT_EQ(P("floordiv(floordiv(?n,2),3)"), P("floordiv(?n,6)"));
  EXPECT_EQ(P("floordiv(3*?b*?s,4*?s)").ToString(), "floordiv(3*?b,4)");
  EXPECT_EQ(Dim::CeilDiv(P("8*?n"), 8), P("?n"));
  EXPECT_EQ(P("floordiv(768*?b*?s,12*64)"), P("?b*?s"));
}

TEST(DimTest, SimplifiedFormsKeepTheirValue) {
  for (const char* text : {"floordiv(5*?n-7*?m+11,4)", "mod(5*?n-7*?m+11,4)", "floordiv(6*?n+3,9)",
                           "mod(6*?n+3,9)", "floordiv(-5*?n,4)", "floordiv(?n*?m+?m+3,?m)"}) {
    // Rebuilding from a text with numbers in place of symbols computes without any simplification.
    for (int64_t n = 0; n < 9; ++n) {
      for (int64_t m = 1; m < 9; ++m) {
        const std::string numbers =
            absl::StrReplaceAll(text, {{"?n", std::to_string(n)}, {"?m", std::to_string(m)}});
        const auto value = P(text).Evaluate({{"n", n}, {"m", m}});
        ASSERT_TRUE(value.ok());
        EXPECT_EQ(Dim(*value), P(numbers)) << text << " n=" << n << " m=" << m;
      }
    }
  }
}

TEST(DimTest, MaxMinUseThatSymbolsAreNotNegative) {
  EXPECT_EQ(P("max(?n+1,?n)"), P("?n+1"));
  EXPECT_EQ(P("max(?n,0)"), P("?n"));
  EXPECT_EQ(P("min(?n,0)"), Dim(0));
  EXPECT_EQ(P("max(?n,?m)"), P("max(?m,?n)"));
  EXPECT_EQ(P("max(max(?n,?m),?n)"), P("max(?n,?m)"));
}

TEST(DimTest, EvaluateReportsMissingSymbolsAndOverflow) {
  EXPECT_EQ(*P("2*?n*?m+1").Evaluate({{"n", 3}, {"m", 5}}), 31);
  EXPECT_NE(P("?n").Evaluate({}).status().message().find("?n"), absl::string_view::npos);
  EXPECT_FALSE(P("?n*?n").Evaluate({{"n", int64_t{1} << 40}}).ok());
}

TEST(DimTest, SubstituteReplacesSymbols) {
  EXPECT_EQ(P("?n*?m+?n").Substitute(DimBindings{{"n", 4}}), P("4*?m+4"));
  EXPECT_EQ(P("floordiv(?n,2)").Substitute(std::map<std::string, Dim>{{"n", P("2*?k")}}), P("?k"));
}

TEST(DimTest, RangesAndDivisors) {
  const DimFacts facts = {{"n", {2, 10, 4}}};
  EXPECT_EQ(Range(P("2*?n+1"), facts).lower, 5);
  EXPECT_EQ(Range(P("2*?n+1"), facts).upper, 21);
  EXPECT_EQ(Range(P("-?n"), facts).lower, -10);
  EXPECT_EQ(Range(P("?m"), facts).upper, std::nullopt);
  EXPECT_EQ(Range(P("mod(?m,8)"), facts).upper, 7);
  EXPECT_EQ(Range(P("floordiv(?n,3)"), facts).upper, 3);
  EXPECT_EQ(KnownDivisor(P("6*?n+8"), facts), 8);
  EXPECT_EQ(KnownDivisor(P("?n*?m"), facts), 4);
  EXPECT_EQ(KnownDivisor(Dim(0), facts), 0);
  EXPECT_EQ(KnownDivisor(P("?m+1"), facts), 1);
}

TEST(DimTest, CollectsSymbolsOnce) {
  std::vector<std::string> names;
  P("?n*?m+max(?k,?n)").CollectSymbols(&names);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"k", "m", "n"}));
}

}  // namespace
}  // namespace cermet
