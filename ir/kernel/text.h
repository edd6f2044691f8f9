// The text form of kernels; printing and parsing are inverse, byte for byte.
//
//   kernel @fc1(%x: f32[?n,784], %w: f32[32,784,16] packed(dim 1 by 16 of [784,512]), .. out) {
//     scratch %s: f32[64]                            // or `shared`
//     parallel %j in 0..32 {                         // or for, unrolled, block, thread
//       for %i in 0..?n step 2 {
//         %0 = for %k in 0..784 carry(%1 = f32(0)) { // carried values
//           %2 = fma(%x[%i, %k], %w[%j, %k, 0], %1)
//           yield %2
//         }
//         %y[%i, %j * 16] = %0 mask %i < ?n          // `%y[%i, %j * 16 : 8]`: 8 lanes
//       }
//     }
//   }
//
// Lanes loops read `for %k in 0..784 order lanes(64) carry(..) {..} combine(%l, %r) {..}`.
//
// Values are named %0, %1, .. in order of definition, induction variables by their hint. Constants
// (`16`, `f32(0.5)`, `true`), dims (`?n`, `dim(4*?n)`), single-use index arithmetic, comparisons,
// iotas and splats, and unmasked loads stand inside the expression that uses them; where such an
// instruction stood in its block means nothing. Tile-valued lines end with their type.
#ifndef CERMET_IR_KERNEL_TEXT_H_
#define CERMET_IR_KERNEL_TEXT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ir/kernel/kernel.h"
#include "ir/lexer.h"

namespace cermet::kernel {

std::string Print(const Kernel& kernel);
// Any number of kernels, verified. Errors: `file:line:column: expected ...`.
absl::StatusOr<std::vector<Kernel>> ParseKernels(absl::string_view text, absl::string_view file);
// One kernel, or what follows the word `packed`, from the text of something larger.
absl::StatusOr<Kernel> ParseKernel(TextReader* reader);
absl::StatusOr<Packing> ParsePacking(TextReader* reader);
// Equal kernels (values renumbered in order of definition, names and locations left out) have equal
// keys: they are compiled once.
std::string CanonicalKey(const Kernel& kernel);

}  // namespace cermet::kernel

#endif  // CERMET_IR_KERNEL_TEXT_H_
