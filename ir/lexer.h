// The tokens of the text forms, and a reader over them that parsers are written with.
//
// Graph IR (ir/parser.cc), kernel IR (ir/kernel) and the command program share these tokens:
//   identifiers   letters, digits and `_`, not starting with a digit
//   %name         a value: letters, digits, `_` and `.`
//   @name         a graph or a constant: letters, digits, `.`, `_`, `/`, `-` and `:`
//   ?name         a symbolic dim: letters, digits, `_` and `.`
//   12  0x1f      integers without sign; 1.5  2e-3: floats (`6x16` is the integer 6 and x16)
//   "text"        strings with \" \\ \n \t \r and \xHH
//   punctuation   `->`, `..` and single characters
// White space and line ends only separate; comments run from `//` to the end of the line.
#ifndef CERMET_IR_LEXER_H_
#define CERMET_IR_LEXER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ir/dim.h"
#include "ir/type.h"

namespace cermet {

enum class TokenKind : uint8_t {
  kEnd,
  kIdentifier,
  kValue,
  kSymbol,
  kDimSymbol,
  kInteger,
  kFloat,
  kString,
  kPunctuation,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  // A view into the source: without the sigil, and for strings what stands between the quotes,
  // escapes as written.
  absl::string_view text;
  int64_t begin = 0;  // the extent in the source, sigil and quotes included
  int64_t end = 0;
  int line = 0;    // 1-based
  int column = 0;  // 1-based, in bytes
};

// Reads tokens one after the other. Keeps views of the text it was opened with, which must outlive
// it. Every error is an InvalidArgument that reads
// `file:line:column: expected X, found Y`.
class TextReader {
 public:
  // Fails on a character that starts no token, on an unfinished string, and on a control character.
  static absl::StatusOr<TextReader> Open(absl::string_view text, absl::string_view file);

  const std::string& file() const { return file_; }
  const Token& Peek(int64_t ahead = 0) const;  // the end token past the end
  Token Take();                                // the next token; stays at the end
  // A place to come back to.
  int64_t position() const { return next_; }
  void Rewind(int64_t position) { next_ = position; }
  bool AtEnd() const { return Peek().kind == TokenKind::kEnd; }
  // The nesting of brackets of any kind may not be deeper than this; parsers recurse at most so
  // deep.
  static constexpr int kMaxNesting = 200;

  bool NextIs(absl::string_view punctuation) const;
  bool NextIsWord(absl::string_view identifier) const;
  // Take the next token if it is the given punctuation or identifier.
  bool Accept(absl::string_view punctuation);
  bool AcceptWord(absl::string_view identifier);
  absl::Status Expect(absl::string_view punctuation);
  absl::Status ExpectWord(absl::string_view identifier);

  // These name what they expected: "an op name".
  absl::StatusOr<std::string> TakeIdentifier(absl::string_view expected);
  absl::StatusOr<std::string> TakeValueName();      // without the `%`
  absl::StatusOr<std::string> TakeSymbolName();     // without the `@`
  absl::StatusOr<std::string> TakeDimSymbolName();  // without the `?`
  absl::StatusOr<std::string> TakeString();         // unescaped
  absl::StatusOr<int64_t> TakeInt();                // with an optional `-`
  absl::StatusOr<uint64_t> TakeUint64();            // decimal or 0x...
  // A number with an optional `-`, `inf`, or `nan`; read exactly as the nearest double.
  absl::StatusOr<double> TakeDouble();
  absl::StatusOr<std::vector<int64_t>> TakeInts();  // `[1, 2]`
  absl::StatusOr<Dim> TakeDim();                    // an expression of ir/dim.h
  absl::StatusOr<std::vector<Dim>> TakeDims();      // `[?n, 2]`
  absl::StatusOr<Type> TakeType();                  // `f32[?n,4]`
  // A bare word of an attribute, with its arguments if it has some: `lt`, `lanes(64)`.
  absl::StatusOr<std::string> TakeWord();

  // An error at the next token, at a token, or at a place.
  absl::Status ErrorExpected(absl::string_view expected) const;
  absl::Status ErrorAt(const Token& token, absl::string_view message) const;

 private:
  absl::Status Tokenize();
  absl::Status SkipDimOperand();

  absl::string_view text_;
  std::string file_;
  std::vector<Token> tokens_;  // the last one is kEnd
  int64_t next_ = 0;
};

// `"..."` with the escapes that TakeString undoes; bytes from 0x80 on stand as they are.
std::string QuoteString(absl::string_view text);
// The shortest decimal that reads back as the same double (or, the second, as the same float).
// `inf`, `-inf`, `nan`, `-0`; a NaN other than the default quiet one prints its bits:
// `nan(0x7ff8000000000001)`.
std::string FormatDouble(double value);
std::string FormatFloat(float value);
// True for a text that the lexer takes as one identifier.
bool IsIdentifier(absl::string_view text);
// True for a name that can stand after a `%` without being taken for a number: an identifier in
// which dots may stand too, but not in front.
bool IsValueName(absl::string_view name);

}  // namespace cermet

#endif  // CERMET_IR_LEXER_H_
