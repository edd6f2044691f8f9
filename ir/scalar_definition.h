// The definition of every basic elementwise op on one element, as ops.def states it: floats through
// float or double, integers through their native type, with unsigned arithmetic where they wrap.
// Only scalar_ops.cc and the loops of the kernel interpreter include it; others call Apply.
#ifndef CERMET_IR_SCALAR_DEFINITION_H_
#define CERMET_IR_SCALAR_DEFINITION_H_

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "ir/dtype.h"
#include "ir/literal.h"
#include "ir/op.h"
#include "ir/scalar_ops.h"
#include "ir/status.h"

namespace cermet {

template <typename T>
inline bool CompareValues(CompareDirection direction, T x, T y) {
  switch (direction) {
    case CompareDirection::kEq:
      return x == y;
    case CompareDirection::kNe:
      return x != y;
    case CompareDirection::kLt:
      return x < y;
    case CompareDirection::kLe:
      return x <= y;
    case CompareDirection::kGt:
      return x > y;
    case CompareDirection::kGe:
      return x >= y;
  }
  CERMET_UNREACHABLE();
}

// Calls `body` with a value of the native type that holds `dtype`; the 16-bit floats are held in
// floats.
template <typename Body>
inline auto Dispatch(DType dtype, Body body) {
  switch (dtype) {
    case DType::kBool:
      return body(bool{});
    case DType::kI8:
      return body(int8_t{});
    case DType::kI16:
      return body(int16_t{});
    case DType::kI32:
      return body(int32_t{});
    case DType::kI64:
      return body(int64_t{});
    case DType::kU8:
      return body(uint8_t{});
    case DType::kU16:
      return body(uint16_t{});
    case DType::kU32:
      return body(uint32_t{});
    case DType::kU64:
      return body(uint64_t{});
    case DType::kF16:
    case DType::kBF16:
    case DType::kF32:
      return body(float{});
    case DType::kF64:
      return body(double{});
    case DType::kToken:
      break;
  }
  CERMET_UNREACHABLE();
}

template <typename T>
inline T FromBits(DType dtype, ScalarBits bits) {
  if constexpr (std::is_same_v<T, bool>) {
    return (bits & 1) != 0;
  } else if constexpr (std::is_same_v<T, double>) {
    return std::bit_cast<double>(bits);
  } else if constexpr (std::is_same_v<T, float>) {
    if (dtype == DType::kF16) return HalfToFloat(static_cast<uint16_t>(bits));
    if (dtype == DType::kBF16) return BFloat16ToFloat(static_cast<uint16_t>(bits));
    return std::bit_cast<float>(static_cast<uint32_t>(bits));
  } else {
    return static_cast<T>(bits);
  }
}

template <typename T>
inline ScalarBits ToBits(DType dtype, T value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value ? 1 : 0;
  } else if constexpr (std::is_same_v<T, double>) {
    return std::bit_cast<uint64_t>(value);
  } else if constexpr (std::is_same_v<T, float>) {
    if (dtype == DType::kF16) return FloatToHalf(value);
    if (dtype == DType::kBF16) return FloatToBFloat16(value);
    return std::bit_cast<uint32_t>(value);
  } else {
    return static_cast<std::make_unsigned_t<T>>(value);
  }
}

template <typename To, typename From>
inline To ConvertValue(From value) {
  if constexpr (std::is_same_v<To, bool>) {
    return value != 0;
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    // Both bounds are exact: -2^(n-1) or 0 below, and 2^(n-1) or 2^n above the largest value.
    constexpr From kLowest = static_cast<From>(std::numeric_limits<To>::min());
    constexpr From kBeyond = static_cast<From>(std::numeric_limits<To>::max() / 2 + 1) * From{2};
    if (std::isnan(value)) return 0;
    if (value <= kLowest) return std::numeric_limits<To>::min();
    if (value >= kBeyond) return std::numeric_limits<To>::max();
    return static_cast<To>(value);
  } else {
    return static_cast<To>(value);
  }
}

inline ScalarBits ConvertBits(DType from, DType to, ScalarBits bits) {
  // One rounding from f64; from everything else the 16-bit floats are reached through f32.
  if (from == DType::kF64 && (to == DType::kF16 || to == DType::kBF16)) {
    return BitsFromFloat(to, std::bit_cast<double>(bits));
  }
  if (from == to) return bits;
  return Dispatch(from, [&](auto source) {
    using From = decltype(source);
    const From value = FromBits<From>(from, bits);
    return Dispatch(to, [&](auto target) {
      using To = decltype(target);
      return ToBits<To>(to, ConvertValue<To>(value));
    });
  });
}

// The element types that a T holds.
template <typename T>
constexpr DTypeSet HeldBy() {
  DTypeSet set = 0;
  if (std::is_same_v<T, bool>) set = kBoolSet;
  if (std::is_same_v<T, float>) set = Bit(DType::kF16) | Bit(DType::kBF16) | Bit(DType::kF32);
  if (std::is_same_v<T, double>) set = Bit(DType::kF64);
  return set != 0 ? set : kIntegerSet;
}

// An unsigned integer of T's size.
template <typename T>
using UnsignedOf =
    std::conditional_t<sizeof(T) == 1, uint8_t,
                       std::conditional_t<sizeof(T) == 2, uint16_t,
                                          std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>>>;

// One method per row of the op table, instantiated for the types T that hold elements of the row.
template <typename T>
class ScalarDefinition {
  static constexpr bool kBool = std::is_same_v<T, bool>;
  static constexpr bool kFloat = std::is_floating_point_v<T>;
  using U = UnsignedOf<T>;
  // Products of narrow types are computed as unsigned, because the promoted int could overflow.
  using Wide = std::conditional_t<(sizeof(T) < sizeof(unsigned)), unsigned, U>;
  static constexpr unsigned kWidth = 8 * sizeof(T);
  static constexpr U kSignBit = static_cast<U>(U{1} << (kWidth - 1));

 public:
  // Both must outlive the definition.
  ScalarDefinition(const ScalarOp& op, const ScalarBits* operands)
      : op_(op), operands_{op, operands} {}

  // Calls the method that is named like the op's row: a row without one does not compile.
  ScalarBits Apply() const {
    switch (op_.op) {
#define CERMET_APPLY_kElementwise(Enum, dtypes)                                      \
  if constexpr (((dtypes) & HeldBy<T>()) != 0) return Result(this->Enum(operands_)); \
  break;
#define CERMET_APPLY_kTranscendental(Enum, dtypes) break;
#define CERMET_APPLY_kSource(Enum, dtypes) break;
#define CERMET_APPLY_kView(Enum, dtypes) break;
#define CERMET_APPLY_kUpdate(Enum, dtypes) break;
#define CERMET_APPLY_kReduction(Enum, dtypes) break;
#define CERMET_APPLY_kContraction(Enum, dtypes) break;
#define CERMET_APPLY_kControl(Enum, dtypes) break;
#define CERMET_APPLY_kEffectful(Enum, dtypes) break;
#define CERMET_APPLY_kComposite(Enum, dtypes) break;
#define CERMET_OP(Enum, name, op_class, min, max, dtypes, ...) \
  case OpCode::k##Enum:                                        \
    CERMET_APPLY_##op_class(Enum, dtypes)
#include "ir/ops.def"
#undef CERMET_OP
    }
    CERMET_UNREACHABLE();
  }
  // The same where the method is known: Apply<&ScalarDefinition::Add>().
  template <auto Method>
  ScalarBits Apply() const {
    return Result((this->*Method)(operands_));
  }

  struct Operands {
    const ScalarOp& op;
    const ScalarBits* bits;
    T operator[](int i) const { return FromBits<T>(op.operand, bits[i]); }
  };

  // The rows. They return a value of the operands' type, a bool, or the bits of the result.

  // Negation and absolute value of floats act on the sign bit alone.
  T Neg(Operands x) const {
    if constexpr (kFloat) return std::bit_cast<T>(std::bit_cast<U>(x[0]) ^ kSignBit);
    return static_cast<T>(0 - static_cast<U>(x[0]));
  }
  T Abs(Operands x) const {
    if constexpr (kFloat) return std::bit_cast<T>(std::bit_cast<U>(x[0]) & ~kSignBit);
    return x[0] < 0 ? static_cast<T>(0 - static_cast<U>(x[0])) : x[0];
  }
  T Sign(Operands x) const { return x[0] > 0 ? T{1} : x[0] < 0 ? static_cast<T>(-1) : x[0]; }
  T Not(Operands x) const {
    if constexpr (kBool) {
      return !x[0];
    } else {
      return static_cast<T>(~static_cast<U>(x[0]));
    }
  }
  T PopCount(Operands x) const { return static_cast<T>(std::popcount(static_cast<U>(x[0]))); }
  T CountLeadingZeros(Operands x) const {
    return static_cast<T>(std::countl_zero(static_cast<U>(x[0])));
  }
  T Floor(Operands x) const { return std::floor(x[0]); }
  T Ceil(Operands x) const { return std::ceil(x[0]); }
  T Trunc(Operands x) const { return std::trunc(x[0]); }
  T RoundEven(Operands x) const { return std::nearbyint(x[0]); }
  T Sqrt(Operands x) const { return std::sqrt(x[0]); }
  bool IsFinite(Operands x) const { return std::isfinite(x[0]); }

  T Add(Operands x) const {
    if constexpr (kBool) return x[0] || x[1];
    if constexpr (kFloat) return x[0] + x[1];
    return static_cast<T>(static_cast<U>(x[0]) + static_cast<U>(x[1]));
  }
  T Sub(Operands x) const {
    if constexpr (kFloat) return x[0] - x[1];
    return static_cast<T>(static_cast<U>(x[0]) - static_cast<U>(x[1]));
  }
  T Mul(Operands x) const {
    if constexpr (kBool) return x[0] && x[1];
    if constexpr (kFloat) return x[0] * x[1];
    return static_cast<T>(static_cast<Wide>(x[0]) * static_cast<Wide>(x[1]));
  }
  T Div(Operands x) const {
    if constexpr (kFloat) {
      return x[0] / x[1];
    } else {
      if (x[1] == 0) return static_cast<T>(-1);
      return MinusOne(x[1]) ? Neg(x) : static_cast<T>(x[0] / x[1]);
    }
  }
  T Rem(Operands x) const {
    if constexpr (kFloat) {
      return std::fmod(x[0], x[1]);
    } else {
      if (x[1] == 0) return x[0];
      return MinusOne(x[1]) ? T{0} : static_cast<T>(x[0] % x[1]);
    }
  }

  T Maximum(Operands x) const { return Max(x[0], x[1]); }
  T Minimum(Operands x) const { return Min(x[0], x[1]); }
  T Clamp(Operands x) const { return Min(Max(x[1], x[0]), x[2]); }

  T And(Operands x) const { return static_cast<T>(x[0] & x[1]); }
  T Or(Operands x) const { return static_cast<T>(x[0] | x[1]); }
  T Xor(Operands x) const { return static_cast<T>(x[0] ^ x[1]); }
  T ShiftLeft(Operands x) const {
    const U amount = static_cast<U>(x[1]);
    return amount < kWidth ? static_cast<T>(static_cast<Wide>(x[0]) << amount) : T{0};
  }
  T ShiftRightArithmetic(Operands x) const {
    const U amount = static_cast<U>(x[1]);
    return static_cast<T>(static_cast<std::make_signed_t<U>>(x[0]) >>
                          (amount < kWidth ? amount : kWidth - 1));
  }
  T ShiftRightLogical(Operands x) const {
    const U amount = static_cast<U>(x[1]);
    return amount < kWidth ? static_cast<T>(static_cast<U>(x[0]) >> amount) : T{0};
  }

  bool Compare(Operands x) const { return CompareValues(op_.direction, x[0], x[1]); }
  ScalarBits Select(Operands x) const { return (x.bits[0] & 1) != 0 ? x.bits[1] : x.bits[2]; }
  T Fma(Operands x) const { return std::fma(x[0], x[1], x[2]); }
  ScalarBits Convert(Operands x) const { return ConvertBits(op_.operand, op_.result, x.bits[0]); }
  ScalarBits Bitcast(Operands x) const {
    return op_.result == DType::kBool ? x.bits[0] & 1 : x.bits[0];
  }

 private:
  template <typename R>
  ScalarBits Result(R value) const {
    static_assert(std::is_same_v<R, T> || std::is_same_v<R, bool> || std::is_same_v<R, ScalarBits>);
    if constexpr (std::is_same_v<R, T>) return ToBits<T>(op_.operand, value);
    return static_cast<ScalarBits>(value);
  }

  static bool MinusOne(T y) { return std::is_signed_v<T> && y == static_cast<T>(-1); }
  static bool IsNan(T x) { return x != x; }
  static T Max(T x, T y) { return y > x || IsNan(y) ? y : x; }
  static T Min(T x, T y) { return y < x || IsNan(y) ? y : x; }

  const ScalarOp& op_;
  const Operands operands_;
};

}  // namespace cermet

#endif  // CERMET_IR_SCALAR_DEFINITION_H_
