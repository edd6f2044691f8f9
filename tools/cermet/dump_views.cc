// The memory plan as a table, and graphs for Graphviz and for a browser.
#include "tools/cermet/dump_views.h"

#include <algorithm>
#include <functional>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "ir/kernel/text.h"
#include "ir/printer.h"

namespace cermet::cli {
namespace {

bool HasName(const Location& location, const std::string& name) {
  return std::find(location.names.begin(), location.names.end(), name) != location.names.end();
}

// Commands numbered in the order in which they are printed; a loop's body belongs to the loop's
// command too.
struct Uses {
  int64_t first = -1, last = -1;
};

void CollectUses(const program::CommandList& commands, int64_t* number, std::vector<Uses>* uses) {
  for (const program::Command& command : commands) {
    const int64_t here = (*number)++;
    for (const int32_t buffer : command.buffers) {
      Uses& use = (*uses)[buffer];
      if (use.first < 0) use.first = here;
      use.last = here;
    }
    for (const program::CommandList& body : command.bodies) CollectUses(body, number, uses);
  }
}

absl::string_view KindName(program::BufferKind kind) {
  switch (kind) {
    case program::BufferKind::kInput:
      return "input";
    case program::BufferKind::kOutput:
      return "output";
    case program::BufferKind::kConstant:
      return "constant";
    case program::BufferKind::kTemp:
      return "temp";
  }
  return "";
}

std::string Table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const std::vector<std::string>& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const std::vector<std::string>& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] + 2 - row[i].size(), ' ');
    }
    absl::StrAppend(&text, line, "\n");
  }
  return text;
}

std::string Escape(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}});
}
std::string Quote(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}});
}

}  // namespace

std::string NodesNamed(const Module& module, const std::string& name) {
  std::string text;
  const std::function<void(const Graph&)> visit = [&](const Graph& graph) {
    for (const auto& node : graph.nodes()) {
      if (HasName(node->location(), name)) absl::StrAppend(&text, Print(*node), "\n");
      for (const auto& body : node->bodies()) visit(*body);
    }
  };
  for (const auto& graph : module.graphs()) visit(*graph);
  return text;
}

bool KernelBelongsTo(const kernel::Kernel& kernel, const std::string& name) {
  return HasName(kernel.location, name);
}

std::string PlanOf(const program::Program& program) {
  std::vector<Uses> uses(program.buffers.size());
  int64_t number = 0;
  CollectUses(program.commands, &number, &uses);
  std::vector<std::vector<std::string>> rows = {
      {"buffer", "kind", "type", "bytes", "offset", "commands", "of"}};
  for (size_t i = 0; i < program.buffers.size(); ++i) {
    const program::Buffer& buffer = program.buffers[i];
    const Dim bytes = buffer.type.NumElements() * Dim(ByteSize(buffer.type.dtype));
    std::string place = buffer.kind == program::BufferKind::kTemp ? buffer.offset.ToString() : "-";
    if (buffer.alias >= 0) absl::StrAppend(&place, " = %", program.buffers[buffer.alias].name);
    const std::string span =
        uses[i].first < 0 ? "-" : absl::StrCat(uses[i].first, "..", uses[i].last);
    const std::string of =
        buffer.kind == program::BufferKind::kConstant ? "@" + buffer.constant : buffer.user_name;
    rows.push_back({"%" + buffer.name, std::string(KindName(buffer.kind)), buffer.type.ToString(),
                    bytes.ToString(), place, span, of});
  }
  return absl::StrCat("workspace: ", program.temp_bytes.ToString(), " bytes, and ",
                      program.scratch_bytes.ToString(), " bytes of scratch for each worker\n\n",
                      Table(rows));
}

std::string DotOf(const Module& module) {
  const Graph& graph = *module.entry();
  std::string text = absl::StrCat("digraph \"", Quote(graph.name()),
                                  "\" {\n  node [shape=box, fontname=monospace];\n");
  const auto drawn = [](const Node& node) { return node.op() != OpCode::kConstant; };
  for (const auto& node : graph.nodes()) {
    if (!drawn(*node)) continue;
    std::string label = absl::StrCat(Name(node->op()), " %", node->id());
    const std::string names = absl::StrJoin(node->location().names, "\\n");
    if (!names.empty()) absl::StrAppend(&label, "\\n", names);
    for (const Type& type : node->types()) absl::StrAppend(&label, "\\n", type.ToString());
    absl::StrAppend(&text, "  n", node->id(), " [label=\"",
                    absl::StrReplaceAll(label, {{"\"", "\\\""}}), "\"];\n");
    for (const Value& operand : node->operands()) {
      if (drawn(*operand.node))
        absl::StrAppend(&text, "  n", operand.node->id(), " -> n", node->id(), ";\n");
    }
  }
  for (size_t i = 0; i < graph.results().size(); ++i) {
    const std::string name =
        graph.result_names()[i].empty() ? absl::StrCat("result ", i) : graph.result_names()[i];
    absl::StrAppend(&text, "  r", i, " [label=\"", Quote(name), "\", shape=oval];\n");
    if (drawn(*graph.results()[i].node))
      absl::StrAppend(&text, "  n", graph.results()[i].node->id(), " -> r", i, ";\n");
  }
  return text + "}\n";
}

std::string HtmlOf(const Module& module, const program::Program& program) {
  std::string text =
      absl::StrCat("<!DOCTYPE html>\n<meta charset=\"utf-8\">\n<title>", Escape(program.name),
                   "</title>\n<h1>", Escape(program.name), "</h1>\n<h2>Kernels</h2>\n<ul>\n");
  for (const kernel::Kernel& kernel : program.kernels) {
    absl::StrAppend(&text, "<li><a href=\"#", Escape(kernel.name), "\">", Escape(kernel.name),
                    "</a> ", Escape(absl::StrJoin(kernel.location.names, ", ")), "</li>\n");
  }
  absl::StrAppend(&text, "</ul>\n<h2>Memory</h2>\n<pre>", Escape(PlanOf(program)),
                  "</pre>\n<h2>Fused graph</h2>\n<pre>", Escape(Print(module)), "</pre>\n");
  for (const kernel::Kernel& kernel : program.kernels) {
    absl::StrAppend(&text, "<h2 id=\"", Escape(kernel.name), "\">", Escape(kernel.name),
                    "</h2>\n<pre>", Escape(kernel::Print(kernel)), "</pre>\n");
  }
  return text;
}

}  // namespace cermet::cli
