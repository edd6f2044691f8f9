// Whole values as the arguments and results of runs, for callers without memory of their own.
//
//   CERMET_ASSIGN_OR_RETURN(LiteralArguments arguments,
//                           LiteralArguments::Create(program, &inputs, StateUpdates::kCopied));
//   CERMET_RETURN_IF_ERROR(executor->Run(arguments.inputs(), arguments.outputs()));
//   return arguments.TakeResults();
#ifndef CERMET_RUNTIME_LITERAL_ARGUMENTS_H_
#define CERMET_RUNTIME_LITERAL_ARGUMENTS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "ir/literal.h"
#include "ir/program/program.h"
#include "runtime/executor.h"

namespace cermet::runtime {

// What becomes of a donated input that an output updates.
enum class StateUpdates {
  kCopied,   // it stays as it is; the output has memory of its own
  kInPlace,  // it is updated; the result is a copy of it
};

// Not thread safe; may be used for several runs.
class LiteralArguments {
 public:
  // Allocates the outputs for inputs of these shapes. `inputs`, in the program's order, must stay
  // where they are. Errors: inputs that do not fit, outputs that no memory can hold, by name.
  static absl::StatusOr<LiteralArguments> Create(const program::Program& program,
                                                 std::vector<Literal>* inputs,
                                                 StateUpdates updates);

  absl::Span<const InputView> inputs() const { return inputs_; }
  absl::Span<void* const> outputs() const { return outputs_; }
  const DimBindings& dims() const { return dims_; }
  // What the last run computed.
  const std::vector<Literal>& results();
  // The same, moved out: there is no room for outputs of further runs.
  std::vector<Literal> TakeResults();

 private:
  DimBindings dims_;
  std::vector<InputView> inputs_;
  std::vector<void*> outputs_;
  std::vector<Literal> results_;
  std::vector<const Literal*> updated_;  // by output: the input that was updated in place, or null
};

}  // namespace cermet::runtime

#endif  // CERMET_RUNTIME_LITERAL_ARGUMENTS_H_
