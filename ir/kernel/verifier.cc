// Checks the invariants that verifier.h lists, in one walk over the kernel; a second one finds
// barriers under divergent control flow.
#include "ir/kernel/verifier.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ir/kernel/kernel.h"
#include "ir/kernel/uniformity.h"
#include "ir/lexer.h"
#include "ir/status.h"

namespace cermet::kernel {
namespace {

bool IsPowerOfTwo(int64_t value) { return value > 0 && (value & (value - 1)) == 0; }

class Verifier {
 public:
  explicit Verifier(const Kernel& kernel)
      : kernel_(kernel),
        defined_(kernel.value_types.size()),
        constant_(kernel.value_types.size()),
        in_scope_(kernel.value_types.size()) {}

  absl::Status Run() {
    CERMET_RETURN_IF_ERROR(VerifyBuffers());
    for (const ValueType& type : kernel_.value_types) CERMET_RETURN_IF_ERROR(VerifyType(type));
    if (!kernel_.body.params.empty() || !kernel_.body.yields.empty()) {
      return Error("the body takes and yields nothing");
    }
    CERMET_RETURN_IF_ERROR(VerifyBlock(kernel_.body, Place()));
    if (HasDivergentBarrier(kernel_)) return Error("a barrier stands under divergent control flow");
    return absl::OkStatus();
  }

 private:
  // The loops around a block.
  struct Place {
    bool in_thread = false;
    bool only_blocks = true;             // nothing but block loops around
    LoopKind parent = LoopKind::kBlock;  // of the innermost loop or `if` (kSerial) around
  };

  absl::Status Error(absl::string_view message) const {
    return absl::InvalidArgumentError(absl::StrCat("kernel @", kernel_.name, ": ", message));
  }
  absl::Status Error(const Inst& inst, absl::string_view message) const {
    return Error(absl::StrCat(Describe(inst), ": ", message));
  }

  std::string Describe(const Inst& inst) const {
    switch (inst.kind) {
      case InstKind::kConstant:
        return "constant";
      case InstKind::kDim:
        return "dim";
      case InstKind::kIota:
        return "iota";
      case InstKind::kCompute:
        return std::string(Name(inst.op));
      case InstKind::kLoad:
        return absl::StrCat("load from ", BufferName(inst));
      case InstKind::kStore:
        return absl::StrCat("store to ", BufferName(inst));
      case InstKind::kSlice:
        return "slice";
      case InstKind::kExtract:
        return "extract";
      case InstKind::kSplat:
        return "splat";
      case InstKind::kFor:
        return absl::StrCat("loop over %", inst.iv_name);
      case InstKind::kIf:
        return "if";
      case InstKind::kBarrier:
        return "barrier";
      case InstKind::kCheck:
        return "check";
    }
    CERMET_UNREACHABLE();
  }

  bool HasBuffer(const Inst& inst) const {
    return inst.buffer >= 0 && inst.buffer < static_cast<int32_t>(kernel_.buffers.size());
  }
  std::string BufferName(const Inst& inst) const {
    if (!HasBuffer(inst)) return "no buffer";
    return absl::StrCat("%", kernel_.buffers[inst.buffer].name);
  }

  absl::Status VerifyType(const ValueType& type) const {
    if (type.dtype == DType::kToken) return Error("a value is a token");
    int64_t elements = 1;
    for (int64_t extent : type.extents) {
      if (extent < 1 || extent > kMaxTileElements / elements) {
        return Error("a tile has an extent below 1, or too many elements");
      }
      elements *= extent;
    }
    return absl::OkStatus();
  }

  absl::Status VerifyBuffers() const {
    std::set<std::string> names;
    bool arguments_over = false;
    for (const Buffer& buffer : kernel_.buffers) {
      if (!IsIdentifier(buffer.name)) {
        return Error(absl::StrCat("buffer name \"", buffer.name, "\" is not an identifier"));
      }
      if (!names.insert(buffer.name).second) {
        return Error(absl::StrCat("buffer %", buffer.name, " is declared twice"));
      }
      CERMET_RETURN_IF_ERROR(VerifyBuffer(buffer, arguments_over));
      arguments_over = buffer.space != MemorySpace::kGlobal;
    }
    return absl::OkStatus();
  }

  absl::Status VerifyBuffer(const Buffer& buffer, bool arguments_over) const {
    const std::string name = absl::StrCat("buffer %", buffer.name);
    if (buffer.dtype == DType::kToken) return Error(absl::StrCat(name, " holds tokens"));
    if (buffer.space == MemorySpace::kGlobal) {
      if (arguments_over)
        return Error(absl::StrCat(name, ": arguments stand before other buffers"));
    } else {
      for (const Dim& dim : buffer.shape) {
        if (!dim.IsConstant() || dim.value() < 0) {
          return Error(absl::StrCat(name, ": scratch and shared buffers have constant shapes"));
        }
      }
    }
    if (!buffer.packing) return absl::OkStatus();
    const Packing& packing = *buffer.packing;
    if (buffer.space != MemorySpace::kGlobal || buffer.access != Access::kIn) {
      return Error(absl::StrCat(name, ": only input arguments are packed"));
    }
    if (packing.dim < 0 || packing.dim >= static_cast<int64_t>(packing.logical.size()) ||
        packing.block < 1) {
      return Error(absl::StrCat(name, ": the packing names no dim, or a block below 1"));
    }
    if (packing.PackedShape() != buffer.shape) {
      return Error(absl::StrCat(name, ": shape ", cermet::ToString(buffer.shape),
                                " is not the packed shape ",
                                cermet::ToString(packing.PackedShape())));
    }
    return absl::OkStatus();
  }

  absl::Status Define(const Inst* inst, ValueId value) {
    const std::string what = inst == nullptr ? "a parameter" : Describe(*inst);
    if (value < 0 || value >= static_cast<ValueId>(defined_.size())) {
      return Error(absl::StrCat(what, " defines a value that the kernel does not have"));
    }
    if (defined_[value]) return Error(absl::StrCat(what, ": value ", value, " is defined twice"));
    defined_[value] = true;
    EnterScope(value);
    return absl::OkStatus();
  }

  void EnterScope(ValueId value) {
    in_scope_[value] = true;
    scope_.push_back(value);
  }
  // Leaves only the first `size` values in scope.
  void LeaveScope(size_t size) {
    for (; scope_.size() > size; scope_.pop_back()) in_scope_[scope_.back()] = false;
  }

  absl::Status CheckUse(const Inst& inst, ValueId value) const {
    if (value < 0 || value >= static_cast<ValueId>(in_scope_.size()) || !in_scope_[value]) {
      return Error(inst, absl::StrCat("value ", value, " is used where it is not defined"));
    }
    return absl::OkStatus();
  }

  absl::Status VerifyBlock(const Block& block, const Place& place) {
    bool has_threads = false;
    for (const Inst& inst : block.insts) {
      for (ValueId operand : inst.operands) CERMET_RETURN_IF_ERROR(CheckUse(inst, operand));
      if (inst.mask != kNoValue) CERMET_RETURN_IF_ERROR(CheckUse(inst, inst.mask));
      // Results are defined after the operands are checked, but are in scope only after the bodies.
      for (ValueId result : inst.results) {
        CERMET_RETURN_IF_ERROR(Define(&inst, result));
        LeaveScope(scope_.size() - 1);
      }
      if (inst.kind == InstKind::kFor && inst.loop == LoopKind::kThread) {
        if (has_threads) return Error(inst, "a block has two nests of thread loops");
        has_threads = true;
      }
      CERMET_RETURN_IF_ERROR(VerifyInst(inst, place));
      for (ValueId result : inst.results) EnterScope(result);
    }
    return absl::OkStatus();
  }

  // A nested block, its parameters and what it yields, of the types of `yielded`.
  absl::Status VerifyBody(const Inst& inst, const Block& body, const std::vector<ValueType>& params,
                          const std::vector<ValueType>& yielded, const Place& place) {
    const size_t outer = scope_.size();
    if (body.params.size() != params.size()) return Error(inst, "the body has other parameters");
    for (size_t i = 0; i < params.size(); ++i) {
      CERMET_RETURN_IF_ERROR(Define(nullptr, body.params[i]));
      if (kernel_.type(body.params[i]) != params[i]) {
        return Error(inst, "a parameter of the body has another type than what it carries");
      }
    }
    CERMET_RETURN_IF_ERROR(VerifyBlock(body, place));
    if (body.yields.size() != yielded.size()) {
      return Error(inst, absl::StrCat("the body yields ", body.yields.size(), " values, not ",
                                      yielded.size()));
    }
    for (size_t i = 0; i < yielded.size(); ++i) {
      CERMET_RETURN_IF_ERROR(CheckUse(inst, body.yields[i]));
      if (kernel_.type(body.yields[i]) != yielded[i]) {
        return Error(inst, absl::StrCat("the body yields ", kernel_.type(body.yields[i]).ToString(),
                                        ", not ", yielded[i].ToString()));
      }
    }
    LeaveScope(outer);
    return absl::OkStatus();
  }

  absl::Status ExpectOperands(const Inst& inst, size_t operands, size_t results) const {
    if (inst.operands.size() != operands || inst.results.size() != results) {
      return Error(
          inst, absl::StrCat("takes ", operands, " operands and gives ", results, " results, not ",
                             inst.operands.size(), " and ", inst.results.size()));
    }
    return absl::OkStatus();
  }

  absl::Status ExpectType(const Inst& inst, ValueId value, const ValueType& type) const {
    if (kernel_.type(value) != type) {
      return Error(inst, absl::StrCat("expected ", type.ToString(), ", found ",
                                      kernel_.type(value).ToString()));
    }
    return absl::OkStatus();
  }

  absl::Status VerifyInst(const Inst& inst, const Place& place) {
    static const ValueType kIndex{DType::kI64, {}};
    switch (inst.kind) {
      case InstKind::kConstant:
        CERMET_RETURN_IF_ERROR(ExpectOperands(inst, 0, 1));
        if (!kernel_.type(inst.results[0]).IsScalar()) return Error(inst, "a constant is a scalar");
        constant_[inst.results[0]] = true;
        return absl::OkStatus();
      case InstKind::kDim:
        CERMET_RETURN_IF_ERROR(ExpectOperands(inst, 0, 1));
        return ExpectType(inst, inst.results[0], kIndex);
      case InstKind::kIota:
        return VerifyIota(inst);
      case InstKind::kCompute:
        return VerifyCompute(inst);
      case InstKind::kLoad:
      case InstKind::kStore:
        return VerifyAccess(inst);
      case InstKind::kSlice:
      case InstKind::kExtract:
      case InstKind::kSplat:
        return VerifyTileInst(inst);
      case InstKind::kFor:
        return VerifyFor(inst, place);
      case InstKind::kIf:
        return VerifyIf(inst, place);
      case InstKind::kBarrier:
        CERMET_RETURN_IF_ERROR(ExpectOperands(inst, 0, 0));
        if (!place.in_thread) return Error(inst, "stands outside thread loops");
        return absl::OkStatus();
      case InstKind::kCheck:
        CERMET_RETURN_IF_ERROR(ExpectOperands(inst, 2, 0));
        CERMET_RETURN_IF_ERROR(ExpectType(inst, inst.operands[0], {DType::kBool, {}}));
        return ExpectType(inst, inst.operands[1], kIndex);
    }
    CERMET_UNREACHABLE();
  }

  absl::Status VerifyIota(const Inst& inst) const {
    CERMET_RETURN_IF_ERROR(ExpectOperands(inst, 0, 1));
    const ValueType& type = kernel_.type(inst.results[0]);
    const int64_t rank = static_cast<int64_t>(type.extents.size());
    if (type.dtype != DType::kI64 || inst.axis < 0 || inst.axis >= rank) {
      return Error(inst, "gives an i64 tile that has the axis");
    }
    for (int64_t i = 0; i < rank; ++i) {
      if (i != inst.axis && type.extents[i] != 1)
        return Error(inst, "other extents than the axis are 1");
    }
    return absl::OkStatus();
  }

  absl::Status VerifyCompute(const Inst& inst) const {
    const OpInfo& info = Info(inst.op);
    if (info.op_class != OpClass::kElementwise) return Error(inst, "is not a basic elementwise op");
    CERMET_RETURN_IF_ERROR(ExpectOperands(inst, info.min_operands, 1));
    const size_t first_data = inst.op == OpCode::kSelect ? 1 : 0;
    const DType dtype = kernel_.type(inst.operands[first_data]).dtype;
    if (first_data == 1 && kernel_.type(inst.operands[0]).dtype != DType::kBool) {
      return Error(inst, "the condition is not bool");
    }
    if (!Contains(info.dtypes, dtype))
      return Error(inst, absl::StrCat("does not take ", Name(dtype)));
    std::vector<int64_t> extents;
    for (size_t i = 0; i < inst.operands.size(); ++i) {
      const ValueType& type = kernel_.type(inst.operands[i]);
      if (i >= first_data && type.dtype != dtype) {
        return Error(inst, absl::StrCat("operands are ", Name(dtype), " and ", Name(type.dtype)));
      }
      std::optional<std::vector<int64_t>> joined = BroadcastExtents(extents, type.extents);
      if (!joined)
        return Error(inst, absl::StrCat("an operand of type ", type.ToString(),
                                        " does not broadcast with the others"));
      extents = *std::move(joined);
    }
    ValueType result{dtype, std::move(extents)};
    const DType given = kernel_.type(inst.results[0]).dtype;
    if (inst.op == OpCode::kCompare || inst.op == OpCode::kIsFinite) result.dtype = DType::kBool;
    if (inst.op == OpCode::kConvert) result.dtype = given;
    if (inst.op == OpCode::kBitcast) {
      if (ByteSize(given) != ByteSize(dtype)) return Error(inst, "changes the size of the element");
      result.dtype = given;
    }
    return ExpectType(inst, inst.results[0], result);
  }

  absl::Status VerifyAccess(const Inst& inst) const {
    if (!HasBuffer(inst)) return Error(inst, "has no buffer");
    const Buffer& buffer = kernel_.buffers[inst.buffer];
    const bool store = inst.kind == InstKind::kStore;
    const size_t rank = buffer.shape.size();
    const size_t first = store ? 1 : 0;
    CERMET_RETURN_IF_ERROR(ExpectOperands(inst, rank + first, store ? 0 : 1));
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
      std::optional<std::vector<int64_t>> joined = BroadcastExtents(access.extents, type.extents);
      if (!joined) return Error(inst, "the indices do not broadcast");
      access.extents = *std::move(joined);
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

  bool Broadcasts(ValueId value, const ValueType& to) const {
    const ValueType& type = kernel_.type(value);
    return type.dtype == to.dtype && BroadcastExtents(type.extents, to.extents) == to.extents;
  }

  absl::Status VerifyTileInst(const Inst& inst) const {
    CERMET_RETURN_IF_ERROR(ExpectOperands(inst, 1, 1));
    const ValueType& from = kernel_.type(inst.operands[0]);
    const ValueType& to = kernel_.type(inst.results[0]);
    if (inst.kind == InstKind::kSplat) {
      if (to.IsScalar() || !Broadcasts(inst.operands[0], to)) {
        return Error(inst, absl::StrCat(from.ToString(), " does not broadcast to ", to.ToString()));
      }
      return absl::OkStatus();
    }
    if (inst.kind == InstKind::kExtract) {
      if (from.extents.size() != 1 || inst.start < 0 || inst.start >= from.extents[0]) {
        return Error(inst, absl::StrCat("no element ", inst.start, " in ", from.ToString()));
      }
      return ExpectType(inst, inst.results[0], {from.dtype, {}});
    }
    const size_t axis = static_cast<size_t>(inst.axis);
    if (inst.axis < 0 || axis >= from.extents.size() || to.extents.size() != from.extents.size() ||
        inst.start < 0 || inst.start + to.extents[axis] > from.extents[axis]) {
      return Error(inst, absl::StrCat("is outside ", from.ToString()));
    }
    ValueType expected = from;
    expected.extents[axis] = to.extents[axis];
    return ExpectType(inst, inst.results[0], expected);
  }

  absl::Status VerifyFor(const Inst& inst, const Place& place) {
    if (inst.operands.size() != inst.results.size() + 2) {
      return Error(inst, "has two bounds and as many results as carried values");
    }
    const ValueType index{DType::kI64, {}};
    CERMET_RETURN_IF_ERROR(ExpectType(inst, inst.operands[0], index));
    CERMET_RETURN_IF_ERROR(ExpectType(inst, inst.operands[1], index));
    if (inst.step < 1) return Error(inst, "the step is not positive");
    const bool parallel = inst.loop == LoopKind::kParallel || inst.loop == LoopKind::kBlock ||
                          inst.loop == LoopKind::kThread;
    if (parallel && !inst.results.empty()) return Error(inst, "a parallel loop carries no values");
    if ((inst.loop == LoopKind::kUnrolled || inst.loop == LoopKind::kThread) &&
        (!constant_[inst.operands[0]] || !constant_[inst.operands[1]])) {
      return Error(inst, "unrolled and thread loops have constant bounds");
    }
    if (inst.loop == LoopKind::kBlock && !place.only_blocks) {
      return Error(inst, "block loops are outermost");
    }
    if (inst.loop == LoopKind::kThread &&
        (place.parent != LoopKind::kThread && (place.parent != LoopKind::kBlock || !in_block_))) {
      return Error(inst, "thread loops stand directly in a block loop or in one another");
    }
    return VerifyLoopBodies(inst, place);
  }

  absl::Status VerifyLoopBodies(const Inst& inst, const Place& place) {
    const bool lanes = inst.order_lanes != 1;
    if (inst.blocks.size() != (lanes ? 2u : 1u)) return Error(inst, "has a wrong number of bodies");
    std::vector<ValueType> carried;
    for (size_t i = 0; i < inst.results.size(); ++i) {
      carried.push_back(kernel_.type(inst.operands[i + 2]));
      CERMET_RETURN_IF_ERROR(ExpectType(inst, inst.results[i], carried.back()));
      if (lanes && !carried.back().IsScalar()) return Error(inst, "order lanes carry scalars");
    }
    if (lanes && (inst.loop != LoopKind::kSerial || !IsPowerOfTwo(inst.order_lanes))) {
      return Error(inst, "only serial loops have order lanes, a power of two");
    }
    Place inner;
    inner.in_thread = place.in_thread || inst.loop == LoopKind::kThread;
    inner.only_blocks = place.only_blocks && inst.loop == LoopKind::kBlock;
    inner.parent = inst.loop;
    std::vector<ValueType> params = {{DType::kI64, {}}};
    params.insert(params.end(), carried.begin(), carried.end());
    const bool outer_in_block = in_block_;
    in_block_ = in_block_ || inst.loop == LoopKind::kBlock;
    CERMET_RETURN_IF_ERROR(VerifyBody(inst, inst.blocks[0], params, carried, inner));
    in_block_ = outer_in_block;
    if (!lanes) return absl::OkStatus();
    std::vector<ValueType> pairs = carried;
    pairs.insert(pairs.end(), carried.begin(), carried.end());
    return VerifyBody(inst, inst.blocks[1], pairs, carried, inner);
  }

  absl::Status VerifyIf(const Inst& inst, const Place& place) {
    if (inst.operands.size() != 1 || inst.blocks.size() != 2) {
      return Error(inst, "has one condition and two bodies");
    }
    CERMET_RETURN_IF_ERROR(ExpectType(inst, inst.operands[0], {DType::kBool, {}}));
    std::vector<ValueType> results;
    for (ValueId result : inst.results) results.push_back(kernel_.type(result));
    Place inner = place;
    inner.only_blocks = false;
    inner.parent = LoopKind::kSerial;
    CERMET_RETURN_IF_ERROR(VerifyBody(inst, inst.blocks[0], {}, results, inner));
    return VerifyBody(inst, inst.blocks[1], {}, results, inner);
  }

  const Kernel& kernel_;
  std::vector<bool> defined_;   // by value: anywhere
  std::vector<bool> constant_;  // by value: defined by kConstant
  std::vector<bool> in_scope_;  // by value
  std::vector<ValueId> scope_;  // the values in scope, innermost last
  bool in_block_ = false;
};

}  // namespace

absl::Status Verify(const Kernel& kernel) { return Verifier(kernel).Run(); }

}  // namespace cermet::kernel
