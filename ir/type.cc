// Text form and sizes of types and shapes.
#include "ir/type.h"

#include <limits>

#include "absl/strings/strip.h"
#include "ir/status.h"

namespace cermet {

bool Type::IsStatic() const {
  for (const Dim& dim : shape) {
    if (!dim.IsConstant()) return false;
  }
  return true;
}

Dim Type::NumElements() const {
  Dim product = 1;
  for (const Dim& dim : shape) product = product * dim;
  return product;
}

absl::StatusOr<int64_t> Type::ByteSize(const DimBindings& dims) const {
  CERMET_ASSIGN_OR_RETURN(const int64_t elements, NumElements().Evaluate(dims));
  int64_t bytes = 0;
  if (elements < 0 || __builtin_mul_overflow(elements, cermet::ByteSize(dtype), &bytes) ||
      bytes > std::numeric_limits<int64_t>::max() / 4) {
    return absl::ResourceExhaustedError(ToString() + " has too many bytes");
  }
  return bytes;
}

std::string Type::ToString() const {
  std::string text(Name(dtype));
  if (!shape.empty()) text += cermet::ToString(shape);
  return text;
}

absl::StatusOr<Type> Type::Parse(absl::string_view text) {
  const auto error = [text](const std::string& what) {
    return absl::InvalidArgumentError("bad type \"" + std::string(text) + "\": " + what);
  };
  const size_t bracket = text.find('[');
  const absl::string_view name = text.substr(0, bracket);
  const std::optional<DType> dtype = ParseDType(name);
  if (!dtype.has_value()) {
    return error("unknown element type \"" + std::string(name) + "\"");
  }
  Type type(*dtype, {});
  if (bracket == absl::string_view::npos) return type;
  absl::string_view rest = text.substr(bracket + 1);
  if (!absl::ConsumeSuffix(&rest, "]")) return error("no closing ]");
  if (*dtype == DType::kToken) return error("a token has no shape");
  if (rest.empty()) return type;
  int depth = 0;
  size_t begin = 0;
  for (size_t i = 0; i <= rest.size(); ++i) {
    if (i < rest.size() && rest[i] == '(') ++depth;
    if (i < rest.size() && rest[i] == ')') --depth;
    if (i < rest.size() && (rest[i] != ',' || depth > 0)) continue;
    absl::StatusOr<Dim> dim = Dim::Parse(rest.substr(begin, i - begin));
    if (!dim.ok()) return error(std::string(dim.status().message()));
    type.shape.push_back(*std::move(dim));
    begin = i + 1;
  }
  return type;
}

std::vector<Dim> RowMajorStrides(const Shape& shape) {
  std::vector<Dim> strides(shape.size());
  Dim stride = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    stride = stride * shape[i];
  }
  return strides;
}

absl::StatusOr<int64_t> StaticNumElements(const Shape& shape) {
  int64_t product = 1;
  bool overflow = false;
  bool empty = false;
  for (const Dim& dim : shape) {
    if (!dim.IsConstant()) {
      return absl::InvalidArgumentError("the shape " + ToString(shape) +
                                        " has a symbolic dimension where constants are needed");
    }
    if (dim.value() < 0) {
      return absl::InvalidArgumentError("the shape " + ToString(shape) +
                                        " has a negative dimension");
    }
    empty |= dim.value() == 0;
    overflow |= __builtin_mul_overflow(product, dim.value(), &product);
  }
  if (empty) return 0;
  if (overflow) {
    return absl::InvalidArgumentError("the shape " + ToString(shape) +
                                      " has more elements than 64 bits count");
  }
  return product;
}

std::string ToString(const Shape& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ',';
    text += shape[i].ToString();
  }
  return text + "]";
}

}  // namespace cermet
