// Sources, control flow, effects and composites.
#include "absl/strings/str_cat.h"
#include "tests/sweep/sweep_case.h"

namespace cermet::testing {
namespace {

using Ints = std::vector<int64_t>;
using Values = std::vector<Value>;

void Add(std::vector<SweepCase>* cases, OpCode op, const std::string& name,
         std::vector<Literal> inputs, std::function<Values(Builder&, const Values&)> build,
         bool symbolic = false) {
  cases->push_back({op, absl::StrCat(std::string(Name(op)), "/", name), std::move(inputs),
                    std::move(build), symbolic});
}

void AddSources(std::vector<SweepCase>* cases, bool full) {
  for (DType dtype : DTypesOf(kNumberSet)) {
    if (!full && static_cast<int>(dtype) % 3 != 0 && dtype != DType::kF32) continue;
    const std::string name(Name(dtype));
    Add(cases, OpCode::kIota, name, {}, [=](Builder& b, const Values&) {
      return Values{b.Iota(Type(dtype, {3, 37}), 1), b.Iota(Type(dtype, {5, 2}), 0),
                    b.Iota(Type(dtype, {0}), 0)};
    });
    Add(cases, OpCode::kConstant, name, {}, [=](Builder& b, const Values&) {
      return Values{b.Constant(AnyValues(dtype, {3, 7}, 7)), b.Constant(AnyValues(dtype, {}, 8))};
    });
  }
  Add(
      cases, OpCode::kDimSize, "i64", {SmallValues(DType::kF32, {6, 2}, 1)},
      [](Builder& b, const Values& p) {
        const Dim n = p[0].type().shape[0];
        return Values{b.DimSize(n), b.DimSize(Dim::FloorDiv(n * n + Dim(1), 2))};
      },
      true);
}

std::unique_ptr<Graph> Body(const char* name, const std::vector<Type>& types,
                            const std::function<Values(Builder&, const Values&)>& build) {
  auto graph = std::make_unique<Graph>(name);
  Values parameters;
  for (const Type& type : types)
    parameters.push_back(graph->AddParameter(type, absl::StrCat("p", parameters.size()))->result());
  Builder b(graph.get());
  graph->set_results(build(b, parameters));
  return graph;
}

Values MakeIf(Builder& b, const Values& p) {
  std::vector<std::unique_ptr<Graph>> bodies;
  const std::vector<Type> types = {p[1].type()};
  bodies.push_back(
      Body("then", types, [](Builder& c, const Values& q) { return Values{c.Add(q[0], q[0])}; }));
  bodies.push_back(
      Body("else", types, [](Builder& c, const Values& q) { return Values{c.Mul(q[0], q[0])}; }));
  Node* node = b.MakeNode(OpCode::kIf, {p[0], p[1]}, {}, std::move(bodies));
  return node == nullptr ? Values() : Values{node->result()};
}

// Doubles x until the counter has reached 5.
Values MakeWhile(Builder& b, const Values& p) {
  std::vector<std::unique_ptr<Graph>> bodies;
  const std::vector<Type> types = {p[0].type(), p[1].type()};
  bodies.push_back(Body("cond", types, [](Builder& c, const Values& q) {
    return Values{c.Compare("lt", q[0], c.Constant(Literal::Scalar(int32_t{5})))};
  }));
  bodies.push_back(Body("body", types, [](Builder& c, const Values& q) {
    return Values{c.Add(q[0], c.Constant(Literal::Scalar(int32_t{1}))), c.Add(q[1], q[1])};
  }));
  Node* node = b.MakeNode(OpCode::kWhile, p, {}, std::move(bodies));
  return node == nullptr ? Values() : Values{node->result(0), node->result(1)};
}

void AddControl(std::vector<SweepCase>* cases) {
  const Literal x = SmallValues(DType::kF32, {3, 7}, 3);
  for (bool pred : {true, false}) {
    Add(cases, OpCode::kIf, pred ? "true" : "false", {Literal::Scalar(pred), x}, MakeIf);
  }
  Add(cases, OpCode::kWhile, "counted", {Literal::Scalar(int32_t{1}), x}, MakeWhile);
  Add(cases, OpCode::kWhile, "never", {Literal::Scalar(int32_t{9}), x}, MakeWhile);
  Add(cases, OpCode::kCheck, "passes", {Literal::FromValues<bool>({3}, {true, true, true}), x},
      [](Builder& b, const Values& p) {
        const Value token = b.Make(OpCode::kCheck, {p[0]},
                                   {{"code", int64_t{3}}, {"message", std::string("must hold")}});
        b.Make(OpCode::kAfterAll, {token});
        return Values{b.Unary(OpCode::kNeg, p[1])};
      });
}

// Composites of one operand without attributes need no case of their own.
bool IsActivation(const OpInfo& info) {
  return info.op_class == OpClass::kComposite && info.max_operands == 1 && info.attrs.empty();
}

void AddComposites(std::vector<SweepCase>* cases, bool full) {
  int row = 0;
  for (DType dtype : DTypesOf(kFloatSet)) {
    const std::string name(Name(dtype));
    const auto add = [&](OpCode op, const char* shape, std::vector<Ints> shapes, AttrMap attrs,
                         bool symbolic = false) {
      if (!full && ++row % 2 != 0 && dtype != DType::kF32) return;
      std::vector<Literal> inputs;
      for (const Ints& s : shapes)
        inputs.push_back(SmallValues(dtype, s, 30 + static_cast<uint32_t>(inputs.size())));
      if (op == OpCode::kBatchNorm) {  // a variance is positive
        for (int64_t i = 0; i < inputs[4].num_elements(); ++i)
          inputs[4].SetFloat(i, 0.5 + static_cast<double>(i));
      }
      Add(
          cases, op, absl::StrCat(name, "/", shape), std::move(inputs),
          [=](Builder& b, const Values& p) { return Values{b.Make(op, p, attrs)}; }, symbolic);
    };
    for (OpCode op : {OpCode::kSoftmax, OpCode::kLogSoftmax}) {
      add(op, "row", {{3, 70}}, {{"axis", int64_t{1}}});
      add(op, "column", {{5, 9}}, {{"axis", int64_t{0}}});
      add(op, "symbolic", {{4, 19}}, {{"axis", int64_t{1}}}, true);
    }
    const AttrMap norm = {{"axis", int64_t{1}}, {"epsilon", 1e-5}};
    add(OpCode::kLayerNorm, "plain", {{3, 70}}, norm);
    add(OpCode::kLayerNorm, "scale", {{3, 70}, {70}}, norm);
    add(OpCode::kLayerNorm, "scale_and_bias", {{3, 5, 6}, {5, 6}, {5, 6}}, norm);
    add(OpCode::kBatchNorm, "features", {{2, 5, 9}, {5}, {5}, {5}, {5}}, norm);
    for (const OpInfo& info : AllOps()) {
      if (IsActivation(info)) add(info.code, "odd", {{3, 23}}, {});
    }
    add(OpCode::kAttention, "plain", {{2, 5, 8}, {2, 7, 8}, {2, 7, 16}}, {{"scale", 0.35}});
    add(OpCode::kAttention, "bias", {{2, 3, 5, 8}, {2, 3, 7, 8}, {2, 3, 7, 8}, {5, 7}},
        {{"scale", 0.35}});
  }
}

}  // namespace

std::vector<SweepCase> OtherCases(bool full) {
  std::vector<SweepCase> cases;
  AddSources(&cases, full);
  AddControl(&cases);
  AddComposites(&cases, full);
  return cases;
}

}  // namespace cermet::testing
