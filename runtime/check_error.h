// Failed checks of running code as errors.
#ifndef CERMET_RUNTIME_CHECK_ERROR_H_
#define CERMET_RUNTIME_CHECK_ERROR_H_

#include "absl/status/status.h"
#include "ir/program/host_abi.h"
#include "ir/program/program.h"

namespace cermet::runtime {

// OK if `error` holds none; else FailedPrecondition with the check's node, message, element and
// code.
absl::Status CheckErrorStatus(const program::Program& program, const CermetError& error);

}  // namespace cermet::runtime

#endif  // CERMET_RUNTIME_CHECK_ERROR_H_
