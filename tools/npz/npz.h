// numpy's .npz format: a zip archive of named .npy arrays.
#ifndef CERMET_TOOLS_NPZ_NPZ_H_
#define CERMET_TOOLS_NPZ_NPZ_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "ir/literal.h"

namespace cermet::npz {

struct NamedArray {
  std::string name;  // without the entry's ".npy"
  Literal value;
};

// The arrays of an archive in its order, stored or deflated. Errors name the file and the entry; a
// damaged archive, an entry that is no .npy array, and a name that occurs twice are
// InvalidArgument.
absl::StatusOr<std::vector<NamedArray>> ReadNpz(const std::string& path);

// Writes the arrays uncompressed, in order, replacing `path` only once all is written. Equal arrays
// give equal bytes: the entries carry no time of writing.
absl::Status WriteNpz(const std::string& path, absl::Span<const NamedArray> arrays);

}  // namespace cermet::npz

#endif  // CERMET_TOOLS_NPZ_NPZ_H_
