// One backward walk marks and removes, one forward walk renumbers.
#include "passes/schedule/remove_dead.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "passes/schedule/kernel_walk.h"

namespace cermet::schedule {
namespace {

using kernel::Block;
using kernel::Inst;
using kernel::InstKind;
using kernel::Kernel;
using kernel::ValueId;

class DeadCode {
 public:
  explicit DeadCode(Kernel* kernel) : live_(kernel->value_types.size(), false) {}

  void Block(Block* block) {
    for (ValueId yield : block->yields) live_[yield] = true;
    std::vector<Inst> kept;
    for (size_t i = block->insts.size(); i-- > 0;) {
      Inst& inst = block->insts[i];
      const bool used = std::any_of(inst.results.begin(), inst.results.end(),
                                    [&](ValueId v) { return live_[v]; });
      if (!used && !HasEffect(inst)) continue;
      if (inst.kind == InstKind::kIf) DropUnusedResults(&inst);
      for (kernel::Block& body : inst.blocks) this->Block(&body);
      for (ValueId operand : inst.operands) live_[operand] = true;
      if (inst.mask != kernel::kNoValue) live_[inst.mask] = true;
      kept.push_back(std::move(inst));
    }
    std::reverse(kept.begin(), kept.end());
    block->insts = std::move(kept);
  }

 private:
  void DropUnusedResults(Inst* inst) {
    for (size_t r = inst->results.size(); r-- > 0;) {
      if (live_[inst->results[r]]) continue;
      inst->results.erase(inst->results.begin() + r);
      for (kernel::Block& body : inst->blocks) body.yields.erase(body.yields.begin() + r);
    }
  }

  std::vector<bool> live_;
};

void Renumber(const std::vector<kernel::ValueType>& types, Block* block,
              std::vector<ValueId>* numbers, std::vector<kernel::ValueType>* new_types) {
  auto define = [&](ValueId& value) {
    (*numbers)[value] = static_cast<ValueId>(new_types->size());
    new_types->push_back(types[value]);
    value = (*numbers)[value];
  };
  for (ValueId& param : block->params) define(param);
  for (Inst& inst : block->insts) {
    for (ValueId& operand : inst.operands) operand = (*numbers)[operand];
    if (inst.mask != kernel::kNoValue) inst.mask = (*numbers)[inst.mask];
    for (kernel::Block& body : inst.blocks) Renumber(types, &body, numbers, new_types);
    for (ValueId& result : inst.results) define(result);
  }
  for (ValueId& yield : block->yields) yield = (*numbers)[yield];
}

}  // namespace

void RemoveDeadInstructions(Kernel* kernel) {
  DeadCode(kernel).Block(&kernel->body);
  std::vector<ValueId> numbers(kernel->value_types.size(), kernel::kNoValue);
  std::vector<kernel::ValueType> types;
  Renumber(kernel->value_types, &kernel->body, &numbers, &types);
  kernel->value_types = std::move(types);
}

}  // namespace cermet::schedule
