// The part of a user's graph that one kind of run needs, as a module of its own.
#ifndef CERMET_RUNTIME_SESSION_SUBGRAPH_H_
#define CERMET_RUNTIME_SESSION_SUBGRAPH_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "frontend/api/graph.h"
#include "ir/graph.h"

namespace cermet {

// What a run is asked for, as values of the user's graph.
struct RunRequest {
  std::vector<Value> feeds;
  std::vector<std::string> feed_names;  // as errors name them
  std::vector<Value> fetches;
  std::vector<Value> values;  // computed for their effects
  std::vector<int> effects;   // of the graph
};

struct Subgraph {
  struct Variable {
    Value value;  // of the user's graph
    std::string name;
    bool is_read = false;  // by a fetch or by the new value of a variable
    bool is_updated = false;
  };
  std::unique_ptr<Module> module;
  // The parameters of its entry graph: first the feeds, in their order, then these variables.
  std::vector<Variable> variables;
  // Its results: first the fetched values, in their order, then one per update. An update's result
  // has the name of its variable.
};

// Copies what the fetches and effects need, with the effects that this has. A fed value cuts the
// graph: nothing before it is copied, and its control inputs have no effect. A variable that is fed
// is read from the feed, and updated all the same. Errors: a placeholder that is needed and not
// fed; two updates of a variable without an order.
absl::StatusOr<Subgraph> ExtractSubgraph(const api::Graph& graph, const RunRequest& request);

}  // namespace cermet

#endif  // CERMET_RUNTIME_SESSION_SUBGRAPH_H_
