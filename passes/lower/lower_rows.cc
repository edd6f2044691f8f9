// Kernels that work row by row: the reductions along a row one after the other, then the elements
// of the row.
//
// A row that is costly to compute and read again is kept in scratch, which stays in the cache; the
// others are computed again.
#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "ir/kernel/builder.h"
#include "ir/order_attribute.h"
#include "ir/status.h"
#include "passes/lower/index_flow.h"
#include "passes/lower/kernel_lowering.h"

namespace cermet::lower {

using kernel::KernelBuilder;
using kernel::kNoValue;
using kernel::LoopKind;
using kernel::ValueId;

namespace {

constexpr int64_t kMostScratchBytes = 128 * 1024;  // a larger row is recomputed rather than kept
// Elementwise ops per element from which keeping a row pays.
constexpr int64_t kScratchCost = 6;

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

}  // namespace

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

// The dims of `root` that number its rows, in the order of the reductions' dims: where it reads
// their results.
absl::StatusOr<std::vector<int64_t>> KernelLowering::RowDims(Value root,
                                                             const std::vector<Node*>& reductions) {
  IndexSpace space = space_;
  Index index;
  const Shape& shape = root.type().shape;
  for (size_t i = 0; i < shape.size(); ++i)
    index.push_back(space.AddVariable(absl::StrCat("%o", i), shape[i]));
  IndexFlow flow(Members(), root, index, &space);
  for (Node* reduction : reductions) {
    for (int r = 0; r < reduction->num_results(); ++r) {
      const IndexFlow::Reads* reads = flow.Find(reduction->result(r));
      if (reads == nullptr || reads->unknown || reads->indices.size() != 1) continue;
      std::vector<int64_t> dims;
      for (const Dim& dim : reads->indices[0]) {
        const auto it = std::find(index.begin(), index.end(), dim);
        if (it != index.end()) dims.push_back(it - index.begin());
      }
      if (dims.size() == reads->indices[0].size()) return dims;
    }
  }
  return absl::InternalError(
      absl::StrCat(root.node->Describe(), ": the rows of the fusion do not number its elements"));
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
    stripped.push_back(StripReshapes(roots[i]));
    buffers.push_back(
        AddResult(i, roots[i].type().dtype, stripped[i].type().shape, kernel::Access::kOut));
  }
  CERMET_ASSIGN_OR_RETURN(const std::vector<int64_t> row_dims, RowDims(stripped[0], reductions));
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
          CERMET_RETURN_IF_ERROR(StoreRow(stripped[i], buffers[i], row, row_dims));
        }
        return absl::OkStatus();
      }));
  emitter_.LeaveBlock();
  return Take();
}

// Stores the elements of one row of `root`: all those whose dims `row_dims` are at `row`.
absl::Status KernelLowering::StoreRow(Value root, int32_t buffer, const Index& row,
                                      const std::vector<int64_t>& row_dims) {
  const Shape& shape = root.type().shape;
  std::vector<int64_t> inner_dims;
  Shape inner;
  for (int64_t d = 0; d < static_cast<int64_t>(shape.size()); ++d) {
    if (std::find(row_dims.begin(), row_dims.end(), d) != row_dims.end()) continue;
    inner_dims.push_back(d);
    inner.push_back(shape[d]);
  }
  std::vector<int64_t> loops(inner.size());
  for (size_t d = 0; d < loops.size(); ++d) loops[d] = d;
  return Nest(inner, loops, LoopKind::kParallel, [&](const Index& index) -> absl::Status {
    Index full(shape.size());
    for (size_t d = 0; d < row_dims.size(); ++d) full[row_dims[d]] = row[d];
    for (size_t d = 0; d < inner_dims.size(); ++d) full[inner_dims[d]] = index[d];
    CERMET_ASSIGN_OR_RETURN(const ValueId element, emitter_.Emit(root, full));
    emitter_.Here().Store(buffer, element, emitter_.EmitIndices(full));
    return absl::OkStatus();
  });
}

}  // namespace cermet::lower
