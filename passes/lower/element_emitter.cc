// Elements of elementwise ops, views and sources; scopes, loops and index arithmetic.
#include "passes/lower/element_emitter.h"

#include "absl/strings/str_cat.h"
#include "ir/status.h"

namespace cermet::lower {

using kernel::Block;
using kernel::Inst;
using kernel::InstKind;
using kernel::KernelBuilder;
using kernel::kNoValue;
using kernel::LoopKind;
using kernel::ValueId;

absl::Status ElementEmitter::Fail(const Node& node, absl::string_view what) const {
  return absl::UnimplementedError(absl::StrCat(node.Describe(), ": ", what));
}

// ---- scopes

void ElementEmitter::EnterBlock(Block* block) { scopes_.push_back({block, {}, {}, {}}); }
void ElementEmitter::LeaveBlock() { scopes_.pop_back(); }

void ElementEmitter::BindVariable(const Dim& variable, ValueId value) {
  std::string name;
  const bool is_symbol = variable.IsSymbol(&name);
  CERMET_CHECK(is_symbol);
  scopes_.back().variables[name] = value;
}

absl::StatusOr<std::vector<ValueId>> ElementEmitter::Loop(const Dim& extent,
                                                          absl::string_view prefix, LoopKind kind,
                                                          const std::vector<ValueId>& inits,
                                                          const LoopBody& body, int64_t order_lanes,
                                                          const Graph* combiner) {
  const std::string name = absl::StrCat(prefix, next_variable_++);
  const Dim variable = space_->AddVariable(absl::StrCat("%", name), extent);
  KernelBuilder outer = Here();
  const ValueId lower = outer.Index(0);
  const ValueId upper = EmitIndex(extent);
  absl::Status status;
  const auto run = [&](KernelBuilder& inner, ValueId iv,
                       const std::vector<ValueId>& carried) -> std::vector<ValueId> {
    EnterBlock(inner.block());
    BindVariable(variable, iv);
    absl::StatusOr<std::vector<ValueId>> yields = body(variable, carried);
    LeaveBlock();
    if (yields.ok()) return *std::move(yields);
    status.Update(yields.status());
    return carried;
  };
  std::vector<ValueId> results;
  if (order_lanes == 1) {
    results = Here().For(lower, upper, 1, kind, name, inits, run);
  } else {
    results = Here().ForLanes(lower, upper, order_lanes, name, inits, run,
                              [&](KernelBuilder& inner, const std::vector<ValueId>& left,
                                  const std::vector<ValueId>& right) -> std::vector<ValueId> {
                                EnterBlock(inner.block());
                                std::vector<ValueId> arguments = left;
                                arguments.insert(arguments.end(), right.begin(), right.end());
                                absl::StatusOr<std::vector<ValueId>> combined =
                                    InlineScalar(*combiner, arguments);
                                LeaveBlock();
                                if (combined.ok()) return *std::move(combined);
                                status.Update(combined.status());
                                return left;
                              });
  }
  CERMET_RETURN_IF_ERROR(status);
  return results;
}

absl::StatusOr<std::vector<ValueId>> ElementEmitter::InlineScalar(
    const Graph& body, const std::vector<ValueId>& arguments) {
  std::map<Value, ValueId> values;
  KernelBuilder here = Here();
  for (const std::unique_ptr<Node>& node : body.nodes()) {
    if (node->op() == OpCode::kParameter) {
      values[node->result()] = arguments[node->attrs().Int("index")];
      continue;
    }
    if (node->op() == OpCode::kConstant) {
      const Literal* literal = node->attrs().Find<Literal>("value");
      if (literal == nullptr || literal->num_elements() != 1)
        return Fail(*node, "a combiner may hold scalar constants only");
      values[node->result()] = here.Constant(
          literal->dtype(), IsFloat(literal->dtype())
                                ? BitsFromFloat(literal->dtype(), literal->GetFloat(0))
                                : BitsFromInt(literal->dtype(), literal->GetInt(0)));
      continue;
    }
    if (Info(node->op()).op_class != OpClass::kElementwise)
      return Fail(*node, "a combiner may hold basic elementwise ops only");
    std::vector<ValueId> operands;
    for (Value operand : node->operands()) operands.push_back(values[operand]);
    if (node->op() == OpCode::kCompare) {
      values[node->result()] = here.Compare(
          *ParseCompareDirection(node->attrs().WordText("direction")), operands[0], operands[1]);
    } else if (node->op() == OpCode::kConvert) {
      values[node->result()] = here.Convert(operands[0], node->type().dtype);
    } else if (node->op() == OpCode::kBitcast) {
      values[node->result()] = here.Bitcast(operands[0], node->type().dtype);
    } else {
      values[node->result()] = here.Compute(node->op(), operands);
    }
  }
  std::vector<ValueId> results;
  for (Value result : body.results()) results.push_back(values[result]);
  return results;
}

// ---- index arithmetic

ValueId ElementEmitter::EmitIndex(const Dim& index) {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    if (auto it = scope->indices.find(index); it != scope->indices.end()) return it->second;
  }
  std::string symbol;
  if (index.IsSymbol(&symbol)) {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      if (auto it = scope->variables.find(symbol); it != scope->variables.end()) return it->second;
    }
  }
  KernelBuilder here = Here();
  std::vector<std::string> symbols;
  index.CollectSymbols(&symbols);
  bool has_variable = false;
  for (const std::string& name : symbols) has_variable |= name[0] == '%';
  ValueId sum = kNoValue;
  if (!has_variable) {
    sum = here.DimValue(index);
  } else {
    const auto emit_atom = [&](const Dim::Atom& atom) {
      if (atom.kind == Dim::AtomKind::kSymbol) return EmitIndex(Dim::Symbol(atom.symbol));
      const ValueId a = EmitIndex(atom.args[0]);
      const ValueId b = EmitIndex(atom.args[1]);
      switch (atom.kind) {
        case Dim::AtomKind::kFloorDiv:
          return here.FloorDiv(a, b);
        case Dim::AtomKind::kMod:
          return here.FloorMod(a, b);
        case Dim::AtomKind::kMax:
          return here.Compute(OpCode::kMaximum, {a, b});
        case Dim::AtomKind::kMin:
          return here.Compute(OpCode::kMinimum, {a, b});
        case Dim::AtomKind::kSymbol:
          break;
      }
      CERMET_UNREACHABLE();
    };
    for (const Dim::Term& term : index.terms()) {
      ValueId product = kNoValue;
      for (const Dim::Atom& atom : term.factors) {
        const ValueId factor = emit_atom(atom);
        product = product == kNoValue ? factor : here.Mul(product, factor);
      }
      if (term.coefficient != 1) product = here.Mul(product, here.Index(term.coefficient));
      sum = sum == kNoValue ? product : here.Add(sum, product);
    }
    if (index.constant() != 0) sum = here.Add(sum, here.Index(index.constant()));
  }
  scopes_.back().indices[index] = sum;
  return sum;
}

std::vector<ValueId> ElementEmitter::EmitIndices(const Index& index) {
  std::vector<ValueId> values;
  for (const Dim& dim : index) values.push_back(EmitIndex(dim));
  return values;
}

ValueId ElementEmitter::ToIndex(ValueId value) {
  return kernel_->type(value).dtype == DType::kI64 ? value : Here().Convert(value, DType::kI64);
}

ValueId ElementEmitter::And(ValueId a, ValueId b) {
  if (a == kNoValue) return b;
  if (b == kNoValue) return a;
  return Here().Compute(OpCode::kAnd, {a, b});
}

ValueId ElementEmitter::InBounds(const Dim& index, const Dim& extent) {
  if (space_->InRange(index, extent)) return kNoValue;
  KernelBuilder here = Here();
  const ValueId value = EmitIndex(index);
  const ValueId low = here.Compare(CompareDirection::kGe, value, here.Index(0));
  const ValueId high = here.Compare(CompareDirection::kLt, value, EmitIndex(extent));
  return here.Compute(OpCode::kAnd, {low, high});
}

// ---- elements

absl::StatusOr<ValueId> ElementEmitter::Emit(Value value, const Index& index, ValueId mask) {
  const MemoKey key{value, index, mask};
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    if (auto it = scope->elements.find(key); it != scope->elements.end()) return it->second;
  }
  CERMET_ASSIGN_OR_RETURN(const ValueId result, EmitUncached(value, index, mask));
  scopes_.back().elements[key] = result;
  return result;
}

absl::StatusOr<ValueId> ElementEmitter::EmitUncached(Value value, const Index& index,
                                                     ValueId mask) {
  if (auto it = sources_.find(value); it != sources_.end())
    return EmitSource(it->second, value.type(), index, mask);
  Node* node = value.node;
  switch (Info(node->op()).op_class) {
    case OpClass::kElementwise:
      return EmitElementwise(node, index, mask);
    case OpClass::kView:
      return EmitView(node, index, mask);
    case OpClass::kReduction: {
      CERMET_ASSIGN_OR_RETURN(std::vector<ValueId> results, EmitReduction(node, index, mask));
      return results[value.index];
    }
    case OpClass::kContraction:
      return node->op() == OpCode::kDotGeneral ? EmitDot(node, index, mask)
                                               : EmitConvolution(node, index, mask);
    case OpClass::kSource: {
      KernelBuilder here = Here();
      if (node->op() == OpCode::kIota) {
        if (node->type().dtype == DType::kI64) return EmitIndex(index[node->attrs().Int("dim")]);
        return here.Convert(EmitIndex(index[node->attrs().Int("dim")]), node->type().dtype);
      }
      if (node->op() == OpCode::kDimSize) {
        if (node->type().dtype == DType::kI64) return EmitIndex(node->attrs().Dims("size")[0]);
        return here.Convert(EmitIndex(node->attrs().Dims("size")[0]), node->type().dtype);
      }
      const Literal* literal = node->attrs().Find<Literal>("value");
      if (node->op() == OpCode::kConstant && literal != nullptr && literal->num_elements() > 0 &&
          literal->IsSplat()) {
        const DType dtype = literal->dtype();
        ScalarBits bits = 0;
        __builtin_memcpy(&bits, literal->data(), ByteSize(dtype));
        return here.Constant(dtype, bits);
      }
      return Fail(*node, "has no element form inside a kernel");
    }
    case OpClass::kTranscendental:
    case OpClass::kComposite:
    case OpClass::kControl:
    case OpClass::kEffectful:
    case OpClass::kUpdate:
      return Fail(*node,
                  "cannot be part of a kernel's expression; it should have been expanded or stand "
                  "at a root");
  }
  CERMET_UNREACHABLE();
}

absl::StatusOr<ValueId> ElementEmitter::EmitSource(const Source& source, const Type& type,
                                                   const Index& index, ValueId mask) {
  Index at = index;
  if (source.row_only) {
    at = Index(index.begin() + source.first_dim, index.end());
  } else if (source.shape != type.shape) {
    at = space_->ReshapeIndex(index, type.shape, source.shape);
  }
  // A scalar is always in bounds, and where the mask is false any value will do.
  if (at.empty()) mask = kNoValue;
  return Here().Load(source.buffer, EmitIndices(at), mask);
}

absl::StatusOr<ValueId> ElementEmitter::EmitElementwise(Node* node, const Index& index,
                                                        ValueId mask) {
  std::vector<ValueId> operands;
  for (Value operand : node->operands()) {
    CERMET_ASSIGN_OR_RETURN(const ValueId element, Emit(operand, index, mask));
    operands.push_back(element);
  }
  KernelBuilder here = Here();
  if (node->op() == OpCode::kCompare) {
    return here.Compare(*ParseCompareDirection(node->attrs().WordText("direction")), operands[0],
                        operands[1]);
  }
  if (node->op() == OpCode::kConvert) return here.Convert(operands[0], node->type().dtype);
  if (node->op() == OpCode::kBitcast) return here.Bitcast(operands[0], node->type().dtype);
  // The type of the others' results follows from their operands.
  return here.Compute(node->op(), operands);
}

std::optional<Index> MapIndex(const Node& node, int64_t operand, const Index& index,
                              const IndexSpace& space) {
  if (IsElementwise(node.op())) return index;
  const Shape& from = node.operand(operand).type().shape;
  switch (node.op()) {
    case OpCode::kBroadcastInDim: {
      const std::vector<int64_t>& dims = node.attrs().Ints("dims");
      Index result(from.size());
      for (size_t i = 0; i < from.size(); ++i) {
        const bool stretched = from[i] == Dim(1) && node.type().shape[dims[i]] != Dim(1);
        result[i] = stretched ? Dim(0) : index[dims[i]];
      }
      return result;
    }
    case OpCode::kReshape:
      return space.ReshapeIndex(index, node.type().shape, from);
    case OpCode::kTranspose: {
      const std::vector<int64_t>& permutation = node.attrs().Ints("permutation");
      Index result(from.size());
      for (size_t i = 0; i < from.size(); ++i) result[permutation[i]] = index[i];
      return result;
    }
    case OpCode::kSlice: {
      const std::vector<Dim>& start = node.attrs().Dims("start");
      const std::vector<int64_t>& stride = node.attrs().Ints("stride");
      Index result(from.size());
      for (size_t i = 0; i < from.size(); ++i) result[i] = start[i] + index[i] * Dim(stride[i]);
      return result;
    }
    case OpCode::kReverse: {
      Index result = index;
      for (int64_t dim : node.attrs().Ints("dims")) result[dim] = from[dim] - Dim(1) - index[dim];
      return result;
    }
    case OpCode::kPad:
    case OpCode::kConcat:
    case OpCode::kGather:
    case OpCode::kDynamicSlice:  // not one index of one operand
#include "ir/cases_not_view.def"
      return std::nullopt;
  }
  CERMET_UNREACHABLE();
}

absl::StatusOr<ValueId> ElementEmitter::EmitView(Node* node, const Index& index, ValueId mask) {
  switch (node->op()) {
    case OpCode::kPad:
      return EmitPad(node, index, mask);
    case OpCode::kConcat:
      return EmitConcat(node, index, mask);
    case OpCode::kGather:
      return EmitGather(node, index, mask);
    case OpCode::kDynamicSlice:
      return EmitDynamicSlice(node, index, mask);
    case OpCode::kBroadcastInDim:
    case OpCode::kReshape:
    case OpCode::kTranspose:
    case OpCode::kSlice:
    case OpCode::kReverse:
#include "ir/cases_not_view.def"
#include "ir/kernel/builder.h"
      break;
  }
  const std::optional<Index> mapped = MapIndex(*node, 0, index, *space_);
  CERMET_CHECK(mapped.has_value());
  return Emit(node->operand(0), *mapped, mask);
}

absl::StatusOr<ValueId> ElementEmitter::EmitPad(Node* node, const Index& index, ValueId mask) {
  const Shape& from = node->operand(0).type().shape;
  const std::vector<Dim>& low = node->attrs().Dims("low");
  const std::vector<int64_t>& interior = node->attrs().Ints("interior");
  Index inner(from.size());
  ValueId inside = kNoValue;
  for (size_t i = 0; i < from.size(); ++i) {
    const Dim shifted = index[i] - low[i];
    if (interior[i] == 0) {
      inner[i] = shifted;
      inside = And(inside, InBounds(shifted, from[i]));
      continue;
    }
    const Dim period(interior[i] + 1);
    const Dim span = (from[i] - Dim(1)) * period + Dim(1);
    inside = And(inside, InBounds(shifted, span));
    // Division of a possibly negative index: only lanes inside are used, so clamp first.
    KernelBuilder here = Here();
    const ValueId clamped = here.Compute(OpCode::kMaximum, {EmitIndex(shifted), here.Index(0)});
    const Dim position =
        space_->AddVariable(absl::StrCat("%p", next_variable_++), Dim::Max(span, Dim(1)));
    BindVariable(position, clamped);
    inner[i] = Dim::FloorDiv(position, period);
    const ValueId remainder = here.FloorMod(clamped, here.Index(interior[i] + 1));
    inside = And(inside, here.Compare(CompareDirection::kEq, remainder, here.Index(0)));
  }
  if (inside == kNoValue) return Emit(node->operand(0), inner, mask);
  CERMET_ASSIGN_OR_RETURN(const ValueId element, Emit(node->operand(0), inner, And(mask, inside)));
  CERMET_ASSIGN_OR_RETURN(const ValueId padding, Emit(node->operand(1), {}, mask));
  return Here().Compute(OpCode::kSelect, {inside, element, padding});
}

absl::StatusOr<ValueId> ElementEmitter::EmitConcat(Node* node, const Index& index, ValueId mask) {
  const int64_t dim = node->attrs().Int("dim");
  Dim offset(0);
  ValueId result = kNoValue;
  for (int64_t i = 0; i < node->num_operands(); ++i) {
    const Dim extent = node->operand(i).type().shape[dim];
    Index inner = index;
    inner[dim] = index[dim] - offset;
    offset = offset + extent;
    if (extent == Dim(0)) continue;
    const ValueId inside = InBounds(inner[dim], extent);
    CERMET_ASSIGN_OR_RETURN(const ValueId element,
                            Emit(node->operand(i), inner, And(mask, inside)));
    result = result == kNoValue || inside == kNoValue
                 ? element
                 : Here().Compute(OpCode::kSelect, {inside, element, result});
  }
  if (result == kNoValue)
    result = Here().Constant(node->type().dtype, 0);  // no elements: never run
  return result;
}

absl::StatusOr<Dim> ElementEmitter::ClampedStart(Value start, const Index& index, const Dim& limit,
                                                 ValueId mask) {
  CERMET_ASSIGN_OR_RETURN(const ValueId loaded, Emit(start, index, mask));
  KernelBuilder here = Here();
  // u64 starts beyond i64 clamp to the limit: they must not become negative.
  ValueId value = ToIndex(loaded);
  if (start.type().dtype == DType::kU64) {
    const ValueId huge = here.Compare(CompareDirection::kLt, value, here.Index(0));
    value = here.Compute(OpCode::kSelect, {huge, EmitIndex(limit), value});
  }
  value = here.Compute(OpCode::kMinimum, {value, EmitIndex(limit)});
  value = here.Compute(OpCode::kMaximum, {value, here.Index(0)});
  const Dim variable = space_->AddVariable(absl::StrCat("%s", next_variable_++), limit + Dim(1));
  BindVariable(variable, value);
  return variable;
}

absl::StatusOr<ValueId> ElementEmitter::EmitGather(Node* node, const Index& index, ValueId mask) {
  const Value data = node->operand(0), indices = node->operand(1);
  const std::vector<int64_t>& offset_dims = node->attrs().Ints("offset_dims");
  const std::vector<int64_t>& collapsed = node->attrs().Ints("collapsed_slice_dims");
  const std::vector<int64_t>& start_index_map = node->attrs().Ints("start_index_map");
  const int64_t vector_dim = node->attrs().Int("index_vector_dim");
  const std::vector<Dim>& sizes = node->attrs().Dims("slice_sizes");
  const auto contains = [](const std::vector<int64_t>& list, int64_t item) {
    return std::find(list.begin(), list.end(), item) != list.end();
  };
  Index batch;
  for (size_t i = 0; i < index.size(); ++i) {
    if (!contains(offset_dims, i)) batch.push_back(index[i]);
  }
  Index inner(data.type().rank(), Dim(0));
  for (size_t k = 0; k < start_index_map.size(); ++k) {
    Index at = batch;
    if (vector_dim < indices.type().rank())
      at.insert(at.begin() + vector_dim, Dim(static_cast<int64_t>(k)));
    const int64_t dim = start_index_map[k];
    CERMET_ASSIGN_OR_RETURN(inner[dim],
                            ClampedStart(indices, at, data.type().shape[dim] - sizes[dim], mask));
  }
  size_t next_offset = 0;
  for (int64_t dim = 0; dim < data.type().rank(); ++dim) {
    if (contains(collapsed, dim)) continue;
    inner[dim] = inner[dim] + index[offset_dims[next_offset++]];
  }
  return Emit(data, inner, mask);
}

absl::StatusOr<ValueId> ElementEmitter::EmitDynamicSlice(Node* node, const Index& index,
                                                         ValueId mask) {
  const Value data = node->operand(0);
  Index inner(index.size());
  for (size_t i = 0; i < index.size(); ++i) {
    CERMET_ASSIGN_OR_RETURN(
        const Dim start,
        ClampedStart(node->operand(i + 1), {}, data.type().shape[i] - node->type().shape[i], mask));
    inner[i] = start + index[i];
  }
  return Emit(data, inner, mask);
}

}  // namespace cermet::lower
