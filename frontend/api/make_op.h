// How the user's ops add nodes to a graph.
#ifndef CERMET_FRONTEND_API_MAKE_OP_H_
#define CERMET_FRONTEND_API_MAKE_OP_H_

#include <functional>
#include <initializer_list>
#include <optional>
#include <vector>

#include "frontend/api/graph.h"
#include "frontend/api/ops.h"
#include "frontend/api/tensor.h"
#include "ir/builder.h"

namespace cermet::api {

// The graph of the first Tensor among the inputs, or the thread's default graph.
Graph* GraphOf(std::initializer_list<const Input*> inputs);
// The element type that plain values take: that of the first Tensor.
std::optional<DType> CommonType(std::initializer_list<const Input*> inputs);

// Adds the nodes of one op under one new name, after the control inputs of the graph's scopes.
// `build` gets the values of the inputs; plain scalars take the type `dtype`, if there is one.
// Fails the graph for an input that is null or of another graph.
using Build = std::function<Value(Builder&, const std::vector<Value>&)>;
Tensor MakeOp(absl::string_view name, std::initializer_list<const Input*> inputs,
              std::optional<DType> dtype, const Build& build);
// The same with the common type of the inputs.
Tensor MakeOp(absl::string_view name, std::initializer_list<const Input*> inputs,
              const Build& build);

// A node of its own with the value `x`.
Value SameValue(Builder& builder, Value x);

}  // namespace cermet::api

#endif  // CERMET_FRONTEND_API_MAKE_OP_H_
