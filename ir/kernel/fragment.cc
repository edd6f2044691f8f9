// The layouts as tables of offsets, after the formulas in the header.
#include "ir/kernel/fragment.h"

#include "ir/status.h"

namespace cermet::kernel {
namespace {

constexpr Fragment kFragments[] = {Fragment::kA16x8, Fragment::kB8x8, Fragment::kA16x16,
                                   Fragment::kB16x8, Fragment::kC16x8};

FragmentAxis ByGroup(std::vector<int64_t> offsets) { return {4, 8, 1, std::move(offsets)}; }
FragmentAxis InGroup(int64_t scale, std::vector<int64_t> offsets) {
  return {1, 4, scale, std::move(offsets)};
}

}  // namespace

absl::string_view Name(Fragment fragment) {
  switch (fragment) {
    case Fragment::kNone:
      return "";
    case Fragment::kA16x8:
      return "a16x8";
    case Fragment::kB8x8:
      return "b8x8";
    case Fragment::kA16x16:
      return "a16x16";
    case Fragment::kB16x8:
      return "b16x8";
    case Fragment::kC16x8:
      return "c16x8";
  }
  CERMET_UNREACHABLE();
}

std::optional<Fragment> ParseFragment(absl::string_view name) {
  for (Fragment fragment : kFragments) {
    if (Name(fragment) == name) return fragment;
  }
  return std::nullopt;
}

int64_t Rows(Fragment fragment) { return fragment == Fragment::kB8x8 ? 8 : 16; }
int64_t Columns(Fragment fragment) { return fragment == Fragment::kA16x16 ? 16 : 8; }
int64_t ElementsPerThread(Fragment fragment) {
  return Rows(fragment) * Columns(fragment) / kWarpSize;
}

FragmentAxis AxisOf(Fragment fragment, int64_t axis) {
  const bool row = axis == 0;
  switch (fragment) {
    case Fragment::kNone:
      break;
    case Fragment::kA16x8:
      return row ? ByGroup({0, 8, 0, 8}) : InGroup(1, {0, 0, 4, 4});
    case Fragment::kB8x8:
      return row ? InGroup(1, {0, 4}) : ByGroup({0, 0});
    case Fragment::kA16x16:
      return row ? ByGroup({0, 0, 8, 8, 0, 0, 8, 8}) : InGroup(2, {0, 1, 0, 1, 8, 9, 8, 9});
    case Fragment::kB16x8:
      return row ? InGroup(2, {0, 1, 8, 9}) : ByGroup({0, 0, 0, 0});
    case Fragment::kC16x8:
      return row ? ByGroup({0, 0, 8, 8}) : InGroup(2, {0, 1, 0, 1});
  }
  CERMET_UNREACHABLE();
}

MmaShape ShapeOf(MmaMode mode) {
  const auto type = [](DType dtype, Fragment fragment) {
    return ValueType{dtype, {ElementsPerThread(fragment)}, fragment};
  };
  const ValueType c = type(DType::kF32, Fragment::kC16x8);
  switch (mode) {
    case MmaMode::kTf32:
      return {type(DType::kF32, Fragment::kA16x8), type(DType::kF32, Fragment::kB8x8), c};
    case MmaMode::kF16:
      return {type(DType::kF16, Fragment::kA16x16), type(DType::kF16, Fragment::kB16x8), c};
    case MmaMode::kBf16:
      return {type(DType::kBF16, Fragment::kA16x16), type(DType::kBF16, Fragment::kB16x8), c};
  }
  CERMET_UNREACHABLE();
}

}  // namespace cermet::kernel
