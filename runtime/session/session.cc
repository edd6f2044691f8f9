// Requests, the cache of compiled runs, and variables.
#include "runtime/session/session.h"

#include <algorithm>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "codegen/target.h"
#include "ir/status.h"
#include "passes/bind_dims.h"
#include "runtime/session/disk_object_cache.h"
#include "runtime/session/subgraph.h"
#include "version.h"

namespace cermet {

const char* Version() { return kVersion; }

// One kind of run: what is fed with which shapes, what is fetched, what is updated.
struct Session::Request {
  std::vector<Value> feeds;
  std::vector<std::vector<int64_t>> feed_shapes;
  std::vector<Value> fetches;
  std::vector<api::StateUpdate> updates;

  std::string Key() const {
    std::string key;
    const auto add = [&](Value value) {
      absl::StrAppend(&key, value.node->id(), ":", value.index, " ");
    };
    for (size_t i = 0; i < feeds.size(); ++i) {
      add(feeds[i]);
      absl::StrAppend(&key, "[", absl::StrJoin(feed_shapes[i], ","), "] ");
    }
    key += "| ";
    for (Value fetch : fetches) add(fetch);
    key += "| ";
    for (const api::StateUpdate& update : updates) {
      add(update.variable);
      add(update.value);
    }
    return key;
  }
};

struct Session::CompiledRun {
  std::unique_ptr<CompiledModule> module;
  std::vector<Value> variables;  // the parameters after the feeds
};

Session::Session(const api::Graph* graph, const SessionOptions& options)
    : graph_(graph),
      options_(options),
      budget_(options.memory_limit_bytes > 0 ? options.memory_limit_bytes
                                             : runtime::MemoryBudget::kUnlimited) {}

absl::StatusOr<std::unique_ptr<Session>> Session::Create(const api::Graph* graph,
                                                         const SessionOptions& options) {
  if (options.intra_op_threads < 0 || options.memory_limit_bytes < 0 ||
      options.max_compiled_runs < 1 || options.preallocate_fraction < 0 ||
      options.preallocate_fraction > 1) {
    return absl::InvalidArgumentError(
        "session options: threads and limits must not be negative, max_compiled_runs at least 1, "
        "preallocate_fraction in [0, 1]");
  }
  auto session = std::unique_ptr<Session>(new Session(graph, options));
  CERMET_ASSIGN_OR_RETURN(session->target_, codegen::HostTarget());
  const int64_t processors = std::max<int64_t>(1, std::thread::hardware_concurrency());
  session->pool_ = std::make_unique<runtime::ThreadPool>(
      options.intra_op_threads > 0 ? options.intra_op_threads : processors);
  if (options.code_cache) session->code_cache_ = OpenDiskObjectCache();
  return session;
}

Session::~Session() { Close(); }

void Session::Close() {
  std::unique_lock<std::shared_mutex> state(state_mutex_);
  std::lock_guard<std::mutex> lock(runs_mutex_);
  closed_ = true;
  runs_.clear();
  variables_.clear();
}

absl::StatusOr<Session::Request> Session::MakeRequest(
    const std::vector<api::Feed>& feeds, const std::vector<api::Fetch>& fetches) const {
  CERMET_RETURN_IF_ERROR(graph_->status());
  Request request;
  for (const auto& [tensor, literal] : feeds) {
    if (!tensor || tensor.graph() != graph_)
      return absl::InvalidArgumentError("a fed tensor is not of this session's graph");
    const Type& type = tensor.value().type();
    bool fits = type.dtype == literal.dtype() &&
                type.rank() == static_cast<int64_t>(literal.shape().size());
    for (int64_t i = 0; fits && i < type.rank(); ++i) {
      fits = !type.shape[i].IsConstant() || type.shape[i].value() == literal.shape()[i];
    }
    if (!fits) {
      return absl::InvalidArgumentError(absl::StrCat("tensor \"", tensor.name(), "\" is ",
                                                     type.ToString(), ", the fed value is ",
                                                     literal.type().ToString()));
    }
    request.feeds.push_back(tensor.value());
    request.feed_shapes.push_back(literal.shape());
  }
  for (const api::Fetch& fetch : fetches) {
    if (fetch.graph() != graph_) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", fetch.name(), "\" is not of this session's graph"));
    }
    if (fetch.value()) request.fetches.push_back(fetch.value());
    for (const api::StateUpdate& update : fetch.updates()) {
      for (const api::StateUpdate& other : request.updates) {
        if (other.variable == update.variable && other.value != update.value) {
          return absl::InvalidArgumentError(absl::StrCat("one run assigns two values to variable ",
                                                         update.variable.node->Describe()));
        }
      }
      request.updates.push_back(update);
    }
  }
  return request;
}

absl::StatusOr<std::shared_ptr<Session::CompiledRun>> Session::CompileRequest(
    const Request& request) {
  CERMET_ASSIGN_OR_RETURN(
      Subgraph subgraph, ExtractSubgraph(*graph_, request.feeds, request.fetches, request.updates));
  DimBindings dims;
  for (size_t i = 0; i < request.feeds.size(); ++i) {
    for (size_t d = 0; d < request.feed_shapes[i].size(); ++d) {
      std::string symbol;
      if (!request.feeds[i].type().shape[d].IsSymbol(&symbol)) continue;
      const auto [it, is_new] = dims.emplace(symbol, request.feed_shapes[i][d]);
      if (!is_new && it->second != request.feed_shapes[i][d]) {
        return absl::InvalidArgumentError(absl::StrCat("the fed values give dim ?", symbol,
                                                       " two values: ", it->second, " and ",
                                                       request.feed_shapes[i][d]));
      }
    }
  }
  // Specialised for the shapes: the cache of compiled runs is bounded.
  CERMET_RETURN_IF_ERROR(BindDims(subgraph.module.get(), dims));
  ModuleOptions options;
  options.compile.passes.target = target_;
  options.compile.passes.numerics = options_.numerics;
  options.compile_threads = static_cast<int>(pool_->max_workers());
  options.code_cache = code_cache_.get();
  options.constants = &constants_;
  options.executor.threads = pool_->threads();
  options.executor.budget = &budget_;
  options.executor.arena.preallocate_fraction =
      options_.memory_limit_bytes > 0 ? options_.preallocate_fraction : 0;
  auto run = std::make_shared<CompiledRun>();
  run->variables = std::move(subgraph.variables);
  CERMET_ASSIGN_OR_RETURN(run->module, CompiledModule::Create(std::move(subgraph.module), options));
  return run;
}

absl::StatusOr<std::shared_ptr<Session::CompiledRun>> Session::FindOrCompile(
    const Request& request) {
  const std::string key = request.Key();
  std::lock_guard<std::mutex> lock(runs_mutex_);
  for (auto it = runs_.begin(); it != runs_.end(); ++it) {
    if (it->first != key) continue;
    runs_.splice(runs_.begin(), runs_, it);
    return runs_.front().second;
  }
  CERMET_ASSIGN_OR_RETURN(std::shared_ptr<CompiledRun> run, CompileRequest(request));
  runs_.emplace_front(key, run);
  while (static_cast<int64_t>(runs_.size()) > options_.max_compiled_runs) runs_.pop_back();
  return run;
}

absl::StatusOr<std::vector<Literal>> Session::Execute(const Request& request, CompiledRun* run,
                                                      const std::vector<api::Feed>& feeds) {
  const auto is_updated = [&](Value variable) {
    return std::any_of(request.updates.begin(), request.updates.end(),
                       [&](const api::StateUpdate& update) { return update.variable == variable; });
  };
  std::vector<Literal> inputs;
  for (const auto& [tensor, literal] : feeds) inputs.push_back(literal);
  for (Value variable : run->variables) {
    auto it = variables_.find(variable);
    if (it == variables_.end()) {
      // A run that only assigns the variable does not read it: any bytes will do.
      bool is_read = !is_updated(variable);
      for (const auto& [value, count] : run->module->module().entry()->CountUses()) {
        is_read |=
            value.node == run->module->module().entry()->parameter(inputs.size()) && count > 0;
      }
      if (is_read) {
        return absl::FailedPreconditionError(
            absl::StrCat("variable ", variable.node->location().NamesToString(),
                         " has no value yet: run its initialiser first"));
      }
      std::vector<int64_t> shape;
      for (const Dim& dim : variable.type().shape) shape.push_back(dim.value());
      it = variables_.emplace(variable, Literal(variable.type().dtype, shape)).first;
    }
    // A variable that the run updates is moved in, updated in place, and moved back.
    inputs.push_back(is_updated(variable) ? std::move(it->second) : it->second);
  }
  absl::StatusOr<std::vector<Literal>> results = run->module->Run(&inputs);
  for (size_t i = 0; i < run->variables.size(); ++i) {
    if (is_updated(run->variables[i]))
      variables_[run->variables[i]] = std::move(inputs[feeds.size() + i]);
  }
  CERMET_RETURN_IF_ERROR(results.status());
  results->resize(request.fetches.size());
  return results;
}

absl::StatusOr<std::vector<Literal>> Session::Run(const std::vector<api::Feed>& feeds,
                                                  const std::vector<api::Fetch>& fetches) {
  CERMET_ASSIGN_OR_RETURN(const Request request, MakeRequest(feeds, fetches));
  const auto run_locked = [&]() -> absl::StatusOr<std::vector<Literal>> {
    if (closed_) return absl::FailedPreconditionError("the session is closed");
    CERMET_ASSIGN_OR_RETURN(const std::shared_ptr<CompiledRun> run, FindOrCompile(request));
    return Execute(request, run.get(), feeds);
  };
  if (request.updates.empty()) {
    std::shared_lock<std::shared_mutex> lock(state_mutex_);
    return run_locked();
  }
  std::unique_lock<std::shared_mutex> lock(state_mutex_);
  return run_locked();
}

SessionMemory Session::MemoryStats() const {
  std::shared_lock<std::shared_mutex> lock(state_mutex_);
  SessionMemory memory;
  memory.in_use_bytes = budget_.taken();
  memory.peak_bytes = budget_.peak();
  memory.limit_bytes = options_.memory_limit_bytes;
  memory.packed_constant_bytes = constants_.packed_bytes();
  for (const auto& [variable, literal] : variables_) memory.variable_bytes += literal.byte_size();
  return memory;
}

}  // namespace cermet
