// numpy's .npy format: one array in memory or in a file.
// Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#ifndef CERMET_TOOLS_NPZ_NPY_H_
#define CERMET_TOOLS_NPZ_NPY_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ir/literal.h"

namespace cermet::npz {

// Decodes a .npy file's bytes. Takes format versions 1 to 3, either byte order, and either memory
// order; the result is little-endian and row-major. bool, integers and floats map to their dtypes;
// bfloat16, which numpy stores as two opaque bytes ("V2"), to bf16. Bytes come from outside: damage
// of any kind is an InvalidArgument error that says what is wrong, without a file name.
absl::StatusOr<Literal> ParseNpy(absl::string_view bytes);

// Encodes as format version 1, the inverse of ParseNpy.
std::string FormatNpy(const Literal& value);

// The same with files; errors name the file.
absl::StatusOr<Literal> ReadNpy(const std::string& path);
absl::Status WriteNpy(const std::string& path, const Literal& value);

}  // namespace cermet::npz

#endif  // CERMET_TOOLS_NPZ_NPY_H_
