// Constants, polynomials and compensated arithmetic in formulas.
#include "passes/math/expression.h"

#include <bit>

namespace cermet::math {

Value Formula::Once(DType dtype, uint64_t key, Literal literal) {
  Value& value = constants_[{dtype, key}];
  if (!value) value = builder_.Constant(std::move(literal));
  return value;
}

Value Formula::Float(DType dtype, double value) {
  return Once(dtype, std::bit_cast<uint64_t>(value), Literal::Splat(dtype, {}, value));
}

Value Formula::Integer(DType dtype, int64_t value) {
  return Once(dtype, static_cast<uint64_t>(value), Literal::SplatInt(dtype, {}, value));
}

Expr WithSign(Expr x, Expr sign) {
  const DType bits = BitsType(x.dtype());
  const Expr sign_bits = sign.Bitcast(bits);
  const Expr mask = sign_bits & sign_bits.Integer(bits == DType::kI32 ? INT32_MIN : INT64_MIN);
  return (x.Bitcast(bits) | mask).Bitcast(x.dtype());
}

Expr Polynomial(Expr x, absl::Span<const double> coefficients) {
  Expr sum = x.Number(coefficients.back());
  for (size_t i = coefficients.size() - 1; i-- > 0;) sum = Fma(sum, x, coefficients[i]);
  return sum;
}

Expr PowerOfTwo(Expr n, DType dtype) {
  const bool f32 = dtype == DType::kF32;
  return ShiftLeft(n + n.Integer(f32 ? 127 : 1023), f32 ? 23 : 52).Bitcast(dtype);
}

Pair TwoSum(Expr x, Expr y) {
  const Expr sum = x + y;
  const Expr y_part = sum - x;
  return {sum, (x - (sum - y_part)) + (y - y_part)};
}

Pair FastTwoSum(Expr x, Expr y) {
  const Expr sum = x + y;
  return {sum, y - (sum - x)};
}

Pair TwoProduct(Expr x, Expr y) {
  const Expr product = x * y;
  return {product, Fma(x, y, -product)};
}

}  // namespace cermet::math
