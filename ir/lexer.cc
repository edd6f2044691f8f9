// Splits text into tokens, in one pass, and reads them back one by one with errors that name the
// place.
#include "ir/lexer.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "ir/status.h"

namespace cermet {
namespace {

bool IsWordChar(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; }
bool IsNameChar(char c) { return IsWordChar(c) || c == '.'; }
bool IsSymbolChar(char c) { return IsNameChar(c) || c == '/' || c == '-' || c == ':'; }
bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

// How a token is named in `found ...`.
std::string Spell(const Token& token, absl::string_view source) {
  if (token.kind == TokenKind::kEnd) return "the end of the text";
  std::string text(source.substr(token.begin, token.end - token.begin));
  if (text.size() > 40) text = text.substr(0, 37) + "...";
  return absl::StrCat("`", absl::CHexEscape(text), "`");
}

// The end of the number at `at`; `is_float` tells which kind it is. `0..4` is the integer 0 and a
// range.
int64_t ScanNumber(absl::string_view text, int64_t at, bool* is_float) {
  const auto peek = [&](int64_t i) {
    return i < static_cast<int64_t>(text.size()) ? text[i] : '\0';
  };
  *is_float = false;
  if (peek(at) == '0' && (peek(at + 1) == 'x' || peek(at + 1) == 'X')) {
    at += 2;
    while (absl::ascii_isxdigit(static_cast<unsigned char>(peek(at)))) ++at;
    return at;
  }
  while (IsDigit(peek(at))) ++at;
  if (peek(at) == '.' && IsDigit(peek(at + 1))) {
    *is_float = true;
    ++at;
    while (IsDigit(peek(at))) ++at;
  }
  if (peek(at) == 'e' || peek(at) == 'E') {
    const int64_t sign = peek(at + 1) == '-' || peek(at + 1) == '+' ? 1 : 0;
    if (IsDigit(peek(at + 1 + sign))) {
      *is_float = true;
      at += 1 + sign;
      while (IsDigit(peek(at))) ++at;
    }
  }
  return at;
}

// The end of the string literal whose opening quote is at `at`; nullopt if its line ends first.
std::optional<int64_t> ScanString(absl::string_view text, int64_t at) {
  const int64_t size = static_cast<int64_t>(text.size());
  ++at;
  while (at < size && text[at] != '"' && text[at] != '\n') {
    at += text[at] == '\\' && (at + 1 >= size || text[at + 1] != '\n') ? 2 : 1;
  }
  if (at >= size || text[at] != '"') return std::nullopt;
  return at + 1;
}

// Fills in the token that starts at token->begin, which is no space. An empty text, or what is
// wrong.
std::string ScanToken(absl::string_view source, Token* token) {
  const int64_t size = static_cast<int64_t>(source.size());
  const int64_t at = token->begin;
  const char c = source[at];
  const char after = at + 1 < size ? source[at + 1] : '\0';
  int64_t skipped = 0;  // of a sigil
  const auto scan = [&](bool (*accept)(char)) {
    token->end = at + skipped;
    while (token->end < size && accept(source[token->end])) ++token->end;
  };
  if (absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_') {
    token->kind = TokenKind::kIdentifier;
    scan(IsWordChar);
  } else if (IsDigit(c)) {
    bool is_float = false;
    token->end = ScanNumber(source, at, &is_float);
    token->kind = is_float ? TokenKind::kFloat : TokenKind::kInteger;
  } else if (c == '%' || c == '@' || c == '?') {
    token->kind = c == '%'   ? TokenKind::kValue
                  : c == '@' ? TokenKind::kSymbol
                             : TokenKind::kDimSymbol;
    skipped = 1;
    scan(c == '@' ? IsSymbolChar : IsNameChar);
    if (token->end == at + 1)
      return absl::StrCat("expected a name after `", source.substr(at, 1), "`");
  } else if (c == '"') {
    token->kind = TokenKind::kString;
    const std::optional<int64_t> end = ScanString(source, at);
    if (!end.has_value()) return "the string has no end on its line";
    token->end = *end;
    token->text = source.substr(at + 1, *end - at - 2);
    return "";
  } else if (absl::ascii_ispunct(static_cast<unsigned char>(c))) {
    token->kind = TokenKind::kPunctuation;
    const bool pair = (c == '-' && after == '>') || (c == '.' && after == '.');
    token->end = at + (pair ? 2 : 1);
  } else {
    return absl::StrFormat("unexpected character 0x%02x", static_cast<unsigned char>(c));
  }
  token->text = source.substr(at + skipped, token->end - at - skipped);
  return "";
}

template <typename T>
std::string FormatShortest(T value) {
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[64];
  const std::to_chars_result result = std::to_chars(buffer, buffer + sizeof(buffer), value);
  return std::string(buffer, result.ptr);
}

}  // namespace

absl::StatusOr<TextReader> TextReader::Open(absl::string_view text, absl::string_view file) {
  TextReader reader;
  reader.text_ = text;
  reader.file_ = std::string(file);
  CERMET_RETURN_IF_ERROR(reader.Tokenize());
  return reader;
}

absl::Status TextReader::Tokenize() {
  const int64_t size = static_cast<int64_t>(text_.size());
  int line = 1;
  int64_t line_begin = 0;
  int nesting = 0;
  for (int64_t at = 0;;) {
    for (; at < size; ++at) {  // to the next token, past spaces and comments
      if (text_.substr(at, 2) == "//") {
        const size_t end = text_.find('\n', at);
        at = end == absl::string_view::npos ? size : static_cast<int64_t>(end);
      }
      if (at == size || !absl::ascii_isspace(static_cast<unsigned char>(text_[at]))) break;
      if (text_[at] != '\n') continue;
      ++line;
      line_begin = at + 1;
    }
    Token token;
    token.begin = token.end = at;
    token.line = line;
    token.column = static_cast<int>(at - line_begin + 1);
    if (at == size) {
      tokens_.push_back(token);
      return absl::OkStatus();
    }
    const std::string problem = ScanToken(text_, &token);
    if (!problem.empty()) return ErrorAt(token, problem);
    if (token.kind == TokenKind::kPunctuation) {
      const char c = text_[at];
      if (c == '(' || c == '[' || c == '{') ++nesting;
      if (c == ')' || c == ']' || c == '}') --nesting;
      if (nesting > kMaxNesting) return ErrorAt(token, "brackets are nested too deeply");
    }
    at = token.end;
    tokens_.push_back(token);
  }
}

const Token& TextReader::Peek(int64_t ahead) const {
  return tokens_[std::min<int64_t>(next_ + ahead, static_cast<int64_t>(tokens_.size()) - 1)];
}

Token TextReader::Take() {
  const Token token = Peek();
  if (token.kind != TokenKind::kEnd) ++next_;
  return token;
}

bool TextReader::NextIs(absl::string_view punctuation) const {
  return Peek().kind == TokenKind::kPunctuation && Peek().text == punctuation;
}
bool TextReader::NextIsWord(absl::string_view identifier) const {
  return Peek().kind == TokenKind::kIdentifier && Peek().text == identifier;
}
bool TextReader::Accept(absl::string_view punctuation) {
  if (!NextIs(punctuation)) return false;
  Take();
  return true;
}
bool TextReader::AcceptWord(absl::string_view identifier) {
  if (!NextIsWord(identifier)) return false;
  Take();
  return true;
}
absl::Status TextReader::Expect(absl::string_view punctuation) {
  if (!Accept(punctuation)) return ErrorExpected(absl::StrCat("`", punctuation, "`"));
  return absl::OkStatus();
}
absl::Status TextReader::ExpectWord(absl::string_view identifier) {
  if (!AcceptWord(identifier)) return ErrorExpected(absl::StrCat("`", identifier, "`"));
  return absl::OkStatus();
}

absl::Status TextReader::ErrorExpected(absl::string_view expected) const {
  return ErrorAt(Peek(), absl::StrCat("expected ", expected, ", found ", Spell(Peek(), text_)));
}
absl::Status TextReader::ErrorAt(const Token& token, absl::string_view message) const {
  return absl::InvalidArgumentError(
      absl::StrCat(file_, ":", token.line, ":", token.column, ": ", message));
}

absl::StatusOr<std::string> TextReader::TakeIdentifier(absl::string_view expected) {
  if (Peek().kind != TokenKind::kIdentifier) return ErrorExpected(expected);
  return std::string(Take().text);
}
absl::StatusOr<std::string> TextReader::TakeValueName() {
  if (Peek().kind != TokenKind::kValue) return ErrorExpected("a value such as `%x`");
  return std::string(Take().text);
}
absl::StatusOr<std::string> TextReader::TakeSymbolName() {
  if (Peek().kind != TokenKind::kSymbol) return ErrorExpected("a name such as `@main`");
  return std::string(Take().text);
}
absl::StatusOr<std::string> TextReader::TakeDimSymbolName() {
  if (Peek().kind != TokenKind::kDimSymbol) return ErrorExpected("a symbolic dim such as `?n`");
  return std::string(Take().text);
}

absl::StatusOr<std::string> TextReader::TakeString() {
  if (Peek().kind != TokenKind::kString) return ErrorExpected("a string");
  const Token token = Take();
  std::string out;
  for (size_t i = 0; i < token.text.size(); ++i) {
    if (token.text[i] != '\\') {
      out += token.text[i];
      continue;
    }
    const char escape = ++i < token.text.size() ? token.text[i] : '\0';
    if (escape == 'n') {
      out += '\n';
    } else if (escape == 't') {
      out += '\t';
    } else if (escape == 'r') {
      out += '\r';
    } else if (escape == '"' || escape == '\\') {
      out += escape;
    } else if (escape == 'x' && i + 2 < token.text.size() &&
               absl::ascii_isxdigit(static_cast<unsigned char>(token.text[i + 1])) &&
               absl::ascii_isxdigit(static_cast<unsigned char>(token.text[i + 2]))) {
      out += absl::HexStringToBytes(token.text.substr(i + 1, 2));
      i += 2;
    } else {
      return ErrorAt(token, "the string has an unknown escape");
    }
  }
  return out;
}

absl::StatusOr<uint64_t> TextReader::TakeUint64() {
  if (Peek().kind != TokenKind::kInteger) return ErrorExpected("an integer");
  const absl::string_view text = Peek().text;
  const bool hex = text.size() > 1 && (text[1] == 'x' || text[1] == 'X');
  const absl::string_view digits = hex ? text.substr(2) : text;
  uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return ErrorExpected("an integer of at most 64 bits");
  }
  Take();
  return value;
}

absl::StatusOr<int64_t> TextReader::TakeInt() {
  const bool negative = NextIs("-") && Peek(1).kind == TokenKind::kInteger;
  const Token token = Peek(negative ? 1 : 0);
  if (token.kind != TokenKind::kInteger) return ErrorExpected("an integer");
  if (negative) Take();
  CERMET_ASSIGN_OR_RETURN(const uint64_t magnitude, TakeUint64());
  const uint64_t limit =
      static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) + (negative ? 1 : 0);
  if (magnitude > limit) return ErrorAt(token, "the integer does not fit into 64 bits");
  return static_cast<int64_t>(negative ? 0 - magnitude : magnitude);
}

absl::StatusOr<double> TextReader::TakeDouble() {
  const bool negative = Accept("-");
  const Token token = Peek();
  double value = 0;
  if (AcceptWord("inf")) {
    value = std::numeric_limits<double>::infinity();
  } else if (AcceptWord("nan")) {
    value = std::numeric_limits<double>::quiet_NaN();
    if (Accept("(")) {
      CERMET_ASSIGN_OR_RETURN(const uint64_t bits, TakeUint64());
      CERMET_RETURN_IF_ERROR(Expect(")"));
      std::memcpy(&value, &bits, sizeof(value));
      if (!std::isnan(value)) return ErrorAt(token, "expected the bits of a NaN");
    }
  } else if (token.kind == TokenKind::kInteger || token.kind == TokenKind::kFloat) {
    Take();
    const char* const end = token.text.data() + token.text.size();
    const std::from_chars_result result = std::from_chars(token.text.data(), end, value);
    if (result.ptr != end) return ErrorAt(token, "expected a decimal number");
    if (result.ec != std::errc()) return ErrorAt(token, "the number is out of range");
  } else {
    return ErrorExpected("a number");
  }
  return negative ? -value : value;
}

absl::StatusOr<std::vector<int64_t>> TextReader::TakeInts() {
  std::vector<int64_t> values;
  CERMET_RETURN_IF_ERROR(Expect("["));
  while (!Accept("]")) {
    if (!values.empty()) CERMET_RETURN_IF_ERROR(Expect(","));
    CERMET_ASSIGN_OR_RETURN(const int64_t value, TakeInt());
    values.push_back(value);
  }
  return values;
}

// One operand of a sum or product: `-`* (integer | ?symbol | [name] `(` ... `)`).
absl::Status TextReader::SkipDimOperand() {
  while (Accept("-")) {
  }
  if (Peek().kind == TokenKind::kInteger || Peek().kind == TokenKind::kDimSymbol) {
    Take();
    return absl::OkStatus();
  }
  if (Peek().kind == TokenKind::kIdentifier && Peek(1).text == "(") Take();
  if (!Accept("(")) return ErrorExpected("an extent");
  for (int depth = 1; depth > 0;) {
    if (AtEnd()) return ErrorExpected("`)`");
    const Token token = Take();
    if (token.kind != TokenKind::kPunctuation) continue;
    if (token.text == "(") ++depth;
    if (token.text == ")") --depth;
  }
  return absl::OkStatus();
}

absl::StatusOr<Dim> TextReader::TakeDim() {
  const Token first = Peek();
  CERMET_RETURN_IF_ERROR(SkipDimOperand());
  while (Accept("+") || Accept("*") || Accept("-")) CERMET_RETURN_IF_ERROR(SkipDimOperand());
  const int64_t end = tokens_[next_ - 1].end;
  absl::StatusOr<Dim> dim = Dim::Parse(text_.substr(first.begin, end - first.begin));
  if (!dim.ok()) return ErrorAt(first, dim.status().message());
  return dim;
}

absl::StatusOr<std::vector<Dim>> TextReader::TakeDims() {
  std::vector<Dim> dims;
  CERMET_RETURN_IF_ERROR(Expect("["));
  while (!Accept("]")) {
    if (!dims.empty()) CERMET_RETURN_IF_ERROR(Expect(","));
    CERMET_ASSIGN_OR_RETURN(Dim dim, TakeDim());
    dims.push_back(std::move(dim));
  }
  return dims;
}

absl::StatusOr<Type> TextReader::TakeType() {
  const std::optional<DType> dtype =
      Peek().kind == TokenKind::kIdentifier ? ParseDType(Peek().text) : std::nullopt;
  if (!dtype.has_value()) return ErrorExpected("a type such as `f32[4]`");
  Take();
  Type type(*dtype, {});
  if (NextIs("[")) {
    CERMET_ASSIGN_OR_RETURN(type.shape, TakeDims());
  }
  return type;
}

absl::StatusOr<std::string> TextReader::TakeWord() {
  CERMET_ASSIGN_OR_RETURN(std::string word, TakeIdentifier("a word"));
  if (!Accept("(")) return word;
  word += "(";
  for (bool first = true; !Accept(")"); first = false) {
    if (!first) CERMET_RETURN_IF_ERROR(Expect(","));
    CERMET_ASSIGN_OR_RETURN(const int64_t argument, TakeInt());
    absl::StrAppend(&word, first ? "" : ",", argument);
  }
  return word + ")";
}

std::string QuoteString(absl::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += absl::StrFormat("\\x%02x", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string FormatDouble(double value) {
  if (!std::isnan(value)) return FormatShortest(value);
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits == 0x7ff8000000000000ull ? "nan" : absl::StrFormat("nan(0x%x)", bits);
}

std::string FormatFloat(float value) {
  if (!std::isnan(value)) return FormatShortest(value);
  uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits == 0x7fc00000u ? "nan" : absl::StrFormat("nan(0x%x)", bits);
}

bool IsIdentifier(absl::string_view text) {
  if (text.empty() || IsDigit(text[0])) return false;
  for (const char c : text) {
    if (!IsWordChar(c)) return false;
  }
  return true;
}

bool IsValueName(absl::string_view name) {
  if (name.empty() || IsDigit(name[0]) || name[0] == '.') return false;
  for (const char c : name) {
    if (!IsNameChar(c)) return false;
  }
  return true;
}

}  // namespace cermet
