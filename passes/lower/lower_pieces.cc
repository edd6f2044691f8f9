// Kernels that write a part of a result: a piece at an offset, or the border of a pad.
//
//   pad(%x: f32[1,56,56,64]) {low = [0, 1, 1, 0], high = [0, 1, 1, 0]}
//   =>
//   parallel %d0 in 0..1 { parallel %d1 in 0..56 { parallel %d2 in 0..56 { parallel %d3 in 0..64 {
//     %out0[%d0, %d1 + 1, %d2 + 1, %d3] = ... the element of %x
//   parallel %d0 in 0..1 { parallel %d1 in 0..228 { parallel %d2 in 0..64 {   // rows of the border
//     %out0[%d0, ..., ..., %d2] = 0
#include "absl/strings/str_cat.h"
#include "ir/kernel/builder.h"
#include "ir/status.h"
#include "passes/lower/kernel_lowering.h"

namespace cermet::lower {

using kernel::KernelBuilder;
using kernel::LoopKind;
using kernel::ValueId;

absl::StatusOr<LoweredKernel> KernelLowering::LowerPiece(const Shape& shape, const Piece& piece) {
  AddOperands({piece.value});
  const int32_t buffer = AddResult(0, piece.value.type().dtype, shape, kernel::Access::kOut);
  emitter_.EnterBlock(&lowered_.kernel.body);
  CERMET_RETURN_IF_ERROR(
      Nest(piece.value.type().shape, LoopOrder(piece.value), LoopKind::kParallel,
           [&](const Index& index) -> absl::Status {
             CERMET_ASSIGN_OR_RETURN(const ValueId element, emitter_.Emit(piece.value, index));
             Index target = index;
             for (size_t i = 0; i < target.size(); ++i) target[i] = target[i] + piece.offset[i];
             emitter_.Here().Store(buffer, element, emitter_.EmitIndices(target));
             return absl::OkStatus();
           }));
  emitter_.LeaveBlock();
  return Take();
}

namespace {

struct Edges {
  Dim extent, low, both;  // of the operand; before it; before and after it
};

Edges EdgesOf(const Node& pad, size_t dim) {
  const Dim& low = pad.attrs().Dims("low")[dim];
  return {pad.operand(0).type().shape[dim], low, low + pad.attrs().Dims("high")[dim]};
}

// The border between the dims `first` and `last` in disjoint boxes, one per padded dim: inside
// along the dims before it, outside along it, anywhere along those after it.
Shape BorderBox(const Node& pad, size_t first, size_t last, size_t padded) {
  Shape box;
  for (size_t dim = first; dim <= last; ++dim) {
    const Edges edges = EdgesOf(pad, dim);
    box.push_back(dim < padded    ? edges.extent
                  : dim == padded ? edges.both
                                  : edges.extent + edges.both);
  }
  return box;
}

Dim Volume(const Shape& box) {
  Dim volume(1);
  for (const Dim& extent : box) volume = volume * extent;
  return volume;
}

}  // namespace

// The index along dims `first` to `last` of row `number` of the border.
Index KernelLowering::BorderIndex(const Node& pad, size_t first, size_t last, const Dim& number) {
  std::vector<ValueId> index;
  Dim start(0);  // of the box among the numbers
  for (size_t padded = first; padded <= last; ++padded) {
    const Shape box = BorderBox(pad, first, last, padded);
    if (EdgesOf(pad, padded).both == Dim(0)) continue;
    KernelBuilder here = emitter_.Here();
    const ValueId in_box =
        here.Compute(OpCode::kMaximum, {emitter_.EmitIndex(number - start), here.Index(0)});
    const Dim position = space_.AddVariable(absl::StrCat("%border", padded), Volume(box));
    emitter_.BindVariable(position, in_box);
    Index at = space_.Delinearize(position, box);
    std::vector<ValueId> in_result;
    for (size_t dim = first; dim <= last; ++dim) {
      const Edges edges = EdgesOf(pad, dim);
      Dim& here_at = at[dim - first];
      if (dim < padded) here_at = here_at + edges.low;
      ValueId value = emitter_.EmitIndex(here_at);
      if (dim == padded) {
        const ValueId after = emitter_.EmitIndex(here_at + edges.extent);
        const ValueId is_low =
            here.Compare(CompareDirection::kLt, value, emitter_.EmitIndex(edges.low));
        value = here.Compute(OpCode::kSelect, {is_low, value, after});
      }
      in_result.push_back(value);
    }
    if (index.empty()) {
      index = in_result;
    } else {
      const ValueId is_earlier = here.Compare(CompareDirection::kLt, emitter_.EmitIndex(number),
                                              emitter_.EmitIndex(start));
      for (size_t i = 0; i < index.size(); ++i)
        index[i] = here.Compute(OpCode::kSelect, {is_earlier, index[i], in_result[i]});
    }
    start = start + Volume(box);
  }
  Index result;
  for (size_t dim = first; dim <= last; ++dim) {
    const Edges edges = EdgesOf(pad, dim);
    result.push_back(space_.AddVariable(absl::StrCat("%at", dim), edges.extent + edges.both));
    emitter_.BindVariable(result.back(), index[dim - first]);
  }
  return result;
}

absl::StatusOr<LoweredKernel> KernelLowering::LowerBorder(const Shape& shape, const Piece& piece) {
  const Node& pad = *piece.value.node;
  const Value padding = pad.operand(1);
  AddOperands({padding});
  const int32_t buffer = AddResult(0, pad.type().dtype, shape, kernel::Access::kOut);
  const size_t rank = shape.size();
  size_t first = 0, last = rank - 1;
  while (EdgesOf(pad, first).both == Dim(0)) ++first;
  while (EdgesOf(pad, last).both == Dim(0)) --last;
  Dim rows(0);
  for (size_t dim = first; dim <= last; ++dim)
    rows = rows + Volume(BorderBox(pad, first, last, dim));
  const Shape& padded = pad.type().shape;
  Shape loops(padded.begin(), padded.begin() + first);
  loops.push_back(rows);
  loops.insert(loops.end(), padded.begin() + last + 1, padded.end());
  std::vector<int64_t> order(loops.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  emitter_.EnterBlock(&lowered_.kernel.body);
  CERMET_RETURN_IF_ERROR(
      Nest(loops, order, LoopKind::kParallel, [&](const Index& index) -> absl::Status {
        CERMET_ASSIGN_OR_RETURN(const ValueId element, emitter_.Emit(padding, {}));
        Index target(index.begin(), index.begin() + first);
        const Index border = BorderIndex(pad, first, last, index[first]);
        target.insert(target.end(), border.begin(), border.end());
        target.insert(target.end(), index.begin() + first + 1, index.end());
        for (size_t i = 0; i < rank; ++i) target[i] = target[i] + piece.offset[i];
        emitter_.Here().Store(buffer, element, emitter_.EmitIndices(target));
        return absl::OkStatus();
      }));
  emitter_.LeaveBlock();
  return Take();
}

}  // namespace cermet::lower
