// Wrong uses of elementwise arithmetic, activations, reductions and normalisations.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/onnx/op_errors.h"

namespace cermet {
namespace {

TEST(ElementwiseErrors, Inputs) {
  ExpectErrors({
      {"Sum", {}, {"x", ""}, nullptr, "its input 1 is missing"},
      {"PRelu",
       {{"s", Zeros({1, 2, 3})}},
       {"x", "s"},
       nullptr,
       "shape [1,2,3] does not broadcast to [2,3]"},
      {"PRelu", {{"s", Zeros({2})}}, {"x", "s"}, nullptr, "shapes [2] and [2,3] do not broadcast"},
      {"Clip", {{"l", Zeros({2})}}, {"x", "l"}, nullptr, "cannot reshape f32[2] to f32"},
      {"Where",
       {},
       {"x", "x", "x"},
       nullptr,
       "operand 0 of type f32[2,3] must have one of the element types bool"},
      {"BitShift", {}, {"x", "x"}, With("direction", 1), "attribute direction is not a string"},
  });
}

// A fixed extent against a symbolic one: fixed dims can tell.
TEST(ElementwiseErrors, SymbolAgainstConstant) {
  ModelBuilder model;
  model.FloatInput("x", {"n"});
  model.Constant("three", Zeros({3}));
  model.Node("Add", {"x", "three"}, {"y"});
  model.Output("y");
  ExpectError(model.ImportError(), "Add",
              "shapes [?n] and [3] do not broadcast: extents ?n and 3 should be equal");
  ImportOptions options;
  options.dims["n"] = 4;
  ExpectError(model.ImportError(options), "Add", "extents 4 and 3 should be equal");
  options.dims["n"] = 3;
  EXPECT_EQ(model.ImportError(options), "no error");
}

TEST(UnaryErrors, TypesAndAttributes) {
  const std::map<std::string, Literal> integers = {{"i", Vector({1})}};
  for (const char* op : {"Celu", "Elu", "HardSigmoid", "IsInf", "LeakyRelu", "Mish", "Reciprocal",
                         "Selu", "Softplus", "Softsign", "ThresholdedRelu"}) {
    ExpectErrors({{op, integers, {"i"}, nullptr, "element type i64 is not supported"}});
  }
  ExpectErrors({
      {"Swish", integers, {"i"}, With("alpha", 2.0f), "element type i64 is not supported", 24},
      {"Elu", {}, {"x"}, With("alpha", 1), "attribute alpha is not a float"},
      {"Gelu", {}, {"x"}, With("approximate", "erf"), "approximate \"erf\"", 20},
      {"Cast", {}, {"x"}, nullptr, "undefined is not a supported element type"},
      {"Cast", {}, {"x"}, With("to", 99), "element type 99 is not a supported element type"},
      {"BitCast", {}, {"x"}, With("to", 8), "string is not a supported element type", 26},
      {"BitCast",
       {},
       {"x"},
       With("to", 11),
       "cannot reinterpret the bits of f32[2,3] as f64",
       26},  // to f64
  });
}

TEST(ReduceErrors, Axes) {
  const std::map<std::string, Literal> scalar = {{"a", Zeros({})}};
  ExpectErrors({
      {"ReduceMax", {{"a", Vector({1, 1})}}, {"x", "a"}, nullptr, "axis 1 is given twice"},
      {"ReduceMax", {}, {"x"}, With("axes", List{-3}), "axis -3 is outside rank 2", 13},
      {"ReduceMax", {}, {"x", "x"}, nullptr, "the elements of input 1 (axes) are not known"},
      {"ReduceSum",
       {{"a", Zeros({1})}},
       {"x", "a"},
       nullptr,
       "input 1 (axes) is not of an integer type"},
      {"ArgMax", {}, {"x"}, With("axis", 2), "axis 2 is outside rank 2"},
      {"Softmax", scalar, {"a"}, nullptr, "its input is a scalar"},
      {"LogSoftmax", scalar, {"a"}, nullptr, "its input is a scalar"},
      {"Hardmax", scalar, {"a"}, nullptr, "axis -1 is outside rank 0"},
      {"CumSum", {{"a", Vector({0, 1})}}, {"x", "a"}, nullptr, "axis is not a scalar"},
      {"CumSum", {{"a", Vector({2})}}, {"x", "a"}, nullptr, "axis 2 is outside rank 2"},
      {"CumSum", {}, {"x", "x"}, nullptr, "the elements of input 1 (axis) are not known"},
  });
}

// An axis that is an extent: not constant until the dim is given.
TEST(ReduceErrors, AxisThatIsASymbol) {
  ModelBuilder model;
  model.FloatInput("x", {"n", int64_t{3}});
  SetAttr(model.Node("Shape", {"x"}, {"n"}), "end", 1);
  model.Node("CumSum", {"x", "n"}, {"y"});
  model.Output("y");
  ExpectError(model.ImportError(), "CumSum",
              "input 1 (axis) must be constant and holds ?n; it may be with fixed dims: --dim n=N");
}

TEST(NormErrors, Shapes) {
  const Literal s3 = Zeros({3}), scalar = Zeros({});
  ExpectErrors({
      {"BatchNormalization",
       {{"s", s3}},
       {"x", "s", "s", "s", "s"},
       With("spatial", 0),
       "spatial = 0 is not supported",
       8},
      {"BatchNormalization",
       {{"a", scalar}, {"s", s3}},
       {"a", "s", "s", "s", "s"},
       nullptr,
       "its input is a scalar"},
      {"BatchNormalization",
       {{"s", Zeros({2})}},
       {"x", "s", "s", "s", "s"},
       nullptr,
       "f32[3] and f32[2]"},
      {"LayerNormalization",
       {{"s", Zeros({2, 3})}},
       {"x", "s"},
       nullptr,
       "shape [2,3] does not broadcast to [3]"},
      {"LayerNormalization", {{"s", s3}}, {"x", "s"}, With("axis", 2), "axis 2 is outside rank 2"},
      {"RMSNormalization",
       {{"s", Zeros({1, 2, 3})}},
       {"x", "s"},
       nullptr,
       "shape [1,2,3] does not broadcast to [2,3]",
       23},
      {"InstanceNormalization",
       {{"s", s3}},
       {"x", "s", "s"},
       nullptr,
       "its input of shape [2,3] has no spatial dims"},
      {"InstanceNormalization",
       {{"a", Zeros({1, 2, 4})}, {"s", s3}},
       {"a", "s", "s"},
       nullptr,
       "dim 0 of f32[3] to dim 1 of f32[1,2,4]"},
      {"GroupNormalization",
       {{"s", s3}},
       {"x", "s", "s"},
       With("num_groups", -1),
       "-1 groups of an input of shape [2,3]"},
      {"GroupNormalization",
       {{"a", s3}, {"s", s3}},
       {"a", "s", "s"},
       With("num_groups", 1),
       "1 groups of an input of shape [3]"},
      {"GroupNormalization",
       {{"s", Zeros({2})}},
       {"x", "s", "s"},
       With("num_groups", 2),
       "2 groups of an input of shape [2,3]"},
      {"LRN", {{"a", s3}}, {"a"}, With("size", 1), "size 1 for an input of shape [3]"},
      {"LRN", {}, {"x"}, With("size", -1), "size -1 for an input of shape [2,3]"},
      {"LpNormalization", {}, {"x"}, With("p", 3), "p = 3 is not supported"},
      {"MeanVarianceNormalization", {}, {"x"}, nullptr, "axis 2 is outside rank 2"},
  });
}

}  // namespace
}  // namespace cermet
