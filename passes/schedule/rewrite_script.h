// Rewrites by name: what text tests and `cermet opt` apply to kernels.
//
// A script is a list such as `split(i,16,shorten);interchange(ii,jo);tile(ii,ji);legalize(32)`. The
// kernel is simplified (simplify_indices) before the first and after each, as in a schedule.
#ifndef CERMET_PASSES_SCHEDULE_REWRITE_SCRIPT_H_
#define CERMET_PASSES_SCHEDULE_REWRITE_SCRIPT_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ir/kernel/kernel.h"

namespace cermet::schedule {

struct RewriteInfo {
  absl::string_view name;
  absl::string_view parameters;  // "loop, factor, clamp|shorten|guard|branch"
  absl::string_view doc;
};
// All rewrites, in a fixed order.
std::vector<RewriteInfo> AllRewrites();

// Applies the script's rewrites in order and stops at the first error; NotFound names an unknown
// rewrite, InvalidArgument a wrong parameter. A rewrite that does not apply leaves the kernel as
// the one before it made it.
absl::Status ApplyRewrites(kernel::Kernel* kernel, absl::string_view script);

}  // namespace cermet::schedule

#endif  // CERMET_PASSES_SCHEDULE_REWRITE_SCRIPT_H_
