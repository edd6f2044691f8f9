// Graphs as containers: rewiring, removal, order, copies.
#include "ir/graph.h"

#include <gtest/gtest.h>

#include "ir/builder.h"
#include "ir/infer.h"
#include "ir/printer.h"
#include "ir/structural_hash.h"
#include "ir/verifier.h"

namespace cermet {
namespace {

const Type kVector(DType::kF32, {4});

TEST(GraphTest, DescribesNodesAsErrorsNameThem) {
  Graph graph("g");
  Node* const x = graph.AddParameter(kVector, "x");
  EXPECT_EQ(x->Describe(), "parameter %0 \"x\"");
  Node* const y = graph.AddNode(OpCode::kNeg, {x->result()}, {kVector});
  EXPECT_EQ(y->Describe(), "neg %1");
  y->set_location({{"a", "b/c"}, "m.cermet", 12});
  EXPECT_EQ(y->Describe(), "neg %1 \"a\" \"b/c\" (m.cermet:12)");
  y->set_location({{}, "model.onnx", 0});
  EXPECT_EQ(y->Describe(), "neg %1 (model.onnx)");
}

TEST(GraphTest, LocationsMergeWithoutDuplicates) {
  const Location a{{"x", "y"}, "", 0};
  const Location b{{"y", "z"}, "f", 3};
  const Location merged = a.Merge(b);
  EXPECT_EQ(merged.names, (std::vector<std::string>{"x", "y", "z"}));
  EXPECT_EQ(merged.file, "f");
  EXPECT_EQ(merged.line, 3);
  EXPECT_EQ(b.Merge({{}, "other", 9}).file, "f");
}

TEST(GraphTest, ParametersStandFirstAndRenumber) {
  Graph graph("g");
  Node* const a = graph.AddParameter(kVector, "a");
  Node* const sum = graph.AddNode(OpCode::kNeg, {a->result()}, {kVector});
  Node* const b = graph.AddParameter(kVector, "b");
  EXPECT_EQ(graph.nodes()[1].get(), b);
  graph.ReplaceAllUses(a->result(), b->result());
  EXPECT_EQ(sum->operand(0), b->result());
  graph.RemoveParameter(0);
  ASSERT_EQ(graph.parameters().size(), 1u);
  EXPECT_EQ(b->attrs().Int("index"), 0);
  EXPECT_TRUE(Verify(graph).ok());
}

TEST(GraphTest, ReplacementsFollowChains) {
  Graph graph("g");
  const Value a = graph.AddParameter(kVector, "a")->result();
  const Value b = graph.AddNode(OpCode::kNeg, {a}, {kVector})->result();
  const Value c = graph.AddNode(OpCode::kAbs, {b}, {kVector})->result();
  const Value d = graph.AddNode(OpCode::kAdd, {c, b}, {kVector})->result();
  graph.set_results({d});
  graph.ReplaceAllUses({{c, b}, {b, a}});
  EXPECT_EQ(d.node->operand(0), a);
  EXPECT_EQ(d.node->operand(1), a);
  EXPECT_EQ(graph.CountUses(), (std::map<Value, int64_t>{{a, 4}, {d, 1}}));
  graph.RemoveNodes([&](const Node& node) { return &node == b.node || &node == c.node; });
  EXPECT_EQ(graph.nodes().size(), 2u);
  graph.RenumberIds();
  EXPECT_EQ(d.node->id(), 1);
}

TEST(GraphTest, SortsTopologicallyAndKeepsAnOrderThatIsFine) {
  Graph graph("g");
  const Value a = graph.AddParameter(kVector, "a")->result();
  Node* const late = graph.AddNode(OpCode::kNeg, {a}, {kVector});
  Node* const other = graph.AddNode(OpCode::kExp, {a}, {kVector});
  Node* const early = graph.InsertNode(1, OpCode::kAbs, {late->result()}, {kVector});
  graph.SortTopologically();
  EXPECT_EQ(graph.nodes()[1].get(), late);
  EXPECT_EQ(graph.nodes()[2].get(), early);
  EXPECT_EQ(graph.nodes()[3].get(), other);
  const std::string before = Print(graph);
  graph.SortTopologically();
  EXPECT_EQ(Print(graph), before);
}

TEST(GraphTest, ClonesAndInlinesWithBodies) {
  Module module;
  Graph* const graph = module.AddGraph("main");
  const Value x = graph->AddParameter(kVector, "x")->result();
  Builder builder(graph);
  builder.set_location({{"sum"}, "", 0});
  const Value sum =
      builder.Reduce(OpCode::kAdd, x, builder.Identity(OpCode::kAdd, DType::kF32), {0});
  graph->set_results({sum});
  graph->set_result_names({"total"});
  ASSERT_TRUE(builder.ok()) << builder.status();

  std::map<const Node*, Node*> mapping;
  const std::unique_ptr<Graph> clone = graph->Clone("copy", &mapping);
  EXPECT_TRUE(StructurallyEqual(*graph, *clone));
  EXPECT_EQ(mapping.at(sum.node)->id(), sum.node->id());
  EXPECT_NE(mapping.at(sum.node)->body(), sum.node->body());
  EXPECT_EQ(clone->result_names(), graph->result_names());

  Graph outer("outer");
  const Value y = outer.AddParameter(kVector, "y")->result();
  outer.set_results(InlineGraph(*graph, &outer, {y}, Location{{"call"}, "", 0}));
  EXPECT_TRUE(Verify(outer).ok()) << Verify(outer);
  EXPECT_EQ(outer.nodes().back()->location().names, (std::vector<std::string>{"call", "sum"}));

  const std::unique_ptr<Module> copy = module.Clone();
  EXPECT_EQ(Print(*copy), Print(module));
}

TEST(GraphTest, TheEntryIsMainOrTheFirst) {
  Module module;
  EXPECT_EQ(module.entry(), nullptr);
  Graph* const first = module.AddGraph("first");
  EXPECT_EQ(module.entry(), first);
  Graph* const main = module.AddGraph("main");
  EXPECT_EQ(module.entry(), main);
  module.RemoveGraph("main");
  EXPECT_EQ(module.FindGraph("main"), nullptr);
}

}  // namespace
}  // namespace cermet
