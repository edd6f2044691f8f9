// Reads inputs and cases, completes inputs, compares outputs.
#include "tools/cermet/case.h"

#include <cmath>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "frontend/onnx/importer.h"
#include "ir/dim_binding.h"
#include "ir/sample_inputs.h"
#include "ir/status.h"
#include "passes/bind_dims.h"
#include "tools/npz/npy.h"
#include "tools/npz/npz.h"

namespace cermet::cli {
namespace {

namespace fs = std::filesystem;

absl::Status ReadNpzCase(const std::string& path, Case* c) {
  CERMET_ASSIGN_OR_RETURN(std::vector<npz::NamedArray> arrays, npz::ReadNpz(path));
  c->outputs.emplace();
  for (npz::NamedArray& array : arrays) {
    absl::string_view name = array.name;
    if (absl::ConsumePrefix(&name, "in_")) {
      c->inputs.named[std::string(name)] = std::move(array.value);
    } else if (absl::ConsumePrefix(&name, "out_")) {
      c->outputs->named[std::string(name)] = std::move(array.value);
    } else {
      return absl::InvalidArgumentError(absl::StrCat(path, ": array \"", array.name,
                                                     "\" is neither in_<input> nor out_<output>"));
    }
  }
  return absl::OkStatus();
}

// `input_0.pb`, `output_0.pb`, ... as ONNX's backend tests have them.
absl::Status ReadTestDataSet(const std::string& folder, Case* c) {
  c->outputs.emplace();
  for (const bool input : {true, false}) {
    Values& values = input ? c->inputs : *c->outputs;
    for (int64_t i = 0;; ++i) {
      const std::string path = absl::StrCat(folder, input ? "/input_" : "/output_", i, ".pb");
      std::error_code error;
      if (!fs::exists(path, error)) break;
      CERMET_ASSIGN_OR_RETURN(NamedTensor tensor, ReadOnnxTensor(path));
      if (tensor.name.empty()) {
        values.numbered[i] = std::move(tensor.value);
      } else {
        values.named[tensor.name] = std::move(tensor.value);
      }
    }
  }
  if (c->outputs->named.empty() && c->outputs->numbered.empty()) {
    return absl::NotFoundError(absl::StrCat(folder, ": holds no output_0.pb"));
  }
  return absl::OkStatus();
}

// The files of the flags --input, by the input's name.
absl::StatusOr<std::map<std::string, std::string>> InputFiles(const Arguments& arguments) {
  std::map<std::string, std::string> files;
  for (const std::string& text : arguments.All("--input")) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return UsageError(absl::StrCat("flag --input needs NAME=FILE, not \"", text, "\""));
    const std::string name = text.substr(0, equals), path = text.substr(equals + 1);
    if (!absl::EndsWith(path, ".npy") && !absl::EndsWith(path, ".pb"))
      return UsageError(absl::StrCat("the file of --input is neither .npy nor .pb: ", path));
    if (!files.emplace(name, path).second)
      return UsageError(absl::StrCat("flag --input gives input \"", name, "\" twice"));
  }
  return files;
}

absl::StatusOr<Literal> ReadInputFile(const std::string& path) {
  if (absl::EndsWith(path, ".npy")) return npz::ReadNpy(path);
  CERMET_ASSIGN_OR_RETURN(NamedTensor tensor, ReadOnnxTensor(path));
  return std::move(tensor.value);
}

std::string NameOf(const Node& parameter) { return parameter.attrs().Get<std::string>("name"); }

// Moves numbered values to the names of their places.
absl::Status GiveNames(const std::vector<std::string>& names, absl::string_view what,
                       Values* values) {
  for (auto& [i, value] : values->numbered) {
    if (i >= static_cast<int64_t>(names.size()))
      return absl::InvalidArgumentError(
          absl::StrCat("the case has ", what, " ", i, ", the model has ", names.size()));
    values->named.emplace(names[i], std::move(value));
  }
  values->numbered.clear();
  return absl::OkStatus();
}

// A name on the command line is a wrong command line, a name in a file is not.
absl::Status UnknownInput(const std::string& name, const std::string& flag,
                          const std::vector<std::string>& inputs) {
  std::string message = absl::StrCat("flag ", flag, ": the model has no input \"", name,
                                     "\"; it has ", absl::StrJoin(inputs, ", "));
  if (inputs.empty()) absl::StrAppend(&message, "none");
  if (flag == "--input") return UsageError(message);
  if (flag == "--inputs" && absl::StartsWith(name, "in_"))
    absl::StrAppend(&message, "; arrays in_<input> are those of a --case");
  return absl::InvalidArgumentError(message);
}

absl::Status CheckInput(const Node& parameter, const Literal& value) {
  const Type& type = parameter.type();
  bool fits =
      value.dtype() == type.dtype && static_cast<int64_t>(value.shape().size()) == type.rank();
  for (int64_t d = 0; fits && d < type.rank(); ++d) {
    fits = !type.shape[d].IsConstant() || type.shape[d].value() == value.shape()[d];
  }
  if (fits) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("input \"", NameOf(parameter), "\" is ",
                                                 value.type().ToString(), ", the model takes ",
                                                 type.ToString()));
}

}  // namespace

std::vector<Flag> InputFlags() {
  return {{"--inputs", "FILE.npz", "inputs, as arrays under the model's names", FlagKind::kInput},
          {"--input", "NAME=FILE",
           "one input, from a .npy or an ONNX .pb file; it replaces that of --inputs or --case",
           FlagKind::kNamedInputs},
          {"--case", "CASE",
           "inputs and expected outputs: an .npz with arrays in_<input> and out_<output>, or a "
           "test_data_set folder",
           FlagKind::kInput}};
}

absl::StatusOr<Case> ReadCase(const Arguments& arguments) {
  Case c;
  CERMET_ASSIGN_OR_RETURN(const auto files, InputFiles(arguments));
  if (arguments.Has("--case")) {
    const std::string path = arguments.Get("--case");
    std::error_code error;
    CERMET_RETURN_IF_ERROR(fs::is_directory(path, error) ? ReadTestDataSet(path, &c)
                                                         : ReadNpzCase(path, &c));
    for (const auto& [name, value] : c.inputs.named) c.sources[name] = "--case";
  }
  if (arguments.Has("--inputs")) {
    CERMET_ASSIGN_OR_RETURN(std::vector<npz::NamedArray> arrays,
                            npz::ReadNpz(arguments.Get("--inputs")));
    for (npz::NamedArray& array : arrays) {
      c.sources[array.name] = "--inputs";
      c.inputs.named[array.name] = std::move(array.value);
    }
  }
  for (const auto& [name, path] : files) {
    CERMET_ASSIGN_OR_RETURN(c.inputs.named[name], ReadInputFile(path));
    c.sources[name] = "--input";
  }
  return c;
}

void UseInputs(const Case& c, LoadOptions* load) {
  for (const auto& [name, value] : c.inputs.named) {
    load->input_shapes[name] = value.shape();
    if (value.num_elements() <= 64) load->input_values[name] = value;
  }
}

absl::Status NameValues(const Graph& graph, Case* c) {
  std::vector<std::string> inputs;
  for (const Node* parameter : graph.parameters()) inputs.push_back(NameOf(*parameter));
  CERMET_RETURN_IF_ERROR(GiveNames(inputs, "input", &c->inputs));
  if (c->outputs) CERMET_RETURN_IF_ERROR(GiveNames(graph.result_names(), "output", &*c->outputs));
  for (const auto& [name, value] : c->inputs.named) {
    if (std::find(inputs.begin(), inputs.end(), name) == inputs.end())
      return UnknownInput(name, c->sources[name], inputs);
  }
  if (!c->outputs) return absl::OkStatus();
  const std::vector<std::string>& outputs = graph.result_names();
  for (const auto& [name, value] : c->outputs->named) {
    if (std::find(outputs.begin(), outputs.end(), name) == outputs.end()) {
      return absl::InvalidArgumentError(absl::StrCat("flag --case: the model has no output \"",
                                                     name, "\"; it has ",
                                                     absl::StrJoin(outputs, ", ")));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Literal>> CompleteInputs(const Module& module, const Graph& graph,
                                                    const Values& given) {
  const std::vector<DimSource> all = DimSourcesOf(graph);
  std::vector<DimSource> sources;  // those that are given
  std::vector<std::vector<int64_t>> shapes;
  for (size_t i = 0; i < all.size(); ++i) {
    const Node& parameter = *graph.parameter(static_cast<int64_t>(i));
    auto it = given.named.find(NameOf(parameter));
    if (it == given.named.end()) continue;
    CERMET_RETURN_IF_ERROR(CheckInput(parameter, it->second));
    sources.push_back(all[i]);
    shapes.push_back(it->second.shape());
  }
  CERMET_ASSIGN_OR_RETURN(DimBindings dims, BindShapes(sources, shapes));
  CERMET_ASSIGN_OR_RETURN(dims, SampleDims(graph, module.facts(), dims));
  CERMET_ASSIGN_OR_RETURN(std::vector<Literal> inputs,
                          SampleInputs(graph, dims, /*seed=*/1, SampleValues::kPlain));
  for (size_t i = 0; i < inputs.size(); ++i) {
    auto it = given.named.find(NameOf(*graph.parameter(static_cast<int64_t>(i))));
    if (it != given.named.end()) inputs[i] = it->second;
  }
  return inputs;
}

absl::Status FixDims(Module* module, const std::vector<Literal>& inputs) {
  std::vector<std::vector<int64_t>> shapes;
  for (const Literal& input : inputs) shapes.push_back(input.shape());
  CERMET_ASSIGN_OR_RETURN(const DimBindings dims,
                          BindShapes(DimSourcesOf(*module->entry()), shapes));
  const absl::Status status = BindDims(module, dims);
  return absl::IsFailedPrecondition(status) ? absl::OkStatus() : status;
}

absl::StatusOr<Tolerance> ReadTolerance(const Arguments& arguments) {
  Tolerance tolerance;
  CERMET_ASSIGN_OR_RETURN(const std::optional<double> share, arguments.Number("--tolerance"));
  CERMET_ASSIGN_OR_RETURN(tolerance.rtol, arguments.Number("--rtol"));
  CERMET_ASSIGN_OR_RETURN(tolerance.atol, arguments.Number("--atol"));
  if ((share || tolerance.rtol || tolerance.atol) && !arguments.Has("--case"))
    return UsageError("tolerances need --case");
  if (share) tolerance.share = *share;
  return tolerance;
}

Comparison Compare(const Literal& actual, const Literal& expected, const Tolerance& tolerance) {
  Comparison result;
  if (actual.type() != expected.type()) {
    result.detail = absl::StrCat("expected ", expected.type().ToString());
    return result;
  }
  if (!IsFloat(actual.dtype())) {
    for (int64_t i = 0; i < actual.num_elements(); ++i) {
      if (actual.GetInt(i) == expected.GetInt(i)) continue;
      result.detail =
          absl::StrCat("element ", i, " is ", actual.GetInt(i), ", expected ", expected.GetInt(i));
      return result;
    }
    result.ok = true;
    return result;
  }
  double largest = 0;
  bool each = true;
  for (int64_t i = 0; i < actual.num_elements(); ++i) {
    const double x = actual.GetFloat(i), y = expected.GetFloat(i);
    if ((std::isnan(x) && std::isnan(y)) || x == y) {
      if (std::isfinite(y)) largest = std::max(largest, std::fabs(y));
      continue;
    }
    if (!std::isfinite(x) || !std::isfinite(y)) {
      result.detail = absl::StrCat("element ", i, " is ", x, ", expected ", y);
      return result;
    }
    const double error = std::fabs(x - y);
    largest = std::max(largest, std::fabs(y));
    result.worst_absolute = std::max(result.worst_absolute, error);
    result.worst_relative =
        std::max(result.worst_relative, y == 0 ? INFINITY : error / std::fabs(y));
    each = each && error <= tolerance.atol.value_or(0) + tolerance.rtol.value_or(0) * std::fabs(y);
  }
  result.ok =
      tolerance.rtol || tolerance.atol ? each : result.worst_absolute <= tolerance.share * largest;
  return result;
}

}  // namespace cermet::cli
