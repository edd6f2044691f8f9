// Requests, the cache of plans, and closing.
#include "runtime/session/session.h"

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "codegen/target.h"
#include "ir/status.h"
#include "runtime/session/disk_code_cache.h"
#include "version.h"

namespace cermet {
namespace {

absl::Status ClosedError() { return absl::FailedPreconditionError("the session is closed"); }

// A call that is inside the session while this lives.
class InFlight {
 public:
  explicit InFlight(RunGate* gate) : gate_(gate->Enter() ? gate : nullptr) {}
  ~InFlight() {
    if (gate_ != nullptr) gate_->Leave();
  }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
  explicit operator bool() const { return gate_ != nullptr; }

 private:
  RunGate* const gate_;
};

std::pair<int64_t, int> PlaceInGraph(const api::Tensor& tensor) {
  return {tensor ? tensor.value().node->id() : -1, tensor.value().index};
}

std::vector<int64_t> KeyOf(const RunRequest& request) {
  std::vector<int64_t> key;
  const auto add = [&](Value value) {
    key.push_back(value.node->id());
    key.push_back(value.index);
  };
  for (Value feed : request.feeds) add(feed);
  key.push_back(-1);
  for (Value fetch : request.fetches) add(fetch);
  key.push_back(-1);
  for (Value value : request.values) add(value);
  key.push_back(-1);
  key.insert(key.end(), request.effects.begin(), request.effects.end());
  return key;
}

}  // namespace

const char* Version() { return kVersion; }

absl::StatusOr<std::vector<Literal>> Callable::Run(absl::Span<const TensorView> feeds) const {
  const InFlight call(gate_);
  if (!call) return ClosedError();
  return plan_->Run(feeds);
}

absl::Status Callable::RunInto(absl::Span<const TensorView> feeds,
                               absl::Span<const TensorBuffer> fetches) const {
  const InFlight call(gate_);
  if (!call) return ClosedError();
  return plan_->RunInto(feeds, fetches);
}

Session::Session(const api::Graph* graph, const SessionOptions& options)
    : graph_(graph),
      options_(options),
      budget_(options.memory_limit_bytes > 0 ? options.memory_limit_bytes
                                             : runtime::MemoryBudget::kUnlimited) {}

absl::StatusOr<std::unique_ptr<Session>> Session::Create(const api::Graph* graph,
                                                         const SessionOptions& options) {
  if (options.intra_op_threads < 0 || options.memory_limit_bytes < 0 ||
      options.max_compiled_runs < 1 || options.max_shapes < 1 || !(options.specialise_after >= 0) ||
      !(options.preallocate_fraction >= 0 && options.preallocate_fraction <= 1)) {
    return absl::InvalidArgumentError(
        "session options: threads, limits and specialise_after must not be negative, "
        "max_compiled_runs and max_shapes at least 1, preallocate_fraction in [0, 1]");
  }
  auto session = std::unique_ptr<Session>(new Session(graph, options));
  const int64_t processors = std::max<int64_t>(1, std::thread::hardware_concurrency());
  session->pool_ = std::make_unique<runtime::ThreadPool>(
      options.intra_op_threads > 0 ? options.intra_op_threads : processors);
  if (options.code_cache) session->code_cache_ = OpenDiskCodeCache();

  PlanEnvironment& environment = session->environment_;
  environment.graph = graph;
  CERMET_ASSIGN_OR_RETURN(environment.module.compile.passes.target, codegen::HostTarget());
  environment.module.compile.passes.numerics = options.numerics;
  environment.module.compile_threads = static_cast<int>(session->pool_->max_workers());
  environment.module.code_cache = session->code_cache_.get();
  environment.module.constants = &session->constants_;
  environment.module.executor.threads = session->pool_->threads();
  environment.module.executor.budget = &session->budget_;
  if (options.memory_limit_bytes > 0) {
    environment.preallocate_fraction = options.preallocate_fraction;
  }
  environment.shapes = options.shapes;
  environment.specialise_after = options.specialise_after;
  environment.max_shapes = options.max_shapes;
  environment.variables = &session->variables_;
  environment.trim = [self = session.get()] { self->TrimPlans(); };
  environment.programs_compiled = &session->programs_compiled_;
  return session;
}

absl::StatusOr<std::unique_ptr<Session>> Session::CreateInteractive(const api::Graph* graph,
                                                                    const SessionOptions& options) {
  CERMET_ASSIGN_OR_RETURN(std::unique_ptr<Session> session, Create(graph, options));
  session->is_interactive_ = true;
  api::PushDefaultSession(session.get());
  return session;
}

Session::~Session() {
  Close();
  api::RemoveDefaultSession(this);
}

void Session::Close() {
  gate_.Close();
  if (is_interactive_) api::RemoveDefaultSession(this);
  const std::lock_guard<std::mutex> lock(plans_mutex_);
  for (const std::weak_ptr<RunPlan>& callable : callables_) {
    if (const std::shared_ptr<RunPlan> plan = callable.lock()) plan->Clear();
  }
  callables_.clear();
  for (auto& [key, cached] : plans_) cached.plan->Clear();
  plans_.clear();
  variables_.Clear();
  pool_ = nullptr;
}

absl::StatusOr<RunRequest> Session::MakeRequest(const std::vector<api::Tensor>& feeds,
                                                const std::vector<api::Fetch>& fetches) const {
  CERMET_RETURN_IF_ERROR(graph_->status());
  RunRequest request;
  std::set<Value> fed;
  for (const api::Tensor& tensor : feeds) {
    if (!tensor || tensor.graph() != graph_)
      return absl::InvalidArgumentError("a fed tensor is not of this session's graph");
    if (!fed.insert(tensor.value()).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("tensor \"", tensor.name(), "\" is fed twice"));
    }
    request.feeds.push_back(tensor.value());
    request.feed_names.push_back(tensor.name());
  }
  for (const api::Fetch& fetch : fetches) {
    if (fetch.graph() == nullptr) {
      return absl::InvalidArgumentError(
          "a fetch is not a valid tensor or operation: was it made without a default graph "
          "(api::Graph::DefaultScope)?");
    }
    if (fetch.graph() != graph_) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", fetch.name(), "\" is not of this session's graph"));
    }
    if (fetch.value()) {
      request.fetches.push_back(fetch.value());
      continue;
    }
    const api::Operation& operation = fetch.operation();
    request.values.insert(request.values.end(), operation.values().begin(),
                          operation.values().end());
    request.effects.insert(request.effects.end(), operation.effects().begin(),
                           operation.effects().end());
  }
  return request;
}

std::shared_ptr<RunPlan> Session::FindPlan(RunRequest request) {
  PlanKey key = KeyOf(request);
  const std::lock_guard<std::mutex> lock(plans_mutex_);
  auto known = plans_.find(key);
  if (known == plans_.end()) {
    if (static_cast<int64_t>(plans_.size()) >= options_.max_compiled_runs) {
      plans_.erase(std::min_element(plans_.begin(), plans_.end(), [](const auto& a, const auto& b) {
        return a.second.last_use < b.second.last_use;
      }));
    }
    auto plan = std::make_shared<RunPlan>(std::move(request), &environment_);
    known = plans_.emplace(std::move(key), CachedPlan{std::move(plan), 0}).first;
  }
  known->second.last_use = ++plan_uses_;
  return known->second.plan;
}

absl::StatusOr<std::vector<Literal>> Session::Run(const std::vector<api::Feed>& feeds,
                                                  const std::vector<api::Fetch>& fetches) {
  const InFlight call(&gate_);
  if (!call) return ClosedError();
  // In one order, whatever the caller's: the same values fed are the same kind of run.
  std::vector<const api::Feed*> sorted;
  for (const api::Feed& feed : feeds) sorted.push_back(&feed);
  std::sort(sorted.begin(), sorted.end(), [](const api::Feed* a, const api::Feed* b) {
    return PlaceInGraph(a->first) < PlaceInGraph(b->first);
  });
  std::vector<api::Tensor> tensors;
  std::vector<TensorView> values;
  for (const api::Feed* feed : sorted) {
    tensors.push_back(feed->first);
    values.push_back(feed->second);
  }
  CERMET_ASSIGN_OR_RETURN(RunRequest request, MakeRequest(tensors, fetches));
  return FindPlan(std::move(request))->Run(values);
}

absl::StatusOr<Callable> Session::MakeCallable(const std::vector<api::Tensor>& feeds,
                                               const std::vector<api::Fetch>& fetches) {
  const InFlight call(&gate_);
  if (!call) return ClosedError();
  CERMET_ASSIGN_OR_RETURN(RunRequest request, MakeRequest(feeds, fetches));
  std::shared_ptr<RunPlan> plan = FindPlan(std::move(request));
  CERMET_RETURN_IF_ERROR(plan->Prepare());
  const std::lock_guard<std::mutex> lock(plans_mutex_);
  callables_.erase(
      std::remove_if(callables_.begin(), callables_.end(),
                     [](const std::weak_ptr<RunPlan>& callable) { return callable.expired(); }),
      callables_.end());
  callables_.push_back(plan);
  return Callable(&gate_, std::move(plan));
}

// Called by a run that found no memory; it holds no lock.
void Session::TrimPlans() {
  const std::lock_guard<std::mutex> lock(plans_mutex_);
  for (auto& [key, cached] : plans_) cached.plan->Trim();
  for (const std::weak_ptr<RunPlan>& callable : callables_) {
    if (const std::shared_ptr<RunPlan> plan = callable.lock()) plan->Trim();
  }
}

SessionMemory Session::MemoryStats() const {
  SessionMemory memory;
  memory.in_use_bytes = budget_.taken();
  memory.peak_bytes = budget_.peak();
  memory.limit_bytes = options_.memory_limit_bytes;
  memory.packed_constant_bytes = constants_.packed_bytes();
  memory.variable_bytes = variables_.bytes();
  const runtime::SystemMemory system = runtime::GetSystemMemory();
  memory.device_total_bytes = system.total_bytes;
  memory.device_free_bytes = system.free_bytes;
  return memory;
}

}  // namespace cermet
