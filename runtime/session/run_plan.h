// One kind of run (what is fed, what is fetched, what is updated): its compiled programs, and how
// to call them.
#ifndef CERMET_RUNTIME_SESSION_RUN_PLAN_H_
#define CERMET_RUNTIME_SESSION_RUN_PLAN_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "frontend/api/graph.h"
#include "ir/graph.h"
#include "ir/literal.h"
#include "runtime/executor.h"
#include "runtime/idle_set.h"
#include "runtime/session/compile_once.h"
#include "runtime/session/compiled_module.h"
#include "runtime/session/session_options.h"
#include "runtime/session/subgraph.h"
#include "runtime/session/tensor_view.h"
#include "runtime/session/variable_store.h"

namespace cermet {

// What the plans of a session share.
struct PlanEnvironment {
  const api::Graph* graph = nullptr;
  ModuleOptions module;
  ShapePolicy shapes = ShapePolicy::kAdaptive;
  double specialise_after = 1;
  int64_t max_shapes = 1;
  VariableStore* variables = nullptr;
  std::function<void()> trim;  // frees the idle memory of all plans
  std::atomic<int64_t>* programs_compiled = nullptr;
  // Taken by the first program.
  double preallocate_fraction = 0;
  mutable std::atomic<bool> has_preallocated{false};
};

// Thread safe. A run with the shapes of an idle execution takes no lock but those of the variables
// that it uses, and allocates nothing for up to kInlineTensors feeds and variables. Other shapes
// that are remembered cost a short lock.
class RunPlan {
 public:
  // `environment` must outlive the plan.
  RunPlan(RunRequest request, const PlanEnvironment* environment)
      : request_(std::move(request)), environment_(environment) {}

  // Compiles, if that has not been done; also done by the first run. Compiles once: others who want
  // this plan meanwhile wait, and get the same error.
  absl::Status Prepare() { return Prepared().status(); }

  // The fetched values, in order. Errors: see Session::Run.
  absl::StatusOr<std::vector<Literal>> Run(absl::Span<const TensorView> feeds);
  // The same into the caller's memory.
  absl::Status RunInto(absl::Span<const TensorView> feeds, absl::Span<const TensorBuffer> fetches);

  // Frees the memory of runs that are over.
  void Trim() { idle_.Clear(); }
  // Frees programs and memory. No run may be in flight; none may follow.
  void Clear();

 private:
  static constexpr int kInlineTensors = 16;
  using Inputs = absl::InlinedVector<runtime::InputView, kInlineTensors>;

  // What compiling gives.
  struct Compiled {
    std::vector<VariableUse> variables;       // in the order of the program's inputs
    std::vector<VariableUse> locking_order;   // the same by number
    std::unique_ptr<Module> optimized;        // what specialised programs are made from
    std::unique_ptr<CompiledModule> program;  // for every shape; null if none is wanted
    int64_t compile_ns = 0;
    size_t num_outputs = 0;  // fetches, then updates
    bool has_symbols = false;
  };
  // What is known of one combination of shapes.
  struct Shapes {
    std::vector<std::vector<int64_t>> feeds;
    std::atomic<int64_t> spent_ns{0};     // by runs of the program for every shape
    std::atomic<bool> is_claimed{false};  // somebody specialises, or has done so
    std::atomic<bool> was_used{false};    // since the last search for one to forget
    std::atomic<bool> is_forgotten{false};
    CompileOnce<CompiledModule> program;  // specialised
  };
  // A run that may start: code, and memory for it.
  struct ReadyRun {
    CompiledModule* program = nullptr;
    std::shared_ptr<Shapes> shapes;  // keeps `program` if that is specialised; null if unknown
    std::unique_ptr<runtime::Execution> execution;
    bool is_specialised = false;
  };

  absl::StatusOr<Compiled*> Prepared();
  absl::StatusOr<std::unique_ptr<Compiled>> Compile() const;
  absl::StatusOr<std::unique_ptr<CompiledModule>> Generate(std::unique_ptr<Module> module) const;
  absl::StatusOr<std::unique_ptr<CompiledModule>> Specialise(
      const Compiled& compiled, const std::vector<std::vector<int64_t>>& shapes) const;
  absl::Status CheckFeeds(absl::Span<const TensorView> feeds) const;
  std::shared_ptr<Shapes> FindShapes(absl::Span<const runtime::InputView> feeds);
  bool IsDue(const Compiled& compiled, const Shapes& shapes) const;
  absl::StatusOr<std::unique_ptr<ReadyRun>> Acquire(const Compiled& compiled,
                                                    absl::Span<const runtime::InputView> inputs);
  absl::StatusOr<std::unique_ptr<ReadyRun>> Bind(const Compiled& compiled,
                                                 absl::Span<const runtime::InputView> inputs);
  absl::StatusOr<CompiledModule*> ChooseProgram(const Compiled& compiled, Shapes* shapes);
  void Release(std::unique_ptr<ReadyRun> run);
  // Does a run; `place` tells where its fetches go, once their shapes are known.
  template <typename Place>
  absl::Status RunWith(absl::Span<const TensorView> feeds, const Place& place);

  const RunRequest request_;
  const PlanEnvironment* const environment_;
  CompileOnce<Compiled> compiled_;
  runtime::IdleSet<ReadyRun> idle_;
  std::mutex shapes_mutex_;
  std::list<std::shared_ptr<Shapes>> shapes_;
};

}  // namespace cermet

#endif  // CERMET_RUNTIME_SESSION_RUN_PLAN_H_
