// Imports ONNX graphs, node by node.
#ifndef CERMET_FRONTEND_ONNX_GRAPH_IMPORTER_H_
#define CERMET_FRONTEND_ONNX_GRAPH_IMPORTER_H_

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "frontend/onnx/dim_solver.h"
#include "frontend/onnx/importer.h"
#include "frontend/onnx/model_file.h"
#include "frontend/onnx/scope.h"
#include "ir/graph.h"

namespace cermet {

struct OpRow;

// One attempt to import a model. Owns nothing: file, module and solver must outlive it. Not thread
// safe.
class GraphImporter {
 public:
  GraphImporter(ModelFile* file, const ImportOptions* options, DimSolver* solver, Module* module)
      : file_(file), options_(options), solver_(solver), module_(module) {}

  const ImportOptions& options() const { return *options_; }
  DimSolver& solver() { return *solver_; }
  Module& module() { return *module_; }
  ModelFile& file() { return *file_; }

  // The whole model, as the module's graph @main.
  absl::Status ImportModel();

  // The nodes of `graph` that its outputs need, into the graph of `scope`, where its inputs and the
  // values it captures are defined already. Afterwards the scope has its outputs.
  absl::Status ImportNodes(const onnx::GraphProto& graph, Scope* scope);
  // The values of the outputs of `graph`, in order.
  absl::StatusOr<std::vector<Value>> OutputValues(const onnx::GraphProto& graph, Scope* scope);
  // Defines `name` in `scope` as another name for `imported`.
  absl::Status Alias(const ImportedValue& imported, const std::string& name, Scope* scope);

  // What is known of the elements; null if nothing.
  absl::StatusOr<const KnownValue*> KnownOf(ImportedValue* imported);
  // The value of `imported` in the graph of `builder`, emitted there if need be.
  absl::StatusOr<Value> ValueIn(Builder* builder, ImportedValue* imported);
  // The same in f32, for an f16 or bf16 value.
  absl::StatusOr<Value> WideValueIn(Builder* builder, ImportedValue* imported);
  // The elements of a constant; nullopt for values that are computed.
  absl::StatusOr<std::optional<Literal>> ConstantOf(const ImportedValue& imported);

  // `--dim batch=N --dim seq=N` for every symbolic dim of the inputs.
  std::string DimFlags() const;
  // After an import with symbolic dims: whether they may have the values of `dims` (by the model's
  // names). An error names the dims and what they break.
  absl::Status CheckValues(const DimBindings& dims) const;

 private:
  using Opsets = std::map<std::string, int64_t>;  // domain -> version; the standard domain is ""

  absl::Status ImportInputs(const onnx::GraphProto& graph, Scope* scope);
  absl::StatusOr<Type> InputType(const onnx::ValueInfoProto& input);
  absl::StatusOr<Dim> InputDim(const onnx::ValueInfoProto& input, int axis);
  absl::Status ReadOpsets();
  std::string SymbolFor(const std::string& onnx_name);
  absl::Status BindInputShapes(const onnx::GraphProto& graph);
  absl::Status CheckDimOptions() const;
  absl::Status DefineInitializers(const onnx::GraphProto& graph, Scope* scope);
  absl::Status ImportNode(const onnx::NodeProto& node, Scope* scope);
  absl::Status ImportCall(const onnx::NodeProto& node, const onnx::FunctionProto& function,
                          Scope* scope);
  absl::Status RunOp(const onnx::NodeProto& node, const OpRow& row, int64_t opset, Scope* scope);
  absl::Status UnsupportedReport();
  const onnx::FunctionProto* FindFunction(const onnx::NodeProto& node) const;
  Value EmitConstant(Builder* builder, const std::string& name, const ConstantEntry& entry);

  ModelFile* file_;
  const ImportOptions* options_;
  DimSolver* solver_;
  Module* module_;
  Opsets opsets_;
  std::map<std::string, std::string> symbols_;  // the model's name of a dim -> the symbol's
  DimBindings bound_;  // dims bound by the shapes of inputs, by the model's names
  std::vector<std::string>
      dim_names_;  // the model's names of the dims that are left symbolic, in order
  std::set<std::string> used_dim_options_;
  int call_depth_ = 0;
};

// `node "conv1" (Conv)`: how errors name a node; without a name, by its first output.
std::string DescribeNode(const onnx::NodeProto& node);

}  // namespace cermet

#endif  // CERMET_FRONTEND_ONNX_GRAPH_IMPORTER_H_
