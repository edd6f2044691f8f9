// Appends instructions to kernels, with the result types that the rules of kernel.h give.
#ifndef CERMET_IR_KERNEL_BUILDER_H_
#define CERMET_IR_KERNEL_BUILDER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "ir/kernel/kernel.h"

namespace cermet::kernel {

// Appends instructions to a block of a kernel. Types of results are computed here. Not thread safe.
class KernelBuilder {
 public:
  KernelBuilder(Kernel* kernel, Block* block) : kernel_(kernel), block_(block) {}
  Kernel* kernel() const { return kernel_; }
  Block* block() const { return block_; }

  ValueId Constant(DType dtype, ScalarBits bits);
  ValueId Index(int64_t value);      // an i64 constant
  ValueId DimValue(const Dim& dim);  // a constant if the Dim is
  ValueId Iota(std::vector<int64_t> extents, int64_t axis);
  ValueId Iota(Fragment fragment, int64_t axis);  // the row (0) or column (1) of each element
  ValueId Compute(OpCode op, std::vector<ValueId> operands);  // result type by the usual rule
  ValueId Compare(CompareDirection direction, ValueId a, ValueId b);
  ValueId Convert(ValueId value, DType dtype);
  ValueId Bitcast(ValueId value, DType dtype);
  ValueId Add(ValueId a, ValueId b) { return Compute(OpCode::kAdd, {a, b}); }
  ValueId Sub(ValueId a, ValueId b) { return Compute(OpCode::kSub, {a, b}); }
  ValueId Mul(ValueId a, ValueId b) { return Compute(OpCode::kMul, {a, b}); }
  // Quotient and remainder of a non-negative index by a positive value: a kDiv or kRem. Schedules
  // keep indices non-negative (a clamp or mask comes first), where rounding towards zero is
  // rounding down.
  ValueId FloorDiv(ValueId a, ValueId b);
  ValueId FloorMod(ValueId a, ValueId b);
  ValueId Load(int32_t buffer, std::vector<ValueId> indices, ValueId mask = kNoValue,
               int64_t lanes = 0);
  void Store(int32_t buffer, ValueId value, std::vector<ValueId> indices, ValueId mask = kNoValue,
             int64_t lanes = 0);
  ValueId Slice(ValueId tile, int64_t axis, int64_t start, int64_t size);
  ValueId Extract(ValueId tile, int64_t lane);
  ValueId Splat(ValueId value, std::vector<int64_t> extents);
  ValueId Splat(ValueId scalar, Fragment fragment);
  void Barrier();
  ValueId Shuffle(ValueId value, ShuffleKind kind, int64_t count);
  void CopyAsync(int32_t buffer, const std::vector<ValueId>& indices, int32_t source,
                 const std::vector<ValueId>& source_indices, ValueId mask = kNoValue,
                 int64_t lanes = 0);
  void Commit();
  void Wait(int64_t groups_left);
  ValueId Mma(MmaMode mode, ValueId a, ValueId b, ValueId c);
  void Check(ValueId condition, ValueId index, int64_t code, std::string message);

  // Appends a loop; `body` gets a builder for the loop's block, the induction variable and the
  // carried values, and returns the values to yield. Returns the loop's results.
  std::vector<ValueId> For(ValueId lower, ValueId upper, int64_t step, LoopKind loop,
                           absl::string_view iv_name, const std::vector<ValueId>& inits,
                           const std::function<std::vector<ValueId>(
                               KernelBuilder&, ValueId, const std::vector<ValueId>&)>& body);
  // A lanes loop over [lower, upper) with step 1; `combine` gets the left and the right values.
  std::vector<ValueId> ForLanes(
      ValueId lower, ValueId upper, int64_t order_lanes, absl::string_view iv_name,
      const std::vector<ValueId>& inits,
      const std::function<std::vector<ValueId>(KernelBuilder&, ValueId,
                                               const std::vector<ValueId>&)>& body,
      const std::function<std::vector<ValueId>(KernelBuilder&, const std::vector<ValueId>&,
                                               const std::vector<ValueId>&)>& combine);
  std::vector<ValueId> If(ValueId condition,
                          const std::function<std::vector<ValueId>(KernelBuilder&)>& then_body,
                          const std::function<std::vector<ValueId>(KernelBuilder&)>& else_body);
  // Appends a copy of `inst` whose results have been allotted already.
  void Append(Inst inst) { block_->insts.push_back(std::move(inst)); }

 private:
  // Appends `inst` with one result of `type`.
  ValueId AppendValue(Inst inst, ValueType type);

  Kernel* kernel_;
  Block* block_;
};

}  // namespace cermet::kernel

#endif  // CERMET_IR_KERNEL_BUILDER_H_
