// Kernels that go over a row several times: one row per iteration of the parallel loop, the loops
// of a row in vectors.
//
// Reductions with order lanes(L) become loops over tiles of L lanes; loops over the elements of the
// row are cut into whole vectors and a rest. What is neither stays scalar.
#include <algorithm>
#include <string>
#include <vector>

#include "ir/status.h"
#include "passes/schedule/cpu_schedules.h"
#include "passes/schedule/kernel_walk.h"

namespace cermet::schedule {
namespace {

using kernel::Block;
using kernel::Inst;
using kernel::InstKind;
using kernel::LoopKind;

constexpr int64_t kHeavyWork = 12;

struct RowLoops {
  std::vector<std::string> lanes;  // reductions
  std::vector<std::string>
      nests;  // first loops of parallel nests without loops that are again vectors
};

bool HoldsVectorLoops(const Block& block) {
  bool found = false;
  ForEachInst(block, [&](const Inst& inst) {
    found = found || (inst.kind == InstKind::kFor &&
                      (inst.loop == LoopKind::kParallel || inst.order_lanes > 1));
  });
  return found;
}

void Collect(const Block& block, RowLoops* loops) {
  for (const Inst& inst : block.insts) {
    if (inst.kind == InstKind::kFor && inst.order_lanes > 1) {
      loops->lanes.push_back(inst.iv_name);
    } else if (inst.kind == InstKind::kFor && inst.loop == LoopKind::kParallel &&
               !HoldsVectorLoops(inst.blocks[0])) {
      loops->nests.push_back(inst.iv_name);
    } else {
      for (const Block& body : inst.blocks) Collect(body, loops);
    }
  }
}

// A loop over the elements of a row.
absl::Status VectorizeLoop(const CpuScheduleContext& context, const std::string& loop,
                           Rewrites* rewrites) {
  const Nest nest = DescribeNestAt(rewrites->kernel(), loop);
  int64_t columns = context.lanes * (nest.work >= kHeavyWork ? 2 : 4);
  if (context.options->tile_columns > 0) columns = context.options->tile_columns;
  const std::optional<int64_t> extent = nest.loops[0].extent;
  if (extent && *extent <= columns) return rewrites->Tile({loop});
  if (!extent) {
    CERMET_ASSIGN_OR_RETURN(SplitLoops split, rewrites->Split(loop, columns, Tail::kBranch));
    CERMET_RETURN_IF_ERROR(rewrites->Tile({split.inner}));
    return rewrites->Tile({split.tail});
  }
  CERMET_ASSIGN_OR_RETURN(PeeledLoops peeled, rewrites->Peel(loop, columns));
  CERMET_ASSIGN_OR_RETURN(SplitLoops split, rewrites->Split(peeled.main, columns, Tail::kShorten));
  CERMET_RETURN_IF_ERROR(rewrites->Tile({split.inner}));
  if (peeled.rest.empty()) return absl::OkStatus();
  return rewrites->Tile({peeled.rest});
}

// A reduction in lanes: tiles, or, where something inside has no tile form, memory, and tiles
// further in.
absl::Status ScheduleLanes(const std::string& loop, Rewrites* rewrites) {
  const absl::Status status = rewrites->MakeLanesExplicit(loop);
  if (status.code() != absl::StatusCode::kUnimplemented) return status;
  CERMET_RETURN_IF_ERROR(rewrites->KeepLanesInMemory(loop));
  RowLoops inner;
  if (rewrites->Exists(loop)) Collect(FindLoop(rewrites->kernel(), loop)->body(), &inner);
  for (const std::string& nested : inner.lanes)
    CERMET_RETURN_IF_ERROR(ScheduleLanes(nested, rewrites));
  return absl::OkStatus();
}

}  // namespace

bool ReducesAcrossRows(const Nest& nest) {
  if (nest.loops.empty() || !nest.has_lanes || nest.has_parallel_loops) return false;
  bool found = false;
  for (const NestLoad& load : nest.loads) {
    if ((load.any & kLanesLoops) == 0) continue;
    const LoopSet last = load.depends.back();
    if ((last & kLanesLoops) != 0) return false;
    found = found || (last & nest.last()) != 0;
  }
  return found;
}

absl::Status ScheduleAcrossRows(const CpuScheduleContext& context, const Nest& nest,
                                Rewrites* rewrites) {
  int64_t columns = 2 * context.lanes;
  if (nest.loops.back().extent) columns = std::min(columns, *nest.loops.back().extent);
  if (context.options->tile_columns > 0) columns = context.options->tile_columns;
  CERMET_ASSIGN_OR_RETURN(SplitLoops split,
                          rewrites->Split(nest.loops.back().name, columns, Tail::kShorten));
  std::vector<std::string> lanes;
  ForEachInst(FindLoop(rewrites->kernel(), split.inner)->body(), [&](const Inst& inst) {
    if (inst.kind == InstKind::kFor && inst.order_lanes > 1) lanes.push_back(inst.iv_name);
  });
  for (const std::string& loop : lanes) {
    CERMET_RETURN_IF_ERROR(rewrites->KeepLanesInMemory(loop, split.inner, columns));
  }
  CERMET_RETURN_IF_ERROR(rewrites->Tile({split.inner}));
  return CollapseTop(rewrites, 64);
}

absl::Status ScheduleRows(const CpuScheduleContext& context, const Nest& nest, Rewrites* rewrites) {
  CERMET_RETURN_IF_ERROR(CollapseTop(rewrites, nest.loops.size()));
  RowLoops loops;
  if (nest.loops.empty()) {
    Collect(rewrites->kernel()->body, &loops);
  } else {
    Collect(OnlyLoop(&rewrites->kernel()->body)->body(), &loops);
  }
  for (const std::string& loop : loops.lanes) CERMET_RETURN_IF_ERROR(ScheduleLanes(loop, rewrites));
  for (const std::string& loop : loops.nests) {
    if (!rewrites->Exists(loop)) continue;
    Rewrites::Checkpoint before = rewrites->Save();
    const absl::Status status = VectorizeLoop(context, loop, rewrites);
    if (status.ok()) continue;
    if (status.code() != absl::StatusCode::kUnimplemented) return status;
    rewrites->Restore(std::move(before));
    rewrites->NoteScalar(loop, status);
  }
  return absl::OkStatus();
}

}  // namespace cermet::schedule
