// Rewrites, each with its clean-up and its line in the log.
#include "passes/schedule/rewrites.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ir/kernel/text.h"
#include "ir/status.h"
#include "passes/schedule/kernel_walk.h"
#include "passes/schedule/lanes.h"
#include "passes/schedule/legalize.h"
#include "passes/schedule/merge_dims.h"
#include "passes/schedule/pack.h"
#include "passes/schedule/rows_on_blocks.h"
#include "passes/schedule/simplify_indices.h"
#include "passes/schedule/stage_in_shared.h"
#include "passes/schedule/tile.h"

namespace cermet::schedule {
namespace {

absl::string_view Name(Tail tail) {
  switch (tail) {
    case Tail::kClamp:
      return "clamp";
    case Tail::kShorten:
      return "shorten";
    case Tail::kGuard:
      return "guard";
    case Tail::kBranch:
      return "branch";
  }
  CERMET_UNREACHABLE();
}

}  // namespace

void Rewrites::Done(std::string name) {
  SimplifyIndices(kernel_);
  if (log_ != nullptr) log_->push_back({std::move(name), kernel::Print(*kernel_)});
}

void Rewrites::Simplify() { Done("simplify_indices"); }

bool Rewrites::Exists(absl::string_view loop) { return FindLoop(kernel_, loop).ok(); }

void Rewrites::NoteScalar(absl::string_view what, const absl::Status& why) {
  if (log_ == nullptr) return;
  log_->push_back({absl::StrCat(kStaysScalar, what.empty() ? "" : " %", what, ": ", why.message()),
                   kernel::Print(*kernel_)});
}

void Rewrites::Restore(Checkpoint checkpoint) {
  *kernel_ = std::move(checkpoint.kernel);
  if (log_ != nullptr) log_->resize(checkpoint.steps);
}

absl::StatusOr<SplitLoops> Rewrites::Split(absl::string_view loop, int64_t factor, Tail tail) {
  CERMET_ASSIGN_OR_RETURN(SplitLoops names, schedule::Split(kernel_, loop, factor, tail));
  Done(absl::StrCat("split %", loop, " by ", factor, " (", Name(tail), ")"));
  return names;
}

absl::Status Rewrites::SplitOverThreads(absl::string_view loop, int64_t threads) {
  CERMET_ASSIGN_OR_RETURN(SplitLoops names, schedule::Split(kernel_, loop, threads, Tail::kGuard));
  CERMET_RETURN_IF_ERROR(schedule::SetLoopKind(kernel_, names.outer, kernel::LoopKind::kBlock));
  CERMET_RETURN_IF_ERROR(schedule::SetLoopKind(kernel_, names.inner, kernel::LoopKind::kThread));
  Done(absl::StrCat("split %", loop, " over blocks of ", threads, " threads"));
  return absl::OkStatus();
}

absl::StatusOr<PeeledLoops> Rewrites::Peel(absl::string_view loop, int64_t factor) {
  CERMET_ASSIGN_OR_RETURN(PeeledLoops names, schedule::Peel(kernel_, loop, factor));
  Done(absl::StrCat("peel %", loop, " to a multiple of ", factor));
  return names;
}

absl::Status Rewrites::Interchange(absl::string_view outer, absl::string_view inner) {
  if (!Exists(outer) || !Exists(inner)) return absl::OkStatus();
  CERMET_RETURN_IF_ERROR(schedule::Interchange(kernel_, outer, inner));
  Done(absl::StrCat("interchange %", outer, " and %", inner));
  return absl::OkStatus();
}

absl::Status Rewrites::Collapse(absl::string_view outer, absl::string_view inner) {
  CERMET_RETURN_IF_ERROR(schedule::Collapse(kernel_, outer, inner));
  Done(absl::StrCat("collapse %", outer, " and %", inner));
  return absl::OkStatus();
}

bool Rewrites::CollapseAndMerge(absl::string_view outer, absl::string_view inner) {
  if (!schedule::CollapseAndMerge(kernel_, outer, inner)) return false;
  Done(absl::StrCat("collapse %", outer, " and %", inner, ", merging the dims they index"));
  return true;
}

absl::Status Rewrites::Unroll(absl::string_view loop) {
  CERMET_RETURN_IF_ERROR(schedule::SetLoopKind(kernel_, loop, kernel::LoopKind::kUnrolled));
  Done(absl::StrCat("unroll %", loop));
  return absl::OkStatus();
}

absl::Status Rewrites::MergeDims(absl::string_view buffer, int64_t dim) {
  CERMET_RETURN_IF_ERROR(schedule::MergeDims(kernel_, buffer, dim));
  Done(absl::StrCat("merge dims ", dim, " and ", dim + 1, " of %", buffer));
  return absl::OkStatus();
}

absl::Status Rewrites::Pack(absl::string_view buffer, int64_t dim, int64_t block) {
  CERMET_RETURN_IF_ERROR(schedule::Pack(kernel_, buffer, dim, block));
  Done(absl::StrCat("pack %", buffer, ", dim ", dim, " by ", block));
  return absl::OkStatus();
}

absl::Status Rewrites::Tile(const std::vector<std::string>& loops) {
  std::vector<std::string> present;
  for (const std::string& loop : loops) {
    if (Exists(loop)) present.push_back(loop);
  }
  if (present.empty()) return absl::OkStatus();
  CERMET_RETURN_IF_ERROR(schedule::Tile(kernel_, present));
  Done(absl::StrCat("tile %", absl::StrJoin(present, ", %")));
  return absl::OkStatus();
}

absl::Status Rewrites::MakeLanesExplicit(absl::string_view loop) {
  CERMET_RETURN_IF_ERROR(schedule::MakeLanesExplicit(kernel_, loop));
  Done(absl::StrCat("lanes %", loop));
  return absl::OkStatus();
}

absl::Status Rewrites::KeepLanesInMemory(absl::string_view loop, absl::string_view columns,
                                         int64_t num_columns) {
  CERMET_RETURN_IF_ERROR(schedule::KeepLanesInMemory(kernel_, loop, columns, num_columns));
  Done(absl::StrCat("lanes_in_memory %", loop,
                    columns.empty() ? "" : absl::StrCat(", for each %", columns)));
  return absl::OkStatus();
}

absl::Status Rewrites::RowsOnBlocks(absl::string_view row, int64_t threads) {
  CERMET_RETURN_IF_ERROR(schedule::RowsOnBlocks(kernel_, row, threads));
  Done(absl::StrCat("rows_on_blocks %", row, ", ", threads, " threads"));
  return absl::OkStatus();
}

absl::Status Rewrites::StageInShared(absl::string_view row, absl::string_view column,
                                     int64_t tile) {
  CERMET_RETURN_IF_ERROR(schedule::StageInShared(kernel_, row, column, tile));
  Done(absl::StrCat("stage_in_shared %", row, ", %", column, " by ", tile));
  return absl::OkStatus();
}

absl::Status Rewrites::Legalize(int64_t vector_bytes) {
  CERMET_RETURN_IF_ERROR(schedule::Legalize(kernel_, vector_bytes));
  Done(absl::StrCat("legalize for vectors of ", vector_bytes, " bytes"));
  return absl::OkStatus();
}

}  // namespace cermet::schedule
