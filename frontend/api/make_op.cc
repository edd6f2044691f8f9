// What all ops share: inputs become values, new nodes get a name and the control inputs of the
// scopes.
#include "frontend/api/make_op.h"

#include "absl/strings/str_cat.h"

namespace cermet::api {
namespace {

Value LiteralValue(const Literal& literal, Builder* builder, std::optional<DType> dtype) {
  if (!dtype.has_value() || !literal.shape().empty()) return builder->Constant(literal);
  return builder->Constant(IsFloat(literal.dtype())
                               ? Literal::Splat(*dtype, {}, literal.GetFloat(0))
                               : Literal::SplatInt(*dtype, {}, literal.GetInt(0)));
}

Value ValueOf(const Input& input, Graph* graph, Builder* builder, const std::string& op,
              std::optional<DType> dtype) {
  if (input.is_literal()) return LiteralValue(input.literal(), builder, dtype);
  const Tensor& tensor = input.tensor();
  if (!tensor) {
    builder->Fail(
        absl::InvalidArgumentError(absl::StrCat(op, ": an operand is not a valid tensor")));
    return Value();
  }
  if (tensor.graph() != graph) {
    builder->Fail(absl::InvalidArgumentError(absl::StrCat(
        op, ": operand \"", tensor.name(), "\" is of another graph than the first operand")));
    return Value();
  }
  return graph->Read(tensor.value());
}

}  // namespace

Graph* GraphOf(std::initializer_list<const Input*> inputs) {
  for (const Input* input : inputs) {
    if (!input->is_literal() && input->tensor().graph() != nullptr) return input->tensor().graph();
  }
  return Graph::Default();
}

std::optional<DType> CommonType(std::initializer_list<const Input*> inputs) {
  for (const Input* input : inputs) {
    if (!input->is_literal() && input->tensor()) return input->tensor().dtype();
  }
  return std::nullopt;
}

Tensor MakeOp(absl::string_view name, std::initializer_list<const Input*> inputs,
              std::optional<DType> dtype, const Build& build) {
  Graph* graph = GraphOf(inputs);
  if (graph == nullptr) return Tensor();
  const std::string unique = graph->UniqueName(name);
  Builder& builder = graph->BuilderFor(unique);
  const size_t first = builder.graph()->nodes().size();
  std::vector<Value> values;
  for (const Input* input : inputs) {
    values.push_back(ValueOf(*input, graph, &builder, unique, dtype));
  }
  if (!builder.ok()) return Tensor();
  const Value result = build(builder, values);
  if (!builder.ok()) return Tensor();
  graph->AddControlInputs(first);
  return Tensor(graph, result, unique);
}

Tensor MakeOp(absl::string_view name, std::initializer_list<const Input*> inputs,
              const Build& build) {
  return MakeOp(name, inputs, CommonType(inputs), build);
}

Value SameValue(Builder& builder, Value x) {
  return builder.MakeTyped(OpCode::kReshape, {x}, x.type());
}

}  // namespace cermet::api
