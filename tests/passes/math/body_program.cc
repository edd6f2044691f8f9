// Native loops for the basic ops that bodies of f32 and f64 functions use, with the semantics of
// ir/scalar_ops.
#include "tests/passes/math/body_program.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>
#include <type_traits>

#include "ir/status.h"

#if defined(__x86_64__)
#pragma GCC target("avx2,fma")
#endif
#pragma GCC optimize("O3,no-trapping-math,no-math-errno")

namespace cermet {
namespace {

constexpr int64_t kN = BodyProgram::kChunk;

// Builtins instead of the library's functions, which are not inlined into code with these pragmas.
inline float FmaOf(float x, float y, float z) { return __builtin_fmaf(x, y, z); }
inline double FmaOf(double x, double y, double z) { return __builtin_fma(x, y, z); }
inline float FloorOf(float x) { return __builtin_floorf(x); }
inline double FloorOf(double x) { return __builtin_floor(x); }
inline float RoundEvenOf(float x) { return __builtin_nearbyintf(x); }
inline double RoundEvenOf(double x) { return __builtin_nearbyint(x); }
inline float SqrtOf(float x) { return __builtin_sqrtf(x); }
inline double SqrtOf(double x) { return __builtin_sqrt(x); }
template <typename To, typename From>
inline To BitsAs(From from) {
  To to;
  __builtin_memcpy(&to, &from, sizeof(to));
  return to;
}

template <typename T, typename F>
void Loop1(T* r, const T* x, F f) {
  for (int64_t i = 0; i < kN; ++i) r[i] = f(x[i]);
}
template <typename R, typename T, typename F>
void Loop2(R* r, const T* x, const T* y, F f) {
  for (int64_t i = 0; i < kN; ++i) r[i] = f(x[i], y[i]);
}

template <typename T>
bool FloatStep(OpCode op, T* r, const T* x, const T* y, const T* z) {
  using Bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
  constexpr Bits kSign = Bits{1} << (8 * sizeof(T) - 1);
  const auto maximum = [](T a, T b) { return b > a || b != b ? b : a; };
  const auto minimum = [](T a, T b) { return b < a || b != b ? b : a; };
  if (op == OpCode::kNeg) {
    Loop1(r, x, [](T a) { return BitsAs<T>(BitsAs<Bits>(a) ^ kSign); });
  } else if (op == OpCode::kAbs) {
    Loop1(r, x, [](T a) { return BitsAs<T>(BitsAs<Bits>(a) & ~kSign); });
  } else if (op == OpCode::kFloor) {
    Loop1(r, x, [](T a) { return FloorOf(a); });
  } else if (op == OpCode::kRoundEven) {
    Loop1(r, x, [](T a) { return RoundEvenOf(a); });
  } else if (op == OpCode::kSqrt) {
    Loop1(r, x, [](T a) { return SqrtOf(a); });
  } else if (op == OpCode::kAdd) {
    Loop2(r, x, y, [](T a, T b) { return a + b; });
  } else if (op == OpCode::kSub) {
    Loop2(r, x, y, [](T a, T b) { return a - b; });
  } else if (op == OpCode::kMul) {
    Loop2(r, x, y, [](T a, T b) { return a * b; });
  } else if (op == OpCode::kDiv) {
    Loop2(r, x, y, [](T a, T b) { return a / b; });
  } else if (op == OpCode::kMaximum) {
    Loop2(r, x, y, maximum);
  } else if (op == OpCode::kMinimum) {
    Loop2(r, x, y, minimum);
  } else if (op == OpCode::kClamp) {
    for (int64_t i = 0; i < kN; ++i) r[i] = minimum(maximum(y[i], x[i]), z[i]);
  } else if (op == OpCode::kFma) {
    for (int64_t i = 0; i < kN; ++i) r[i] = FmaOf(x[i], y[i], z[i]);
  } else {
    return false;
  }
  return true;
}

template <typename T>
bool IntegerStep(OpCode op, T* r, const T* x, const T* y) {
  using U = std::make_unsigned_t<T>;
  using S = std::make_signed_t<T>;
  constexpr U kWidth = 8 * sizeof(T);
  if (op == OpCode::kAdd) {
    Loop2(r, x, y, [](T a, T b) { return static_cast<T>(U(a) + U(b)); });
  } else if (op == OpCode::kSub) {
    Loop2(r, x, y, [](T a, T b) { return static_cast<T>(U(a) - U(b)); });
  } else if (op == OpCode::kMul) {
    Loop2(r, x, y, [](T a, T b) { return static_cast<T>(U(a) * U(b)); });
  } else if (op == OpCode::kMaximum) {
    Loop2(r, x, y, [](T a, T b) { return b > a ? b : a; });
  } else if (op == OpCode::kAnd) {
    Loop2(r, x, y, [](T a, T b) { return static_cast<T>(a & b); });
  } else if (op == OpCode::kOr) {
    Loop2(r, x, y, [](T a, T b) { return static_cast<T>(a | b); });
  } else if (op == OpCode::kXor) {
    Loop2(r, x, y, [](T a, T b) { return static_cast<T>(a ^ b); });
  } else if (op == OpCode::kShiftLeft) {
    Loop2(r, x, y, [](T a, T b) { return U(b) < kWidth ? static_cast<T>(U(a) << U(b)) : T{0}; });
  } else if (op == OpCode::kShiftRightLogical) {
    Loop2(r, x, y, [](T a, T b) { return U(b) < kWidth ? static_cast<T>(U(a) >> U(b)) : T{0}; });
  } else if (op == OpCode::kShiftRightArithmetic) {
    Loop2(r, x, y,
          [](T a, T b) { return static_cast<T>(S(a) >> (U(b) < kWidth ? U(b) : kWidth - 1)); });
  } else if (op == OpCode::kCountLeadingZeros) {
    Loop1(r, x, [](T a) {
      return a == 0 ? static_cast<T>(kWidth)
                    : static_cast<T>(__builtin_clzll(static_cast<uint64_t>(a)) -
                                     (64 - static_cast<int>(kWidth)));
    });
  } else {
    return false;
  }
  return true;
}

bool BoolStep(OpCode op, uint8_t* r, const uint8_t* x, const uint8_t* y) {
  if (op == OpCode::kNot) {
    Loop1(r, x, [](uint8_t a) { return static_cast<uint8_t>(a ^ 1); });
  } else if (op == OpCode::kAnd) {
    Loop2(r, x, y, [](uint8_t a, uint8_t b) { return static_cast<uint8_t>(a & b); });
  } else if (op == OpCode::kOr) {
    Loop2(r, x, y, [](uint8_t a, uint8_t b) { return static_cast<uint8_t>(a | b); });
  } else {
    return false;
  }
  return true;
}

template <typename T>
void Compare(CompareDirection direction, uint8_t* r, const T* x, const T* y) {
  switch (direction) {
    case CompareDirection::kEq:
      return Loop2(r, x, y, [](T a, T b) { return static_cast<uint8_t>(a == b); });
    case CompareDirection::kNe:
      return Loop2(r, x, y, [](T a, T b) { return static_cast<uint8_t>(a != b); });
    case CompareDirection::kLt:
      return Loop2(r, x, y, [](T a, T b) { return static_cast<uint8_t>(a < b); });
    case CompareDirection::kLe:
      return Loop2(r, x, y, [](T a, T b) { return static_cast<uint8_t>(a <= b); });
    case CompareDirection::kGt:
      return Loop2(r, x, y, [](T a, T b) { return static_cast<uint8_t>(a > b); });
    case CompareDirection::kGe:
      return Loop2(r, x, y, [](T a, T b) { return static_cast<uint8_t>(a >= b); });
  }
}

template <typename T>
void Choose(T* r, const uint8_t* c, const T* x, const T* y) {
  for (int64_t i = 0; i < kN; ++i) r[i] = c[i] != 0 ? x[i] : y[i];
}

ScalarOp OpOf(const Node& node) {
  ScalarOp op{node.op(), node.operand(node.num_operands() - 1).type().dtype, node.type().dtype};
  if (node.op() == OpCode::kCompare) {
    op.direction = *ParseCompareDirection(node.attrs().WordText("direction"));
  }
  return op;
}

}  // namespace

BodyProgram::BodyProgram(const Graph& body) : columns_(body.nodes().size()) {
  std::map<const Node*, int> places;
  for (const std::unique_ptr<Node>& node : body.nodes()) {
    const int place = static_cast<int>(places.size());
    places[node.get()] = place;
    if (node->op() == OpCode::kParameter) {
      parameters_.push_back(node->type().dtype);
    } else if (node->op() == OpCode::kConstant) {
      const Literal& value = node->attrs().Get<Literal>("value");
      const size_t width = static_cast<size_t>(value.byte_size());
      for (size_t i = 0; i < kN; ++i)
        std::memcpy(Data<char>(place) + i * width, value.data(), width);
    } else {
      Step step{OpOf(*node), place, {0, 0, 0}};
      for (int64_t i = 0; i < node->num_operands(); ++i) {
        step.operands[i] = places.at(node->operand(i).node);
      }
      steps_.push_back(step);
    }
  }
  result_ = places.at(body.results()[0].node);
  result_type_ = body.results()[0].type().dtype;
}

void BodyProgram::Run(const void* x, const void* y, int64_t count, void* result) {
  const void* inputs[] = {x, y};
  for (size_t i = 0; i < parameters_.size(); ++i) {
    std::memcpy(Data<char>(static_cast<int>(i)), inputs[i],
                static_cast<size_t>(count * ByteSize(parameters_[i])));
  }
  for (const Step& step : steps_) RunStep(step);
  std::memcpy(result, Data<char>(result_), static_cast<size_t>(count * ByteSize(result_type_)));
}

void BodyProgram::RunConvert(const Step& step) {
  const auto pair = std::pair(step.op.operand, step.op.result);
  const auto convert = [&](auto from, auto to) {
    const auto* x = Data<decltype(from)>(step.operands[0]);
    auto* r = Data<decltype(to)>(step.result);
    for (int64_t i = 0; i < kN; ++i) r[i] = static_cast<decltype(to)>(x[i]);
  };
  if (pair == std::pair(DType::kF32, DType::kF64)) return convert(float{}, double{});
  if (pair == std::pair(DType::kF64, DType::kF32)) return convert(double{}, float{});
  if (pair == std::pair(DType::kI32, DType::kF32)) return convert(int32_t{}, float{});
  if (pair == std::pair(DType::kI64, DType::kF64)) return convert(int64_t{}, double{});
  CERMET_UNREACHABLE();
}

void BodyProgram::RunCompare(const Step& step) {
  const auto compare = [&](auto tag) {
    using T = decltype(tag);
    Compare(step.op.direction, Data<uint8_t>(step.result), Data<T>(step.operands[0]),
            Data<T>(step.operands[1]));
  };
  if (step.op.operand == DType::kF32) return compare(float{});
  if (step.op.operand == DType::kF64) return compare(double{});
  if (step.op.operand == DType::kI32) return compare(int32_t{});
  if (step.op.operand == DType::kI64) return compare(int64_t{});
  if (step.op.operand == DType::kU64) return compare(uint64_t{});
  CERMET_UNREACHABLE();
}

void BodyProgram::RunSelect(const Step& step) {
  const auto choose = [&](auto tag) {
    using T = decltype(tag);
    Choose(Data<T>(step.result), Data<uint8_t>(step.operands[0]), Data<T>(step.operands[1]),
           Data<T>(step.operands[2]));
  };
  if (ByteSize(step.op.result) == 4) return choose(uint32_t{});
  if (ByteSize(step.op.result) == 8) return choose(uint64_t{});
  CERMET_UNREACHABLE();
}

void BodyProgram::RunStep(const Step& step) {
  const auto* operands = step.operands;
  const OpCode op = step.op.op;
  if (op == OpCode::kConvert) return RunConvert(step);
  if (op == OpCode::kCompare) return RunCompare(step);
  if (op == OpCode::kSelect) return RunSelect(step);
  if (op == OpCode::kBitcast) {
    std::memcpy(Data<char>(step.result), Data<char>(operands[0]),
                static_cast<size_t>(kN * ByteSize(step.op.result)));
    return;
  }
  if (op == OpCode::kIsFinite) {
    CERMET_CHECK(step.op.operand == DType::kF64);
    const double* x = Data<double>(operands[0]);
    uint8_t* r = Data<uint8_t>(step.result);
    for (int64_t i = 0; i < kN; ++i) r[i] = __builtin_fabs(x[i]) <= 0x1.fffffffffffffp1023 ? 1 : 0;
    return;
  }
  const auto floats = [&](auto tag) {
    using T = decltype(tag);
    return FloatStep(op, Data<T>(step.result), Data<T>(operands[0]), Data<T>(operands[1]),
                     Data<T>(operands[2]));
  };
  const auto integers = [&](auto tag) {
    using T = decltype(tag);
    return IntegerStep(op, Data<T>(step.result), Data<T>(operands[0]), Data<T>(operands[1]));
  };
  const DType type = step.op.operand;
  const bool done = type == DType::kF32   ? floats(float{})
                    : type == DType::kF64 ? floats(double{})
                    : type == DType::kI32 ? integers(int32_t{})
                    : type == DType::kI64 ? integers(int64_t{})
                    : type == DType::kU64 ? integers(uint64_t{})
                    : type == DType::kBool
                        ? BoolStep(op, Data<uint8_t>(step.result), Data<uint8_t>(operands[0]),
                                   Data<uint8_t>(operands[1]))
                        : false;
  CERMET_CHECK(done);
}

}  // namespace cermet
