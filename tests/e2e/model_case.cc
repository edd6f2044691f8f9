// Reads the shared models' cases.
#include "tests/e2e/model_case.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "ir/status.h"
#include "nlohmann/json.hpp"
#include "tools/npz/npz.h"

namespace cermet {

std::string ModelFolder(const std::string& name) {
  const char* models = std::getenv("CERMET_MODELS");
  const std::filesystem::path folder =
      std::filesystem::path(models != nullptr ? models : "../shared/models") / "onnx" / name;
  return std::filesystem::exists(folder / "model.onnx") ? folder.string() : "";
}

absl::StatusOr<ModelCase> ReadModelCase(const std::string& folder) {
  ModelCase result;
  CERMET_ASSIGN_OR_RETURN(std::vector<npz::NamedArray> arrays, npz::ReadNpz(folder + "/case0.npz"));
  for (npz::NamedArray& array : arrays) {
    absl::string_view name = array.name;
    if (absl::ConsumePrefix(&name, "in_")) {
      result.inputs.emplace(name, std::move(array.value));
    } else if (absl::ConsumePrefix(&name, "out_")) {
      result.outputs.emplace(name, std::move(array.value));
    }
  }
  std::ifstream file(folder + "/meta.json");
  const nlohmann::json meta = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
  if (!meta.contains("tolerance"))
    return absl::NotFoundError(absl::StrCat(folder, "/meta.json has no tolerance"));
  result.tolerance = meta["tolerance"].get<double>();
  return result;
}

absl::StatusOr<std::vector<Literal>> InputsInOrder(const Graph& graph,
                                                   const ModelCase& model_case) {
  std::vector<Literal> inputs;
  for (const Node* parameter : graph.parameters()) {
    const std::string& name = parameter->attrs().Get<std::string>("name");
    auto it = model_case.inputs.find(name);
    if (it == model_case.inputs.end())
      return absl::NotFoundError(absl::StrCat("the case has no input ", name));
    inputs.push_back(it->second);
  }
  return inputs;
}

absl::StatusOr<double> RelativeError(const Literal& actual, const Literal& expected) {
  if (actual.type() != expected.type()) {
    return absl::InvalidArgumentError(absl::StrCat("type ", actual.type().ToString(),
                                                   " instead of ", expected.type().ToString()));
  }
  if (!IsFloat(actual.dtype())) {
    if (actual == expected) return 0.0;
    return absl::InvalidArgumentError("integers differ");
  }
  double error = 0, largest = 0;
  for (int64_t i = 0; i < actual.num_elements(); ++i) {
    const double x = actual.GetFloat(i), y = expected.GetFloat(i);
    if (std::isnan(x) != std::isnan(y) || (std::isinf(y) && x != y)) {
      return absl::InvalidArgumentError(absl::StrCat("element ", i, " is ", x, " instead of ", y));
    }
    if (!std::isfinite(y)) continue;
    error = std::max(error, std::fabs(x - y));
    largest = std::max(largest, std::fabs(y));
  }
  return largest == 0 ? error : error / largest;
}

}  // namespace cermet
