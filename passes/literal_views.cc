// Transposes by one walk over the result with running offsets into the operand. The evaluator does
// the same element by element through indices; weights have millions of elements.
#include "passes/literal_views.h"

#include <cstring>
#include <vector>

#include "ir/status.h"

namespace cermet {
namespace {

// Copies elements of `T` to `out` in row-major order of `shape`, from `in` with `strides`.
template <typename T>
void CopyStrided(const T* in, const std::vector<int64_t>& shape,
                 const std::vector<int64_t>& strides, T* out) {
  const size_t rank = shape.size();
  std::vector<int64_t> index(rank, 0);
  const int64_t inner = rank == 0 ? 1 : shape[rank - 1];
  const int64_t inner_stride = rank == 0 ? 0 : strides[rank - 1];
  int64_t offset = 0;
  while (true) {
    for (int64_t i = 0; i < inner; ++i) *out++ = in[offset + i * inner_stride];
    // Counts up the outer dims.
    int64_t dim = static_cast<int64_t>(rank) - 2;
    for (; dim >= 0; --dim) {
      offset += strides[dim];
      if (++index[dim] < shape[dim]) break;
      offset -= strides[dim] * shape[dim];
      index[dim] = 0;
    }
    if (dim < 0) return;
  }
}

}  // namespace

Literal TransposeLiteral(const Literal& literal, absl::Span<const int64_t> permutation) {
  const size_t rank = literal.shape().size();
  CERMET_CHECK(permutation.size() == rank);
  std::vector<int64_t> operand_strides(rank, 1);
  for (size_t i = rank; i-- > 1;) {
    operand_strides[i - 1] = operand_strides[i] * literal.shape()[i];
  }
  std::vector<int64_t> shape, strides;
  for (int64_t from : permutation) {
    shape.push_back(literal.shape()[from]);
    strides.push_back(operand_strides[from]);
  }
  Literal result(literal.dtype(), shape);
  if (result.num_elements() == 0) return result;
  const int64_t width = ByteSize(literal.dtype());
  const void* in = literal.data();
  void* out = result.data();
  if (width == 1) {
    CopyStrided(static_cast<const uint8_t*>(in), shape, strides, static_cast<uint8_t*>(out));
  } else if (width == 2) {
    CopyStrided(static_cast<const uint16_t*>(in), shape, strides, static_cast<uint16_t*>(out));
  } else if (width == 4) {
    CopyStrided(static_cast<const uint32_t*>(in), shape, strides, static_cast<uint32_t*>(out));
  } else {
    CopyStrided(static_cast<const uint64_t*>(in), shape, strides, static_cast<uint64_t*>(out));
  }
  return result;
}

Literal ReshapeLiteral(const Literal& literal, std::vector<int64_t> shape) {
  Literal result(literal.dtype(), std::move(shape));
  CERMET_CHECK(result.byte_size() == literal.byte_size());
  if (result.byte_size() > 0) std::memcpy(result.data(), literal.data(), result.byte_size());
  return result;
}

}  // namespace cermet
