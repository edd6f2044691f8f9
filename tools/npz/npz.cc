// Reads and writes .npz by libzip. Archives are made in memory and written by WriteFile, as all
// files are: libzip would replace links and lose permissions.

#include "tools/npz/npz.h"

#include <zip.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "ir/output_file.h"
#include "ir/status.h"
#include "tools/npz/npy.h"

namespace cermet::npz {
namespace {

// Deflate cannot do better than 1:1032. An entry that claims more is damaged, and must not make us
// allocate it.
constexpr uint64_t kLargestDeflateRatio = 1032;
// 1980-01-01 00:00, the earliest time a zip entry can have.
constexpr zip_uint16_t kNoTime = 0, kNoDate = (1 << 5) | 1;
// The record at the end of an archive, and nothing before it.
constexpr absl::string_view kEmptyArchive("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22);

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
using Archive = std::unique_ptr<zip_t, Discard>;

struct CloseFile {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
struct FreeSource {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
using Source = std::unique_ptr<zip_source_t, FreeSource>;

absl::Status Error(const std::string& path, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", what));
}

absl::StatusOr<Archive> Open(const std::string& path) {
  std::error_code unknown;
  if (std::filesystem::is_directory(path, unknown))
    return Error(path, "cannot read: it is a folder");
  int code = 0;
  Archive archive(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (archive != nullptr) return archive;
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string message = absl::StrCat(path, ": ", zip_error_strerror(&error));
  zip_error_fini(&error);
  return code == ZIP_ER_NOENT ? absl::NotFoundError(message) : absl::InvalidArgumentError(message);
}

absl::StatusOr<std::string> ReadEntry(zip_t* archive, zip_uint64_t index, uint64_t archive_size,
                                      const std::string& place) {
  zip_stat_t stat;
  if (zip_stat_index(archive, index, 0, &stat) != 0) return Error(place, zip_strerror(archive));
  if (stat.comp_size > archive_size || stat.size / kLargestDeflateRatio > stat.comp_size) {
    return Error(place, "damaged: its size cannot be true");
  }
  std::unique_ptr<zip_file_t, CloseFile> file(zip_fopen_index(archive, index, 0));
  if (file == nullptr) return Error(place, zip_strerror(archive));
  std::string bytes(stat.size, '\0');
  size_t filled = 0;
  while (filled < bytes.size()) {
    zip_int64_t count = zip_fread(file.get(), bytes.data() + filled, bytes.size() - filled);
    if (count < 0) return Error(place, zip_file_strerror(file.get()));
    if (count == 0) return Error(place, "truncated");
    filled += static_cast<size_t>(count);
  }
  // The checksum is compared when the end is met.
  char end;
  if (zip_fread(file.get(), &end, 1) < 0) return Error(place, zip_file_strerror(file.get()));
  return bytes;
}

absl::StatusOr<std::string> Contents(zip_source_t* memory, const std::string& path) {
  zip_stat_t stat;
  if (zip_source_stat(memory, &stat) == 0 && zip_source_open(memory) == 0) {
    std::string bytes(stat.size, '\0');
    const zip_int64_t count = zip_source_read(memory, bytes.data(), bytes.size());
    zip_source_close(memory);
    if (count == static_cast<zip_int64_t>(bytes.size())) return bytes;
  }
  return Error(path, zip_error_strerror(zip_source_error(memory)));
}

}  // namespace

absl::StatusOr<std::vector<NamedArray>> ReadNpz(const std::string& path) {
  CERMET_ASSIGN_OR_RETURN(Archive archive, Open(path));
  std::vector<NamedArray> arrays;
  std::set<std::string> names;
  std::error_code no_size;  // leaves the size at its largest: then the ratio is the only bound
  const uint64_t archive_size = std::filesystem::file_size(path, no_size);
  const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* entry = zip_get_name(archive.get(), i, 0);
    if (entry == nullptr) return Error(path, zip_strerror(archive.get()));
    std::string place = absl::StrCat(path, ": ", entry);
    if (!absl::EndsWith(entry, ".npy")) return Error(place, "not a .npy array");
    std::string name(absl::StripSuffix(entry, ".npy"));
    if (!names.insert(name).second) return Error(place, "the name occurs twice");
    CERMET_ASSIGN_OR_RETURN(std::string bytes, ReadEntry(archive.get(), i, archive_size, place));
    absl::StatusOr<Literal> value = ParseNpy(bytes);
    if (!value.ok()) return Error(place, value.status().message());
    arrays.push_back({std::move(name), *std::move(value)});
  }
  return arrays;
}

absl::Status WriteNpz(const std::string& path, absl::Span<const NamedArray> arrays) {
  // libzip takes an archive without entries for none.
  if (arrays.empty()) return WriteFile(path, {kEmptyArchive});
  const Source memory(zip_source_buffer_create(nullptr, 0, 0, nullptr));
  if (memory == nullptr) return Error(path, "no memory for an archive");
  zip_source_keep(memory.get());  // of which the archive takes one ownership
  Archive archive(zip_open_from_source(memory.get(), ZIP_CREATE | ZIP_TRUNCATE, nullptr));
  if (archive == nullptr) {
    zip_source_free(memory.get());
    return Error(path, "cannot make an archive");
  }
  std::vector<std::string> contents;  // libzip reads them at zip_close
  contents.reserve(arrays.size());
  for (const NamedArray& array : arrays) {
    std::string place = absl::StrCat(path, ": ", array.name, ".npy");
    const std::string& bytes = contents.emplace_back(FormatNpy(array.value));
    zip_source_t* source = zip_source_buffer(archive.get(), bytes.data(), bytes.size(), 0);
    if (source == nullptr) return Error(place, zip_strerror(archive.get()));
    zip_int64_t index = zip_file_add(archive.get(), absl::StrCat(array.name, ".npy").c_str(),
                                     source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
      zip_source_free(source);
      return Error(place, zip_strerror(archive.get()));
    }
    if (zip_set_file_compression(archive.get(), index, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_dostime(archive.get(), index, kNoTime, kNoDate, 0) != 0) {
      return Error(place, zip_strerror(archive.get()));
    }
  }
  if (zip_close(archive.get()) != 0) return Error(path, zip_strerror(archive.get()));
  archive.release();  // zip_close has freed it
  CERMET_ASSIGN_OR_RETURN(const std::string bytes, Contents(memory.get(), path));
  return WriteFile(path, {bytes});
}

}  // namespace cermet::npz
