// Looks the check up in the program's table.
#include "runtime/check_error.h"

#include "absl/strings/str_cat.h"

namespace cermet::runtime {

absl::Status CheckErrorStatus(const program::Program& program, const CermetError& error) {
  if (error.code == 0) return absl::OkStatus();
  if (error.check < 0 || error.check >= static_cast<int64_t>(program.checks.size())) {
    return absl::InternalError(absl::StrCat("program @", program.name, " failed with code ",
                                            error.code, " and without a check"));
  }
  const program::CheckMessage& check = program.checks[error.check];
  return absl::FailedPreconditionError(absl::StrCat(check.node, ": ", check.message, " (element ",
                                                    error.index, ", code ", check.code, ")"));
}

}  // namespace cermet::runtime
