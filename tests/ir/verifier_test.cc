// Invariants that text cannot break; tests/golden/ir/errors/invariants.cermet has the others.
#include "ir/verifier.h"

#include <gtest/gtest.h>

#include "ir/builder.h"

namespace cermet {
namespace {

const Type kVector(DType::kF32, {4});

std::string ErrorOf(const Graph& graph) { return std::string(Verify(graph).message()); }

TEST(VerifierTest, GraphNamesAreUnique) {
  Module module;
  module.AddGraph("a")->set_results({});
  module.AddGraph("b")->set_results({});
  module.graphs()[1]->set_name("a");
  EXPECT_EQ(Verify(module).message(), "graph @a: another graph has the same name");
}

TEST(VerifierTest, ParametersStandFirst) {
  Graph graph("g");
  const Value x = graph.AddParameter(kVector, "x")->result();
  graph.InsertNode(0, OpCode::kConstant, {}, {Type(DType::kF32, {})}, {{"value", Literal()}});
  EXPECT_EQ(ErrorOf(graph), "constant %1: parameters must come before all other nodes");
  EXPECT_EQ(x.node->id(), 0);
}

TEST(VerifierTest, ParametersAreIndexedInOrder) {
  Graph graph("g");
  graph.AddParameter(kVector, "x");
  graph.AddParameter(kVector, "y")->mutable_attrs().Set("index", int64_t{0});
  EXPECT_EQ(ErrorOf(graph), "parameter %1 \"y\": is not parameter 1 although it stands there");
}

TEST(VerifierTest, OperandsArePresent) {
  Graph graph("g");
  const Value x = graph.AddParameter(kVector, "x")->result();
  graph.AddNode(OpCode::kAdd, {x, Value()}, {kVector});
  EXPECT_EQ(ErrorOf(graph), "add %1: operand 1 is missing");
}

TEST(VerifierTest, OperandsAreResultsThatExist) {
  Graph graph("g");
  Node* const x = graph.AddParameter(kVector, "x");
  graph.AddNode(OpCode::kNeg, {Value{x, 1}}, {kVector});
  EXPECT_EQ(ErrorOf(graph), "neg %1: operand 0 is result 1 of parameter %0 \"x\", which has 1");
}

TEST(VerifierTest, OperandsAreOfTheSameGraph) {
  Graph other("other");
  const Value x = other.AddParameter(kVector, "x")->result();
  Graph graph("g");
  graph.AddNode(OpCode::kNeg, {x}, {kVector});
  EXPECT_EQ(ErrorOf(graph), "neg %0: operand 0 is not a result of an earlier node of the graph");
}

TEST(VerifierTest, BodiesCaptureNothing) {
  Graph graph("g");
  const Value x = graph.AddParameter(kVector, "x")->result();
  std::vector<std::unique_ptr<Graph>> bodies;
  bodies.push_back(std::make_unique<Graph>("fused"));
  bodies[0]->AddParameter(kVector, "v");
  bodies[0]->set_results({bodies[0]->AddNode(OpCode::kNeg, {x}, {kVector})->result()});
  graph.AddNode(OpCode::kFusion, {x}, {kVector}, {{"kind", Word{"loop"}}}, std::move(bodies));
  EXPECT_EQ(ErrorOf(graph), "neg %1: operand 0 is not a result of an earlier node of the graph");
}

TEST(VerifierTest, CyclesAreErrors) {
  Graph graph("g");
  const Value x = graph.AddParameter(kVector, "x")->result();
  Node* const a = graph.AddNode(OpCode::kNeg, {x}, {kVector});
  Node* const b = graph.AddNode(OpCode::kNeg, {a->result()}, {kVector});
  a->set_operand(0, b->result());
  EXPECT_EQ(ErrorOf(graph), "neg %1: operand 0 is not a result of an earlier node of the graph");
}

TEST(VerifierTest, AttributesHaveTheirKind) {
  Graph graph("g");
  const Value x = graph.AddParameter(kVector, "x")->result();
  graph.AddNode(OpCode::kCompare, {x, x}, {Type(DType::kBool, {4})},
                {{"direction", std::string("lt")}});
  EXPECT_EQ(ErrorOf(graph), "compare %1: attribute `direction` must be of kind word");
}

TEST(VerifierTest, UnknownAttributesAreErrors) {
  Graph graph("g");
  const Value x = graph.AddParameter(kVector, "x")->result();
  graph.AddNode(OpCode::kNeg, {x}, {kVector}, {{"axis", int64_t{0}}});
  EXPECT_EQ(ErrorOf(graph), "neg %1: has no attribute `axis`");
}

TEST(VerifierTest, ConstantsHaveOneSource) {
  Graph graph("g");
  graph.AddNode(OpCode::kConstant, {}, {Type(DType::kF32, {})});
  EXPECT_EQ(ErrorOf(graph), "constant %0: needs either `value` or `ref`");
}

TEST(VerifierTest, BodiesExistAndReturnTheirOwnValues) {
  for (const bool missing : {true, false}) {
    Graph graph("g");
    const Value x = graph.AddParameter(kVector, "x")->result();
    std::vector<std::unique_ptr<Graph>> bodies;
    if (missing) {
      bodies.push_back(nullptr);
    } else {
      bodies.push_back(std::make_unique<Graph>("fused"));
      bodies[0]->AddParameter(kVector, "v");
      bodies[0]->set_results({x});
    }
    graph.AddNode(OpCode::kFusion, {x}, {kVector}, {{"kind", Word{"loop"}}}, std::move(bodies));
    EXPECT_EQ(ErrorOf(graph),
              missing ? "fusion %1: a body is missing"
                      : "fusion %1: a result of body @fused is not a value of that graph");
  }
}

TEST(VerifierTest, ResultsAreValuesOfTheGraph) {
  Graph graph("g");
  Node* const x = graph.AddParameter(kVector, "x");
  graph.set_results({x->result(), Value{x, 1}});
  EXPECT_EQ(ErrorOf(graph), "graph @g: result 1 is not a value of the graph");
  graph.set_results({Value()});
  EXPECT_EQ(ErrorOf(graph), "graph @g: result 0 is not a value of the graph");
}

TEST(VerifierTest, ThereAreAsManyResultNamesAsResults) {
  Graph graph("g");
  graph.set_results({graph.AddParameter(kVector, "x")->result()});
  graph.set_result_names({"a", "b"});
  EXPECT_EQ(ErrorOf(graph), "graph @g: has 1 results and 2 result names");
}

}  // namespace
}  // namespace cermet
