// How a session compiles and runs.
#ifndef CERMET_RUNTIME_SESSION_SESSION_OPTIONS_H_
#define CERMET_RUNTIME_SESSION_SESSION_OPTIONS_H_

#include <cstdint>

#include "ir/numerics.h"

namespace cermet {

// What happens when a run feeds shapes that are not known when its graph is built. Results are the
// same bits under every policy (docs/decisions/symbolic-dims.md).
enum class ShapePolicy {
  kSymbolic,    // one program serves all shapes
  kSpecialise,  // each shape gets a program of its own, compiled at its first run
  kAdaptive,    // one program serves new shapes; a shape whose runs have taken as long as compiling
                // took gets its own
};

struct SessionOptions {
  // Threads of one run, the caller's among them; 0: one per processor.
  int64_t intra_op_threads = 0;
  Numerics numerics = Numerics::kStandard;
  // Memory is taken as runs need it. These bound that of workspaces, and can take some of it at
  // once. Variables, constants, fetched values that a run allocates and copies of feeds without
  // alignment do not count; where the machine has no memory for them, the run is an error.
  int64_t memory_limit_bytes = 0;   // 0: no limit
  double preallocate_fraction = 0;  // of the limit, taken when a run first needs memory; in [0, 1]
  bool code_cache = true;           // keep compiled code on disk (runtime/disk_cache.h)

  ShapePolicy shapes = ShapePolicy::kAdaptive;
  // For kAdaptive: how many times the compile time the runs of a shape take before it gets a
  // program of its own. 0: from its second run on.
  double specialise_after = 1;
  // How many combinations of shapes a kind of run remembers, with their programs.
  int64_t max_shapes = 32;
  // How many kinds of run (feeds, fetches) Session::Run keeps compiled; the oldest go.
  int64_t max_compiled_runs = 64;
};

}  // namespace cermet

#endif  // CERMET_RUNTIME_SESSION_SESSION_OPTIONS_H_
