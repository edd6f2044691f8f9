// Ahead-of-time output: object files, archives, shared objects, assembly and LLVM IR of a program,
// and the C header that goes with it.
//
// An object holds the program's function, its kernels (local symbols that carry their names) and
// its constants, packed, in read-only data. It needs memcpy, memset and memmove at most. For
// program NAME it defines what EmitHeader declares: NAME_run, NAME_run_on, and NAME_check_dims
// where there are run-time dims. The run functions check the dims first.
#ifndef CERMET_CODEGEN_OBJECT_H_
#define CERMET_CODEGEN_OBJECT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ir/constant_store.h"
#include "ir/program/program.h"
#include "ir/target.h"

namespace cermet::codegen {

enum class OutputKind { kObject, kArchive, kSharedObject, kAssembly, kLlvmIr };

struct ObjectOptions {
  std::string name;  // prefix of the exported C functions; empty: the program's name. Made an
                     // identifier by Identifier().
  OutputKind kind = OutputKind::kObject;
};

// The bytes of the file. Errors: a constant that is missing from `constants` or whose packing
// depends on a run-time dim; a symbol that no input has; a kernel that the target cannot run
// exactly; kSharedObject for a target that is not ELF, or without a linker (ld.lld, ld) on the path.
absl::StatusOr<std::string> EmitObject(const program::Program& program,
                                       const ConstantStore& constants, const Target& target,
                                       const ObjectOptions& options);

// The C (and C++) header of that object: stand-alone, it repeats the host ABI.
std::string EmitHeader(const program::Program& program, const ObjectOptions& options);

// `name` with every character that C does not allow replaced by `_`.
std::string Identifier(absl::string_view name);

// The optimised LLVM IR and the assembly of the JIT's form of the program (constants are
// arguments), for `cermet dump`.
absl::StatusOr<std::string> DumpLlvm(const program::Program& program, const Target& target);
absl::StatusOr<std::string> DumpAsm(const program::Program& program, const Target& target);

}  // namespace cermet::codegen

#endif  // CERMET_CODEGEN_OBJECT_H_
