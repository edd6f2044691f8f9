// Lifts the body of a lanes loop twice, for whole groups of L elements and for the rest, and the
// combiner once per halving.
#include "passes/schedule/lanes.h"

#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ir/kernel/builder.h"
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
using kernel::KernelBuilder;
using kernel::LoopKind;
using kernel::ValueId;

class LanesRewrite {
 public:
  LanesRewrite(Kernel* kernel, const Inst& loop)
      : kernel_(kernel),
        loop_(loop),
        lanes_(loop.order_lanes),
        analysis_(IndexAnalysis::OfKernel(kernel)) {}

  absl::Status Run(Block* out) {
    KernelBuilder before = Build(out);
    const ValueId lower = loop_.operands[0];
    const ValueId count = before.Sub(loop_.operands[1], lower);
    const ValueId step = before.Index(lanes_);
    const ValueId groups = before.FloorDiv(count, step);
    const ValueId rest_start = before.Add(lower, before.Mul(groups, step));
    std::vector<ValueId> carried;
    for (size_t i = 0; i < loop_.results.size(); ++i) {
      carried.push_back(before.Splat(loop_.operands[2 + i], {lanes_}));
    }
    Learn(*out);
    CERMET_ASSIGN_OR_RETURN(carried, MainLoop(lower, groups, carried, out));
    CERMET_ASSIGN_OR_RETURN(carried, Rest(rest_start, carried, out));
    CERMET_ASSIGN_OR_RETURN(carried, Halve(carried, out));
    // The old results keep their names.
    for (size_t i = 0; i < loop_.results.size(); ++i) {
      Inst extract;
      extract.kind = InstKind::kExtract;
      extract.operands = {carried[i]};
      extract.results = {loop_.results[i]};
      out->insts.push_back(std::move(extract));
    }
    return absl::OkStatus();
  }

 private:
  KernelBuilder Build(Block* block) { return KernelBuilder(kernel_, block); }
  void Learn(const Block& block) {
    for (const Inst& inst : block.insts) analysis_.Define(inst);
  }

  // The body for the elements start + 0..L, appended to `to`; the new carried values. `mask`: which
  // of them exist.
  absl::StatusOr<std::vector<ValueId>> Step(ValueId start, const std::vector<ValueId>& carried,
                                            ValueId mask, Block* to) {
    KernelBuilder builder = Build(to);
    const ValueId index = builder.Add(start, builder.Iota({lanes_}, 0));
    Learn(*to);
    TileLifter lifter(kernel_, &analysis_, 1);
    const Block& body = loop_.blocks[0];
    lifter.Set(body.params[0], index);
    if (mask != kernel::kNoValue) lifter.AddTailMask(0, mask);
    for (size_t i = 0; i < carried.size(); ++i) lifter.Set(body.params[1 + i], carried[i]);
    CERMET_RETURN_IF_ERROR(lifter.Lift(body, to));
    std::vector<ValueId> next;
    for (ValueId yield : body.yields) next.push_back(builder.Splat(lifter.Lifted(yield), {lanes_}));
    return next;
  }

  absl::StatusOr<std::vector<ValueId>> MainLoop(ValueId lower, ValueId groups,
                                                const std::vector<ValueId>& carried, Block* out) {
    Inst loop;
    loop.kind = InstKind::kFor;
    loop.loop = LoopKind::kSerial;
    loop.iv_name = absl::StrCat(loop_.iv_name, "o");
    KernelBuilder before = Build(out);
    loop.operands = {before.Index(0), groups};
    loop.operands.insert(loop.operands.end(), carried.begin(), carried.end());
    Block body;
    body.params.push_back(kernel_->NewValue({DType::kI64, {}}));
    std::vector<ValueId> inside;
    for (ValueId value : carried) inside.push_back(kernel_->NewValue(kernel_->type(value)));
    body.params.insert(body.params.end(), inside.begin(), inside.end());
    loop.blocks = {body};
    Learn(*out);
    analysis_.DefineLoop(loop);
    KernelBuilder builder = Build(&loop.blocks[0]);
    const ValueId start = builder.Add(lower, builder.Mul(body.params[0], builder.Index(lanes_)));
    Learn(loop.blocks[0]);
    CERMET_ASSIGN_OR_RETURN(loop.blocks[0].yields,
                            Step(start, inside, kernel::kNoValue, &loop.blocks[0]));
    for (ValueId value : carried) loop.results.push_back(kernel_->NewValue(kernel_->type(value)));
    std::vector<ValueId> results = loop.results;
    out->insts.push_back(std::move(loop));
    return results;
  }

  // The last elements: lanes without one keep what they have.
  absl::StatusOr<std::vector<ValueId>> Rest(ValueId start, const std::vector<ValueId>& carried,
                                            Block* out) {
    const Polynomial left = analysis_.Value(loop_.operands[1]) - analysis_.Value(start);
    if (left == Polynomial(0)) return carried;
    Inst branch;
    branch.kind = InstKind::kIf;
    branch.operands = {Build(out).Compare(CompareDirection::kLt, start, loop_.operands[1])};
    branch.blocks.resize(2);
    Block& block = branch.blocks[0];
    KernelBuilder builder = Build(&block);
    const ValueId index = builder.Add(start, builder.Iota({lanes_}, 0));
    const ValueId mask = builder.Compare(CompareDirection::kLt, index, loop_.operands[1]);
    Learn(block);
    CERMET_ASSIGN_OR_RETURN(std::vector<ValueId> next, Step(start, carried, mask, &block));
    for (size_t i = 0; i < carried.size(); ++i) {
      block.yields.push_back(builder.Compute(OpCode::kSelect, {mask, next[i], carried[i]}));
      branch.blocks[1].yields.push_back(carried[i]);
      branch.results.push_back(kernel_->NewValue(kernel_->type(carried[i])));
    }
    std::vector<ValueId> results = branch.results;
    out->insts.push_back(std::move(branch));
    return results;
  }

  absl::StatusOr<std::vector<ValueId>> Halve(std::vector<ValueId> carried, Block* out) {
    KernelBuilder builder = Build(out);
    const Block& combiner = loop_.blocks[1];
    for (int64_t width = lanes_ / 2; width >= 1; width /= 2) {
      TileLifter lifter(kernel_, &analysis_, 1);
      for (size_t i = 0; i < carried.size(); ++i) {
        lifter.Set(combiner.params[i], builder.Slice(carried[i], 0, 0, width));
        lifter.Set(combiner.params[carried.size() + i], builder.Slice(carried[i], 0, width, width));
      }
      CERMET_RETURN_IF_ERROR(lifter.Lift(combiner, out));
      for (size_t i = 0; i < carried.size(); ++i) {
        carried[i] = builder.Splat(lifter.Lifted(combiner.yields[i]), {width});
      }
    }
    return carried;
  }

  Kernel* kernel_;
  const Inst loop_;
  const int64_t lanes_;
  IndexAnalysis analysis_;
};

}  // namespace

absl::Status MakeLanesExplicit(Kernel* kernel, absl::string_view name) {
  CERMET_ASSIGN_OR_RETURN(LoopRef place, FindLoop(kernel, name));
  if (place.inst().order_lanes <= 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("kernel @", kernel->name, ": loop %", name, " has no lanes"));
  }
  Block out;
  CERMET_RETURN_IF_ERROR(LanesRewrite(kernel, place.inst()).Run(&out));
  std::vector<Inst>& insts = place.block->insts;
  insts.erase(insts.begin() + place.index);
  insts.insert(insts.begin() + place.index, std::make_move_iterator(out.insts.begin()),
               std::make_move_iterator(out.insts.end()));
  NameLoops(kernel);
  return absl::OkStatus();
}

}  // namespace cermet::schedule
