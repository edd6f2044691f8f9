// The way of a run: take an idle execution that is bound to the shapes, take turns for the
// variables, call the code. What is slower (compiling, choosing a program for new shapes) happens
// once per shape and outside of all locks.
#include "runtime/session/run_plan.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ir/dim_binding.h"
#include "ir/status.h"
#include "passes/bind_dims.h"

namespace cermet {
namespace {

using Clock = std::chrono::steady_clock;

// How often a run that does not fit the memory limit tries to make room.
constexpr int kTrims = 50;
constexpr std::chrono::microseconds kTrimInterval(200);

int64_t NanosecondsSince(Clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
}

bool HasSymbols(const Graph& graph) {
  for (const Node* parameter : graph.parameters()) {
    for (const Dim& dim : parameter->type().shape) {
      if (!dim.IsConstant()) return true;
    }
  }
  return false;
}

bool IsAligned(const void* data, DType dtype) {
  return reinterpret_cast<uintptr_t>(data) % static_cast<uintptr_t>(ByteSize(dtype)) == 0;
}

absl::Status Named(absl::string_view what, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(what, ": ", status.message()));
}

// An error if two fetches would be written to the same bytes.
absl::Status CheckDisjoint(const runtime::Execution& execution,
                           absl::Span<const TensorBuffer> fetches) {
  if (fetches.size() < 2) return absl::OkStatus();
  struct Range {
    uintptr_t begin, end;
    size_t fetch;
  };
  absl::InlinedVector<Range, 16> ranges;
  for (size_t i = 0; i < fetches.size(); ++i) {
    const auto begin = reinterpret_cast<uintptr_t>(fetches[i].data);
    const int64_t bytes = execution.output_bytes(static_cast<int64_t>(i));
    if (bytes > 0) ranges.push_back({begin, begin + static_cast<uintptr_t>(bytes), i});
  }
  std::sort(ranges.begin(), ranges.end(),
            [](const Range& a, const Range& b) { return a.begin < b.begin; });
  for (size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i - 1].end <= ranges[i].begin) continue;
    const auto [first, second] = std::minmax(ranges[i - 1].fetch, ranges[i].fetch);
    return absl::InvalidArgumentError(
        absl::StrCat("the buffers of fetches ", first, " and ", second, " overlap"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RunPlan::Compiled*> RunPlan::Prepared() {
  return compiled_.Get([this] { return Compile(); });
}

absl::StatusOr<std::unique_ptr<RunPlan::Compiled>> RunPlan::Compile() const {
  const Clock::time_point start = Clock::now();
  CERMET_ASSIGN_OR_RETURN(Subgraph subgraph, ExtractSubgraph(*environment_->graph, request_));
  auto compiled = std::make_unique<Compiled>();
  for (const Subgraph::Variable& variable : subgraph.variables) {
    compiled->variables.push_back({environment_->variables->SlotOf(variable.value, variable.name),
                                   variable.is_read, variable.is_updated});
  }
  compiled->locking_order = compiled->variables;
  std::sort(
      compiled->locking_order.begin(), compiled->locking_order.end(),
      [](const VariableUse& a, const VariableUse& b) { return a.slot->number < b.slot->number; });
  compiled->num_outputs = subgraph.module->entry()->results().size();
  compiled->has_symbols = HasSymbols(*subgraph.module->entry());
  // How results are rounded is decided here, before any shape is known.
  CERMET_RETURN_IF_ERROR(Optimize(subgraph.module.get(), environment_->module.compile));
  if (compiled->has_symbols && environment_->shapes != ShapePolicy::kSymbolic) {
    compiled->optimized = subgraph.module->Clone();
  }
  if (!compiled->has_symbols || environment_->shapes != ShapePolicy::kSpecialise) {
    CERMET_ASSIGN_OR_RETURN(compiled->program, Generate(std::move(subgraph.module)));
  }
  compiled->compile_ns = NanosecondsSince(start);
  return compiled;
}

absl::StatusOr<std::unique_ptr<CompiledModule>> RunPlan::Specialise(
    const Compiled& compiled, const std::vector<std::vector<int64_t>>& shapes) const {
  std::unique_ptr<Module> module = compiled.optimized->Clone();
  const std::vector<DimSource> sources = DimSourcesOf(*module->entry());
  CERMET_ASSIGN_OR_RETURN(
      const DimBindings dims,
      BindShapes(absl::MakeConstSpan(sources).subspan(0, shapes.size()), shapes));
  const absl::Status bound = BindDims(module.get(), dims);
  if (!bound.ok() && !absl::IsFailedPrecondition(bound)) return bound;
  // Known extents let more be simplified; only what keeps every bit of the program for all shapes.
  CompileOptions exact = environment_->module.compile;
  exact.passes.numerics = Numerics::kExact;
  CERMET_RETURN_IF_ERROR(Optimize(module.get(), exact));
  return Generate(std::move(module));
}

// From optimised form to code.
absl::StatusOr<std::unique_ptr<CompiledModule>> RunPlan::Generate(
    std::unique_ptr<Module> module) const {
  ModuleOptions options = environment_->module;
  CERMET_RETURN_IF_ERROR(FuseModule(module.get(), options.compile));
  if (environment_->preallocate_fraction > 0 && !environment_->has_preallocated.exchange(true)) {
    options.executor.arena.preallocate_fraction = environment_->preallocate_fraction;
  }
  environment_->programs_compiled->fetch_add(1, std::memory_order_relaxed);
  return CompiledModule::CreateFused(std::move(module), options);
}

absl::Status RunPlan::CheckFeeds(absl::Span<const TensorView> feeds) const {
  if (feeds.size() != request_.feeds.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the run takes ", request_.feeds.size(), " fed values, not ", feeds.size()));
  }
  for (size_t i = 0; i < feeds.size(); ++i) {
    const Type& type = request_.feeds[i].type();
    const absl::Span<const int64_t> shape = feeds[i].shape;
    bool fits = type.dtype == feeds[i].dtype && type.shape.size() == shape.size();
    bool is_empty = false;
    for (size_t d = 0; fits && d < shape.size(); ++d) {
      fits = shape[d] >= 0 && (!type.shape[d].IsConstant() || type.shape[d].value() == shape[d]);
      is_empty |= shape[d] == 0;
    }
    if (!fits) {
      return absl::InvalidArgumentError(absl::StrCat(
          "tensor \"", request_.feed_names[i], "\" is ", type.ToString(), ", the fed value is ",
          Name(feeds[i].dtype), "[", absl::StrJoin(shape, ","), "]"));
    }
    if (feeds[i].data == nullptr && !is_empty) {
      return absl::InvalidArgumentError(
          absl::StrCat("tensor \"", request_.feed_names[i], "\" is fed from a null pointer"));
    }
  }
  return absl::OkStatus();
}

std::shared_ptr<RunPlan::Shapes> RunPlan::FindShapes(absl::Span<const runtime::InputView> feeds) {
  const auto is_same = [&](const std::shared_ptr<Shapes>& known) {
    return std::equal(
        feeds.begin(), feeds.end(), known->feeds.begin(), known->feeds.end(),
        [](const runtime::InputView& a, const std::vector<int64_t>& b) { return a.shape == b; });
  };
  const std::lock_guard<std::mutex> lock(shapes_mutex_);
  const auto known = std::find_if(shapes_.begin(), shapes_.end(), is_same);
  if (known != shapes_.end()) return *known;
  // Forgets one that was not used since the last search: the clock algorithm.
  while (static_cast<int64_t>(shapes_.size()) >= environment_->max_shapes) {
    const std::shared_ptr<Shapes> oldest = std::move(shapes_.front());
    shapes_.pop_front();
    if (oldest->was_used.exchange(false, std::memory_order_relaxed)) {
      shapes_.push_back(oldest);
      continue;
    }
    oldest->is_forgotten.store(true, std::memory_order_relaxed);
    idle_.RemoveIf([&](const ReadyRun& run) { return run.shapes == oldest; });
  }
  auto fresh = std::make_shared<Shapes>();
  for (const runtime::InputView& feed : feeds) {
    fresh->feeds.emplace_back(feed.shape.begin(), feed.shape.end());
  }
  shapes_.push_back(fresh);
  return fresh;
}

bool RunPlan::IsDue(const Compiled& compiled, const Shapes& shapes) const {
  const int64_t spent = shapes.spent_ns.load(std::memory_order_relaxed);
  return spent > 0 && static_cast<double>(spent) >=
                          environment_->specialise_after * static_cast<double>(compiled.compile_ns);
}

absl::StatusOr<CompiledModule*> RunPlan::ChooseProgram(const Compiled& compiled, Shapes* shapes) {
  if (shapes == nullptr) return compiled.program.get();
  if (CompiledModule* program = shapes->program.ready()) return program;
  const auto specialise = [&] { return Specialise(compiled, shapes->feeds); };
  if (environment_->shapes == ShapePolicy::kSpecialise) return shapes->program.Get(specialise);
  // One thread specialises; the others go on with what there is.
  if (!IsDue(compiled, *shapes) || shapes->is_claimed.exchange(true)) return compiled.program.get();
  // A shape for which that fails keeps the program for all shapes, and its claim: the next run does
  // not try again.
  absl::StatusOr<CompiledModule*> program = shapes->program.Get(specialise);
  return program.ok() ? *program : compiled.program.get();
}

absl::StatusOr<std::unique_ptr<RunPlan::ReadyRun>> RunPlan::Bind(
    const Compiled& compiled, absl::Span<const runtime::InputView> inputs) {
  std::shared_ptr<Shapes> shapes;
  if (compiled.optimized != nullptr) {
    shapes = FindShapes(inputs.subspan(0, request_.feeds.size()));
  }
  CERMET_ASSIGN_OR_RETURN(CompiledModule* const program, ChooseProgram(compiled, shapes.get()));
  std::unique_ptr<ReadyRun> run =
      idle_.TakeIf([&](const ReadyRun& idle) { return idle.program == program; });
  if (run == nullptr) {
    run = std::make_unique<ReadyRun>();
    run->program = program;
    run->is_specialised = program != compiled.program.get();
    CERMET_ASSIGN_OR_RETURN(run->execution, program->executor().TakeExecution());
  }
  run->shapes = std::move(shapes);
  absl::Status status = run->execution->Bind(inputs);
  // Runs that are over may hold what is missing. A thread that looks through idle runs hides one
  // for a moment, from trim too: so this is tried again, for some milliseconds.
  for (int i = 0; absl::IsResourceExhausted(status) && i < kTrims; ++i) {
    if (i > 0) std::this_thread::sleep_for(kTrimInterval);
    environment_->trim();
    status = run->execution->Bind(inputs);
  }
  if (!status.ok()) {
    Release(std::move(run));  // what it holds may be of use to another
    return status;
  }
  return run;
}

absl::StatusOr<std::unique_ptr<RunPlan::ReadyRun>> RunPlan::Acquire(
    const Compiled& compiled, absl::Span<const runtime::InputView> inputs) {
  std::unique_ptr<ReadyRun> run =
      idle_.TakeIf([&](const ReadyRun& idle) { return idle.execution->IsBoundTo(inputs); });
  if (run == nullptr) return Bind(compiled, inputs);
  if (run->shapes == nullptr) return run;
  Shapes& shapes = *run->shapes;
  if (!shapes.was_used.load(std::memory_order_relaxed)) {
    shapes.was_used.store(true, std::memory_order_relaxed);
  }
  const bool has_better =
      !run->is_specialised &&
      (shapes.program.ready() != nullptr ||
       (IsDue(compiled, shapes) && !shapes.is_claimed.load(std::memory_order_relaxed)));
  if (!has_better) return run;
  Release(std::move(run));
  return Bind(compiled, inputs);
}

void RunPlan::Release(std::unique_ptr<ReadyRun> run) {
  const bool is_forgotten = run->is_specialised && run->shapes->is_forgotten.load();
  if (!is_forgotten) idle_.Put(std::move(run));
}

template <typename Place>
absl::Status RunPlan::RunWith(absl::Span<const TensorView> feeds, const Place& place) {
  CERMET_RETURN_IF_ERROR(CheckFeeds(feeds));
  Compiled* compiled = compiled_.ready();
  if (compiled == nullptr) {
    CERMET_ASSIGN_OR_RETURN(compiled, Prepared());
  }
  Inputs inputs;
  std::vector<Literal> aligned;  // copies of feeds that are not
  for (const TensorView& feed : feeds) {
    // Feeds are not donated, so nothing writes to them.
    inputs.push_back({const_cast<void*>(feed.data), feed.shape});
    if (IsAligned(feed.data, feed.dtype)) continue;
    absl::StatusOr<Literal> room =
        Literal::Allocate(feed.dtype, std::vector<int64_t>(feed.shape.begin(), feed.shape.end()));
    if (!room.ok()) {
      return Named(absl::StrCat("tensor \"", request_.feed_names[inputs.size() - 1], "\""),
                   room.status());
    }
    Literal& copy = aligned.emplace_back(*std::move(room));
    std::memcpy(copy.data(), feed.data, static_cast<size_t>(copy.byte_size()));
    inputs.back().data = copy.data();
  }
  for (const VariableUse& use : compiled->variables) inputs.push_back({nullptr, use.slot->shape});
  CERMET_ASSIGN_OR_RETURN(std::unique_ptr<ReadyRun> run, Acquire(*compiled, inputs));
  // Updates go in place: no other memory for them.
  absl::InlinedVector<void*, kInlineTensors> outputs(compiled->num_outputs);
  absl::Status status = place(*run->execution, outputs.data());
  if (status.ok()) {
    VariableStore::Turn turn(environment_->variables, compiled->locking_order);
    status = turn.Prepare();
    if (status.ok()) {
      for (size_t i = 0; i < compiled->variables.size(); ++i) {
        inputs[feeds.size() + i].data = compiled->variables[i].slot->memory->data();
      }
      const bool is_timed = run->shapes != nullptr && !run->is_specialised;
      const Clock::time_point start = is_timed ? Clock::now() : Clock::time_point();
      status = run->execution->Run(inputs, outputs);
      if (is_timed) {
        run->shapes->spent_ns.fetch_add(NanosecondsSince(start), std::memory_order_relaxed);
      }
      if (status.ok()) turn.Commit();
    }
  }
  Release(std::move(run));
  return status;
}

absl::StatusOr<std::vector<Literal>> RunPlan::Run(absl::Span<const TensorView> feeds) {
  std::vector<Literal> values;
  values.reserve(request_.fetches.size());
  CERMET_RETURN_IF_ERROR(
      RunWith(feeds, [&](const runtime::Execution& execution, void** places) -> absl::Status {
        for (size_t i = 0; i < request_.fetches.size(); ++i) {
          absl::StatusOr<Literal> room = Literal::Allocate(
              request_.fetches[i].type().dtype, execution.output_shape(static_cast<int64_t>(i)));
          if (!room.ok()) return Named(absl::StrCat("fetch ", i), room.status());
          places[i] = values.emplace_back(*std::move(room)).data();
        }
        return absl::OkStatus();
      }));
  return values;
}

absl::Status RunPlan::RunInto(absl::Span<const TensorView> feeds,
                              absl::Span<const TensorBuffer> fetches) {
  if (fetches.size() != request_.fetches.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the run gives ", request_.fetches.size(), " values, not ", fetches.size()));
  }
  return RunWith(feeds, [&](const runtime::Execution& execution, void** places) -> absl::Status {
    for (size_t i = 0; i < fetches.size(); ++i) {
      const int64_t bytes = execution.output_bytes(static_cast<int64_t>(i));
      const DType dtype = request_.fetches[i].type().dtype;
      const bool is_null = fetches[i].data == nullptr && bytes > 0;
      if (is_null || fetches[i].bytes < bytes || !IsAligned(fetches[i].data, dtype)) {
        return absl::InvalidArgumentError(
            absl::StrCat("fetch ", i, " needs ", bytes, " bytes aligned to ", ByteSize(dtype),
                         ", not ", fetches[i].bytes, " bytes at ",
                         absl::Hex(reinterpret_cast<uintptr_t>(fetches[i].data))));
      }
      places[i] = fetches[i].data;
    }
    return CheckDisjoint(execution, fetches);
  });
}

void RunPlan::Clear() {
  idle_.Clear();
  shapes_.clear();
  compiled_.Clear();
}

}  // namespace cermet
