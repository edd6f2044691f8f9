// Rebuilds the kernel from front to back. Every pure instruction is folded, found among the values
// computed so far, or appended to the outermost open block in which its operands are known; the
// analysis of index values grows with the new form.
#include "passes/schedule/simplify_indices.h"

#include "ir/status.h"
#include "passes/schedule/remove_dead.h"
#include "passes/schedule/simplifier.h"

namespace cermet::schedule {

using kernel::Block;
using kernel::Inst;
using kernel::InstKind;
using kernel::Kernel;
using kernel::kNoValue;
using kernel::LoopKind;
using kernel::ValueId;
using kernel::ValueType;

void Simplifier::Run() {
  Block body;
  scopes_.push_back({&body});
  Insts(std::exchange(kernel_->body, {}));
  kernel_->body = std::move(body);
  RemoveDeadInstructions(kernel_);
}

void Simplifier::Visit(Inst inst) {
  if (inst.kind == InstKind::kFor) return Loop(std::move(inst));
  if (inst.kind == InstKind::kIf) return If(std::move(inst));
  for (ValueId& operand : inst.operands) operand = map_(operand);
  if (inst.mask != kNoValue) inst.mask = map_(inst.mask);
  const ValueId old = inst.results.empty() ? kNoValue : inst.results[0];
  if (IsPure(inst.kind)) {
    map_.Set(old, Pure(std::move(inst)));
    return;
  }
  if (inst.mask != kNoValue && IsBool(inst.mask, true)) inst.mask = kNoValue;
  if (inst.kind == InstKind::kLoad) {
    if (std::optional<ValueId> value = LoadOrFold(std::move(inst))) map_.Set(old, *value);
    return;
  }
  if (inst.kind == InstKind::kStore && inst.mask != kNoValue && IsBool(inst.mask, false)) return;
  if (inst.kind == InstKind::kCheck && IsBool(inst.operands[0], true)) return;
  for (ValueId result : inst.results) {  // of what other threads have
    depth_[result] = scopes_.size() - 1;
    analysis_.Define(inst);
  }
  scopes_.back().block->insts.push_back(std::move(inst));
}

Block Simplifier::NestedBlock(Block old, bool is_branch, bool runs,
                              const std::vector<ValueId>& params) {
  Block block;
  block.params = params;
  scopes_.push_back({&block, is_branch, runs});
  for (ValueId param : params) depth_[param] = scopes_.size() - 1;
  const std::vector<ValueId> yields = std::move(old.yields);
  Insts(std::move(old));
  for (ValueId yield : yields) block.yields.push_back(map_(yield));
  scopes_.pop_back();
  return block;
}

void Simplifier::Loop(Inst inst) {
  std::vector<Block> bodies = std::exchange(inst.blocks, {});
  for (ValueId& operand : inst.operands) operand = map_(operand);
  const Polynomial lower = analysis_.Value(inst.operands[0]),
                   upper = analysis_.Value(inst.operands[1]);
  Block& body = bodies[0];
  const bool structural = inst.loop == LoopKind::kBlock || inst.loop == LoopKind::kThread;
  if (!structural && inst.order_lanes == 1 && analysis_.ProveLessEqual(upper, lower)) {
    for (size_t i = 0; i < inst.results.size(); ++i) {
      map_.Set(inst.results[i], inst.operands[2 + i]);
    }
    return;
  }
  if (!structural && inst.order_lanes == 1 && upper - lower == Polynomial(1)) {
    for (size_t i = 0; i < body.params.size(); ++i) {
      map_.Set(body.params[i], inst.operands[i == 0 ? 0 : 1 + i]);
    }
    const std::vector<ValueId> yields = std::move(body.yields);
    Insts(std::move(body));
    for (size_t i = 0; i < inst.results.size(); ++i) map_.Set(inst.results[i], map_(yields[i]));
    return;
  }
  inst.blocks.resize(bodies.size());
  inst.blocks[0].params = NewParams(body);
  analysis_.DefineLoop(inst);
  inst.blocks[0] =
      NestedBlock(std::move(body), false, analysis_.ProveLess(lower, upper), inst.blocks[0].params);
  if (bodies.size() > 1) {  // the combiner of a lanes loop
    const std::vector<ValueId> sides = NewParams(bodies[1]);
    inst.blocks[1] = NestedBlock(std::move(bodies[1]), true, false, sides);
  }
  NewResults(&inst);
  scopes_.back().block->insts.push_back(std::move(inst));
}

std::vector<ValueId> Simplifier::NewParams(const Block& old) {
  std::vector<ValueId> params;
  for (ValueId param : old.params) {
    params.push_back(kernel_->NewValue(kernel_->type(param)));
    map_.Set(param, params.back());
  }
  return params;
}

void Simplifier::NewResults(Inst* inst) {
  for (ValueId& result : inst->results) {
    const ValueId fresh = kernel_->NewValue(kernel_->type(result));
    map_.Set(result, fresh);
    depth_[fresh] = scopes_.size() - 1;
    result = fresh;
  }
}

// Records what holds in a branch, as polynomials that are not negative.
void Simplifier::PushFacts(ValueId condition, bool holds, int* count) {
  if (auto both = conjunctions_.find(condition); both != conjunctions_.end() && holds) {
    PushFacts(both->second.first, true, count);
    PushFacts(both->second.second, true, count);
    return;
  }
  auto it = comparisons_.find(condition);
  if (it == comparisons_.end()) return;
  const Polynomial a = analysis_.Value(it->second.a), b = analysis_.Value(it->second.b);
  switch (it->second.direction) {
    case CompareDirection::kLt:
      analysis_.PushFact(holds ? b - a - 1 : a - b);
      break;
    case CompareDirection::kLe:
      analysis_.PushFact(holds ? b - a : a - b - 1);
      break;
    case CompareDirection::kGt:
      analysis_.PushFact(holds ? a - b - 1 : b - a);
      break;
    case CompareDirection::kGe:
      analysis_.PushFact(holds ? a - b : b - a - 1);
      break;
    case CompareDirection::kEq:
    case CompareDirection::kNe:
      return;
  }
  ++*count;
}

void Simplifier::If(Inst inst) {
  const ValueId condition = map_(inst.operands[0]);
  if (std::optional<ScalarBits> constant = ConstantBits(condition)) {
    Block& taken = inst.blocks[*constant != 0 ? 0 : 1];
    const std::vector<ValueId> yields = std::move(taken.yields);
    Insts(std::move(taken));
    for (size_t i = 0; i < inst.results.size(); ++i) map_.Set(inst.results[i], map_(yields[i]));
    return;
  }
  inst.operands[0] = condition;
  for (size_t b = 0; b < 2; ++b) {
    int facts = 0;
    PushFacts(condition, b == 0, &facts);
    inst.blocks[b] = NestedBlock(std::move(inst.blocks[b]), true, false, {});
    while (facts-- > 0) analysis_.PopFact();
  }
  NewResults(&inst);
  scopes_.back().block->insts.push_back(std::move(inst));
}

ValueId Simplifier::Pure(Inst inst) {
  const ValueType type = kernel_->type(inst.results[0]);
  if (std::optional<ValueId> folded = Fold(inst, type)) return *folded;
  return Append(std::move(inst), type);
}

// The outermost scope in which the operands are known. Floating-point work stays in its branch,
// tiles inside the parallel loop.
size_t Simplifier::HomeOf(const Inst& inst, const ValueType& type) const {
  size_t home = 0;
  if (type.fragment != kernel::Fragment::kNone)
    home = scopes_.size() - 1;  // stays with its threads
  for (ValueId operand : inst.operands) home = std::max(home, Depth(operand));
  if (inst.mask != kNoValue) home = std::max(home, Depth(inst.mask));
  const bool cheap = type.IsScalar() && (type.dtype == DType::kI64 || type.dtype == DType::kBool);
  const bool movable = cheap || inst.kind == InstKind::kConstant || inst.kind == InstKind::kIota;
  if (!type.IsScalar()) home = std::max(home, std::min<size_t>(1, scopes_.size() - 1));
  for (size_t s = home + 1; s < scopes_.size(); ++s) {
    if (scopes_[s].is_branch && !movable) home = s;
    if (!scopes_[s].runs && inst.kind == InstKind::kLoad) home = s;
  }
  return home;
}

ValueId Simplifier::Append(Inst inst, const ValueType& type) {
  if (inst.kind == InstKind::kCompute && type.dtype == DType::kI64 &&
      (inst.op == OpCode::kAdd || inst.op == OpCode::kMul) && inst.operands[0] > inst.operands[1]) {
    std::swap(inst.operands[0], inst.operands[1]);
  }
  Key key{static_cast<int64_t>(inst.kind),
          static_cast<int64_t>(inst.op),
          static_cast<int64_t>(inst.direction),
          static_cast<int64_t>(inst.bits),
          inst.axis,
          inst.start,
          inst.buffer,
          inst.lanes,
          inst.mask,
          static_cast<int64_t>(type.dtype),
          static_cast<int64_t>(type.fragment)};
  if (inst.kind == InstKind::kDim) {
    key.push_back(dim_numbers_.try_emplace(inst.dim.ToString(), dim_numbers_.size()).first->second);
  }
  key.insert(key.end(), type.extents.begin(), type.extents.end());
  key.push_back(-1);
  key.insert(key.end(), inst.operands.begin(), inst.operands.end());
  for (const Scope& scope : scopes_) {
    auto it = scope.known.find(key);
    if (it != scope.known.end()) return it->second;
  }
  const size_t home = HomeOf(inst, type);
  const ValueId value = Place(std::move(inst), home, type);
  scopes_[home].known.emplace(std::move(key), value);
  return value;
}

ValueId Simplifier::Place(Inst inst, size_t scope, const ValueType& type) {
  const ValueId value = kernel_->NewValue(type);
  inst.results = {value};
  depth_[value] = scope;
  analysis_.Define(inst);
  if (inst.kind == InstKind::kConstant) constants_[value] = inst.bits;
  if (inst.kind == InstKind::kSplat) {
    if (std::optional<ScalarBits> bits = ConstantBits(inst.operands[0])) constants_[value] = *bits;
  }
  if (inst.kind == InstKind::kCompute && inst.op == OpCode::kCompare &&
      kernel_->type(inst.operands[0]).dtype == DType::kI64) {
    comparisons_[value] = {inst.direction, inst.operands[0], inst.operands[1]};
  }
  if (inst.kind == InstKind::kCompute && inst.op == OpCode::kAnd) {
    conjunctions_[value] = {inst.operands[0], inst.operands[1]};
  }
  scopes_[scope].block->insts.push_back(std::move(inst));
  return value;
}

ValueId Simplifier::Constant(DType dtype, ScalarBits bits, const std::vector<int64_t>& extents) {
  Inst inst;
  inst.kind = InstKind::kConstant;
  inst.bits = bits;
  return As(Append(std::move(inst), {dtype, {}}), {dtype, extents});
}

ValueId Simplifier::As(ValueId value, const ValueType& type) {
  if (kernel_->type(value).extents == type.extents) return value;
  Inst inst;
  inst.kind = InstKind::kSplat;
  inst.operands = {value};
  return Append(std::move(inst), type);
}

ValueId Simplifier::Compute(OpCode op, std::vector<ValueId> operands) {
  ValueType type{DType::kI64, {}};
  for (ValueId operand : operands) {
    type.extents = *kernel::BroadcastExtents(type.extents, kernel_->type(operand).extents);
  }
  Inst inst;
  inst.kind = InstKind::kCompute;
  inst.op = op;
  inst.operands = std::move(operands);
  if (std::optional<ValueId> folded = Fold(inst, type)) return *folded;
  return Append(std::move(inst), type);
}

ValueId Simplifier::EmitAtom(Atom atom) {
  if (atom >= 0) return atom;
  Inst inst;
  inst.kind = InstKind::kDim;
  inst.dim = analysis_.SymbolDim(atom);
  return Append(std::move(inst), {DType::kI64, {}});
}

// Terms of outer scopes are added first, so that partial sums can stay there.
ValueId Simplifier::EmitPolynomial(const Polynomial& polynomial) {
  std::vector<ValueId> products;
  for (const Polynomial::Term& term : polynomial.terms()) {
    std::vector<ValueId> atoms;
    for (Atom atom : term.atoms) atoms.push_back(EmitAtom(atom));
    std::stable_sort(atoms.begin(), atoms.end(),
                     [&](ValueId a, ValueId b) { return Depth(a) < Depth(b); });
    ValueId product = atoms[0];
    for (size_t i = 1; i < atoms.size(); ++i) product = Compute(OpCode::kMul, {product, atoms[i]});
    if (term.coefficient != 1) {
      product =
          Compute(OpCode::kMul,
                  {product, Constant(DType::kI64, static_cast<ScalarBits>(term.coefficient))});
    }
    products.push_back(product);
  }
  if (products.empty())
    return Constant(DType::kI64, static_cast<ScalarBits>(polynomial.constant()));
  std::stable_sort(products.begin(), products.end(),
                   [&](ValueId a, ValueId b) { return Depth(a) < Depth(b); });
  ValueId sum = products[0];
  for (size_t i = 1; i < products.size(); ++i) sum = Compute(OpCode::kAdd, {sum, products[i]});
  if (polynomial.constant() != 0) {
    sum = Compute(OpCode::kAdd,
                  {sum, Constant(DType::kI64, static_cast<ScalarBits>(polynomial.constant()))});
  }
  return sum;
}

std::optional<ValueId> Simplifier::LoadOrFold(Inst inst) {
  const ValueType type = kernel_->type(inst.results[0]);
  if (inst.mask != kNoValue && IsBool(inst.mask, false))
    return Constant(type.dtype, 0, type.extents);
  if (kernel_->buffers[inst.buffer].access == kernel::Access::kIn &&
      kernel_->buffers[inst.buffer].space == kernel::MemorySpace::kGlobal) {
    return Append(std::move(inst), type);
  }
  return Place(std::move(inst), scopes_.size() - 1, type);
}

void SimplifyIndices(Kernel* kernel) { Simplifier(kernel).Run(); }

}  // namespace cermet::schedule
