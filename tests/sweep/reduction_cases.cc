// Reductions, windows, dot products and convolutions.
#include "absl/strings/str_cat.h"
#include "tests/sweep/sweep_case.h"

namespace cermet::testing {
namespace {

using Ints = std::vector<int64_t>;
using Values = std::vector<Value>;

class Collector {
 public:
  Collector(bool full, std::vector<SweepCase>* cases) : full_(full), cases_(cases) {}

  // One case for each element type of the op's row, or of a sample of them.
  void Add(OpCode op, const char* name, DTypeSet dtypes, const std::vector<Ints>& shapes,
           std::function<Values(Builder&, const Values&)> build, bool symbolic = false) {
    ++row_;
    int column = 0;
    for (DType dtype : DTypesOf(dtypes)) {
      if (!full_ && (row_ + column++) % 3 != 0 && dtype != DType::kF32) continue;
      SweepCase c{op,
                  absl::StrCat(std::string(Name(op)), "/", std::string(Name(dtype)), "/", name),
                  {},
                  build,
                  symbolic};
      for (const Ints& shape : shapes) c.inputs.push_back(SmallValues(dtype, shape, ++seed_));
      cases_->push_back(std::move(c));
    }
  }

 private:
  bool full_;
  std::vector<SweepCase>* cases_;
  int row_ = 0;
  uint32_t seed_ = 5000;
};

void AddReductions(Collector* collector) {
  struct Shape {
    const char* name;
    Ints shape, dims;
    bool symbolic;
  };
  const Shape shapes[] = {
      {"row", {3, 70}, {1}, false},     {"column", {9, 20}, {0}, false},
      {"all", {5, 7}, {0, 1}, false},   {"outer_and_inner", {3, 2, 70}, {0, 2}, false},
      {"nothing", {3, 0}, {1}, false},  {"empty", {0, 3}, {1}, false},
      {"one", {4, 1}, {1}, false},      {"middle", {2, 5, 3}, {1}, false},
      {"symbolic", {5, 65}, {1}, true}, {"symbolic_column", {5, 33}, {0}, true}};
  for (const Shape& shape : shapes) {
    for (OpCode op : {OpCode::kAdd, OpCode::kMul, OpCode::kMaximum, OpCode::kMinimum, OpCode::kOr,
                      OpCode::kAnd}) {
      const Ints dims = shape.dims;
      collector->Add(
          OpCode::kReduce, absl::StrCat(std::string(Name(op)), "_", shape.name).c_str(),
          Info(op).dtypes, {shape.shape},
          [op, dims](Builder& b, const Values& p) {
            return Values{b.Reduce(op, p[0], b.Identity(op, p[0].type().dtype), dims)};
          },
          shape.symbolic);
    }
  }
}

// The largest element and the index of its first occurrence.
Values ArgMax(Builder& b, const Values& p) {
  const Type type = p[0].type();
  auto body = std::make_unique<Graph>("argmax");
  const Type scalar(type.dtype, {}), i64(DType::kI64, {});
  const Value x = body->AddParameter(scalar, "x")->result();
  const Value i = body->AddParameter(i64, "i")->result();
  const Value y = body->AddParameter(scalar, "y")->result();
  const Value j = body->AddParameter(i64, "j")->result();
  Builder inner(body.get());
  const Value wins = inner.Make(
      OpCode::kOr,
      {inner.Compare("gt", y, x),
       inner.Make(OpCode::kAnd, {inner.Compare("eq", y, x), inner.Compare("lt", j, i)})});
  body->set_results({inner.Select(wins, y, x), inner.Select(wins, j, i)});
  std::vector<std::unique_ptr<Graph>> bodies;
  bodies.push_back(std::move(body));
  const Value iota = b.Iota(Type(DType::kI64, type.shape), 1);
  const Value last = b.Constant(Literal::Scalar(INT64_MAX));
  Node* node =
      b.MakeNode(OpCode::kReduce, {p[0], iota, b.Identity(OpCode::kMaximum, type.dtype), last},
                 {{"dims", Ints{1}}}, std::move(bodies));
  return node == nullptr ? Values() : Values{node->result(0), node->result(1)};
}

void AddWindows(Collector* collector) {
  struct Shape {
    const char* name;
    Ints shape, window, stride, low, high, dilation;
  };
  const Shape shapes[] = {
      {"pool", {1, 9, 8, 5}, {1, 3, 2, 1}, {1, 2, 2, 1}, {0, 1, 0, 0}, {0, 1, 0, 0}, {1, 1, 1, 1}},
      {"channels_first",
       {2, 3, 7, 7},
       {1, 1, 2, 2},
       {1, 1, 1, 2},
       {0, 0, 0, 1},
       {0, 0, 1, 0},
       {1, 1, 1, 1}},
      {"dilated", {12, 19}, {2, 3}, {1, 1}, {1, 0}, {0, 2}, {3, 2}}};
  for (const Shape& s : shapes) {
    for (OpCode op : {OpCode::kAdd, OpCode::kMaximum}) {
      collector->Add(OpCode::kReduceWindow,
                     absl::StrCat(std::string(Name(op)), "_", s.name).c_str(), kNumberSet,
                     {s.shape}, [=](Builder& b, const Values& p) {
                       const DType dtype = p[0].type().dtype;
                       std::vector<std::unique_ptr<Graph>> bodies;
                       bodies.push_back(BinaryBody(op, dtype));
                       Node* node = b.MakeNode(OpCode::kReduceWindow, {p[0], b.Identity(op, dtype)},
                                               {{"window", s.window},
                                                {"stride", s.stride},
                                                {"low", s.low},
                                                {"high", s.high},
                                                {"dilation", s.dilation}},
                                               std::move(bodies));
                       return node == nullptr ? Values() : Values{node->result()};
                     });
    }
  }
}

void AddDots(Collector* collector) {
  struct Shape {
    const char* name;
    Ints lhs, rhs;
    DimPair contract, batch;
    bool symbolic;
  };
  const Shape shapes[] = {
      {"plain", {7, 19}, {19, 35}, {{1}, {0}}, {}, false},
      {"transposed", {19, 7}, {35, 19}, {{0}, {1}}, {}, false},
      {"batched", {2, 3, 5, 8}, {2, 3, 8, 17}, {{3}, {2}}, {{0, 1}, {0, 1}}, false},
      {"vector", {70}, {70}, {{0}, {0}}, {}, false},
      {"row", {1, 70}, {70, 16}, {{1}, {0}}, {}, false},
      {"column", {9, 70}, {70, 1}, {{1}, {0}}, {}, false},
      {"two_dims", {3, 4, 6}, {6, 4, 5}, {{1, 2}, {1, 0}}, {}, false},
      {"no_depth", {2, 0}, {0, 3}, {{1}, {0}}, {}, false},
      {"symbolic", {13, 24}, {24, 32}, {{1}, {0}}, {}, true}};
  for (const Shape& s : shapes) {
    // With a symbolic first dim on both sides, the depth would be symbolic on the right only: it is
    // made of constants there.
    collector->Add(
        OpCode::kDotGeneral, s.name, kNumberSet, {s.lhs, s.rhs},
        [=](Builder& b, const Values& p) { return Values{b.Dot(p[0], p[1], s.contract, s.batch)}; },
        s.symbolic);
  }
}

void AddConvolutions(Collector* collector) {
  struct Shape {
    const char* name;
    const char* layout;
    Ints input, filter, stride, low, high, lhs_dilation, rhs_dilation;
    int64_t groups;
  };
  const Shape shapes[] = {
      {"plain",
       "bf01_oi01->bf01",
       {1, 3, 8, 7},
       {18, 3, 3, 3},
       {1, 1},
       {1, 1},
       {1, 1},
       {1, 1},
       {1, 1},
       1},
      {"strided",
       "bf01_oi01->bf01",
       {2, 4, 9, 9},
       {8, 4, 3, 3},
       {2, 2},
       {1, 0},
       {1, 1},
       {1, 1},
       {1, 1},
       1},
      {"pointwise",
       "b01f_01io->b01f",
       {1, 5, 5, 16},
       {1, 1, 16, 24},
       {1, 1},
       {0, 0},
       {0, 0},
       {1, 1},
       {1, 1},
       1},
      {"depthwise",
       "bf01_oi01->bf01",
       {1, 16, 8, 8},
       {16, 1, 3, 3},
       {1, 1},
       {1, 1},
       {1, 1},
       {1, 1},
       {1, 1},
       16},
      {"groups",
       "bf01_oi01->bf01",
       {1, 4, 6, 6},
       {6, 2, 3, 3},
       {1, 1},
       {0, 0},
       {0, 0},
       {1, 1},
       {1, 2},
       2},
      {"wide_groups",
       "b01f_01io->b01f",
       {2, 6, 5, 12},
       {3, 2, 4, 18},
       {1, 1},
       {1, 0},
       {1, 1},
       {1, 1},
       {1, 1},
       3},
      {"transposed",
       "bf01_oi01->bf01",
       {1, 3, 5, 5},
       {4, 3, 3, 3},
       {1, 1},
       {2, 2},
       {2, 1},
       {2, 2},
       {1, 1},
       1},
      {"one_dim", "bf0_oi0->bf0", {2, 3, 20}, {5, 3, 4}, {2}, {1}, {1}, {1}, {1}, 1},
      {"three_dims",
       "bf012_oi012->bf012",
       {1, 2, 4, 5, 6},
       {3, 2, 2, 3, 2},
       {1, 1, 2},
       {0, 1, 0},
       {1, 1, 0},
       {1, 1, 1},
       {1, 1, 1},
       1}};
  for (const Shape& s : shapes) {
    collector->Add(OpCode::kConvolution, s.name, kNumberSet, {s.input, s.filter},
                   [=](Builder& b, const Values& p) {
                     return Values{b.Make(OpCode::kConvolution, p,
                                          {{"layout", std::string(s.layout)},
                                           {"stride", s.stride},
                                           {"low", s.low},
                                           {"high", s.high},
                                           {"lhs_dilation", s.lhs_dilation},
                                           {"rhs_dilation", s.rhs_dilation},
                                           {"groups", s.groups}})};
                   });
  }
}

}  // namespace

std::vector<SweepCase> ReductionCases(bool full) {
  std::vector<SweepCase> cases;
  Collector collector(full, &cases);
  AddReductions(&collector);
  collector.Add(OpCode::kReduce, "argmax", kNumberSet, {{3, 70}}, ArgMax);
  AddWindows(&collector);
  AddDots(&collector);
  AddConvolutions(&collector);
  return cases;
}

}  // namespace cermet::testing
