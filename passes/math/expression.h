// Scalar formulas as graphs: arithmetic on Expr appends basic ops to the graph under construction.
// Internal to passes/math.
#ifndef CERMET_PASSES_MATH_EXPRESSION_H_
#define CERMET_PASSES_MATH_EXPRESSION_H_

#include <cstdint>
#include <map>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ir/builder.h"

namespace cermet::math {

// Makes nodes, and each constant once.
class Formula {
 public:
  explicit Formula(Graph* graph) : builder_(graph) {}
  Builder& builder() { return builder_; }
  // A constant of a float type, rounded to nearest, or of an integer type.
  Value Float(DType dtype, double value);
  Value Integer(DType dtype, int64_t value);

 private:
  Value Once(DType dtype, uint64_t key, Literal literal);
  Builder builder_;
  std::map<std::pair<DType, uint64_t>, Value> constants_;
};

// A scalar in a formula. Numbers mixed in take its element type.
struct Expr {
  Formula* formula = nullptr;
  Value value;

  DType dtype() const { return value.type().dtype; }
  Expr Number(double number) const { return {formula, formula->Float(dtype(), number)}; }
  Expr Integer(int64_t number) const { return {formula, formula->Integer(dtype(), number)}; }
  Expr Apply(OpCode op) const { return {formula, formula->builder().Make(op, {value})}; }
  Expr Apply(OpCode op, Expr y) const {
    return {formula, formula->builder().Make(op, {value, y.value})};
  }
  Expr Compare(absl::string_view direction, Expr y) const {
    return {formula, formula->builder().Compare(direction, value, y.value)};
  }
  Expr Convert(DType to) const { return {formula, formula->builder().Convert(value, to)}; }
  Expr Bitcast(DType to) const { return {formula, formula->builder().Bitcast(value, to)}; }
};

inline Expr operator+(Expr x, Expr y) { return x.Apply(OpCode::kAdd, y); }
inline Expr operator-(Expr x, Expr y) { return x.Apply(OpCode::kSub, y); }
inline Expr operator*(Expr x, Expr y) { return x.Apply(OpCode::kMul, y); }
inline Expr operator/(Expr x, Expr y) { return x.Apply(OpCode::kDiv, y); }
inline Expr operator-(Expr x) { return x.Apply(OpCode::kNeg); }
inline Expr operator+(Expr x, double y) { return x + x.Number(y); }
inline Expr operator-(Expr x, double y) { return x - x.Number(y); }
inline Expr operator*(Expr x, double y) { return x * x.Number(y); }
inline Expr operator/(Expr x, double y) { return x / x.Number(y); }
inline Expr operator+(double x, Expr y) { return y.Number(x) + y; }
inline Expr operator-(double x, Expr y) { return y.Number(x) - y; }
inline Expr operator*(double x, Expr y) { return y.Number(x) * y; }
inline Expr operator/(double x, Expr y) { return y.Number(x) / y; }
inline Expr operator<(Expr x, Expr y) { return x.Compare("lt", y); }
inline Expr operator>(Expr x, Expr y) { return x.Compare("gt", y); }
inline Expr operator<(Expr x, double y) { return x < x.Number(y); }
inline Expr operator>(Expr x, double y) { return x > x.Number(y); }
inline Expr operator==(Expr x, Expr y) { return x.Compare("eq", y); }
inline Expr operator!=(Expr x, Expr y) { return x.Compare("ne", y); }
inline Expr operator==(Expr x, double y) { return x == x.Number(y); }
inline Expr operator!=(Expr x, double y) { return x != x.Number(y); }
// On bools and integers.
inline Expr operator&(Expr x, Expr y) { return x.Apply(OpCode::kAnd, y); }
inline Expr operator|(Expr x, Expr y) { return x.Apply(OpCode::kOr, y); }
inline Expr operator^(Expr x, Expr y) { return x.Apply(OpCode::kXor, y); }
inline Expr operator!(Expr x) { return x.Apply(OpCode::kNot); }
inline Expr ShiftLeft(Expr x, int64_t y) { return x.Apply(OpCode::kShiftLeft, x.Integer(y)); }
inline Expr ShiftRight(Expr x, int64_t y) {  // copies the sign
  return x.Apply(OpCode::kShiftRightArithmetic, x.Integer(y));
}

inline Expr Fma(Expr x, Expr y, Expr z) {
  return {x.formula, x.formula->builder().Make(OpCode::kFma, {x.value, y.value, z.value})};
}
inline Expr Fma(Expr x, double y, Expr z) { return Fma(x, x.Number(y), z); }
inline Expr Fma(Expr x, Expr y, double z) { return Fma(x, y, x.Number(z)); }
inline Expr Fma(Expr x, double y, double z) { return Fma(x, x.Number(y), x.Number(z)); }
inline Expr Select(Expr condition, Expr x, Expr y) {
  return {x.formula, x.formula->builder().Select(condition.value, x.value, y.value)};
}
inline Expr Select(Expr condition, double x, Expr y) { return Select(condition, y.Number(x), y); }
inline Expr Select(Expr condition, Expr x, double y) { return Select(condition, x, x.Number(y)); }
inline Expr Clamp(Expr x, double low, double high) {  // NaN stays NaN
  return {x.formula, x.formula->builder().Make(
                         OpCode::kClamp, {x.Number(low).value, x.value, x.Number(high).value})};
}
inline Expr Abs(Expr x) { return x.Apply(OpCode::kAbs); }
inline Expr Sqrt(Expr x) { return x.Apply(OpCode::kSqrt); }
inline Expr Floor(Expr x) { return x.Apply(OpCode::kFloor); }
inline Expr RoundEven(Expr x) { return x.Apply(OpCode::kRoundEven); }
inline Expr Maximum(Expr x, Expr y) { return x.Apply(OpCode::kMaximum, y); }
inline Expr Minimum(Expr x, Expr y) { return x.Apply(OpCode::kMinimum, y); }

// The integer type of a float type's width.
inline DType BitsType(DType dtype) { return dtype == DType::kF32 ? DType::kI32 : DType::kI64; }
// The magnitude of `x` (whose own sign must be clear) with the sign of `sign`.
Expr WithSign(Expr x, Expr sign);
// The polynomial with coefficients in ascending powers at `x`, by Horner's rule.
Expr Polynomial(Expr x, absl::Span<const double> coefficients);
// 2^n for an integer n (of BitsType) whose result is a normal number of type `dtype`.
Expr PowerOfTwo(Expr n, DType dtype);

// An unevaluated sum: |low| is at most half a unit in the last place of `high`.
struct Pair {
  Expr high, low;
};
Pair TwoSum(Expr x, Expr y);      // x + y, exactly
Pair FastTwoSum(Expr x, Expr y);  // the same for |x| >= |y|
Pair TwoProduct(Expr x, Expr y);  // x * y, exactly but for underflow

}  // namespace cermet::math

#endif  // CERMET_PASSES_MATH_EXPRESSION_H_
