// Kernels, strides, pads and dilations of convolutions and pooling.
#ifndef CERMET_FRONTEND_ONNX_WINDOW_H_
#define CERMET_FRONTEND_ONNX_WINDOW_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "frontend/onnx/op_context.h"

namespace cermet {

// One entry for each spatial dim (the dims from 2 on).
struct Window {
  std::vector<int64_t> kernel, stride, low, high, dilation;
};

// From the attributes kernel_shape (or `filter`, the filter's spatial extents, when that is not
// empty), strides, pads, dilations, auto_pad and ceil_mode. With ceil_mode, `high` grows so that
// the last window starts inside the input or its low padding, and is complete. `transposed`:
// auto_pad SAME leaves the pads to the caller.
absl::StatusOr<Window> ReadWindow(OpContext& c, const Shape& filter, bool transposed = false);

// An error unless the attribute's `list` has `size` elements from `least` to 2^24.
absl::Status CheckWindowList(OpContext& c, absl::string_view name, const std::vector<int64_t>& list,
                             size_t size, int64_t least);

}  // namespace cermet

#endif  // CERMET_FRONTEND_ONNX_WINDOW_H_
