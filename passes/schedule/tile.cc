// Finds the extents of the nest and lets the lifter rewrite its body in place.
#include "passes/schedule/tile.h"

#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ir/status.h"
#include "passes/schedule/index_analysis.h"
#include "passes/schedule/kernel_walk.h"
#include "passes/schedule/tile_lifter.h"

namespace cermet::schedule {
namespace {

using kernel::Block;
using kernel::Inst;
using kernel::InstKind;
using kernel::Kernel;
using kernel::LoopKind;
using kernel::ValueId;

struct AxisExtent {
  int64_t extent;
  bool masked;
};

std::optional<AxisExtent> ExtentOf(const Kernel& kernel, const IndexAnalysis& analysis,
                                   const Inst& loop) {
  const Polynomial trips = analysis.Value(loop.operands[1]) - analysis.Value(loop.operands[0]);
  if (trips.IsConstant()) return AxisExtent{trips.constant(), false};
  const Inst* upper = Definition(kernel.body, loop.operands[1]);
  if (upper == nullptr || upper->kind != InstKind::kCompute || upper->op != OpCode::kMinimum)
    return std::nullopt;
  if (analysis.Value(loop.operands[0]) != Polynomial(0)) return std::nullopt;
  for (ValueId operand : upper->operands) {
    const Polynomial bound = analysis.Value(operand);
    if (bound.IsConstant()) return AxisExtent{bound.constant(), true};
  }
  return std::nullopt;
}

}  // namespace

absl::Status Tile(Kernel* kernel, const std::vector<std::string>& loops) {
  CERMET_ASSIGN_OR_RETURN(LoopRef nest, FindLoop(kernel, loops[0]));
  IndexAnalysis analysis = IndexAnalysis::OfKernel(kernel);
  TileLifter lifter(kernel, &analysis, static_cast<int64_t>(loops.size()));
  for (size_t axis = 0; axis < loops.size(); ++axis) {
    CERMET_ASSIGN_OR_RETURN(LoopRef loop, FindLoop(kernel, loops[axis]));
    std::optional<AxisExtent> extent = ExtentOf(*kernel, analysis, loop.inst());
    if (loop.inst().loop != LoopKind::kParallel || loop.inst().step != 1 || !extent ||
        extent->extent < 1) {
      return absl::InvalidArgumentError(absl::StrCat("kernel @", kernel->name, ": loop %",
                                                     loops[axis],
                                                     " has no constant extent to make a tile of"));
    }
    lifter.SetAxis(loop.body().params[0], static_cast<int64_t>(axis), extent->extent,
                   extent->masked);
  }
  Block from;
  from.insts.push_back(nest.inst());
  Block lifted;
  CERMET_RETURN_IF_ERROR(lifter.Lift(from, &lifted));
  std::vector<Inst>& insts = nest.block->insts;
  insts.erase(insts.begin() + nest.index);
  insts.insert(insts.begin() + nest.index, std::make_move_iterator(lifted.insts.begin()),
               std::make_move_iterator(lifted.insts.end()));
  return absl::OkStatus();
}

}  // namespace cermet::schedule
