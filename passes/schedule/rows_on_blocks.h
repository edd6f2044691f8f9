// GPU: one block of threads per row.
//
//   before  parallel %r in 0..M { for %j in 0..N order lanes(64) carry (%a = 0) {..};
//                                 parallel %k in 0..N {..} }
//   after   block %r in 0..M { thread %t in 0..64 { for %j in %t..N step 64 carry (%a = 0) {..};
//                              halving in shared memory and by shuffles;
//                              for %k in %t..N step 64 {..} } }
#ifndef CERMET_PASSES_SCHEDULE_ROWS_ON_BLOCKS_H_
#define CERMET_PASSES_SCHEDULE_ROWS_ON_BLOCKS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ir/kernel/kernel.h"

namespace cermet::schedule {

// `row` is the kernel's outermost loop, or empty for a kernel that is one row. Thread l keeps lane
// l of every reduction, so that the bits are those of the order. Lanes meet in shared memory: each
// warp reads them all, and does the last five halvings by shuffles; blocks that are no whole warps
// do all halvings in shared memory. Buffers that held a row per worker move to shared memory.
// Threads wait for each other after a loop that writes such a buffer. What does not belong to an
// inner loop is computed by every thread and stored by the first. Unimplemented, with the kernel
// unchanged, for rows whose inner loops stand in branches or serial loops, whose reductions have
// other than `threads` lanes, and for more shared memory than a block has.
absl::Status RowsOnBlocks(kernel::Kernel* kernel, absl::string_view row, int64_t threads);

}  // namespace cermet::schedule

#endif  // CERMET_PASSES_SCHEDULE_ROWS_ON_BLOCKS_H_
