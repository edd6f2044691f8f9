// What a schedule looks at before it chooses: the nest of parallel loops of a naive kernel, and
// what its body reads and does.
#ifndef CERMET_PASSES_SCHEDULE_NEST_H_
#define CERMET_PASSES_SCHEDULE_NEST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "ir/kernel/kernel.h"

namespace cermet::schedule {

// A set of loops of the nest: bit i is loop i. The last bit stands for the loops with order lanes
// inside it.
using LoopSet = uint64_t;
inline constexpr LoopSet kLanesLoops = LoopSet{1} << 63;

struct NestLoop {
  std::string name;
  std::optional<int64_t> extent;  // nullopt: symbolic
  // The number by which indices divide its induction variable (a grouped convolution's channels by
  // those of a group); 0: by none, or by several.
  int64_t divisor = 0;
};

struct NestLoad {
  int32_t buffer = -1;
  std::vector<LoopSet> depends;  // per index
  std::vector<bool> exact;       // per index: it is the induction variable of one loop of the nest
  LoopSet any = 0;               // the union
  bool in_serial = false;        // inside a serial loop
};

// The outermost loops that are parallel and perfectly nested, and the code inside them.
struct Nest {
  std::vector<NestLoop> loops;  // outermost first
  std::vector<NestLoad> loads;
  bool has_serial_loops = false;    // with carried values
  bool has_parallel_loops = false;  // below the nest
  bool has_lanes = false;
  bool updates_in_place = false;  // a buffer is both loaded and stored
  int64_t work = 0;               // floating-point and integer computations in the body, once each

  LoopSet last() const { return LoopSet{1} << (loops.size() - 1); }
};

// The nest at the top of the kernel.
Nest DescribeNest(kernel::Kernel* kernel);
// The nest that starts with this loop.
Nest DescribeNestAt(kernel::Kernel* kernel, const std::string& loop);

}  // namespace cermet::schedule

#endif  // CERMET_PASSES_SCHEDULE_NEST_H_
