// Marks the values that may differ between threads, by flow from the thread loops' induction
// variables, and looks for collective instructions under them. Conservative: what is loaded from
// scratch (private to a thread) may differ, and threads of one warp count as any others.
#include "ir/kernel/uniformity.h"

#include <algorithm>
#include <vector>

namespace cermet::kernel {
namespace {

const Inst* FirstCollective(const Block& block) {
  for (const Inst& inst : block.insts) {
    if (IsCollective(inst.kind)) return &inst;
    for (const Block& body : inst.blocks) {
      if (const Inst* const found = FirstCollective(body)) return found;
    }
  }
  return nullptr;
}

class Uniformity {
 public:
  explicit Uniformity(const Kernel& kernel)
      : kernel_(kernel), varying_(kernel.value_types.size()) {}

  const Inst* FindDivergent() {
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
      } else if (inst.kind == InstKind::kIota || inst.kind == InstKind::kMma) {
        varying = varying || kernel_.type(inst.results[0]).fragment != Fragment::kNone;
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

  const Inst* Find(const Block& block, bool in_thread) const {
    for (const Inst& inst : block.insts) {
      const bool thread = inst.kind == InstKind::kFor && inst.loop == LoopKind::kThread;
      const size_t controls = inst.kind == InstKind::kFor ? 2 : inst.kind == InstKind::kIf ? 1 : 0;
      for (const Block& body : inst.blocks) {
        const Inst* const collective = FirstCollective(body);
        if (collective == nullptr) continue;
        for (size_t i = 0; i < controls && in_thread; ++i) {
          if (varying_[inst.operands[i]]) return collective;
        }
        if (const Inst* const found = Find(body, in_thread || thread)) return found;
      }
    }
    return nullptr;
  }

  const Kernel& kernel_;
  std::vector<bool> varying_;
  bool changed_ = false;
};

}  // namespace

bool IsCollective(InstKind kind) {
  const InstPlace place = Info(kind).place;
  return place == InstPlace::kBlock || place == InstPlace::kWarp;
}

bool ContainsCollective(const Block& block) { return FirstCollective(block) != nullptr; }

const Inst* FindDivergent(const Kernel& kernel) {
  if (!ContainsCollective(kernel.body)) return nullptr;
  return Uniformity(kernel).FindDivergent();
}

}  // namespace cermet::kernel
