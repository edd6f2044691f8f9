// Walking and copying pieces of kernels: what the rewrites of this folder share.
#ifndef CERMET_PASSES_SCHEDULE_KERNEL_WALK_H_
#define CERMET_PASSES_SCHEDULE_KERNEL_WALK_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ir/kernel/kernel.h"

namespace cermet::schedule {

// Values of the old form to values of the new one; values that are not there stay themselves.
class ValueMap {
 public:
  void Set(kernel::ValueId from, kernel::ValueId to) { map_[from] = to; }
  kernel::ValueId operator()(kernel::ValueId value) const {
    auto it = map_.find(value);
    return it == map_.end() ? value : it->second;
  }
  bool Contains(kernel::ValueId value) const { return map_.count(value) != 0; }

 private:
  absl::flat_hash_map<kernel::ValueId, kernel::ValueId> map_;
};

// Without effect on memory and not dependent on it: constants, dims, iotas, computations and
// rearrangements.
bool IsPure(kernel::InstKind kind);
// Writes memory, fails the run or synchronises, itself or in its blocks.
bool HasEffect(const kernel::Inst& inst);

// Calls `visit` for every instruction, outer ones before those of their blocks.
void ForEachInst(const kernel::Block& block, const std::function<void(const kernel::Inst&)>& visit);
void ForEachInst(kernel::Block& block, const std::function<void(kernel::Inst&)>& visit);
// Calls `visit` for every operand, mask and yield in the block and its blocks.
void ForEachUse(kernel::Block& block, const std::function<void(kernel::ValueId&)>& visit);
void ForEachUse(kernel::Inst& inst, const std::function<void(kernel::ValueId&)>& visit);

// Appends copies of the instructions of `from` to `to` with new values for everything defined in
// them; `map` gains the new values. Parameters of `from` must be in `map` already.
void CloneInsts(kernel::Kernel* kernel, const kernel::Block& from, kernel::Block* to,
                ValueMap* map);
// A copy with new results, blocks and block parameters.
kernel::Inst CloneInst(kernel::Kernel* kernel, const kernel::Inst& inst, ValueMap* map);

// A loop by its place; valid until its block changes.
struct LoopRef {
  kernel::Block* block = nullptr;
  size_t index = 0;
  kernel::Inst& inst() const { return block->insts[index]; }
  kernel::Block& body() const { return inst().blocks[0]; }
};
// The loop whose induction variable has this name; an error if there is none.
absl::StatusOr<LoopRef> FindLoop(kernel::Kernel* kernel, absl::string_view name);
// Renames induction variables so that every loop has a name of its own (`j`, `j_1`, `j_2`, ...).
void NameLoops(kernel::Kernel* kernel);
// A loop name that is not in use: `stem`, or `stem` with a number.
std::string NewLoopName(kernel::Kernel* kernel, absl::string_view stem);
// The only loop of the block if all other instructions are pure scalars or loads before it.
std::optional<LoopRef> OnlyLoop(kernel::Block* block);

// The constant that a block's instruction or an enclosing block's defines, if it is one.
std::optional<int64_t> ConstantValue(const kernel::Kernel& kernel, kernel::ValueId value);
// The instruction that defines the value, or null for parameters; searches the whole kernel.
const kernel::Inst* Definition(const kernel::Block& block, kernel::ValueId value);

}  // namespace cermet::schedule

#endif  // CERMET_PASSES_SCHEDULE_KERNEL_WALK_H_
