// The outside of a model: operator sets, inputs and their dims, outputs, and the loop that starts
// again when the import of a node has shown that two dims are one or that a dim is bounded (see
// dim_solver).
#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "frontend/onnx/graph_importer.h"
#include "frontend/onnx/importer.h"
#include "frontend/onnx/op_table.h"
#include "ir/builder.h"
#include "ir/dim_binding.h"
#include "ir/status.h"
#include "ir/verifier.h"

namespace cermet {
namespace {

constexpr int64_t kOldestOpset = 7;
// Each attempt learns at least one fact of at least one dim.
constexpr int kMaxAttempts = 64;

absl::Status InFile(const std::string& path, const absl::Status& status) {
  if (absl::StartsWith(status.message(), path)) return status;
  return absl::Status(status.code(), absl::StrCat(path, ": ", status.message()));
}

std::string Domain(const std::string& domain) { return domain == "ai.onnx" ? "" : domain; }

struct Missing {
  int count = 0;
  std::string first;
};

}  // namespace

std::string GraphImporter::DimFlags() const {
  return absl::StrJoin(dim_names_, " ", [](std::string* out, const std::string& name) {
    absl::StrAppend(out, "--dim ", name, "=N");
  });
}

absl::Status GraphImporter::ReadOpsets() {
  for (const onnx::OperatorSetIdProto& opset : file_->proto().opset_import()) {
    opsets_[Domain(opset.domain())] = opset.version();
  }
  auto it = opsets_.find("");
  if (it == opsets_.end()) {
    if (file_->proto().opset_import_size() == 0)
      return absl::InvalidArgumentError("the model names no operator set");
    return absl::OkStatus();
  }
  if (it->second < kOldestOpset) {
    return absl::UnimplementedError(
        absl::StrCat("operator set ", it->second, " is older than ", kOldestOpset,
                     "; convert the model with onnx.version_converter"));
  }
  return absl::OkStatus();
}

// A symbol for a dim that the model calls `onnx_name`, which may be any text.
std::string GraphImporter::SymbolFor(const std::string& onnx_name) {
  if (auto it = symbols_.find(onnx_name); it != symbols_.end()) return it->second;
  std::string symbol;
  for (const char c : onnx_name) symbol += absl::ascii_isalnum(c) || c == '_' ? c : '_';
  if (symbol.empty() || absl::ascii_isdigit(symbol[0])) symbol = "d" + symbol;
  std::set<std::string> taken;
  for (const auto& [name, other] : symbols_) taken.insert(other);
  const std::string base = symbol;
  for (int i = 1; taken.count(symbol) > 0; ++i) symbol = absl::StrCat(base, "_", i);
  symbols_[onnx_name] = symbol;
  return symbol;
}

// Dims that the caller's shapes of inputs give.
absl::Status GraphImporter::BindInputShapes(const onnx::GraphProto& graph) {
  std::set<std::string> names;
  for (const onnx::ValueInfoProto& input : graph.input()) {
    names.insert(input.name());
    auto given = options_->input_shapes.find(input.name());
    if (given == options_->input_shapes.end()) continue;
    const onnx::TensorShapeProto& shape = input.type().tensor_type().shape();
    if (shape.dim_size() != static_cast<int>(given->second.size())) {
      return absl::InvalidArgumentError(absl::StrCat(
          "input \"", input.name(), "\" has rank ", shape.dim_size(), ", the given shape [",
          absl::StrJoin(given->second, ","), "] has rank ", given->second.size()));
    }
    for (int axis = 0; axis < shape.dim_size(); ++axis) {
      const int64_t extent = given->second[axis];
      if (shape.dim(axis).dim_param().empty()) continue;
      auto [it, inserted] = bound_.emplace(shape.dim(axis).dim_param(), extent);
      if (it->second != extent) {
        return absl::InvalidArgumentError(
            absl::StrCat("dim \"", it->first, "\" is ", it->second, " by an earlier input and ",
                         extent, " by dim ", axis, " of input \"", input.name(), "\""));
      }
    }
  }
  for (const auto& [name, shape] : options_->input_shapes) {
    if (names.count(name) == 0)
      return absl::InvalidArgumentError(absl::StrCat("the model has no input \"", name, "\""));
  }
  return absl::OkStatus();
}

absl::StatusOr<Dim> GraphImporter::InputDim(const onnx::ValueInfoProto& input, int axis) {
  const onnx::TensorShapeProto::Dimension& dim = input.type().tensor_type().shape().dim(axis);
  auto shape = options_->input_shapes.find(input.name());
  const bool fixed = dim.has_dim_value() && dim.dim_value() >= 0;
  if (fixed) {
    if (shape != options_->input_shapes.end() && shape->second[axis] != dim.dim_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat("input \"", input.name(), "\": dim ", axis, " is ", dim.dim_value(),
                       ", the given shape is [", absl::StrJoin(shape->second, ","), "]"));
    }
    return Dim(dim.dim_value());
  }
  const std::string name =
      dim.dim_param().empty() ? absl::StrCat(input.name(), "_", axis) : dim.dim_param();
  const std::string symbol = SymbolFor(name);
  std::optional<int64_t> value;
  for (const std::string& key : {name, symbol}) {
    if (auto it = options_->dims.find(key); it != options_->dims.end()) {
      value = it->second;
      used_dim_options_.insert(key);
    }
  }
  if (auto it = bound_.find(dim.dim_param()); it != bound_.end() && !value) value = it->second;
  if (shape != options_->input_shapes.end()) {
    if (value && *value != shape->second[axis]) {
      return absl::InvalidArgumentError(absl::StrCat("dim \"", name, "\" is given as ", *value,
                                                     " and as ", shape->second[axis],
                                                     " by input \"", input.name(), "\""));
    }
    value = shape->second[axis];
  }
  if (value) {
    if (*value < 0)
      return absl::InvalidArgumentError(absl::StrCat("dim \"", name, "\" cannot be ", *value));
    return Dim(*value);
  }
  if (std::find(dim_names_.begin(), dim_names_.end(), name) == dim_names_.end())
    dim_names_.push_back(name);
  const Dim resolved = solver_->Resolve(symbol);
  std::string root;
  CERMET_CHECK(resolved.IsSymbol(&root));
  solver_->Declare(root);
  return resolved;
}

absl::StatusOr<Type> GraphImporter::InputType(const onnx::ValueInfoProto& input) {
  if (!input.type().has_tensor_type()) {
    return absl::UnimplementedError(
        absl::StrCat("input \"", input.name(), "\" is not a dense tensor"));
  }
  const onnx::TypeProto::Tensor& tensor = input.type().tensor_type();
  auto dtype = DTypeOfOnnx(tensor.elem_type());
  if (!dtype.ok()) {
    return absl::Status(dtype.status().code(),
                        absl::StrCat("input \"", input.name(), "\": ", dtype.status().message()));
  }
  if (!tensor.has_shape()) {
    return absl::UnimplementedError(
        absl::StrCat("input \"", input.name(), "\" has no shape, not even a rank"));
  }
  Type type(*dtype, {});
  for (int axis = 0; axis < tensor.shape().dim_size(); ++axis) {
    CERMET_ASSIGN_OR_RETURN(Dim dim, InputDim(input, axis));
    type.shape.push_back(std::move(dim));
  }
  return type;
}

absl::Status GraphImporter::ImportInputs(const onnx::GraphProto& graph, Scope* scope) {
  std::set<std::string> constants;
  for (const onnx::TensorProto& tensor : graph.initializer()) constants.insert(tensor.name());
  for (const onnx::ValueInfoProto& input : graph.input()) {
    if (constants.count(input.name()) > 0) continue;
    if (input.name().empty()) return absl::InvalidArgumentError("an input has no name");
    CERMET_ASSIGN_OR_RETURN(Type type, InputType(input));
    ImportedValue value;
    value.name = input.name();
    value.type = type;
    Graph* main = scope->builder().graph();
    Node* parameter = main->AddParameter(type, input.name());
    value.values.emplace_back(main, parameter->result());
    auto given = options_->input_values.find(input.name());
    if (given != options_->input_values.end()) {
      if (given->second.type() != type) {
        return absl::InvalidArgumentError(absl::StrCat("input \"", input.name(), "\" is ",
                                                       type.ToString(), ", the given value ",
                                                       given->second.type().ToString()));
      }
      value.known = KnownValue::FromLiteral(given->second);
    }
    if (!scope->Define(std::move(value))) {
      return absl::InvalidArgumentError(
          absl::StrCat("there are two inputs \"", input.name(), "\""));
    }
  }
  return absl::OkStatus();
}

absl::Status GraphImporter::CheckDimOptions() const {
  for (const auto& [name, value] : options_->dims) {
    if (used_dim_options_.count(name) > 0) continue;
    std::vector<std::string> names;
    for (const auto& [onnx_name, symbol] : symbols_) names.push_back(onnx_name);
    return absl::NotFoundError(absl::StrCat(
        "the model has no symbolic dim \"", name, "\"",
        names.empty() ? "; all its dims are fixed" : "; it has " + absl::StrJoin(names, ", ")));
  }
  return absl::OkStatus();
}

absl::Status GraphImporter::ImportModel() {
  const onnx::GraphProto& graph = file_->proto().graph();
  CERMET_RETURN_IF_ERROR(ReadOpsets());
  CERMET_RETURN_IF_ERROR(BindInputShapes(graph));
  Graph* main = module_->AddGraph("main");
  Builder builder(main);
  Scope scope(&builder, nullptr);
  CERMET_RETURN_IF_ERROR(ImportInputs(graph, &scope));
  CERMET_RETURN_IF_ERROR(CheckDimOptions());
  if (graph.output_size() == 0) return absl::InvalidArgumentError("the model has no outputs");
  const absl::Status imported = ImportNodes(graph, &scope);
  if (imported.code() == absl::StatusCode::kUnimplemented) {
    const absl::Status report = UnsupportedReport();
    return report.ok() ? imported : report;
  }
  CERMET_RETURN_IF_ERROR(imported);
  CERMET_ASSIGN_OR_RETURN(std::vector<Value> results, OutputValues(graph, &scope));
  std::vector<std::string> names;
  for (const onnx::ValueInfoProto& output : graph.output()) names.push_back(output.name());
  main->set_results(std::move(results));
  main->set_result_names(std::move(names));
  module_->facts() = solver_->facts();
  return absl::OkStatus();
}

// Every operator of the file, in dead branches and functions too, that has no row.
absl::Status GraphImporter::UnsupportedReport() {
  std::map<std::string, Missing> missing;
  const auto visit = [&](const auto& self, const auto& nodes, const Opsets& opsets) -> void {
    for (const onnx::NodeProto& node : nodes) {
      const std::string domain = Domain(node.domain());
      auto opset = opsets.find(domain);
      const bool known =
          FindFunction(node) != nullptr ||
          (domain.empty() &&
           FindOnnxOp(node.op_type(), opset == opsets.end() ? 0 : opset->second) != nullptr);
      if (!known) {
        Missing& entry =
            missing[domain.empty() ? node.op_type() : absl::StrCat(domain, "::", node.op_type())];
        if (entry.count++ == 0) entry.first = DescribeNode(node);
      }
      for (const onnx::AttributeProto& attr : node.attribute()) {
        if (attr.has_g()) self(self, attr.g().node(), opsets);
        for (const onnx::GraphProto& graph : attr.graphs()) self(self, graph.node(), opsets);
      }
    }
  };
  visit(visit, file_->proto().graph().node(), opsets_);
  for (const onnx::FunctionProto& function : file_->proto().functions()) {
    Opsets opsets;
    for (const onnx::OperatorSetIdProto& opset : function.opset_import())
      opsets[Domain(opset.domain())] = opset.version();
    visit(visit, function.node(), opsets);
  }
  if (missing.empty()) return absl::OkStatus();
  std::vector<std::string> lines;
  for (const auto& [name, entry] : missing) {
    lines.push_back(absl::StrCat("  ", name, ": ", entry.count,
                                 entry.count == 1 ? " node, " : " nodes, the first is ",
                                 entry.first));
  }
  return absl::UnimplementedError(absl::StrCat(
      missing.size(), missing.size() == 1 ? " operator is" : " operators are", " not supported (",
      opsets_.count("") > 0 ? absl::StrCat("operator set ", opsets_[""])
                            : "the model names no standard operator set",
      "):\n", absl::StrJoin(lines, "\n")));
}

absl::Status GraphImporter::CheckValues(const DimBindings& dims) const {
  DimBindings values;                        // by symbol
  std::map<std::string, std::string> given;  // symbol -> the model's name that gave its value
  for (const auto& [onnx_name, symbol] : symbols_) {
    auto it = dims.find(onnx_name);
    if (it == dims.end()) it = dims.find(symbol);
    std::string root;
    if (it == dims.end() || !solver_->Resolve(symbol).IsSymbol(&root)) continue;
    const auto [known, is_new] = values.emplace(root, it->second);
    given.emplace(root, onnx_name);
    if (known->second == it->second) continue;
    return absl::InvalidArgumentError(absl::StrCat("dims \"", given[root], "\" = ", known->second,
                                                   " and \"", onnx_name, "\" = ", it->second,
                                                   " must be equal in this model"));
  }
  const Graph& graph = *module_->entry();
  return CheckDims(graph, module_->facts(), DimSourcesOf(graph), values);
}

namespace {

// Attempts until one succeeds or learns nothing. `after` sees the importer that succeeded.
absl::StatusOr<std::unique_ptr<Module>> ImportFile(
    ModelFile* file, const ImportOptions& options,
    absl::FunctionRef<absl::Status(const GraphImporter&)> after) {
  DimSolver solver;
  absl::Status status;
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    solver.BeginAttempt();
    auto module = std::make_unique<Module>();
    GraphImporter importer(file, &options, &solver, module.get());
    status = importer.ImportModel();
    if (status.ok()) status = Verify(*module);
    if (status.ok()) {
      CERMET_RETURN_IF_ERROR(after(importer));
      return module;
    }
    if (!solver.learned_new()) break;
  }
  return status;
}

// Why an import with `options.dims` failed with `status`. If the model can be imported without
// them, it may tell which bound or equality they break: that says more than the node where it
// showed.
absl::Status ExplainDims(ModelFile* file, const ImportOptions& options,
                         const absl::Status& status) {
  ImportOptions symbolic;
  symbolic.checked = options.checked;
  absl::Status broken;
  const auto check = [&](const GraphImporter& importer) {
    broken = importer.CheckValues(options.dims);
    return absl::OkStatus();
  };
  if (ImportFile(file, symbolic, check).ok() && !broken.ok()) return broken;
  const auto append = [](std::string* out, const auto& dim) {
    absl::StrAppend(out, dim.first, " = ", dim.second);
  };
  return absl::Status(status.code(), absl::StrCat(status.message(), " (with ",
                                                  absl::StrJoin(options.dims, ", ", append), ")"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Module>> ImportOnnx(const std::string& path,
                                                   const ImportOptions& options) {
  absl::StatusOr<std::unique_ptr<ModelFile>> file = ModelFile::Read(path);
  if (!file.ok()) return file.status();
  absl::StatusOr<std::unique_ptr<Module>> module =
      ImportFile(file->get(), options, [](const GraphImporter&) { return absl::OkStatus(); });
  if (module.ok()) return module;
  const bool is_for_dims = !options.dims.empty() && absl::IsInvalidArgument(module.status());
  return InFile(path,
                is_for_dims ? ExplainDims(file->get(), options, module.status()) : module.status());
}

}  // namespace cermet
