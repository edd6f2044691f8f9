// The JIT's cache over the runtime's disk cache.
#include "runtime/session/disk_code_cache.h"

#include <utility>

#include "runtime/disk_cache.h"

namespace cermet {
namespace {

class DiskCodeCache : public codegen::CodeCache {
 public:
  explicit DiskCodeCache(std::string directory) : cache_(std::move(directory)) {}
  std::optional<std::string> Find(absl::string_view key) override { return cache_.Find(key); }
  void Store(absl::string_view key, absl::string_view bytes) override {
    // A full or read-only disk costs the next process a compilation, no more.
    cache_.Store(key, bytes).IgnoreError();
  }

 private:
  runtime::DiskCache cache_;
};

}  // namespace

std::unique_ptr<codegen::CodeCache> OpenDiskCodeCache() {
  std::string directory = runtime::DiskCache::DefaultDirectory();
  if (directory.empty() || !codegen::CanKeepResults()) return nullptr;
  return std::make_unique<DiskCodeCache>(std::move(directory));
}

}  // namespace cermet
