// Prints graph IR. What is printed has one spelling only, so that dumps can be compared as text.
#include "ir/printer.h"

#include <set>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "ir/builder.h"
#include "ir/lexer.h"
#include "ir/literal_text.h"
#include "ir/output_file.h"
#include "ir/status.h"

namespace cermet {
namespace {

constexpr size_t kLocationColumn = 72;  // where the users' names start, if there is room
constexpr size_t kMaxHeaderWidth = 100;

std::string ListInts(const std::vector<int64_t>& values) {
  return absl::StrCat("[", absl::StrJoin(values, ", "), "]");
}

std::string ListDims(const std::vector<Dim>& dims) {
  return absl::StrCat(
      "[",
      absl::StrJoin(dims, ", ", [](std::string* out, const Dim& dim) { *out += dim.ToString(); }),
      "]");
}

std::string AttrToString(const Attr& attr) {
  struct Visitor {
    std::string operator()(int64_t value) const { return absl::StrCat(value); }
    std::string operator()(const std::vector<int64_t>& values) const { return ListInts(values); }
    std::string operator()(const std::vector<Dim>& dims) const { return ListDims(dims); }
    std::string operator()(double value) const { return FormatDouble(value); }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(const std::string& value) const { return QuoteString(value); }
    std::string operator()(const Word& word) const { return word.text; }
    std::string operator()(DType dtype) const { return std::string(Name(dtype)); }
    std::string operator()(const DimPair& pair) const {
      return absl::StrCat(ListInts(pair.lhs), " x ", ListInts(pair.rhs));
    }
    std::string operator()(const Literal& literal) const {
      return absl::StrCat(FormatLiteral(literal), " : ", literal.type().ToString());
    }
    std::string operator()(const SymbolRef& symbol) const { return absl::StrCat("@", symbol.name); }
  };
  return std::visit(Visitor(), attr);
}

std::string TypesToString(const std::vector<Type>& types) {
  if (types.size() == 1) return types[0].ToString();
  return absl::StrCat(
      "(",
      absl::StrJoin(types, ", ",
                    [](std::string* out, const Type& type) { *out += type.ToString(); }),
      ")");
}

class GraphPrinter {
 public:
  // Names the values of `graph` by node order.
  explicit GraphPrinter(const Graph& graph) {
    std::set<std::string> taken;
    int64_t number = 0;
    for (const std::unique_ptr<Node>& node : graph.nodes()) {
      std::string name = absl::StrCat(number++);
      if (node->op() == OpCode::kParameter) {
        const std::string* const user_name = node->attrs().Find<std::string>("name");
        if (user_name != nullptr && IsValueName(*user_name) && taken.insert(*user_name).second)
          name = *user_name;
      }
      names_[node.get()] = std::move(name);
    }
  }
  // Names the operands of `node` by id.
  explicit GraphPrinter(const Node& node) {
    for (const Value operand : node.operands()) {
      if (operand) names_[operand.node] = absl::StrCat(operand.node->id());
    }
    names_[&node] = absl::StrCat(node.id());
  }

  // `(%x: f32[4], ...) {` to `}`, after a header that ends in the graph's name.
  void PrintGraph(const Graph& graph, std::string header, int indent, std::string* out) const {
    const std::string margin(indent, ' ');
    std::vector<std::string> parameters;
    for (const Node* parameter : graph.parameters())
      parameters.push_back(ParameterToString(*parameter));
    std::string line = absl::StrCat(margin, header, "(", absl::StrJoin(parameters, ", "), ") {");
    if (line.size() > kMaxHeaderWidth && parameters.size() > 1) {
      const std::string separator = absl::StrCat(",\n", margin, "    ");
      line = absl::StrCat(margin, header, "(\n", margin, "    ",
                          absl::StrJoin(parameters, separator), ") {");
    }
    absl::StrAppend(out, line, "\n");
    for (const std::unique_ptr<Node>& node : graph.nodes()) {
      if (node->op() != OpCode::kParameter) PrintNode(*node, indent + 2, /*with_bodies=*/true, out);
    }
    std::vector<std::string> results;
    for (size_t i = 0; i < graph.results().size(); ++i) {
      std::string result = ValueToString(graph.results()[i]);
      const bool named = i < graph.result_names().size() && !graph.result_names()[i].empty();
      if (named) absl::StrAppend(&result, " ", QuoteString(graph.result_names()[i]));
      results.push_back(std::move(result));
    }
    absl::StrAppend(out, margin, "  return", results.empty() ? "" : " ",
                    absl::StrJoin(results, ", "), "\n", margin, "}\n");
  }

  void PrintNode(const Node& node, int indent, bool with_bodies, std::string* out) const {
    std::string line = absl::StrCat(std::string(indent, ' '), NodeToString(node));
    const bool shorthand = node.bodies().size() == 1 && SimpleCombiner(*node.body()).has_value() &&
                           node.op() != OpCode::kFusion;
    if (shorthand) absl::StrAppend(&line, " with ", Name(*SimpleCombiner(*node.body())));
    if (!node.location().names.empty()) {
      line.resize(std::max(line.size() + 2, kLocationColumn), ' ');
      line += node.location().NamesToString();
    }
    *out += line;
    const bool has_block = !node.bodies().empty() && !shorthand;
    if (has_block && with_bodies) {
      *out += " {\n";
      for (const std::unique_ptr<Graph>& body : node.bodies()) {
        GraphPrinter(*body).PrintGraph(*body, absl::StrCat("@", body->name()), indent + 2, out);
      }
      absl::StrAppend(out, std::string(indent, ' '), "}");
    } else if (has_block) {
      *out += " {...}";
    }
    *out += "\n";
  }

 private:
  std::string ValueToString(Value value) const {
    const auto it = names_.find(value.node);
    std::string text = absl::StrCat("%", it == names_.end() ? "<invalid>" : it->second);
    if (it != names_.end() && value.node->num_results() != 1)
      absl::StrAppend(&text, "#", value.index);
    return text;
  }

  std::string ParameterToString(const Node& parameter) const {
    const std::string& name = names_.at(&parameter);
    std::string text = absl::StrCat("%", name, ": ", parameter.type().ToString());
    const std::string* const user_name = parameter.attrs().Find<std::string>("name");
    const bool numbered = absl::ascii_isdigit(static_cast<unsigned char>(name[0]));
    if (numbered && user_name != nullptr && !user_name->empty()) {
      absl::StrAppend(&text, " ", QuoteString(*user_name));
    }
    const bool* const donated = parameter.attrs().Find<bool>("donated");
    if (donated != nullptr && *donated) text += " donated";
    return text;
  }

  // `%3:2 = while(%1, %2) {attrs} : (i32, f32)`
  std::string NodeToString(const Node& node) const {
    std::string text;
    if (node.num_results() > 0) absl::StrAppend(&text, "%", names_.at(&node));
    if (node.num_results() > 1) absl::StrAppend(&text, ":", node.num_results());
    absl::StrAppend(&text, text.empty() ? "" : " = ", Name(node.op()));
    // The attribute that names what a node is about stands before the operands.
    absl::string_view lead;
    if (node.op() == OpCode::kConstant) lead = node.attrs().Has("ref") ? "ref" : "value";
    if (node.op() == OpCode::kCall) lead = "callee";
    if (const Literal* value = node.attrs().Find<Literal>(lead); value != nullptr) {
      absl::StrAppend(&text, " ", FormatLiteral(*value));
    } else if (const SymbolRef* symbol = node.attrs().Find<SymbolRef>(lead); symbol != nullptr) {
      absl::StrAppend(&text, " @", symbol->name);
    }
    if (node.op() != OpCode::kConstant) {
      const auto append = [this](std::string* out, Value value) { *out += ValueToString(value); };
      absl::StrAppend(&text, "(", absl::StrJoin(node.operands(), ", ", append), ")");
    }
    return absl::StrCat(text, AttributesToString(node, lead), " : ", TypesToString(node.types()));
  }

  // In the order of the op's row.
  std::string AttributesToString(const Node& node, absl::string_view lead) const {
    std::vector<std::string> items;
    for (const AttrSpec& spec : Info(node.op()).attrs) {
      const auto it = node.attrs().items().find(std::string(spec.name));
      if (it == node.attrs().items().end() || spec.name == lead) continue;
      items.push_back(absl::StrCat(spec.name, " = ", AttrToString(it->second)));
    }
    return items.empty() ? "" : absl::StrCat(" {", absl::StrJoin(items, ", "), "}");
  }

  std::map<const Node*, std::string> names_;
};

std::string FactToString(const std::string& name, const DimFact& fact) {
  std::string text = absl::StrCat("dim ?", name);
  if (fact.lower != 0 || fact.upper.has_value()) {
    absl::StrAppend(&text, " in ", fact.lower, "..");
    if (fact.upper.has_value()) absl::StrAppend(&text, *fact.upper);
  }
  if (fact.divisor != 1) absl::StrAppend(&text, " multiple of ", fact.divisor);
  return text + "\n";
}

}  // namespace

std::string Print(const Module& module) {
  std::string out;
  for (const auto& [name, fact] : module.facts()) out += FactToString(name, fact);
  for (const auto& [name, entry] : module.constants().entries()) {
    absl::StrAppendFormat(&out, "constant @%s : %s hash 0x%016x\n", name, entry.type().ToString(),
                          entry.content_hash);
  }
  for (const std::unique_ptr<Graph>& graph : module.graphs()) {
    if (!out.empty()) out += "\n";
    out += Print(*graph);
  }
  return out;
}

std::string Print(const Graph& graph) {
  std::string out;
  GraphPrinter(graph).PrintGraph(graph, absl::StrCat("graph @", graph.name()), 0, &out);
  return out;
}

std::string Print(const Node& node) {
  std::string out;
  GraphPrinter(node).PrintNode(node, 0, /*with_bodies=*/false, &out);
  out.pop_back();
  return out;
}

absl::Status WriteModule(const Module& module, const std::string& path) {
  CERMET_ASSIGN_OR_RETURN(OutputFile text, OutputFile::Write(path, {Print(module)}));
  // The side file takes its place first: a failure there leaves the old text with the old one.
  if (!module.constants().entries().empty() && !IsDeviceOrPipe(path)) {
    CERMET_RETURN_IF_ERROR(module.constants().WriteTo(path + ".bin"));
  }
  return text.Commit();
}

}  // namespace cermet
