// Binding shapes is the slow path, done when they change; a run fills in pointers and calls the
// program.
#include "runtime/executor.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ir/status.h"
#include "runtime/check_error.h"

namespace cermet::runtime {
namespace {

using program::Buffer;
using program::BufferKind;
using program::Command;
using program::CommandList;

// The first command that uses the buffer.
const Command* FirstUse(const CommandList& commands, int32_t buffer) {
  for (const Command& command : commands) {
    if (std::find(command.buffers.begin(), command.buffers.end(), buffer) !=
        command.buffers.end()) {
      return &command;
    }
    for (const CommandList& body : command.bodies) {
      if (const Command* found = FirstUse(body, buffer)) return found;
    }
  }
  return nullptr;
}

}  // namespace

Execution::Execution(const Executor* executor, std::unique_ptr<Arena> arena)
    : executor_(executor), arena_(std::move(arena)) {
  const program::Program& program = executor->program();
  buffers_.resize(program.num_inputs() + program.num_outputs());
  for (const ConstantBytes& bytes : executor->constants_) {
    buffers_.push_back(const_cast<void*>(bytes.get()));
  }
  buffers_.push_back(nullptr);  // the dims
}

bool Execution::Binding::IsFor(absl::Span<const InputView> inputs) const {
  if (inputs.size() != ranks.size()) return false;
  const int64_t* extent = extents.data();
  for (size_t i = 0; i < inputs.size(); ++i) {
    const absl::Span<const int64_t> shape = inputs[i].shape;
    if (shape.size() != ranks[i] || !std::equal(shape.begin(), shape.end(), extent)) return false;
    extent += shape.size();
  }
  return true;
}

bool Execution::IsBoundTo(absl::Span<const InputView> inputs) const {
  return bound_ != nullptr && bound_->IsFor(inputs);
}

absl::StatusOr<std::unique_ptr<Execution::Binding>> Execution::MakeBinding(
    absl::Span<const InputView> inputs) const {
  const program::Program& program = executor_->program_;
  std::vector<std::vector<int64_t>> shapes;
  auto binding = std::make_unique<Binding>();
  for (const InputView& input : inputs) {
    shapes.emplace_back(input.shape.begin(), input.shape.end());
    binding->ranks.push_back(input.shape.size());
    binding->extents.insert(binding->extents.end(), input.shape.begin(), input.shape.end());
  }
  CERMET_ASSIGN_OR_RETURN(const DimBindings dims, program.BindDims(shapes));
  CERMET_ASSIGN_OR_RETURN(binding->output_shapes, program.OutputShapes(dims));
  binding->output_bytes.resize(program.num_outputs());
  for (const Buffer& buffer : program.buffers) {
    if (buffer.kind != BufferKind::kOutput) continue;
    CERMET_ASSIGN_OR_RETURN(binding->output_bytes[buffer.index], buffer.type.ByteSize(dims));
  }
  CERMET_ASSIGN_OR_RETURN(binding->workspace_bytes, executor_->PlannedBytes(dims));
  for (const std::string& symbol : program.symbols) binding->dim_values.push_back(dims.at(symbol));
  return binding;
}

absl::Status Execution::Bind(absl::Span<const InputView> inputs) {
  if (IsBoundTo(inputs)) return absl::OkStatus();
  bound_ = nullptr;
  const auto known =
      std::find_if(bindings_.begin(), bindings_.end(),
                   [&](const std::unique_ptr<Binding>& old) { return old->IsFor(inputs); });
  if (known != bindings_.end()) {
    std::rotate(bindings_.begin(), known, known + 1);
  } else {
    CERMET_ASSIGN_OR_RETURN(std::unique_ptr<Binding> fresh, MakeBinding(inputs));
    if (bindings_.size() == kMaxBindings) bindings_.pop_back();
    bindings_.insert(bindings_.begin(), std::move(fresh));
  }
  Binding* const binding = bindings_.front().get();
  absl::StatusOr<void*> workspace = arena_->Ensure(binding->workspace_bytes);
  if (!workspace.ok()) return ExplainMemory(workspace.status(), *binding);
  workspace_ = *workspace;
  buffers_.back() = binding->dim_values.data();
  bound_ = binding;
  return absl::OkStatus();
}

absl::Status Execution::ExplainMemory(const absl::Status& status, const Binding& binding) const {
  DimBindings dims;
  const std::vector<std::string>& symbols = executor_->program_.symbols;
  for (size_t i = 0; i < symbols.size(); ++i) dims[symbols[i]] = binding.dim_values[i];
  return executor_->ExplainMemory(status, dims);
}

// Outputs that update an input share its memory: by default in place, else in the output's after a
// copy.
void Execution::PlaceOutputs(size_t num_inputs, absl::Span<void* const> outputs) {
  const std::vector<int64_t>& updated_inputs = executor_->updated_inputs_;
  void** const places = buffers_.data() + num_inputs;
  for (size_t i = 0; i < outputs.size(); ++i) {
    places[i] = outputs[i];
    if (updated_inputs[i] < 0) continue;
    void*& state = buffers_[updated_inputs[i]];
    if (places[i] == nullptr || places[i] == state) {
      places[i] = state;
    } else {
      std::memcpy(places[i], state, static_cast<size_t>(bound_->output_bytes[i]));
      state = places[i];
    }
  }
}

absl::Status Execution::Run(absl::Span<const InputView> inputs, absl::Span<void* const> outputs) {
  CERMET_RETURN_IF_ERROR(Bind(inputs));
  const program::Program& program = executor_->program_;
  const size_t num_outputs = executor_->updated_inputs_.size();
  if (outputs.size() != num_outputs) {
    return absl::InvalidArgumentError(absl::StrCat("program @", program.name, " has ", num_outputs,
                                                   " outputs, not ", outputs.size()));
  }
  for (size_t i = 0; i < inputs.size(); ++i) buffers_[i] = inputs[i].data;
  PlaceOutputs(inputs.size(), outputs);
  CermetError error = {};
  const Threads& threads = executor_->options_.threads;
  const CermetHost host = {threads.parallel_for, threads.pool, threads.max_workers, &error};
  const int32_t code = executor_->code_->entry()(&host, buffers_.data(), workspace_);
  if (code == 0) return absl::OkStatus();
  error.code = code;
  return CheckErrorStatus(program, error);
}

absl::StatusOr<std::unique_ptr<Executor>> Executor::Create(
    program::Program program, std::unique_ptr<program::NativeCode> code,
    const ConstantStore& constants, ConstantCache* cache, const ExecutorOptions& options) {
  std::unique_ptr<Executor> executor(new Executor());
  executor->program_ = std::move(program);
  executor->code_ = std::move(code);
  executor->options_ = options;
  if (executor->options_.budget == nullptr) executor->options_.budget = &executor->own_budget_;
  if (cache == nullptr) cache = &executor->own_cache_;
  executor->updated_inputs_.assign(executor->program_.num_outputs(), -1);
  for (const Buffer& buffer : executor->program_.buffers) {
    if (buffer.kind == BufferKind::kOutput && buffer.alias >= 0) {
      executor->updated_inputs_[buffer.index] = executor->program_.buffers[buffer.alias].index;
    }
    if (buffer.kind != BufferKind::kConstant) continue;
    CERMET_ASSIGN_OR_RETURN(ConstantBytes bytes,
                            ConstantBytesOf(executor->program_, buffer, constants, cache));
    executor->constants_.push_back(std::move(bytes));
  }
  // The memory that a preallocation asks for is taken now, not at the first run.
  if (options.arena.preallocate_fraction > 0) {
    CERMET_ASSIGN_OR_RETURN(std::unique_ptr<Execution> execution, executor->NewExecution());
    executor->idle_.Put(std::move(execution));
  }
  return executor;
}

absl::StatusOr<std::unique_ptr<Execution>> Executor::NewExecution() {
  CERMET_ASSIGN_OR_RETURN(std::unique_ptr<Arena> arena,
                          Arena::Create(options_.arena, options_.budget));
  return std::unique_ptr<Execution>(new Execution(this, std::move(arena)));
}

absl::StatusOr<std::unique_ptr<Execution>> Executor::TakeExecution() {
  if (std::unique_ptr<Execution> idle = idle_.Take()) return idle;
  return NewExecution();
}

absl::Status Executor::Run(absl::Span<const InputView> inputs, absl::Span<void* const> outputs) {
  std::unique_ptr<Execution> execution =
      idle_.TakeIf([&](const Execution& idle) { return idle.IsBoundTo(inputs); });
  if (execution == nullptr) {
    CERMET_ASSIGN_OR_RETURN(execution, TakeExecution());
  }
  absl::Status status = execution->Run(inputs, outputs);
  idle_.Put(std::move(execution));
  return status;
}

absl::StatusOr<std::vector<std::vector<int64_t>>> Executor::OutputShapes(
    const std::vector<std::vector<int64_t>>& input_shapes) const {
  CERMET_ASSIGN_OR_RETURN(const DimBindings dims, program_.BindDims(input_shapes));
  return program_.OutputShapes(dims);
}

absl::StatusOr<int64_t> Executor::PlannedBytes(const DimBindings& dims) const {
  return program_.WorkspaceBytes(options_.threads.max_workers, dims);
}

ArenaStats Executor::IdleMemory() const {
  ArenaStats total;
  idle_.RemoveIf([&](const Execution& execution) {
    const ArenaStats stats = execution.memory();
    total.reserved_bytes += stats.reserved_bytes;
    total.committed_bytes += stats.committed_bytes;
    total.in_use_bytes += stats.in_use_bytes;
    total.peak_in_use_bytes += stats.peak_in_use_bytes;
    return false;
  });
  return total;
}

void Executor::Trim() { idle_.Clear(); }

// Names the first temp that does not fit, and the node that needs it.
absl::Status Executor::ExplainMemory(const absl::Status& status, const DimBindings& dims) const {
  const int64_t limit = options_.budget->limit();
  for (size_t i = 0; i < program_.buffers.size(); ++i) {
    const Buffer& buffer = program_.buffers[i];
    if (buffer.kind != BufferKind::kTemp || buffer.alias >= 0) continue;
    const absl::StatusOr<int64_t> offset = buffer.offset.Evaluate(dims);
    const absl::StatusOr<int64_t> bytes = buffer.type.ByteSize(dims);
    if (!offset.ok() || !bytes.ok() || *offset + *bytes <= limit) continue;
    const Command* const use = FirstUse(program_.commands, static_cast<int32_t>(i));
    return absl::Status(status.code(),
                        absl::StrCat(use == nullptr ? "" : use->location.NamesToString(), ": %",
                                     buffer.name, " (", buffer.type.ToString(), ", ", *bytes,
                                     " bytes) does not fit: ", status.message()));
  }
  return absl::Status(status.code(),
                      absl::StrCat("program @", program_.name, ": ", status.message()));
}

}  // namespace cermet::runtime
