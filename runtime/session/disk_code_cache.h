// Compiled code on disk, as the JIT's cache wants it.
#ifndef CERMET_RUNTIME_SESSION_DISK_CODE_CACHE_H_
#define CERMET_RUNTIME_SESSION_DISK_CODE_CACHE_H_

#include <memory>

#include "codegen/code_cache.h"

namespace cermet {

// The user's cache directory (CERMET_CACHE_DIR, see docs/debugging.md), or null if there is none
// that can be written: compiling anew is always right, so a broken cache is never an error. Thread
// safe.
std::unique_ptr<codegen::CodeCache> OpenDiskCodeCache();

}  // namespace cermet

#endif  // CERMET_RUNTIME_SESSION_DISK_CODE_CACHE_H_
