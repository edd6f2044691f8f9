// Reads and writes .npy: a magic, a version, a header that is a Python dict literal, and the
// elements. The dict has exactly the keys descr, fortran_order and shape, so a small scanner reads
// it.

#include "tools/npz/npy.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ir/output_file.h"
#include "ir/parser.h"
#include "ir/status.h"

namespace cermet::npz {
namespace {

constexpr absl::string_view kMagic("\x93NUMPY", 6);
constexpr int64_t kMaxRank = 64;  // numpy's own limit

struct Header {
  std::optional<std::string> descr;
  std::optional<bool> fortran_order;
  std::optional<std::vector<int64_t>> shape;
};

// Scans the header dict: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class HeaderScanner {
 public:
  explicit HeaderScanner(absl::string_view text) : rest_(text) {}

  absl::StatusOr<Header> Scan() {
    Header header;
    CERMET_RETURN_IF_ERROR(Expect('{'));
    while (!Take('}')) {
      CERMET_ASSIGN_OR_RETURN(std::string key, String());
      CERMET_RETURN_IF_ERROR(Expect(':'));
      if (key == "descr") {
        CERMET_ASSIGN_OR_RETURN(header.descr, String());
      } else if (key == "fortran_order") {
        CERMET_ASSIGN_OR_RETURN(header.fortran_order, Bool());
      } else if (key == "shape") {
        CERMET_ASSIGN_OR_RETURN(header.shape, Tuple());
      } else {
        return absl::InvalidArgumentError(
            absl::StrCat("unknown key '", key, "' in the .npy header"));
      }
      if (!Take(',') && !Peek('}')) return Malformed();
    }
    if (!header.descr || !header.fortran_order || !header.shape) {
      return absl::InvalidArgumentError("the .npy header lacks descr, fortran_order or shape");
    }
    return header;
  }

 private:
  static absl::Status Malformed() { return absl::InvalidArgumentError("malformed .npy header"); }

  void SkipSpace() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n' || rest_[0] == '\t'))
      rest_.remove_prefix(1);
  }
  bool Peek(char c) {
    SkipSpace();
    return !rest_.empty() && rest_[0] == c;
  }
  bool Take(char c) {
    if (!Peek(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  absl::Status Expect(char c) { return Take(c) ? absl::OkStatus() : Malformed(); }

  absl::StatusOr<std::string> String() {
    if (Peek('[')) return absl::InvalidArgumentError("arrays of structures are not supported");
    char quote = Peek('"') ? '"' : '\'';
    CERMET_RETURN_IF_ERROR(Expect(quote));
    size_t end = rest_.find(quote);
    if (end == absl::string_view::npos) return Malformed();
    std::string text(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    return text;
  }

  absl::StatusOr<bool> Bool() {
    SkipSpace();
    for (bool value : {true, false}) {
      absl::string_view word = value ? "True" : "False";
      if (!absl::StartsWith(rest_, word)) continue;
      rest_.remove_prefix(word.size());
      return value;
    }
    return Malformed();
  }

  absl::StatusOr<std::vector<int64_t>> Tuple() {
    std::vector<int64_t> values;
    CERMET_RETURN_IF_ERROR(Expect('('));
    while (!Take(')')) {
      SkipSpace();
      size_t digits = 0;
      while (digits < rest_.size() &&
             absl::ascii_isdigit(static_cast<unsigned char>(rest_[digits])))
        ++digits;
      int64_t value;
      if (!absl::SimpleAtoi(rest_.substr(0, digits), &value)) return Malformed();
      rest_.remove_prefix(digits);
      Take('L');  // a Python 2 long
      values.push_back(value);
      if (static_cast<int64_t>(values.size()) > kMaxRank) return Malformed();
      if (!Take(',') && !Peek(')')) return Malformed();
    }
    return values;
  }

  absl::string_view rest_;
};

// "f4" and so on: kind and size, without the byte order.
std::optional<DType> DTypeOf(absl::string_view kind_and_size) {
  if (kind_and_size == "b1") return DType::kBool;
  if (kind_and_size == "i1") return DType::kI8;
  if (kind_and_size == "i2") return DType::kI16;
  if (kind_and_size == "i4") return DType::kI32;
  if (kind_and_size == "i8") return DType::kI64;
  if (kind_and_size == "u1") return DType::kU8;
  if (kind_and_size == "u2") return DType::kU16;
  if (kind_and_size == "u4") return DType::kU32;
  if (kind_and_size == "u8") return DType::kU64;
  if (kind_and_size == "f2") return DType::kF16;
  if (kind_and_size == "f4") return DType::kF32;
  if (kind_and_size == "f8") return DType::kF64;
  if (kind_and_size == "V2") return DType::kBF16;
  return std::nullopt;
}

absl::string_view Descr(DType dtype) {
  switch (dtype) {
    case DType::kBool:
      return "|b1";
    case DType::kI8:
      return "|i1";
    case DType::kI16:
      return "<i2";
    case DType::kI32:
      return "<i4";
    case DType::kI64:
      return "<i8";
    case DType::kU8:
      return "|u1";
    case DType::kU16:
      return "<u2";
    case DType::kU32:
      return "<u4";
    case DType::kU64:
      return "<u8";
    case DType::kF16:
      return "<f2";
    case DType::kBF16:
      return "<V2";
    case DType::kF32:
      return "<f4";
    case DType::kF64:
      return "<f8";
    case DType::kToken:
      break;
  }
  CERMET_UNREACHABLE();
}

// Splits the file into the text of its header and its elements.
absl::Status Split(absl::string_view bytes, absl::string_view* header,
                   absl::string_view* elements) {
  if (!absl::StartsWith(bytes, kMagic) || bytes.size() < kMagic.size() + 4) {
    return absl::InvalidArgumentError("not a .npy array: it does not start with \\x93NUMPY");
  }
  auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<unsigned char>(bytes[i])); };
  size_t major = byte(6);
  if (major < 1 || major > 3) {
    return absl::InvalidArgumentError(
        absl::StrCat(".npy format version ", major, " is not known (1 to 3 are)"));
  }
  size_t length_bytes = major == 1 ? 2 : 4;
  size_t begin = kMagic.size() + 2 + length_bytes;
  if (bytes.size() < begin) return absl::InvalidArgumentError("truncated .npy header");
  size_t length = 0;
  for (size_t i = 0; i < length_bytes; ++i) length |= byte(kMagic.size() + 2 + i) << (8 * i);
  if (bytes.size() - begin < length) return absl::InvalidArgumentError("truncated .npy header");
  *header = bytes.substr(begin, length);
  *elements = bytes.substr(begin + length);
  return absl::OkStatus();
}

// Checks that the shape is one that a Literal can have and that the file holds just its elements.
absl::Status CheckSize(const std::vector<int64_t>& shape, DType dtype, size_t available) {
  int64_t bytes = ByteSize(dtype);
  bool overflow = false;
  for (int64_t extent : shape)
    overflow |= __builtin_mul_overflow(bytes, std::max<int64_t>(extent, 1), &bytes);
  if (std::count(shape.begin(), shape.end(), 0) > 0) bytes = 0;
  if (overflow || static_cast<uint64_t>(bytes) != available) {
    return absl::InvalidArgumentError(
        absl::StrCat("an array of shape (", absl::StrJoin(shape, ", "), ") and type ",
                     absl::StrCat(Name(dtype), overflow ? " is larger than memory"
                                                        : absl::StrCat(" needs ", bytes, " bytes")),
                     ", the file holds ", available));
  }
  return absl::OkStatus();
}

void ReverseBytesOfElements(Literal& value) {
  const int64_t size = ByteSize(value.dtype());
  char* data = static_cast<char*>(value.data());
  for (int64_t i = 0; i < value.num_elements(); ++i)
    std::reverse(data + i * size, data + (i + 1) * size);
}

// The same array from elements in column-major order.
Literal FromColumnMajor(const Literal& value) {
  const std::vector<int64_t>& shape = value.shape();
  const int64_t size = ByteSize(value.dtype());
  Literal out(value.dtype(), shape);
  std::vector<int64_t> index(shape.size(), 0);
  for (int64_t i = 0; i < value.num_elements(); ++i) {  // i counts row-major, `index` along with it
    int64_t from = 0;
    for (size_t d = shape.size(); d-- > 0;) from = from * shape[d] + index[d];
    std::memcpy(static_cast<char*>(out.data()) + i * size,
                static_cast<const char*>(value.data()) + from * size, size);
    for (size_t d = shape.size(); d-- > 0;) {
      if (++index[d] < shape[d]) break;
      index[d] = 0;
    }
  }
  return out;
}

}  // namespace

absl::StatusOr<Literal> ParseNpy(absl::string_view bytes) {
  absl::string_view header_text, elements;
  CERMET_RETURN_IF_ERROR(Split(bytes, &header_text, &elements));
  CERMET_ASSIGN_OR_RETURN(Header header, HeaderScanner(header_text).Scan());
  absl::string_view descr = *header.descr;
  bool has_order = !descr.empty() && absl::StrContains("<>|=", descr[0]);
  std::optional<DType> dtype = DTypeOf(has_order ? descr.substr(1) : descr);
  if (!dtype) {
    return absl::InvalidArgumentError(
        absl::StrCat("numpy type '", descr, "' is not supported: bool, integers and floats are"));
  }
  CERMET_RETURN_IF_ERROR(CheckSize(*header.shape, *dtype, elements.size()));

  Literal value(*dtype, *header.shape);
  std::memcpy(value.data(), elements.data(), elements.size());
  if (descr[0] == '>') ReverseBytesOfElements(value);
  if (*dtype == DType::kBool) {  // any non-zero byte is true to numpy
    for (uint8_t& byte : value.mutable_values<uint8_t>()) byte = byte != 0;
  }
  if (*header.fortran_order && value.shape().size() > 1) return FromColumnMajor(value);
  return value;
}

std::string FormatNpy(const Literal& value) {
  std::string header = absl::StrCat(
      "{'descr': '", Descr(value.dtype()), "', 'fortran_order': False, 'shape': (",
      absl::StrJoin(value.shape(), ", "), value.shape().size() == 1 ? ",), }" : "), }");
  const size_t prefix = kMagic.size() + 4;  // the elements start at a multiple of 64 bytes
  header.append(63 - (prefix + header.size()) % 64, ' ');
  header.push_back('\n');
  std::string bytes(kMagic);
  bytes.push_back(1);
  bytes.push_back(0);
  bytes.push_back(static_cast<char>(header.size() & 0xff));
  bytes.push_back(static_cast<char>(header.size() >> 8));
  bytes += header;
  bytes.append(static_cast<const char*>(value.data()), value.byte_size());
  return bytes;
}

absl::StatusOr<Literal> ReadNpy(const std::string& path) {
  CERMET_ASSIGN_OR_RETURN(const std::string bytes, ReadText(path));
  absl::StatusOr<Literal> value = ParseNpy(bytes);
  if (!value.ok())
    return absl::Status(value.status().code(), absl::StrCat(path, ": ", value.status().message()));
  return value;
}

absl::Status WriteNpy(const std::string& path, const Literal& value) {
  return WriteFile(path, {FormatNpy(value)});
}

}  // namespace cermet::npz
