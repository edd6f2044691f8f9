// Counts instructions, weighted by the trip counts of the loops around them.
#include "passes/plan/work.h"

#include <algorithm>
#include <map>
#include <optional>

#include "ir/status.h"

namespace cermet::plan {
namespace {

using kernel::Block;
using kernel::Inst;
using kernel::InstKind;
using kernel::Kernel;
using kernel::ValueId;

constexpr int64_t kUnknownExtent = 64;
constexpr int64_t kWorthwhileCycles = 30000;
constexpr int64_t kMostCycles = int64_t{1} << 40;

class WorkCounter {
 public:
  WorkCounter(const Kernel& kernel, const DimFacts& facts) : kernel_(kernel), facts_(facts) {}

  int64_t Count(const Block& block) {
    int64_t cycles = 0;
    for (const Inst& inst : block.insts) {
      cycles = std::min(kMostCycles, cycles + CountInst(inst));
    }
    return cycles;
  }

 private:
  int64_t CountInst(const Inst& inst) {
    switch (inst.kind) {
      case InstKind::kConstant:
        constants_[inst.results[0]] = static_cast<int64_t>(inst.bits);
        return 0;
      case InstKind::kDim:
        constants_[inst.results[0]] = Range(inst.dim, facts_).upper.value_or(kUnknownExtent);
        return 0;
      case InstKind::kFor: {
        const auto lower = constants_.find(inst.operands[0]);
        const auto upper = constants_.find(inst.operands[1]);
        int64_t trips = kUnknownExtent;
        if (lower != constants_.end() && upper != constants_.end()) {
          trips = std::max<int64_t>(0, (upper->second - lower->second + inst.step - 1) / inst.step);
        }
        const int64_t body = Count(inst.blocks[0]) + 1;
        return trips > kMostCycles / body ? kMostCycles : trips * body;
      }
      case InstKind::kIf:
        return 1 + std::max(Count(inst.blocks[0]), Count(inst.blocks[1]));
      case InstKind::kIota:
      case InstKind::kSplat:
        return 0;
      case InstKind::kCompute:
      case InstKind::kLoad:
      case InstKind::kStore:
      case InstKind::kSlice:
      case InstKind::kExtract:
      case InstKind::kCheck:
      case InstKind::kBarrier:
      case InstKind::kShuffle:
      case InstKind::kCopyAsync:
      case InstKind::kCommit:
      case InstKind::kWait:
      case InstKind::kMma:
        return 1;
    }
    CERMET_UNREACHABLE();
  }

  const Kernel& kernel_;
  const DimFacts& facts_;
  std::map<ValueId, int64_t> constants_;
};

}  // namespace

int64_t IterationCycles(const Kernel& kernel, const DimFacts& facts) {
  WorkCounter counter(kernel, facts);
  for (const Inst& inst : kernel.body.insts) {
    if (inst.kind == InstKind::kFor && inst.loop == kernel::LoopKind::kParallel)
      return counter.Count(inst.blocks[0]) + 1;
  }
  return counter.Count(kernel.body) + 1;
}

int64_t LaunchGrain(const Kernel& kernel, const DimFacts& facts) {
  return std::max<int64_t>(1, kWorthwhileCycles / IterationCycles(kernel, facts));
}

}  // namespace cermet::plan
