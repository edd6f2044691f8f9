// Two adjacent dims of a buffer become one: rows that lie one after another are one long row.
#ifndef CERMET_PASSES_SCHEDULE_MERGE_DIMS_H_
#define CERMET_PASSES_SCHEDULE_MERGE_DIMS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ir/kernel/kernel.h"

namespace cermet::schedule {

// Merges dims `dim` and `dim` + 1 of `buffer`: %x: f32[8,16] at [i, j] becomes %x: f32[128] at
// [16*i + j].
absl::Status MergeDims(kernel::Kernel* kernel, absl::string_view buffer, int64_t dim);

// Collapses two nested parallel loops and merges the dims that they index, so that no division is
// needed: possible where every access that depends on one of them has the two variables as adjacent
// indices, the second over its dim's whole extent, and nothing else uses them. False, without a
// change, where that does not hold.
bool CollapseAndMerge(kernel::Kernel* kernel, absl::string_view outer, absl::string_view inner);

}  // namespace cermet::schedule

#endif  // CERMET_PASSES_SCHEDULE_MERGE_DIMS_H_
