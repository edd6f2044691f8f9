// Lifts scalar instructions to tiles: the engine of the `tile` and `lanes` rewrites.
//
// Some scalar values are given as tiles (induction variables as base + iota, carried values as
// tiles); everything that depends on them becomes a tile whose extents are those of what it depends
// on, and 1 along the other axes. What does not depend on them stays scalar. Conditions that depend
// on them become masks and selects. A tail mask says which elements of a tile exist: what the
// others hold is never stored, and what they would load outside a buffer is not loaded.
//
// All loads of a tile happen before the stores that follow them in the body, for all elements at
// once; iterations are independent, so this cannot be seen.
#ifndef CERMET_PASSES_SCHEDULE_TILE_LIFTER_H_
#define CERMET_PASSES_SCHEDULE_TILE_LIFTER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "ir/kernel/kernel.h"
#include "passes/schedule/index_analysis.h"
#include "passes/schedule/kernel_walk.h"

namespace cermet::schedule {

class TileLifter {
 public:
  // `analysis` knows the values around the lifted code and learns the new ones. Both outlive this.
  TileLifter(kernel::Kernel* kernel, IndexAnalysis* analysis, int64_t rank)
      : kernel_(kernel), analysis_(analysis), rank_(rank) {}

  // The value is this tile (or scalar) in the lifted code.
  void Set(kernel::ValueId scalar, kernel::ValueId lifted);
  // The parallel loop with this induction variable becomes axis `axis` of `extent` elements, of
  // which those below the loop's upper bound exist (all, unless `masked`). The loop's own
  // instruction is left out.
  void SetAxis(kernel::ValueId iv, int64_t axis, int64_t extent, bool masked);
  // Elements of `axis` where this bool tile is false do not exist.
  void AddTailMask(int64_t axis, kernel::ValueId mask);

  // Appends the lifted instructions of `from` to `to`. Unimplemented where the code cannot be
  // lifted (loop bounds or checks that depend on the tile); `to` is then incomplete.
  absl::Status Lift(const kernel::Block& from, kernel::Block* to);
  kernel::ValueId Lifted(kernel::ValueId value) const { return map_(value); }

 private:
  using Extents = std::vector<int64_t>;
  struct Axis {
    int64_t axis;
    int64_t extent;
    bool masked;
  };
  struct TailMask {
    int64_t axis;
    kernel::ValueId mask;
  };

  // Types first: the extents of every value of the code.
  absl::Status Infer(const kernel::Block& block, const Extents& conditions);
  absl::Status InferLoop(const kernel::Inst& loop, const Extents& conditions);
  Extents ExtentsOf(kernel::ValueId value) const;
  Extents Union(const Extents& a, const Extents& b) const;

  absl::Status Emit(const kernel::Block& block, kernel::Block* to);
  absl::Status EmitInst(const kernel::Inst& inst, kernel::Block* to);
  absl::Status EmitAxis(const kernel::Inst& loop, const Axis& axis, kernel::Block* to);
  absl::Status EmitLoop(const kernel::Inst& loop, kernel::Block* to);
  absl::Status EmitIf(const kernel::Inst& inst, kernel::Block* to);
  absl::Status EmitStore(const kernel::Inst& inst, kernel::Block* to);
  void EmitLoad(const kernel::Inst& inst, kernel::Block* to);
  kernel::ValueId Append(kernel::Inst inst, kernel::ValueType type, kernel::Block* to);
  kernel::ValueId Splat(kernel::ValueId value, const Extents& extents, kernel::Block* to);
  kernel::ValueId And(kernel::ValueId a, kernel::ValueId b, kernel::Block* to);
  kernel::ValueId Not(kernel::ValueId a, kernel::Block* to);
  kernel::ValueId TailMasks(const Extents& extents, kernel::ValueId mask, kernel::Block* to);

  kernel::Kernel* kernel_;
  IndexAnalysis* analysis_;
  int64_t rank_;
  ValueMap map_;
  absl::flat_hash_map<kernel::ValueId, Extents> extents_;  // of old values that are tiles
  absl::flat_hash_map<kernel::ValueId, Axis> axes_;        // by induction variable
  std::vector<TailMask> tails_;
  std::vector<kernel::ValueId>
      conditions_;  // of the branches around the current instruction, as tiles
};

}  // namespace cermet::schedule

#endif  // CERMET_PASSES_SCHEDULE_TILE_LIFTER_H_
