// Runs command programs by the kernel interpreter, on host memory: the bit-exact meaning of a
// program, without any native code.
#ifndef CERMET_TESTS_SUPPORT_PROGRAM_INTERPRETER_H_
#define CERMET_TESTS_SUPPORT_PROGRAM_INTERPRETER_H_

#include <vector>

#include "absl/status/statusor.h"
#include "ir/constant_store.h"
#include "ir/literal.h"
#include "ir/program/program.h"

namespace cermet::testing {

absl::StatusOr<std::vector<Literal>> InterpretProgram(const program::Program& program,
                                                      const ConstantStore& constants,
                                                      std::vector<Literal> inputs);

}  // namespace cermet::testing

#endif  // CERMET_TESTS_SUPPORT_PROGRAM_INTERPRETER_H_
