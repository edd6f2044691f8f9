// The `legalize` rewrite: tiles become vectors that the target's registers hold.
//
// The last axis of a tile is cut in vectors, the other axes are unrolled: f32<6x16> is twelve
// f32<8> with 32-byte vectors. Widths that do not divide end in narrower powers of two (20 = 8 + 8
// + 4). Values that do not vary along the last axis become scalars. An access whose last index
// grows by 1 along the last axis, the other indices being fixed, is a contiguous vector access; one
// that does not vary is a scalar load; other loads gather, other stores store element by element.
// Unrolled loops are written out.
#ifndef CERMET_PASSES_SCHEDULE_LEGALIZE_H_
#define CERMET_PASSES_SCHEDULE_LEGALIZE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "ir/kernel/kernel.h"

namespace cermet::schedule {

// The result passes VerifyLegal(kernel, vector_bytes). Elements narrower than 4 bytes are computed
// in vectors of vector_bytes / 4 elements, so that one count of lanes serves all values of a
// kernel; it is smaller when the kernel's data are wider. Unimplemented for forms that no schedule
// makes (a slice across vectors).
absl::Status Legalize(kernel::Kernel* kernel, int64_t vector_bytes);

}  // namespace cermet::schedule

#endif  // CERMET_PASSES_SCHEDULE_LEGALIZE_H_
