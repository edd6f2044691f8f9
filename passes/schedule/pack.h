// Packing: the `pack` rewrite, which reads an argument in a packed layout, and the kernel that
// makes that layout.
#ifndef CERMET_PASSES_SCHEDULE_PACK_H_
#define CERMET_PASSES_SCHEDULE_PACK_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ir/kernel/kernel.h"

namespace cermet::schedule {

// Argument `buffer` is from now on packed (dim `dim` by `block`, see kernel::Packing): every load
// at [.., i, ..] reads [i div block, .., i mod block]. The caller must provide the packed array: a
// derived constant, or the result of a packing kernel. InvalidArgument unless the buffer is an
// unpacked kIn argument with such a dim.
//
//   before  %w: f32[784,512]                                     after  %w: f32[32,784,16]
//   packed(dim 1 by 16 of [784,512])
//           %v = load %w[%k, 16*%jb + %ji]                              %v = load %w[%jb, %k, %ji]
absl::Status Pack(kernel::Kernel* kernel, absl::string_view buffer, int64_t dim, int64_t block);

// The naive kernel that packs its first argument (the logical array) into its second; scheduled
// like any other.
kernel::Kernel NaivePackKernel(const kernel::Packing& packing, DType dtype);

}  // namespace cermet::schedule

#endif  // CERMET_PASSES_SCHEDULE_PACK_H_
