// Which formula computes which function at which type.
#include "passes/math/math_body.h"

#include <string>
#include <vector>

#include "ir/status.h"
#include "passes/math/functions.h"
#include "passes/walk.h"

namespace cermet {
namespace {

using math::Expr;

// Functions that f32 computes in f64, rounding once.
Expr InDouble(OpCode op, Expr x, Expr y, bool narrow) {
  // clang-format off
  switch (op) {
    case OpCode::kCbrt: return math::Cbrt(x);
    case OpCode::kExpm1: return math::Expm1(x);
    case OpCode::kLog1p: return math::Log1p(x);
    case OpCode::kSin: return math::Trig(math::TrigFunction::kSin, x, narrow);
    case OpCode::kCos: return math::Trig(math::TrigFunction::kCos, x, narrow);
    case OpCode::kTan: return math::Trig(math::TrigFunction::kTan, x, narrow);
    case OpCode::kAsin: return math::Asin(x);
    case OpCode::kAcos: return math::Acos(x);
    case OpCode::kAtan: return math::Atan(x);
    case OpCode::kSinh: return math::Sinh(x);
    case OpCode::kCosh: return math::Cosh(x);
    case OpCode::kAsinh: return math::Asinh(x);
    case OpCode::kAcosh: return math::Acosh(x);
    case OpCode::kAtanh: return math::Atanh(x);
    case OpCode::kPow: return narrow ? math::PowNarrow(x, y) : math::Pow(x, y);
    case OpCode::kAtan2: return math::Atan2(x, y);
    case OpCode::kRsqrt:
    case OpCode::kExp:
    case OpCode::kLog:
    case OpCode::kTanh:
    case OpCode::kErf:
    case OpCode::kLogistic:  // in their own type
#include "ir/cases_not_transcendental.def"
      break;
  }
  // clang-format on
  CERMET_UNREACHABLE();
}

Expr FloatFormula(OpCode op, Expr x, Expr y) {
  // clang-format off
  switch (op) {
    case OpCode::kRsqrt: return math::Rsqrt(x);
    case OpCode::kExp: return math::Exp(x);
    case OpCode::kLog: return math::Log(x);
    case OpCode::kTanh: return math::Tanh(x);
    case OpCode::kErf: return math::Erf(x);
    case OpCode::kLogistic: return math::Logistic(x);
    case OpCode::kCbrt:
    case OpCode::kExpm1:
    case OpCode::kLog1p:
    case OpCode::kSin:
    case OpCode::kCos:
    case OpCode::kTan:
    case OpCode::kAsin:
    case OpCode::kAcos:
    case OpCode::kAtan:
    case OpCode::kSinh:
    case OpCode::kCosh:
    case OpCode::kAsinh:
    case OpCode::kAcosh:
    case OpCode::kAtanh:
    case OpCode::kPow:
    case OpCode::kAtan2: {
      const bool narrow = x.dtype() == DType::kF32;
      const Expr result = InDouble(op, x.Convert(DType::kF64), y.Convert(DType::kF64), narrow);
      return result.Convert(x.dtype());
    }
#include "ir/cases_not_transcendental.def"
      break;
  }
  // clang-format on
  CERMET_UNREACHABLE();
}

}  // namespace

std::unique_ptr<Graph> MathBody(OpCode op, DType dtype) {
  CERMET_CHECK(Info(op).op_class == OpClass::kTranscendental && Contains(Info(op).dtypes, dtype));
  auto body = std::make_unique<Graph>(std::string(Name(op)));
  const Type scalar(dtype, {});
  std::vector<Value> parameters;
  for (int i = 0; i < Info(op).max_operands; ++i) {
    parameters.push_back(body->AddParameter(scalar, i == 0 ? "x" : "y")->result());
  }
  math::Formula formula(body.get());
  Expr x{&formula, parameters.front()};
  Expr y{&formula, parameters.back()};
  Expr result = x;
  if (!IsFloat(dtype)) {
    result = math::IntegerPow(x, y);
  } else if (dtype == DType::kF16 || dtype == DType::kBF16) {
    const Expr wide = FloatFormula(op, x.Convert(DType::kF32), y.Convert(DType::kF32));
    result = wide.Convert(dtype);
  } else {
    result = FloatFormula(op, x, y);
  }
  CERMET_CHECK(formula.builder().ok());
  body->set_results({result.value});
  RemoveDeadNodes(*body);  // formulas share parts of which some functions use only some
  return body;
}

}  // namespace cermet
