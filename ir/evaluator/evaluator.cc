// Runs graphs node by node. Every op's own evaluation is in the other files of this folder; here
// are control flow, the binding of symbolic dims, and the checks of inputs.
#include "ir/evaluator/evaluator.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ir/composites.h"
#include "ir/dim_binding.h"
#include "ir/evaluator/node_evaluators.h"
#include "ir/status.h"

namespace cermet {
namespace evaluator {
namespace {

constexpr int kMaxDepth = 128;                   // of nested calls and bodies
constexpr int64_t kMaxBytes = int64_t{1} << 34;  // of one value

absl::StatusOr<StaticType> EvaluateType(const Node& node, const Type& type, const Scope& scope) {
  StaticType result;
  result.dtype = type.dtype;
  CERMET_ASSIGN_OR_RETURN(result.shape, EvaluateDims(node, type.shape, scope));
  const absl::StatusOr<int64_t> elements =
      StaticNumElements(Shape(result.shape.begin(), result.shape.end()));
  if (!elements.ok()) return NodeError(node, std::string(elements.status().message()));
  if (*elements > kMaxBytes / std::max<int64_t>(ByteSize(type.dtype), 1)) {
    return absl::ResourceExhaustedError(absl::StrCat(
        node.Describe(), ": a result of [", absl::StrJoin(result.shape, ","), "] needs more than ",
        kMaxBytes >> 30, " GiB, which is the evaluator's limit for one value"));
  }
  return result;
}

absl::Status ParameterError(const Node& parameter, const Literal& input, const std::string& why) {
  return NodeError(parameter, absl::StrCat("expected ", parameter.type().ToString(), ", got ",
                                           input.type().ToString(), why.empty() ? "" : ": ", why));
}

// Binds the symbols that stand alone as an extent. A symbol must have one value throughout.
absl::Status BindSymbols(const Node& parameter, const Literal& input, Scope* scope) {
  const Type& type = parameter.type();
  if (input.dtype() != type.dtype || static_cast<int64_t>(input.shape().size()) != type.rank()) {
    return ParameterError(parameter, input, "");
  }
  for (size_t i = 0; i < input.shape().size(); ++i) {
    std::string symbol;
    if (!type.shape[i].IsSymbol(&symbol)) continue;
    const auto [it, inserted] = scope->dims.emplace(symbol, input.shape()[i]);
    if (!inserted && it->second != input.shape()[i]) {
      return ParameterError(parameter, input, absl::StrCat("?", symbol, " is ", it->second));
    }
  }
  return absl::OkStatus();
}

// Binds ?s from an extent a*?s + b whose other symbols are known, such as 2*?n.
void SolveLinear(const Dim& dim, int64_t value, Scope* scope) {
  const Dim rest = dim.Substitute(scope->dims);
  if (rest.terms().size() != 1 || rest.terms()[0].factors.size() != 1) return;
  const Dim::Atom& atom = rest.terms()[0].factors[0];
  const int64_t coefficient = rest.terms()[0].coefficient;
  const int64_t difference = value - rest.constant();
  if (atom.kind != Dim::AtomKind::kSymbol || difference % coefficient != 0) return;
  scope->dims.emplace(atom.symbol, difference / coefficient);
}

absl::Status BindInputs(const Graph& graph, Operands inputs, Scope* scope) {
  if (inputs.size() != graph.parameters().size()) {
    return absl::InvalidArgumentError(absl::StrCat("graph @", graph.name(), " takes ",
                                                   graph.parameters().size(), " inputs, got ",
                                                   inputs.size()));
  }
  for (size_t p = 0; p < inputs.size(); ++p) {
    CERMET_RETURN_IF_ERROR(BindSymbols(*graph.parameters()[p], *inputs[p], scope));
  }
  for (size_t p = 0; p < inputs.size(); ++p) {
    const Shape& shape = graph.parameters()[p]->type().shape;
    for (size_t i = 0; i < shape.size(); ++i) SolveLinear(shape[i], inputs[p]->shape()[i], scope);
  }
  for (size_t p = 0; p < inputs.size(); ++p) {
    const Node& parameter = *graph.parameters()[p];
    for (size_t i = 0; i < inputs[p]->shape().size(); ++i) {
      const absl::StatusOr<int64_t> extent = parameter.type().shape[i].Evaluate(scope->dims);
      if (!extent.ok()) {
        return ParameterError(parameter, *inputs[p], std::string(extent.status().message()));
      }
      if (*extent != inputs[p]->shape()[i]) {
        return ParameterError(parameter, *inputs[p],
                              absl::StrCat("dim ", i, " should be ", *extent));
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Literal> EvaluateConstant(const Node& node, const Scope& scope) {
  if (const Literal* value = node.attrs().Find<Literal>("value")) return *value;
  const SymbolRef* ref = node.attrs().Find<SymbolRef>("ref");
  const ConstantEntry* entry = ref == nullptr || scope.module == nullptr
                                   ? nullptr
                                   : scope.module->constants().Find(ref->name);
  if (entry == nullptr) {
    return NodeError(node, absl::StrCat("there is no constant @", ref == nullptr ? "" : ref->name));
  }
  if (!entry->HasBytes()) {
    return NodeError(node, absl::StrCat("the bytes of constant @", ref->name, " are missing"));
  }
  return entry->ToLiteral();
}

absl::StatusOr<Literal> EvaluateCheck(const Node& node, const Literal& pred) {
  for (bool ok : pred.values<bool>()) {
    if (ok) continue;
    const int64_t code = node.attrs().Int("code");
    const auto status_code = code >= 1 && code <= 16 ? static_cast<absl::StatusCode>(code)
                                                     : absl::StatusCode::kFailedPrecondition;
    return absl::Status(
        status_code, absl::StrCat(node.Describe(), ": ", node.attrs().Get<std::string>("message")));
  }
  return Literal(DType::kToken, {});
}

absl::StatusOr<bool> EvaluateCondition(const Graph& graph, Operands operands, const Scope& scope) {
  CERMET_ASSIGN_OR_RETURN(const std::vector<Literal> results, RunGraph(graph, operands, scope));
  return results[0].GetInt(0) != 0;
}

std::vector<const Literal*> Pointers(const std::vector<Literal>& literals) {
  std::vector<const Literal*> pointers;
  for (const Literal& literal : literals) pointers.push_back(&literal);
  return pointers;
}

absl::StatusOr<std::vector<Literal>> EvaluateWhile(const Node& node, Operands operands,
                                                   const Scope& scope) {
  std::vector<Literal> carried;
  for (const Literal* operand : operands) carried.push_back(*operand);
  while (true) {
    CERMET_ASSIGN_OR_RETURN(const bool go_on,
                            EvaluateCondition(*node.body(0), Pointers(carried), scope));
    if (!go_on) return carried;
    CERMET_ASSIGN_OR_RETURN(carried, RunGraph(*node.body(1), Pointers(carried), scope));
  }
}

absl::StatusOr<std::vector<Literal>> EvaluateCall(const Node& node, Operands operands,
                                                  const Scope& scope) {
  const std::string& callee = node.attrs().Get<SymbolRef>("callee").name;
  const Graph* graph = scope.module == nullptr ? nullptr : scope.module->FindGraph(callee);
  if (graph == nullptr) return NodeError(node, absl::StrCat("there is no graph @", callee));
  // The callee has its own symbols: the same graph may be called for several sizes.
  return RunGraph(*graph, operands, Scope{scope.module, {}, scope.depth});
}

std::vector<Literal> One(Literal literal) {
  std::vector<Literal> results;
  results.push_back(std::move(literal));
  return results;
}

absl::StatusOr<std::vector<Literal>> One(absl::StatusOr<Literal> literal) {
  if (!literal.ok()) return std::move(literal).status();
  return One(*std::move(literal));
}

absl::StatusOr<Literal> EvaluateDimSize(const Node& node, const StaticType& type,
                                        const Scope& scope) {
  CERMET_ASSIGN_OR_RETURN(const Extents size, EvaluateDims(node, node.attrs().Dims("size"), scope));
  return Literal::SplatInt(type.dtype, {}, size[0]);
}

absl::StatusOr<std::vector<Literal>> EvaluateComposite(const Node& node, Operands operands,
                                                       const Scope& scope) {
  CERMET_ASSIGN_OR_RETURN(const std::unique_ptr<Graph> body, CompositeBody(node));
  return RunGraph(*body, operands, scope);
}

absl::StatusOr<std::vector<Literal>> EvaluateOp(const Node& node, Operands operands,
                                                const std::vector<StaticType>& types,
                                                const Scope& scope) {
  // clang-format off
  switch (node.op()) {
    case OpCode::kParameter: break;  // RunGraph sets them
    case OpCode::kConstant: return One(EvaluateConstant(node, scope));
    case OpCode::kIota: return One(EvaluateIota(node, types[0]));
    case OpCode::kDimSize: return One(EvaluateDimSize(node, types[0], scope));
#define CERMET_CASES_kElementwise
#define CERMET_CASES_kTranscendental
#include "ir/op_cases.def"
      return One(EvaluateElementwise(node, operands, types[0]));
    case OpCode::kBroadcastInDim: return One(EvaluateBroadcast(node, *operands[0], types[0]));
    case OpCode::kReshape: return One(EvaluateReshape(node, *operands[0], types[0]));
    case OpCode::kTranspose: return One(EvaluateTranspose(node, *operands[0], types[0]));
    case OpCode::kSlice: return One(EvaluateSlice(node, *operands[0], types[0], scope));
    case OpCode::kPad: return One(EvaluatePad(node, *operands[0], *operands[1], types[0], scope));
    case OpCode::kConcat: return One(EvaluateConcat(node, operands, types[0]));
    case OpCode::kReverse: return One(EvaluateReverse(node, *operands[0], types[0]));
    case OpCode::kGather:
      return One(EvaluateGather(node, *operands[0], *operands[1], types[0], scope));
    case OpCode::kDynamicSlice: return One(EvaluateDynamicSlice(node, operands, types[0]));
    case OpCode::kDynamicUpdateSlice: return One(EvaluateDynamicUpdateSlice(node, operands));
    case OpCode::kScatter:
      return One(EvaluateScatter(node, *operands[0], *operands[1], *operands[2], scope));
    case OpCode::kReduce: return EvaluateReduce(node, operands, types, scope);
    case OpCode::kReduceWindow: return EvaluateReduceWindow(node, operands, types, scope);
    case OpCode::kDotGeneral:
      return One(EvaluateDotGeneral(node, *operands[0], *operands[1], types[0]));
    case OpCode::kConvolution:
      return One(EvaluateConvolution(node, *operands[0], *operands[1], types[0]));
    case OpCode::kCall: return EvaluateCall(node, operands, scope);
    case OpCode::kFusion: return RunGraph(*node.body(), operands, scope);
    case OpCode::kIf:
      return RunGraph(*node.body(operands[0]->GetInt(0) != 0 ? 0 : 1), operands.subspan(1), scope);
    case OpCode::kWhile: return EvaluateWhile(node, operands, scope);
    case OpCode::kCheck: return One(EvaluateCheck(node, *operands[0]));
    case OpCode::kAfterAll: return One(Literal(DType::kToken, {}));
#define CERMET_CASES_kComposite
#include "ir/op_cases.def"
      return EvaluateComposite(node, operands, scope);
  }
  // clang-format on
  CERMET_UNREACHABLE();
}

absl::StatusOr<std::vector<Literal>> EvaluateNode(const Node& node, Operands operands,
                                                  const Scope& scope) {
  std::vector<StaticType> types;
  for (const Type& type : node.types()) {
    CERMET_ASSIGN_OR_RETURN(StaticType evaluated, EvaluateType(node, type, scope));
    types.push_back(std::move(evaluated));
  }
  return EvaluateOp(node, operands, types, scope);
}

// The results of the nodes run so far; a node's are freed after their last use.
class Values {
 public:
  explicit Values(const Graph& graph) {
    for (const auto& [value, count] : graph.CountUses()) uses_[value.node] += count;
  }
  void Set(const Node* node, std::vector<Literal> results) {
    if (uses_.count(node) > 0) results_[node] = std::move(results);
  }
  const Literal* Get(Value value) const {
    return &results_.at(value.node)[static_cast<size_t>(value.index)];
  }
  void Release(Value value) {
    if (--uses_.at(value.node) == 0) results_.erase(value.node);
  }

 private:
  std::map<const Node*, int64_t> uses_;
  std::map<const Node*, std::vector<Literal>> results_;
};

}  // namespace

absl::Status NodeError(const Node& node, const std::string& message) {
  return absl::InvalidArgumentError(absl::StrCat(node.Describe(), ": ", message));
}

absl::StatusOr<Extents> EvaluateDims(const Node& node, const std::vector<Dim>& dims,
                                     const Scope& scope) {
  Extents extents;
  for (const Dim& dim : dims) {
    const absl::StatusOr<int64_t> value = dim.Evaluate(scope.dims);
    if (!value.ok()) return NodeError(node, std::string(value.status().message()));
    extents.push_back(*value);
  }
  return extents;
}

absl::StatusOr<std::vector<Literal>> RunGraph(const Graph& graph, Operands inputs, Scope scope) {
  if (++scope.depth > kMaxDepth) {
    return absl::ResourceExhaustedError(
        absl::StrCat("graph @", graph.name(), ": calls and bodies nest deeper than ", kMaxDepth));
  }
  CERMET_RETURN_IF_ERROR(BindInputs(graph, inputs, &scope));
  if (scope.depth == 1 && !scope.dims.empty()) {
    CERMET_RETURN_IF_ERROR(
        CheckDims(graph, scope.module->facts(), DimSourcesOf(graph), scope.dims));
  }
  Values values(graph);
  size_t next_input = 0;
  for (const std::unique_ptr<Node>& node : graph.nodes()) {
    if (node->op() == OpCode::kParameter) {
      values.Set(node.get(), One(*inputs[next_input++]));
      continue;
    }
    std::vector<const Literal*> operands;
    for (Value operand : node->operands()) operands.push_back(values.Get(operand));
    CERMET_ASSIGN_OR_RETURN(std::vector<Literal> results, EvaluateNode(*node, operands, scope));
    values.Set(node.get(), std::move(results));
    for (Value operand : node->operands()) values.Release(operand);
  }
  std::vector<Literal> results;
  for (Value result : graph.results()) results.push_back(*values.Get(result));
  return results;
}

}  // namespace evaluator

absl::StatusOr<std::vector<Literal>> Evaluate(const Module& module, const Graph& graph,
                                              absl::Span<const Literal> inputs) {
  std::vector<const Literal*> operands;
  for (const Literal& input : inputs) operands.push_back(&input);
  return evaluator::RunGraph(graph, operands, evaluator::Scope{&module, {}, 0});
}

}  // namespace cermet
