// Between tensors and what is known of them.
#include "frontend/onnx/known_value.h"

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
