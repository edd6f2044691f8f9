// A set of nodes that will be one fusion, and the rules for letting a producer in.
#ifndef CERMET_PASSES_FUSE_GROUP_H_
#define CERMET_PASSES_FUSE_GROUP_H_

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "ir/graph.h"
#include "passes/lower/index_flow.h"
#include "passes/lower/index_space.h"

namespace cermet::fuse {

// What is written by one set of loops: the root of the group, or one of the pieces that a
// concatenation or pad at the root is written in.
struct PieceReads {
  PieceReads(Value root, const std::deque<Node*>& members, const DimFacts& facts);
  PieceReads(const PieceReads&) = delete;
  PieceReads& operator=(const PieceReads&) = delete;

  Value root;
  lower::IndexSpace space;
  lower::Index index;     // of one element of the root
  lower::IndexFlow flow;  // what computing that element reads
};

// Members join from the last in the order of the graph to the first, so everything in the group
// that reads a node is there before the node asks to join. What the rules ask about is kept up to
// date member by member: no question walks the whole group.
class Group {
 public:
  // `facts` must outlive the group.
  Group(Node* root, const DimFacts& facts);

  Node* root() const { return root_; }
  // In graph order; the root is last.
  const std::deque<Node*>& members() const { return members_; }
  bool Contains(const Node* node) const { return member_set_.count(node) != 0; }
  // Lets `node` join. It precedes all members in the graph.
  void Prepend(Node* node);

  // The root without the reshapes of the result.
  Value StrippedRoot() const;
  const std::vector<std::unique_ptr<PieceReads>>& pieces() const { return pieces_; }
  // One for the value of each pad that is a piece of the root: computed for every element of the
  // border.
  const std::vector<std::unique_ptr<PieceReads>>& borders() const { return borders_; }

  // The computations of one element, roughly: what the kernel costs to compile.
  int64_t weight() const { return weight_; }
  // Does a member with this op read `node`?
  bool ReadBy(const Node* node, OpCode op) const;
  // Does `node` feed a contraction or a window of the group (is it in its prologue)?
  bool FeedsAnchor(const Node* node) const { return prologue_.count(node) != 0; }
  // Contractions, windows and reductions but those of rows.
  const std::vector<Node*>& anchors() const { return anchors_; }
  // Reductions of the innermost dims: all of the same rows.
  const std::vector<Node*>& row_reductions() const { return row_reductions_; }

 private:
  void Record(Node* node);
  void FindPieces();

  Node* root_;
  const DimFacts& facts_;
  std::deque<Node*> members_;
  std::set<const Node*> member_set_;
  int64_t weight_ = 0;
  std::map<const Node*, std::set<OpCode>> readers_;
  std::set<const Node*> prologue_;
  std::vector<Node*> anchors_;
  std::vector<Node*> row_reductions_;
  std::vector<std::unique_ptr<PieceReads>> pieces_;
  std::vector<std::unique_ptr<PieceReads>> borders_;
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
// The weight of `node` in a group (Group::weight): the basic ops that it expands to.
int64_t WeightOf(const Node& node);
// Only moves an index, so reading through it twice costs nothing.
bool IsCheapView(const Node& node);

}  // namespace cermet::fuse

#endif  // CERMET_PASSES_FUSE_GROUP_H_
