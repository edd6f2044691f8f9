// The specialised functions restate scalar_ops for the ops that kernels spend their time in; a test
// compares the two bit by bit.
#include "ir/kernel/interpreter/element_ops.h"

#include <bit>
#include <cmath>
#include <type_traits>

namespace cermet::kernel {
namespace {

template <typename T>
T From(ScalarBits bits) {
  if constexpr (std::is_same_v<T, float>) {
    return std::bit_cast<float>(static_cast<uint32_t>(bits));
  } else if constexpr (std::is_same_v<T, double>) {
    return std::bit_cast<double>(bits);
  } else {
    return static_cast<T>(bits);
  }
}

template <typename T>
ScalarBits To(T value) {
  if constexpr (std::is_same_v<T, float>) {
    return std::bit_cast<uint32_t>(value);
  } else if constexpr (std::is_same_v<T, double>) {
    return std::bit_cast<uint64_t>(value);
  } else if constexpr (std::is_same_v<T, bool>) {
    return value ? 1 : 0;
  } else {
    return static_cast<std::make_unsigned_t<T>>(value);
  }
}

template <typename T, typename F>
void Unary(const ScalarOp&, const ElementOperand* in, int64_t n, ScalarBits* out) {
  const ElementOperand a = in[0];
  for (int64_t i = 0; i < n; ++i) out[i] = To(F()(From<T>(a.data[i * a.stride])));
}

template <typename T, typename F>
void Binary(const ScalarOp&, const ElementOperand* in, int64_t n, ScalarBits* out) {
  const ElementOperand a = in[0], b = in[1];
  for (int64_t i = 0; i < n; ++i) {
    out[i] = To(F()(From<T>(a.data[i * a.stride]), From<T>(b.data[i * b.stride])));
  }
}

template <typename T>
void Fma(const ScalarOp&, const ElementOperand* in, int64_t n, ScalarBits* out) {
  const ElementOperand a = in[0], b = in[1], c = in[2];
  for (int64_t i = 0; i < n; ++i) {
    out[i] = To(std::fma(From<T>(a.data[i * a.stride]), From<T>(b.data[i * b.stride]),
                         From<T>(c.data[i * c.stride])));
  }
}

void Select(const ScalarOp&, const ElementOperand* in, int64_t n, ScalarBits* out) {
  const ElementOperand p = in[0], a = in[1], b = in[2];
  for (int64_t i = 0; i < n; ++i) {
    out[i] = (p.data[i * p.stride] & 1) != 0 ? a.data[i * a.stride] : b.data[i * b.stride];
  }
}

// Integers wrap: their arithmetic is done unsigned.
template <typename T>
using Wrapping = typename std::conditional_t<std::is_integral_v<T>, std::make_unsigned<T>,
                                             std::type_identity<T>>::type;
template <typename T>
struct Add {
  T operator()(T x, T y) const {
    return static_cast<T>(static_cast<Wrapping<T>>(x) + static_cast<Wrapping<T>>(y));
  }
};
template <typename T>
struct Sub {
  T operator()(T x, T y) const {
    return static_cast<T>(static_cast<Wrapping<T>>(x) - static_cast<Wrapping<T>>(y));
  }
};
template <typename T>
struct Mul {
  T operator()(T x, T y) const {
    return static_cast<T>(static_cast<Wrapping<T>>(x) * static_cast<Wrapping<T>>(y));
  }
};
template <typename T>
struct Maximum {
  T operator()(T x, T y) const { return y > x || y != y ? y : x; }
};
template <typename T>
struct Minimum {
  T operator()(T x, T y) const { return y < x || y != y ? y : x; }
};
template <typename T>
struct FloatDiv {
  T operator()(T x, T y) const { return x / y; }
};
struct IndexDiv {
  int64_t operator()(int64_t x, int64_t y) const {
    if (y == 0) return -1;
    return y == -1 ? static_cast<int64_t>(0 - static_cast<uint64_t>(x)) : x / y;
  }
};
struct IndexRem {
  int64_t operator()(int64_t x, int64_t y) const {
    if (y == 0) return x;
    return y == -1 ? 0 : x % y;
  }
};
template <typename T>
struct Sqrt {
  T operator()(T x) const { return std::sqrt(x); }
};
struct BoolAnd {
  bool operator()(bool x, bool y) const { return x && y; }
};
struct BoolOr {
  bool operator()(bool x, bool y) const { return x || y; }
};

template <typename T, CompareDirection direction>
struct Comparison {
  bool operator()(T x, T y) const {
    if constexpr (direction == CompareDirection::kEq) return x == y;
    if constexpr (direction == CompareDirection::kNe) return x != y;
    if constexpr (direction == CompareDirection::kLt) return x < y;
    if constexpr (direction == CompareDirection::kLe) return x <= y;
    if constexpr (direction == CompareDirection::kGt) return x > y;
    if constexpr (direction == CompareDirection::kGe) return x >= y;
  }
};

template <typename T>
ElementFunction FindComparison(CompareDirection direction) {
  switch (direction) {
    case CompareDirection::kEq:
      return Binary<T, Comparison<T, CompareDirection::kEq>>;
    case CompareDirection::kNe:
      return Binary<T, Comparison<T, CompareDirection::kNe>>;
    case CompareDirection::kLt:
      return Binary<T, Comparison<T, CompareDirection::kLt>>;
    case CompareDirection::kLe:
      return Binary<T, Comparison<T, CompareDirection::kLe>>;
    case CompareDirection::kGt:
      return Binary<T, Comparison<T, CompareDirection::kGt>>;
    case CompareDirection::kGe:
      return Binary<T, Comparison<T, CompareDirection::kGe>>;
  }
  return nullptr;
}

// Null if there is no specialised function.
template <typename T>
ElementFunction FindNumeric(const ScalarOp& op) {
  if (op.op == OpCode::kAdd) return Binary<T, Add<T>>;
  if (op.op == OpCode::kSub) return Binary<T, Sub<T>>;
  if (op.op == OpCode::kMul) return Binary<T, Mul<T>>;
  if (op.op == OpCode::kMaximum) return Binary<T, Maximum<T>>;
  if (op.op == OpCode::kMinimum) return Binary<T, Minimum<T>>;
  if (op.op == OpCode::kCompare) return FindComparison<T>(op.direction);
  if constexpr (std::is_floating_point_v<T>) {
    if (op.op == OpCode::kFma) return Fma<T>;
    if (op.op == OpCode::kDiv) return Binary<T, FloatDiv<T>>;
    if (op.op == OpCode::kSqrt) return Unary<T, Sqrt<T>>;
  }
  if constexpr (std::is_same_v<T, int64_t>) {
    if (op.op == OpCode::kDiv) return Binary<T, IndexDiv>;
    if (op.op == OpCode::kRem) return Binary<T, IndexRem>;
  }
  return nullptr;
}

}  // namespace

void ApplyElements(const ScalarOp& op, const ElementOperand* operands, int64_t n, ScalarBits* out) {
  const int count = Info(op.op).min_operands;
  for (int64_t i = 0; i < n; ++i) {
    ScalarBits bits[3];
    for (int j = 0; j < count; ++j) bits[j] = operands[j].data[i * operands[j].stride];
    out[i] = Apply(op, bits);
  }
}

ElementFunction FindElementFunction(const ScalarOp& op) {
  ElementFunction found = nullptr;
  if (op.op == OpCode::kSelect) return Select;
  if (op.operand == DType::kF32) found = FindNumeric<float>(op);
  if (op.operand == DType::kF64) found = FindNumeric<double>(op);
  if (op.operand == DType::kI32) found = FindNumeric<int32_t>(op);
  if (op.operand == DType::kI64) found = FindNumeric<int64_t>(op);
  if (op.operand == DType::kBool && op.op == OpCode::kAnd) found = Binary<bool, BoolAnd>;
  if (op.operand == DType::kBool && op.op == OpCode::kOr) found = Binary<bool, BoolOr>;
  return found != nullptr ? found : ApplyElements;
}

}  // namespace cermet::kernel
