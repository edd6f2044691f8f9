// Kernels that write a part of a result which starts as a copy of an operand, and kernels that
// check a condition.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "ir/kernel/builder.h"
#include "ir/status.h"
#include "passes/lower/kernel_lowering.h"

namespace cermet::lower {

using kernel::KernelBuilder;
using kernel::kNoValue;
using kernel::LoopKind;
using kernel::ValueId;

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
        here.Compute(OpCode::kMinimum, {emitter_.ToIndex(raw), emitter_.EmitIndex(limit)});
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
          const ValueId start = emitter_.ToIndex(raw);
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

}  // namespace cermet::lower
