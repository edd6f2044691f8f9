// Command programs on disk, by the fused module they were lowered from: a warm start neither lowers
// nor schedules.
#ifndef CERMET_RUNTIME_SESSION_PROGRAM_CACHE_H_
#define CERMET_RUNTIME_SESSION_PROGRAM_CACHE_H_

#include <string>

#include "absl/status/statusor.h"
#include "codegen/code_cache.h"
#include "ir/graph.h"
#include "ir/program/program.h"
#include "passes/compile.h"

namespace cermet {

struct CachedProgram {
  program::Program program;
  std::string text;  // its text form, which is also what the JIT's cache asks for
};

// What Lower(module, options) returns, from the cache or lowered and stored there. An entry that
// does not parse is a miss. Thread safe. Errors are Lower's.
absl::StatusOr<CachedProgram> LowerThroughCache(const Module& module, const CompileOptions& options,
                                                codegen::CodeCache* cache);

}  // namespace cermet

#endif  // CERMET_RUNTIME_SESSION_PROGRAM_CACHE_H_
