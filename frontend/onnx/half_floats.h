// What operators compute in when their tensors are f16 or bf16.
#ifndef CERMET_FRONTEND_ONNX_HALF_FLOATS_H_
#define CERMET_FRONTEND_ONNX_HALF_FLOATS_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "ir/dtype.h"

namespace cermet {

inline bool IsHalfFloat(DType dtype) { return dtype == DType::kF16 || dtype == DType::kBF16; }

// An operator that computes does so in f32 and its result is rounded once, when something needs
// its 16 bits: an output of the model, a cast, a body of control flow. Between operators that
// compute nothing does, so nothing is rounded there.
enum class HalfFloats : uint8_t {
  kKept,        // works on the 16 bits as they are
  kInF32,       // inputs are widened, outputs are of the type of input 0 again
  kFirstInF32,  // the same for output 0; the others are f32
  kMoved,       // moves elements: wide where an input is wide already
};
HalfFloats HalfFloatsOf(absl::string_view op);
// Whether input i may be of another float type than the tensors the operator works on, which are
// all of one type. Those alone decide what it computes in.
bool HasOwnFloatType(absl::string_view op, int i);
// How many operators have another rule than kKept.
int64_t NumHalfFloatOperators();

}  // namespace cermet

#endif  // CERMET_FRONTEND_ONNX_HALF_FLOATS_H_
