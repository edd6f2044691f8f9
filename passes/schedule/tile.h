// The `tile` rewrite: a nest of parallel loops of constant extents becomes straight-line code on
// tiles.
//
//   before  parallel %ii in 0..6 { parallel %ji in 0..16 { %y[%i, %j] = exp(%x[%i, %j]) } }
//   after   %v = exp(%x[%i + iota<6x1>, %j + iota<1x16>]) : f32<6x16>, and one store of it
#ifndef CERMET_PASSES_SCHEDULE_TILE_H_
#define CERMET_PASSES_SCHEDULE_TILE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "ir/kernel/kernel.h"

namespace cermet::schedule {

// `loops` are nested, the outermost first; each runs a constant number of iterations, or up to
// min(constant, e), which becomes a mask; such a loop runs at least once whenever it is reached.
// Serial loops inside them keep their place and carry tiles. InvalidArgument when a loop does not
// qualify, Unimplemented when the code inside cannot be lifted; the kernel is then unchanged.
absl::Status Tile(kernel::Kernel* kernel, const std::vector<std::string>& loops);

}  // namespace cermet::schedule

#endif  // CERMET_PASSES_SCHEDULE_TILE_H_
