// Variables, what updates them, and what is run for its effects. An update is a value and a note of
// the graph (Graph::Effect) that the variable takes it; a read after it is a use of that value.
#include "absl/strings/str_cat.h"
#include "frontend/api/make_op.h"
#include "frontend/api/ops.h"

namespace cermet::api {
namespace {

// Lets `variable` take a value: `make` gives it from the present value and the input.
Tensor Update(const Tensor& variable, const Input& input, absl::string_view name,
              const std::function<Tensor()>& make) {
  const Input target(variable);
  Graph* graph = GraphOf({&target, &input});
  if (graph == nullptr) return Tensor();
  if (!variable || !graph->IsVariable(variable.value())) {
    graph->BuilderFor(std::string(name))
        .Fail(absl::InvalidArgumentError(
            absl::StrCat(name, ": \"", variable.name(), "\" is not a variable")));
    return Tensor();
  }
  const Tensor value = make();
  if (!value) return Tensor();
  const std::string unique = graph->UniqueName(name);
  Builder& builder = graph->BuilderFor(unique);
  if (value.value().type() != variable.value().type()) {
    builder.Fail(absl::InvalidArgumentError(absl::StrCat(
        unique, ": variable \"", variable.op_name(), "\" is ", variable.value().type().ToString(),
        ", the value is ", value.value().type().ToString())));
    return Tensor();
  }
  const size_t first = builder.graph()->nodes().size();
  const int effect = graph->AddEffect(unique, variable.value(), value.value());
  const Value result = SameValue(builder, value.value());
  graph->AddControlInputs(first, {effect});
  return Tensor(graph, result, unique);
}

Operation Initialise(Graph* graph, const std::vector<Tensor>& variables) {
  std::vector<int> effects;
  const std::string name = graph->UniqueName("init");
  for (const Graph::VariableInfo& variable : graph->variables()) {
    for (const Tensor& wanted : variables) {
      if (wanted.value() != variable.value) continue;
      effects.push_back(graph->AddEffect(absl::StrCat(variable.name, "/Assign"), variable.value,
                                         graph->Read(variable.initial)));
    }
  }
  return Operation(graph, name, {}, std::move(effects));
}

}  // namespace

Tensor Variable(const Input& initial, absl::string_view name) {
  Graph* graph = GraphOf({&initial});
  if (graph == nullptr) return Tensor();
  const Tensor value = MakeOp(absl::StrCat(name, "/initial_value"), {&initial}, std::nullopt,
                              [](Builder&, const std::vector<Value>& v) { return v[0]; });
  return graph->AddVariable(value.value(), name);
}

Tensor Assign(const Tensor& variable, const Input& value, absl::string_view name) {
  return Update(variable, value, name, [&] {
    const std::optional<DType> dtype =
        variable ? std::optional<DType>(variable.dtype()) : std::nullopt;
    return MakeOp(absl::StrCat(name, "/value"), {&value}, dtype,
                  [](Builder&, const std::vector<Value>& v) { return v[0]; });
  });
}
Tensor AssignAdd(const Tensor& variable, const Input& value, absl::string_view name) {
  return Update(variable, value, name, [&] { return Add(variable, value); });
}
Tensor AssignSub(const Tensor& variable, const Input& value, absl::string_view name) {
  return Update(variable, value, name, [&] { return Sub(variable, value); });
}

Operation VariablesInitializer(const std::vector<Tensor>& variables) {
  Graph* graph = Graph::Default();
  for (const Tensor& variable : variables) {
    if (variable.graph() != nullptr) graph = variable.graph();
  }
  if (graph == nullptr) return Operation();
  for (const Tensor& variable : variables) {
    if (graph->IsVariable(variable.value())) continue;
    graph->BuilderFor("init").Fail(absl::InvalidArgumentError(
        absl::StrCat("init: \"", variable.name(), "\" is not a variable of this graph")));
  }
  return Initialise(graph, variables);
}

Operation GlobalVariablesInitializer() {
  Graph* graph = Graph::Default();
  if (graph == nullptr) return Operation();
  std::vector<Tensor> variables;
  for (const Graph::VariableInfo& variable : graph->variables()) {
    variables.emplace_back(graph, variable.value, variable.name);
  }
  return Initialise(graph, variables);
}

Operation Group(const std::vector<Operation>& operations, absl::string_view name) {
  Graph* graph = Graph::Default();
  for (const Operation& operation : operations) {
    if (operation.graph() != nullptr) graph = operation.graph();
  }
  if (graph == nullptr) return Operation();
  const std::string unique = graph->UniqueName(name);
  std::vector<Value> values;
  std::vector<int> effects(graph->control_inputs().begin(), graph->control_inputs().end());
  for (const Operation& operation : operations) {
    if (operation.graph() != graph) {
      graph->BuilderFor(unique).Fail(absl::InvalidArgumentError(
          absl::StrCat(unique, ": \"", operation.name(), "\" is not an operation of this graph")));
      continue;
    }
    values.insert(values.end(), operation.values().begin(), operation.values().end());
    effects.insert(effects.end(), operation.effects().begin(), operation.effects().end());
  }
  return Operation(graph, unique, std::move(values), std::move(effects));
}

Operation NoOp(absl::string_view name) { return Group({}, name); }

Operation Assert(const Input& condition, absl::string_view message, absl::string_view name) {
  const Tensor token =
      MakeOp(name, {&condition}, [&](Builder& builder, const std::vector<Value>& v) {
        return builder.Make(OpCode::kCheck, {v[0]},
                            {{"code", int64_t{1}}, {"message", std::string(message)}});
      });
  if (!token) return Operation();
  const int effect = token.graph()->AddEffect(token.op_name(), Value(), token.value());
  return Operation(token.graph(), token.op_name(), {}, {effect});
}

Tensor WithControlDependencies(const std::vector<Operation>& control_inputs, const Tensor& tensor) {
  if (tensor.graph() == nullptr) return Tensor();
  const Graph::ControlDependencies scope(tensor.graph(), control_inputs);
  return Identity(tensor, "control_dependency");
}

}  // namespace cermet::api
