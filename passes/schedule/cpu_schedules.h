// The CPU's schedules by kind of kernel. Each takes a simplified naive kernel and leaves tiles
// inside one outermost parallel loop.
#ifndef CERMET_PASSES_SCHEDULE_CPU_SCHEDULES_H_
#define CERMET_PASSES_SCHEDULE_CPU_SCHEDULES_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "ir/target.h"
#include "passes/schedule/nest.h"
#include "passes/schedule/rewrites.h"
#include "passes/schedule/schedule.h"

namespace cermet::schedule {

// What the schedules share: the machine, the caller's choices, and the lanes of a vector of the
// kernel's widest elements.
struct CpuScheduleContext {
  const Target* target = nullptr;
  const ScheduleOptions* options = nullptr;
  int64_t vector_bytes = 32;
  int64_t lanes = 8;
};

// Whether a nest is a matrix product or convolution: inside its serial loops, one load varies with
// the last loop and not with the rows, and another with the rows and not with the last loop.
bool IsContraction(const Nest& nest);

// Rows by columns of outputs in registers; the operand that varies with the columns packed in
// panels; panels outermost, row blocks inside.
absl::Status ScheduleContraction(const CpuScheduleContext& context, const Nest& nest,
                                 Rewrites* rewrites);
// Elementwise kernels, windows (pooling, depthwise convolution) and reductions over outer dims:
// vectors along the last dim, some of them and some rows at a time.
absl::Status ScheduleVectors(const CpuScheduleContext& context, const Nest& nest,
                             Rewrites* rewrites);
// Writes out short loops over the taps of windows, where neighbouring elements share what they
// load; `tile_vectors` vectors of elements will be computed together.
absl::Status UnrollWindow(int64_t tile_vectors, Rewrites* rewrites);
// Rows with inner loops (softmax, layer_norm, sums over the last dim): rows in parallel, the loops
// of a row in vectors.
absl::Status ScheduleRows(const CpuScheduleContext& context, const Nest& nest, Rewrites* rewrites);

// Whether the reductions with order lanes run over a dim that is not contiguous, while the last
// loop's is.
bool ReducesAcrossRows(const Nest& nest);
// Such kernels: vectors along the last dim, and the lanes of each of its elements in memory.
absl::Status ScheduleAcrossRows(const CpuScheduleContext& context, const Nest& nest,
                                Rewrites* rewrites);

// Collapses the parallel loops at the top of the nest into one, as far as they are perfectly
// nested; at most `count` of them.
absl::Status CollapseTop(Rewrites* rewrites, size_t count);

}  // namespace cermet::schedule

#endif  // CERMET_PASSES_SCHEDULE_CPU_SCHEDULES_H_
