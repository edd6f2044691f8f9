// The key is the module's text, with what the text leaves out and lowering uses.
#include "runtime/session/program_cache.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "ir/printer.h"
#include "ir/status.h"

namespace cermet {
namespace {

// Where in which file each node is: errors of the program say so, and texts leave it out.
void AppendPlaces(const Graph& graph, absl::string_view* file, std::string* places) {
  for (const std::unique_ptr<Node>& node : graph.nodes()) {
    const Location& location = node->location();
    if (location.file != *file) absl::StrAppend(places, "\n", location.file, "\n");
    *file = location.file;
    absl::StrAppend(places, location.line, " ");
    for (const std::unique_ptr<Graph>& body : node->bodies()) AppendPlaces(*body, file, places);
  }
}

std::string KeyOf(const Module& module, const CompileOptions& options) {
  absl::string_view file;
  std::string places;
  for (const std::unique_ptr<Graph>& graph : module.graphs()) AppendPlaces(*graph, &file, &places);
  const schedule::ScheduleOptions& schedule = options.schedule;
  return codegen::CacheKey(absl::StrCat(
      "program\n", Print(module), "\n", places, "\n", options.passes.target.ToString(), "\ntile ",
      schedule.tile_rows, " ", schedule.tile_columns, " vector ", schedule.vector_bytes));
}

}  // namespace

absl::StatusOr<CachedProgram> LowerThroughCache(const Module& module, const CompileOptions& options,
                                                codegen::CodeCache* cache) {
  const std::string key = KeyOf(module, options);
  if (std::optional<std::string> text = cache->Find(key)) {
    absl::StatusOr<program::Program> program = program::ParseProgram(*text, "cached program");
    if (program.ok()) return CachedProgram{*std::move(program), *std::move(text)};
  }
  CERMET_ASSIGN_OR_RETURN(program::Program program, Lower(module, options));
  std::string text = program::Print(program);
  cache->Store(key, text);
  return CachedProgram{std::move(program), std::move(text)};
}

}  // namespace cermet
