// Reading ONNX models into graph IR.
#ifndef CERMET_FRONTEND_ONNX_IMPORTER_H_
#define CERMET_FRONTEND_ONNX_IMPORTER_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ir/dim.h"
#include "ir/graph.h"
#include "ir/literal.h"

namespace cermet {

struct ImportOptions {
  // Extents for symbolic dims, by the model's name for them. A name that the model does not have is
  // an error.
  DimBindings dims;
  // Shapes of inputs, by name: they bind the symbolic dims of these inputs. Inputs without an entry
  // stay as they are.
  std::map<std::string, std::vector<int64_t>> input_shapes;
  // Values of inputs, by name, that the import takes as known: for models that compute a shape from
  // an input's elements. The module is good for these values only; its parameters stay.
  std::map<std::string, Literal> input_values;
  // Import `check` nodes for indices out of range and integer division by zero, which are errors in
  // ONNX. Without them indices clamp and x/0 is -1.
  bool checked = false;
};

// Imports the ONNX file at `path` (operator sets 7 and newer of the standard domain) as a module
// with the graph @main: its parameters and results are the model's inputs and outputs in order and
// under their names; an input that has an initializer is a constant. Weights go to the constant
// store; those in external files, which must lie in the model's folder, are memory-mapped.
//
// Symbolic dims keep the model's names; unnamed ones get names made from the input's. They are at
// least 1. Where the model adds extents that it does not name alike, they are taken to be the same;
// where it cuts a table to a dim, the table bounds the dim.
//
// Errors name the file, and the node where there is one. FailedPrecondition: a shape does not
// follow from the inputs' dims, and giving them (`dims` or `input_shapes`) may help. Unimplemented:
// one report of every operator that the importer does not have.
absl::StatusOr<std::unique_ptr<Module>> ImportOnnx(const std::string& path,
                                                   const ImportOptions& options = {});

// A tensor in the file format of ONNX's test data (a TensorProto, `input_0.pb`).
struct NamedTensor {
  std::string name;  // may be empty
  Literal value;
};
absl::StatusOr<NamedTensor> ReadOnnxTensor(const std::string& path);

// One row of the importer's operator table, for listings.
struct OnnxOperator {
  std::string name;
  int64_t min_opset = 1;  // of the standard domain, inclusive
  int64_t max_opset = 0;
};
// All operators that ImportOnnx has, in order of name.
std::vector<OnnxOperator> OnnxOperators();

}  // namespace cermet

#endif  // CERMET_FRONTEND_ONNX_IMPORTER_H_
