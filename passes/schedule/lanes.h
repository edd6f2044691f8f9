// The `lanes` rewrite: a reduction loop with order lanes(L) becomes a loop over tiles of L lanes
// and a tree of halves.
//
//   before  for %j in 0..N order lanes(64) carry (%a = 0) { yield %a + %x[%j] }
//           combine (%l, %r) { yield %l + %r }
//   after   for %jo in 0..N/64 carry (%a = tile of 0) { yield %a + %x[64*%jo + iota] }, a masked
//           step for the last N % 64 elements in which the other lanes keep their values, then
//           lanes 0..32 + lanes 32..64, 0..16 + 16..32, ... 0 + 1
#ifndef CERMET_PASSES_SCHEDULE_LANES_H_
#define CERMET_PASSES_SCHEDULE_LANES_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ir/kernel/kernel.h"

namespace cermet::schedule {

// Exactly the meaning of the loop, see kernel.h. Unimplemented when the body cannot be lifted; the
// kernel is then unchanged.
absl::Status MakeLanesExplicit(kernel::Kernel* kernel, absl::string_view loop);

// The same for bodies that cannot be lifted (a reduction inside the reduction) and for elements
// that are not adjacent: serial code that keeps the L copies in scratch buffers. `columns`, if not
// empty, is a parallel loop around it, from 0, of at most `num_columns` iterations, each of which
// has copies of its own, side by side: what a tile of columns needs.
absl::Status KeepLanesInMemory(kernel::Kernel* kernel, absl::string_view loop,
                               absl::string_view columns = "", int64_t num_columns = 1);

}  // namespace cermet::schedule

#endif  // CERMET_PASSES_SCHEDULE_LANES_H_
