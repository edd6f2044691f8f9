// The definition of every basic elementwise op on one element. The evaluator and the kernel
// interpreter both apply it.
#ifndef CERMET_IR_SCALAR_OPS_H_
#define CERMET_IR_SCALAR_OPS_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "ir/dtype.h"
#include "ir/op.h"

namespace cermet {

// The bits of one element, zero-extended to 64 (bool: 0 or 1).
using ScalarBits = uint64_t;

enum class CompareDirection : uint8_t { kEq, kNe, kLt, kLe, kGt, kGe };
absl::string_view Name(CompareDirection direction);
std::optional<CompareDirection> ParseCompareDirection(absl::string_view name);

// One basic op (OpClass::kElementwise) with everything but its operands resolved.
struct ScalarOp {
  OpCode op = OpCode::kAdd;
  DType operand = DType::kF32;  // of the data operands (select: of x and y)
  DType result = DType::kF32;   // differs for compare, is_finite, convert and bitcast
  CompareDirection direction = CompareDirection::kEq;
};

// Applies `op` to its 1 to 3 operands exactly as ops.def states. f16 and bf16 are computed in f32
// and rounded once per op (fma too).
ScalarBits Apply(const ScalarOp& op, const ScalarBits* operands);

// Conversions between bits and values, for float types and for integers and bool.
double FloatFromBits(DType dtype, ScalarBits bits);
ScalarBits BitsFromFloat(DType dtype, double value);  // rounds to nearest even
int64_t IntFromBits(DType dtype, ScalarBits bits);    // sign-extends signed types
ScalarBits BitsFromInt(DType dtype, int64_t value);   // wraps

}  // namespace cermet

#endif  // CERMET_IR_SCALAR_OPS_H_
