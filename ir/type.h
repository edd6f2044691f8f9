// Types of values in a graph: element type and shape.
#ifndef CERMET_IR_TYPE_H_
#define CERMET_IR_TYPE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ir/dim.h"
#include "ir/dtype.h"

namespace cermet {

using Shape = std::vector<Dim>;

// A dense, row-major tensor: `f32[8,?batch,224]`; a scalar is `f32[]`, printed `f32`; a token is
// `token`.
struct Type {
  DType dtype = DType::kF32;
  Shape shape;

  Type() = default;
  Type(DType dtype, Shape shape) : dtype(dtype), shape(std::move(shape)) {}

  int64_t rank() const { return static_cast<int64_t>(shape.size()); }
  bool IsScalar() const { return shape.empty() && dtype != DType::kToken; }
  bool IsStatic() const;    // every extent is a constant
  Dim NumElements() const;  // product of the extents; 1 for a scalar
  // Bytes of a tensor under `dims`, at most a quarter of 2^63, so that a few can be added up. An
  // error names a missing symbol or a size that is larger.
  absl::StatusOr<int64_t> ByteSize(const DimBindings& dims) const;
  std::string ToString() const;
  static absl::StatusOr<Type> Parse(absl::string_view text);

  friend bool operator==(const Type& a, const Type& b) {
    return a.dtype == b.dtype && a.shape == b.shape;
  }
  friend bool operator!=(const Type& a, const Type& b) { return !(a == b); }
};

// Row-major strides in elements: the last is 1.
std::vector<Dim> RowMajorStrides(const Shape& shape);
// The product of constant extents, or an error when it overflows int64 or an extent is negative or
// symbolic.
absl::StatusOr<int64_t> StaticNumElements(const Shape& shape);
std::string ToString(const Shape& shape);  // "[8,?batch]"

}  // namespace cermet

#endif  // CERMET_IR_TYPE_H_
