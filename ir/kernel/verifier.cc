// Checks the invariants that verifier.h lists, in one walk over the kernel: buffers, scopes, loops
// and what stands in them. The types of single instructions are in inst_rules.h; a second walk
// finds barriers and their like under divergent control flow.
#include "ir/kernel/verifier.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ir/kernel/fragment.h"
#include "ir/kernel/inst_rules.h"
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
        rules_(kernel),
        defined_(kernel.value_types.size()),
        constants_(kernel.value_types.size()),
        in_scope_(kernel.value_types.size()) {}

  absl::Status Run() {
    CERMET_RETURN_IF_ERROR(VerifyBuffers());
    for (const ValueType& type : kernel_.value_types) CERMET_RETURN_IF_ERROR(VerifyType(type));
    if (!kernel_.body.params.empty() || !kernel_.body.yields.empty()) {
      return Error("the body takes and yields nothing");
    }
    CERMET_RETURN_IF_ERROR(VerifyBlock(kernel_.body, Place()));
    const Inst* const divergent = FindDivergent(kernel_);
    if (divergent != nullptr) return Error(*divergent, "stands under divergent control flow");
    return absl::OkStatus();
  }

 private:
  // The loops around a block.
  struct Place {
    bool in_thread = false;
    bool in_innermost = false;           // in the innermost thread loop
    bool in_warps = false;               // which runs whole warps
    bool only_blocks = true;             // nothing but block loops around
    LoopKind parent = LoopKind::kBlock;  // of the innermost loop or `if` (kSerial) around
  };

  absl::Status Error(absl::string_view message) const {
    return absl::InvalidArgumentError(absl::StrCat("kernel @", kernel_.name, ": ", message));
  }
  absl::Status Error(const Inst& inst, absl::string_view message) const {
    return rules_.Error(inst, message);
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
    if (type.fragment != Fragment::kNone &&
        type.extents != std::vector<int64_t>{ElementsPerThread(type.fragment)}) {
      return Error(absl::StrCat("a thread has ", ElementsPerThread(type.fragment), " elements of ",
                                Name(type.fragment)));
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

  // `what`: "a result" or "a parameter" of the instruction.
  absl::Status Define(const Inst& inst, absl::string_view what, ValueId value) {
    if (value < 0 || value >= static_cast<ValueId>(defined_.size())) {
      return Error(inst, absl::StrCat(what, " is a value that the kernel does not have"));
    }
    if (defined_[value]) {
      return Error(inst, absl::StrCat(what, ": value ", value, " is defined twice"));
    }
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
        CERMET_RETURN_IF_ERROR(Define(inst, "a result", result));
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
      CERMET_RETURN_IF_ERROR(Define(inst, "a parameter", body.params[i]));
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

  absl::Status VerifyInst(const Inst& inst, const Place& place) {
    CERMET_RETURN_IF_ERROR(rules_.Check(inst));
    CERMET_RETURN_IF_ERROR(VerifyPlace(inst, place));
    if (inst.kind == InstKind::kConstant) constants_[inst.results[0]] = &inst;
    if (inst.kind == InstKind::kFor) return VerifyFor(inst, place);
    if (inst.kind == InstKind::kIf) return VerifyIf(inst, place);
    if (!inst.blocks.empty()) return Error(inst, "has a wrong number of bodies");
    return absl::OkStatus();
  }

  absl::Status VerifyPlace(const Inst& inst, const Place& place) const {
    switch (Info(inst.kind).place) {
      case InstPlace::kAnywhere:
        for (ValueId result : inst.results) {
          if (kernel_.type(result).fragment != Fragment::kNone && !place.in_warps) {
            return Error(inst, "gives a fragment outside a loop over whole warps");
          }
        }
        break;
      case InstPlace::kThread:
        if (!place.in_innermost) return Error(inst, "stands outside the innermost thread loop");
        break;
      case InstPlace::kWarp:
        if (!place.in_warps) {
          return Error(inst,
                       "stands outside an innermost thread loop over whole warps: from 0 to a "
                       "multiple of 32");
        }
        break;
      case InstPlace::kBlock:
        if (!place.in_thread) return Error(inst, "stands outside thread loops");
        break;
    }
    return absl::OkStatus();
  }

  std::optional<int64_t> ConstantValue(ValueId value) const {
    if (constants_[value] == nullptr) return std::nullopt;
    return static_cast<int64_t>(constants_[value]->bits);
  }

  absl::Status VerifyFor(const Inst& inst, const Place& place) {
    if (inst.operands.size() != inst.results.size() + 2) {
      return Error(inst, "has two bounds and as many results as carried values");
    }
    const ValueType index{DType::kI64, {}};
    CERMET_RETURN_IF_ERROR(rules_.ExpectType(inst, inst.operands[0], index));
    CERMET_RETURN_IF_ERROR(rules_.ExpectType(inst, inst.operands[1], index));
    if (inst.step < 1) return Error(inst, "the step is not positive");
    const bool parallel = inst.loop == LoopKind::kParallel || inst.loop == LoopKind::kBlock ||
                          inst.loop == LoopKind::kThread;
    if (parallel && !inst.results.empty()) return Error(inst, "a parallel loop carries no values");
    if ((inst.loop == LoopKind::kUnrolled || inst.loop == LoopKind::kThread) &&
        (!ConstantValue(inst.operands[0]) || !ConstantValue(inst.operands[1]))) {
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
    if (lanes && (inst.loop != LoopKind::kSerial || !IsPowerOfTwo(inst.order_lanes))) {
      return Error(inst, "only serial loops have order lanes, a power of two");
    }
    if (inst.blocks.size() != (lanes ? 2u : 1u)) return Error(inst, "has a wrong number of bodies");
    std::vector<ValueType> carried;
    for (size_t i = 0; i < inst.results.size(); ++i) {
      carried.push_back(kernel_.type(inst.operands[i + 2]));
      CERMET_RETURN_IF_ERROR(rules_.ExpectType(inst, inst.results[i], carried.back()));
      if (lanes && !carried.back().IsScalar()) return Error(inst, "order lanes carry scalars");
    }
    Place inner;
    inner.in_thread = place.in_thread || inst.loop == LoopKind::kThread;
    inner.only_blocks = place.only_blocks && inst.loop == LoopKind::kBlock;
    inner.parent = inst.loop;
    inner.in_innermost = place.in_innermost;
    inner.in_warps = place.in_warps;
    if (inst.loop == LoopKind::kThread) {
      inner.in_innermost = std::none_of(
          inst.blocks[0].insts.begin(), inst.blocks[0].insts.end(), [](const Inst& nested) {
            return nested.kind == InstKind::kFor && nested.loop == LoopKind::kThread;
          });
      const int64_t threads = *ConstantValue(inst.operands[1]);
      inner.in_warps = inner.in_innermost && ConstantValue(inst.operands[0]) == 0 &&
                       inst.step == 1 && threads > 0 && threads % kWarpSize == 0;
    }
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
    if (inst.blocks.size() != 2) return Error(inst, "has a wrong number of bodies");
    std::vector<ValueType> results;
    for (ValueId result : inst.results) results.push_back(kernel_.type(result));
    Place inner = place;
    inner.only_blocks = false;
    inner.parent = LoopKind::kSerial;
    CERMET_RETURN_IF_ERROR(VerifyBody(inst, inst.blocks[0], {}, results, inner));
    return VerifyBody(inst, inst.blocks[1], {}, results, inner);
  }

  const Kernel& kernel_;
  const InstRules rules_;
  std::vector<bool> defined_;           // by value: anywhere
  std::vector<const Inst*> constants_;  // by value: the kConstant that defines it
  std::vector<bool> in_scope_;          // by value
  std::vector<ValueId> scope_;          // the values in scope, innermost last
  bool in_block_ = false;
};

}  // namespace

absl::Status Verify(const Kernel& kernel) { return Verifier(kernel).Run(); }

}  // namespace cermet::kernel
