// Checks the invariants that the header lists, node by node in order, so that the first error is
// the earliest.
#include "ir/verifier.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ir/infer.h"
#include "ir/status.h"

namespace cermet {
namespace {

using Symbols = std::set<std::string>;

template <typename... Args>
absl::Status NodeError(const Node& node, const Args&... args) {
  return absl::InvalidArgumentError(absl::StrCat(node.Describe(), ": ", args...));
}

template <typename... Args>
absl::Status GraphError(const Graph& graph, const Args&... args) {
  return absl::InvalidArgumentError(absl::StrCat("graph @", graph.name(), ": ", args...));
}

std::string ListTypes(const std::vector<Type>& types) {
  const auto append = [](std::string* out, const Type& type) { *out += type.ToString(); };
  return types.size() == 1 ? types[0].ToString()
                           : absl::StrCat("(", absl::StrJoin(types, ", ", append), ")");
}

bool AllAgree(const std::vector<Type>& a, const std::vector<Type>& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), TypesAgree);
}

void CollectSymbols(const Shape& shape, Symbols* symbols) {
  std::vector<std::string> names;
  for (const Dim& extent : shape) extent.CollectSymbols(&names);
  symbols->insert(names.begin(), names.end());
}

// One graph and the bodies in it.
class GraphVerifier {
 public:
  GraphVerifier(const Graph& graph, const Module* module) : graph_(graph), module_(module) {}

  // `outer`: symbols of the graphs around this one.
  absl::Status Verify(Symbols outer) {
    symbols_ = std::move(outer);
    CERMET_RETURN_IF_ERROR(CheckParameters());
    for (const std::unique_ptr<Node>& node : graph_.nodes()) {
      CERMET_RETURN_IF_ERROR(CheckOperands(*node));
      CERMET_RETURN_IF_ERROR(CheckTypes(*node));
      CERMET_RETURN_IF_ERROR(CheckReferences(*node));
      CERMET_RETURN_IF_ERROR(CheckSymbols(*node));
      for (const std::unique_ptr<Graph>& body : node->bodies()) {
        CERMET_RETURN_IF_ERROR(GraphVerifier(*body, module_).Verify(symbols_));
      }
      defined_.insert(node.get());
    }
    CERMET_RETURN_IF_ERROR(CheckResults());
    return CheckDonations();
  }

 private:
  absl::Status CheckParameters() {  // invariant 2
    std::set<std::string> names;
    const int64_t count = static_cast<int64_t>(graph_.parameters().size());
    for (int64_t i = 0; i < static_cast<int64_t>(graph_.nodes().size()); ++i) {
      const Node& node = *graph_.nodes()[i];
      if ((node.op() == OpCode::kParameter) != (i < count)) {
        return NodeError(node, "parameters must come before all other nodes");
      }
      if (i >= count) continue;
      const int64_t* const index = node.attrs().Find<int64_t>("index");
      if (graph_.parameter(i) != &node || index == nullptr || *index != i) {
        return NodeError(node, "is not parameter ", i, " although it stands there");
      }
      const std::string* const name = node.attrs().Find<std::string>("name");
      if (name != nullptr && !name->empty() && !names.insert(*name).second) {
        return NodeError(node, "another parameter has the same name");
      }
      CollectSymbols(node.type().shape, &symbols_);
    }
    return absl::OkStatus();
  }

  absl::Status CheckOperands(const Node& node) const {  // invariant 3
    for (int64_t i = 0; i < node.num_operands(); ++i) {
      const Value operand = node.operand(i);
      if (operand.node != nullptr && defined_.count(operand.node) == 0) {
        return NodeError(node, "operand ", i, " is not a result of an earlier node of the graph");
      }
    }
    return absl::OkStatus();
  }

  absl::Status CheckTypes(const Node& node) const {  // invariants 4 to 7
    CERMET_ASSIGN_OR_RETURN(const std::vector<Type> inferred, InferTypes(node));
    if (AllAgree(node.types(), inferred)) return absl::OkStatus();
    return NodeError(node, "has the type ", ListTypes(node.types()), ", but ", ListTypes(inferred),
                     " is inferred");
  }

  absl::Status CheckReferences(const Node& node) const {  // invariant 1
    if (module_ == nullptr) return absl::OkStatus();
    if (const SymbolRef* ref = node.attrs().Find<SymbolRef>("ref"); ref != nullptr) {
      const ConstantEntry* const entry = module_->constants().Find(ref->name);
      if (entry == nullptr) return NodeError(node, "there is no constant @", ref->name);
      if (entry->type() != node.type()) {
        return NodeError(node, "has the type ", node.type().ToString(), ", but constant @",
                         ref->name, " is ", entry->type().ToString());
      }
    }
    if (node.op() != OpCode::kCall) return absl::OkStatus();
    const std::string& callee_name = node.attrs().Get<SymbolRef>("callee").name;
    const Graph* const callee = module_->FindGraph(callee_name);
    if (callee == nullptr) return NodeError(node, "there is no graph @", callee_name);
    std::vector<Type> operands;
    std::vector<Type> parameters;
    std::vector<Type> results;
    for (const Value operand : node.operands()) operands.push_back(operand.type());
    for (const Node* parameter : callee->parameters()) parameters.push_back(parameter->type());
    for (const Value result : callee->results()) results.push_back(result.type());
    if (!AllAgree(operands, parameters)) {
      return NodeError(node, "passes ", ListTypes(operands), " to @", callee_name, ", which takes ",
                       ListTypes(parameters));
    }
    if (AllAgree(node.types(), results)) return absl::OkStatus();
    return NodeError(node, "has the type ", ListTypes(node.types()), ", but @", callee_name,
                     " returns ", ListTypes(results));
  }

  absl::Status CheckSymbols(const Node& node) const {  // invariant 9
    if (module_ == nullptr) return absl::OkStatus();
    Symbols used;
    for (const Type& type : node.types()) CollectSymbols(type.shape, &used);
    for (const auto& [name, attr] : node.attrs().items()) {
      if (const auto* dims = std::get_if<std::vector<Dim>>(&attr); dims != nullptr)
        CollectSymbols(*dims, &used);
    }
    for (const std::string& symbol : used) {
      if (symbols_.count(symbol) == 0 && module_->facts().count(symbol) == 0) {
        return NodeError(node, "?", symbol, " occurs in no parameter's type and in no fact");
      }
    }
    return absl::OkStatus();
  }

  absl::Status CheckResults() const {  // invariant 8
    for (size_t i = 0; i < graph_.results().size(); ++i) {
      const Value result = graph_.results()[i];
      const bool sound = defined_.count(result.node) != 0 && result.index >= 0 &&
                         result.index < result.node->num_results();
      if (!sound) return GraphError(graph_, "result ", i, " is not a value of the graph");
    }
    const std::vector<std::string>& names = graph_.result_names();
    if (!names.empty() && names.size() != graph_.results().size()) {
      return GraphError(graph_, "has ", graph_.results().size(), " results and ", names.size(),
                        " result names");
    }
    std::set<std::string> seen;
    for (const std::string& name : names) {
      if (!name.empty() && !seen.insert(name).second)
        return GraphError(graph_, "two results are named \"", name, "\"");
    }
    return absl::OkStatus();
  }

  absl::Status CheckDonations() const {  // invariant 10
    std::vector<Type> results;
    for (const Value result : graph_.results()) results.push_back(result.type());
    for (const Node* parameter : graph_.parameters()) {
      const bool* const donated = parameter->attrs().Find<bool>("donated");
      if (donated == nullptr || !*donated) continue;
      const auto match = std::find(results.begin(), results.end(), parameter->type());
      if (match == results.end()) {
        return NodeError(*parameter, "is donated, but no result of its type ",
                         parameter->type().ToString(), " is left for it");
      }
      results.erase(match);
    }
    return absl::OkStatus();
  }

  const Graph& graph_;
  const Module* module_;
  Symbols symbols_;
  std::set<const Node*> defined_;
};

// The calls of a graph and of its bodies.
void CollectCallees(const Graph& graph, std::vector<const Node*>* calls) {
  for (const std::unique_ptr<Node>& node : graph.nodes()) {
    if (node->op() == OpCode::kCall) calls->push_back(node.get());
    for (const std::unique_ptr<Graph>& body : node->bodies()) CollectCallees(*body, calls);
  }
}

// No graph calls itself. `path` holds the graphs on the way here, `done` those known to be sound.
absl::Status CheckRecursion(const Module& module, const Graph& graph,
                            std::vector<const Graph*>* path, std::set<const Graph*>* done) {
  if (done->count(&graph) != 0) return absl::OkStatus();
  path->push_back(&graph);
  std::vector<const Node*> calls;
  CollectCallees(graph, &calls);
  for (const Node* call : calls) {
    const Graph* const callee = module.FindGraph(call->attrs().Get<SymbolRef>("callee").name);
    if (std::find(path->begin(), path->end(), callee) != path->end()) {
      return NodeError(*call, "graph @", callee->name(), " calls itself");
    }
    CERMET_RETURN_IF_ERROR(CheckRecursion(module, *callee, path, done));
  }
  path->pop_back();
  done->insert(&graph);
  return absl::OkStatus();
}

}  // namespace

absl::Status Verify(const Module& module) {
  std::set<std::string> names;
  for (const std::unique_ptr<Graph>& graph : module.graphs()) {
    if (!names.insert(graph->name()).second)
      return GraphError(*graph, "another graph has the same name");
    CERMET_RETURN_IF_ERROR(Verify(*graph, &module));
  }
  std::set<const Graph*> done;
  std::vector<const Graph*> path;
  for (const std::unique_ptr<Graph>& graph : module.graphs()) {
    CERMET_RETURN_IF_ERROR(CheckRecursion(module, *graph, &path, &done));
  }
  return absl::OkStatus();
}

absl::Status Verify(const Graph& graph, const Module* module) {
  return GraphVerifier(graph, module).Verify({});
}

}  // namespace cermet
