// Marks the values that may differ between threads, by flow from the thread loops' induction
// variables, and looks for barriers under them. Conservative: what is loaded from scratch (private
// to a thread) may differ.
#include "ir/kernel/uniformity.h"

#include <algorithm>
#include <vector>

namespace cermet::kernel {
namespace {

class Uniformity {
 public:
  explicit Uniformity(const Kernel& kernel)
      : kernel_(kernel), varying_(kernel.value_types.size()) {}

  bool FindDivergentBarrier() {
    // Carried values flow backwards over a loop's end: repeat until nothing changes.
    do {
      changed_ = false;
      Mark(kernel_.body);
    } while (changed_);
    return Find(kernel_.body, /*in_thread=*/false);
  }

 private:
  bool Varies(const std::vector<ValueId>& values) const {
    return std::any_of(values.begin(), values.end(),
                       [&](ValueId value) { return varying_[value]; });
  }
  void MarkIf(bool varying, ValueId value) {
    if (!varying || varying_[value]) return;
    varying_[value] = true;
    changed_ = true;
  }

  void Mark(const Block& block) {
    for (const Inst& inst : block.insts) {
      if (inst.kind == InstKind::kFor) {
        MarkFor(inst);
        continue;
      }
      bool varying = Varies(inst.operands) || (inst.mask != kNoValue && varying_[inst.mask]);
      if (inst.kind == InstKind::kLoad) {
        varying = varying || kernel_.buffers[inst.buffer].space == MemorySpace::kScratch;
      }
      for (const Block& body : inst.blocks) {
        Mark(body);
        varying = varying || Varies(body.yields);
      }
      for (ValueId result : inst.results) MarkIf(varying, result);
    }
  }

  void MarkFor(const Inst& inst) {
    const bool bounds = varying_[inst.operands[0]] || varying_[inst.operands[1]];
    const Block& body = inst.blocks[0];
    MarkIf(bounds || inst.loop == LoopKind::kThread, body.params[0]);
    for (size_t i = 0; i < inst.results.size(); ++i) {
      const bool varying = bounds || varying_[inst.operands[i + 2]] || varying_[body.yields[i]];
      MarkIf(varying, body.params[i + 1]);
      MarkIf(varying, inst.results[i]);
      if (inst.blocks.size() > 1) {
        MarkIf(varying, inst.blocks[1].params[i]);
        MarkIf(varying, inst.blocks[1].params[i + inst.results.size()]);
      }
    }
    for (const Block& block : inst.blocks) Mark(block);
  }

  bool Find(const Block& block, bool in_thread) const {
    for (const Inst& inst : block.insts) {
      const bool thread = inst.kind == InstKind::kFor && inst.loop == LoopKind::kThread;
      const size_t controls = inst.kind == InstKind::kFor ? 2 : inst.kind == InstKind::kIf ? 1 : 0;
      for (const Block& body : inst.blocks) {
        if (!ContainsBarrier(body)) continue;
        for (size_t i = 0; i < controls && in_thread; ++i) {
          if (varying_[inst.operands[i]]) return true;
        }
        if (Find(body, in_thread || thread)) return true;
      }
    }
    return false;
  }

  const Kernel& kernel_;
  std::vector<bool> varying_;
  bool changed_ = false;
};

}  // namespace

bool ContainsBarrier(const Block& block) {
  for (const Inst& inst : block.insts) {
    if (inst.kind == InstKind::kBarrier) return true;
    for (const Block& body : inst.blocks) {
      if (ContainsBarrier(body)) return true;
    }
  }
  return false;
}

bool HasDivergentBarrier(const Kernel& kernel) {
  if (!ContainsBarrier(kernel.body)) return false;
  return Uniformity(kernel).FindDivergentBarrier();
}

}  // namespace cermet::kernel
