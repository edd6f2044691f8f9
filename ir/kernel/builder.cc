// Each method sets the fields that its instruction has, and computes the result's type.
#include "ir/kernel/builder.h"

#include "ir/kernel/fragment.h"
#include "ir/status.h"

namespace cermet::kernel {
namespace {

Inst OfKind(InstKind kind, std::vector<ValueId> operands = {}) {
  Inst inst;
  inst.kind = kind;
  inst.operands = std::move(operands);
  return inst;
}

Inst OfOp(OpCode op, std::vector<ValueId> operands) {
  Inst inst = OfKind(InstKind::kCompute, std::move(operands));
  inst.op = op;
  return inst;
}

}  // namespace

ValueId KernelBuilder::AppendValue(Inst inst, ValueType type) {
  const ValueId result = kernel_->NewValue(std::move(type));
  inst.results = {result};
  Append(std::move(inst));
  return result;
}

ValueId KernelBuilder::Constant(DType dtype, ScalarBits bits) {
  Inst inst = OfKind(InstKind::kConstant);
  inst.bits = bits;
  return AppendValue(std::move(inst), {dtype, {}});
}

ValueId KernelBuilder::Index(int64_t value) {
  return Constant(DType::kI64, static_cast<ScalarBits>(value));
}

ValueId KernelBuilder::DimValue(const Dim& dim) {
  if (dim.IsConstant()) return Index(dim.value());
  Inst inst = OfKind(InstKind::kDim);
  inst.dim = dim;
  return AppendValue(std::move(inst), {DType::kI64, {}});
}

ValueId KernelBuilder::Iota(std::vector<int64_t> extents, int64_t axis) {
  Inst inst = OfKind(InstKind::kIota);
  inst.axis = axis;
  return AppendValue(std::move(inst), {DType::kI64, std::move(extents)});
}

ValueId KernelBuilder::Iota(Fragment fragment, int64_t axis) {
  Inst inst = OfKind(InstKind::kIota);
  inst.axis = axis;
  return AppendValue(std::move(inst), {DType::kI64, {ElementsPerThread(fragment)}, fragment});
}

ValueId KernelBuilder::Compute(OpCode op, std::vector<ValueId> operands) {
  CERMET_CHECK(op != OpCode::kConvert && op != OpCode::kBitcast && op != OpCode::kCompare);
  const DType operand_type = kernel_->type(operands[op == OpCode::kSelect ? 1 : 0]).dtype;
  std::optional<ValueType> type =
      ValueType{op == OpCode::kIsFinite ? DType::kBool : operand_type, {}};
  for (ValueId operand : operands) {
    type = BroadcastTypes(type->dtype, *type, kernel_->type(operand));
    CERMET_CHECK(type.has_value());
  }
  return AppendValue(OfOp(op, std::move(operands)), *std::move(type));
}

ValueId KernelBuilder::Compare(CompareDirection direction, ValueId a, ValueId b) {
  std::optional<ValueType> type = BroadcastTypes(DType::kBool, kernel_->type(a), kernel_->type(b));
  CERMET_CHECK(type.has_value());
  Inst inst = OfOp(OpCode::kCompare, {a, b});
  inst.direction = direction;
  return AppendValue(std::move(inst), *std::move(type));
}

ValueId KernelBuilder::Convert(ValueId value, DType dtype) {
  ValueType type = kernel_->type(value);
  type.dtype = dtype;
  return AppendValue(OfOp(OpCode::kConvert, {value}), std::move(type));
}

ValueId KernelBuilder::Bitcast(ValueId value, DType dtype) {
  ValueType type = kernel_->type(value);
  type.dtype = dtype;
  return AppendValue(OfOp(OpCode::kBitcast, {value}), std::move(type));
}

ValueId KernelBuilder::FloorDiv(ValueId a, ValueId b) { return Compute(OpCode::kDiv, {a, b}); }
ValueId KernelBuilder::FloorMod(ValueId a, ValueId b) { return Compute(OpCode::kRem, {a, b}); }

ValueId KernelBuilder::Load(int32_t buffer, std::vector<ValueId> indices, ValueId mask,
                            int64_t lanes) {
  std::optional<ValueType> type = ValueType{kernel_->buffers[buffer].dtype, {}};
  if (lanes > 0) {
    type->extents = {lanes};
  } else {
    for (ValueId index : indices) {
      type = BroadcastTypes(type->dtype, *type, kernel_->type(index));
      CERMET_CHECK(type.has_value());
    }
  }
  Inst inst = OfKind(InstKind::kLoad, std::move(indices));
  inst.buffer = buffer;
  inst.mask = mask;
  inst.lanes = lanes;
  return AppendValue(std::move(inst), *std::move(type));
}

void KernelBuilder::Store(int32_t buffer, ValueId value, std::vector<ValueId> indices, ValueId mask,
                          int64_t lanes) {
  Inst inst = OfKind(InstKind::kStore, {value});
  inst.buffer = buffer;
  inst.operands.insert(inst.operands.end(), indices.begin(), indices.end());
  inst.mask = mask;
  inst.lanes = lanes;
  Append(std::move(inst));
}

ValueId KernelBuilder::Slice(ValueId tile, int64_t axis, int64_t start, int64_t size) {
  Inst inst = OfKind(InstKind::kSlice, {tile});
  inst.axis = axis;
  inst.start = start;
  ValueType type = kernel_->type(tile);
  CERMET_CHECK(axis < static_cast<int64_t>(type.extents.size()) &&
               start + size <= type.extents[axis]);
  type.extents[axis] = size;
  return AppendValue(std::move(inst), std::move(type));
}

ValueId KernelBuilder::Extract(ValueId tile, int64_t lane) {
  Inst inst = OfKind(InstKind::kExtract, {tile});
  inst.start = lane;
  return AppendValue(std::move(inst), {kernel_->type(tile).dtype, {}});
}

ValueId KernelBuilder::Splat(ValueId value, std::vector<int64_t> extents) {
  return AppendValue(OfKind(InstKind::kSplat, {value}),
                     {kernel_->type(value).dtype, std::move(extents)});
}

ValueId KernelBuilder::Splat(ValueId scalar, Fragment fragment) {
  return AppendValue(OfKind(InstKind::kSplat, {scalar}),
                     {kernel_->type(scalar).dtype, {ElementsPerThread(fragment)}, fragment});
}

void KernelBuilder::Barrier() { Append(OfKind(InstKind::kBarrier)); }

ValueId KernelBuilder::Shuffle(ValueId value, ShuffleKind kind, int64_t count) {
  Inst inst = OfKind(InstKind::kShuffle, {value});
  inst.shuffle = kind;
  inst.count = count;
  return AppendValue(std::move(inst), ValueType(kernel_->type(value)));
}

void KernelBuilder::CopyAsync(int32_t buffer, const std::vector<ValueId>& indices, int32_t source,
                              const std::vector<ValueId>& source_indices, ValueId mask,
                              int64_t lanes) {
  Inst inst = OfKind(InstKind::kCopyAsync, indices);
  inst.operands.insert(inst.operands.end(), source_indices.begin(), source_indices.end());
  inst.buffer = buffer;
  inst.source = source;
  inst.mask = mask;
  inst.lanes = lanes;
  Append(std::move(inst));
}

void KernelBuilder::Commit() { Append(OfKind(InstKind::kCommit)); }

void KernelBuilder::Wait(int64_t groups_left) {
  Inst inst = OfKind(InstKind::kWait);
  inst.count = groups_left;
  Append(std::move(inst));
}

ValueId KernelBuilder::Mma(MmaMode mode, ValueId a, ValueId b, ValueId c) {
  Inst inst = OfKind(InstKind::kMma, {a, b, c});
  inst.mma = mode;
  return AppendValue(std::move(inst), ValueType(kernel_->type(c)));
}

void KernelBuilder::Check(ValueId condition, ValueId index, int64_t code, std::string message) {
  Inst inst = OfKind(InstKind::kCheck, {condition, index});
  inst.code = code;
  inst.message = std::move(message);
  Append(std::move(inst));
}

std::vector<ValueId> KernelBuilder::For(
    ValueId lower, ValueId upper, int64_t step, LoopKind loop, absl::string_view iv_name,
    const std::vector<ValueId>& inits,
    const std::function<std::vector<ValueId>(KernelBuilder&, ValueId, const std::vector<ValueId>&)>&
        body) {
  Inst inst;
  inst.kind = InstKind::kFor;
  inst.loop = loop;
  inst.step = step;
  inst.iv_name = std::string(iv_name);
  inst.operands = {lower, upper};
  inst.operands.insert(inst.operands.end(), inits.begin(), inits.end());
  inst.blocks.resize(1);
  Block& block = inst.blocks[0];
  const ValueId iv = kernel_->NewValue({DType::kI64, {}});
  block.params = {iv};
  std::vector<ValueId> carried;
  for (ValueId init : inits) {
    carried.push_back(kernel_->NewValue(ValueType(kernel_->type(init))));
  }
  block.params.insert(block.params.end(), carried.begin(), carried.end());
  KernelBuilder builder(kernel_, &block);
  block.yields = body(builder, iv, carried);
  for (ValueId init : inits) {
    inst.results.push_back(kernel_->NewValue(ValueType(kernel_->type(init))));
  }
  std::vector<ValueId> results = inst.results;
  Append(std::move(inst));
  return results;
}

std::vector<ValueId> KernelBuilder::ForLanes(
    ValueId lower, ValueId upper, int64_t order_lanes, absl::string_view iv_name,
    const std::vector<ValueId>& inits,
    const std::function<std::vector<ValueId>(KernelBuilder&, ValueId, const std::vector<ValueId>&)>&
        body,
    const std::function<std::vector<ValueId>(KernelBuilder&, const std::vector<ValueId>&,
                                             const std::vector<ValueId>&)>& combine) {
  std::vector<ValueId> results = For(lower, upper, 1, LoopKind::kSerial, iv_name, inits, body);
  Inst& loop = block_->insts.back();
  loop.order_lanes = order_lanes;
  Block& block = loop.blocks.emplace_back();
  std::vector<ValueId> left, right;
  for (std::vector<ValueId>* side : {&left, &right}) {
    for (ValueId init : inits) {
      side->push_back(kernel_->NewValue(ValueType(kernel_->type(init))));
    }
    block.params.insert(block.params.end(), side->begin(), side->end());
  }
  KernelBuilder builder(kernel_, &block);
  block.yields = combine(builder, left, right);
  return results;
}

std::vector<ValueId> KernelBuilder::If(
    ValueId condition, const std::function<std::vector<ValueId>(KernelBuilder&)>& then_body,
    const std::function<std::vector<ValueId>(KernelBuilder&)>& else_body) {
  Inst inst;
  inst.kind = InstKind::kIf;
  inst.operands = {condition};
  inst.blocks.resize(2);
  KernelBuilder then_builder(kernel_, &inst.blocks[0]);
  inst.blocks[0].yields = then_body(then_builder);
  KernelBuilder else_builder(kernel_, &inst.blocks[1]);
  inst.blocks[1].yields = else_body(else_builder);
  for (ValueId yielded : inst.blocks[0].yields) {
    inst.results.push_back(kernel_->NewValue(ValueType(kernel_->type(yielded))));
  }
  std::vector<ValueId> results = inst.results;
  Append(std::move(inst));
  return results;
}

}  // namespace cermet::kernel
