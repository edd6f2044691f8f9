// Loop rewrites work in place: the old induction variable becomes the result of an instruction over
// the new ones.
#include "passes/schedule/loops.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ir/kernel/builder.h"
#include "ir/status.h"
#include "passes/schedule/index_analysis.h"
#include "passes/schedule/kernel_walk.h"

namespace cermet::schedule {
namespace {

using kernel::Block;
using kernel::Inst;
using kernel::InstKind;
using kernel::Kernel;
using kernel::KernelBuilder;
using kernel::LoopKind;
using kernel::ValueId;

absl::Status Refuse(const Kernel& kernel, absl::string_view loop, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("kernel @", kernel.name, ", loop %", loop, ": ", why));
}

// A parallel loop from 0 with step 1.
absl::StatusOr<LoopRef> FindParallel(Kernel* kernel, absl::string_view name) {
  CERMET_ASSIGN_OR_RETURN(LoopRef loop, FindLoop(kernel, name));
  const Inst& inst = loop.inst();
  if (inst.loop != LoopKind::kParallel || !inst.results.empty())
    return Refuse(*kernel, name, "is not parallel");
  if (inst.step != 1 || ConstantValue(*kernel, inst.operands[0]) != std::optional<int64_t>(0)) {
    return Refuse(*kernel, name, "does not run from 0 by 1");
  }
  return loop;
}

// An i64 computation with a chosen result.
Inst Define(ValueId result, OpCode op, ValueId a, ValueId b) {
  Inst inst;
  inst.kind = InstKind::kCompute;
  inst.op = op;
  inst.operands = {a, b};
  inst.results = {result};
  return inst;
}

Inst ParallelLoop(absl::string_view name, ValueId lower, ValueId upper, Block body) {
  Inst inst;
  inst.kind = InstKind::kFor;
  inst.loop = LoopKind::kParallel;
  inst.iv_name = std::string(name);
  inst.operands = {lower, upper};
  inst.blocks.push_back(std::move(body));
  return inst;
}

void InsertAt(Block* block, size_t index, std::vector<Inst> insts) {
  block->insts.insert(block->insts.begin() + index, std::make_move_iterator(insts.begin()),
                      std::make_move_iterator(insts.end()));
}

// A copy of the body in which `iv` is another value.
Block CloneBody(Kernel* kernel, const Block& body, ValueId iv, ValueId new_iv) {
  ValueMap map;
  map.Set(iv, new_iv);
  Block copy;
  CloneInsts(kernel, body, &copy, &map);
  return copy;
}

}  // namespace

absl::StatusOr<SplitLoops> Split(Kernel* kernel, absl::string_view loop, int64_t factor,
                                 Tail tail) {
  CERMET_ASSIGN_OR_RETURN(LoopRef place, FindParallel(kernel, loop));
  IndexAnalysis analysis = IndexAnalysis::OfKernel(kernel);
  Inst old = std::move(place.inst());
  place.block->insts.erase(place.block->insts.begin() + place.index);
  SplitLoops names{NewLoopName(kernel, absl::StrCat(loop, "o")),
                   NewLoopName(kernel, absl::StrCat(loop, "i")), ""};

  const ValueId extent = old.operands[1];
  const Polynomial extent_polynomial = analysis.Value(extent);
  std::optional<int64_t> rest;  // the iterations of an incomplete block
  if (extent_polynomial.IsConstant()) rest = extent_polynomial.constant() % factor;
  const bool exact = rest == std::optional<int64_t>(0);

  Block head;
  KernelBuilder before(kernel, &head);
  const ValueId zero = before.Index(0), step = before.Index(factor);
  const ValueId blocks = before.FloorDiv(before.Add(extent, before.Index(factor - 1)), step);

  Block outer_body;
  const ValueId outer_iv = kernel->NewValue({DType::kI64, {}});
  outer_body.params = {outer_iv};
  KernelBuilder outer(kernel, &outer_body);
  const ValueId base = outer.Mul(outer_iv, step);

  // The inner loop over 0..upper around `body`, whose index value is `iv`.
  auto inner_loop = [&](absl::string_view name, ValueId upper, Block body, ValueId iv) {
    Block inner_body;
    const ValueId inner_iv = kernel->NewValue({DType::kI64, {}});
    inner_body.params = {inner_iv};
    KernelBuilder inner(kernel, &inner_body);
    if (tail == Tail::kClamp && !exact) {
      const ValueId index = inner.Add(base, inner_iv);
      const ValueId last = inner.Sub(extent, inner.Index(1));
      inner.Append(Define(iv, OpCode::kMinimum, index, last));
    } else {
      inner.Append(Define(iv, OpCode::kAdd, base, inner_iv));
    }
    if (tail == Tail::kGuard && !exact) {
      Inst guard;
      guard.kind = InstKind::kIf;
      guard.operands = {inner.Compare(CompareDirection::kLt, iv, extent)};
      guard.blocks.resize(2);
      guard.blocks[0].insts = std::move(body.insts);
      inner_body.insts.push_back(std::move(guard));
    } else {
      InsertAt(&inner_body, inner_body.insts.size(), std::move(body.insts));
    }
    return ParallelLoop(name, zero, upper, std::move(inner_body));
  };

  const ValueId iv = old.blocks[0].params[0];
  if (exact || tail == Tail::kClamp || tail == Tail::kGuard) {
    outer_body.insts.push_back(inner_loop(names.inner, step, std::move(old.blocks[0]), iv));
  } else {
    const ValueId left = outer.Sub(extent, base);
    if (tail == Tail::kShorten) {
      const ValueId upper = outer.Compute(OpCode::kMinimum, {step, left});
      outer_body.insts.push_back(inner_loop(names.inner, upper, std::move(old.blocks[0]), iv));
    } else {
      names.tail = NewLoopName(kernel, absl::StrCat(loop, "t"));
      const ValueId upper =
          rest ? outer.Index(*rest) : outer.Compute(OpCode::kMinimum, {step, left});
      const ValueId tail_iv = kernel->NewValue({DType::kI64, {}});
      Block tail_body = CloneBody(kernel, old.blocks[0], iv, tail_iv);
      Inst branch;
      branch.kind = InstKind::kIf;
      branch.operands = {outer.Compare(CompareDirection::kLe, step, left)};
      branch.blocks.resize(2);
      branch.blocks[0].insts.push_back(inner_loop(names.inner, step, std::move(old.blocks[0]), iv));
      branch.blocks[1].insts.push_back(
          inner_loop(names.tail, upper, std::move(tail_body), tail_iv));
      outer_body.insts.push_back(std::move(branch));
    }
  }
  head.insts.push_back(ParallelLoop(names.outer, zero, blocks, std::move(outer_body)));
  InsertAt(place.block, place.index, std::move(head.insts));
  NameLoops(kernel);
  return names;
}

absl::StatusOr<PeeledLoops> Peel(Kernel* kernel, absl::string_view loop, int64_t factor) {
  CERMET_ASSIGN_OR_RETURN(LoopRef place, FindParallel(kernel, loop));
  IndexAnalysis analysis = IndexAnalysis::OfKernel(kernel);
  const Polynomial extent_polynomial = analysis.Value(place.inst().operands[1]);
  if (extent_polynomial.IsConstant() && extent_polynomial.constant() % factor == 0) {
    return PeeledLoops{std::string(loop), ""};
  }
  Inst old = std::move(place.inst());
  place.block->insts.erase(place.block->insts.begin() + place.index);
  PeeledLoops names{std::string(loop), NewLoopName(kernel, absl::StrCat(loop, "r"))};
  Block head;
  KernelBuilder before(kernel, &head);
  const ValueId extent = old.operands[1];
  const ValueId step = before.Index(factor);
  const ValueId middle = before.Mul(before.FloorDiv(extent, step), step);
  Block rest;
  const ValueId rest_iv = kernel->NewValue({DType::kI64, {}});
  rest.params = {rest_iv};
  InsertAt(&rest, 0, CloneBody(kernel, old.blocks[0], old.blocks[0].params[0], rest_iv).insts);
  Inst main = old;
  main.operands[1] = middle;
  head.insts.push_back(std::move(main));
  Inst rest_loop = ParallelLoop(names.rest, middle, extent, std::move(rest));
  if (extent_polynomial.IsConstant()) {
    head.insts.push_back(std::move(rest_loop));
  } else {
    KernelBuilder after(kernel, &head);
    Inst branch;
    branch.kind = InstKind::kIf;
    branch.operands = {after.Compare(CompareDirection::kLt, middle, extent)};
    branch.blocks.resize(2);
    branch.blocks[0].insts.push_back(std::move(rest_loop));
    head.insts.push_back(std::move(branch));
  }
  InsertAt(place.block, place.index, std::move(head.insts));
  NameLoops(kernel);
  return names;
}

bool MakePerfect(Kernel* kernel, absl::string_view outer) {
  absl::StatusOr<LoopRef> place = FindLoop(kernel, outer);
  if (!place.ok()) return false;
  Block& body = place->body();
  std::optional<LoopRef> only = OnlyLoop(&body);
  if (!only) return false;
  Inst inner = std::move(only->inst());
  body.insts.pop_back();
  const std::vector<ValueId>& bounds = inner.operands;
  const bool bounds_are_inside =
      std::any_of(body.insts.begin(), body.insts.end(), [&](const Inst& inst) {
        return std::find(bounds.begin(), bounds.end(), inst.results[0]) != bounds.end();
      });
  if (!bounds_are_inside) {
    InsertAt(&inner.blocks[0], 0, std::move(body.insts));
    body.insts.clear();
  }
  body.insts.push_back(std::move(inner));
  return !bounds_are_inside;
}

absl::Status Interchange(Kernel* kernel, absl::string_view outer, absl::string_view inner) {
  CERMET_ASSIGN_OR_RETURN(LoopRef first, FindParallel(kernel, outer));
  CERMET_RETURN_IF_ERROR(FindParallel(kernel, inner).status());
  if (!MakePerfect(kernel, outer) || first.body().insts[0].iv_name != inner) {
    return Refuse(*kernel, outer, absl::StrCat("is not a perfect nest with %", inner));
  }
  Inst& a = first.inst();
  Inst& b = first.body().insts[0];
  std::swap(a.operands, b.operands);
  std::swap(a.iv_name, b.iv_name);
  std::swap(a.blocks[0].params, b.blocks[0].params);
  return absl::OkStatus();
}

absl::Status Collapse(Kernel* kernel, absl::string_view outer, absl::string_view inner) {
  CERMET_ASSIGN_OR_RETURN(LoopRef first, FindParallel(kernel, outer));
  CERMET_RETURN_IF_ERROR(FindParallel(kernel, inner).status());
  if (!MakePerfect(kernel, outer) || first.body().insts[0].iv_name != inner) {
    return Refuse(*kernel, outer, absl::StrCat("is not a perfect nest with %", inner));
  }
  Inst& loop = first.inst();
  Inst nested = std::move(first.body().insts[0]);
  const ValueId outer_iv = loop.blocks[0].params[0], inner_iv = nested.blocks[0].params[0];
  const ValueId inner_extent = nested.operands[1];
  const ValueId iv = kernel->NewValue({DType::kI64, {}});
  Block body;
  body.params = {iv};
  body.insts = {Define(outer_iv, OpCode::kDiv, iv, inner_extent),
                Define(inner_iv, OpCode::kRem, iv, inner_extent)};
  InsertAt(&body, 2, std::move(nested.blocks[0].insts));
  loop.blocks[0] = std::move(body);
  const ValueId extent = kernel->NewValue({DType::kI64, {}});
  Inst product = Define(extent, OpCode::kMul, loop.operands[1], inner_extent);
  loop.operands[1] = extent;
  first.block->insts.insert(first.block->insts.begin() + first.index, std::move(product));
  return absl::OkStatus();
}

absl::Status SetLoopKind(Kernel* kernel, absl::string_view loop, LoopKind kind) {
  CERMET_ASSIGN_OR_RETURN(LoopRef place, FindLoop(kernel, loop));
  place.inst().loop = kind;
  return absl::OkStatus();
}

}  // namespace cermet::schedule
