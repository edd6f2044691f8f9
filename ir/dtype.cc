// Names and sizes of the element types.
#include "ir/dtype.h"

#include <array>

#include "ir/status.h"

namespace cermet {
namespace {

struct DTypeRow {
  absl::string_view name;
  int64_t bytes;
};
constexpr std::array<DTypeRow, kNumDTypes> kRows = {{
    {"bool", 1},
    {"i8", 1},
    {"i16", 2},
    {"i32", 4},
    {"i64", 8},
    {"u8", 1},
    {"u16", 2},
    {"u32", 4},
    {"u64", 8},
    {"f16", 2},
    {"bf16", 2},
    {"f32", 4},
    {"f64", 8},
    {"token", 0},
}};

}  // namespace

int64_t ByteSize(DType dtype) { return kRows[static_cast<int>(dtype)].bytes; }
absl::string_view Name(DType dtype) { return kRows[static_cast<int>(dtype)].name; }

std::optional<DType> ParseDType(absl::string_view name) {
  for (int i = 0; i < kNumDTypes; ++i) {
    if (kRows[i].name == name) return static_cast<DType>(i);
  }
  return std::nullopt;
}

bool IsFloat(DType dtype) { return Contains(kFloatSet, dtype); }
bool IsSignedInteger(DType dtype) { return Contains(kSignedSet, dtype); }
bool IsUnsignedInteger(DType dtype) { return Contains(kUnsignedSet, dtype); }
bool IsInteger(DType dtype) { return Contains(kIntegerSet, dtype); }

}  // namespace cermet
