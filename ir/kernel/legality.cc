// What emitters take: checks the form that `legalize` leaves, after the invariants of all kernels.
#include "absl/strings/str_cat.h"
#include "ir/kernel/kernel.h"
#include "ir/kernel/verifier.h"
#include "ir/status.h"

namespace cermet::kernel {
namespace {

absl::Status VerifyLegalBlock(const Kernel& kernel, const Block& block, int64_t max_vector_bytes) {
  const auto error = [&](absl::string_view message) {
    return absl::InvalidArgumentError(
        absl::StrCat("kernel @", kernel.name, ": not legal: ", message));
  };
  const auto check_type = [&](ValueId value) {
    const ValueType& type = kernel.type(value);
    if (type.extents.size() > 1) return error(absl::StrCat("a tile ", type.ToString()));
    // Masks and indices have the lanes of the data they go with.
    const bool counted = type.dtype != DType::kBool && type.dtype != DType::kI64;
    if (counted && type.num_elements() * ByteSize(type.dtype) > max_vector_bytes &&
        !type.IsScalar()) {
      return error(absl::StrCat(type.ToString(), " is wider than ", max_vector_bytes, " bytes"));
    }
    return absl::OkStatus();
  };
  // Parameters have the types of what loops carry: of results that stand before.
  for (const Inst& inst : block.insts) {
    for (ValueId result : inst.results) CERMET_RETURN_IF_ERROR(check_type(result));
    if (inst.kind == InstKind::kFor) {
      if (inst.loop == LoopKind::kUnrolled) return error("an unrolled loop");
      if (inst.order_lanes > 1) return error("a loop with order lanes");
    }
    if (inst.kind == InstKind::kStore && inst.mask == kNoValue) {
      for (size_t i = 1; i < inst.operands.size(); ++i) {
        if (!kernel.type(inst.operands[i]).IsScalar())
          return error("an unmasked store with tile indices");
      }
    }
    for (const Block& body : inst.blocks) {
      CERMET_RETURN_IF_ERROR(VerifyLegalBlock(kernel, body, max_vector_bytes));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status VerifyLegal(const Kernel& kernel, int64_t max_vector_bytes) {
  CERMET_RETURN_IF_ERROR(Verify(kernel));
  return VerifyLegalBlock(kernel, kernel.body, max_vector_bytes);
}

}  // namespace cermet::kernel
