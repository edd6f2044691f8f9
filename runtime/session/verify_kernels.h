// Checks compiled kernels one by one against the reference evaluator (CERMET_VERIFY=eval).
#ifndef CERMET_RUNTIME_SESSION_VERIFY_KERNELS_H_
#define CERMET_RUNTIME_SESSION_VERIFY_KERNELS_H_

#include <vector>

#include "absl/status/status.h"
#include "ir/graph.h"
#include "ir/literal.h"
#include "runtime/session/compiled_module.h"

namespace cermet {

// Evaluates `fused` (a module in fused form, its math expanded) on `inputs`, then compiles and runs
// each fusion of its entry graph alone on the evaluator's values. Both follow the same stated order
// of rounding, so they must agree in every bit (any NaN equals any other). The error names the
// fusion, the result, the element and the two values. Slow: for finding the kernel that is wrong.
absl::Status VerifyKernels(const Module& fused, const std::vector<Literal>& inputs,
                           const ModuleOptions& options);

}  // namespace cermet

#endif  // CERMET_RUNTIME_SESSION_VERIFY_KERNELS_H_
