// The JIT's cache over the runtime's disk cache.
#include "runtime/session/disk_object_cache.h"

#include <utility>

#include "runtime/disk_cache.h"

namespace cermet {
namespace {

class DiskObjectCache : public codegen::ObjectCache {
 public:
  explicit DiskObjectCache(std::string directory) : cache_(std::move(directory)) {}
  std::optional<std::string> Find(absl::string_view key) override { return cache_.Find(key); }
  void Store(absl::string_view key, absl::string_view bytes) override {
    // A full or read-only disk costs the next process a compilation, no more.
    cache_.Store(key, bytes).IgnoreError();
  }

 private:
  runtime::DiskCache cache_;
};

}  // namespace

std::unique_ptr<codegen::ObjectCache> OpenDiskObjectCache() {
  std::string directory = runtime::DiskCache::DefaultDirectory();
  if (directory.empty()) return nullptr;
  return std::make_unique<DiskObjectCache>(std::move(directory));
}

}  // namespace cermet
