// The specialised functions are loops over the definition of the op for one element
// (ir/scalar_definition.h), for the ops and types that kernels spend their time in.
#include "ir/kernel/interpreter/element_ops.h"

#include <type_traits>

#include "ir/scalar_definition.h"

namespace cermet::kernel {
namespace {

// out[i] = Method(in[0][i], ..), of an op with `arity` operands whose elements are those of
// `dtype`.
template <DType dtype, typename T, int arity, auto Method,
          CompareDirection direction = CompareDirection::kEq>
void Loop(const ScalarOp& op, const ElementOperand* in, int64_t n, ScalarBits* out) {
  // Constants, so that nothing is left to decide in the loop.
  const ScalarOp known = {op.op, dtype, op.result, direction};
  for (int64_t i = 0; i < n; ++i) {
    ScalarBits bits[arity];
    for (int j = 0; j < arity; ++j) bits[j] = in[j].data[i * in[j].stride];
    out[i] = ScalarDefinition<T>(known, bits).template Apply<Method>();
  }
}

template <DType dtype, typename T>
ElementFunction FindComparison(CompareDirection direction) {
  constexpr auto kCompare = &ScalarDefinition<T>::Compare;
  switch (direction) {
    case CompareDirection::kEq:
      return Loop<dtype, T, 2, kCompare, CompareDirection::kEq>;
    case CompareDirection::kNe:
      return Loop<dtype, T, 2, kCompare, CompareDirection::kNe>;
    case CompareDirection::kLt:
      return Loop<dtype, T, 2, kCompare, CompareDirection::kLt>;
    case CompareDirection::kLe:
      return Loop<dtype, T, 2, kCompare, CompareDirection::kLe>;
    case CompareDirection::kGt:
      return Loop<dtype, T, 2, kCompare, CompareDirection::kGt>;
    case CompareDirection::kGe:
      return Loop<dtype, T, 2, kCompare, CompareDirection::kGe>;
  }
  CERMET_UNREACHABLE();
}

// Null if there is no specialised function.
template <DType dtype, typename T>
ElementFunction FindNumeric(const ScalarOp& op) {
  using D = ScalarDefinition<T>;
  if (op.op == OpCode::kAdd) return Loop<dtype, T, 2, &D::Add>;
  if (op.op == OpCode::kSub) return Loop<dtype, T, 2, &D::Sub>;
  if (op.op == OpCode::kMul) return Loop<dtype, T, 2, &D::Mul>;
  if (op.op == OpCode::kDiv) return Loop<dtype, T, 2, &D::Div>;
  if (op.op == OpCode::kMaximum) return Loop<dtype, T, 2, &D::Maximum>;
  if (op.op == OpCode::kMinimum) return Loop<dtype, T, 2, &D::Minimum>;
  if (op.op == OpCode::kCompare) return FindComparison<dtype, T>(op.direction);
  if constexpr (std::is_floating_point_v<T>) {
    if (op.op == OpCode::kFma) return Loop<dtype, T, 3, &D::Fma>;
    if (op.op == OpCode::kSqrt) return Loop<dtype, T, 1, &D::Sqrt>;
  } else {
    if (op.op == OpCode::kRem) return Loop<dtype, T, 2, &D::Rem>;
  }
  return nullptr;
}

ElementFunction FindLogical(const ScalarOp& op) {
  using D = ScalarDefinition<bool>;
  if (op.op == OpCode::kAnd) return Loop<DType::kBool, bool, 2, &D::And>;
  if (op.op == OpCode::kOr) return Loop<DType::kBool, bool, 2, &D::Or>;
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
  if (op.op == OpCode::kSelect) {  // of bits, whatever their type
    return Loop<DType::kI64, int64_t, 3, &ScalarDefinition<int64_t>::Select>;
  }
  ElementFunction found = nullptr;
  if (op.operand == DType::kF32) found = FindNumeric<DType::kF32, float>(op);
  if (op.operand == DType::kF64) found = FindNumeric<DType::kF64, double>(op);
  if (op.operand == DType::kI32) found = FindNumeric<DType::kI32, int32_t>(op);
  if (op.operand == DType::kI64) found = FindNumeric<DType::kI64, int64_t>(op);
  if (op.operand == DType::kBool) found = FindLogical(op);
  return found != nullptr ? found : ApplyElements;
}

}  // namespace cermet::kernel
