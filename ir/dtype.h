// The element types of tensors.
#ifndef CERMET_IR_DTYPE_H_
#define CERMET_IR_DTYPE_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace cermet {

// Element types. In memory: bool is one byte holding 0 or 1; f16 is IEEE binary16 and bf16 the
// upper half of an f32, both in two bytes; everything is little-endian. kToken orders side effects
// and has no bytes.
enum class DType : uint8_t {
  kBool,
  kI8,
  kI16,
  kI32,
  kI64,
  kU8,
  kU16,
  kU32,
  kU64,
  kF16,
  kBF16,
  kF32,
  kF64,
  kToken,
};
inline constexpr int kNumDTypes = 14;

// The size of one element in bytes; 0 for tokens.
int64_t ByteSize(DType dtype);
// The text form: bool, i8, ..., u64, f16, bf16, f32, f64, token.
absl::string_view Name(DType dtype);
// The inverse of Name.
std::optional<DType> ParseDType(absl::string_view name);

bool IsFloat(DType dtype);            // f16, bf16, f32, f64
bool IsSignedInteger(DType dtype);    // i8..i64
bool IsUnsignedInteger(DType dtype);  // u8..u64
bool IsInteger(DType dtype);          // signed or unsigned, not bool

// Sets of element types, as the op table states them.
using DTypeSet = uint16_t;
constexpr DTypeSet Bit(DType dtype) { return static_cast<DTypeSet>(1u << static_cast<int>(dtype)); }
inline constexpr DTypeSet kBoolSet = Bit(DType::kBool);
inline constexpr DTypeSet kSignedSet =
    Bit(DType::kI8) | Bit(DType::kI16) | Bit(DType::kI32) | Bit(DType::kI64);
inline constexpr DTypeSet kUnsignedSet =
    Bit(DType::kU8) | Bit(DType::kU16) | Bit(DType::kU32) | Bit(DType::kU64);
inline constexpr DTypeSet kIntegerSet = kSignedSet | kUnsignedSet;
inline constexpr DTypeSet kFloatSet =
    Bit(DType::kF16) | Bit(DType::kBF16) | Bit(DType::kF32) | Bit(DType::kF64);
inline constexpr DTypeSet kNumberSet = kIntegerSet | kFloatSet;
inline constexpr DTypeSet kBitsSet = kIntegerSet | kBoolSet;
inline constexpr DTypeSet kAnySet = kNumberSet | kBoolSet;
inline constexpr bool Contains(DTypeSet set, DType dtype) { return (set & Bit(dtype)) != 0; }

}  // namespace cermet

#endif  // CERMET_IR_DTYPE_H_
