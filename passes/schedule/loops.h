// Rewrites of loops: split, peel, interchange, collapse, and changes of a loop's kind.
//
// Loops are named by their induction variables, which are unique (NameLoops). All of these keep
// every bit of the results: they apply to parallel loops, whose iterations are independent, from 0
// with step 1. Errors (InvalidArgument, NotFound) say why a loop does not qualify and leave the
// kernel as it was. They leave index arithmetic for SimplifyIndices.
#ifndef CERMET_PASSES_SCHEDULE_LOOPS_H_
#define CERMET_PASSES_SCHEDULE_LOOPS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ir/kernel/kernel.h"

namespace cermet::schedule {

// What the last, incomplete block of a split loop does.
enum class Tail : uint8_t {
  kClamp,    // repeats the last iteration: index min(i, extent - 1). For bodies that read nothing
             // that they write
  kShorten,  // runs fewer iterations: the inner bound is min(factor, extent - outer * factor)
  kGuard,    // a condition around the body: loops over threads have constant bounds
  kBranch,   // as kShorten, but complete blocks take a copy of the loop with a constant bound
};

struct SplitLoops {
  std::string outer;  // over ceil(extent / factor) blocks
  std::string inner;
  std::string tail;  // kBranch: the inner loop of the incomplete block; empty when there is none
};
// parallel i in 0..E  ->  parallel io in 0..ceil(E/f) { parallel ii in 0..f }, i = io*f + ii.
absl::StatusOr<SplitLoops> Split(kernel::Kernel* kernel, absl::string_view loop, int64_t factor,
                                 Tail tail);

struct PeeledLoops {
  std::string main;
  std::string rest;  // empty when the extent is a multiple of the factor
};
// parallel i in 0..E  ->  i in 0..E-E%f, then i in E-E%f..E.
absl::StatusOr<PeeledLoops> Peel(kernel::Kernel* kernel, absl::string_view loop, int64_t factor);

// Swaps two loops of a perfect nest.
absl::Status Interchange(kernel::Kernel* kernel, absl::string_view outer, absl::string_view inner);
// Two loops of a perfect nest become one, with the outer's name, over the product of the extents.
absl::Status Collapse(kernel::Kernel* kernel, absl::string_view outer, absl::string_view inner);
// Marks a parallel loop as one over blocks or threads, or a loop with constant bounds as unrolled.
absl::Status SetLoopKind(kernel::Kernel* kernel, absl::string_view loop, kernel::LoopKind kind);

// Moves what stands before the only loop in `outer`'s body into that loop, so that the two are a
// perfect nest. False if it cannot.
bool MakePerfect(kernel::Kernel* kernel, absl::string_view outer);

}  // namespace cermet::schedule

#endif  // CERMET_PASSES_SCHEDULE_LOOPS_H_
