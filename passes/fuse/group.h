// A set of nodes that will be one fusion, and the rules for letting a producer in.
#ifndef CERMET_PASSES_FUSE_GROUP_H_
#define CERMET_PASSES_FUSE_GROUP_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "ir/graph.h"

namespace cermet::fuse {

// Nodes in the order of the graph, and where each stands: shared by all groups of a graph.
using NodeOrder = std::map<const Node*, int64_t>;

struct Group {
  Node* root = nullptr;
  std::vector<Node*> members;  // in graph order; the root is last
  bool Contains(const Node* node) const;
  void Add(Node* node, const NodeOrder& order);
};

// The answer of a rule: may the producer join, and why (not).
struct Verdict {
  bool fuse = false;
  std::string reason;
};

// The rule of FuseRules() by which `producer` may join its consumer: elementwise, view, epilogue or
// row_reduction. Empty if it never may.
absl::string_view RuleFor(const Node& producer);
// May `producer`, all of whose uses are in `group` (or which is cheap enough to be computed again),
// join it?
Verdict MayJoin(Node* producer, const Group& group, const DimFacts& facts);
// The word that names the kind of fusion: loop, row, contraction, window or update.
std::string KindOf(const Group& group);

// Costs nothing to compute again wherever it is read: scalars spread over a shape, counters, sizes
// of dims.
bool IsFreeSource(const Node& node);
// Only moves an index, so reading through it twice costs nothing.
bool IsCheapView(const Node& node);

}  // namespace cermet::fuse

#endif  // CERMET_PASSES_FUSE_GROUP_H_
