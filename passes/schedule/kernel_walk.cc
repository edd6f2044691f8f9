// Recursion over blocks, and copies with fresh values.
#include "passes/schedule/kernel_walk.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ir/status.h"

namespace cermet::schedule {

using kernel::Block;
using kernel::Inst;
using kernel::InstKind;
using kernel::Kernel;
using kernel::ValueId;

bool IsPure(InstKind kind) { return kernel::Info(kind).effect == kernel::InstEffect::kPure; }

bool HasEffect(const Inst& inst) {
  if (kernel::Info(inst.kind).effect == kernel::InstEffect::kActs) return true;
  for (const Block& block : inst.blocks) {
    if (std::any_of(block.insts.begin(), block.insts.end(), HasEffect)) return true;
  }
  return false;
}

void ForEachInst(const Block& block, const std::function<void(const Inst&)>& visit) {
  for (const Inst& inst : block.insts) {
    visit(inst);
    for (const Block& body : inst.blocks) ForEachInst(body, visit);
  }
}

void ForEachInst(Block& block, const std::function<void(Inst&)>& visit) {
  for (Inst& inst : block.insts) {
    visit(inst);
    for (Block& body : inst.blocks) ForEachInst(body, visit);
  }
}

void ForEachUse(Inst& inst, const std::function<void(ValueId&)>& visit) {
  for (ValueId& operand : inst.operands) visit(operand);
  if (inst.mask != kernel::kNoValue) visit(inst.mask);
  for (Block& body : inst.blocks) ForEachUse(body, visit);
}

void ForEachUse(Block& block, const std::function<void(ValueId&)>& visit) {
  for (Inst& inst : block.insts) ForEachUse(inst, visit);
  for (ValueId& value : block.yields) visit(value);
}

void CloneInsts(Kernel* kernel, const Block& from, Block* to, ValueMap* map) {
  for (const Inst& inst : from.insts) to->insts.push_back(CloneInst(kernel, inst, map));
}

Inst CloneInst(Kernel* kernel, const Inst& inst, ValueMap* map) {
  Inst copy = inst;
  for (ValueId& operand : copy.operands) operand = (*map)(operand);
  if (copy.mask != kernel::kNoValue) copy.mask = (*map)(copy.mask);
  for (size_t b = 0; b < inst.blocks.size(); ++b) {
    const Block& block = inst.blocks[b];
    Block fresh;
    for (ValueId param : block.params) {
      fresh.params.push_back(kernel->NewValue(kernel->type(param)));
      map->Set(param, fresh.params.back());
    }
    CloneInsts(kernel, block, &fresh, map);
    for (ValueId yield : block.yields) fresh.yields.push_back((*map)(yield));
    copy.blocks[b] = std::move(fresh);
  }
  for (ValueId& result : copy.results) {
    const ValueId fresh = kernel->NewValue(kernel->type(result));
    map->Set(result, fresh);
    result = fresh;
  }
  return copy;
}

namespace {

std::optional<LoopRef> FindLoopIn(Block* block, absl::string_view name) {
  for (size_t i = 0; i < block->insts.size(); ++i) {
    Inst& inst = block->insts[i];
    if (inst.kind == InstKind::kFor && inst.iv_name == name) return LoopRef{block, i};
    for (Block& body : inst.blocks) {
      if (auto found = FindLoopIn(&body, name)) return found;
    }
  }
  return std::nullopt;
}

std::set<std::string> LoopNames(Kernel* kernel) {
  std::set<std::string> names;
  ForEachInst(kernel->body, [&](const Inst& inst) {
    if (inst.kind == InstKind::kFor) names.insert(inst.iv_name);
  });
  return names;
}

std::string Unused(const std::set<std::string>& names, absl::string_view stem) {
  std::string name(stem);
  for (int i = 1; names.count(name) != 0; ++i) name = absl::StrCat(stem, "_", i);
  return name;
}

}  // namespace

absl::StatusOr<LoopRef> FindLoop(Kernel* kernel, absl::string_view name) {
  if (auto found = FindLoopIn(&kernel->body, name)) return *found;
  return absl::NotFoundError(absl::StrCat("kernel @", kernel->name, " has no loop %", name));
}

void NameLoops(Kernel* kernel) {
  std::set<std::string> names;
  ForEachInst(kernel->body, [&](Inst& inst) {
    if (inst.kind != InstKind::kFor) return;
    inst.iv_name = Unused(names, inst.iv_name.empty() ? "i" : inst.iv_name);
    names.insert(inst.iv_name);
  });
}

std::string NewLoopName(Kernel* kernel, absl::string_view stem) {
  return Unused(LoopNames(kernel), stem);
}

std::optional<LoopRef> OnlyLoop(Block* block) {
  if (block->insts.empty() || block->insts.back().kind != InstKind::kFor) return std::nullopt;
  for (size_t i = 0; i + 1 < block->insts.size(); ++i) {
    const InstKind kind = block->insts[i].kind;
    if (!IsPure(kind) && kind != InstKind::kLoad) return std::nullopt;
  }
  return LoopRef{block, block->insts.size() - 1};
}

const Inst* Definition(const Block& block, ValueId value) {
  for (const Inst& inst : block.insts) {
    if (std::find(inst.results.begin(), inst.results.end(), value) != inst.results.end())
      return &inst;
    for (const Block& body : inst.blocks) {
      if (const Inst* found = Definition(body, value)) return found;
    }
  }
  return nullptr;
}

std::optional<int64_t> ConstantValue(const Kernel& kernel, ValueId value) {
  const Inst* definition = Definition(kernel.body, value);
  if (definition == nullptr || definition->kind != InstKind::kConstant) return std::nullopt;
  return IntFromBits(kernel.type(value).dtype, definition->bits);
}

}  // namespace cermet::schedule
