// Schedules naive kernels for a target: the one entry point of this folder for the compiler
// (passes/compile.h).
#ifndef CERMET_PASSES_SCHEDULE_SCHEDULE_H_
#define CERMET_PASSES_SCHEDULE_SCHEDULE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ir/kernel/kernel.h"
#include "ir/target.h"

namespace cermet::schedule {

// Overrides of what the schedule would choose, for tuning and tests; 0 means its own choice. They
// never change a bit of a result.
struct ScheduleOptions {
  int64_t tile_rows = 0;
  int64_t tile_columns = 0;
  int64_t vector_bytes = 0;  // 16, 32 or 64
  // By argument of the kernel: its contents are constants, so that packing it costs nothing at run
  // time. Arguments past the end count as constants.
  std::vector<bool> constant_arguments;

  bool IsConstant(int64_t argument) const {
    return argument >= static_cast<int64_t>(constant_arguments.size()) ||
           constant_arguments[argument];
  }
};

// One rewrite that was applied: `split %d1 by 16`, and the kernel after it. Or what could not be
// done, and why: kStaysScalar and a reason; the kernel is then the one that stays.
inline constexpr absl::string_view kStaysScalar = "stays scalar";
struct ScheduleStep {
  std::string name;
  std::string kernel;
};

// Rewrites a naive kernel (passes/lower) into one that emitters take (VerifyLegal). May set
// Buffer::packing of inputs. Appends the rewrites to `log` if it is not null (printing kernels
// costs time: leave it null when nobody looks).
absl::Status Schedule(kernel::Kernel* kernel, const Target& target, const ScheduleOptions& options,
                      std::vector<ScheduleStep>* log);

// The kernel that packs an array at run time: argument 0 in the logical shape, argument 1 in the
// packed one. Scheduled for `target`.
absl::StatusOr<kernel::Kernel> BuildPackKernel(const kernel::Packing& packing, DType dtype,
                                               const Target& target);

}  // namespace cermet::schedule

#endif  // CERMET_PASSES_SCHEDULE_SCHEDULE_H_
