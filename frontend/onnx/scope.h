// Names of an ONNX graph and what they stand for.
#ifndef CERMET_FRONTEND_ONNX_SCOPE_H_
#define CERMET_FRONTEND_ONNX_SCOPE_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "frontend/onnx/known_value.h"
#include "frontend/onnx/model_file.h"
#include "ir/builder.h"
#include "ir/graph.h"

namespace cermet {

// A named tensor: in a graph, in the file, or known. Emitted into a graph only when a node there
// needs it.
struct ImportedValue {
  std::string name;
  Type type;
  std::optional<KnownValue> known;
  bool looked_at = false;  // whether `known` was derived from the initializer
  const onnx::TensorProto* initializer = nullptr;
  std::vector<std::pair<const Graph*, Value>> values;  // one for each graph it was emitted into
  // The same in f32 if `type` is f16 or bf16 (float16.h). What was computed in f32 has no other
  // value until something needs its 16 bits.
  std::vector<std::pair<const Graph*, Value>> wide;
};

// The value of `values` that is in `graph`, or null.
Value FindIn(const Graph* graph, const std::vector<std::pair<const Graph*, Value>>& values);

// The names of one ONNX graph, over those of the graphs around it. A scope emits into one graph:
// the body of an inlined `If` has a scope of its own over the same graph. Does not own the graph;
// must outlive none of its parents.
class Scope {
 public:
  Scope(Builder* builder, Scope* parent) : builder_(builder), parent_(parent) {}
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  Builder& builder() { return *builder_; }
  // Null if no graph here or around has the name.
  ImportedValue* Find(const std::string& name);
  // False if this very graph has the name already.
  bool Define(ImportedValue value);

 private:
  Builder* builder_;
  Scope* parent_;
  std::map<std::string, ImportedValue> values_;
};

}  // namespace cermet

#endif  // CERMET_FRONTEND_ONNX_SCOPE_H_
