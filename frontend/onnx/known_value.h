// Small tensors whose elements are known while importing: constants, and integers made of symbolic
// dims.
#ifndef CERMET_FRONTEND_ONNX_KNOWN_VALUE_H_
#define CERMET_FRONTEND_ONNX_KNOWN_VALUE_H_

#include <functional>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "ir/builder.h"
#include "ir/dim.h"
#include "ir/literal.h"

namespace cermet {

// Integers and bools (0 or 1) are in `ints`, floats, always constant, in `reals`; row-major.
struct KnownValue {
  // Larger tensors are not tracked.
  static constexpr int64_t kMaxElements = 4096;
  static constexpr int64_t kMaxRealElements = 64;

  DType dtype = DType::kI64;
  std::vector<int64_t> shape;
  std::vector<Dim> ints;
  std::vector<double> reals;

  bool is_real() const { return IsFloat(dtype); }
  int64_t num_elements() const { return is_real() ? reals.size() : ints.size(); }
  Type type() const { return Type(dtype, Shape(shape.begin(), shape.end())); }
  bool IsConstant() const;

  static std::optional<KnownValue> FromLiteral(const Literal& literal);
  static KnownValue Vector(std::vector<Dim> dims);  // i64 of rank 1
  static KnownValue Scalar(Dim dim);                // i64
};

// The product of extents, saturated.
int64_t Product(const std::vector<int64_t>& shape);
// Whether a tensor is too large to be tracked.
bool TooLarge(const std::vector<int64_t>& shape, DType dtype);
// Numpy's broadcast; nullopt if the shapes do not fit.
std::optional<std::vector<int64_t>> BroadcastShape(const std::vector<int64_t>& a,
                                                   const std::vector<int64_t>& b);
// The row-major number of the element at `index`.
int64_t FlatIndex(const std::vector<int64_t>& index, const std::vector<int64_t>& shape);
// A value of `shape` whose element at an index is element `source(index)` of `from`.
KnownValue Rearrange(const KnownValue& from, const std::vector<int64_t>& shape,
                     const std::function<int64_t(const std::vector<int64_t>&)>& source);
// `from` repeated to `shape`, to which it broadcasts.
KnownValue BroadcastValue(const KnownValue& from, const std::vector<int64_t>& shape);

// The elements, if they are constant integers.
std::optional<std::vector<int64_t>> ConstantInts(const KnownValue& value);

// A value in the graph for a known one: a constant, or dim_size nodes put together.
Value EmitKnown(Builder* builder, const KnownValue& known);

}  // namespace cermet

#endif  // CERMET_FRONTEND_ONNX_KNOWN_VALUE_H_
