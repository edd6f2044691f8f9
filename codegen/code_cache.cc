// Keys: two hashes of the input and of the compiler's identity.
#include "codegen/code_cache.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "codegen/build_id.h"
#include "codegen/machine.h"
#include "ir/constant_store.h"
#include "version.h"

namespace cermet::codegen {

bool CanKeepResults() { return !BuildId().empty(); }

std::string CacheKey(absl::string_view input) {
  const std::string text =
      absl::StrCat(input, "\n", CodeGeneratorVersion(), "\ncermet ", kVersion, " ", BuildId());
  const auto size = static_cast<int64_t>(text.size());
  return absl::StrFormat("%016x%016x", HashBytes(text.data(), size, 1),
                         HashBytes(text.data(), size, 2));
}

}  // namespace cermet::codegen
