// Runs a compiled program on the CPU: native code, its constants, and workspaces.
//
//   CERMET_ASSIGN_OR_RETURN(std::unique_ptr<Executor> executor,
//                           Executor::Create(program, std::move(code), constants, &cache, {}));
//   CERMET_RETURN_IF_ERROR(executor->Run(inputs, outputs));
//
// Nothing is copied: inputs and outputs are the caller's memory. Once a shape has been seen, a run
// is one call into the program's code, with no allocation and no lock on the way.
#ifndef CERMET_RUNTIME_EXECUTOR_H_
#define CERMET_RUNTIME_EXECUTOR_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "ir/constant_store.h"
#include "ir/program/native_code.h"
#include "ir/program/program.h"
#include "runtime/arena.h"
#include "runtime/constant_cache.h"
#include "runtime/idle_set.h"
#include "runtime/thread_pool.h"

namespace cermet::runtime {

struct ExecutorOptions {
  Threads threads = CallerOnly();
  MemoryBudget* budget = nullptr;  // for workspaces; null: unlimited. Must outlive the executor.
  ArenaOptions arena;
};

// An input: dense, row-major, aligned for its element type. `data` is written only if an output
// updates it in place (donated state).
struct InputView {
  void* data = nullptr;
  absl::Span<const int64_t> shape;
};

class Executor;

// One run in flight: its arena, and the shapes it is bound to. Not thread safe. The executor must
// outlive it.
class Execution {
 public:
  // `outputs[i]` has room for the output's shape under these inputs (OutputShapes). An output that
  // updates an input may be null, or the input's own data: it is updated in place; with another
  // pointer the input is first copied there. Errors: shapes that do not fit (naming the input),
  // memory (naming the node), a failed check (naming the node).
  absl::Status Run(absl::Span<const InputView> inputs, absl::Span<void* const> outputs);

  // What Run does first: takes the memory that inputs of these shapes need (the data is not looked
  // at). Nothing to do if IsBoundTo(inputs), and little for the last few shapes, which are kept.
  absl::Status Bind(absl::Span<const InputView> inputs);
  bool IsBoundTo(absl::Span<const InputView> inputs) const;
  // Of the outputs, under the shapes that were bound last.
  const std::vector<int64_t>& output_shape(int64_t i) const { return bound_->output_shapes[i]; }
  int64_t output_bytes(int64_t i) const { return bound_->output_bytes[i]; }
  ArenaStats memory() const { return arena_->stats(); }

 private:
  friend class Executor;
  // What follows from the shapes of the inputs.
  struct Binding {
    std::vector<size_t> ranks;        // of the inputs
    std::vector<int64_t> extents;     // of all inputs, one after the other
    std::vector<int64_t> dim_values;  // of the program's symbols
    std::vector<std::vector<int64_t>> output_shapes;
    std::vector<int64_t> output_bytes;
    int64_t workspace_bytes = 0;

    bool IsFor(absl::Span<const InputView> inputs) const;
  };
  static constexpr size_t kMaxBindings = 8;

  Execution(const Executor* executor, std::unique_ptr<Arena> arena);
  absl::StatusOr<std::unique_ptr<Binding>> MakeBinding(absl::Span<const InputView> inputs) const;
  absl::Status ExplainMemory(const absl::Status& status, const Binding& binding) const;
  void PlaceOutputs(size_t num_inputs, absl::Span<void* const> outputs);

  const Executor* executor_;
  std::unique_ptr<Arena> arena_;
  std::vector<std::unique_ptr<Binding>> bindings_;  // the latest first
  const Binding* bound_ = nullptr;
  std::vector<void*> buffers_;  // as the host ABI orders them
  void* workspace_ = nullptr;
};

// Immutable but for a cache of idle executions, so thread safe: concurrent runs each take an
// execution of their own.
class Executor {
 public:
  // `constants` needs to live only during the call; their bytes are kept alive. `cache` may be
  // shared by executors; null: a private one. Errors: a constant of the program that is missing or
  // of another type.
  static absl::StatusOr<std::unique_ptr<Executor>> Create(program::Program program,
                                                          std::unique_ptr<program::NativeCode> code,
                                                          const ConstantStore& constants,
                                                          ConstantCache* cache,
                                                          const ExecutorOptions& options);
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  ~Executor() = default;  // no run may be in flight

  // As Execution::Run, with an idle execution or a new one.
  absl::Status Run(absl::Span<const InputView> inputs, absl::Span<void* const> outputs);
  // The shapes of the outputs for inputs of these shapes. Errors as in Execution::Run.
  absl::StatusOr<std::vector<std::vector<int64_t>>> OutputShapes(
      const std::vector<std::vector<int64_t>>& input_shapes) const;
  absl::StatusOr<std::unique_ptr<Execution>> NewExecution();
  absl::StatusOr<std::unique_ptr<Execution>> TakeExecution();  // an idle one, or else a new one

  const program::Program& program() const { return program_; }
  int64_t code_bytes() const { return code_->code_bytes(); }
  // The bytes of workspace that the plan gives for these dims; what runs then measure.
  absl::StatusOr<int64_t> PlannedBytes(const DimBindings& dims) const;
  // Sums over the idle executions.
  ArenaStats IdleMemory() const;
  // Gives back the memory of idle executions.
  void Trim();

 private:
  friend class Execution;
  Executor() = default;
  absl::Status ExplainMemory(const absl::Status& status, const DimBindings& dims) const;

  program::Program program_;
  std::vector<int64_t> updated_inputs_;  // by output: the input that it updates, or -1
  std::unique_ptr<program::NativeCode> code_;
  ConstantCache own_cache_;
  std::vector<ConstantBytes> constants_;
  ExecutorOptions options_;
  MemoryBudget own_budget_;
  mutable IdleSet<Execution> idle_;
};

}  // namespace cermet::runtime

#endif  // CERMET_RUNTIME_EXECUTOR_H_
