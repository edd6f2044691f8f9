// Where finished code is kept between runs. Implemented by whoever owns the disk (runtime/session);
// the JIT only asks and offers.
#ifndef CERMET_CODEGEN_OBJECT_CACHE_H_
#define CERMET_CODEGEN_OBJECT_CACHE_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace cermet::codegen {

// Implementations are thread safe. A lost or damaged entry is a miss: the JIT checks what it is
// given as far as its own format goes, and the implementation answers for the bytes.
class ObjectCache {
 public:
  virtual ~ObjectCache() = default;
  // The bytes stored under `key` (a short string of letters and digits), or nullopt.
  virtual std::optional<std::string> Find(absl::string_view key) = 0;
  virtual void Store(absl::string_view key, absl::string_view bytes) = 0;
};

}  // namespace cermet::codegen

#endif  // CERMET_CODEGEN_OBJECT_CACHE_H_
