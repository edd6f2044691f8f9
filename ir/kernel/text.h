// The text form of kernels; printing and parsing are inverse, byte for byte.
#ifndef CERMET_IR_KERNEL_TEXT_H_
#define CERMET_IR_KERNEL_TEXT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ir/kernel/kernel.h"

namespace cermet::kernel {

std::string Print(const Kernel& kernel);
// Any number of kernels. Errors: `file:line:column: expected ...`.
absl::StatusOr<std::vector<Kernel>> ParseKernels(absl::string_view text, absl::string_view file);
// Equal kernels (values renumbered in order of definition, names and locations left out) have equal keys: they are compiled once.
std::string CanonicalKey(const Kernel& kernel);

}  // namespace cermet::kernel

#endif  // CERMET_IR_KERNEL_TEXT_H_
