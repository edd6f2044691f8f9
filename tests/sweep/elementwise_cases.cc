// Elementwise ops, with operands that are plain, broadcast, transposed, sliced or of symbolic
// shape.
#include <cmath>
#include <limits>
#include <random>

#include "absl/strings/str_cat.h"
#include "tests/sweep/sweep_case.h"

namespace cermet::testing {
namespace {

enum class Variant {
  kScalar,
  kEmpty,
  kOdd,
  kMatrix,
  kBroadcast,
  kTransposed,
  kSliced,
  kSymbolic,
  kLong
};
constexpr Variant kVariants[] = {Variant::kScalar, Variant::kEmpty,     Variant::kOdd,
                                 Variant::kMatrix, Variant::kBroadcast, Variant::kTransposed,
                                 Variant::kSliced, Variant::kSymbolic,  Variant::kLong};
constexpr const char* kVariantNames[] = {"scalar",     "empty",  "odd",      "matrix", "broadcast",
                                         "transposed", "sliced", "symbolic", "long"};

// The shape of the parameter for operand `i` of `count`.
std::vector<int64_t> ParameterShape(Variant variant, int i, int count) {
  switch (variant) {
    case Variant::kScalar:
      return {};
    case Variant::kEmpty:
      return {0, 3};
    case Variant::kOdd:
      return {7};
    case Variant::kMatrix:
      return {3, 5};
    case Variant::kBroadcast:
      return i == count - 1 ? std::vector<int64_t>{33} : std::vector<int64_t>{2, 33};
    case Variant::kTransposed:
      return i == 0 ? std::vector<int64_t>{6, 5} : std::vector<int64_t>{5, 6};
    case Variant::kSliced:
      return {9, 20};
    case Variant::kSymbolic:
      return {3, 5};
    case Variant::kLong:
      return {131};
  }
  return {};
}

// The operand made from the parameter.
Value MakeOperand(Builder& b, Variant variant, int i, int count, Value parameter) {
  if (variant == Variant::kBroadcast && i == count - 1) return b.Broadcast(parameter, {2, 33}, {1});
  if (variant == Variant::kTransposed && i == 0) return b.Transpose(parameter, {1, 0});
  if (variant == Variant::kSliced) return b.Slice(parameter, {1, 2}, {9, 20}, {2, 2});
  return parameter;
}

SweepCase MakeCase(const OpInfo& info, DType dtype, DType result, Variant variant, uint32_t seed) {
  SweepCase c;
  c.op = info.code;
  c.name = absl::StrCat(std::string(info.name), "/", std::string(Name(dtype)), "/",
                        kVariantNames[static_cast<int>(variant)]);
  c.symbolic = variant == Variant::kSymbolic;
  const int count = info.max_operands;
  for (int i = 0; i < count; ++i) {
    const DType type = info.code == OpCode::kSelect && i == 0 ? DType::kBool : dtype;
    c.inputs.push_back(AnyValues(type, ParameterShape(variant, i, count), seed + i));
  }
  c.build = [=, op = info.code](Builder& b, const std::vector<Value>& p) -> std::vector<Value> {
    std::vector<Value> operands;
    for (int i = 0; i < count; ++i) operands.push_back(MakeOperand(b, variant, i, count, p[i]));
    if (!b.ok()) return {};
    if (op == OpCode::kConvert || op == OpCode::kBitcast) {
      return {b.MakeTyped(op, operands, Type(result, operands[0].type().shape))};
    }
    if (op == OpCode::kCompare) {
      constexpr const char* kDirections[] = {"eq", "ne", "lt", "le", "gt", "ge"};
      std::vector<Value> results;
      for (const char* direction : kDirections) {
        results.push_back(b.Compare(direction, operands[0], operands[1]));
      }
      return results;
    }
    return {b.Make(op, operands)};
  };
  return c;
}

// The result types of convert and bitcast; others' own.
std::vector<DType> ResultTypes(OpCode op, DType dtype) {
  if (op != OpCode::kConvert && op != OpCode::kBitcast) return {dtype};
  std::vector<DType> results;
  for (DType result : DTypesOf(kAnySet)) {
    if (result == dtype) continue;
    if (op == OpCode::kBitcast && (ByteSize(result) != ByteSize(dtype) || result == DType::kBool)) {
      continue;
    }
    results.push_back(result);
  }
  return results;
}

}  // namespace

std::vector<DType> DTypesOf(DTypeSet set) {
  std::vector<DType> dtypes;
  for (int i = 0; i < kNumDTypes; ++i) {
    if (Contains(set, static_cast<DType>(i))) dtypes.push_back(static_cast<DType>(i));
  }
  return dtypes;
}

Literal SmallValues(DType dtype, std::vector<int64_t> shape, uint32_t seed) {
  std::mt19937 random(seed);
  Literal literal(dtype, std::move(shape));
  for (int64_t i = 0; i < literal.num_elements(); ++i) {
    const auto number = static_cast<int64_t>(random() % 17);
    if (IsFloat(dtype)) {
      literal.SetFloat(i, static_cast<double>(number - 8) / 4);
    } else {
      literal.SetInt(i, dtype == DType::kBool ? number % 2 : number % 5);
    }
  }
  return literal;
}

Literal AnyValues(DType dtype, std::vector<int64_t> shape, uint32_t seed) {
  std::mt19937_64 random(seed);
  Literal literal(dtype, std::move(shape));
  const double infinity = std::numeric_limits<double>::infinity();
  const double specials[] = {0.0, -0.0, 1, -1, infinity, -infinity, NAN, 1e-40, 3e38, 0.5, -2.5};
  for (int64_t i = 0; i < literal.num_elements(); ++i) {
    const uint64_t bits = random();
    if (IsFloat(dtype)) {
      const double number = static_cast<double>(static_cast<int64_t>(bits % 8000) - 4000) / 512;
      literal.SetFloat(i, bits >> 62 == 0 ? specials[bits % 11] : number);
    } else {
      literal.SetInt(i, static_cast<int64_t>(bits >> 62 == 0 ? bits : bits % 9) -
                            (dtype == DType::kBool || bits >> 62 == 0 ? 0 : 4));
      if (dtype == DType::kBool) literal.SetInt(i, static_cast<int64_t>(bits % 2));
    }
  }
  return literal;
}

std::vector<SweepCase> ElementwiseCases(bool full) {
  constexpr size_t kCount = std::size(kVariants);
  std::vector<SweepCase> cases;
  uint32_t seed = 0;
  size_t row = 0;
  for (const OpInfo& info : AllOps()) {
    if (!IsElementwise(info.code)) continue;
    ++row;
    size_t column = 0;
    for (DType dtype : DTypesOf(info.dtypes)) {
      const std::vector<DType> results = ResultTypes(info.code, dtype);
      ++column;
      for (size_t r = 0; r < results.size(); ++r) {
        for (size_t v = 0; v < kCount; ++v) {
          const bool sampled = v == (2 * row + column + 4 * r) % kCount;
          ++seed;
          if (full || sampled)
            cases.push_back(MakeCase(info, dtype, results[r], kVariants[v], seed));
        }
      }
    }
  }
  return cases;
}

}  // namespace cermet::testing
