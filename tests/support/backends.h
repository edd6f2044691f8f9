// One module run in every way there is, for tests that compare them.
#ifndef CERMET_TESTS_SUPPORT_BACKENDS_H_
#define CERMET_TESTS_SUPPORT_BACKENDS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "ir/graph.h"
#include "ir/literal.h"
#include "passes/compile.h"

namespace cermet::testing {

struct BackendResults {
  std::vector<Literal> compiled;     // by the JIT and the executor
  std::vector<Literal> interpreted;  // the same program by the kernel interpreter
};

// Compiles a copy of `module` for this machine. Errors say which step failed.
absl::StatusOr<BackendResults> RunBackends(const Module& module, const std::vector<Literal>& inputs,
                                           CompileOptions options = {});

// The compiled results only.
absl::StatusOr<std::vector<Literal>> RunCompiled(const Module& module,
                                                 const std::vector<Literal>& inputs,
                                                 CompileOptions options);

// Equal types and bytes, where any NaN equals any other: which one an operation gives is not
// defined.
bool SameBits(const Literal& a, const Literal& b);

}  // namespace cermet::testing

#endif  // CERMET_TESTS_SUPPORT_BACKENDS_H_
