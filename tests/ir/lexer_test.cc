// Tokens, and the reading of each kind of them.
#include "ir/lexer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace cermet {
namespace {

std::string TokensOf(absl::string_view text) {
  absl::StatusOr<TextReader> reader = TextReader::Open(text, "f");
  if (!reader.ok()) return std::string(reader.status().message());
  static constexpr char kLetters[] = "ewvs?if\"p";
  std::string out;
  while (!reader->AtEnd()) {
    const Token token = reader->Take();
    out += std::string(1, kLetters[static_cast<int>(token.kind)]) + std::string(token.text) + " ";
  }
  return out;
}

TEST(LexerTest, Tokens) {
  EXPECT_EQ(TokensOf("%x.1 = add(@a/b-c.d:0, ?n) // comment\n \"s\""),
            "vx.1 p= wadd p( sa/b-c.d:0 p, ?n p) \"s ");
  EXPECT_EQ(TokensOf("0..32 1.5e-3 2e5 6x16 0x1F a->b"),
            "i0 p.. i32 f1.5e-3 f2e5 i6 wx16 i0x1F wa p-> wb ");
  EXPECT_EQ(TokensOf("[1,-2]"), "p[ i1 p, p- i2 p] ");
  EXPECT_EQ(TokensOf(""), "");
  EXPECT_EQ(TokensOf("a\n  %"), "f:2:3: expected a name after `%`");
  EXPECT_EQ(TokensOf("\"a\\"), "f:1:1: the string has no end on its line");
  EXPECT_EQ(TokensOf("\"a\\\nb\""), "f:1:1: the string has no end on its line");
}

TEST(LexerTest, PlacesAndExpectations) {
  TextReader reader = *TextReader::Open("a b\n  ?n*2+max(?m, 3) c", "file.cermet");
  EXPECT_TRUE(reader.AcceptWord("a"));
  EXPECT_EQ(reader.Expect("(").message(), "file.cermet:1:3: expected `(`, found `b`");
  EXPECT_TRUE(reader.ExpectWord("b").ok());
  const int64_t place = reader.position();
  const absl::StatusOr<Dim> dim = reader.TakeDim();
  ASSERT_TRUE(dim.ok()) << dim.status();
  EXPECT_EQ(*dim, Dim::Symbol("n") * 2 + Dim::Max(Dim::Symbol("m"), 3));
  EXPECT_TRUE(reader.NextIsWord("c"));
  reader.Rewind(place);
  EXPECT_EQ(*reader.TakeDim(), *dim);
  EXPECT_EQ(reader.Peek(5).kind, TokenKind::kEnd);
  EXPECT_EQ(reader.TakeInt().status().message(),
            "file.cermet:2:19: expected an integer, found `c`");
}

TEST(LexerTest, StringsSurviveQuoting) {
  const std::string text = "a\"b\\c\n\t\r\x01\x7f\xc3\xa9";
  const std::string quoted = QuoteString(text);
  TextReader reader = *TextReader::Open(quoted, "f");
  EXPECT_EQ(*reader.TakeString(), text);
}

TEST(LexerTest, NumbersSurviveFormatting) {
  const double doubles[] = {0.0,
                            -0.0,
                            0.1,
                            1e300,
                            5e-324,
                            std::numeric_limits<double>::max(),
                            std::numeric_limits<double>::infinity(),
                            -std::numeric_limits<double>::infinity(),
                            std::nan(""),
                            std::nan("7"),
                            123456789.0};
  for (const double value : doubles) {
    const std::string text = FormatDouble(value);
    TextReader reader = *TextReader::Open(text, "f");
    const absl::StatusOr<double> again = reader.TakeDouble();
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(std::memcmp(&*again, &value, sizeof(value)), 0) << text;
  }
  EXPECT_EQ(FormatFloat(0.1f), "0.1");
  EXPECT_EQ(FormatDouble(2), "2");
  TextReader reader =
      *TextReader::Open("-9223372036854775808 9223372036854775808 18446744073709551615", "f");
  EXPECT_EQ(*reader.TakeInt(), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(reader.TakeInt().status().message(), "f:1:22: the integer does not fit into 64 bits");
  EXPECT_EQ(*reader.TakeUint64(), std::numeric_limits<uint64_t>::max());
}

}  // namespace
}  // namespace cermet
