// Running a loaded model: by compiled code on this machine, or by the reference evaluator.
#ifndef CERMET_TOOLS_CERMET_ENGINE_H_
#define CERMET_TOOLS_CERMET_ENGINE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ir/graph.h"
#include "ir/literal.h"
#include "passes/compile.h"
#include "runtime/profile.h"
#include "tools/cermet/flags.h"

namespace cermet::cli {

// Not thread safe.
class Engine {
 public:
  virtual ~Engine() = default;
  // Inputs in the order of the entry graph's parameters, as when the engine was made.
  virtual absl::StatusOr<std::vector<Literal>> Run(const std::vector<Literal>& inputs) = 0;
  // One run into memory that stays from run to run, for timing.
  virtual absl::Status RunAgain() = 0;
  virtual int64_t planned_bytes() const = 0;  // of workspace, for the shapes of the latest run
  virtual int64_t peak_bytes() const = 0;     // of workspace, as measured
};

// The flags --device, --threads and --no-cache.
std::vector<Flag> EngineFlags();
// The flags that the evaluator has no use for: `more`, --no-cache, and those of CompileFlags.
Conflict ReferenceConflict(std::vector<absl::string_view> more = {});

struct EngineOptions {
  std::string device;  // cpu, cuda or reference
  int64_t threads = 1;
  bool use_cache = true;
  bool verify = false;  // compare each kernel with the evaluator first
  CompileOptions compile;
};
// From the flags of EngineFlags and CompileFlags and the environment.
absl::StatusOr<EngineOptions> ReadEngineOptions(const Arguments& arguments);

// `module` is consumed. `log` may be null, and `profile`, which receives the time of every launch.
absl::StatusOr<std::unique_ptr<Engine>> MakeEngine(const EngineOptions& options,
                                                   std::unique_ptr<Module> module, CompileLog* log,
                                                   runtime::Profile* profile);

}  // namespace cermet::cli

#endif  // CERMET_TOOLS_CERMET_ENGINE_H_
