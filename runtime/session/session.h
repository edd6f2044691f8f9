// A session runs a user's graph: it compiles what a run needs, keeps the values of variables, and
// owns threads and memory.
//
//   api::Graph graph;
//   api::Graph::DefaultScope scope(&graph);
//   api::Tensor x = api::Placeholder(DType::kF32, {Dim::Symbol("n")}, "x");
//   api::Tensor y = api::Mul(x, 2.0f);
//   auto session = Session::Create(&graph, SessionOptions{});
//   auto values = (*session)->Run({{x, Literal::FromValues<float>({2}, {1, 2})}}, {y});
#ifndef CERMET_RUNTIME_SESSION_SESSION_H_
#define CERMET_RUNTIME_SESSION_SESSION_H_

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "frontend/api/graph.h"
#include "frontend/api/tensor.h"
#include "ir/literal.h"
#include "ir/numerics.h"
#include "runtime/arena.h"
#include "runtime/constant_cache.h"
#include "runtime/session/compiled_module.h"
#include "runtime/thread_pool.h"

namespace cermet {

// The version of the library: "0.1.0".
const char* Version();

struct SessionOptions {
  // Threads of one run, the caller's among them; 0: one per processor.
  int64_t intra_op_threads = 0;
  Numerics numerics = Numerics::kStandard;
  // Memory is taken as runs need it. These bound it, and can take some of it at once.
  int64_t memory_limit_bytes = 0;   // of workspaces; 0: no limit
  double preallocate_fraction = 0;  // of the limit, taken when a run first needs memory; in [0, 1]
  bool code_cache = true;           // keep compiled code on disk (runtime/disk_cache.h)
  // How many kinds of run (feeds, fetches, shapes) stay compiled; the oldest go.
  int64_t max_compiled_runs = 64;
};

struct SessionMemory {
  int64_t in_use_bytes = 0;  // workspaces of the compiled runs
  int64_t peak_bytes = 0;
  int64_t limit_bytes = 0;  // 0: none
  int64_t variable_bytes = 0;
  int64_t packed_constant_bytes = 0;
};

// Thread safe: runs that only read variables go side by side, runs that update them take turns.
class Session : public api::Evaluation {
 public:
  // `graph` must outlive the session. Errors: a machine that code cannot be generated for, options
  // out of range.
  static absl::StatusOr<std::unique_ptr<Session>> Create(const api::Graph* graph,
                                                         const SessionOptions& options);
  ~Session() override;  // closes

  // The values of the fetched tensors, in order (operations give none). Variables get their new
  // values together, after the last fetch was computed, and none of them if the run fails. Errors:
  // an error of the graph; a closed session; a tensor of another graph; a feed of the wrong type or
  // shape; a placeholder that is not fed; a variable without a value; what the compiler or a check
  // reports.
  absl::StatusOr<std::vector<Literal>> Run(const std::vector<api::Feed>& feeds,
                                           const std::vector<api::Fetch>& fetches) override;

  // Frees compiled code, variables and memory. Any number of times; a run afterwards is an error.
  void Close();
  SessionMemory MemoryStats() const;

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
  struct Request;
  struct CompiledRun;
  Session(const api::Graph* graph, const SessionOptions& options);
  absl::StatusOr<Request> MakeRequest(const std::vector<api::Feed>& feeds,
                                      const std::vector<api::Fetch>& fetches) const;
  absl::StatusOr<std::shared_ptr<CompiledRun>> FindOrCompile(const Request& request);
  absl::StatusOr<std::shared_ptr<CompiledRun>> CompileRequest(const Request& request);
  absl::StatusOr<std::vector<Literal>> Execute(const Request& request, CompiledRun* run,
                                               const std::vector<api::Feed>& feeds);

  const api::Graph* const graph_;
  const SessionOptions options_;
  Target target_;
  runtime::MemoryBudget budget_;
  runtime::ConstantCache constants_;
  std::unique_ptr<runtime::ThreadPool> pool_;
  std::unique_ptr<codegen::ObjectCache> code_cache_;

  mutable std::shared_mutex state_mutex_;  // held by a run: shared, or alone if it updates
  std::map<Value, Literal> variables_;
  mutable std::mutex runs_mutex_;  // the cache of compiled runs
  std::list<std::pair<std::string, std::shared_ptr<CompiledRun>>> runs_;  // latest use first
  bool closed_ = false;                                                   // under state_mutex_
};

}  // namespace cermet

#endif  // CERMET_RUNTIME_SESSION_SESSION_H_
