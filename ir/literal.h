// A tensor's value in host memory.
#ifndef CERMET_IR_LITERAL_H_
#define CERMET_IR_LITERAL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "ir/dtype.h"
#include "ir/type.h"

namespace cermet {

// Owns its bytes: dense, row-major, little-endian, aligned to 64 bytes. Copyable and movable. Safe
// to read from many threads.
class Literal {
 public:
  Literal() : Literal(DType::kF32, {}) {}  // an f32 scalar 0
  // All elements zero. Extents must be non-negative and their product must fit (CERMET_CHECK).
  Literal(DType dtype, std::vector<int64_t> shape);
  // Elements of no particular value, for callers that write every one of them.
  static Literal Uninitialized(DType dtype, std::vector<int64_t> shape);
  // The same for a size that comes from a caller. Errors: InvalidArgument for a negative extent or
  // more bytes than an int64 counts, ResourceExhausted for more memory than there is.
  static absl::StatusOr<Literal> Allocate(DType dtype, std::vector<int64_t> shape);
  Literal(const Literal& other);
  Literal& operator=(const Literal& other);
  Literal(Literal&&) noexcept = default;
  Literal& operator=(Literal&&) noexcept = default;

  // A tensor from values in row-major order; T is the C++ type of `dtype` (NativeDType<T>).
  template <typename T>
  static Literal FromValues(std::vector<int64_t> shape, absl::Span<const T> values);
  template <typename T>
  static Literal Scalar(T value);
  // A scalar or filled tensor of any number type or bool, the value converted as `convert` does
  // from f64 (or i64).
  static Literal Splat(DType dtype, std::vector<int64_t> shape, double value);
  static Literal SplatInt(DType dtype, std::vector<int64_t> shape, int64_t value);

  DType dtype() const { return dtype_; }
  const std::vector<int64_t>& shape() const { return shape_; }
  Type type() const;
  int64_t num_elements() const { return num_elements_; }
  int64_t byte_size() const { return num_elements_ * ByteSize(dtype_); }
  const void* data() const { return bytes_.data(); }
  void* data() { return bytes_.data(); }
  template <typename T>
  absl::Span<const T> values() const {
    return absl::Span<const T>(reinterpret_cast<const T*>(data()),
                               static_cast<size_t>(num_elements_));
  }
  template <typename T>
  absl::Span<T> mutable_values() {
    return absl::Span<T>(reinterpret_cast<T*>(data()), static_cast<size_t>(num_elements_));
  }

  // Element `i` in row-major order, widened: any float type to double, any integer or bool to int64
  // (u64 keeps its bits).
  double GetFloat(int64_t i) const;
  int64_t GetInt(int64_t i) const;
  void SetFloat(int64_t i, double value);  // rounds to nearest even; float types only
  void SetInt(int64_t i, int64_t value);   // wraps; integer types and bool

  // Equal types and bytes (so NaNs with equal bits are equal, and 0 is not -0).
  friend bool operator==(const Literal& a, const Literal& b);
  // True if every element has the bits of element 0 (and there is one).
  bool IsSplat() const;
  // The first elements, as numpy prints them: `[[1, 2], [3, 4]]`.
  std::string ToString(int64_t max_elements = 64) const;

 private:
  struct Bytes {  // a 64-byte aligned buffer
    Bytes() = default;
    explicit Bytes(int64_t size);  // uninitialized; null if there is no memory for it
    Bytes(Bytes&& other) noexcept;
    Bytes& operator=(Bytes&& other) noexcept;
    ~Bytes();
    void* data() const { return pointer; }
    void* pointer = nullptr;
  };
  Literal(DType dtype, std::vector<int64_t> shape, int64_t num_elements, Bytes bytes);

  DType dtype_ = DType::kF32;
  std::vector<int64_t> shape_;
  int64_t num_elements_ = 1;
  Bytes bytes_;
};

// The DType of a C++ type: bool, int8_t.. uint64_t, float, double.
template <typename T>
struct NativeDType;
#define CERMET_NATIVE_DTYPE(T, D)            \
  template <>                                \
  struct NativeDType<T> {                    \
    static constexpr DType value = DType::D; \
  };
CERMET_NATIVE_DTYPE(bool, kBool)
CERMET_NATIVE_DTYPE(int8_t, kI8)
CERMET_NATIVE_DTYPE(int16_t, kI16)
CERMET_NATIVE_DTYPE(int32_t, kI32)
CERMET_NATIVE_DTYPE(int64_t, kI64)
CERMET_NATIVE_DTYPE(uint8_t, kU8)
CERMET_NATIVE_DTYPE(uint16_t, kU16)
CERMET_NATIVE_DTYPE(uint32_t, kU32)
CERMET_NATIVE_DTYPE(uint64_t, kU64)
CERMET_NATIVE_DTYPE(float, kF32)
CERMET_NATIVE_DTYPE(double, kF64)
#undef CERMET_NATIVE_DTYPE

// Conversions of the two 16-bit float formats; rounding to nearest even, NaNs stay NaNs.
float HalfToFloat(uint16_t bits);
uint16_t FloatToHalf(float value);
uint16_t DoubleToHalf(double value);  // one rounding
float BFloat16ToFloat(uint16_t bits);
uint16_t FloatToBFloat16(float value);
uint16_t DoubleToBFloat16(double value);  // one rounding

template <typename T>
Literal Literal::FromValues(std::vector<int64_t> shape, absl::Span<const T> values) {
  Literal literal = Uninitialized(NativeDType<T>::value, std::move(shape));
  absl::Span<T> out = literal.mutable_values<T>();
  for (size_t i = 0; i < out.size(); ++i) out[i] = values[i];
  return literal;
}

template <typename T>
Literal Literal::Scalar(T value) {
  return FromValues<T>({}, absl::Span<const T>(&value, 1));
}

}  // namespace cermet

#endif  // CERMET_IR_LITERAL_H_
