// Where compiled programs and code are kept between runs: the JIT's objects, and the command
// programs of runtime/session, which codegen never sees. Implemented by whoever owns the disk
// (runtime/session); the users only ask and offer.
#ifndef CERMET_CODEGEN_CODE_CACHE_H_
#define CERMET_CODEGEN_CODE_CACHE_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace cermet::codegen {

// Implementations are thread safe. A lost or damaged entry is a miss: users check what they are
// given as far as their own formats go, and the implementation answers for the bytes.
class CodeCache {
 public:
  virtual ~CodeCache() = default;
  // The bytes stored under `key` (a short string of letters and digits), or nullopt.
  virtual std::optional<std::string> Find(absl::string_view key) = 0;
  virtual void Store(absl::string_view key, absl::string_view bytes) = 0;
};

// False if this build of Cermet has no identity (no build id): what it made must not be kept, since
// another build would take it for its own.
bool CanKeepResults();
// The key of what this build of Cermet, with its version of LLVM, makes of `input` (all that it
// depends on, as text).
std::string CacheKey(absl::string_view input);

}  // namespace cermet::codegen

#endif  // CERMET_CODEGEN_CODE_CACHE_H_
