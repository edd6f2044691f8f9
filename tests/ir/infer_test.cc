// Inference over the whole op table, and over symbolic extents. Errors have text tests:
// tests/golden/ir/errors.
#include "ir/infer.h"

#include <gtest/gtest.h>

#include "ir/builder.h"
#include "ir/parser.h"

namespace cermet {
namespace {

// The attributes that an elementwise op needs.
AttrMap ElementwiseAttrs(OpCode op) {
  return op == OpCode::kCompare ? AttrMap{{"direction", Word{"lt"}}} : AttrMap();
}

// An elementwise node over operands of `type`, in a graph of its own; bool for a select's
// condition.
absl::StatusOr<std::vector<Type>> InferElementwise(const OpInfo& info, const Type& type) {
  Graph graph("g");
  std::vector<Value> operands;
  for (int i = 0; i < info.min_operands; ++i) {
    const bool is_condition = info.code == OpCode::kSelect && i == 0;
    const Type operand(is_condition ? DType::kBool : type.dtype, type.shape);
    operands.push_back(graph.AddParameter(operand, "")->result());
  }
  return InferTypes(*graph.AddNode(info.code, operands, {type}, ElementwiseAttrs(info.code)));
}

TEST(InferTest, ElementwiseOpsTakeTheElementTypesOfTheirRowAtEveryRank) {
  const Shape shapes[] = {{}, {0}, {1}, {7}, {2, Dim::Symbol("n")}, {1, 2, 3, 4, 5}};
  for (const OpInfo& info : AllOps()) {
    if (!IsElementwise(info.code)) continue;
    for (int d = 0; d < kNumDTypes; ++d) {
      for (const Shape& shape : shapes) {
        const Type type(static_cast<DType>(d), shape);
        const absl::StatusOr<std::vector<Type>> inferred = InferElementwise(info, type);
        if (!Contains(info.dtypes, type.dtype)) {
          EXPECT_FALSE(inferred.ok()) << info.name << " " << type.ToString();
          continue;
        }
        ASSERT_TRUE(inferred.ok()) << inferred.status();
        const bool to_bool = info.code == OpCode::kCompare || info.code == OpCode::kIsFinite;
        EXPECT_EQ((*inferred)[0], Type(to_bool ? DType::kBool : type.dtype, shape)) << info.name;
      }
    }
  }
}

TEST(InferTest, ConversionsGoFromAnyTypeToAnyOther) {
  for (int from = 0; from < kNumDTypes - 1; ++from) {
    for (int to = 0; to < kNumDTypes - 1; ++to) {
      Graph graph("g");
      Builder builder(&graph);
      const Value x = graph.AddParameter(Type(static_cast<DType>(from), {2}), "x")->result();
      builder.Convert(x, static_cast<DType>(to));
      EXPECT_TRUE(builder.ok()) << builder.status();
      builder.Bitcast(x, static_cast<DType>(to));
      const bool same_size = ByteSize(static_cast<DType>(from)) == ByteSize(static_cast<DType>(to));
      const bool to_bool = static_cast<DType>(to) == DType::kBool && from != to;
      EXPECT_EQ(builder.ok(), same_size && !to_bool) << from << " " << to;
    }
  }
}

TEST(InferTest, UnifyPrefersConstantsAndRefutesWhatCannotBe) {
  const Dim n = Dim::Symbol("n");
  const Dim m = Dim::Symbol("m");
  EXPECT_EQ(UnifyDims(n, 8), Dim(8));
  EXPECT_EQ(UnifyDims(8, n), Dim(8));
  EXPECT_EQ(UnifyDims(n, m), n);
  EXPECT_EQ(UnifyDims(n * 2, n + n), n * 2);
  EXPECT_EQ(UnifyDims(3, 4), std::nullopt);
  EXPECT_EQ(UnifyDims(n, n + 1), std::nullopt);
  EXPECT_TRUE(TypesAgree(Type(DType::kF32, {n, 2}), Type(DType::kF32, {4, m})));
  EXPECT_FALSE(TypesAgree(Type(DType::kF32, {n}), Type(DType::kF64, {n})));
  EXPECT_FALSE(TypesAgree(Type(DType::kF32, {n}), Type(DType::kF32, {n, 1})));
}

std::vector<std::string> OpenConstraintTexts(const std::string& text) {
  const absl::StatusOr<std::unique_ptr<Module>> module = ParseModule(text, "m.cermet");
  EXPECT_TRUE(module.ok()) << module.status();
  if (!module.ok()) return {};
  const absl::StatusOr<std::vector<DimConstraint>> open =
      OpenConstraints(*(*module)->entry(), (*module)->facts());
  EXPECT_TRUE(open.ok()) << open.status();
  std::vector<std::string> texts;
  for (const DimConstraint& constraint : *open) texts.push_back(constraint.ToString());
  return texts;
}

TEST(InferTest, RelationsThatStayOpenAreCollected) {
  EXPECT_EQ(OpenConstraintTexts(R"(
graph @main(%x: f32[?n,4], %y: f32[?m,4], %i: i32) {
  %a = add(%x, %y) : f32[?n,4]
  %b = mul(%x, %y) : f32[?n,4]
  %c = slice(%x) {start = [0, 1], limit = [8, 4], stride = [1, 1]} : f32[8,3]
  %d = dynamic_slice(%y, %i, %i) : f32[?n,2]
  %e = reshape(%x) : f32[?k,2]
  return %a
}
dim ?k
)"),
            (std::vector<std::string>{"?n = ?m", "8 <= ?n", "?n <= ?m", "4*?n = 2*?k"}));
}

TEST(InferTest, FactsCloseRelations) {
  EXPECT_EQ(OpenConstraintTexts(R"(
dim ?n in 8..64
graph @main(%x: f32[?n]) {
  %1 = slice(%x) {start = [0], limit = [8], stride = [1]} : f32[8]
  %2 = slice(%x) {start = [2], limit = [?n-1], stride = [1]} : f32[?n-3]
  return %1, %2
}
)"),
            std::vector<std::string>());
}

TEST(InferTest, RelationsInsideBodiesCount) {
  EXPECT_EQ(OpenConstraintTexts(R"(
graph @main(%x: f32[?n], %y: f32[?m]) {
  %2 = fusion(%x, %y) {kind = loop} : f32[?n] {
    @fused(%a: f32[?n], %b: f32[?m]) {
      %2 = add(%a, %b) : f32[?n]
      return %2
    }
  }
  return %2
}
)"),
            std::vector<std::string>{"?n = ?m"});
}

TEST(InferTest, ConvLayouts) {
  const absl::StatusOr<ConvLayout> layout = ParseConvLayout("b01f_01io->bf01");
  ASSERT_TRUE(layout.ok()) << layout.status();
  EXPECT_EQ(layout->input_feature, 3);
  EXPECT_EQ(layout->input_spatial, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(layout->filter_input, 2);
  EXPECT_EQ(layout->filter_output, 3);
  EXPECT_EQ(layout->output_feature, 1);
  EXPECT_EQ(layout->ToString(), "b01f_01io->bf01");
  EXPECT_EQ(ParseConvLayout("bf_oi->bf")->ToString(), "bf_oi->bf");
  EXPECT_EQ(ParseConvLayout("b210f_0o12i->0fb12")->ToString(), "b210f_0o12i->0fb12");
  for (const char* text :
       {"", "bf01", "bf01_oi01", "bf01_oi01->bf0", "bff1_oi01->bf01", "bf00_oi01->bf01", "b_o->b",
        "->_", "bf01_oi01->xf01", "bf0123456789ab_oi0123456789ab->bf0123456789ab"}) {
    EXPECT_FALSE(ParseConvLayout(text).ok()) << text;
  }
}

TEST(InferTest, WindowsThatDoNotFitGiveNoPositions) {
  Graph graph("g");
  Builder builder(&graph);
  const Value x = graph.AddParameter(Type(DType::kF32, {2}), "x")->result();
  std::vector<std::unique_ptr<Graph>> bodies;
  bodies.push_back(BinaryBody(OpCode::kAdd, DType::kF32));
  const std::vector<int64_t> one = {1};
  const std::vector<int64_t> zero = {0};
  const Node* const node =
      builder.MakeNode(OpCode::kReduceWindow, {x, builder.Identity(OpCode::kAdd, DType::kF32)},
                       {{"window", std::vector<int64_t>{5}},
                        {"stride", one},
                        {"low", zero},
                        {"high", zero},
                        {"dilation", one}},
                       std::move(bodies));
  ASSERT_NE(node, nullptr) << builder.status();
  EXPECT_EQ(node->type().ToString(), "f32[0]");
}

}  // namespace
}  // namespace cermet
