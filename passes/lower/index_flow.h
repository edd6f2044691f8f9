// Which elements of each value a group of nodes reads to compute one element of its root.
#ifndef CERMET_PASSES_LOWER_INDEX_FLOW_H_
#define CERMET_PASSES_LOWER_INDEX_FLOW_H_

#include <map>
#include <set>
#include <vector>

#include "ir/graph.h"
#include "passes/lower/index_space.h"

namespace cermet::lower {

// Follows index maps backwards from a root at a symbolic index. Reductions and contractions read
// their operands at indices with fresh variables; loaded indices (gather, dynamic_slice) and values
// read in very many ways become `unknown`.
class IndexFlow {
 public:
  struct Reads {
    std::vector<Index> indices;  // distinct, in order of discovery
    bool unknown = false;
  };

  // Nothing is followed yet. `space` declares the variables of `root_index`.
  IndexFlow(Value root, const Index& root_index, IndexSpace* space);
  // Follows all of `members`, which are in topological order.
  IndexFlow(const std::vector<Node*>& members, Value root, const Index& root_index,
            IndexSpace* space);

  // Records what is read of the operands of `node`. Everything that reads `node` itself must have
  // been followed before.
  void Follow(Node* node);

  // What is read of `value` (a member's result, or an operand from outside); null if nothing is.
  const Reads* Find(Value value) const;
  // What is read of any result of `node`; no indices if nothing is.
  Reads ReadsOf(Node* node) const;
  // True if `value` is read at exactly this index and nowhere else.
  bool ReadOnlyAt(Value value, const Index& index) const;

 private:
  void Add(Value value, Index index);
  void AddUnknown(Value value);
  void FollowView(Node* node, const Index& index);
  void FollowReduction(Node* node, const Index& index);
  void FollowDot(Node* node, const Index& index);
  void FollowConvolution(Node* node, const Index& index);
  Dim Fresh(const Dim& extent);

  IndexSpace* space_;
  std::map<Value, Reads> reads_;
  int64_t next_fresh_ = 0;
};

}  // namespace cermet::lower

#endif  // CERMET_PASSES_LOWER_INDEX_FLOW_H_
