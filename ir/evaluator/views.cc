// Views: every result element is a copy of an operand's element, found by an affine map of the
// index.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ir/evaluator/indexing.h"
#include "ir/evaluator/node_evaluators.h"
#include "ir/status.h"

namespace cermet::evaluator {
namespace {

template <typename T>
void CopyWalk(const Literal& x, AffineWalk walk, Literal* result) {
  const T* from = static_cast<const T*>(x.data());
  T* to = static_cast<T*>(result->data());
  for (int64_t i = 0; i < result->num_elements(); ++i, walk.Next()) to[i] = from[walk.position()];
}

// result[index] = x[offset + sum(index[i] * strides[i])].
Literal AffineView(const Literal& x, const StaticType& type, Extents strides, int64_t offset) {
  Literal result(type.dtype, type.shape);
  AffineWalk walk(result.shape(), std::move(strides), offset);
  switch (ByteSize(type.dtype)) {
    case 1:
      CopyWalk<uint8_t>(x, std::move(walk), &result);
      break;
    case 2:
      CopyWalk<uint16_t>(x, std::move(walk), &result);
      break;
    case 4:
      CopyWalk<uint32_t>(x, std::move(walk), &result);
      break;
    default:
      CopyWalk<uint64_t>(x, std::move(walk), &result);
      break;
  }
  return result;
}

std::string ShapeText(const Extents& shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ","), "]");
}

}  // namespace

absl::StatusOr<Literal> EvaluateBroadcast(const Node& node, const Literal& x,
                                          const StaticType& type) {
  const std::vector<int64_t>& dims = node.attrs().Ints("dims");
  const Extents x_strides = Strides(x.shape());
  Extents strides(type.shape.size(), 0);
  for (size_t i = 0; i < dims.size(); ++i) {
    const size_t dim = static_cast<size_t>(dims[i]);
    if (x.shape()[i] == type.shape[dim]) {
      strides[dim] = x_strides[i];
    } else if (x.shape()[i] != 1) {
      return NodeError(node, absl::StrCat("cannot broadcast ", ShapeText(x.shape()), " to ",
                                          ShapeText(type.shape)));
    }
  }
  return AffineView(x, type, std::move(strides), 0);
}

absl::StatusOr<Literal> EvaluateReshape(const Node& node, const Literal& x,
                                        const StaticType& type) {
  if (x.num_elements() != Product(type.shape)) {
    return NodeError(
        node, absl::StrCat("cannot reshape ", ShapeText(x.shape()), " to ", ShapeText(type.shape)));
  }
  Literal result(type.dtype, type.shape);
  std::copy_n(static_cast<const char*>(x.data()), x.byte_size(), static_cast<char*>(result.data()));
  return result;
}

absl::StatusOr<Literal> EvaluateTranspose(const Node& node, const Literal& x,
                                          const StaticType& type) {
  const Extents x_strides = Strides(x.shape());
  Extents strides;
  for (int64_t dim : node.attrs().Ints("permutation")) {
    strides.push_back(x_strides[static_cast<size_t>(dim)]);
  }
  return AffineView(x, type, std::move(strides), 0);
}

absl::StatusOr<Literal> EvaluateSlice(const Node& node, const Literal& x, const StaticType& type,
                                      const Scope& scope) {
  CERMET_ASSIGN_OR_RETURN(const Extents start,
                          EvaluateDims(node, node.attrs().Dims("start"), scope));
  CERMET_ASSIGN_OR_RETURN(const Extents limit,
                          EvaluateDims(node, node.attrs().Dims("limit"), scope));
  const std::vector<int64_t>& step = node.attrs().Ints("stride");
  Extents strides = Strides(x.shape());
  int64_t offset = 0;
  for (size_t i = 0; i < strides.size(); ++i) {
    const bool inside = 0 <= start[i] && start[i] <= limit[i] && limit[i] <= x.shape()[i];
    if (!inside || (limit[i] - start[i] + step[i] - 1) / step[i] != type.shape[i]) {
      return NodeError(node, absl::StrCat("slice ", start[i], ":", limit[i], ":", step[i],
                                          " of dim ", i, " does not fit ", ShapeText(x.shape())));
    }
    offset += start[i] * strides[i];
    strides[i] *= step[i];
  }
  return AffineView(x, type, std::move(strides), offset);
}

absl::StatusOr<Literal> EvaluatePad(const Node& node, const Literal& x, const Literal& value,
                                    const StaticType& type, const Scope& scope) {
  CERMET_ASSIGN_OR_RETURN(const Extents low, EvaluateDims(node, node.attrs().Dims("low"), scope));
  const std::vector<int64_t>& interior = node.attrs().Ints("interior");
  Literal result(type.dtype, type.shape);
  for (int64_t i = 0; i < result.num_elements(); ++i) CopyElement(&result, i, value, 0);
  if (x.num_elements() == 0) return result;
  const Extents strides = Strides(type.shape);
  Odometer index(x.shape());
  for (int64_t i = 0; i < x.num_elements(); ++i, index.Next()) {
    int64_t to = 0;
    bool inside = true;
    for (size_t d = 0; d < strides.size(); ++d) {
      const int64_t position = low[d] + index.index()[d] * (interior[d] + 1);
      inside &= position >= 0 && position < type.shape[d];
      to += position * strides[d];
    }
    if (inside) CopyElement(&result, to, x, i);
  }
  return result;
}

absl::StatusOr<Literal> EvaluateConcat(const Node& node, Operands operands,
                                       const StaticType& type) {
  const size_t dim = static_cast<size_t>(node.attrs().Int("dim"));
  Literal result(type.dtype, type.shape);
  const int64_t width = ByteSize(type.dtype);
  int64_t outer = 1;
  for (size_t i = 0; i < dim; ++i) outer *= type.shape[i];
  const int64_t inner = Strides(type.shape)[dim] * width;  // bytes per element of `dim`
  int64_t at = 0;
  for (const Literal* operand : operands) {
    Extents expected = type.shape;
    const int64_t extent = operand->shape()[dim];
    expected[dim] = extent;
    if (operand->shape() != expected || at + extent > type.shape[dim]) {
      return NodeError(node, absl::StrCat("cannot place ", ShapeText(operand->shape()), " into ",
                                          ShapeText(type.shape)));
    }
    for (int64_t i = 0; i < outer; ++i) {
      std::copy_n(static_cast<const char*>(operand->data()) + i * extent * inner, extent * inner,
                  static_cast<char*>(result.data()) + (i * type.shape[dim] + at) * inner);
    }
    at += extent;
  }
  if (at != type.shape[dim]) return NodeError(node, "its operands do not fill the result");
  return result;
}

absl::StatusOr<Literal> EvaluateReverse(const Node& node, const Literal& x,
                                        const StaticType& type) {
  Extents strides = Strides(x.shape());
  int64_t offset = 0;
  for (int64_t d : node.attrs().Ints("dims")) {
    const size_t dim = static_cast<size_t>(d);
    offset += (x.shape()[dim] - 1) * strides[dim];
    strides[dim] = -strides[dim];
  }
  return AffineView(x, type, std::move(strides), offset);
}

}  // namespace cermet::evaluator
