// Formulas of the functions, each for f32 or f64 as it says. Internal to passes/math.
#ifndef CERMET_PASSES_MATH_FUNCTIONS_H_
#define CERMET_PASSES_MATH_FUNCTIONS_H_

#include "passes/math/expression.h"

namespace cermet::math {

// f32 and f64, each in its own arithmetic.
Expr Exp(Expr x);
Expr Log(Expr x);
Expr Tanh(Expr x);
Expr Erf(Expr x);
Expr Logistic(Expr x);
Expr Rsqrt(Expr x);

// e^x for |x| <= 80, in one step of scaling.
Expr ExpBounded(Expr x);
// e^(x.high + x.low), f64.
Expr ExpOfPair(Pair x);

// f64. Those of f32 call them on the converted operand, and round once.
Expr Expm1(Expr x);
Expr Log1p(Expr x);
Expr Sinh(Expr x);
Expr Cosh(Expr x);
Expr Asinh(Expr x);
Expr Acosh(Expr x);
Expr Atanh(Expr x);
Expr Asin(Expr x);
Expr Acos(Expr x);
Expr Atan(Expr x);
Expr Atan2(Expr y, Expr x);
Expr Cbrt(Expr x);
Expr Pow(Expr x, Expr y);

// `narrow`: x is a value of f32, which takes less work to reduce. Operands and results are f64.
enum class TrigFunction { kSin, kCos, kTan };
Expr Trig(TrigFunction function, Expr x, bool narrow);

// x and y are values of f32 in f64; the result is f64 with the precision that f32 needs.
Expr PowNarrow(Expr x, Expr y);

// Any integer type.
Expr IntegerPow(Expr x, Expr y);

}  // namespace cermet::math

#endif  // CERMET_PASSES_MATH_FUNCTIONS_H_
