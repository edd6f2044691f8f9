// The shared models: where they are, their inputs and the outputs that were recorded for them.
#ifndef CERMET_TESTS_E2E_MODEL_CASE_H_
#define CERMET_TESTS_E2E_MODEL_CASE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ir/graph.h"
#include "ir/literal.h"

namespace cermet {

// The folder `onnx/<name>` under $CERMET_MODELS or ../shared/models; empty if it is not there.
std::string ModelFolder(const std::string& name);

struct ModelCase {
  std::map<std::string, Literal> inputs, outputs;  // by the model's names
  double tolerance =
      0;  // the largest absolute error allowed, as a share of the largest absolute value
};
// From case0.npz and meta.json.
absl::StatusOr<ModelCase> ReadModelCase(const std::string& folder);

// The case's inputs in the order of the graph's parameters.
absl::StatusOr<std::vector<Literal>> InputsInOrder(const Graph& graph, const ModelCase& model_case);

// The largest absolute error of `actual` as a share of the largest absolute value of `expected`; an
// error if types or shapes differ, integers are not equal, or the error is not a number.
absl::StatusOr<double> RelativeError(const Literal& actual, const Literal& expected);

}  // namespace cermet

#endif  // CERMET_TESTS_E2E_MODEL_CASE_H_
