// A file mapped for reading. The constants that point into it share it, and the last one unmaps it.
#ifndef CERMET_IR_MAPPED_FILE_H_
#define CERMET_IR_MAPPED_FILE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace cermet {

// Immutable; safe to read from many threads. Pages are read as they are touched, so the file must
// not be cut off while it is mapped.
class MappedFile {
 public:
  // Errors name the path: no such file, not a regular file, or one that cannot be mapped.
  static absl::StatusOr<std::shared_ptr<const MappedFile>> Open(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const char* data() const { return data_; }  // null if the file is empty
  int64_t size() const { return size_; }

 private:
  MappedFile(const char* data, int64_t size) : data_(data), size_(size) {}
  const char* data_;
  int64_t size_;
};

}  // namespace cermet

#endif  // CERMET_IR_MAPPED_FILE_H_
