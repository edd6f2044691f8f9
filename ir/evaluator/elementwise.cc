// Elementwise ops: basic ones by ir/scalar_ops, transcendental ones in a wider type, rounded once.
#include <algorithm>
#include <bit>
#include <cmath>
#include <type_traits>

#include "ir/evaluator/indexing.h"
#include "ir/evaluator/node_evaluators.h"
#include "ir/status.h"

namespace cermet::evaluator {
namespace {

// In T (double for f32 and narrower, long double for f64).
template <typename T>
T Transcendental(OpCode op, T x, T y) {
  // clang-format off
  switch (op) {
    case OpCode::kCbrt: return std::cbrt(x);
    case OpCode::kExp: return std::exp(x);
    case OpCode::kExpm1: return std::expm1(x);
    case OpCode::kLog: return std::log(x);
    case OpCode::kLog1p: return std::log1p(x);
    case OpCode::kSin: return std::sin(x);
    case OpCode::kCos: return std::cos(x);
    case OpCode::kTan: return std::tan(x);
    case OpCode::kAsin: return std::asin(x);
    case OpCode::kAcos: return std::acos(x);
    case OpCode::kAtan: return std::atan(x);
    case OpCode::kSinh: return std::sinh(x);
    case OpCode::kCosh: return std::cosh(x);
    case OpCode::kTanh: return std::tanh(x);
    case OpCode::kAsinh: return std::asinh(x);
    case OpCode::kAcosh: return std::acosh(x);
    case OpCode::kAtanh: return std::atanh(x);
    case OpCode::kErf: return std::erf(x);
    case OpCode::kLogistic: return T{1} / (T{1} + std::exp(-x));
    case OpCode::kPow: return std::pow(x, y);
    case OpCode::kAtan2: return std::atan2(x, y);
    case OpCode::kRsqrt:  // rounded twice, in its own type
#include "ir/cases_not_transcendental.def"
      break;
  }
  // clang-format on
  CERMET_UNREACHABLE();
}

template <typename T>
ScalarBits ReciprocalSqrt(DType dtype, T x) {
  return BitsFromFloat(dtype, T{1} / std::sqrt(x));
}

// x^y with wrap for y >= 0; for y < 0 the exact 1/x^|y| rounded towards zero, where 1/0 is all ones
// as in `div`.
template <typename T>
T IntegerPow(T x, T y) {
  if constexpr (std::is_signed_v<T>) {
    if (y < 0) {
      if (x == 0) return -1;
      if (x == 1) return 1;
      if (x == -1) return (y & 1) != 0 ? T{-1} : T{1};
      return 0;
    }
  }
  uint64_t base = static_cast<uint64_t>(x);
  uint64_t result = 1;
  for (uint64_t n = static_cast<uint64_t>(y); n != 0; n >>= 1) {
    if ((n & 1) != 0) result *= base;
    base *= base;
  }
  return static_cast<T>(result);
}

ScalarBits ApplyIntegerPow(DType dtype, ScalarBits x, ScalarBits y) {
  const int64_t a = IntFromBits(dtype, x);
  const int64_t b = IntFromBits(dtype, y);
  if (IsSignedInteger(dtype)) return BitsFromInt(dtype, IntegerPow<int64_t>(a, b));
  return BitsFromInt(dtype, static_cast<int64_t>(IntegerPow<uint64_t>(static_cast<uint64_t>(a),
                                                                      static_cast<uint64_t>(b))));
}

template <typename T>
void LoadChunk(const Literal& literal, int64_t begin, int64_t count, ScalarBits* bits) {
  const T* values = static_cast<const T*>(literal.data()) + begin;
  for (int64_t i = 0; i < count; ++i) bits[i] = values[i];
}
template <typename T>
void StoreChunk(Literal* literal, int64_t begin, int64_t count, const ScalarBits* bits) {
  T* values = static_cast<T*>(literal->data()) + begin;
  for (int64_t i = 0; i < count; ++i) values[i] = static_cast<T>(bits[i]);
}

void LoadChunk(const Literal& literal, int64_t begin, int64_t count, ScalarBits* bits) {
  switch (ByteSize(literal.dtype())) {
    case 1:
      return LoadChunk<uint8_t>(literal, begin, count, bits);
    case 2:
      return LoadChunk<uint16_t>(literal, begin, count, bits);
    case 4:
      return LoadChunk<uint32_t>(literal, begin, count, bits);
    default:
      return LoadChunk<uint64_t>(literal, begin, count, bits);
  }
}
void StoreChunk(Literal* literal, int64_t begin, int64_t count, const ScalarBits* bits) {
  switch (ByteSize(literal->dtype())) {
    case 1:
      return StoreChunk<uint8_t>(literal, begin, count, bits);
    case 2:
      return StoreChunk<uint16_t>(literal, begin, count, bits);
    case 4:
      return StoreChunk<uint32_t>(literal, begin, count, bits);
    default:
      return StoreChunk<uint64_t>(literal, begin, count, bits);
  }
}

}  // namespace

ScalarBits ApplyTranscendental(OpCode op, DType dtype, const ScalarBits* operands) {
  if (!IsFloat(dtype)) {
    CERMET_CHECK(op == OpCode::kPow);
    return ApplyIntegerPow(dtype, operands[0], operands[1]);
  }
  const double x = FloatFromBits(dtype, operands[0]);
  const bool binary = op == OpCode::kPow || op == OpCode::kAtan2;
  const double y = binary ? FloatFromBits(dtype, operands[1]) : 0;
  if (op == OpCode::kRsqrt) {
    return dtype == DType::kF64 ? ReciprocalSqrt<double>(dtype, x)
                                : ReciprocalSqrt<float>(dtype, static_cast<float>(x));
  }
  if (dtype == DType::kF64) {
    return BitsFromFloat(dtype, static_cast<double>(Transcendental<long double>(op, x, y)));
  }
  return BitsFromFloat(dtype, Transcendental<double>(op, x, y));
}

ScalarBits ApplyElementwise(const ScalarOp& op, const ScalarBits* operands) {
  if (Info(op.op).op_class == OpClass::kTranscendental) {
    return ApplyTranscendental(op.op, op.operand, operands);
  }
  return Apply(op, operands);
}

ScalarOp ScalarOpOf(const Node& node) {
  ScalarOp op;
  op.op = node.op();
  op.operand = node.operand(node.num_operands() - 1).type().dtype;
  op.result = node.type().dtype;
  if (node.op() == OpCode::kCompare) {
    const std::optional<CompareDirection> direction =
        ParseCompareDirection(node.attrs().WordText("direction"));
    CERMET_CHECK(direction.has_value());
    op.direction = *direction;
  }
  return op;
}

absl::StatusOr<Literal> EvaluateElementwise(const Node& node, Operands operands,
                                            const StaticType& type) {
  for (const Literal* operand : operands) {
    if (operand->shape() != type.shape) {
      return NodeError(node, "its operands differ in shape in this run");
    }
  }
  Literal result(type.dtype, type.shape);
  const ScalarOp op = ScalarOpOf(node);
  const bool transcendental = Info(op.op).op_class == OpClass::kTranscendental;
  constexpr int64_t kChunk = 512;
  ScalarBits inputs[3][kChunk];
  ScalarBits outputs[kChunk];
  for (int64_t begin = 0; begin < result.num_elements(); begin += kChunk) {
    const int64_t count = std::min(kChunk, result.num_elements() - begin);
    for (size_t k = 0; k < operands.size(); ++k) LoadChunk(*operands[k], begin, count, inputs[k]);
    for (int64_t i = 0; i < count; ++i) {
      const ScalarBits arguments[3] = {inputs[0][i], inputs[1][i], inputs[2][i]};
      outputs[i] =
          transcendental ? ApplyTranscendental(op.op, op.operand, arguments) : Apply(op, arguments);
    }
    StoreChunk(&result, begin, count, outputs);
  }
  return result;
}

absl::StatusOr<Literal> EvaluateIota(const Node& node, const StaticType& type) {
  Literal result(type.dtype, type.shape);
  const int64_t dim = node.attrs().Int("dim");
  const int64_t extent = type.shape[static_cast<size_t>(dim)];
  const int64_t stride = Strides(type.shape)[static_cast<size_t>(dim)];
  const ScalarOp convert{OpCode::kConvert, DType::kI64, type.dtype};
  for (int64_t i = 0; i < result.num_elements(); ++i) {
    const ScalarBits count = static_cast<ScalarBits>(i / stride % extent);
    StoreElement(&result, i, Apply(convert, &count));
  }
  return result;
}

}  // namespace cermet::evaluator
