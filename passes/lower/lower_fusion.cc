// Builds the loop nests of a fusion's kernels around the element emitter.
//
// Why one element at a time: every schedule (tiles, vectors, packing, threads) is then a rewrite of
// the same plain form, and the interpreter can compare before and after.
#include "passes/lower/lower_fusion.h"

#include <algorithm>
#include <functional>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "ir/order.h"
#include "ir/status.h"
#include "passes/lower/element_emitter.h"
#include "passes/lower/index_flow.h"

namespace cermet::lower {
namespace {

using kernel::Kernel;
using kernel::KernelBuilder;
using kernel::kNoValue;
using kernel::LoopKind;
using kernel::ValueId;

constexpr int64_t kMostScratchBytes =
    128 * 1024;                      // a row larger than this is recomputed rather than kept
constexpr int64_t kScratchCost = 6;  // elementwise ops per element from which keeping a row pays
constexpr size_t kMostNameLength = 64;

// A C identifier from the user's names of the nodes.
std::string KernelName(const Node& fusion) {
  std::string name;
  for (const std::string& part : fusion.location().names) {
    std::string piece;
    for (char c : part) piece += absl::ascii_isalnum(c) ? c : '_';
    if (name.size() + piece.size() > kMostNameLength) break;
    absl::StrAppend(&name, name.empty() ? "" : "_", piece);
  }
  if (name.empty() || absl::ascii_isdigit(name[0])) name = absl::StrCat("k_", name);
  return name;
}

bool IsLanesReduction(const Node& node) {
  if (node.op() != OpCode::kReduce) return false;
  const Word* order = node.attrs().Find<Word>("order");
  return order != nullptr && order->text != "sequential";
}

// The value below the reshapes at a root: the elements of a reshape are those of its operand, in
// order.
Value StripReshapes(Value root) {
  while (root.node->op() == OpCode::kReshape) root = root.node->operand(0);
  return root;
}

// Builds one kernel of a fusion.
class KernelLowering {
 public:
  KernelLowering(const Node& fusion, const DimFacts& facts, std::string name)
      : fusion_(fusion), body_(*fusion.body()), space_(facts), emitter_(&lowered_.kernel, &space_) {
    lowered_.kernel.name = std::move(name);
    lowered_.kernel.location = fusion.location();
  }

  // All results have one iteration space; `offset` shifts the stores (for the pieces of a
  // concatenation).
  absl::StatusOr<LoweredKernel> LowerLoops(const std::vector<Value>& roots);
  absl::StatusOr<LoweredKernel> LowerConcatPiece(Node* concat, int64_t piece, const Dim& offset);
  absl::StatusOr<LoweredKernel> LowerRows(const std::vector<Value>& roots);
  absl::StatusOr<LoweredKernel> LowerUpdateSlice(Node* update);
  absl::StatusOr<LoweredKernel> LowerScatter(Node* scatter);
  absl::StatusOr<LoweredKernel> LowerCheck(Node* check);

 private:
  // Declares the operands that the computation of `roots` reads, then leaves room for results.
  void AddOperands(const std::vector<Value>& roots);
  int32_t AddResult(int64_t index, DType dtype, Shape shape, kernel::Access access);
  absl::Status Nest(const Shape& shape, const std::vector<int64_t>& loop_order, LoopKind kind,
                    const std::function<absl::Status(const Index&)>& body);
  std::vector<int64_t> LoopOrder(Value root);
  absl::Status KeepRows(Node* reduction, const Index& row, const Shape& row_shape);
  std::vector<Node*> Members() const;
  LoweredKernel Take();

  const Node& fusion_;
  const Graph& body_;
  IndexSpace space_;
  LoweredKernel lowered_;
  ElementEmitter emitter_;
  std::map<Value, int64_t> uses_;
};

std::vector<Node*> KernelLowering::Members() const {
  std::vector<Node*> members;
  for (const std::unique_ptr<Node>& node : body_.nodes()) {
    if (node->op() != OpCode::kParameter) members.push_back(node.get());
  }
  return members;
}

void KernelLowering::AddOperands(const std::vector<Value>& roots) {
  // Reachable parameters, and the nodes that use each.
  std::set<const Node*> reached;
  std::vector<Node*> stack;
  for (Value root : roots) stack.push_back(root.node);
  std::map<const Node*, std::vector<Node*>> users;
  while (!stack.empty()) {
    Node* node = stack.back();
    stack.pop_back();
    if (!reached.insert(node).second) continue;
    for (Value operand : node->operands()) {
      users[operand.node].push_back(node);
      stack.push_back(operand.node);
    }
  }
  for (Node* parameter : body_.parameters()) {
    if (reached.count(parameter) == 0 || parameter->type().dtype == DType::kToken) continue;
    // A parameter used only through reshapes to one shape is a buffer of that shape.
    Shape shape = parameter->type().shape;
    const std::vector<Node*>& used_by = users[parameter];
    bool one_shape = !used_by.empty();
    for (Node* user : used_by) {
      one_shape &= user->op() == OpCode::kReshape && user->type().shape == used_by[0]->type().shape;
    }
    if (one_shape) shape = used_by[0]->type().shape;
    const int32_t buffer = static_cast<int32_t>(lowered_.kernel.buffers.size());
    lowered_.kernel.buffers.push_back({absl::StrCat("in", buffer),
                                       parameter->type().dtype,
                                       shape,
                                       kernel::MemorySpace::kGlobal,
                                       kernel::Access::kIn,
                                       {}});
    lowered_.arguments.push_back({false, parameter->attrs().Int("index")});
    emitter_.AddSource(parameter->result(), {buffer, shape});
  }
  uses_ = body_.CountUses();
}

int32_t KernelLowering::AddResult(int64_t index, DType dtype, Shape shape, kernel::Access access) {
  const int32_t buffer = static_cast<int32_t>(lowered_.kernel.buffers.size());
  lowered_.kernel.buffers.push_back({absl::StrCat("out", index),
                                     dtype,
                                     std::move(shape),
                                     kernel::MemorySpace::kGlobal,
                                     access,
                                     {}});
  lowered_.arguments.push_back({true, index});
  return buffer;
}

LoweredKernel KernelLowering::Take() { return std::move(lowered_); }

absl::Status KernelLowering::Nest(const Shape& shape, const std::vector<int64_t>& loop_order,
                                  LoopKind kind,
                                  const std::function<absl::Status(const Index&)>& body) {
  Index index(shape.size());
  const std::function<absl::Status(size_t)> nest = [&](size_t depth) -> absl::Status {
    if (depth == loop_order.size()) return body(index);
    const int64_t dim = loop_order[depth];
    return emitter_
        .Loop(shape[dim], "d", kind, {},
              [&](const Dim& variable,
                  const std::vector<ValueId>&) -> absl::StatusOr<std::vector<ValueId>> {
                index[dim] = variable;
                CERMET_RETURN_IF_ERROR(nest(depth + 1));
                return std::vector<ValueId>{};
              })
        .status();
  };
  return nest(0);
}

// The order of the loops over the root's dims: that of the contraction's dims when the root only
// permutes them, so that its rows and columns are the inner loops; otherwise the root's own.
std::vector<int64_t> KernelLowering::LoopOrder(Value root) {
  std::vector<int64_t> order;
  const Shape& shape = root.type().shape;
  IndexSpace space = space_;
  Index index;
  for (size_t i = 0; i < shape.size(); ++i)
    index.push_back(space.AddVariable(absl::StrCat("%o", i), shape[i]));
  const std::vector<Node*> members = Members();
  IndexFlow flow(members, root, index, &space);
  for (Node* node : members) {
    if (Info(node->op()).op_class != OpClass::kContraction) continue;
    const IndexFlow::Reads* reads = flow.Find(node->result());
    if (reads == nullptr || reads->unknown || reads->indices.size() != 1) continue;
    for (const Dim& dim : reads->indices[0]) {
      const auto it = std::find(index.begin(), index.end(), dim);
      if (it != index.end()) order.push_back(it - index.begin());
    }
    break;
  }
  for (int64_t i = 0; i < static_cast<int64_t>(shape.size()); ++i) {
    if (std::find(order.begin(), order.end(), i) == order.end()) order.push_back(i);
  }
  return order;
}

absl::StatusOr<LoweredKernel> KernelLowering::LowerLoops(const std::vector<Value>& roots) {
  AddOperands(roots);
  std::vector<Value> stripped;
  std::vector<int32_t> buffers;
  for (size_t i = 0; i < roots.size(); ++i) {
    stripped.push_back(StripReshapes(roots[i]));
    buffers.push_back(
        AddResult(i, roots[i].type().dtype, stripped[i].type().shape, kernel::Access::kOut));
  }
  emitter_.EnterBlock(&lowered_.kernel.body);
  CERMET_RETURN_IF_ERROR(
      Nest(stripped[0].type().shape, LoopOrder(stripped[0]), LoopKind::kParallel,
           [&](const Index& index) -> absl::Status {
             std::vector<ValueId> elements;
             for (Value root : stripped) {
               CERMET_ASSIGN_OR_RETURN(const ValueId element, emitter_.Emit(root, index));
               elements.push_back(element);
             }
             for (size_t i = 0; i < stripped.size(); ++i) {
               emitter_.Here().Store(buffers[i], elements[i], emitter_.EmitIndices(index));
             }
             return absl::OkStatus();
           }));
  emitter_.LeaveBlock();
  return Take();
}

absl::StatusOr<LoweredKernel> KernelLowering::LowerConcatPiece(Node* concat, int64_t piece,
                                                               const Dim& offset) {
  const Value operand = concat->operand(piece);
  AddOperands({operand});
  const int32_t buffer =
      AddResult(0, operand.type().dtype, concat->type().shape, kernel::Access::kOut);
  const int64_t dim = concat->attrs().Int("dim");
  emitter_.EnterBlock(&lowered_.kernel.body);
  CERMET_RETURN_IF_ERROR(
      Nest(operand.type().shape, LoopOrder(operand), LoopKind::kParallel,
           [&](const Index& index) -> absl::Status {
             CERMET_ASSIGN_OR_RETURN(const ValueId element, emitter_.Emit(operand, index));
             Index target = index;
             target[dim] = target[dim] + offset;
             emitter_.Here().Store(buffer, element, emitter_.EmitIndices(target));
             return absl::OkStatus();
           }));
  emitter_.LeaveBlock();
  return Take();
}

// How many elementwise ops computing one element takes, up to `most`.
int64_t ElementCost(Value value, int64_t most) {
  int64_t cost = 0;
  std::set<const Node*> seen;
  std::vector<const Node*> stack = {value.node};
  while (!stack.empty() && cost < most) {
    const Node* node = stack.back();
    stack.pop_back();
    if (!seen.insert(node).second || Info(node->op()).op_class == OpClass::kReduction) continue;
    if (IsElementwise(node->op())) ++cost;
    for (Value operand : node->operands()) stack.push_back(operand.node);
  }
  return cost;
}

// Stores the row that `reduction` reads to scratch if it is costly and read again later in the row.
absl::Status KernelLowering::KeepRows(Node* reduction, const Index& row, const Shape& row_shape) {
  for (int64_t i = 0; i < reduction->num_operands() / 2; ++i) {
    const Value operand = reduction->operand(i);
    const Shape& shape = operand.type().shape;
    if (uses_[operand] < 2 || ElementCost(operand, kScratchCost) < kScratchCost) continue;
    const Shape inner(shape.begin() + row_shape.size(), shape.end());
    const absl::StatusOr<int64_t> count = StaticNumElements(inner);
    if (!count.ok() || *count == 0 || *count * ByteSize(operand.type().dtype) > kMostScratchBytes)
      continue;
    const int32_t buffer = static_cast<int32_t>(lowered_.kernel.buffers.size());
    lowered_.kernel.buffers.push_back({absl::StrCat("row", buffer),
                                       operand.type().dtype,
                                       inner,
                                       kernel::MemorySpace::kScratch,
                                       kernel::Access::kInOut,
                                       {}});
    std::vector<int64_t> loops(inner.size());
    for (size_t d = 0; d < loops.size(); ++d) loops[d] = d;
    CERMET_RETURN_IF_ERROR(
        Nest(inner, loops, LoopKind::kParallel, [&](const Index& index) -> absl::Status {
          Index full = row;
          full.insert(full.end(), index.begin(), index.end());
          CERMET_ASSIGN_OR_RETURN(const ValueId element, emitter_.Emit(operand, full));
          emitter_.Here().Store(buffer, element, emitter_.EmitIndices(index));
          return absl::OkStatus();
        }));
    ElementEmitter::Source source;
    source.buffer = buffer;
    source.row_only = true;
    source.first_dim = static_cast<int64_t>(row_shape.size());
    emitter_.AddSource(operand, source);
  }
  return absl::OkStatus();
}

absl::StatusOr<LoweredKernel> KernelLowering::LowerRows(const std::vector<Value>& roots) {
  AddOperands(roots);
  std::vector<Node*> reductions;
  for (Node* node : Members()) {
    if (IsLanesReduction(*node)) reductions.push_back(node);
  }
  const Shape row_shape = reductions[0]->type().shape;
  std::vector<Value> stripped;
  std::vector<int32_t> buffers;
  for (size_t i = 0; i < roots.size(); ++i) {
    Value root = roots[i];
    while (root.node->op() == OpCode::kReshape && root.type().shape != row_shape)
      root = root.node->operand(0);
    stripped.push_back(root);
    buffers.push_back(AddResult(i, root.type().dtype, root.type().shape, kernel::Access::kOut));
  }
  // Results come before scratch among the buffers; scratch is appended while the body is built.
  std::vector<int64_t> row_loops(row_shape.size());
  for (size_t d = 0; d < row_loops.size(); ++d) row_loops[d] = d;
  emitter_.EnterBlock(&lowered_.kernel.body);
  CERMET_RETURN_IF_ERROR(
      Nest(row_shape, row_loops, LoopKind::kParallel, [&](const Index& row) -> absl::Status {
        for (Node* reduction : reductions) {
          CERMET_RETURN_IF_ERROR(KeepRows(reduction, row, row_shape));
          CERMET_RETURN_IF_ERROR(emitter_.EmitReduction(reduction, row, kNoValue).status());
        }
        for (size_t i = 0; i < stripped.size(); ++i) {
          const Shape& shape = stripped[i].type().shape;
          const Shape inner(shape.begin() + row_shape.size(), shape.end());
          std::vector<int64_t> loops(inner.size());
          for (size_t d = 0; d < loops.size(); ++d) loops[d] = d;
          CERMET_RETURN_IF_ERROR(
              Nest(inner, loops, LoopKind::kParallel, [&](const Index& index) -> absl::Status {
                Index full = row;
                full.insert(full.end(), index.begin(), index.end());
                CERMET_ASSIGN_OR_RETURN(const ValueId element, emitter_.Emit(stripped[i], full));
                emitter_.Here().Store(buffers[i], element, emitter_.EmitIndices(full));
                return absl::OkStatus();
              }));
        }
        return absl::OkStatus();
      }));
  emitter_.LeaveBlock();
  return Take();
}

// out starts as the operand; the update's elements go to the clamped start plus their own index.
absl::StatusOr<LoweredKernel> KernelLowering::LowerUpdateSlice(Node* update) {
  std::vector<Value> roots(update->operands().begin() + 1, update->operands().end());
  AddOperands(roots);
  const Shape& shape = update->type().shape;
  const Value slice = update->operand(1);
  const int32_t buffer = AddResult(0, update->type().dtype, shape, kernel::Access::kInOut);
  emitter_.EnterBlock(&lowered_.kernel.body);
  Index starts;
  for (size_t i = 0; i < shape.size(); ++i) {
    CERMET_ASSIGN_OR_RETURN(const ValueId raw, emitter_.Emit(update->operand(2 + i), {}));
    KernelBuilder here = emitter_.Here();
    const Dim limit = shape[i] - slice.type().shape[i];
    ValueId start =
        here.Compute(OpCode::kMinimum, {here.Convert(raw, DType::kI64), emitter_.EmitIndex(limit)});
    start = here.Compute(OpCode::kMaximum, {start, here.Index(0)});
    starts.push_back(space_.AddVariable(absl::StrCat("%u", i), limit + Dim(1)));
    emitter_.BindVariable(starts.back(), start);
  }
  CERMET_RETURN_IF_ERROR(
      Nest(slice.type().shape, LoopOrder(slice), LoopKind::kParallel,
           [&](const Index& index) -> absl::Status {
             CERMET_ASSIGN_OR_RETURN(const ValueId element, emitter_.Emit(slice, index));
             Index target;
             for (size_t i = 0; i < index.size(); ++i) target.push_back(starts[i] + index[i]);
             emitter_.Here().Store(buffer, element, emitter_.EmitIndices(target));
             return absl::OkStatus();
           }));
  emitter_.LeaveBlock();
  return Take();
}

// Updates apply one after another in row-major order; windows that are not wholly inside are
// dropped.
absl::StatusOr<LoweredKernel> KernelLowering::LowerScatter(Node* scatter) {
  const Value indices = scatter->operand(1), updates = scatter->operand(2);
  AddOperands({indices, updates});
  const Shape& shape = scatter->type().shape;
  const std::vector<int64_t>& window_dims = scatter->attrs().Ints("update_window_dims");
  const std::vector<int64_t>& inserted = scatter->attrs().Ints("inserted_window_dims");
  const std::vector<int64_t>& scatter_dims = scatter->attrs().Ints("scatter_dims_to_operand_dims");
  const int64_t vector_dim = scatter->attrs().Int("index_vector_dim");
  const int32_t buffer = AddResult(0, scatter->type().dtype, shape, kernel::Access::kInOut);
  const auto contains = [](const std::vector<int64_t>& list, int64_t item) {
    return std::find(list.begin(), list.end(), item) != list.end();
  };
  const Shape& update_shape = updates.type().shape;
  std::vector<int64_t> loops(update_shape.size());
  for (size_t d = 0; d < loops.size(); ++d) loops[d] = d;
  emitter_.EnterBlock(&lowered_.kernel.body);
  CERMET_RETURN_IF_ERROR(
      Nest(update_shape, loops, LoopKind::kSerial, [&](const Index& index) -> absl::Status {
        Index batch;
        for (size_t i = 0; i < index.size(); ++i) {
          if (!contains(window_dims, i)) batch.push_back(index[i]);
        }
        std::vector<Dim> window(shape.size(), Dim(0)), extent(shape.size(), Dim(1));
        size_t next = 0;
        for (size_t dim = 0; dim < shape.size(); ++dim) {
          if (contains(inserted, dim)) continue;
          window[dim] = index[window_dims[next]];
          extent[dim] = update_shape[window_dims[next++]];
        }
        std::vector<ValueId> at = emitter_.EmitIndices(window);
        ValueId inside = kNoValue;
        for (size_t k = 0; k < scatter_dims.size(); ++k) {
          Index position = batch;
          if (vector_dim < indices.type().rank())
            position.insert(position.begin() + vector_dim, Dim(static_cast<int64_t>(k)));
          CERMET_ASSIGN_OR_RETURN(const ValueId raw, emitter_.Emit(indices, position));
          KernelBuilder here = emitter_.Here();
          const ValueId start = here.Convert(raw, DType::kI64);
          const int64_t dim = scatter_dims[k];
          const ValueId low = here.Compare(CompareDirection::kGe, start, here.Index(0));
          const ValueId high = here.Compare(CompareDirection::kLe, start,
                                            emitter_.EmitIndex(shape[dim] - extent[dim]));
          const ValueId valid = here.Compute(OpCode::kAnd, {low, high});
          inside = inside == kNoValue ? valid : here.Compute(OpCode::kAnd, {inside, valid});
          at[dim] = here.Add(at[dim], start);
        }
        CERMET_ASSIGN_OR_RETURN(const ValueId element, emitter_.Emit(updates, index));
        const ValueId old = emitter_.Here().Load(buffer, at, inside);
        CERMET_ASSIGN_OR_RETURN(std::vector<ValueId> combined,
                                emitter_.InlineScalar(*scatter->body(), {old, element}));
        emitter_.Here().Store(buffer, combined[0], at, inside);
        return absl::OkStatus();
      }));
  emitter_.LeaveBlock();
  return Take();
}

absl::StatusOr<LoweredKernel> KernelLowering::LowerCheck(Node* check) {
  const Value condition = check->operand(0);
  AddOperands({condition});
  std::vector<int64_t> loops(condition.type().shape.size());
  for (size_t d = 0; d < loops.size(); ++d) loops[d] = d;
  emitter_.EnterBlock(&lowered_.kernel.body);
  CERMET_RETURN_IF_ERROR(Nest(
      condition.type().shape, loops, LoopKind::kSerial, [&](const Index& index) -> absl::Status {
        CERMET_ASSIGN_OR_RETURN(const ValueId element, emitter_.Emit(condition, index));
        const ValueId position =
            emitter_.EmitIndex(space_.Linearize(index, condition.type().shape));
        emitter_.Here().Check(element, position, check->attrs().Int("code"),
                              check->attrs().Get<std::string>("message"));
        return absl::OkStatus();
      }));
  emitter_.LeaveBlock();
  return Take();
}

// Operands of which every element is read only at the index of the result's element that it helps
// to compute.
std::vector<SharedStorage> FindInPlace(const Node& fusion, const DimFacts& facts) {
  std::vector<SharedStorage> found;
  const Graph& body = *fusion.body();
  std::vector<Node*> members;
  for (const std::unique_ptr<Node>& node : body.nodes()) {
    if (node->op() != OpCode::kParameter) members.push_back(node.get());
  }
  if (body.results().size() != 1) return found;
  const Value root = StripReshapes(body.results()[0]);
  IndexSpace space(facts);
  Index index;
  for (size_t i = 0; i < root.type().shape.size(); ++i) {
    index.push_back(space.AddVariable(absl::StrCat("%o", i), root.type().shape[i]));
  }
  IndexFlow flow(members, root, index, &space);
  for (Node* parameter : body.parameters()) {
    const Value value = parameter->result();
    if (ByteSize(value.type().dtype) != ByteSize(root.type().dtype) ||
        value.type().NumElements() != root.type().NumElements())
      continue;
    if (flow.ReadOnlyAt(value, space.ReshapeIndex(index, root.type().shape, value.type().shape))) {
      found.push_back({0, parameter->attrs().Int("index")});
    }
  }
  return found;
}

}  // namespace

absl::StatusOr<LoweredFusion> LowerFusion(const Node& fusion, const DimFacts& facts) {
  const Graph& body = *fusion.body();
  const std::string name = KernelName(fusion);
  LoweredFusion result;
  const auto add = [&](absl::StatusOr<LoweredKernel> kernel) -> absl::Status {
    CERMET_RETURN_IF_ERROR(kernel.status());
    result.kernels.push_back(*std::move(kernel));
    return absl::OkStatus();
  };
  const Value root = StripReshapes(body.results()[0]);
  if (root.node->op() == OpCode::kCheck) {
    CERMET_RETURN_IF_ERROR(add(KernelLowering(fusion, facts, name).LowerCheck(root.node)));
    return result;
  }
  if (root.node->op() == OpCode::kDynamicUpdateSlice || root.node->op() == OpCode::kScatter) {
    const Value operand = root.node->operand(0);
    if (operand.node->op() != OpCode::kParameter) {
      return absl::InternalError(absl::StrCat(
          root.node->Describe(), ": the updated operand must be an operand of the fusion"));
    }
    result.updates.push_back({0, operand.node->attrs().Int("index")});
    const bool is_slice = root.node->op() == OpCode::kDynamicUpdateSlice;
    KernelLowering lowering(fusion, facts, name);
    CERMET_RETURN_IF_ERROR(
        add(is_slice ? lowering.LowerUpdateSlice(root.node) : lowering.LowerScatter(root.node)));
    return result;
  }
  if (root.node->op() == OpCode::kConcat && body.results().size() == 1) {
    Dim offset(0);
    for (int64_t i = 0; i < root.node->num_operands(); ++i) {
      CERMET_RETURN_IF_ERROR(add(KernelLowering(fusion, facts, absl::StrCat(name, "_part", i))
                                     .LowerConcatPiece(root.node, i, offset)));
      offset = offset + root.node->operand(i).type().shape[root.node->attrs().Int("dim")];
    }
    return result;
  }
  bool has_rows = false;
  for (const std::unique_ptr<Node>& node : body.nodes()) has_rows |= IsLanesReduction(*node);
  KernelLowering lowering(fusion, facts, name);
  CERMET_RETURN_IF_ERROR(
      add(has_rows ? lowering.LowerRows(body.results()) : lowering.LowerLoops(body.results())));
  result.in_place = FindInPlace(fusion, facts);
  return result;
}

}  // namespace cermet::lower
