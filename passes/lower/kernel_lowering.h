// One kernel of a fusion under construction: its buffers, its loop nest, and the stores of its
// results.
#ifndef CERMET_PASSES_LOWER_KERNEL_LOWERING_H_
#define CERMET_PASSES_LOWER_KERNEL_LOWERING_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ir/graph.h"
#include "ir/kernel/kernel.h"
#include "passes/lower/element_emitter.h"
#include "passes/lower/index_space.h"
#include "passes/lower/lower_fusion.h"
#include "passes/lower/pieces.h"

namespace cermet::lower {

// The value below the reshapes at a root: the elements of a reshape are those of its operand, in
// order.
Value StripReshapes(Value root);

// Lowers one kernel of a fusion. One object makes one kernel: call exactly one Lower function,
// once.
class KernelLowering {
 public:
  KernelLowering(const Node& fusion, const DimFacts& facts, std::string name)
      : fusion_(fusion), body_(*fusion.body()), space_(facts), emitter_(&lowered_.kernel, &space_) {
    lowered_.kernel.name = std::move(name);
    lowered_.kernel.location = fusion.location();
  }

  // All results have one iteration space.
  absl::StatusOr<LoweredKernel> LowerLoops(const std::vector<Value>& roots);
  // A piece of a result of this shape, and the border of a pad in it.
  absl::StatusOr<LoweredKernel> LowerPiece(const Shape& shape, const Piece& piece);
  absl::StatusOr<LoweredKernel> LowerBorder(const Shape& shape, const Piece& piece);
  absl::StatusOr<LoweredKernel> LowerRows(const std::vector<Value>& roots);
  absl::StatusOr<LoweredKernel> LowerUpdateSlice(Node* update);
  absl::StatusOr<LoweredKernel> LowerScatter(Node* scatter);
  absl::StatusOr<LoweredKernel> LowerCheck(Node* check);

 private:
  // Declares the operands that the computation of `roots` reads, then leaves room for results.
  void AddOperands(const std::vector<Value>& roots);
  int32_t AddResult(int64_t index, DType dtype, Shape shape, kernel::Access access);
  absl::Status Nest(const Shape& shape, const std::vector<int64_t>& loop_order,
                    kernel::LoopKind kind, const std::function<absl::Status(const Index&)>& body);
  std::vector<int64_t> LoopOrder(Value root);
  absl::StatusOr<std::vector<int64_t>> RowDims(Value root, const std::vector<Node*>& reductions);
  absl::Status StoreRow(Value root, int32_t buffer, const Index& row,
                        const std::vector<int64_t>& row_dims);
  absl::Status KeepRows(Node* reduction, const Index& row, const Shape& row_shape);
  std::vector<Node*> Members() const;
  Index BorderIndex(const Node& pad, size_t first, size_t last, const Dim& number);
  LoweredKernel Take();

  const Node& fusion_;
  const Graph& body_;
  IndexSpace space_;
  LoweredKernel lowered_;
  ElementEmitter emitter_;
  std::map<Value, int64_t> uses_;
};

}  // namespace cermet::lower

#endif  // CERMET_PASSES_LOWER_KERNEL_LOWERING_H_
