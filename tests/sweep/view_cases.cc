// Views and updates: each over all element types, on shapes with odd, one, zero and symbolic
// extents.
#include "absl/strings/str_cat.h"
#include "tests/sweep/sweep_case.h"

namespace cermet::testing {
namespace {

using Ints = std::vector<int64_t>;
using Values = std::vector<Value>;

// A case before its element type is chosen. Shapes of further integer operands follow those of the
// data.
struct Pattern {
  OpCode op;
  const char* name;
  std::vector<Ints> shapes;
  std::vector<Literal> indices;
  std::function<Values(Builder&, const Values&)> build;
  bool symbolic = false;
};

Literal Indices(Ints shape, std::vector<int32_t> values) {
  return Literal::FromValues<int32_t>(std::move(shape), values);
}

Value MakeScatter(Builder& b, const Values& p, OpCode combiner, Ints window, Ints inserted,
                  Ints dims, int64_t vector_dim) {
  if (!b.ok()) return Value();
  std::vector<std::unique_ptr<Graph>> bodies;
  bodies.push_back(BinaryBody(combiner, p[0].type().dtype));
  if (combiner == OpCode::kMaximum) {  // stands for "replace": a body that returns the update
    auto body = std::make_unique<Graph>("second");
    body->AddParameter(Type(p[0].type().dtype, {}), "x");
    const Value y = body->AddParameter(Type(p[0].type().dtype, {}), "y")->result();
    body->set_results({y});
    bodies[0] = std::move(body);
  }
  // Operands of a scatter: x, indices, updates.
  Node* node = b.MakeNode(OpCode::kScatter, {p[0], p[2], p[1]},
                          {{"update_window_dims", window},
                           {"inserted_window_dims", inserted},
                           {"scatter_dims_to_operand_dims", dims},
                           {"index_vector_dim", vector_dim}},
                          std::move(bodies));
  return node == nullptr ? Value() : node->result();
}

AttrMap GatherAttrs(Ints offset_dims, Ints collapsed, Ints map, int64_t vector_dim,
                    std::vector<Dim> sizes) {
  return {{"offset_dims", offset_dims},
          {"collapsed_slice_dims", collapsed},
          {"start_index_map", map},
          {"index_vector_dim", vector_dim},
          {"slice_sizes", sizes}};
}

std::vector<Pattern> ViewPatterns() {
  return {
      {OpCode::kBroadcastInDim,
       "rows",
       {{5}},
       {},
       [](Builder& b, const Values& p) { return Values{b.Broadcast(p[0], {3, 5}, {1})}; }},
      {OpCode::kBroadcastInDim,
       "ones",
       {{3, 1}},
       {},
       [](Builder& b, const Values& p) { return Values{b.Broadcast(p[0], {2, 3, 17}, {1, 2})}; }},
      {OpCode::kBroadcastInDim,
       "scalar",
       {{}},
       {},
       [](Builder& b, const Values& p) { return Values{b.Broadcast(p[0], {19}, {})}; }},
      {OpCode::kReshape,
       "split",
       {{4, 6}},
       {},
       [](Builder& b, const Values& p) { return Values{b.Reshape(p[0], {2, 2, 3, 2})}; }},
      {OpCode::kReshape,
       "empty",
       {{0, 6}},
       {},
       [](Builder& b, const Values& p) { return Values{b.Reshape(p[0], {3, 0})}; }},
      {OpCode::kReshape,
       "symbolic",
       {{3, 4}},
       {},
       [](Builder& b, const Values& p) {
         return Values{b.Reshape(p[0], {p[0].type().shape[0] * Dim(4)})};
       },
       true},
      {OpCode::kTranspose,
       "three",
       {{2, 3, 5}},
       {},
       [](Builder& b, const Values& p) { return Values{b.Transpose(p[0], {2, 0, 1})}; }},
      {OpCode::kTranspose,
       "symbolic",
       {{9, 17}},
       {},
       [](Builder& b, const Values& p) { return Values{b.Transpose(p[0], {1, 0})}; },
       true},
      {OpCode::kSlice,
       "strided",
       {{7, 40}},
       {},
       [](Builder& b, const Values& p) { return Values{b.Slice(p[0], {1, 3}, {7, 40}, {2, 3})}; }},
      {OpCode::kSlice,
       "nothing",
       {{7}},
       {},
       [](Builder& b, const Values& p) { return Values{b.Slice(p[0], {4}, {4}, {1})}; }},
      {OpCode::kPad,
       "edges",
       {{3, 4}, {}},
       {},
       [](Builder& b, const Values& p) {
         return Values{b.Pad(p[0], p[1], {1, 2}, {0, 3}, {0, 0})};
       }},
      {OpCode::kPad,
       "interior",
       {{3, 4}, {}},
       {},
       [](Builder& b, const Values& p) {
         return Values{b.Pad(p[0], p[1], {-1, 2}, {1, -2}, {2, 1})};
       }},
      {OpCode::kConcat,
       "inner",
       {{2, 3}, {2, 5}, {2, 0}},
       {},
       [](Builder& b, const Values& p) { return Values{b.Concat(p, 1)}; }},
      {OpCode::kConcat,
       "outer",
       {{2, 3}, {4, 3}},
       {},
       [](Builder& b, const Values& p) { return Values{b.Concat(p, 0)}; }},
      {OpCode::kReverse,
       "both",
       {{3, 21}},
       {},
       [](Builder& b, const Values& p) {
         return Values{b.Make(OpCode::kReverse, p, {{"dims", Ints{0, 1}}})};
       }},
      {OpCode::kGather,
       "rows",
       {{5, 9}},
       {Indices({4}, {4, 0, -3, 9})},
       [](Builder& b, const Values& p) {
         return Values{b.Make(OpCode::kGather, p, GatherAttrs({1}, {0}, {0}, 1, {1, 9}))};
       }},
      {OpCode::kGather,
       "windows",
       {{4, 5, 6}},
       {Indices({3, 2}, {1, 0, 5, 3, -1, 2})},
       [](Builder& b, const Values& p) {
         return Values{b.Make(OpCode::kGather, p, GatherAttrs({0, 2}, {1}, {2, 0}, 1, {2, 1, 3}))};
       }},
      {OpCode::kDynamicSlice,
       "clamped",
       {{5, 18}},
       {Indices({}, {4}), Indices({}, {-2})},
       [](Builder& b, const Values& p) {
         return Values{b.MakeTyped(OpCode::kDynamicSlice, p, Type(p[0].type().dtype, {2, 17}))};
       }},
      {OpCode::kDynamicUpdateSlice,
       "clamped",
       {{5, 18}, {2, 17}},
       {Indices({}, {1}), Indices({}, {7})},
       [](Builder& b, const Values& p) { return Values{b.Make(OpCode::kDynamicUpdateSlice, p)}; }},
      {OpCode::kScatter,
       "rows",
       {{6, 5}, {4, 5}},
       {Indices({4, 1}, {2, 0, 2, 9})},
       [](Builder& b, const Values& p) {
         return Values{MakeScatter(b, p, OpCode::kAdd, {1}, {0}, {0}, 1)};
       }},
      {OpCode::kScatter,
       "replace",
       {{3, 8}, {3, 3, 2}},
       {Indices({3, 1}, {0, 3, 7})},
       [](Builder& b, const Values& p) {
         return Values{MakeScatter(b, p, OpCode::kMaximum, {1, 2}, {}, {1}, 1)};
       }},
  };
}

}  // namespace

std::vector<SweepCase> ViewCases(bool full) {
  std::vector<SweepCase> cases;
  uint32_t seed = 1000;
  const std::vector<Pattern> patterns = ViewPatterns();
  const std::vector<DType> dtypes = DTypesOf(kAnySet);
  for (size_t i = 0; i < patterns.size(); ++i) {
    for (size_t d = 0; d < dtypes.size(); ++d) {
      if (!full && (d + i) % 4 != 0) continue;
      const Pattern& pattern = patterns[i];
      SweepCase c{pattern.op, "", {}, pattern.build, pattern.symbolic};
      c.name = absl::StrCat(std::string(Name(pattern.op)), "/", std::string(Name(dtypes[d])), "/",
                            pattern.name);
      for (const Ints& shape : pattern.shapes)
        c.inputs.push_back(SmallValues(dtypes[d], shape, ++seed));
      for (const Literal& indices : pattern.indices) c.inputs.push_back(indices);
      cases.push_back(std::move(c));
    }
  }
  return cases;
}

}  // namespace cermet::testing
