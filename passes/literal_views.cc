// Transposes by walks over pairs of dims, the one that is innermost in the result and the one that
// is innermost in the operand, in blocks that stay in the first-level cache: then both sides move
// by whole cache lines. The evaluator does the same element by element through indices; weights
// have millions of elements.
#include "passes/literal_views.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "ir/status.h"

namespace cermet {
namespace {

// A dim of the result: its extent and the distance of its elements on both sides.
struct CopiedDim {
  int64_t extent = 1;
  int64_t from_stride = 0;
  int64_t to_stride = 0;
};

constexpr int64_t kBlock = 16;  // 16 x 16 elements of 8 bytes are 2 KiB on each side

template <typename T>
void CopyPlane(const T* from, const CopiedDim& a, const CopiedDim& b, T* to) {
  for (int64_t i0 = 0; i0 < a.extent; i0 += kBlock) {
    const int64_t i1 = std::min(a.extent, i0 + kBlock);
    for (int64_t j0 = 0; j0 < b.extent; j0 += kBlock) {
      const int64_t j1 = std::min(b.extent, j0 + kBlock);
      for (int64_t i = i0; i < i1; ++i) {
        for (int64_t j = j0; j < j1; ++j) {
          to[i * a.to_stride + j * b.to_stride] = from[i * a.from_stride + j * b.from_stride];
        }
      }
    }
  }
}

// Copies the plane of the last two dims for every position of the others.
template <typename T>
void CopyPlanes(const T* from, const std::vector<CopiedDim>& dims, size_t dim, T* to) {
  if (dim + 2 == dims.size()) return CopyPlane(from, dims[dim], dims[dim + 1], to);
  for (int64_t i = 0; i < dims[dim].extent; ++i) {
    CopyPlanes(from + i * dims[dim].from_stride, dims, dim + 1, to + i * dims[dim].to_stride);
  }
}

template <typename T>
void Copy(const void* from, const std::vector<CopiedDim>& dims, void* to) {
  CopyPlanes(static_cast<const T*>(from), dims, 0, static_cast<T*>(to));
}

}  // namespace

Literal TransposeLiteral(LiteralView view, absl::Span<const int64_t> permutation) {
  const size_t rank = view.shape.size();
  CERMET_CHECK(permutation.size() == rank);
  std::vector<int64_t> strides(rank, 1);
  for (size_t i = rank; i-- > 1;) strides[i - 1] = strides[i] * view.shape[i];
  std::vector<int64_t> shape;
  for (int64_t from : permutation) shape.push_back(view.shape[from]);
  Literal result = Literal::Uninitialized(view.dtype, shape);
  if (result.num_elements() == 0) return result;

  std::vector<CopiedDim> dims(rank);
  int64_t to_stride = 1;
  for (size_t i = rank; i-- > 0; to_stride *= shape[i]) {
    dims[i] = {shape[i], strides[permutation[i]], to_stride};
  }
  // The operand's innermost dim that is not 1 moves next to the last, unless it is the last.
  while (dims.size() < 2) dims.insert(dims.begin(), CopiedDim());
  const auto before_last = dims.end() - 1;
  const auto innermost =
      std::min_element(dims.begin(), before_last, [](const CopiedDim& a, const CopiedDim& b) {
        return std::pair(a.extent == 1, a.from_stride) < std::pair(b.extent == 1, b.from_stride);
      });
  std::rotate(innermost, innermost + 1, before_last);

  switch (ByteSize(view.dtype)) {
    case 1:
      Copy<uint8_t>(view.data, dims, result.data());
      break;
    case 2:
      Copy<uint16_t>(view.data, dims, result.data());
      break;
    case 4:
      Copy<uint32_t>(view.data, dims, result.data());
      break;
    default:
      Copy<uint64_t>(view.data, dims, result.data());
      break;
  }
  return result;
}

Literal ReshapeLiteral(LiteralView view, std::vector<int64_t> shape) {
  Literal result = Literal::Uninitialized(view.dtype, std::move(shape));
  if (result.byte_size() > 0) std::memcpy(result.data(), view.data, result.byte_size());
  return result;
}

}  // namespace cermet
