// Walks each graph from its results to its parameters and lets every producer join the group of its
// consumers where MayJoin allows it.
//
// Consumers first, because then all uses of a node are settled when its turn comes: it joins if
// they are all in one group, is copied into each if it costs nothing, and else becomes the root of
// a new group. So a group has one root, and no cycle can arise.
//
//   %1 = dot_general(%x, %w)     =>   %3 = fusion(%x, %w, %b) {kind = contraction} { ... }
//   %2 = add(%1, %b)
//   %3 = maximum(%2, %0)
#include "passes/fuse/fuse.h"

#include <algorithm>
#include <memory>
#include <set>

#include "absl/strings/str_cat.h"
#include "ir/status.h"
#include "passes/fuse/group.h"

namespace cermet::fuse {
namespace {

class GraphFuser {
 public:
  GraphFuser(Graph* graph, const DimFacts& facts, const PassContext& context)
      : graph_(graph), facts_(facts), context_(context) {}

  bool Run() {
    for (size_t i = 0; i < graph_->nodes().size(); ++i)
      order_[graph_->nodes()[i].get()] = static_cast<int64_t>(i);
    FindUsers();
    for (auto it = graph_->nodes().rbegin(); it != graph_->nodes().rend(); ++it) Place(it->get());
    Build();
    return !groups_.empty();
  }

 private:
  // Stays at the top level as it is.
  static bool StaysOutside(const Node& node) {
    return node.op() == OpCode::kParameter || node.op() == OpCode::kConstant ||
           node.op() == OpCode::kAfterAll || Info(node.op()).op_class == OpClass::kControl;
  }

  void FindUsers() {
    for (const std::unique_ptr<Node>& node : graph_->nodes()) {
      for (Value operand : node->operands()) users_[operand.node].push_back(node.get());
    }
    for (Value result : graph_->results()) escapes_.insert(result.node);
  }

  void Report(const Node& producer, const Group& group, const Verdict& verdict) {
    if (context_.fusion_decisions == nullptr) return;
    context_.fusion_decisions->push_back(
        {producer.Describe(), group.root()->Describe(), verdict.fuse, verdict.reason});
  }

  void Place(Node* node) {
    const std::vector<Group*> groups = UserGroups(*node);
    if (StaysOutside(*node)) {
      if (IsFreeSource(*node)) Join(node, groups);  // and stays, for uses that no group covers
      return;
    }
    bool escapes = escapes_.count(node) != 0;
    for (const Node* user : users_[node]) escapes |= groups_of_[user].empty();
    if (IsFreeSource(*node)) {
      Join(node, groups);
      if (escapes) StartGroup(node);
      return;
    }
    bool joins = !groups.empty();
    for (Group* group : groups) {
      const Verdict verdict = Judge(node, *group, escapes, groups.size());
      Report(*node, *group, verdict);
      joins &= verdict.fuse;
    }
    if (!joins) {
      StartGroup(node);
      return;
    }
    Join(node, groups);
    context_.CountRule("fuse", RuleFor(*node));
  }

  // May `node`, which `consumers` groups use, join this one of them?
  Verdict Judge(Node* node, const Group& group, bool escapes, size_t consumers) const {
    if (escapes) return {false, "it is also a result or used by control flow"};
    if (consumers > 1 && !IsCheapView(*node)) {
      return {false, "it has consumers in several fusions"};
    }
    const absl::string_view rule = RuleFor(*node);
    if (!rule.empty() && !context_.Allows("fuse", rule, kExact)) {
      return {false, absl::StrCat("the rule fuse/", rule, " is disabled")};
    }
    return MayJoin(node, group, facts_);
  }

  std::vector<Group*> UserGroups(const Node& node) {
    std::vector<Group*> groups;
    for (const Node* user : users_[&node]) {
      for (Group* group : groups_of_[user]) {
        if (std::find(groups.begin(), groups.end(), group) == groups.end()) groups.push_back(group);
      }
    }
    return groups;
  }

  void Join(Node* node, const std::vector<Group*>& groups) {
    for (Group* group : groups) {
      group->Prepend(node);
      groups_of_[node].push_back(group);
    }
  }

  void StartGroup(Node* node) {
    groups_.push_back(std::make_unique<Group>(node, facts_));
    groups_of_[node].push_back(groups_.back().get());
  }

  // Replaces each group by a fusion node at the place of its root.
  void Build() {
    std::map<Value, Value> replacements;
    std::set<const Node*> absorbed;
    // Groups were made from the last root to the first, so earlier positions stay valid.
    for (const std::unique_ptr<Group>& group : groups_) {
      Node* fusion = BuildFusion(*group);
      for (int i = 0; i < group->root()->num_results(); ++i)
        replacements[group->root()->result(i)] = fusion->result(i);
      for (const Node* member : group->members()) {
        if (!StaysOutside(*member)) absorbed.insert(member);
      }
    }
    graph_->ReplaceAllUses(replacements);
    graph_->RemoveNodes([&](const Node& node) { return absorbed.count(&node) != 0; });
    const std::map<Value, int64_t> uses = graph_->CountUses();
    graph_->RemoveNodes([&](const Node& node) {
      return node.op() == OpCode::kConstant &&
             uses.find(Value{const_cast<Node*>(&node), 0}) == uses.end();
    });
    graph_->RenumberIds();
  }

  Node* BuildFusion(const Group& group) {
    auto body = std::make_unique<Graph>("body");
    std::map<Value, Value> inside;
    std::vector<Value> operands;
    for (Node* member : group.members()) {
      for (Value operand : member->operands()) {
        if (group.Contains(operand.node) || inside.count(operand) != 0) continue;
        inside[operand] =
            body->AddParameter(operand.type(), absl::StrCat("p", operands.size()))->result();
        operands.push_back(operand);
      }
    }
    for (Node* member : group.members()) {
      std::vector<Value> arguments;
      for (Value operand : member->operands()) arguments.push_back(inside[operand]);
      std::vector<std::unique_ptr<Graph>> bodies;
      for (const std::unique_ptr<Graph>& nested : member->bodies())
        bodies.push_back(nested->Clone(nested->name()));
      Node* copy = body->AddNode(member->op(), std::move(arguments), member->types(),
                                 member->attrs(), std::move(bodies), member->location());
      for (int i = 0; i < member->num_results(); ++i) inside[member->result(i)] = copy->result(i);
    }
    std::vector<Value> results;
    for (int i = 0; i < group.root()->num_results(); ++i)
      results.push_back(inside[group.root()->result(i)]);
    body->set_results(std::move(results));
    std::vector<std::unique_ptr<Graph>> bodies;
    bodies.push_back(std::move(body));
    AttrMap attrs;
    attrs.Set("kind", Word{KindOf(group)});
    return graph_->InsertNode(order_.at(group.root()), OpCode::kFusion, std::move(operands),
                              group.root()->types(), std::move(attrs), std::move(bodies),
                              LocationOf(group));
  }

  // The names of the members that compute something from the group's operands. A constant carries
  // the names of all nodes that share it, which say nothing of this group.
  static Location LocationOf(const Group& group) {
    Location location;
    std::set<const Node*> fixed;  // by constants alone
    for (const Node* member : group.members()) {
      const bool is_fixed =
          std::all_of(member->operands().begin(), member->operands().end(),
                      [&](const Value& operand) { return fixed.count(operand.node) != 0; });
      if (is_fixed && member != group.root()) {
        fixed.insert(member);
      } else {
        location = location.Merge(member->location());
      }
    }
    return location;
  }

  Graph* graph_;
  const DimFacts& facts_;
  const PassContext& context_;
  std::map<const Node*, int64_t> order_;  // of the nodes in the graph
  std::map<const Node*, std::vector<Node*>> users_;
  std::set<const Node*> escapes_;
  std::map<const Node*, std::vector<Group*>> groups_of_;
  std::vector<std::unique_ptr<Group>> groups_;
};

bool FuseGraph(Graph* graph, const DimFacts& facts, const PassContext& context) {
  bool changed = false;
  for (const std::unique_ptr<Node>& node : graph->nodes()) {
    if (node->op() != OpCode::kWhile && node->op() != OpCode::kIf) continue;
    for (const std::unique_ptr<Graph>& body : node->bodies()) {
      changed |= FuseGraph(body.get(), facts, context);
    }
  }
  changed |= GraphFuser(graph, facts, context).Run();
  return changed;
}

// Literals that stay outside fusions are data: they live in the constant store, like weights.
bool MoveLiteralsToStore(Graph* graph, ConstantStore* store) {
  bool moved = false;
  for (const std::unique_ptr<Node>& node : graph->nodes()) {
    if (node->op() == OpCode::kWhile || node->op() == OpCode::kIf) {
      for (const std::unique_ptr<Graph>& body : node->bodies())
        moved |= MoveLiteralsToStore(body.get(), store);
    }
    const Literal* literal =
        node->op() == OpCode::kConstant ? node->attrs().Find<Literal>("value") : nullptr;
    if (literal == nullptr) continue;
    const std::string name = store->Add("literal", *literal);
    node->mutable_attrs().Erase("value");
    node->mutable_attrs().Set("ref", SymbolRef{name});
    moved = true;
  }
  return moved;
}

}  // namespace

absl::StatusOr<bool> Fuse(Module& module, const PassContext& context) {
  bool changed = false;
  for (const std::unique_ptr<Graph>& graph : module.graphs()) {
    changed |= FuseGraph(graph.get(), module.facts(), context);
    changed |= MoveLiteralsToStore(graph.get(), &module.constants());
  }
  return changed;
}

std::vector<RuleInfo> FuseRules() {
  return {{"elementwise", "consumer(f(x)) => fusion(x) { consumer(f(x)) }", kExact},
          {"view", "consumer(view(x)) => fusion(x) { consumer(view(x)) }", kExact},
          {"epilogue", "f(contraction(x, y), z) => fusion(x, y, z) { f(contraction(x, y), z) }",
           kExact},
          {"row_reduction", "f(x, reduce(x)) => fusion(x) { f(x, reduce(x)) }", kExact}};
}

}  // namespace cermet::fuse
