// Tensors in host memory, and the conversions of the 16-bit float formats.
#include "ir/literal.h"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ir/scalar_ops.h"
#include "ir/status.h"

namespace cermet {
namespace {

constexpr int64_t kAlignment = 64;

// The number of elements, if their bytes (rounded up to the alignment) can be counted.
absl::StatusOr<int64_t> CheckedNumElements(DType dtype, const std::vector<int64_t>& shape) {
  const auto error = [&](absl::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("a value of type ", Name(dtype), "[", absl::StrJoin(shape, ","), "] ", what));
  };
  const bool is_empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
  int64_t product = 1;
  bool overflow = false;
  for (int64_t extent : shape) {
    if (extent < 0) return error("has a negative extent");
    if (!is_empty) overflow |= __builtin_mul_overflow(product, extent, &product);
  }
  int64_t bytes;
  overflow |= __builtin_mul_overflow(product, ByteSize(dtype), &bytes) ||
              __builtin_add_overflow(bytes, kAlignment, &bytes);
  if (overflow) return error("has more bytes than can be counted");
  return is_empty ? 0 : product;
}

// With overcommitted memory the system may promise more than the machine has, and kill the process
// that uses it.
int64_t PhysicalBytes() {
  const int64_t pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
  return pages > 0 && page_bytes > 0 ? pages * page_bytes : std::numeric_limits<int64_t>::max();
}

// The bits of element `i`, zero-extended.
uint64_t LoadBits(const void* data, int64_t width, int64_t i) {
  uint64_t bits = 0;
  std::memcpy(&bits, static_cast<const char*>(data) + i * width, static_cast<size_t>(width));
  return bits;
}
void StoreBits(void* data, int64_t width, int64_t i, uint64_t bits) {
  std::memcpy(static_cast<char*>(data) + i * width, &bits, static_cast<size_t>(width));
}

void FillBits(Literal* literal, uint64_t bits) {
  const int64_t width = ByteSize(literal->dtype());
  for (int64_t i = 0; i < literal->num_elements(); ++i) StoreBits(literal->data(), width, i, bits);
}

// Narrows to a format with `mantissa` stored bits and exponent bias `bias`, rounding once to
// nearest even. `sign_shift` is the place of the sign bit, right above the exponent.
uint16_t NarrowDouble(double value, int mantissa, int bias, int sign_shift) {
  const uint64_t bits = std::bit_cast<uint64_t>(value);
  const uint16_t sign = static_cast<uint16_t>((bits >> 63) << sign_shift);
  const uint16_t infinity = static_cast<uint16_t>(((2 * bias + 1) << mantissa));
  if (std::isnan(value)) {
    const uint16_t payload = static_cast<uint16_t>((bits & 0xfffffffffffffull) >> (52 - mantissa));
    return sign | infinity | payload | static_cast<uint16_t>(1u << (mantissa - 1));
  }
  const double magnitude = std::fabs(value);
  // The result is a multiple of the format's spacing around `magnitude`: scale it to an integer and
  // round that.
  int exponent = magnitude == 0 ? 1 - bias : std::ilogb(magnitude);
  if (std::isinf(value) || exponent > bias) return sign | infinity;
  if (exponent < 1 - bias) exponent = 1 - bias;
  const double scaled = std::nearbyint(std::ldexp(magnitude, mantissa - exponent));
  // A carry out of the mantissa runs into the exponent, up to infinity, as it should.
  const uint64_t hidden = uint64_t{1} << mantissa;
  const uint64_t integer = static_cast<uint64_t>(scaled);
  const uint64_t biased = static_cast<uint64_t>(exponent + bias);
  return sign | static_cast<uint16_t>((biased << mantissa) + integer - hidden);
}

template <typename T>
std::string FormatFloat(T value) {
  if (std::isnan(value)) return "nan";
  char text[64];
  const std::to_chars_result result = std::to_chars(text, text + sizeof(text), value);
  return std::string(text, result.ptr);
}

std::string FormatElement(const Literal& literal, int64_t i) {
  switch (literal.dtype()) {
    case DType::kBool:
      return literal.GetInt(i) != 0 ? "true" : "false";
    case DType::kI8:
    case DType::kI16:
    case DType::kI32:
    case DType::kI64:
    case DType::kU8:
    case DType::kU16:
    case DType::kU32:
      return std::to_string(literal.GetInt(i));
    case DType::kU64:
      return std::to_string(static_cast<uint64_t>(literal.GetInt(i)));
    case DType::kF16:
    case DType::kBF16:
    case DType::kF32:
      return FormatFloat(static_cast<float>(literal.GetFloat(i)));
    case DType::kF64:
      return FormatFloat(literal.GetFloat(i));
    case DType::kToken:
      return "token";
  }
  CERMET_UNREACHABLE();
}

void AppendElements(const Literal& literal, size_t dim, int64_t* next, int64_t limit,
                    std::string* text) {
  if (dim == literal.shape().size()) {
    *text += FormatElement(literal, (*next)++);
    return;
  }
  *text += '[';
  for (int64_t i = 0; i < literal.shape()[dim]; ++i) {
    if (i > 0) *text += ", ";
    if (*next >= limit && literal.num_elements() > 0) {
      *text += "...";
      break;
    }
    AppendElements(literal, dim + 1, next, limit, text);
  }
  *text += ']';
}

}  // namespace

Literal::Bytes::Bytes(int64_t size) {
  const size_t rounded =
      static_cast<size_t>((std::max<int64_t>(size, 1) + kAlignment - 1) / kAlignment * kAlignment);
  pointer = std::aligned_alloc(kAlignment, rounded);
}
Literal::Bytes::Bytes(Bytes&& other) noexcept : pointer(std::exchange(other.pointer, nullptr)) {}
Literal::Bytes& Literal::Bytes::operator=(Bytes&& other) noexcept {
  std::swap(pointer, other.pointer);
  return *this;
}
Literal::Bytes::~Bytes() { std::free(pointer); }

Literal::Literal(DType dtype, std::vector<int64_t> shape, int64_t num_elements, Bytes bytes)
    : dtype_(dtype),
      shape_(std::move(shape)),
      num_elements_(num_elements),
      bytes_(std::move(bytes)) {
  CERMET_CHECK(bytes_.pointer != nullptr);
}

Literal::Literal(DType dtype, std::vector<int64_t> shape)
    : Literal(Uninitialized(dtype, std::move(shape))) {
  std::memset(data(), 0, static_cast<size_t>(byte_size()));
}

Literal Literal::Uninitialized(DType dtype, std::vector<int64_t> shape) {
  const absl::StatusOr<int64_t> num_elements = CheckedNumElements(dtype, shape);
  CERMET_CHECK(num_elements.ok());
  return Literal(dtype, std::move(shape), *num_elements, Bytes(*num_elements * ByteSize(dtype)));
}

absl::StatusOr<Literal> Literal::Allocate(DType dtype, std::vector<int64_t> shape) {
  CERMET_ASSIGN_OR_RETURN(const int64_t num_elements, CheckedNumElements(dtype, shape));
  const int64_t size = num_elements * ByteSize(dtype);
  static const int64_t available = PhysicalBytes();
  Bytes bytes;
  if (size <= available) bytes = Bytes(size);
  if (bytes.pointer == nullptr) {
    return absl::ResourceExhaustedError(
        absl::StrCat("no memory for a value of type ", Name(dtype), "[", absl::StrJoin(shape, ","),
                     "], which takes ", size, " bytes; this machine has ", available));
  }
  return Literal(dtype, std::move(shape), num_elements, std::move(bytes));
}

Literal::Literal(const Literal& other)
    : Literal(other.dtype_, other.shape_, other.num_elements_, Bytes(other.byte_size())) {
  if (other.data() != nullptr) std::memcpy(data(), other.data(), other.byte_size());
}
Literal& Literal::operator=(const Literal& other) {
  if (this != &other) *this = Literal(other);
  return *this;
}

Literal Literal::Splat(DType dtype, std::vector<int64_t> shape, double value) {
  Literal literal = Uninitialized(dtype, std::move(shape));
  const ScalarOp convert{OpCode::kConvert, DType::kF64, dtype};
  const ScalarBits bits = std::bit_cast<uint64_t>(value);
  FillBits(&literal, Apply(convert, &bits));
  return literal;
}

Literal Literal::SplatInt(DType dtype, std::vector<int64_t> shape, int64_t value) {
  Literal literal = Uninitialized(dtype, std::move(shape));
  const ScalarOp convert{OpCode::kConvert, DType::kI64, dtype};
  const ScalarBits bits = static_cast<uint64_t>(value);
  FillBits(&literal, Apply(convert, &bits));
  return literal;
}

Type Literal::type() const { return Type(dtype_, Shape(shape_.begin(), shape_.end())); }

double Literal::GetFloat(int64_t i) const {
  return FloatFromBits(dtype_, LoadBits(data(), ByteSize(dtype_), i));
}
int64_t Literal::GetInt(int64_t i) const {
  return IntFromBits(dtype_, LoadBits(data(), ByteSize(dtype_), i));
}
void Literal::SetFloat(int64_t i, double value) {
  StoreBits(data(), ByteSize(dtype_), i, BitsFromFloat(dtype_, value));
}
void Literal::SetInt(int64_t i, int64_t value) {
  StoreBits(data(), ByteSize(dtype_), i, BitsFromInt(dtype_, value));
}

bool operator==(const Literal& a, const Literal& b) {
  return a.dtype_ == b.dtype_ && a.shape_ == b.shape_ &&
         std::memcmp(a.data(), b.data(), static_cast<size_t>(a.byte_size())) == 0;
}

bool Literal::IsSplat() const {
  if (num_elements_ == 0) return false;
  const size_t width = static_cast<size_t>(ByteSize(dtype_));
  const char* bytes = static_cast<const char*>(data());
  return std::memcmp(bytes, bytes + width, static_cast<size_t>(byte_size()) - width) == 0;
}

std::string Literal::ToString(int64_t max_elements) const {
  std::string text;
  int64_t next = 0;
  AppendElements(*this, 0, &next, max_elements, &text);
  return text;
}

float HalfToFloat(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000u) << 16;
  const uint32_t exponent = (bits >> 10) & 0x1fu;
  const uint32_t mantissa = bits & 0x3ffu;
  if (exponent == 0x1f) return std::bit_cast<float>(sign | 0x7f800000u | (mantissa << 13));
  if (exponent == 0) {
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(magnitude));
  }
  return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
}

uint16_t FloatToHalf(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint16_t sign = static_cast<uint16_t>((bits >> 16) & 0x8000u);
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) {
    return sign | 0x7e00u | static_cast<uint16_t>((magnitude >> 13) & 0x3ffu);
  }
  if (magnitude >= 0x477ff000u) return sign | 0x7c00u;  // 65520 and above round to infinity
  if (magnitude < 0x38800000u) {
    // Subnormal results: adding 0.5 leaves the rounded multiple of 2^-24 in the low bits of the
    // sum.
    const float sum = std::bit_cast<float>(magnitude) + 0.5f;
    return sign | static_cast<uint16_t>(std::bit_cast<uint32_t>(sum) - 0x3f000000u);
  }
  const uint32_t rounded = magnitude + 0xfffu + ((magnitude >> 13) & 1);
  return sign | static_cast<uint16_t>((rounded - 0x38000000u) >> 13);
}

uint16_t DoubleToHalf(double value) { return NarrowDouble(value, 10, 15, 15); }

float BFloat16ToFloat(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

uint16_t FloatToBFloat16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>((bits >> 16) | 0x40u);
  return static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1)) >> 16);
}

uint16_t DoubleToBFloat16(double value) { return NarrowDouble(value, 7, 127, 15); }

}  // namespace cermet
