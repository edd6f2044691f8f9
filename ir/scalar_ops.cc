// The public face of ir/scalar_definition.h: one op on the bits of its operands.
#include "ir/scalar_ops.h"

#include <array>
#include <bit>

#include "ir/scalar_definition.h"
#include "ir/status.h"

namespace cermet {
namespace {

constexpr std::array<absl::string_view, 6> kDirectionNames = {"eq", "ne", "lt", "le", "gt", "ge"};

}  // namespace

absl::string_view Name(CompareDirection direction) {
  return kDirectionNames[static_cast<size_t>(direction)];
}

std::optional<CompareDirection> ParseCompareDirection(absl::string_view name) {
  for (size_t i = 0; i < kDirectionNames.size(); ++i) {
    if (kDirectionNames[i] == name) return static_cast<CompareDirection>(i);
  }
  return std::nullopt;
}

ScalarBits Apply(const ScalarOp& op, const ScalarBits* operands) {
  return Dispatch(op.operand,
                  [&](auto tag) { return ScalarDefinition<decltype(tag)>(op, operands).Apply(); });
}

double FloatFromBits(DType dtype, ScalarBits bits) {
  CERMET_CHECK(IsFloat(dtype));
  return dtype == DType::kF64 ? std::bit_cast<double>(bits) : FromBits<float>(dtype, bits);
}

ScalarBits BitsFromFloat(DType dtype, double value) {
  CERMET_CHECK(IsFloat(dtype));
  if (dtype == DType::kF16) return DoubleToHalf(value);
  if (dtype == DType::kBF16) return DoubleToBFloat16(value);
  if (dtype == DType::kF32) return std::bit_cast<uint32_t>(static_cast<float>(value));
  return std::bit_cast<uint64_t>(value);
}

int64_t IntFromBits(DType dtype, ScalarBits bits) {
  CERMET_CHECK(!IsFloat(dtype));
  return Dispatch(dtype, [&](auto tag) {
    using T = decltype(tag);
    return static_cast<int64_t>(FromBits<T>(dtype, bits));
  });
}

ScalarBits BitsFromInt(DType dtype, int64_t value) {
  CERMET_CHECK(!IsFloat(dtype));
  if (dtype == DType::kBool) return value != 0 ? 1 : 0;
  return Dispatch(dtype, [&](auto tag) {
    using T = decltype(tag);
    return ToBits<T>(dtype, static_cast<T>(value));
  });
}

}  // namespace cermet
