// From a fusion to naive kernels: scalar loop nests that the schedule then rewrites.
//
// A naive kernel is a perfect nest of parallel loops over the elements of the result (for row
// fusions: over the rows), whose body computes one element (one row) with index arithmetic, loads,
// basic scalar ops and serial loops for reductions. Example, before and after:
//
//   fusion(%x: f32[8,4], %w: f32[4,16]) { %0 = dot_general(%x, %w) ...; %1 = maximum(%0, 0) }
//
//   kernel @fc1(%x: f32[8,4], %w: f32[4,16], %out: f32[8,16] out) {
//     parallel %d0 in 0..8 { parallel %d1 in 0..16 {
//       %acc = for %k0 in 0..4 carry(0) { yield fma(%x[%d0, %k0], %w[%k0, %d1], %acc) }
//       %out[%d0, %d1] = maximum(%acc, 0) } } }
#ifndef CERMET_PASSES_LOWER_LOWER_FUSION_H_
#define CERMET_PASSES_LOWER_LOWER_FUSION_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "ir/graph.h"
#include "ir/kernel/kernel.h"

namespace cermet::lower {

// An operand or a result of the fusion.
struct FusionArgument {
  bool is_result = false;
  int64_t index = 0;
};

struct LoweredKernel {
  kernel::Kernel kernel;
  std::vector<FusionArgument> arguments;  // one per kGlobal buffer
};

struct SharedStorage {
  int64_t result = 0;
  int64_t operand = 0;
};

struct LoweredFusion {
  std::vector<LoweredKernel> kernels;  // in order of execution
  // Results that may live in the memory of an operand: each element is read only where, and before,
  // it is written.
  std::vector<SharedStorage> in_place;
  // Results that start as a copy of an operand, of which the kernels then write a part.
  std::vector<SharedStorage> updates;
};

// `fusion` is a verified node of op fusion whose body holds no transcendentals (pass expand_math)
// and no composites. Errors name the node of the body that has no kernel form.
absl::StatusOr<LoweredFusion> LowerFusion(const Node& fusion, const DimFacts& facts);

}  // namespace cermet::lower

#endif  // CERMET_PASSES_LOWER_LOWER_FUSION_H_
