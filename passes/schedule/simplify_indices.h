// Cleans up a kernel: what the other rewrites leave behind, and the index arithmetic of views.
//
// Folds constants and what the ranges of induction variables decide (div and mod of nested
// linearised indices, min, max, clamp, compare, select, conditions and masks), computes equal pure
// values once, moves values out of loops that do not change them, takes loops of no or one
// iteration apart, and removes what nothing uses. Exact: no floating-point arithmetic is touched,
// except on constants.
//
//   before  %q = div(16*%jb + %ji, 16) with 0 <= ji < 16      after  %jb
#ifndef CERMET_PASSES_SCHEDULE_SIMPLIFY_INDICES_H_
#define CERMET_PASSES_SCHEDULE_SIMPLIFY_INDICES_H_

#include "ir/kernel/kernel.h"

namespace cermet::schedule {

void SimplifyIndices(kernel::Kernel* kernel);

}  // namespace cermet::schedule

#endif  // CERMET_PASSES_SCHEDULE_SIMPLIFY_INDICES_H_
