// A session runs a user's graph: it compiles what a run needs, keeps the values of variables, and
// owns threads and memory.
//
//   api::Graph graph;
//   api::Graph::DefaultScope scope(&graph);
//   api::Tensor x = api::Placeholder(DType::kF32, {Dim::Symbol("n")}, "x");
//   api::Tensor y = api::Mul(x, 2.0f);
//   auto session = Session::Create(&graph, SessionOptions{});
//   auto values = (*session)->Run({{x, Literal::FromValues<float>({2}, {1, 2})}}, {y});
//
// What runs often is prepared once:
//
//   auto step = (*session)->MakeCallable({x}, {y});
//   (*step).RunInto({feed}, {&result});   // the caller's memory, no allocation
#ifndef CERMET_RUNTIME_SESSION_SESSION_H_
#define CERMET_RUNTIME_SESSION_SESSION_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "frontend/api/graph.h"
#include "frontend/api/tensor.h"
#include "ir/literal.h"
#include "runtime/arena.h"
#include "runtime/constant_cache.h"
#include "runtime/session/run_gate.h"
#include "runtime/session/run_plan.h"
#include "runtime/session/session_options.h"
#include "runtime/session/tensor_view.h"
#include "runtime/session/variable_store.h"
#include "runtime/thread_pool.h"

namespace cermet {

// The version of the library: "0.1.0".
const char* Version();

struct SessionMemory {
  int64_t in_use_bytes = 0;  // workspaces of the compiled runs
  int64_t peak_bytes = 0;
  int64_t limit_bytes = 0;  // of workspaces; 0: none
  int64_t variable_bytes = 0;
  int64_t packed_constant_bytes = 0;
  int64_t device_total_bytes = 0;  // the machine's memory; 0 where the system does not tell
  int64_t device_free_bytes = 0;   // what programs could still take of it
};

// A prepared run: its feeds and fetches are resolved and its code is compiled. Thread safe, cheap
// to copy. The session must outlive it; a run after the session was closed is an error.
class Callable {
 public:
  // One value per feed; gives the fetched values. Errors as for Session::Run.
  absl::StatusOr<std::vector<Literal>> Run(absl::Span<const TensorView> feeds) const;
  // The same into the caller's memory, one buffer per fetch of a tensor. With the shapes of the run
  // before, this is one call into compiled code: no allocation, and no lock but those of variables.
  // After an error the buffers hold nothing of meaning. One that is null, too small, not aligned or
  // overlaps another is an error.
  absl::Status RunInto(absl::Span<const TensorView> feeds,
                       absl::Span<const TensorBuffer> fetches) const;

 private:
  friend class Session;
  Callable(RunGate* gate, std::shared_ptr<RunPlan> plan) : gate_(gate), plan_(std::move(plan)) {}
  RunGate* gate_;
  std::shared_ptr<RunPlan> plan_;
};

// Thread safe. Runs go side by side; those that update a variable take turns with those that use
// it, in the order in which they came. What has to be compiled is compiled once, by the first run
// that needs it, while others go on.
class Session : public api::Evaluation {
 public:
  // `graph` must outlive the session. Errors: a machine that code cannot be generated for, options
  // out of range.
  static absl::StatusOr<std::unique_ptr<Session>> Create(const api::Graph* graph,
                                                         const SessionOptions& options);
  // The same, and the session is this thread's default from now on until it is closed (by the same
  // thread): TensorFlow's InteractiveSession.
  static absl::StatusOr<std::unique_ptr<Session>> CreateInteractive(const api::Graph* graph,
                                                                    const SessionOptions& options);
  ~Session() override;  // closes

  // The values of the fetched tensors, in order (operations give none). Variables get their new
  // values together, after the last fetch was computed, and none of them if the run fails. Errors:
  // an error of the graph; a closed session; a tensor of another graph; a feed of the wrong type or
  // shape; a placeholder that is not fed; a variable without a value; a value that the memory
  // cannot hold; what the compiler or a check reports.
  absl::StatusOr<std::vector<Literal>> Run(const std::vector<api::Feed>& feeds,
                                           const std::vector<api::Fetch>& fetches) override;
  // Prepares runs that feed `feeds` and fetch `fetches`, and compiles them. Errors as for Run.
  absl::StatusOr<Callable> MakeCallable(const std::vector<api::Tensor>& feeds,
                                        const std::vector<api::Fetch>& fetches);

  // Lets no more runs start, waits for those that have begun (they end as they would have, those
  // that are compiling too), and frees compiled code, variables, memory and threads. Any number of
  // times, from any thread; a run afterwards is an error.
  void Close();
  SessionMemory MemoryStats() const;
  // How many programs were compiled so far: a few per kind of run and shape.
  int64_t programs_compiled() const { return programs_compiled_.load(std::memory_order_relaxed); }

  // Makes the session this thread's default while the returned object lives; they nest.
  class DefaultScope {
   public:
    explicit DefaultScope(Session* session) : session_(session) {
      api::PushDefaultSession(session);
    }
    ~DefaultScope() { api::PopDefaultSession(session_); }
    DefaultScope(const DefaultScope&) = delete;
    DefaultScope& operator=(const DefaultScope&) = delete;

   private:
    Session* session_;
  };
  DefaultScope AsDefault() { return DefaultScope(this); }

 private:
  using PlanKey = std::vector<int64_t>;
  struct CachedPlan {
    std::shared_ptr<RunPlan> plan;
    int64_t last_use = 0;
  };
  Session(const api::Graph* graph, const SessionOptions& options);
  absl::StatusOr<RunRequest> MakeRequest(const std::vector<api::Tensor>& feeds,
                                         const std::vector<api::Fetch>& fetches) const;
  std::shared_ptr<RunPlan> FindPlan(RunRequest request);
  void TrimPlans();

  const api::Graph* const graph_;
  const SessionOptions options_;
  runtime::MemoryBudget budget_;
  runtime::ConstantCache constants_;
  std::unique_ptr<runtime::ThreadPool> pool_;
  std::unique_ptr<codegen::CodeCache> code_cache_;
  VariableStore variables_;
  std::atomic<int64_t> programs_compiled_{0};
  PlanEnvironment environment_;

  bool is_interactive_ = false;
  RunGate gate_;
  std::mutex plans_mutex_;  // never held while something compiles or runs
  std::map<PlanKey, CachedPlan> plans_;
  int64_t plan_uses_ = 0;
  std::vector<std::weak_ptr<RunPlan>> callables_;  // plans that callables hold
};

}  // namespace cermet

#endif  // CERMET_RUNTIME_SESSION_SESSION_H_
