// The runtime's walker over a device whose kernels the interpreter runs; temps are where the plan
// puts them, so a wrong plan shows as wrong results.
#include "tests/support/program_interpreter.h"

#include <memory>

#include "ir/status.h"
#include "runtime/fake_gpu/interpreted_kernels.h"
#include "runtime/host_device.h"
#include "runtime/literal_arguments.h"
#include "runtime/program_walker.h"

namespace cermet::testing {

absl::StatusOr<std::vector<Literal>> InterpretProgram(const program::Program& program,
                                                      const ConstantStore& constants,
                                                      std::vector<Literal> inputs) {
  runtime::DeviceMemoryOptions memory;
  memory.poison = true;
  runtime::HostDevice device("interpreter", runtime::LoadInterpretedKernels, runtime::CallerOnly(),
                             memory);
  runtime::ConstantCache cache;
  CERMET_ASSIGN_OR_RETURN(const std::unique_ptr<runtime::ProgramWalker> walker,
                          runtime::ProgramWalker::Create(program, constants, &cache, &device));
  CERMET_ASSIGN_OR_RETURN(
      runtime::LiteralArguments arguments,
      runtime::LiteralArguments::Create(program, &inputs, runtime::StateUpdates::kCopied));
  CERMET_RETURN_IF_ERROR(walker->Run(arguments.inputs(), arguments.outputs()));
  return arguments.TakeResults();
}

}  // namespace cermet::testing
