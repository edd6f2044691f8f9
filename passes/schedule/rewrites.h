// A kernel being scheduled: applies rewrites by name and keeps the log of them.
#ifndef CERMET_PASSES_SCHEDULE_REWRITES_H_
#define CERMET_PASSES_SCHEDULE_REWRITES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ir/kernel/kernel.h"
#include "passes/schedule/loops.h"
#include "passes/schedule/schedule.h"

namespace cermet::schedule {

// Every method is the rewrite of that name followed by SimplifyIndices, and one step of the log.
// Loops that simplification took apart (of one iteration) are skipped where a rewrite allows it.
// The names passed in must not be views into the kernel, whose instructions a rewrite replaces.
class Rewrites {
 public:
  Rewrites(kernel::Kernel* kernel, std::vector<ScheduleStep>* log) : kernel_(kernel), log_(log) {}
  kernel::Kernel* kernel() { return kernel_; }

  void Simplify();
  absl::StatusOr<SplitLoops> Split(absl::string_view loop, int64_t factor, Tail tail);
  // Blocks outside and, under a guard, threads inside.
  absl::Status SplitOverThreads(absl::string_view loop, int64_t threads);
  absl::StatusOr<PeeledLoops> Peel(absl::string_view loop, int64_t factor);
  // Swaps two loops that are nested without another between them; nothing when one of them is gone.
  absl::Status Interchange(absl::string_view outer, absl::string_view inner);
  absl::Status Collapse(absl::string_view outer, absl::string_view inner);
  bool CollapseAndMerge(absl::string_view outer, absl::string_view inner);
  // Writes the iterations of a loop with constant bounds out, when tiles become vectors.
  absl::Status Unroll(absl::string_view loop);
  absl::Status MergeDims(absl::string_view buffer, int64_t dim);
  absl::Status Pack(absl::string_view buffer, int64_t dim, int64_t block);
  // Of those loops that are still there.
  absl::Status Tile(const std::vector<std::string>& loops);
  absl::Status MakeLanesExplicit(absl::string_view loop);
  absl::Status KeepLanesInMemory(absl::string_view loop, absl::string_view columns = "",
                                 int64_t num_columns = 1);
  absl::Status RowsOnBlocks(absl::string_view row, int64_t threads);
  absl::Status StageInShared(absl::string_view row, absl::string_view column, int64_t tile);
  absl::Status Legalize(int64_t vector_bytes);

  // The log says that `what` (a loop, or nothing for the kernel) stays scalar, and why.
  void NoteScalar(absl::string_view what, const absl::Status& why);

  bool Exists(absl::string_view loop);
  // Takes the kernel and the log back to an earlier state.
  struct Checkpoint {
    kernel::Kernel kernel;
    size_t steps = 0;
  };
  Checkpoint Save() const { return {*kernel_, log_ == nullptr ? 0 : log_->size()}; }
  void Restore(Checkpoint checkpoint);

 private:
  void Done(std::string name);

  kernel::Kernel* kernel_;
  std::vector<ScheduleStep>* log_;  // may be null
};

}  // namespace cermet::schedule

#endif  // CERMET_PASSES_SCHEDULE_REWRITES_H_
