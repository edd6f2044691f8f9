// Evaluate everything once, then compare fusion by fusion, so that one wrong kernel does not spoil
// what follows it.
#include "runtime/session/verify_kernels.h"

#include <cmath>
#include <cstring>
#include <map>

#include "absl/strings/str_cat.h"
#include "ir/evaluator/evaluator.h"
#include "ir/status.h"
#include "passes/bind_dims.h"

namespace cermet {
namespace {

// The first element in which two literals of one type differ, or -1.
int64_t FirstDifference(const Literal& a, const Literal& b) {
  const int64_t bytes = ByteSize(a.dtype());
  for (int64_t i = 0; i < a.num_elements(); ++i) {
    if (std::memcmp(static_cast<const char*>(a.data()) + i * bytes,
                    static_cast<const char*>(b.data()) + i * bytes, bytes) == 0) {
      continue;
    }
    if (IsFloat(a.dtype()) && std::isnan(a.GetFloat(i)) && std::isnan(b.GetFloat(i))) continue;
    return i;
  }
  return -1;
}

std::string Element(const Literal& literal, int64_t i) {
  return IsFloat(literal.dtype()) ? absl::StrCat(literal.GetFloat(i))
                                  : absl::StrCat(literal.GetInt(i));
}

// All values of the entry graph, by the evaluator.
absl::StatusOr<std::map<Value, Literal>> EvaluateAll(const Module& module,
                                                     const std::vector<Literal>& inputs) {
  const std::unique_ptr<Module> copy = module.Clone();
  Graph* graph = copy->entry();
  std::vector<Value> wanted;
  std::vector<Value> originals;
  for (size_t n = 0; n < graph->nodes().size(); ++n) {
    for (int i = 0; i < graph->nodes()[n]->num_results(); ++i) {
      if (graph->nodes()[n]->type(i).dtype == DType::kToken) continue;
      wanted.push_back(graph->nodes()[n]->result(i));
      originals.push_back(module.entry()->nodes()[n]->result(i));
    }
  }
  graph->set_results(wanted);
  graph->set_result_names(std::vector<std::string>(wanted.size()));
  CERMET_ASSIGN_OR_RETURN(std::vector<Literal> values, Evaluate(*copy, *graph, inputs));
  std::map<Value, Literal> by_value;
  for (size_t i = 0; i < values.size(); ++i) by_value.emplace(originals[i], std::move(values[i]));
  return by_value;
}

absl::Status VerifyFusion(Node* fusion, const std::map<Value, Literal>& values,
                          const DimFacts& facts, const ModuleOptions& options) {
  auto module = std::make_unique<Module>();
  module->facts() = facts;
  Graph* main = module->AddGraph("main");
  std::vector<Value> operands;
  std::vector<Literal> inputs;
  for (Value operand : fusion->operands()) {
    operands.push_back(
        main->AddParameter(operand.type(), absl::StrCat("operand", inputs.size()))->result());
    inputs.push_back(values.at(operand));
  }
  std::vector<std::unique_ptr<Graph>> bodies;
  bodies.push_back(fusion->body()->Clone(fusion->body()->name()));
  Node* copy = main->AddNode(OpCode::kFusion, operands, fusion->types(), fusion->attrs(),
                             std::move(bodies), fusion->location());
  std::vector<Value> results;
  for (int i = 0; i < copy->num_results(); ++i) results.push_back(copy->result(i));
  main->set_results(results);
  main->set_result_names(std::vector<std::string>(results.size()));
  CERMET_ASSIGN_OR_RETURN(const std::unique_ptr<CompiledModule> compiled,
                          CompiledModule::CreateFused(std::move(module), options));
  CERMET_ASSIGN_OR_RETURN(const std::vector<Literal> actual, compiled->Run(&inputs));
  for (int i = 0; i < fusion->num_results(); ++i) {
    const Literal& expected = values.at(fusion->result(i));
    const int64_t at = FirstDifference(actual[i], expected);
    if (at < 0) continue;
    return absl::InternalError(absl::StrCat(
        fusion->Describe(), ": result ", i, " differs from the evaluator at element ", at, " of ",
        expected.type().ToString(), ": ", Element(actual[i], at), ", not ", Element(expected, at)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status VerifyKernels(const Module& fused, const std::vector<Literal>& inputs,
                           const ModuleOptions& options) {
  // A fusion alone may use dims that its operands do not show, so they become constants first.
  DimBindings dims;
  for (Node* parameter : fused.entry()->parameters()) {
    const Literal& input = inputs[parameter->attrs().Int("index")];
    for (int64_t d = 0; d < parameter->type().rank(); ++d) {
      std::string symbol;
      if (parameter->type().shape[d].IsSymbol(&symbol)) dims[symbol] = input.shape()[d];
    }
  }
  const std::unique_ptr<Module> module = fused.Clone();
  CERMET_RETURN_IF_ERROR(BindDims(module.get(), dims));
  CERMET_ASSIGN_OR_RETURN(const auto values, EvaluateAll(*module, inputs));
  for (const std::unique_ptr<Node>& node : module->entry()->nodes()) {
    if (node->op() != OpCode::kFusion || node->type().dtype == DType::kToken) continue;
    CERMET_RETURN_IF_ERROR(VerifyFusion(node.get(), values, module->facts(), options));
  }
  return absl::OkStatus();
}

}  // namespace cermet
