// Compiled code and other derived bytes, kept between processes.
//
// One file per entry, named by the hash of its key. A file starts with a header (format, key, size,
// hash of the bytes); whatever does not read back exactly is a miss and is removed. Entries appear
// by rename, so readers in other processes never see a half-written one.
#ifndef CERMET_RUNTIME_DISK_CACHE_H_
#define CERMET_RUNTIME_DISK_CACHE_H_

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace cermet::runtime {

// Thread safe, and safe against other processes that use the directory.
class DiskCache {
 public:
  struct Options {
    int64_t limit_bytes = int64_t{1} << 30;  // beyond it, the entries used least recently go
  };
  // The directory is made when the first entry is stored.
  DiskCache(std::string directory, const Options& options)
      : directory_(std::move(directory)), options_(options) {}
  explicit DiskCache(std::string directory) : DiskCache(std::move(directory), Options()) {}

  // The bytes stored under `key`, or nullopt. Marks the entry as used.
  std::optional<std::string> Find(absl::string_view key);
  // Replaces what was stored under `key`. An error (a full or read-only disk) leaves the cache as
  // it was; callers may go on without.
  absl::Status Store(absl::string_view key, absl::string_view bytes);

  const std::string& directory() const { return directory_; }
  // $CERMET_CACHE_DIR, else $XDG_CACHE_HOME/cermet, else ~/.cache/cermet; empty if the first is
  // `off` or there is no home.
  static std::string DefaultDirectory();

 private:
  std::string PathOf(absl::string_view key) const;
  void Evict();

  const std::string directory_;
  const Options options_;
  std::mutex mutex_;              // guards the rest
  int64_t estimated_bytes_ = -1;  // of all entries; -1: not known yet
};

}  // namespace cermet::runtime

#endif  // CERMET_RUNTIME_DISK_CACHE_H_
