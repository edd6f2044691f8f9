// Two walks over the scalar code: the first finds extents (a fixed point over carried values), the
// second emits.
#include "passes/schedule/tile_lifter.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ir/status.h"

namespace cermet::schedule {

using kernel::Block;
using kernel::Inst;
using kernel::InstKind;
using kernel::kNoValue;
using kernel::ValueId;
using kernel::ValueType;

void TileLifter::Set(ValueId scalar, ValueId lifted) {
  map_.Set(scalar, lifted);
  if (!kernel_->type(lifted).IsScalar()) extents_[scalar] = kernel_->type(lifted).extents;
}

void TileLifter::SetAxis(ValueId iv, int64_t axis, int64_t extent, bool masked) {
  axes_[iv] = {axis, extent, masked};
  Extents extents(rank_, 1);
  extents[axis] = extent;
  extents_[iv] = extents;
}

void TileLifter::AddTailMask(int64_t axis, ValueId mask) { tails_.push_back({axis, mask}); }

TileLifter::Extents TileLifter::ExtentsOf(ValueId value) const {
  auto it = extents_.find(value);
  return it == extents_.end() ? Extents() : it->second;
}

TileLifter::Extents TileLifter::Union(const Extents& a, const Extents& b) const {
  std::optional<Extents> both = kernel::BroadcastExtents(a, b);
  CERMET_CHECK(both.has_value());
  return *std::move(both);
}

absl::Status TileLifter::Infer(const Block& block, const Extents& conditions) {
  for (const Inst& inst : block.insts) {
    Extents extents;
    switch (inst.kind) {
      case InstKind::kConstant:
      case InstKind::kDim:
        break;
      case InstKind::kBarrier:
      case InstKind::kShuffle:
      case InstKind::kCopyAsync:
      case InstKind::kCommit:
      case InstKind::kWait:
      case InstKind::kMma:
        return absl::UnimplementedError(
            absl::StrCat("kernel @", kernel_->name, ": the code is scheduled for a GPU already"));
      case InstKind::kIota:
      case InstKind::kSlice:
      case InstKind::kExtract:
      case InstKind::kSplat:
        return absl::UnimplementedError(
            absl::StrCat("kernel @", kernel_->name, ": the code has tiles already"));
      case InstKind::kCompute:
        for (ValueId operand : inst.operands) extents = Union(extents, ExtentsOf(operand));
        extents_[inst.results[0]] = extents;
        break;
      case InstKind::kLoad:
        for (ValueId operand : inst.operands) extents = Union(extents, ExtentsOf(operand));
        if (inst.mask != kNoValue) extents = Union(extents, ExtentsOf(inst.mask));
        if (!conditions.empty() && !analysis_->ProveInBounds(inst, 0))
          extents = Union(extents, conditions);
        extents_[inst.results[0]] = extents;
        break;
      case InstKind::kStore:
        break;
      case InstKind::kCheck:
        for (ValueId operand : inst.operands) extents = Union(extents, ExtentsOf(operand));
        if (!extents.empty() || !conditions.empty()) {
          return absl::UnimplementedError(
              absl::StrCat("kernel @", kernel_->name, ": a check inside a tile"));
        }
        break;
      case InstKind::kFor:
        CERMET_RETURN_IF_ERROR(InferLoop(inst, conditions));
        break;
      case InstKind::kIf: {
        extents = ExtentsOf(inst.operands[0]);
        const Extents inner = Union(conditions, extents);
        for (const Block& body : inst.blocks)
          CERMET_RETURN_IF_ERROR(Infer(body, extents.empty() ? conditions : inner));
        for (size_t i = 0; i < inst.results.size(); ++i) {
          extents_[inst.results[i]] = Union(extents, Union(ExtentsOf(inst.blocks[0].yields[i]),
                                                           ExtentsOf(inst.blocks[1].yields[i])));
        }
        break;
      }
    }
  }
  return absl::OkStatus();
}

absl::Status TileLifter::InferLoop(const Inst& loop, const Extents& conditions) {
  const Block& body = loop.blocks[0];
  if (axes_.count(body.params[0]) != 0) return Infer(body, conditions);
  if (loop.order_lanes > 1 || !ExtentsOf(loop.operands[0]).empty() ||
      !ExtentsOf(loop.operands[1]).empty()) {
    return absl::UnimplementedError(absl::StrCat(
        "kernel @", kernel_->name, ": the bounds of loop %", loop.iv_name, " depend on the tile"));
  }
  for (size_t i = 0; i < loop.results.size(); ++i) {
    Extents init = ExtentsOf(loop.operands[2 + i]);
    extents_[body.params[1 + i]] = std::move(init);
  }
  for (bool changed = true; changed;) {
    changed = false;
    CERMET_RETURN_IF_ERROR(Infer(body, conditions));
    for (size_t i = 0; i < loop.results.size(); ++i) {
      const Extents carried = ExtentsOf(body.params[1 + i]);
      Extents extents = Union(carried, ExtentsOf(body.yields[i]));
      if (extents == carried) continue;
      extents_[body.params[1 + i]] = std::move(extents);
      changed = true;
    }
  }
  for (size_t i = 0; i < loop.results.size(); ++i) {
    Extents carried = ExtentsOf(body.params[1 + i]);
    extents_[loop.results[i]] = std::move(carried);
  }
  return absl::OkStatus();
}

absl::Status TileLifter::Lift(const Block& from, Block* to) {
  CERMET_RETURN_IF_ERROR(Infer(from, {}));
  return Emit(from, to);
}

absl::Status TileLifter::Emit(const Block& block, Block* to) {
  for (const Inst& inst : block.insts) CERMET_RETURN_IF_ERROR(EmitInst(inst, to));
  return absl::OkStatus();
}

ValueId TileLifter::Append(Inst inst, ValueType type, Block* to) {
  const ValueId result = kernel_->NewValue(std::move(type));
  inst.results = {result};
  analysis_->Define(inst);
  to->insts.push_back(std::move(inst));
  return result;
}

ValueId TileLifter::Splat(ValueId value, const Extents& extents, Block* to) {
  if (kernel_->type(value).extents == extents) return value;
  Inst inst;
  inst.kind = InstKind::kSplat;
  inst.operands = {value};
  return Append(std::move(inst), {kernel_->type(value).dtype, extents}, to);
}

ValueId TileLifter::And(ValueId a, ValueId b, Block* to) {
  if (a == kNoValue) return b;
  if (b == kNoValue) return a;
  Inst inst;
  inst.kind = InstKind::kCompute;
  inst.op = OpCode::kAnd;
  inst.operands = {a, b};
  return Append(std::move(inst),
                {DType::kBool, Union(kernel_->type(a).extents, kernel_->type(b).extents)}, to);
}

ValueId TileLifter::Not(ValueId a, Block* to) {
  Inst inst;
  inst.kind = InstKind::kCompute;
  inst.op = OpCode::kNot;
  inst.operands = {a};
  return Append(std::move(inst), kernel_->type(a), to);
}

absl::Status TileLifter::EmitInst(const Inst& inst, Block* to) {
  switch (inst.kind) {
    case InstKind::kConstant:
    case InstKind::kDim:
    case InstKind::kIota:
    case InstKind::kCompute:
    case InstKind::kSlice:
    case InstKind::kExtract:
    case InstKind::kSplat: {
      Inst copy = inst;
      for (ValueId& operand : copy.operands) operand = map_(operand);
      const ValueId old = inst.results[0];
      map_.Set(old, Append(std::move(copy), {kernel_->type(old).dtype, ExtentsOf(old)}, to));
      return absl::OkStatus();
    }
    case InstKind::kLoad:
      EmitLoad(inst, to);
      return absl::OkStatus();
    case InstKind::kStore:
      return EmitStore(inst, to);
    case InstKind::kFor: {
      auto axis = axes_.find(inst.blocks[0].params[0]);
      return axis != axes_.end() ? EmitAxis(inst, axis->second, to) : EmitLoop(inst, to);
    }
    case InstKind::kIf:
      return EmitIf(inst, to);
    case InstKind::kBarrier:
    case InstKind::kShuffle:
    case InstKind::kCopyAsync:
    case InstKind::kCommit:
    case InstKind::kWait:
    case InstKind::kMma:
      break;  // refused by Infer
    case InstKind::kCheck: {
      Inst copy = inst;
      for (ValueId& operand : copy.operands) operand = map_(operand);
      to->insts.push_back(std::move(copy));
      return absl::OkStatus();
    }
  }
  CERMET_UNREACHABLE();
}

ValueId TileLifter::TailMasks(const Extents& extents, ValueId mask, Block* to) {
  for (const TailMask& tail : tails_) {
    if (!extents.empty() && extents[tail.axis] > 1) mask = And(mask, tail.mask, to);
  }
  return mask;
}

void TileLifter::EmitLoad(const Inst& inst, Block* to) {
  Inst copy = inst;
  for (ValueId& operand : copy.operands) operand = map_(operand);
  const ValueId old = inst.results[0];
  const Extents extents = ExtentsOf(old);
  ValueId mask = inst.mask == kNoValue ? kNoValue : map_(inst.mask);
  if (!analysis_->ProveInBounds(copy, 0)) {
    mask = TailMasks(extents, mask, to);
    for (ValueId condition : conditions_) mask = And(mask, condition, to);
  }
  copy.mask = mask;
  // Indices that do not vary where the mask does are spread over the access.
  Extents access;
  for (ValueId operand : copy.operands) access = Union(access, kernel_->type(operand).extents);
  if (access != extents) copy.operands.back() = Splat(copy.operands.back(), extents, to);
  map_.Set(old, Append(std::move(copy), {kernel_->type(old).dtype, extents}, to));
}

absl::Status TileLifter::EmitStore(const Inst& inst, Block* to) {
  Inst copy = inst;
  for (ValueId& operand : copy.operands) operand = map_(operand);
  Extents access;
  for (size_t i = 1; i < copy.operands.size(); ++i)
    access = Union(access, kernel_->type(copy.operands[i]).extents);
  for (const auto& [iv, axis] : axes_) {
    if (axis.extent > 1 && (access.empty() || access[axis.axis] == 1)) {
      return absl::UnimplementedError(absl::StrCat("kernel @", kernel_->name,
                                                   ": a store does not depend on axis ", axis.axis,
                                                   " of its tile"));
    }
  }
  ValueId mask = inst.mask == kNoValue ? kNoValue : map_(inst.mask);
  mask = TailMasks(access, mask, to);
  for (ValueId condition : conditions_) mask = And(mask, condition, to);
  copy.mask = mask;
  copy.operands[0] = Splat(copy.operands[0], access, to);
  to->insts.push_back(std::move(copy));
  return absl::OkStatus();
}

absl::Status TileLifter::EmitAxis(const Inst& loop, const Axis& axis, Block* to) {
  const ValueId iv = loop.blocks[0].params[0];
  Inst iota;
  iota.kind = InstKind::kIota;
  iota.axis = axis.axis;
  Extents extents(rank_, 1);
  extents[axis.axis] = axis.extent;
  const ValueId lanes = Append(std::move(iota), {DType::kI64, extents}, to);
  const ValueId lower = map_(loop.operands[0]);
  Inst add;
  add.kind = InstKind::kCompute;
  add.op = OpCode::kAdd;
  add.operands = {lower, lanes};
  const ValueId index = Append(std::move(add), {DType::kI64, extents}, to);
  map_.Set(iv, index);
  if (axis.masked) {
    Inst compare;
    compare.kind = InstKind::kCompute;
    compare.op = OpCode::kCompare;
    compare.direction = CompareDirection::kLt;
    compare.operands = {index, map_(loop.operands[1])};
    tails_.push_back({axis.axis, Append(std::move(compare), {DType::kBool, extents}, to)});
  }
  return Emit(loop.blocks[0], to);
}

absl::Status TileLifter::EmitLoop(const Inst& loop, Block* to) {
  Inst copy = loop;
  for (ValueId& operand : copy.operands) operand = map_(operand);
  const Block& body = loop.blocks[0];
  Block lifted;
  lifted.params.push_back(kernel_->NewValue({DType::kI64, {}}));
  map_.Set(body.params[0], lifted.params[0]);
  std::vector<ValueType> types;
  for (size_t i = 0; i < loop.results.size(); ++i) {
    const ValueId param = body.params[1 + i];
    types.push_back({kernel_->type(param).dtype, ExtentsOf(param)});
    if (!types[i].IsScalar())
      copy.operands[2 + i] = Splat(copy.operands[2 + i], types[i].extents, to);
    lifted.params.push_back(kernel_->NewValue(types[i]));
    map_.Set(param, lifted.params.back());
  }
  copy.blocks[0] = std::move(lifted);
  analysis_->DefineLoop(copy);
  CERMET_RETURN_IF_ERROR(Emit(body, &copy.blocks[0]));
  for (size_t i = 0; i < loop.results.size(); ++i) {
    const ValueId yield = map_(body.yields[i]);
    copy.blocks[0].yields.push_back(
        types[i].IsScalar() ? yield : Splat(yield, types[i].extents, &copy.blocks[0]));
    copy.results[i] = kernel_->NewValue(types[i]);
    map_.Set(loop.results[i], copy.results[i]);
  }
  to->insts.push_back(std::move(copy));
  return absl::OkStatus();
}

// Under a condition of the tile both branches run, with masks; else the branch stays.
absl::Status TileLifter::EmitIf(const Inst& inst, Block* to) {
  const ValueId condition = map_(inst.operands[0]);
  if (kernel_->type(condition).IsScalar()) {
    Inst copy = inst;
    copy.operands[0] = condition;
    for (size_t b = 0; b < 2; ++b) {
      Block block;
      CERMET_RETURN_IF_ERROR(Emit(inst.blocks[b], &block));
      for (size_t i = 0; i < inst.results.size(); ++i) {
        const Extents extents = ExtentsOf(inst.results[i]);
        const ValueId yield = map_(inst.blocks[b].yields[i]);
        block.yields.push_back(extents.empty() ? yield : Splat(yield, extents, &block));
      }
      copy.blocks[b] = std::move(block);
    }
    for (size_t i = 0; i < inst.results.size(); ++i) {
      copy.results[i] =
          kernel_->NewValue({kernel_->type(inst.results[i]).dtype, ExtentsOf(inst.results[i])});
      map_.Set(inst.results[i], copy.results[i]);
    }
    to->insts.push_back(std::move(copy));
    return absl::OkStatus();
  }
  for (size_t b = 0; b < 2; ++b) {
    if (inst.blocks[b].insts.empty()) continue;
    conditions_.push_back(b == 0 ? condition : Not(condition, to));
    CERMET_RETURN_IF_ERROR(Emit(inst.blocks[b], to));
    conditions_.pop_back();
  }
  for (size_t i = 0; i < inst.results.size(); ++i) {
    Inst select;
    select.kind = InstKind::kCompute;
    select.op = OpCode::kSelect;
    select.operands = {condition, map_(inst.blocks[0].yields[i]), map_(inst.blocks[1].yields[i])};
    const ValueId old = inst.results[i];
    map_.Set(old, Append(std::move(select), {kernel_->type(old).dtype, ExtentsOf(old)}, to));
  }
  return absl::OkStatus();
}

}  // namespace cermet::schedule
