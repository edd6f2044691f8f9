// Computes elements of a fusion's body: the step from graph IR to scalar kernel IR.
//
// Emit(value, index) appends the instructions that compute one element of a value of the body,
// recursing into its operands with the index mapped through views, so that nothing in between is
// stored. Equal (value, index) pairs in scope are computed once. Reductions and contractions become
// serial loops with carried accumulators in the order that the node states.
#ifndef CERMET_PASSES_LOWER_ELEMENT_EMITTER_H_
#define CERMET_PASSES_LOWER_ELEMENT_EMITTER_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "ir/graph.h"
#include "ir/kernel/builder.h"
#include "ir/kernel/kernel.h"
#include "passes/lower/index_space.h"

namespace cermet::lower {

class ElementEmitter {
 public:
  // `kernel` has its argument buffers already; `buffers` says which buffer holds a parameter of the
  // body (or another value that was stored), and in which shape: a reshape of it that needs no
  // index arithmetic.
  struct Source {
    int32_t buffer = -1;
    Shape shape;  // of the buffer; the value's own shape, or one with the same elements in order
    bool row_only = false;  // holds one row: only the index dims from `first_dim` on are used
    int64_t first_dim = 0;
  };
  ElementEmitter(kernel::Kernel* kernel, IndexSpace* space) : kernel_(kernel), space_(space) {}

  void AddSource(Value value, Source source) { sources_[value] = std::move(source); }
  IndexSpace* space() { return space_; }
  kernel::Kernel* kernel() { return kernel_; }

  // Blocks nest: instructions go to the innermost; what was computed in outer ones stays visible.
  void EnterBlock(kernel::Block* block);
  void LeaveBlock();
  kernel::KernelBuilder Here() { return kernel::KernelBuilder(kernel_, scopes_.back().block); }
  // The variable of a loop around the current block.
  void BindVariable(const Dim& variable, kernel::ValueId value);

  // One element of `value` at `index`; where `mask` is given and false, any value, and nothing out
  // of bounds is touched.
  absl::StatusOr<kernel::ValueId> Emit(Value value, const Index& index,
                                       kernel::ValueId mask = kernel::kNoValue);
  // All results of a multi-result reduction at once; `value` is any of them.
  absl::StatusOr<std::vector<kernel::ValueId>> EmitReduction(Node* node, const Index& index,
                                                             kernel::ValueId mask);
  // The value of an index expression as an i64.
  kernel::ValueId EmitIndex(const Dim& index);
  std::vector<kernel::ValueId> EmitIndices(const Index& index);
  // An integer value as an i64.
  kernel::ValueId ToIndex(kernel::ValueId value);

  // Runs `body` as a loop over `variable` in [0, extent) and returns the carried results.
  using LoopBody = std::function<absl::StatusOr<std::vector<kernel::ValueId>>(
      const Dim& variable, const std::vector<kernel::ValueId>& carried)>;
  absl::StatusOr<std::vector<kernel::ValueId>> Loop(const Dim& extent, absl::string_view prefix,
                                                    kernel::LoopKind kind,
                                                    const std::vector<kernel::ValueId>& inits,
                                                    const LoopBody& body, int64_t order_lanes = 1,
                                                    const Graph* combiner = nullptr);
  // The scalar graph `body` applied to values.
  absl::StatusOr<std::vector<kernel::ValueId>> InlineScalar(
      const Graph& body, const std::vector<kernel::ValueId>& arguments);

 private:
  using MemoKey = std::tuple<Value, Index, kernel::ValueId>;
  struct Scope {
    kernel::Block* block;
    std::map<MemoKey, kernel::ValueId> elements;
    std::map<Dim, kernel::ValueId> indices;
    std::map<std::string, kernel::ValueId> variables;
  };

  absl::StatusOr<kernel::ValueId> EmitUncached(Value value, const Index& index,
                                               kernel::ValueId mask);
  absl::StatusOr<kernel::ValueId> EmitSource(const Source& source, const Type& type,
                                             const Index& index, kernel::ValueId mask);
  absl::StatusOr<kernel::ValueId> EmitElementwise(Node* node, const Index& index,
                                                  kernel::ValueId mask);
  absl::StatusOr<kernel::ValueId> EmitView(Node* node, const Index& index, kernel::ValueId mask);
  absl::StatusOr<kernel::ValueId> EmitPad(Node* node, const Index& index, kernel::ValueId mask);
  absl::StatusOr<kernel::ValueId> EmitConcat(Node* node, const Index& index, kernel::ValueId mask);
  absl::StatusOr<kernel::ValueId> EmitGather(Node* node, const Index& index, kernel::ValueId mask);
  absl::StatusOr<kernel::ValueId> EmitDynamicSlice(Node* node, const Index& index,
                                                   kernel::ValueId mask);
  absl::StatusOr<std::vector<kernel::ValueId>> EmitReduce(Node* node, const Index& index,
                                                          kernel::ValueId mask);
  absl::StatusOr<std::vector<kernel::ValueId>> EmitReduceWindow(Node* node, const Index& index,
                                                                kernel::ValueId mask);
  absl::StatusOr<kernel::ValueId> EmitDot(Node* node, const Index& index, kernel::ValueId mask);
  absl::StatusOr<kernel::ValueId> EmitConvolution(Node* node, const Index& index,
                                                  kernel::ValueId mask);
  // acc + x * y in the accumulator's type, as contractions round.
  kernel::ValueId MultiplyAdd(kernel::ValueId x, kernel::ValueId y, kernel::ValueId acc);
  // 0 <= index < extent as a condition, or kNoValue when it always holds.
  kernel::ValueId InBounds(const Dim& index, const Dim& extent);
  kernel::ValueId And(kernel::ValueId a, kernel::ValueId b);  // either may be kNoValue
  // A loaded index, clamped to [0, limit], as a Dim.
  absl::StatusOr<Dim> ClampedStart(Value start, const Index& index, const Dim& limit,
                                   kernel::ValueId mask);
  absl::Status Fail(const Node& node, absl::string_view what) const;

  kernel::Kernel* kernel_;
  IndexSpace* space_;
  std::map<Value, Source> sources_;
  std::vector<Scope> scopes_;
  int64_t next_variable_ = 0;
};

// The index of operand `operand` that the element at `index` of an elementwise op or of an affine
// view reads; nullopt for other ops (pad, concat, gather, dynamic_slice, reductions, contractions).
std::optional<Index> MapIndex(const Node& node, int64_t operand, const Index& index,
                              const IndexSpace& space);

}  // namespace cermet::lower

#endif  // CERMET_PASSES_LOWER_ELEMENT_EMITTER_H_
