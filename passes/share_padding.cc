// Pads that feed convolutions and windows take over from what they pad, where that has other uses.
//
//   %1 = maximum(%0, %zero)                    %1 = maximum(%0, %zero)
//   %2 = pad(%1, 0) {low = [0, 1, 1, 0], ..}   %2 = pad(%1, 0) {low = [0, 1, 1, 0], ..}
//   %3 = convolution(%2, %w)              =>   %3 = convolution(%2, %w)
//   %4 = add(%1, %y)                           %5 = slice(%2) {start = [0, 1, 1, 0], ..}
//                                              %4 = add(%5, %y)
//
// After this %1 is used by its pad alone, so that the kernel which computes it writes it into the
// padded buffer (passes/lower/pieces.h), and nobody copies it. The other uses read the buffer
// through a slice, which costs nothing. Runs after the last simplification.
//
// Only pads whose value is a constant or a parameter are shared. A computed value may depend on
// the other uses, which then would wait for the padded buffer and it for them.
// docs/decisions/layout.md has the figures.
#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "ir/builder.h"
#include "passes/constants.h"
#include "passes/graph_passes.h"
#include "passes/lower/pieces.h"
#include "passes/walk.h"

namespace cermet {
namespace {

bool IsWindowed(const Node& node) {
  return node.op() == OpCode::kConvolution || node.op() == OpCode::kReduceWindow;
}

// Ops that read a slice as well as a whole tensor. A reshape of a slice, for one, would be a copy.
bool ReadsThroughSlices(const Node& node) {
  return IsElementwise(node.op()) || IsWindowed(node) || node.op() == OpCode::kSlice ||
         node.op() == OpCode::kPad || node.op() == OpCode::kConcat;
}

// A value with the pads that can take over from it, and its other users.
struct PaddedValue {
  Value value;
  std::vector<Node*> pads;
  std::vector<Node*> others;
};

class PaddingSharer {
 public:
  PaddingSharer(Graph* graph, const Module* module) : graph_(graph), module_(module) {}

  bool Run() {
    std::vector<Value> values;  // before any changes
    for (const auto& node : graph_->nodes()) {
      for (Value operand : node->operands()) users_[operand].insert(node.get());
      const bool is_computed =
          IsElementwise(node->op()) || node->op() == OpCode::kConcat || IsWindowed(*node);
      if (is_computed && node->num_results() == 1) values.push_back(node->result());
    }
    results_.insert(graph_->results().begin(), graph_->results().end());
    bool changed = false;
    for (Value value : values) {
      const PaddedValue padded = Describe(value);
      if (!Qualifies(padded)) continue;
      Share(padded);
      changed = true;
    }
    if (changed) graph_->SortTopologically();
    return changed;
  }

 private:
  struct ById {
    bool operator()(const Node* a, const Node* b) const { return a->id() < b->id(); }
  };

  bool SameValue(Value a, Value b) const {
    if (a == b) return true;
    const std::optional<Literal> x = SplatOf(a, *module_), y = SplatOf(b, *module_);
    return x && y && *x == *y;
  }

  std::vector<Node*> UsersOf(Value value) { return {users_[value].begin(), users_[value].end()}; }

  bool FeedsWindows(Node& pad) {
    const std::vector<Node*> users = UsersOf(pad.result());
    return results_.count(pad.result()) == 0 && !users.empty() &&
           std::all_of(users.begin(), users.end(), [](const Node* n) { return IsWindowed(*n); });
  }

  bool MayBeShared(Node& pad) {
    return pad.op() == OpCode::kPad && lower::IsWrittenInPieces(pad) && FeedsWindows(pad) &&
           pad.operand(1).node->num_operands() == 0;
  }

  PaddedValue Describe(Value value) {
    PaddedValue padded{value, {}, {}};
    for (Node* user : users_[value]) {
      const bool is_pad =
          MayBeShared(*user) &&
          (padded.pads.empty() || SameValue(user->operand(1), padded.pads[0]->operand(1)));
      (is_pad ? padded.pads : padded.others).push_back(user);
    }
    return padded;
  }

  bool Qualifies(const PaddedValue& padded) const {
    return !padded.pads.empty() && padded.pads.size() + padded.others.size() > 1 &&
           results_.count(padded.value) == 0 &&
           std::all_of(padded.others.begin(), padded.others.end(),
                       [](const Node* user) { return ReadsThroughSlices(*user); });
  }

  // One pad as wide as the widest on every side; the pads and the other users become or read slices
  // of it.
  void Share(const PaddedValue& padded) {
    std::vector<Dim> low = padded.pads[0]->attrs().Dims("low");
    std::vector<Dim> high = padded.pads[0]->attrs().Dims("high");
    Location location;
    for (const Node* pad : padded.pads) {
      for (size_t i = 0; i < low.size(); ++i) {
        low[i] = Dim::Max(low[i], pad->attrs().Dims("low")[i]);
        high[i] = Dim::Max(high[i], pad->attrs().Dims("high")[i]);
      }
      location = location.Merge(pad->location());
    }
    Builder b(graph_);
    b.set_location(location);
    const Value wide = b.Pad(padded.value, padded.pads[0]->operand(1), low, high,
                             padded.pads[0]->attrs().Ints("interior"));
    for (Node* pad : padded.pads) {
      const std::vector<Dim>& own = pad->attrs().Dims("low");
      Replace(pad->result(), SliceAt(&b, wide, low, own, pad->type()), UsersOf(pad->result()));
    }
    Replace(padded.value, SliceAt(&b, wide, low, std::vector<Dim>(low.size()), padded.value.type()),
            padded.others);
  }

  // What `own` of the `low` elements in front leaves of `wide`.
  static Value SliceAt(Builder* b, Value wide, const std::vector<Dim>& low,
                       const std::vector<Dim>& own, const Type& type) {
    if (wide.type() == type) return wide;
    std::vector<Dim> start, limit;
    for (size_t i = 0; i < low.size(); ++i) {
      start.push_back(low[i] - own[i]);
      limit.push_back(start[i] + type.shape[i]);
    }
    return b->Slice(wide, start, limit, std::vector<int64_t>(low.size(), 1));
  }

  static void Replace(Value from, Value to, const std::vector<Node*>& users) {
    for (Node* user : users) {
      for (int64_t i = 0; i < user->num_operands(); ++i) {
        if (user->operand(i) == from) user->set_operand(i, to);
      }
    }
  }

  Graph* graph_;
  const Module* module_;
  std::map<Value, std::set<Node*, ById>> users_;
  std::set<Value> results_;
};

}  // namespace

absl::StatusOr<bool> SharePadding(Module& module, const PassContext&) {
  bool changed = false;
  ForEachControlGraph(module, [&](Graph& graph) {
    if (!PaddingSharer(&graph, &module).Run()) return;
    RemoveDeadNodes(graph);
    changed = true;
  });
  return changed;
}

}  // namespace cermet
