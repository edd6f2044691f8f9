// Between tensors and what is known of them.
#include "frontend/onnx/known_value.h"

#include <algorithm>
#include <limits>

#include "ir/status.h"

namespace cermet {

bool KnownValue::IsConstant() const {
  for (const Dim& dim : ints) {
    if (!dim.IsConstant()) return false;
  }
  return true;
}

std::optional<KnownValue> KnownValue::FromLiteral(const Literal& literal) {
  const bool real = IsFloat(literal.dtype());
  if (literal.num_elements() > (real ? kMaxRealElements : kMaxElements)) return std::nullopt;
  KnownValue known;
  known.dtype = literal.dtype();
  known.shape = literal.shape();
  for (int64_t i = 0; i < literal.num_elements(); ++i) {
    if (real) {
      known.reals.push_back(literal.GetFloat(i));
    } else {
      known.ints.push_back(literal.GetInt(i));
    }
  }
  return known;
}

KnownValue KnownValue::Vector(std::vector<Dim> dims) {
  KnownValue known;
  known.shape = {static_cast<int64_t>(dims.size())};
  known.ints = std::move(dims);
  return known;
}

KnownValue KnownValue::Scalar(Dim dim) {
  KnownValue known;
  known.ints = {std::move(dim)};
  return known;
}

namespace {

Literal ToLiteral(const KnownValue& known) {
  Literal literal(known.dtype, known.shape);
  for (int64_t i = 0; i < literal.num_elements(); ++i) {
    if (known.is_real()) {
      literal.SetFloat(i, known.reals[i]);
    } else {
      literal.SetInt(i, known.ints[i].value());
    }
  }
  return literal;
}

}  // namespace

int64_t Product(const std::vector<int64_t>& shape) {
  int64_t product = 1;
  for (const int64_t extent : shape) {
    if (__builtin_mul_overflow(product, extent, &product))
      return std::numeric_limits<int64_t>::max();
  }
  return product;
}

bool TooLarge(const std::vector<int64_t>& shape, DType dtype) {
  return Product(shape) >
         (IsFloat(dtype) ? KnownValue::kMaxRealElements : KnownValue::kMaxElements);
}

std::optional<std::vector<int64_t>> BroadcastShape(const std::vector<int64_t>& a,
                                                   const std::vector<int64_t>& b) {
  std::vector<int64_t> result(std::max(a.size(), b.size()), 1);
  for (size_t i = 0; i < result.size(); ++i) {
    const int64_t x = i < result.size() - a.size() ? 1 : a[i - (result.size() - a.size())];
    const int64_t y = i < result.size() - b.size() ? 1 : b[i - (result.size() - b.size())];
    if (x != y && x != 1 && y != 1) return std::nullopt;
    result[i] = x == 1 ? y : x;
  }
  return result;
}

KnownValue Rearrange(const KnownValue& from, const std::vector<int64_t>& shape,
                     const std::function<int64_t(const std::vector<int64_t>&)>& source) {
  KnownValue result;
  result.dtype = from.dtype;
  result.shape = shape;
  std::vector<int64_t> index(shape.size(), 0);
  for (int64_t i = 0, n = Product(shape); i < n; ++i) {
    const int64_t at = source(index);
    if (from.is_real()) {
      result.reals.push_back(from.reals[at]);
    } else {
      result.ints.push_back(from.ints[at]);
    }
    for (size_t d = shape.size(); d-- > 0;) {
      if (++index[d] < shape[d]) break;
      index[d] = 0;
    }
  }
  return result;
}

int64_t FlatIndex(const std::vector<int64_t>& index, const std::vector<int64_t>& shape) {
  int64_t flat = 0;
  for (size_t d = 0; d < shape.size(); ++d) flat = flat * shape[d] + index[d];
  return flat;
}

KnownValue BroadcastValue(const KnownValue& from, const std::vector<int64_t>& shape) {
  const size_t lead = shape.size() - from.shape.size();
  return Rearrange(from, shape, [&](const std::vector<int64_t>& index) {
    int64_t flat = 0;
    for (size_t d = 0; d < from.shape.size(); ++d)
      flat = flat * from.shape[d] + (from.shape[d] == 1 ? 0 : index[lead + d]);
    return flat;
  });
}

std::optional<std::vector<int64_t>> ConstantInts(const KnownValue& value) {
  if (value.is_real() || !value.IsConstant()) return std::nullopt;
  std::vector<int64_t> ints;
  for (const Dim& dim : value.ints) ints.push_back(dim.value());
  return ints;
}

Value EmitKnown(Builder* builder, const KnownValue& known) {
  if (known.IsConstant()) return builder->Constant(ToLiteral(known));
  std::vector<Value> elements;
  for (const Dim& dim : known.ints) {
    const Value size = builder->DimSize(dim);
    elements.push_back(known.ints.size() == 1 ? size : builder->Reshape(size, {1}));
  }
  Value all = elements.size() == 1 ? elements[0] : builder->Concat(elements, 0);
  all = builder->Convert(all, known.dtype);
  return builder->Reshape(all, Shape(known.shape.begin(), known.shape.end()));
}

}  // namespace cermet
