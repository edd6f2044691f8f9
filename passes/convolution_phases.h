// Transposed convolutions without the zeros between their input's elements.
#ifndef CERMET_PASSES_CONVOLUTION_PHASES_H_
#define CERMET_PASSES_CONVOLUTION_PHASES_H_

#include "passes/rewriter.h"

namespace cermet {

// A convolution whose input is dilated by s reads, for outputs q*s + r, only every s-th tap: which
// ones is the phase r. Phases that read the same elements of the input are one convolution with a
// feature for each of them, and the results are interleaved. For a convolution with features last,
// window strides of 1, and known extents.
//
//   %2 = convolution(%x, %w) {lhs_dilation = [2], ...} : f32[1,8,4]       # %x: f32[1,4,3]
//   =>
//   %2 = convolution(%x, %w02) {lhs_dilation = [1], ...} : f32[1,4,8]     # phases 0 and 1
//   %3 = reshape(%2) : f32[1,4,2,4]
//   %4 = reshape(%3) : f32[1,8,4]
Replacement InputDilationToPhases(Node& node, Rewriter& rewriter);

}  // namespace cermet

#endif  // CERMET_PASSES_CONVOLUTION_PHASES_H_
