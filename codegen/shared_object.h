// Internal to codegen: linking an object into a shared object.
#ifndef CERMET_CODEGEN_SHARED_OBJECT_H_
#define CERMET_CODEGEN_SHARED_OBJECT_H_

#include <string>

#include "absl/status/statusor.h"

namespace cermet::codegen {

// The bytes of a shared object made of one ELF object by a linker of this machine: ld.lld, or else
// ld for this machine's own architecture. Thread safe. Errors: a triple that is not ELF, no linker
// on the path, the linker's message.
absl::StatusOr<std::string> LinkSharedObject(const std::string& object, const std::string& triple);

}  // namespace cermet::codegen

#endif  // CERMET_CODEGEN_SHARED_OBJECT_H_
