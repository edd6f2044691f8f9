// Kernels as data, and the builder that appends instructions with the result types that the rules
// of kernel.h give.
#include "ir/kernel/kernel.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ir/status.h"

namespace cermet::kernel {
namespace {

void CollectSymbols(const Block& block, std::vector<std::string>* names) {
  for (const Inst& inst : block.insts) {
    if (inst.kind == InstKind::kDim) inst.dim.CollectSymbols(names);
    for (const Block& body : inst.blocks) CollectSymbols(body, names);
  }
}

// Instructions that may stand before the parallel loop: they only compute values for it.
bool IsPure(InstKind kind) {
  switch (kind) {
    case InstKind::kConstant:
    case InstKind::kDim:
    case InstKind::kIota:
    case InstKind::kCompute:
    case InstKind::kLoad:
    case InstKind::kSlice:
    case InstKind::kExtract:
    case InstKind::kSplat:
      return true;
    case InstKind::kStore:
    case InstKind::kFor:
    case InstKind::kIf:
    case InstKind::kBarrier:
    case InstKind::kCheck:
      return false;
  }
  CERMET_UNREACHABLE();
}

}  // namespace

int64_t ValueType::num_elements() const {
  int64_t product = 1;
  for (int64_t extent : extents) product *= extent;
  return product;
}

std::string ValueType::ToString() const {
  if (IsScalar()) return std::string(Name(dtype));
  return absl::StrCat(Name(dtype), "<", absl::StrJoin(extents, "x"), ">");
}

std::optional<std::vector<int64_t>> BroadcastExtents(const std::vector<int64_t>& a,
                                                     const std::vector<int64_t>& b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  if (a.size() != b.size()) return std::nullopt;
  std::vector<int64_t> result(a.size());
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && a[i] != 1 && b[i] != 1) return std::nullopt;
    result[i] = std::max(a[i], b[i]);
  }
  return result;
}

Shape Packing::PackedShape() const {
  Shape shape = {Dim::CeilDiv(logical[dim], block)};
  for (int64_t i = 0; i < static_cast<int64_t>(logical.size()); ++i) {
    if (i != dim) shape.push_back(logical[i]);
  }
  shape.push_back(block);
  return shape;
}

std::string Packing::ToString() const {
  return absl::StrCat("packed(dim ", dim, " by ", block, " of ", cermet::ToString(logical), ")");
}

ValueId Kernel::NewValue(ValueType type) {
  value_types.push_back(std::move(type));
  return static_cast<ValueId>(value_types.size()) - 1;
}

std::vector<std::string> Kernel::Symbols() const {
  std::vector<std::string> names;
  for (const Buffer& buffer : buffers) {
    for (const Dim& dim : buffer.shape) dim.CollectSymbols(&names);
  }
  CollectSymbols(body, &names);
  return names;
}

int64_t Kernel::num_arguments() const {
  return std::count_if(buffers.begin(), buffers.end(),
                       [](const Buffer& buffer) { return buffer.space == MemorySpace::kGlobal; });
}

const Inst* Kernel::ParallelLoop() const {
  if (body.insts.empty()) return nullptr;
  const Inst& last = body.insts.back();
  if (last.kind != InstKind::kFor) return nullptr;
  if (last.loop != LoopKind::kParallel && last.loop != LoopKind::kBlock) return nullptr;
  for (size_t i = 0; i + 1 < body.insts.size(); ++i) {
    if (!IsPure(body.insts[i].kind)) return nullptr;
  }
  return &last;
}

ValueId KernelBuilder::Constant(DType dtype, ScalarBits bits) {
  Inst inst;
  inst.kind = InstKind::kConstant;
  inst.bits = bits;
  const ValueId result = kernel_->NewValue({dtype, {}});
  inst.results = {result};
  Append(std::move(inst));
  return result;
}

ValueId KernelBuilder::Index(int64_t value) {
  return Constant(DType::kI64, static_cast<ScalarBits>(value));
}

ValueId KernelBuilder::DimValue(const Dim& dim) {
  if (dim.IsConstant()) return Index(dim.value());
  Inst inst;
  inst.kind = InstKind::kDim;
  inst.dim = dim;
  const ValueId result = kernel_->NewValue({DType::kI64, {}});
  inst.results = {result};
  Append(std::move(inst));
  return result;
}

ValueId KernelBuilder::Iota(std::vector<int64_t> extents, int64_t axis) {
  Inst inst;
  inst.kind = InstKind::kIota;
  inst.axis = axis;
  const ValueId result = kernel_->NewValue({DType::kI64, std::move(extents)});
  inst.results = {result};
  Append(std::move(inst));
  return result;
}

ValueId KernelBuilder::Compute(OpCode op, std::vector<ValueId> operands) {
  CERMET_CHECK(op != OpCode::kConvert && op != OpCode::kBitcast && op != OpCode::kCompare);
  ValueType type{kernel_->type(operands[op == OpCode::kSelect ? 1 : 0]).dtype, {}};
  if (op == OpCode::kIsFinite) type.dtype = DType::kBool;
  for (ValueId operand : operands) {
    std::optional<std::vector<int64_t>> extents =
        BroadcastExtents(type.extents, kernel_->type(operand).extents);
    CERMET_CHECK(extents.has_value());
    type.extents = *std::move(extents);
  }
  Inst inst;
  inst.kind = InstKind::kCompute;
  inst.op = op;
  inst.operands = std::move(operands);
  const ValueId result = kernel_->NewValue(std::move(type));
  inst.results = {result};
  Append(std::move(inst));
  return result;
}

ValueId KernelBuilder::Compare(CompareDirection direction, ValueId a, ValueId b) {
  std::optional<std::vector<int64_t>> extents =
      BroadcastExtents(kernel_->type(a).extents, kernel_->type(b).extents);
  CERMET_CHECK(extents.has_value());
  Inst inst;
  inst.kind = InstKind::kCompute;
  inst.op = OpCode::kCompare;
  inst.direction = direction;
  inst.operands = {a, b};
  const ValueId result = kernel_->NewValue({DType::kBool, *std::move(extents)});
  inst.results = {result};
  Append(std::move(inst));
  return result;
}

ValueId KernelBuilder::Convert(ValueId value, DType dtype) {
  Inst inst;
  inst.kind = InstKind::kCompute;
  inst.op = OpCode::kConvert;
  inst.operands = {value};
  const ValueId result = kernel_->NewValue({dtype, kernel_->type(value).extents});
  inst.results = {result};
  Append(std::move(inst));
  return result;
}

ValueId KernelBuilder::Bitcast(ValueId value, DType dtype) {
  Inst inst;
  inst.kind = InstKind::kCompute;
  inst.op = OpCode::kBitcast;
  inst.operands = {value};
  const ValueId result = kernel_->NewValue({dtype, kernel_->type(value).extents});
  inst.results = {result};
  Append(std::move(inst));
  return result;
}

ValueId KernelBuilder::FloorDiv(ValueId a, ValueId b) { return Compute(OpCode::kDiv, {a, b}); }
ValueId KernelBuilder::FloorMod(ValueId a, ValueId b) { return Compute(OpCode::kRem, {a, b}); }

ValueId KernelBuilder::Load(int32_t buffer, std::vector<ValueId> indices, ValueId mask,
                            int64_t lanes) {
  ValueType type{kernel_->buffers[buffer].dtype, {}};
  if (lanes > 0) {
    type.extents = {lanes};
  } else {
    for (ValueId index : indices) {
      std::optional<std::vector<int64_t>> extents =
          BroadcastExtents(type.extents, kernel_->type(index).extents);
      CERMET_CHECK(extents.has_value());
      type.extents = *std::move(extents);
    }
  }
  Inst inst;
  inst.kind = InstKind::kLoad;
  inst.buffer = buffer;
  inst.operands = std::move(indices);
  inst.mask = mask;
  inst.lanes = lanes;
  const ValueId result = kernel_->NewValue(std::move(type));
  inst.results = {result};
  Append(std::move(inst));
  return result;
}

void KernelBuilder::Store(int32_t buffer, ValueId value, std::vector<ValueId> indices, ValueId mask,
                          int64_t lanes) {
  Inst inst;
  inst.kind = InstKind::kStore;
  inst.buffer = buffer;
  inst.operands = {value};
  inst.operands.insert(inst.operands.end(), indices.begin(), indices.end());
  inst.mask = mask;
  inst.lanes = lanes;
  Append(std::move(inst));
}

ValueId KernelBuilder::Slice(ValueId tile, int64_t axis, int64_t start, int64_t size) {
  Inst inst;
  inst.kind = InstKind::kSlice;
  inst.operands = {tile};
  inst.axis = axis;
  inst.start = start;
  ValueType type = kernel_->type(tile);
  CERMET_CHECK(axis < static_cast<int64_t>(type.extents.size()) &&
               start + size <= type.extents[axis]);
  type.extents[axis] = size;
  const ValueId result = kernel_->NewValue(std::move(type));
  inst.results = {result};
  Append(std::move(inst));
  return result;
}

ValueId KernelBuilder::Extract(ValueId tile, int64_t lane) {
  Inst inst;
  inst.kind = InstKind::kExtract;
  inst.operands = {tile};
  inst.start = lane;
  const ValueId result = kernel_->NewValue({kernel_->type(tile).dtype, {}});
  inst.results = {result};
  Append(std::move(inst));
  return result;
}

ValueId KernelBuilder::Splat(ValueId value, std::vector<int64_t> extents) {
  Inst inst;
  inst.kind = InstKind::kSplat;
  inst.operands = {value};
  const ValueId result = kernel_->NewValue({kernel_->type(value).dtype, std::move(extents)});
  inst.results = {result};
  Append(std::move(inst));
  return result;
}

void KernelBuilder::Barrier() {
  Inst inst;
  inst.kind = InstKind::kBarrier;
  Append(std::move(inst));
}

void KernelBuilder::Check(ValueId condition, ValueId index, int64_t code, std::string message) {
  Inst inst;
  inst.kind = InstKind::kCheck;
  inst.operands = {condition, index};
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
