// The caller's memory, as runs read and write it.
#ifndef CERMET_RUNTIME_SESSION_TENSOR_VIEW_H_
#define CERMET_RUNTIME_SESSION_TENSOR_VIEW_H_

#include <cstdint>

#include "absl/types/span.h"
#include "ir/dtype.h"
#include "ir/literal.h"

namespace cermet {

// A value that is fed: dense, row-major, little-endian. It must live, unchanged, until the run
// returns. Memory that is aligned for its element type is read in place; other memory is copied.
struct TensorView {
  DType dtype = DType::kF32;
  const void* data = nullptr;
  absl::Span<const int64_t> shape;

  TensorView() = default;
  TensorView(DType dtype, const void* data, absl::Span<const int64_t> shape)
      : dtype(dtype), data(data), shape(shape) {}
  TensorView(const Literal& literal)  // NOLINT
      : TensorView(literal.dtype(), literal.data(), literal.shape()) {}
};

// Room for a value that is fetched, aligned for its element type. Neither what is fed nor the room
// of another fetch may overlap it; of these two, a run checks the second.
struct TensorBuffer {
  void* data = nullptr;
  int64_t bytes = 0;  // at least the value's

  TensorBuffer() = default;
  TensorBuffer(void* data, int64_t bytes) : data(data), bytes(bytes) {}
  TensorBuffer(Literal* literal)  // NOLINT
      : TensorBuffer(literal->data(), literal->byte_size()) {}
};

}  // namespace cermet

#endif  // CERMET_RUNTIME_SESSION_TENSOR_VIEW_H_
