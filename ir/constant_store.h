// The weights of a module: named, content-hashed, read-only tensors.
#ifndef CERMET_IR_CONSTANT_STORE_H_
#define CERMET_IR_CONSTANT_STORE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ir/literal.h"
#include "ir/type.h"

namespace cermet {

// One tensor of the store. `data` points to bytes that `owner` keeps alive: a Literal, a
// memory-mapped file, or the caller's memory. Immutable after it was added; safe to read from many
// threads.
struct ConstantEntry {
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  const void* data = nullptr;
  int64_t byte_size = 0;
  uint64_t content_hash = 0;  // of dtype, shape and bytes
  // The one shared ownership of the IR: bytes are shared by modules and sessions.
  std::shared_ptr<const void> owner;

  Type type() const;
  // False for an entry that a text declares and no side file backs: only its type and hash are
  // known.
  bool HasBytes() const { return data != nullptr || byte_size == 0; }
  Literal ToLiteral() const;  // copies
};

// Maps names (without the `@`) to entries, ordered by name. Copying a store shares the bytes. Not
// thread safe to change.
class ConstantStore {
 public:
  // Adds a copy of `value` under a name made unique from `hint`, or returns the name of an entry
  // with the same content whose name was made from the same hint. The name is a valid symbol:
  // letters, digits, `.`, `_`, `/`, `-`, `:`.
  std::string Add(absl::string_view hint, Literal value);
  std::string Add(absl::string_view hint, ConstantEntry entry);
  // Adds `entry` under exactly this name, trusting its hash; it may lack bytes. False if the name
  // is taken.
  bool Declare(absl::string_view name, ConstantEntry entry);
  // Null if there is none.
  const ConstantEntry* Find(absl::string_view name) const;
  void Erase(absl::string_view name);
  const std::map<std::string, ConstantEntry, std::less<>>& entries() const { return entries_; }

  // The side file of a text module: all entries with their bytes. Errors name the file and the
  // entry.
  absl::Status WriteTo(const std::string& path) const;
  static absl::StatusOr<ConstantStore> ReadFrom(const std::string& path);

 private:
  std::map<std::string, ConstantEntry, std::less<>> entries_;
};

// FNV-like 64-bit hash used for contents and structure; stable over runs and machines.
uint64_t HashBytes(const void* data, int64_t size, uint64_t seed = 0);

}  // namespace cermet

#endif  // CERMET_IR_CONSTANT_STORE_H_
