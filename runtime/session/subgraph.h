// The part of a user's graph that one kind of run needs, as a module of its own.
#ifndef CERMET_RUNTIME_SESSION_SUBGRAPH_H_
#define CERMET_RUNTIME_SESSION_SUBGRAPH_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "frontend/api/graph.h"
#include "ir/graph.h"

namespace cermet {

struct Subgraph {
  std::unique_ptr<Module> module;
  // The parameters of its entry graph: first the feeds, in their order, then these variables
  // (values of the user's graph).
  std::vector<Value> variables;
  // Its results: first the fetched values, in their order, then one per update. An update's result
  // has the name of its variable.
};

// Copies what `fetches` and `updates` need. A fed value cuts the graph: nothing before it is
// copied. Errors: a placeholder that is needed and not fed, named.
absl::StatusOr<Subgraph> ExtractSubgraph(const api::Graph& graph, const std::vector<Value>& feeds,
                                         const std::vector<Value>& fetches,
                                         const std::vector<api::StateUpdate>& updates);

}  // namespace cermet

#endif  // CERMET_RUNTIME_SESSION_SUBGRAPH_H_
