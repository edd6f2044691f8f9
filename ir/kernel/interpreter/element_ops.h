// Functions that apply a basic op to the elements of tiles; internal to the interpreter.
#ifndef CERMET_IR_KERNEL_INTERPRETER_ELEMENT_OPS_H_
#define CERMET_IR_KERNEL_INTERPRETER_ELEMENT_OPS_H_

#include <cstdint>

#include "ir/scalar_ops.h"

namespace cermet::kernel {

// Elements in registers: one slot of 64 bits each, holding ScalarBits. A stride of 0 repeats a
// scalar.
struct ElementOperand {
  const ScalarBits* data = nullptr;
  int64_t stride = 0;
};
// out[i] = op(operands[0][i], operands[1][i], ..) for i in [0, n).
using ElementFunction = void (*)(const ScalarOp& op, const ElementOperand* operands, int64_t n,
                                 ScalarBits* out);

// The function for `op`: specialised for the common ops of the common types, else one that calls
// Apply. Both give the same bits.
ElementFunction FindElementFunction(const ScalarOp& op);
// The one that calls Apply.
void ApplyElements(const ScalarOp& op, const ElementOperand* operands, int64_t n, ScalarBits* out);

}  // namespace cermet::kernel

#endif  // CERMET_IR_KERNEL_INTERPRETER_ELEMENT_OPS_H_
