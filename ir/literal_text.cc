// Prints and reads literals, by way of the bits of their elements, so that every value survives.
#include "ir/literal_text.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "ir/scalar_ops.h"
#include "ir/status.h"

namespace cermet {
namespace {

constexpr int64_t kMaxSplatBytes = int64_t{1} << 30;

ScalarBits DefaultNanBits(DType dtype) {
  if (dtype == DType::kF16) return 0x7e00;
  if (dtype == DType::kBF16) return 0x7fc0;
  return dtype == DType::kF32 ? 0x7fc00000u : 0x7ff8000000000000ull;
}

ScalarBits ElementBits(const Literal& literal, int64_t i) {
  ScalarBits bits = 0;
  const int64_t size = ByteSize(literal.dtype());
  std::memcpy(&bits, static_cast<const char*>(literal.data()) + i * size, size);
  return bits;
}

std::string FormatElement(const Literal& literal, int64_t i) {
  const DType dtype = literal.dtype();
  if (dtype == DType::kBool) return literal.GetInt(i) != 0 ? "true" : "false";
  if (dtype == DType::kU64) return absl::StrCat(static_cast<uint64_t>(literal.GetInt(i)));
  if (!IsFloat(dtype)) return absl::StrCat(literal.GetInt(i));
  const double value = literal.GetFloat(i);
  if (std::isnan(value)) {
    const ScalarBits bits = ElementBits(literal, i);
    return bits == DefaultNanBits(dtype) ? "nan" : absl::StrFormat("nan(0x%x)", bits);
  }
  return dtype == DType::kF64 ? FormatDouble(value) : FormatFloat(static_cast<float>(value));
}

// The elements from `*next` on, nested by the dims from `dim` on.
void AppendNested(const Literal& literal, size_t dim, int64_t* next, std::string* out) {
  if (dim == literal.shape().size()) {
    *out += FormatElement(literal, (*next)++);
    return;
  }
  *out += "[";
  for (int64_t i = 0; i < literal.shape()[dim]; ++i) {
    if (i > 0) *out += ", ";
    AppendNested(literal, dim + 1, next, out);
  }
  *out += "]";
}

// ---- reading

template <typename T>
absl::StatusOr<T> TakeNumber(TextReader* reader) {
  const bool negative = reader->Accept("-");
  const Token token = reader->Peek();
  T value = 0;
  if (reader->AcceptWord("inf")) {
    value = std::numeric_limits<T>::infinity();
  } else if (token.kind == TokenKind::kInteger || token.kind == TokenKind::kFloat) {
    reader->Take();
    const char* const end = token.text.data() + token.text.size();
    const std::from_chars_result result = std::from_chars(token.text.data(), end, value);
    if (result.ptr != end) return reader->ErrorAt(token, "expected a decimal number");
    if (result.ec != std::errc()) return reader->ErrorAt(token, "the number is out of range");
  } else {
    return reader->ErrorExpected("a number");
  }
  return negative ? -value : value;
}

absl::StatusOr<ScalarBits> TakeFloatBits(TextReader* reader, DType dtype) {
  const Token token = reader->Peek();
  if (reader->AcceptWord("nan")) {
    if (!reader->Accept("(")) return DefaultNanBits(dtype);
    CERMET_ASSIGN_OR_RETURN(const uint64_t bits, reader->TakeUint64());
    CERMET_RETURN_IF_ERROR(reader->Expect(")"));
    const int64_t width = 8 * ByteSize(dtype);
    const bool fits = width == 64 || bits >> width == 0;
    if (!fits || !std::isnan(FloatFromBits(dtype, bits))) {
      return reader->ErrorAt(token,
                             absl::StrCat("expected the bits of a NaN of type ", Name(dtype)));
    }
    return bits;
  }
  if (dtype == DType::kF64) {
    CERMET_ASSIGN_OR_RETURN(const double value, TakeNumber<double>(reader));
    return BitsFromFloat(dtype, value);
  }
  CERMET_ASSIGN_OR_RETURN(const float value, TakeNumber<float>(reader));
  return BitsFromFloat(dtype, value);
}

absl::StatusOr<ScalarBits> TakeIntegerBits(TextReader* reader, DType dtype) {
  const Token token = reader->Peek();
  if (dtype == DType::kU64) return reader->TakeUint64();
  CERMET_ASSIGN_OR_RETURN(const int64_t value, reader->TakeInt());
  const ScalarBits bits = BitsFromInt(dtype, value);
  if (IntFromBits(dtype, bits) != value) {
    return reader->ErrorAt(token, absl::StrCat(value, " does not fit into ", Name(dtype)));
  }
  return bits;
}

absl::StatusOr<ScalarBits> TakeElement(TextReader* reader, DType dtype) {
  if (IsFloat(dtype)) return TakeFloatBits(reader, dtype);
  if (IsInteger(dtype)) return TakeIntegerBits(reader, dtype);
  if (reader->AcceptWord("true")) return ScalarBits{1};
  if (reader->AcceptWord("false")) return ScalarBits{0};
  return reader->ErrorExpected("`true` or `false`");
}

absl::Status TakeNested(TextReader* reader, DType dtype, const std::vector<int64_t>& shape,
                        size_t dim, std::vector<ScalarBits>* elements) {
  if (dim == shape.size()) {
    CERMET_ASSIGN_OR_RETURN(const ScalarBits element, TakeElement(reader, dtype));
    elements->push_back(element);
    return absl::OkStatus();
  }
  CERMET_RETURN_IF_ERROR(reader->Expect("["));
  for (int64_t i = 0; i < shape[dim]; ++i) {
    if (i > 0) CERMET_RETURN_IF_ERROR(reader->Expect(","));
    CERMET_RETURN_IF_ERROR(TakeNested(reader, dtype, shape, dim + 1, elements));
  }
  return reader->Expect("]");
}

void SetElement(Literal* literal, int64_t i, ScalarBits bits) {
  const int64_t size = ByteSize(literal->dtype());
  std::memcpy(static_cast<char*>(literal->data()) + i * size, &bits, size);
}

// The literal itself; its type was read before.
absl::StatusOr<Literal> TakeLiteral(TextReader* reader, const Type& type) {
  const Token first = reader->Peek();
  const absl::StatusOr<int64_t> count = StaticNumElements(type.shape);
  if (!count.ok() || type.dtype == DType::kToken) {
    return reader->ErrorAt(first, absl::StrCat("a literal cannot have the type ", type.ToString()));
  }
  std::vector<int64_t> shape;
  for (const Dim& extent : type.shape) shape.push_back(extent.value());
  if (reader->AcceptWord("splat")) {
    if (*count > kMaxSplatBytes / ByteSize(type.dtype)) {
      return reader->ErrorAt(first,
                             absl::StrCat("a literal of type ", type.ToString(), " is too large"));
    }
    CERMET_ASSIGN_OR_RETURN(const ScalarBits element, TakeElement(reader, type.dtype));
    Literal literal(type.dtype, shape);
    for (int64_t i = 0; i < *count; ++i) SetElement(&literal, i, element);
    return literal;
  }
  std::vector<ScalarBits> elements;
  if (*count == 0) {
    CERMET_RETURN_IF_ERROR(reader->Expect("["));
    CERMET_RETURN_IF_ERROR(reader->Expect("]"));
  } else {
    CERMET_RETURN_IF_ERROR(TakeNested(reader, type.dtype, shape, 0, &elements));
  }
  Literal literal(type.dtype, shape);
  for (int64_t i = 0; i < *count; ++i) SetElement(&literal, i, elements[i]);
  return literal;
}

}  // namespace

std::string FormatLiteral(const Literal& literal) {
  if (literal.num_elements() == 0) return "[]";
  if (literal.num_elements() > 1 && literal.IsSplat())
    return absl::StrCat("splat ", FormatElement(literal, 0));
  std::string out;
  int64_t next = 0;
  AppendNested(literal, 0, &next, &out);
  return out;
}

absl::StatusOr<Literal> TakeTypedLiteral(TextReader* reader) {
  // The type comes last but is needed first. No literal contains a colon.
  const int64_t begin = reader->position();
  while (!reader->AtEnd() && !reader->NextIs(":")) reader->Take();
  const int64_t colon = reader->position();
  CERMET_RETURN_IF_ERROR(reader->Expect(":"));
  CERMET_ASSIGN_OR_RETURN(const Type type, reader->TakeType());
  const int64_t end = reader->position();
  reader->Rewind(begin);
  CERMET_ASSIGN_OR_RETURN(Literal literal, TakeLiteral(reader, type));
  if (reader->position() != colon) return reader->ErrorExpected("`:`");
  reader->Rewind(end);
  return literal;
}

}  // namespace cermet
