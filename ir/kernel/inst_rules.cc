// One method per kind of instruction. Operand counts come from the table (insts.def) where they are
// fixed.
#include "ir/kernel/inst_rules.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ir/kernel/fragment.h"
#include "ir/status.h"

namespace cermet::kernel {
namespace {

ValueType IndexType() { return {DType::kI64, {}}; }
ValueType ConditionType() { return {DType::kBool, {}}; }

}  // namespace

absl::Status InstRules::Error(const Inst& inst, absl::string_view message) const {
  return absl::InvalidArgumentError(
      absl::StrCat("kernel @", kernel_.name, ": ", Describe(inst), ": ", message));
}

std::string InstRules::Describe(const Inst& inst) const {
  if (inst.kind == InstKind::kCompute) return std::string(Name(inst.op));
  if (inst.kind == InstKind::kLoad) return absl::StrCat("load from ", BufferName(inst.buffer));
  if (inst.kind == InstKind::kStore) return absl::StrCat("store to ", BufferName(inst.buffer));
  if (inst.kind == InstKind::kFor) return absl::StrCat("loop over %", inst.iv_name);
  if (inst.kind == InstKind::kCopyAsync) {
    return absl::StrCat("copy_async to ", BufferName(inst.buffer));
  }
  return std::string(Name(inst.kind));
}

bool InstRules::HasBuffer(int32_t buffer) const {
  return buffer >= 0 && buffer < static_cast<int32_t>(kernel_.buffers.size());
}

std::string InstRules::BufferName(int32_t buffer) const {
  return HasBuffer(buffer) ? absl::StrCat("%", kernel_.buffers[buffer].name) : "no buffer";
}

absl::Status InstRules::ExpectCounts(const Inst& inst, size_t operands, size_t results) const {
  if (inst.operands.size() != operands || inst.results.size() != results) {
    return Error(inst,
                 absl::StrCat("takes ", operands, " operands and gives ", results, " results, not ",
                              inst.operands.size(), " and ", inst.results.size()));
  }
  return absl::OkStatus();
}

absl::Status InstRules::CheckCounts(const Inst& inst) const {
  const InstInfo& info = Info(inst.kind);
  return ExpectCounts(inst, info.operands < 0 ? inst.operands.size() : info.operands,
                      info.results < 0 ? inst.results.size() : info.results);
}

absl::Status InstRules::ExpectType(const Inst& inst, ValueId value, const ValueType& type) const {
  if (kernel_.type(value) != type) {
    return Error(inst, absl::StrCat("expected ", type.ToString(), ", found ",
                                    kernel_.type(value).ToString()));
  }
  return absl::OkStatus();
}

absl::Status InstRules::Check(const Inst& inst) const {
  CERMET_RETURN_IF_ERROR(CheckCounts(inst));
  switch (inst.kind) {
    case InstKind::kConstant:
      if (!kernel_.type(inst.results[0]).IsScalar()) return Error(inst, "a constant is a scalar");
      return absl::OkStatus();
    case InstKind::kDim:
      return ExpectType(inst, inst.results[0], IndexType());
    case InstKind::kIota:
      return CheckIota(inst);
    case InstKind::kCompute:
      return CheckCompute(inst);
    case InstKind::kLoad:
    case InstKind::kStore:
      return CheckAccess(inst);
    case InstKind::kSlice:
      return CheckSlice(inst);
    case InstKind::kExtract:
      return CheckExtract(inst);
    case InstKind::kSplat:
      return CheckSplat(inst);
    case InstKind::kIf:
      return ExpectType(inst, inst.operands[0], ConditionType());
    case InstKind::kCheck:
      CERMET_RETURN_IF_ERROR(ExpectType(inst, inst.operands[0], ConditionType()));
      return ExpectType(inst, inst.operands[1], IndexType());
    case InstKind::kShuffle:
      return CheckShuffle(inst);
    case InstKind::kCopyAsync:
      return CheckCopy(inst);
    case InstKind::kWait:
      if (inst.count < 0) return Error(inst, "leaves a negative number of groups");
      return absl::OkStatus();
    case InstKind::kMma:
      return CheckMma(inst);
    case InstKind::kFor:
    case InstKind::kBarrier:
    case InstKind::kCommit:
      return absl::OkStatus();
  }
  CERMET_UNREACHABLE();
}

absl::Status InstRules::CheckIota(const Inst& inst) const {
  const ValueType& type = kernel_.type(inst.results[0]);
  const bool fragment = type.fragment != Fragment::kNone;
  const int64_t axes = fragment ? 2 : static_cast<int64_t>(type.extents.size());
  if (type.dtype != DType::kI64 || inst.axis < 0 || inst.axis >= axes) {
    return Error(inst, "gives an i64 tile that has the axis");
  }
  for (int64_t i = 0; i < axes && !fragment; ++i) {
    if (i != inst.axis && type.extents[i] != 1)
      return Error(inst, "other extents than the axis are 1");
  }
  return absl::OkStatus();
}

absl::Status InstRules::CheckCompute(const Inst& inst) const {
  const OpInfo& info = Info(inst.op);
  if (info.op_class != OpClass::kElementwise) return Error(inst, "is not a basic elementwise op");
  CERMET_RETURN_IF_ERROR(ExpectCounts(inst, info.min_operands, 1));
  const size_t first_data = inst.op == OpCode::kSelect ? 1 : 0;
  const DType dtype = kernel_.type(inst.operands[first_data]).dtype;
  if (first_data == 1 && kernel_.type(inst.operands[0]).dtype != DType::kBool) {
    return Error(inst, "the condition is not bool");
  }
  if (!Contains(info.dtypes, dtype))
    return Error(inst, absl::StrCat("does not take ", Name(dtype)));
  ValueType result{dtype, {}};
  for (size_t i = 0; i < inst.operands.size(); ++i) {
    const ValueType& type = kernel_.type(inst.operands[i]);
    if (i >= first_data && type.dtype != dtype) {
      return Error(inst, absl::StrCat("operands are ", Name(dtype), " and ", Name(type.dtype)));
    }
    std::optional<ValueType> joined = BroadcastTypes(dtype, result, type);
    if (!joined)
      return Error(inst, absl::StrCat("an operand of type ", type.ToString(),
                                      " does not broadcast with the others"));
    result = *std::move(joined);
  }
  const DType given = kernel_.type(inst.results[0]).dtype;
  if (inst.op == OpCode::kCompare || inst.op == OpCode::kIsFinite) result.dtype = DType::kBool;
  if (inst.op == OpCode::kConvert) result.dtype = given;
  if (inst.op == OpCode::kBitcast) {
    if (ByteSize(given) != ByteSize(dtype)) return Error(inst, "changes the size of the element");
    result.dtype = given;
  }
  return ExpectType(inst, inst.results[0], result);
}

absl::Status InstRules::CheckAccess(const Inst& inst) const {
  if (!HasBuffer(inst.buffer)) return Error(inst, "has no buffer");
  const Buffer& buffer = kernel_.buffers[inst.buffer];
  const bool store = inst.kind == InstKind::kStore;
  const size_t rank = buffer.shape.size();
  const size_t first = store ? 1 : 0;
  CERMET_RETURN_IF_ERROR(ExpectCounts(inst, rank + first, store ? 0 : 1));
  if (buffer.space == MemorySpace::kGlobal &&
      buffer.access == (store ? Access::kIn : Access::kOut)) {
    return Error(inst, store ? "the buffer is an input" : "the buffer is an output");
  }
  ValueType access{buffer.dtype, {}};
  for (size_t i = first; i < inst.operands.size(); ++i) {
    const ValueType& type = kernel_.type(inst.operands[i]);
    if (type.dtype != DType::kI64) return Error(inst, "an index is not i64");
    if (inst.lanes > 0 && !type.IsScalar())
      return Error(inst, "an access to lanes has scalar indices");
    std::optional<ValueType> joined = BroadcastTypes(buffer.dtype, access, type);
    if (!joined) return Error(inst, "the indices do not broadcast");
    access = *std::move(joined);
  }
  if (inst.lanes < 0 || inst.lanes > kMaxTileElements || (inst.lanes > 0 && rank == 0)) {
    return Error(inst, "no such lanes");
  }
  if (inst.lanes > 0) access.extents = {inst.lanes};
  const ValueId value = store ? inst.operands[0] : inst.results[0];
  if (store ? !Broadcasts(value, access) : kernel_.type(value) != access) {
    return Error(inst, absl::StrCat("the access is ", access.ToString(), ", the value ",
                                    kernel_.type(value).ToString()));
  }
  access.dtype = DType::kBool;
  if (inst.mask != kNoValue && !Broadcasts(inst.mask, access)) {
    return Error(inst, absl::StrCat("the mask is ", kernel_.type(inst.mask).ToString(), ", not ",
                                    access.ToString()));
  }
  return absl::OkStatus();
}

bool InstRules::Broadcasts(ValueId value, const ValueType& to) const {
  const ValueType& type = kernel_.type(value);
  return type.dtype == to.dtype && BroadcastTypes(to.dtype, type, to) == to;
}

absl::Status InstRules::CheckSplat(const Inst& inst) const {
  const ValueType& to = kernel_.type(inst.results[0]);
  if (to.IsScalar() || !Broadcasts(inst.operands[0], to)) {
    return Error(inst, absl::StrCat(kernel_.type(inst.operands[0]).ToString(),
                                    " does not broadcast to ", to.ToString()));
  }
  return absl::OkStatus();
}

absl::Status InstRules::CheckExtract(const Inst& inst) const {
  const ValueType& from = kernel_.type(inst.operands[0]);
  if (from.extents.size() != 1 || inst.start < 0 || inst.start >= from.extents[0]) {
    return Error(inst, absl::StrCat("no element ", inst.start, " in ", from.ToString()));
  }
  return ExpectType(inst, inst.results[0], {from.dtype, {}});
}

absl::Status InstRules::CheckSlice(const Inst& inst) const {
  const ValueType& from = kernel_.type(inst.operands[0]);
  const ValueType& to = kernel_.type(inst.results[0]);
  const size_t axis = static_cast<size_t>(inst.axis);
  if (from.fragment != Fragment::kNone) return Error(inst, "a fragment has no slices");
  if (inst.axis < 0 || axis >= from.extents.size() || to.extents.size() != from.extents.size() ||
      inst.start < 0 || inst.start > from.extents[axis] - to.extents[axis]) {
    return Error(inst, absl::StrCat("is outside ", from.ToString()));
  }
  ValueType expected = from;
  expected.extents[axis] = to.extents[axis];
  return ExpectType(inst, inst.results[0], expected);
}

absl::Status InstRules::CheckShuffle(const Inst& inst) const {
  const ValueType& type = kernel_.type(inst.operands[0]);
  if (!type.IsScalar()) return Error(inst, absl::StrCat("takes a scalar, not ", type.ToString()));
  const int64_t least = inst.shuffle == ShuffleKind::kLane ? 0 : 1;
  if (inst.count < least || inst.count >= kWarpSize) {
    return Error(inst, absl::StrCat(Name(inst.shuffle), " takes ", least, " to ", kWarpSize - 1,
                                    ", not ", inst.count));
  }
  return ExpectType(inst, inst.results[0], type);
}

absl::Status InstRules::CheckCopy(const Inst& inst) const {
  if (!HasBuffer(inst.buffer) || !HasBuffer(inst.source)) return Error(inst, "has no buffer");
  const Buffer& to = kernel_.buffers[inst.buffer];
  const Buffer& from = kernel_.buffers[inst.source];
  CERMET_RETURN_IF_ERROR(ExpectCounts(inst, to.shape.size() + from.shape.size(), 0));
  if (to.space != MemorySpace::kShared || from.space != MemorySpace::kGlobal ||
      from.access == Access::kOut) {
    return Error(inst, "copies go from an input to a shared buffer");
  }
  if (to.dtype != from.dtype) {
    return Error(inst, absl::StrCat("copies ", Name(from.dtype), " to ", Name(to.dtype)));
  }
  for (ValueId index : inst.operands) {
    CERMET_RETURN_IF_ERROR(ExpectType(inst, index, IndexType()));
  }
  if (inst.lanes < 0 || inst.lanes > 16 ||
      (inst.lanes > 0 && (to.shape.empty() || from.shape.empty()))) {
    return Error(inst, "no such lanes");
  }
  const int64_t bytes = std::max<int64_t>(inst.lanes, 1) * ByteSize(to.dtype);
  if (bytes != 4 && bytes != 8 && bytes != 16) {
    return Error(inst, absl::StrCat("copies 4, 8 or 16 bytes, not ", bytes));
  }
  if (inst.mask != kNoValue) return ExpectType(inst, inst.mask, ConditionType());
  return absl::OkStatus();
}

absl::Status InstRules::CheckMma(const Inst& inst) const {
  const MmaShape shape = ShapeOf(inst.mma);
  CERMET_RETURN_IF_ERROR(ExpectType(inst, inst.operands[0], shape.a));
  CERMET_RETURN_IF_ERROR(ExpectType(inst, inst.operands[1], shape.b));
  CERMET_RETURN_IF_ERROR(ExpectType(inst, inst.operands[2], shape.c));
  return ExpectType(inst, inst.results[0], shape.c);
}

}  // namespace cermet::kernel
