// Follows the only loop of each body while it is parallel; then one walk over the innermost body
// finds what depends on which loop.
#include "passes/schedule/nest.h"

#include <map>
#include <set>
#include <utility>

#include "passes/schedule/index_analysis.h"
#include "passes/schedule/kernel_walk.h"

namespace cermet::schedule {
namespace {

using kernel::Block;
using kernel::Inst;
using kernel::InstKind;
using kernel::Kernel;
using kernel::LoopKind;
using kernel::ValueId;

class Describer {
 public:
  explicit Describer(Kernel* kernel)
      : kernel_(kernel), analysis_(IndexAnalysis::OfKernel(kernel)) {}

  // `block` holds the nest's first loop as its only loop.
  Nest Describe(LoopRef first) {
    const Block* block = first.block;
    std::optional<LoopRef> loop = first;
    while (loop && loop->inst().loop == LoopKind::kParallel && nest_.loops.size() < 63) {
      const Inst& inst = loop->inst();
      const Polynomial extent =
          analysis_.Value(inst.operands[1]) - analysis_.Value(inst.operands[0]);
      depends_[inst.blocks[0].params[0]] = LoopSet{1} << nest_.loops.size();
      nest_.loops.push_back({inst.iv_name, std::nullopt, 0});
      if (extent.IsConstant()) nest_.loops.back().extent = extent.constant();
      ivs_.push_back(inst.blocks[0].params[0]);
      block = &loop->body();
      loop = OnlyLoop(&loop->body());
      if (loop && loop->inst().loop == LoopKind::kParallel)
        Straight(*block);  // what stands between the loops
    }
    Walk(*block, false);
    for (int32_t buffer : stored_) {
      if (loaded_.count(buffer) != 0) nest_.updates_in_place = true;
    }
    for (const auto& [loop, divisors] : divisors_) {
      if (divisors.size() == 1) nest_.loops[loop].divisor = *divisors.begin();
    }
    return std::move(nest_);
  }

 private:
  LoopSet Of(ValueId value) const {
    auto it = depends_.find(value);
    return it == depends_.end() ? 0 : it->second;
  }

  void Straight(const Block& block) {
    for (const Inst& inst : block.insts) {
      if (inst.kind != InstKind::kFor) Visit(inst, false);
    }
  }

  void Walk(const Block& block, bool in_serial) {
    for (const Inst& inst : block.insts) Visit(inst, in_serial);
  }

  void Visit(const Inst& inst, bool in_serial) {
    LoopSet set = 0;
    for (ValueId operand : inst.operands) set |= Of(operand);
    if (inst.mask != kernel::kNoValue) set |= Of(inst.mask);
    if (inst.kind == InstKind::kLoad) AddLoad(inst, in_serial);
    if (inst.kind == InstKind::kStore) stored_.insert(inst.buffer);
    if (inst.kind == InstKind::kCompute && inst.op == OpCode::kDiv) AddQuotient(inst);
    if (inst.kind == InstKind::kCompute && kernel_->type(inst.results[0]).dtype != DType::kI64)
      ++nest_.work;
    if (inst.kind == InstKind::kFor) {
      if (inst.loop == LoopKind::kParallel) nest_.has_parallel_loops = true;
      if (inst.order_lanes > 1) {
        nest_.has_lanes = true;
        depends_[inst.blocks[0].params[0]] = kLanesLoops;
      }
      if (inst.loop == LoopKind::kSerial && !inst.results.empty()) nest_.has_serial_loops = true;
      const Block& body = inst.blocks[0];
      for (int round = 0; round < 2; ++round) {  // carried values depend on what the body yields
        for (size_t i = 0; i < inst.results.size(); ++i) depends_[body.params[1 + i]] |= set;
        if (round == 0) {
          const size_t loads = nest_.loads.size();
          const int64_t work = nest_.work;
          Walk(body, true);
          nest_.loads.resize(loads);
          nest_.work = work;
          for (ValueId yield : body.yields) set |= Of(yield);
        } else {
          Walk(body, in_serial || inst.loop == LoopKind::kSerial);
        }
      }
    } else {
      for (const Block& body : inst.blocks) {
        Walk(body, in_serial);
        for (ValueId yield : body.yields) set |= Of(yield);
      }
    }
    for (ValueId result : inst.results) depends_[result] = set;
  }

  void AddQuotient(const Inst& inst) {
    const Polynomial dividend = analysis_.Value(inst.operands[0]);
    const Polynomial divisor = analysis_.Value(inst.operands[1]);
    if (!divisor.IsConstant()) return;
    for (size_t i = 0; i < ivs_.size(); ++i) {
      if (dividend == Polynomial::OfAtom(ivs_[i])) divisors_[i].insert(divisor.constant());
    }
  }

  void AddLoad(const Inst& inst, bool in_serial) {
    loaded_.insert(inst.buffer);
    NestLoad load;
    load.buffer = inst.buffer;
    load.in_serial = in_serial;
    for (ValueId index : inst.operands) {
      load.depends.push_back(Of(index));
      load.any |= Of(index);
      bool exact = false;
      for (ValueId iv : ivs_) exact = exact || analysis_.Value(index) == Polynomial::OfAtom(iv);
      load.exact.push_back(exact);
    }
    if (inst.mask != kernel::kNoValue) load.any |= Of(inst.mask);
    nest_.loads.push_back(std::move(load));
  }

  Kernel* kernel_;
  IndexAnalysis analysis_;
  Nest nest_;
  std::vector<ValueId> ivs_;
  std::map<size_t, std::set<int64_t>> divisors_;  // of the induction variables
  absl::flat_hash_map<ValueId, LoopSet> depends_;
  std::set<int32_t> loaded_, stored_;
};

}  // namespace

Nest DescribeNest(Kernel* kernel) {
  std::optional<LoopRef> first = OnlyLoop(&kernel->body);
  if (!first) {
    // Straight-line code or several nests: no loop of its own, but it may have loops inside.
    Nest nest;
    ForEachInst(kernel->body, [&](const Inst& inst) {
      if (inst.kind != InstKind::kFor) return;
      nest.has_parallel_loops |= inst.loop == LoopKind::kParallel;
      nest.has_lanes |= inst.order_lanes > 1;
    });
    return nest;
  }
  return Describer(kernel).Describe(*first);
}

Nest DescribeNestAt(Kernel* kernel, const std::string& loop) {
  return Describer(kernel).Describe(*FindLoop(kernel, loop));
}

}  // namespace cermet::schedule
