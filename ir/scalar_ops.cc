// Every basic elementwise op on one element, as ops.def states it: floats through float or double,
// integers through their native type, with unsigned arithmetic where they wrap.
#include "ir/scalar_ops.h"

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include "ir/literal.h"
#include "ir/status.h"

namespace cermet {
namespace {

constexpr std::array<absl::string_view, 6> kDirectionNames = {"eq", "ne", "lt", "le", "gt", "ge"};

template <typename T>
bool CompareValues(CompareDirection direction, T x, T y) {
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

template <typename T>
T FloatMaximum(T x, T y) {
  return y > x || std::isnan(y) ? y : x;
}
template <typename T>
T FloatMinimum(T x, T y) {
  return y < x || std::isnan(y) ? y : x;
}

// The ops whose operands and result have one float type. Negation and absolute value act on the
// sign bit alone.
template <typename T>
T FloatOp(OpCode op, T x, T y, T z) {
  using Bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
  constexpr Bits kSign = Bits{1} << (8 * sizeof(T) - 1);
  // clang-format off
  switch (op) {
    case OpCode::kNeg: return std::bit_cast<T>(static_cast<Bits>(std::bit_cast<Bits>(x) ^ kSign));
    case OpCode::kAbs: return std::bit_cast<T>(static_cast<Bits>(std::bit_cast<Bits>(x) & ~kSign));
    case OpCode::kSign: return x > 0 ? T{1} : x < 0 ? T{-1} : x;
    case OpCode::kFloor: return std::floor(x);
    case OpCode::kCeil: return std::ceil(x);
    case OpCode::kTrunc: return std::trunc(x);
    case OpCode::kRoundEven: return std::nearbyint(x);
    case OpCode::kSqrt: return std::sqrt(x);
    case OpCode::kAdd: return x + y;
    case OpCode::kSub: return x - y;
    case OpCode::kMul: return x * y;
    case OpCode::kDiv: return x / y;
    case OpCode::kRem: return std::fmod(x, y);
    case OpCode::kMaximum: return FloatMaximum(x, y);
    case OpCode::kMinimum: return FloatMinimum(x, y);
    case OpCode::kClamp: return FloatMinimum(FloatMaximum(y, x), z);
    case OpCode::kFma: return std::fma(x, y, z);
    case OpCode::kNot: case OpCode::kPopCount: case OpCode::kCountLeadingZeros:
    case OpCode::kIsFinite: case OpCode::kAnd: case OpCode::kOr: case OpCode::kXor:
    case OpCode::kShiftLeft: case OpCode::kShiftRightArithmetic: case OpCode::kShiftRightLogical:
    case OpCode::kCompare: case OpCode::kSelect: case OpCode::kConvert: case OpCode::kBitcast:
#include "ir/cases_not_elementwise.def"
      break;
  }
  // clang-format on
  CERMET_UNREACHABLE();
}

template <typename T>
T IntegerDiv(T x, T y) {
  if (y == 0) return static_cast<T>(-1);
  if constexpr (std::is_signed_v<T>) {
    if (y == -1) return static_cast<T>(0 - static_cast<std::make_unsigned_t<T>>(x));
  }
  return static_cast<T>(x / y);
}

template <typename T>
T IntegerRem(T x, T y) {
  if (y == 0) return x;
  if constexpr (std::is_signed_v<T>) {
    if (y == -1) return 0;
  }
  return static_cast<T>(x % y);
}

template <typename T>
T ShiftRightArithmetic(T x, T y) {
  using Signed = std::make_signed_t<T>;
  constexpr unsigned kWidth = 8 * sizeof(T);
  const auto amount = static_cast<std::make_unsigned_t<T>>(y);
  return static_cast<T>(static_cast<Signed>(x) >> (amount < kWidth ? amount : kWidth - 1));
}

// The ops whose operands and result have one integer type.
template <typename T>
T IntegerOp(OpCode op, T x, T y, T z) {
  using U = std::make_unsigned_t<T>;
  constexpr U kWidth = 8 * sizeof(T);
  const U ux = static_cast<U>(x);
  const U uy = static_cast<U>(y);
  // Products of narrow types are computed as unsigned, because the promoted int could overflow.
  using Wide = std::conditional_t<(sizeof(T) < sizeof(unsigned)), unsigned, U>;
  // clang-format off
  switch (op) {
    case OpCode::kNeg: return static_cast<T>(0 - ux);
    case OpCode::kAbs: return x < 0 ? static_cast<T>(0 - ux) : x;
    case OpCode::kSign: return static_cast<T>((x > 0) - (x < 0));
    case OpCode::kNot: return static_cast<T>(~ux);
    case OpCode::kPopCount: return static_cast<T>(std::popcount(ux));
    case OpCode::kCountLeadingZeros: return static_cast<T>(std::countl_zero(ux));
    case OpCode::kAdd: return static_cast<T>(ux + uy);
    case OpCode::kSub: return static_cast<T>(ux - uy);
    case OpCode::kMul: return static_cast<T>(static_cast<Wide>(ux) * static_cast<Wide>(uy));
    case OpCode::kDiv: return IntegerDiv(x, y);
    case OpCode::kRem: return IntegerRem(x, y);
    case OpCode::kMaximum: return y > x ? y : x;
    case OpCode::kMinimum: return y < x ? y : x;
    case OpCode::kAnd: return static_cast<T>(ux & uy);
    case OpCode::kOr: return static_cast<T>(ux | uy);
    case OpCode::kXor: return static_cast<T>(ux ^ uy);
    case OpCode::kShiftLeft: return uy < kWidth ? static_cast<T>(static_cast<Wide>(ux) << uy) : T{0};
    case OpCode::kShiftRightArithmetic: return ShiftRightArithmetic(x, y);
    case OpCode::kShiftRightLogical: return uy < kWidth ? static_cast<T>(ux >> uy) : T{0};
    case OpCode::kClamp: {
      const T raised = x > y ? x : y;  // clamp(lo, x, hi)
      return z < raised ? z : raised;
    }
    case OpCode::kFloor: case OpCode::kCeil: case OpCode::kTrunc: case OpCode::kRoundEven:
    case OpCode::kSqrt: case OpCode::kIsFinite: case OpCode::kCompare: case OpCode::kSelect:
    case OpCode::kFma: case OpCode::kConvert: case OpCode::kBitcast:
#include "ir/cases_not_elementwise.def"
      break;
  }
  // clang-format on
  CERMET_UNREACHABLE();
}

bool BoolOp(OpCode op, bool x, bool y) {
  // clang-format off
  switch (op) {
    case OpCode::kNot: return !x;
    case OpCode::kAdd: case OpCode::kOr: case OpCode::kMaximum: return x || y;
    case OpCode::kMul: case OpCode::kAnd: case OpCode::kMinimum: return x && y;
    case OpCode::kXor: return x != y;
    case OpCode::kNeg: case OpCode::kAbs: case OpCode::kSign: case OpCode::kPopCount:
    case OpCode::kCountLeadingZeros: case OpCode::kFloor: case OpCode::kCeil: case OpCode::kTrunc:
    case OpCode::kRoundEven: case OpCode::kSqrt: case OpCode::kIsFinite: case OpCode::kSub:
    case OpCode::kDiv: case OpCode::kRem: case OpCode::kShiftLeft:
    case OpCode::kShiftRightArithmetic: case OpCode::kShiftRightLogical: case OpCode::kCompare:
    case OpCode::kSelect: case OpCode::kClamp: case OpCode::kFma: case OpCode::kConvert:
    case OpCode::kBitcast:
#include "ir/cases_not_elementwise.def"
      break;
  }
  // clang-format on
  CERMET_UNREACHABLE();
}

// Calls `body` with a value of the native type that holds `dtype`; the 16-bit floats are held in
// floats.
template <typename Body>
auto Dispatch(DType dtype, Body body) {
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
T FromBits(DType dtype, ScalarBits bits) {
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
ScalarBits ToBits(DType dtype, T value) {
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
To ConvertValue(From value) {
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

ScalarBits ApplyConvert(DType from, DType to, ScalarBits bits) {
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

ScalarBits ApplyCompare(const ScalarOp& op, ScalarBits x, ScalarBits y) {
  return Dispatch(op.operand, [&](auto tag) -> ScalarBits {
    using T = decltype(tag);
    return CompareValues(op.direction, FromBits<T>(op.operand, x), FromBits<T>(op.operand, y));
  });
}

// The ops of one element type throughout.
ScalarBits ApplyUniform(const ScalarOp& op, ScalarBits x, ScalarBits y, ScalarBits z) {
  return Dispatch(op.operand, [&](auto tag) -> ScalarBits {
    using T = decltype(tag);
    const T a = FromBits<T>(op.operand, x);
    const T b = FromBits<T>(op.operand, y);
    const T c = FromBits<T>(op.operand, z);
    if constexpr (std::is_same_v<T, bool>) {
      return ToBits<T>(op.operand, BoolOp(op.op, a, b));
    } else if constexpr (std::is_floating_point_v<T>) {
      return ToBits<T>(op.operand, FloatOp<T>(op.op, a, b, c));
    } else {
      return ToBits<T>(op.operand, IntegerOp<T>(op.op, a, b, c));
    }
  });
}

ScalarBits ApplyIsFinite(DType dtype, ScalarBits bits) {
  if (dtype == DType::kF64) return std::isfinite(std::bit_cast<double>(bits)) ? 1 : 0;
  return std::isfinite(FromBits<float>(dtype, bits)) ? 1 : 0;
}

}  // namespace

absl::string_view Name(CompareDirection direction) {
  return kDirectionNames[static_cast<size_t>(direction)];
}

std::optional<CompareDirection> ParseCompareDirection(absl::string_view name) {
  for (size_t i = 0; i < kDirectionNames.size(); ++i) {
    if (kDirectionNames[i] == name) return static_cast<CompareDirection>(i);
  }
  return std::nullopt;
}

ScalarBits Apply(const ScalarOp& op, const ScalarBits* operands) {
  switch (op.op) {
    case OpCode::kSelect:
      return (operands[0] & 1) != 0 ? operands[1] : operands[2];
    case OpCode::kCompare:
      return ApplyCompare(op, operands[0], operands[1]);
    case OpCode::kConvert:
      return ApplyConvert(op.operand, op.result, operands[0]);
    case OpCode::kBitcast:
      return op.result == DType::kBool ? operands[0] & 1 : operands[0];
    case OpCode::kIsFinite:
      return ApplyIsFinite(op.operand, operands[0]);
    case OpCode::kNeg:
    case OpCode::kAbs:
    case OpCode::kSign:
    case OpCode::kNot:
    case OpCode::kPopCount:
    case OpCode::kCountLeadingZeros:
    case OpCode::kFloor:
    case OpCode::kCeil:
    case OpCode::kTrunc:
    case OpCode::kRoundEven:
    case OpCode::kSqrt:
      return ApplyUniform(op, operands[0], 0, 0);
    case OpCode::kAdd:
    case OpCode::kSub:
    case OpCode::kMul:
    case OpCode::kDiv:
    case OpCode::kRem:
    case OpCode::kMaximum:
    case OpCode::kMinimum:
    case OpCode::kAnd:
    case OpCode::kOr:
    case OpCode::kXor:
    case OpCode::kShiftLeft:
    case OpCode::kShiftRightArithmetic:
    case OpCode::kShiftRightLogical:
      return ApplyUniform(op, operands[0], operands[1], 0);
    case OpCode::kClamp:
    case OpCode::kFma:
      return ApplyUniform(op, operands[0], operands[1], operands[2]);
#include "ir/cases_not_elementwise.def"
      break;
  }
  CERMET_UNREACHABLE();
}

double FloatFromBits(DType dtype, ScalarBits bits) {
  CERMET_CHECK(IsFloat(dtype));
  return dtype == DType::kF64 ? std::bit_cast<double>(bits) : FromBits<float>(dtype, bits);
}

ScalarBits BitsFromFloat(DType dtype, double value) {
  CERMET_CHECK(IsFloat(dtype));
  if (dtype == DType::kF16) return DoubleToHalf(value);
  if (dtype == DType::kBF16) return DoubleToBFloat16(value);
  if (dtype == DType::kF32) return std::bit_cast<uint32_t>(static_cast<float>(value));
  return std::bit_cast<uint64_t>(value);
}

int64_t IntFromBits(DType dtype, ScalarBits bits) {
  CERMET_CHECK(!IsFloat(dtype));
  return Dispatch(dtype, [&](auto tag) {
    using T = decltype(tag);
    return static_cast<int64_t>(FromBits<T>(dtype, bits));
  });
}

ScalarBits BitsFromInt(DType dtype, int64_t value) {
  CERMET_CHECK(!IsFloat(dtype));
  if (dtype == DType::kBool) return value != 0 ? 1 : 0;
  return Dispatch(dtype, [&](auto tag) {
    using T = decltype(tag);
    return ToBits<T>(dtype, static_cast<T>(value));
  });
}

}  // namespace cermet
