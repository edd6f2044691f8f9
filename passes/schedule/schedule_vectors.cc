// Kernels whose outputs do not share operands: vectors along the last dim.
//
//   naive   parallel %d0 in 0..M { parallel %d1 in 0..N { %y[%d0, %d1] = f(%x[%d0, %d1]) } }
//   after   parallel %d0 in 0..M*N/32 { %y[32*%d0 : 32] = f(%x[32*%d0 : 32]) }
//           where the dims merge
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "ir/status.h"
#include "passes/schedule/cpu_schedules.h"
#include "passes/schedule/kernel_walk.h"

namespace cermet::schedule {
namespace {

// Computations per element from which two vectors at a time fill the registers.
constexpr int64_t kHeavyWork = 12;
constexpr int64_t kAccumulators = 8;   // independent chains that hide the latency of a serial loop
constexpr int64_t kEnoughPieces = 64;  // iterations that give threads enough to share

// The columns of a tile: a few vectors, dividing the extent if some number of them does.
int64_t ColumnsOf(std::optional<int64_t> extent, int64_t lanes, int64_t most_vectors) {
  if (!extent) return lanes * most_vectors;
  if (*extent <= lanes * most_vectors) return *extent;
  for (int64_t v = most_vectors; v >= 1; --v) {
    if (*extent % (v * lanes) == 0) return v * lanes;
  }
  return lanes * std::min<int64_t>(most_vectors, 2);
}

}  // namespace

absl::Status CollapseTop(Rewrites* rewrites, size_t count) {
  for (size_t i = 1; i < count; ++i) {
    std::optional<LoopRef> first = OnlyLoop(&rewrites->kernel()->body);
    if (!first || first->inst().loop != kernel::LoopKind::kParallel) return absl::OkStatus();
    std::optional<LoopRef> second = OnlyLoop(&first->body());
    if (!second || second->inst().loop != kernel::LoopKind::kParallel) return absl::OkStatus();
    const std::string outer = first->inst().iv_name, inner = second->inst().iv_name;
    if (!rewrites->CollapseAndMerge(outer, inner)) {
      // A loop whose bounds depend on the outer one stays inside.
      if (!rewrites->Collapse(outer, inner).ok()) return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

absl::Status ScheduleVectors(const CpuScheduleContext& context, const Nest& nest,
                             Rewrites* rewrites) {
  std::vector<NestLoop> loops = nest.loops;
  while (loops.size() > 1) {
    const NestLoop& outer = loops[loops.size() - 2];
    if (!rewrites->CollapseAndMerge(outer.name, loops.back().name)) break;
    NestLoop merged = outer;
    if (outer.extent && loops.back().extent) {
      merged.extent = *outer.extent * *loops.back().extent;
    } else {
      merged.extent = std::nullopt;
    }
    loops.pop_back();
    loops.back() = merged;
  }
  const NestLoop column = loops.back();
  const bool heavy = nest.work >= kHeavyWork;
  int64_t columns = ColumnsOf(column.extent, context.lanes, heavy || nest.has_serial_loops ? 2 : 4);
  if (context.options->tile_columns > 0) columns = context.options->tile_columns;
  const int64_t vectors = (columns + context.lanes - 1) / context.lanes;

  int64_t tile_vectors = vectors;

  // Some rows at once where one alone is too little work: short rows, and serial loops.
  std::vector<std::string> inner;
  size_t outer_loops = loops.size() - 1;
  if (outer_loops > 0) {
    const NestLoop& row = loops[outer_loops - 1];
    int64_t rows = nest.has_serial_loops     ? kAccumulators / vectors
                   : columns < context.lanes ? 4
                                             : 1;
    if (row.extent) rows = std::min(rows, *row.extent);
    if (context.options->tile_rows > 0) rows = context.options->tile_rows;
    tile_vectors = rows * vectors;
    if (rows > 1) {
      CERMET_ASSIGN_OR_RETURN(
          SplitLoops split,
          rewrites->Split(row.name, rows, nest.updates_in_place ? Tail::kShorten : Tail::kClamp));
      inner.push_back(split.inner);
    }
  }
  const Tail tail = nest.has_serial_loops || !inner.empty() ? Tail::kShorten : Tail::kBranch;
  CERMET_ASSIGN_OR_RETURN(SplitLoops split, rewrites->Split(column.name, columns, tail));
  if (!inner.empty()) CERMET_RETURN_IF_ERROR(rewrites->Interchange(inner[0], split.outer));
  inner.push_back(split.inner);
  CERMET_RETURN_IF_ERROR(UnrollWindow(tile_vectors, rewrites));
  CERMET_RETURN_IF_ERROR(rewrites->Tile(inner));
  if (!split.tail.empty()) CERMET_RETURN_IF_ERROR(rewrites->Tile({split.tail}));
  // The blocks of a row stay an inner loop where rows are enough for the threads: less division.
  int64_t outer_iterations = 1;
  bool symbolic = false;
  for (size_t i = 0; i + 1 < loops.size(); ++i) {
    symbolic = symbolic || !loops[i].extent;
    outer_iterations *= loops[i].extent.value_or(1);
  }
  const bool enough = outer_iterations >= kEnoughPieces || symbolic;
  return CollapseTop(rewrites, enough ? std::max<size_t>(1, outer_loops) : 64);
}

}  // namespace cermet::schedule
