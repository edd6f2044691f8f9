// The constant store and its side file.
//
// The file is little-endian:
//   header (64 bytes)  magic "CERMETCS", u32 version, u32 entries, u64 index bytes, u64 file bytes,
//                      u64 hash of the index, zeros
//   index              per entry, in order of names: u32 name length, u32 dtype, u32 rank,
//                      u32 zero, i64 extents[rank], u64 data offset, u64 data bytes,
//                      u64 content hash, the name, zeros up to a multiple of 8
//   data               each entry at a multiple of 64 bytes, so that a mapped file can be used in
//                      place
#include "ir/constant_store.h"

#include <cctype>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "ir/mapped_file.h"
#include "ir/output_file.h"
#include "ir/status.h"

namespace cermet {
namespace {

constexpr char kMagic[8] = {'C', 'E', 'R', 'M', 'E', 'T', 'C', 'S'};
constexpr uint32_t kVersion = 2;  // of the layout and of HashBytes
constexpr uint64_t kAlignment = 64;

struct Header {
  char magic[8];
  uint32_t version;
  uint32_t entries;
  uint64_t index_bytes;
  uint64_t file_bytes;
  uint64_t index_hash;
  char zeros[24];
};
static_assert(sizeof(Header) == 64);

uint64_t AlignUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

using Entries = std::map<std::string, ConstantEntry, std::less<>>;

template <typename T>
void AppendValue(std::string* text, T value) {
  text->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

uint64_t ContentHash(const ConstantEntry& entry) {
  uint64_t seed = static_cast<uint64_t>(entry.dtype) + 1;
  seed = HashBytes(entry.shape.data(), static_cast<int64_t>(entry.shape.size() * sizeof(int64_t)),
                   seed);
  return HashBytes(entry.data, entry.byte_size, seed);
}

bool SameContent(const ConstantEntry& a, const ConstantEntry& b) {
  return a.content_hash == b.content_hash && a.dtype == b.dtype && a.shape == b.shape &&
         a.HasBytes() && b.HasBytes() &&
         (a.data == b.data || std::memcmp(a.data, b.data, static_cast<size_t>(a.byte_size)) == 0);
}

std::string ValidName(absl::string_view hint) {
  std::string name(hint);
  for (char& c : name) {
    const unsigned char u = static_cast<unsigned char>(c);
    if (!std::isalnum(u) && std::strchr("._/-:", c) == nullptr) c = '_';
  }
  return name.empty() ? "constant" : name;
}

std::string HeaderAndIndex(const Entries& entries) {
  // The index has the same length whatever the offsets are, so offsets follow from a first pass.
  uint64_t index_bytes = 0;
  for (const auto& [name, entry] : entries) {
    index_bytes += 16 + 8 * entry.shape.size() + 24 + AlignUp(name.size(), 8);
  }
  std::string index;
  uint64_t offset = AlignUp(sizeof(Header) + index_bytes, kAlignment);
  for (const auto& [name, entry] : entries) {
    AppendValue(&index, static_cast<uint32_t>(name.size()));
    AppendValue(&index, static_cast<uint32_t>(entry.dtype));
    AppendValue(&index, static_cast<uint32_t>(entry.shape.size()));
    AppendValue(&index, uint32_t{0});
    for (int64_t extent : entry.shape) AppendValue(&index, extent);
    AppendValue(&index, offset);
    AppendValue(&index, static_cast<uint64_t>(entry.byte_size));
    AppendValue(&index, entry.content_hash);
    index += name;
    index.resize(AlignUp(index.size(), 8), '\0');
    offset = AlignUp(offset + static_cast<uint64_t>(entry.byte_size), kAlignment);
  }
  Header header = {};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.version = kVersion;
  header.entries = static_cast<uint32_t>(entries.size());
  header.index_bytes = index_bytes;
  header.file_bytes = offset;
  header.index_hash = HashBytes(index.data(), static_cast<int64_t>(index.size()));
  return std::string(reinterpret_cast<const char*>(&header), sizeof(header)) + index;
}

// Reads the index, never past its end.
class IndexReader {
 public:
  IndexReader(const char* data, uint64_t size) : data_(data), size_(size) {}

  template <typename T>
  bool Read(T* value) {
    if (size_ - position_ < sizeof(T)) return false;
    std::memcpy(value, data_ + position_, sizeof(T));
    position_ += sizeof(T);
    return true;
  }
  bool ReadText(uint64_t size, std::string* text) {
    if (size_ - position_ < size) return false;
    text->assign(data_ + position_, size);
    position_ += size;
    return true;
  }
  bool SkipTo(uint64_t alignment) {
    const uint64_t next = AlignUp(position_, alignment);
    if (next > size_) return false;
    position_ = next;
    return true;
  }

 private:
  const char* data_;
  uint64_t size_;
  uint64_t position_ = 0;
};

// Reads one entry; an empty string, or what is wrong with it.
std::string ReadEntry(const std::shared_ptr<const MappedFile>& file, IndexReader* reader,
                      std::string* name, ConstantEntry* entry) {
  uint32_t name_length, dtype, rank, zero;
  if (!reader->Read(&name_length) || !reader->Read(&dtype) || !reader->Read(&rank) ||
      !reader->Read(&zero)) {
    return "the index is truncated";
  }
  if (dtype >= static_cast<uint32_t>(DType::kToken)) return "unknown element type";
  entry->dtype = static_cast<DType>(dtype);
  for (uint32_t i = 0; i < rank; ++i) {
    int64_t extent;
    if (!reader->Read(&extent)) return "the index is truncated";
    entry->shape.push_back(extent);
  }
  uint64_t offset, bytes;
  if (!reader->Read(&offset) || !reader->Read(&bytes) || !reader->Read(&entry->content_hash) ||
      !reader->ReadText(name_length, name) || !reader->SkipTo(8)) {
    return "the index is truncated";
  }
  const absl::StatusOr<int64_t> elements =
      StaticNumElements(Shape(entry->shape.begin(), entry->shape.end()));
  int64_t expected;
  if (!elements.ok()) return std::string(elements.status().message());
  if (__builtin_mul_overflow(*elements, ByteSize(entry->dtype), &expected) ||
      bytes != static_cast<uint64_t>(expected)) {
    return "the size of its data does not match its type " + entry->type().ToString();
  }
  const uint64_t file_bytes = static_cast<uint64_t>(file->size());
  if (offset % kAlignment != 0 || offset > file_bytes || bytes > file_bytes - offset) {
    return "its data is not inside the file";
  }
  entry->data = file->data() + offset;
  entry->byte_size = expected;
  entry->owner = file;
  if (ContentHash(*entry) != entry->content_hash) {
    return "its bytes do not have the hash that the index states: the file is damaged";
  }
  return "";
}

}  // namespace

// One multiplication per word is a chain of six cycles; four chains side by side hash weights at
// the speed of memory.
uint64_t HashBytes(const void* data, int64_t size, uint64_t seed) {
  constexpr uint64_t kPrime = 0x9e3779b97f4a7c15ull;
  constexpr int64_t kChains = 4;
  const char* bytes = static_cast<const char*>(data);
  const auto mix = [&](uint64_t hash, const char* at, size_t count) {
    uint64_t word = 0;
    std::memcpy(&word, at, count);
    hash = (hash ^ word) * kPrime;
    return hash ^ (hash >> 32);
  };
  uint64_t hash = (seed ^ 0xcbf29ce484222325ull) + static_cast<uint64_t>(size) * kPrime;
  if (size >= 8 * kChains) {
    uint64_t chains[kChains] = {hash, hash + 1, hash + 2, hash + 3};
    for (; size >= 8 * kChains; size -= 8 * kChains, bytes += 8 * kChains) {
      for (int64_t i = 0; i < kChains; ++i) chains[i] = mix(chains[i], bytes + 8 * i, 8);
    }
    for (const uint64_t& chain : chains) hash = mix(hash, reinterpret_cast<const char*>(&chain), 8);
  }
  for (; size >= 8; size -= 8, bytes += 8) hash = mix(hash, bytes, 8);
  if (size > 0) hash = mix(hash, bytes, static_cast<size_t>(size));
  hash *= 0xd6e8feb86659fd93ull;
  return hash ^ (hash >> 29);
}

Type ConstantEntry::type() const { return Type(dtype, Shape(shape.begin(), shape.end())); }

Literal ConstantEntry::ToLiteral() const {
  CERMET_CHECK(HasBytes());
  Literal literal = Literal::Uninitialized(dtype, shape);
  if (byte_size > 0) std::memcpy(literal.data(), data, static_cast<size_t>(byte_size));
  return literal;
}

std::string ConstantStore::Add(absl::string_view hint, Literal value) {
  auto owner = std::make_shared<const Literal>(std::move(value));
  ConstantEntry entry;
  entry.dtype = owner->dtype();
  entry.shape = owner->shape();
  entry.data = owner->data();
  entry.byte_size = owner->byte_size();
  entry.owner = owner;
  return Add(hint, std::move(entry));
}

std::string ConstantStore::Add(absl::string_view hint, ConstantEntry entry) {
  entry.content_hash = ContentHash(entry);
  const std::string base = ValidName(hint);
  std::string name = base;
  for (int64_t i = 1;; ++i) {
    const ConstantEntry* found = Find(name);
    if (found == nullptr) break;
    if (SameContent(*found, entry)) return name;
    name = absl::StrCat(base, ".", i);
  }
  entries_.emplace(name, std::move(entry));
  return name;
}

bool ConstantStore::Declare(absl::string_view name, ConstantEntry entry) {
  return entries_.emplace(std::string(name), std::move(entry)).second;
}

const ConstantEntry* ConstantStore::Find(absl::string_view name) const {
  auto it = entries_.find(std::string(name));
  return it == entries_.end() ? nullptr : &it->second;
}

void ConstantStore::Erase(absl::string_view name) { entries_.erase(std::string(name)); }

absl::Status ConstantStore::WriteTo(const std::string& path) const {
  for (const auto& [name, entry] : entries_) {
    if (!entry.HasBytes())
      return absl::FailedPreconditionError(absl::StrCat(path, ": cannot write: constant @", name,
                                                        " has no bytes, only a type and a hash"));
  }
  static constexpr char kZeros[kAlignment] = {};
  std::vector<absl::string_view> pieces;
  const auto add = [&pieces](const void* data, uint64_t size) {
    pieces.emplace_back(static_cast<const char*>(data), size);
    pieces.emplace_back(kZeros, AlignUp(size, kAlignment) - size);
  };
  const std::string head = HeaderAndIndex(entries_);
  add(head.data(), head.size());
  for (const auto& [name, entry] : entries_) {
    add(entry.data, static_cast<uint64_t>(entry.byte_size));
  }
  return WriteFile(path, pieces);
}

absl::StatusOr<ConstantStore> ConstantStore::ReadFrom(const std::string& path) {
  CERMET_ASSIGN_OR_RETURN(const std::shared_ptr<const MappedFile> file, MappedFile::Open(path));
  const auto error = [&path](const std::string& what) {
    return absl::InvalidArgumentError(path + ": " + what);
  };
  const uint64_t file_bytes = static_cast<uint64_t>(file->size());
  Header header;
  if (file_bytes < sizeof(header)) {
    return error(absl::StrCat("not a constants file: only ", file_bytes, " bytes long"));
  }
  std::memcpy(&header, file->data(), sizeof(header));
  if (std::memcmp(header.magic, kMagic, sizeof(kMagic)) != 0) {
    return error("not a constants file: it does not start with CERMETCS");
  }
  if (header.version != kVersion) {
    return error(
        absl::StrCat("constants file of version ", header.version, "; this is version ", kVersion));
  }
  if (header.file_bytes != file_bytes) {
    return error(
        absl::StrCat("the file should be ", header.file_bytes, " bytes long and is ", file_bytes));
  }
  const char* index = file->data() + sizeof(header);
  if (header.index_bytes > file_bytes - sizeof(header) ||
      HashBytes(index, static_cast<int64_t>(header.index_bytes)) != header.index_hash) {
    return error("the index is damaged");
  }
  ConstantStore store;
  IndexReader reader(index, header.index_bytes);
  for (uint32_t i = 0; i < header.entries; ++i) {
    std::string name;
    ConstantEntry entry;
    const std::string problem = ReadEntry(file, &reader, &name, &entry);
    if (!problem.empty()) {
      return error(name.empty() ? absl::StrCat("entry ", i, ": ", problem)
                                : absl::StrCat("constant @", name, ": ", problem));
    }
    if (ValidName(name) != name || !store.entries_.emplace(name, std::move(entry)).second) {
      return error(absl::StrCat("entry ", i, ": bad or repeated name \"", name, "\""));
    }
  }
  return store;
}

}  // namespace cermet
