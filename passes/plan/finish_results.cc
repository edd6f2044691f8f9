// The memory of a program's results: the caller's, or the state that they update.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "ir/status.h"
#include "passes/plan/program_builder.h"

namespace cermet::plan {

using program::Buffer;
using program::BufferKind;

// its type that is not taken.
std::vector<int64_t> DonatedParameters(const Graph& graph) {
  std::vector<int64_t> updated(graph.results().size(), kNone);
  std::vector<bool> taken(graph.parameters().size());
  const auto donated = [&](size_t p) {
    const bool* attr = graph.parameter(p)->attrs().Find<bool>("donated");
    return attr != nullptr && *attr && !taken[p];
  };
  for (const bool by_name : {true, false}) {
    for (size_t i = 0; i < updated.size(); ++i) {
      for (size_t p = 0; p < taken.size() && updated[i] == kNone; ++p) {
        const std::string& name = graph.parameter(p)->attrs().Get<std::string>("name");
        const bool same_name = i < graph.result_names().size() && graph.result_names()[i] == name;
        if (!donated(p) || graph.parameter(p)->type() != graph.results()[i].type() ||
            (by_name && !same_name))
          continue;
        updated[i] = static_cast<int64_t>(p);
        taken[p] = true;
      }
    }
  }
  return updated;
}

// Gives every result the caller's memory: the temporary that holds it becomes an output, or is
// copied to one.
absl::Status ProgramBuilder::FinishResults(const Graph& graph, Scope* scope) {
  const std::vector<int64_t> donated = DonatedParameters(graph);
  std::vector<std::pair<int32_t, int32_t>> copies;
  std::map<int32_t, int64_t> outputs;  // storage -> result
  for (size_t i = 0; i < graph.results().size(); ++i) {
    const Value result = graph.results()[i];
    CERMET_ASSIGN_OR_RETURN(const int32_t buffer, BufferOf(result, scope));
    const int32_t storage = program_.StorageOf(buffer);
    const std::string user_name = i < graph.result_names().size() ? graph.result_names()[i] : "";
    const bool is_donated = donated[i] != kNone;
    const int32_t input =
        is_donated ? scope->buffers[graph.parameter(donated[i])->result()] : kNone;
    if (!is_donated && program_.buffers[storage].kind == BufferKind::kTemp) {
      program_.buffers[storage].kind = BufferKind::kOutput;
      program_.buffers[storage].index = static_cast<int64_t>(i);
      program_.buffers[storage].user_name = user_name;
      program_.buffers[storage].type = result.type();
      continue;
    }
    Buffer output;
    output.name = absl::StrCat("result", i);
    output.type = result.type();
    output.kind = BufferKind::kOutput;
    output.index = static_cast<int64_t>(i);
    output.user_name = user_name;
    output.alias = input;
    const int32_t target = AddBuffer(std::move(output));
    if (input == kNone || storage != input) copies.push_back({buffer, target});
  }
  // Donated memory last: other copies may still read it.
  std::stable_sort(copies.begin(), copies.end(), [&](const auto& a, const auto& b) {
    return (program_.buffers[a.second].alias >= 0) < (program_.buffers[b.second].alias >= 0);
  });
  for (auto& [from, to] : copies) {
    const bool clobbered = program_.buffers[to].alias >= 0 &&
                           program_.buffers[program_.StorageOf(from)].kind == BufferKind::kInput;
    if (clobbered) {
      const int32_t moved = AddTemp(program_.buffers[from].type, "moved");
      EmitCopy(from, moved, {}, scope->commands);
      from = moved;
    }
  }
  for (const auto& [from, to] : copies) EmitCopy(from, to, {}, scope->commands);
  return absl::OkStatus();
}

}  // namespace cermet::plan
