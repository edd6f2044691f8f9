// Inputs and expected outputs from files.
#ifndef CERMET_TOOLS_CERMET_CASE_H_
#define CERMET_TOOLS_CERMET_CASE_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ir/graph.h"
#include "ir/literal.h"
#include "tools/cermet/flags.h"
#include "tools/cermet/verbs.h"

namespace cermet::cli {

// By the model's names. ONNX's test data may leave tensors nameless: they are numbered then.
struct Values {
  std::map<std::string, Literal> named;
  std::map<int64_t, Literal> numbered;
};

struct Case {
  Values inputs;
  std::map<std::string, std::string> sources;  // of named inputs: the flag that gives it last
  std::optional<Values> outputs;               // expected
};

// The flags that ReadCase reads: --inputs, --input, --case.
std::vector<Flag> InputFlags();
// Later sources replace earlier ones: --case, --inputs, --input. Errors name the file.
absl::StatusOr<Case> ReadCase(const Arguments& arguments);

// Lets a model be loaded for the shapes, and for the values, of the inputs.
void UseInputs(const Case& c, LoadOptions* load);

// Gives nameless inputs and outputs the names of the graph. An error names an input that the graph
// does not have.
absl::Status NameValues(const Graph& graph, Case* c);

// All inputs of the graph in order; those that are not given are filled from a fixed seed, with the
// dims that follow from the given ones. Errors name an input of the wrong type or shape, dims that
// are out of bounds, and the node that cannot have the dims.
absl::StatusOr<std::vector<Literal>> CompleteInputs(const Module& module, const Graph& graph,
                                                    const Values& given);
// Fixes the symbolic dims of the module's entry graph to the shapes of `inputs`: one run has one
// shape, and code for it is faster. They stay symbolic where a branch of an `if` is for other
// shapes. Errors are those of CompleteInputs.
absl::Status FixDims(Module* module, const std::vector<Literal>& inputs);

// How far one output may be from what is expected.
struct Tolerance {
  double share = 1e-5;  // largest absolute error as a share of the largest expected absolute value;
                        // without rtol and atol
  std::optional<double> rtol, atol;  // elementwise: |actual - expected| <= atol + rtol * |expected|
};
absl::StatusOr<Tolerance> ReadTolerance(const Arguments& arguments);

struct Comparison {
  bool ok = false;
  double worst_absolute = 0, worst_relative = 0;
  std::string detail;  // of what is not a number
};
// Integers and bools must be equal. NaN equals NaN, an infinity only itself.
Comparison Compare(const Literal& actual, const Literal& expected, const Tolerance& tolerance);

}  // namespace cermet::cli

#endif  // CERMET_TOOLS_CERMET_CASE_H_
