// Fragments: how the 32 threads of a warp hold a matrix between them, as the tensor cores want it.
//
// Source: PTX ISA 8.0, section 9.7.13.4 (Matrix multiply-accumulate using mma.sync), the figures
// and formulas of "Matrix Fragments for mma.m16n8k8 with .tf32" and "for mma.m16n8k16 with .f16 /
// .bf16 floating point type". With group g = lane / 4 and t = lane % 4, thread `lane` holds as its
// element i:
//
//   fragment  matrix            elements  row                   column
//   a16x8     a of m16n8k8      4         g + 8 * (i % 2)       t + 4 * (i / 2)
//   b8x8      b of m16n8k8      2         t + 4 * i             g
//   a16x16    a of m16n8k16     8         g + 8 * (i / 2 % 2)   2 * t + i % 2 + 8 * (i / 4)
//   b16x8     b of m16n8k16     4         2 * t + i % 2 + 8 * (i / 2)   g
//   c16x8     c of both         4         g + 8 * (i / 2)       2 * t + i % 2
#ifndef CERMET_IR_KERNEL_FRAGMENT_H_
#define CERMET_IR_KERNEL_FRAGMENT_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "ir/kernel/kernel.h"

namespace cermet::kernel {

inline constexpr int64_t kWarpSize = 32;

absl::string_view Name(Fragment fragment);  // "a16x8"; "" for kNone
std::optional<Fragment> ParseFragment(absl::string_view name);

// The matrix that a warp holds. Not for kNone.
int64_t Rows(Fragment fragment);
int64_t Columns(Fragment fragment);
// The elements of one thread.
int64_t ElementsPerThread(Fragment fragment);

// The row (axis 0) or column (axis 1) of a thread's element i is
// lane / divisor % modulus * scale + offsets[i].
struct FragmentAxis {
  int64_t divisor = 1;
  int64_t modulus = 1;
  int64_t scale = 1;
  std::vector<int64_t> offsets;
  int64_t At(int64_t lane, int64_t element) const {
    return lane / divisor % modulus * scale + offsets[element];
  }
};
FragmentAxis AxisOf(Fragment fragment, int64_t axis);

// The fragments and element types that an mma of `mode` takes and gives.
struct MmaShape {
  ValueType a;
  ValueType b;
  ValueType c;
};
MmaShape ShapeOf(MmaMode mode);

}  // namespace cermet::kernel

#endif  // CERMET_IR_KERNEL_FRAGMENT_H_
