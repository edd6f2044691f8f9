// The one expansion of transcendental functions into basic ops, which every backend runs.
#ifndef CERMET_PASSES_MATH_MATH_BODY_H_
#define CERMET_PASSES_MATH_MATH_BODY_H_

#include <memory>

#include "ir/dtype.h"
#include "ir/graph.h"
#include "ir/op.h"

namespace cermet {

// A graph from one or two scalars of `dtype` to a scalar of `dtype` that computes `op` (of class
// kTranscendental) in basic elementwise ops and constants. f16 and bf16 compute in f32. Accuracy is
// measured in docs/accuracy.md; special values are those of C's functions.
std::unique_ptr<Graph> MathBody(OpCode op, DType dtype);

}  // namespace cermet

#endif  // CERMET_PASSES_MATH_MATH_BODY_H_
