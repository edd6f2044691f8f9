// A code cache that counts what is asked of it.
#ifndef CERMET_TESTS_SUPPORT_MEMORY_CACHE_H_
#define CERMET_TESTS_SUPPORT_MEMORY_CACHE_H_

#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "codegen/code_cache.h"

namespace cermet::testing {

// For one thread.
class MemoryCache : public codegen::CodeCache {
 public:
  std::optional<std::string> Find(absl::string_view key) override {
    const auto entry = entries.find(std::string(key));
    if (entry == entries.end()) return std::nullopt;
    ++hits;
    return entry->second;
  }
  void Store(absl::string_view key, absl::string_view bytes) override {
    ++stores;
    entries[std::string(key)] = std::string(bytes);
  }
  std::map<std::string, std::string> entries;
  int hits = 0;
  int stores = 0;
};

}  // namespace cermet::testing

#endif  // CERMET_TESTS_SUPPORT_MEMORY_CACHE_H_
