// The types and fields of single instructions; internal to the verifier.
#ifndef CERMET_IR_KERNEL_INST_RULES_H_
#define CERMET_IR_KERNEL_INST_RULES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ir/kernel/kernel.h"

namespace cermet::kernel {

// Errors name kernel and instruction.
class InstRules {
 public:
  // `kernel` must outlive the rules.
  explicit InstRules(const Kernel& kernel) : kernel_(kernel) {}

  // Counts, fields and types of an instruction whose operands and results are values of the kernel.
  // The blocks of loops and branches, and where an instruction stands, are not looked at.
  absl::Status Check(const Inst& inst) const;

  absl::Status ExpectType(const Inst& inst, ValueId value, const ValueType& type) const;
  absl::Status Error(const Inst& inst, absl::string_view message) const;
  std::string Describe(const Inst& inst) const;

 private:
  absl::Status CheckCounts(const Inst& inst) const;
  absl::Status ExpectCounts(const Inst& inst, size_t operands, size_t results) const;
  absl::Status CheckIota(const Inst& inst) const;
  absl::Status CheckCompute(const Inst& inst) const;
  absl::Status CheckAccess(const Inst& inst) const;
  absl::Status CheckSlice(const Inst& inst) const;
  absl::Status CheckExtract(const Inst& inst) const;
  absl::Status CheckSplat(const Inst& inst) const;
  absl::Status CheckShuffle(const Inst& inst) const;
  absl::Status CheckCopy(const Inst& inst) const;
  absl::Status CheckMma(const Inst& inst) const;
  // True if a value of that type broadcasts to `to`, whose element type it has.
  bool Broadcasts(ValueId value, const ValueType& to) const;
  bool HasBuffer(int32_t buffer) const;
  std::string BufferName(int32_t buffer) const;

  const Kernel& kernel_;
};

}  // namespace cermet::kernel

#endif  // CERMET_IR_KERNEL_INST_RULES_H_
