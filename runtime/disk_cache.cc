// The file is the header, the key, the bytes. The modification time says when an entry was used
// last.
#include "runtime/disk_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "ir/constant_store.h"
#include "ir/env.h"
#include "ir/output_file.h"
#include "ir/status.h"

namespace cermet::runtime {
namespace {

namespace fs = std::filesystem;

constexpr char kMagic[8] = {'C', 'R', 'M', 'T', 'B', 'L', 'B', '1'};
constexpr absl::string_view kSuffix = ".entry";
constexpr int64_t kStaleSeconds = 3600;  // a temporary this old was left by a crash

struct Header {
  char magic[8];
  int64_t key_size;
  int64_t size;
  uint64_t hash;  // of key and bytes
};

uint64_t HashOf(absl::string_view key, absl::string_view bytes) {
  const uint64_t seed = HashBytes(key.data(), static_cast<int64_t>(key.size()));
  return HashBytes(bytes.data(), static_cast<int64_t>(bytes.size()), seed);
}

// The bytes of an entry's file, or nullopt unless all of it is as Store wrote it under `key`.
std::optional<std::string> Decode(absl::string_view file, absl::string_view key) {
  Header header;
  if (file.size() < sizeof(header)) return std::nullopt;
  std::memcpy(&header, file.data(), sizeof(header));
  if (std::memcmp(header.magic, kMagic, sizeof(kMagic)) != 0) return std::nullopt;
  file.remove_prefix(sizeof(header));
  if (header.key_size != static_cast<int64_t>(key.size()) || !absl::StartsWith(file, key)) {
    return std::nullopt;
  }
  file.remove_prefix(key.size());
  if (header.size != static_cast<int64_t>(file.size()) || header.hash != HashOf(key, file)) {
    return std::nullopt;
  }
  return std::string(file);
}

std::optional<std::string> ReadFile(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return std::nullopt;
  std::ostringstream contents;
  contents << stream.rdbuf();  // throws nothing where the path is a folder, as iterators do
  if (!contents) return std::nullopt;
  return contents.str();
}

struct EntryFile {
  fs::path path;
  int64_t size = 0;
  int64_t used_ns = 0;
};

// The entries of the directory; removes stale temporaries on the way.
std::vector<EntryFile> ListEntries(const std::string& directory) {
  std::vector<EntryFile> entries;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    const std::string path = it->path().string();
    struct stat info;
    if (stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    if (absl::EndsWith(path, OutputFile::kTemporarySuffix)) {
      if (std::time(nullptr) - info.st_mtim.tv_sec > kStaleSeconds) unlink(path.c_str());
    } else if (absl::EndsWith(path, kSuffix)) {
      entries.push_back({it->path(), info.st_size,
                         int64_t{info.st_mtim.tv_sec} * 1000000000 + info.st_mtim.tv_nsec});
    }
  }
  return entries;
}

}  // namespace

std::string DiskCache::DefaultDirectory() {
  const std::string chosen = GetEnv(EnvVar::kCacheDir);
  if (chosen == "off") return "";
  if (!chosen.empty()) return chosen;
  const std::string caches = GetEnv(EnvVar::kXdgCacheHome);
  if (!caches.empty()) return caches + "/cermet";
  const std::string home = GetEnv(EnvVar::kHome);
  return home.empty() ? "" : home + "/.cache/cermet";
}

std::string DiskCache::PathOf(absl::string_view key) const {
  const int64_t size = static_cast<int64_t>(key.size());
  return absl::StrFormat("%s/%016x%016x%s", directory_, HashBytes(key.data(), size, 1),
                         HashBytes(key.data(), size, 2), kSuffix);
}

std::optional<std::string> DiskCache::Find(absl::string_view key) {
  const std::string path = PathOf(key);
  const std::optional<std::string> file = ReadFile(path);
  if (!file) return std::nullopt;
  std::optional<std::string> bytes = Decode(*file, key);
  if (!bytes) {
    unlink(path.c_str());
    return std::nullopt;
  }
  utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
  return bytes;
}

absl::Status DiskCache::Store(absl::string_view key, absl::string_view bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::error_code error;
  fs::create_directories(directory_, error);
  if (error) {
    return absl::UnavailableError(absl::StrCat("cannot make ", directory_, ": ", error.message()));
  }
  Header header;
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.key_size = static_cast<int64_t>(key.size());
  header.size = static_cast<int64_t>(bytes.size());
  header.hash = HashOf(key, bytes);
  const absl::string_view head(reinterpret_cast<const char*>(&header), sizeof(header));
  CERMET_RETURN_IF_ERROR(WriteFile(PathOf(key), {head, key, bytes}));
  if (estimated_bytes_ >= 0) {
    estimated_bytes_ += static_cast<int64_t>(sizeof(header) + key.size() + bytes.size());
  }
  if (estimated_bytes_ < 0 || estimated_bytes_ > options_.limit_bytes) Evict();
  return absl::OkStatus();
}

// Counts the directory anew and, beyond the limit, removes the oldest entries until a tenth of it
// is free.
void DiskCache::Evict() {
  std::vector<EntryFile> entries = ListEntries(directory_);
  estimated_bytes_ = 0;
  for (const EntryFile& entry : entries) estimated_bytes_ += entry.size;
  if (estimated_bytes_ <= options_.limit_bytes) return;
  std::sort(entries.begin(), entries.end(), [](const EntryFile& a, const EntryFile& b) {
    return std::pair(a.used_ns, a.path) < std::pair(b.used_ns, b.path);
  });
  for (const EntryFile& entry : entries) {
    if (estimated_bytes_ <= options_.limit_bytes - options_.limit_bytes / 10) return;
    if (unlink(entry.path.c_str()) == 0) estimated_bytes_ -= entry.size;
  }
}

}  // namespace cermet::runtime
