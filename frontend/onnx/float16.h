// What operators compute in when their tensors are f16 or bf16, the floats of 16 bits.
#ifndef CERMET_FRONTEND_ONNX_FLOAT16_H_
#define CERMET_FRONTEND_ONNX_FLOAT16_H_

#include <cstdint>

#include "ir/dtype.h"

namespace cermet {

inline bool IsFloat16(DType dtype) { return dtype == DType::kF16 || dtype == DType::kBF16; }

// An operator that computes does so in f32 and its result is rounded once, when something needs
// its 16 bits: an output of the model, a cast, a body of control flow. Between operators that
// compute nothing does, so nothing is rounded there. ONNX Runtime's CPU provider does the same: it
// has hardly any kernels for f16, puts casts around nodes, and drops the pairs that meet.
enum class Float16 : uint8_t {
  kKept,        // works on the 16 bits as they are
  kInF32,       // inputs are widened, outputs are of the type of input 0 again
  kFirstInF32,  // the same for output 0; the others are f32 (the statistics of a LayerNormalization)
  kMoved,       // moves elements: wide where an input is wide already
};

// Has no default, so that a row of the table without one does not compile.
class Float16Rule {
 public:
  // Inputs from `first_own` on may be of another float type than the tensors the operator works on,
  // which are all of one type: exponents, statistics, ratios, scales. Those tensors alone decide
  // what it computes in. (ONNX ties the scale of a LayerNormalization, ONNX Runtime does not.)
  constexpr Float16Rule(Float16 kind, int first_own = INT32_MAX)
      : kind_(kind), first_own_(first_own) {}
  constexpr Float16 kind() const { return kind_; }
  constexpr bool HasOwnType(int input) const { return input >= first_own_; }

 private:
  Float16 kind_;
  int first_own_;
};

}  // namespace cermet

#endif  // CERMET_FRONTEND_ONNX_FLOAT16_H_
