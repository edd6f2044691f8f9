// Numbers at the ends of their types, where an operator takes an extent, a count or an axis: an
// error or a model, never a crash, and never memory that the model does not justify.
#include <gtest/gtest.h>

#include <limits>

#include "tests/onnx/op_errors.h"

namespace cermet {
namespace {

constexpr int64_t kExtremes[] = {std::numeric_limits<int64_t>::min(),
                                 std::numeric_limits<int64_t>::min() + 1,
                                 -(int64_t{1} << 62),
                                 -(int64_t{1} << 32),
                                 int64_t{1} << 32,
                                 int64_t{1} << 62,
                                 std::numeric_limits<int64_t>::max()};

TEST(ExtremeNumbers, Attributes) {
  const std::map<std::string, Literal> constants = {
      {"image", Zeros({1, 4, 4, 4})}, {"filter", Zeros({4, 4, 3, 3})},
      {"four", Zeros({4})},           {"bytes", Zeros(DType::kI8, {2, 3})},
      {"scale", Zeros({2, 1})},       {"index", Ints({2, 1}, {0, 0})},
      {"depth", Ints({}, {3})},       {"pair", Zeros({2})},
      {"first", Zeros({1, 4, 4})},    {"twice", Floats({2}, {2, 2})},
  };
  struct Case {
    std::string op;
    std::vector<std::string> inputs;
    std::string attribute;
    bool list = false;
  };
  const Case cases[] = {
      {"Softmax", {"x"}, "axis"},
      {"Flatten", {"x"}, "axis"},
      {"Concat", {"x", "x"}, "axis"},
      {"Gather", {"x", "index"}, "axis"},
      {"GatherND", {"x", "index"}, "batch_dims"},
      {"OneHot", {"index", "depth", "pair"}, "axis"},
      {"LayerNormalization", {"x", "scale"}, "axis"},
      {"GroupNormalization", {"image", "four", "four"}, "num_groups"},
      {"LRN", {"image"}, "size"},
      {"DepthToSpace", {"image"}, "blocksize"},
      {"SpaceToDepth", {"image"}, "blocksize"},
      {"Split", {"x"}, "num_outputs"},
      {"Shape", {"x"}, "start"},
      {"Shape", {"x"}, "end"},
      {"EyeLike", {"x"}, "k"},
      {"Cast", {"x"}, "to"},
      {"Transpose", {"x"}, "perm", true},
      {"MeanVarianceNormalization", {"image"}, "axes", true},
      {"Resize", {"x", "", "twice"}, "axes", true},
      {"Conv", {"image", "filter"}, "group"},
      {"Conv", {"image", "filter"}, "strides", true},
      {"Conv", {"image", "filter"}, "dilations", true},
      {"Conv", {"image", "filter"}, "kernel_shape", true},
      {"ConvTranspose", {"image", "filter"}, "group"},
      {"ConvTranspose", {"image", "filter"}, "output_padding", true},
      {"ConvTranspose", {"image", "filter"}, "output_shape", true},
      {"MaxPool", {"image"}, "kernel_shape", true},
      {"LpPool", {"image"}, "kernel_shape", true},
      {"QuantizeLinear", {"x", "scale"}, "block_size"},
      {"DequantizeLinear", {"bytes", "scale"}, "block_size"},
      {"DequantizeLinear", {"bytes", "four"}, "axis"},
      {"Scan", {"x"}, "num_scan_inputs"},
  };
  for (const Case& c : cases) {
    for (const int64_t extreme : kExtremes) {
      SCOPED_TRACE(c.op + " " + c.attribute + " " + std::to_string(extreme));
      (void)ErrorOfOp(
          c.op, constants, c.inputs,
          [&](onnx::NodeProto* node) {
            if (c.list) {
              SetAttr(node, c.attribute, List{extreme, extreme});
            } else {
              SetAttr(node, c.attribute, extreme);
            }
          },
          21);
    }
  }
}

TEST(ExtremeNumbers, Inputs) {
  for (const int64_t extreme : kExtremes) {
    SCOPED_TRACE(extreme);
    const std::map<std::string, Literal> constants = {
        {"scalar", Ints({}, {extreme})},
        {"zero", Ints({}, {0})},
        {"one", Ints({}, {1})},
        {"n2", Vector({extreme, extreme})},
        {"n1", Vector({extreme})},
        {"n4", Vector({extreme, 0, 0, extreme})},
        {"zeros", Vector({0})},
        {"pair", Zeros({2})},
        {"index", Ints({1, 1}, {0})},
        {"real", Floats({}, {static_cast<float>(extreme)})},
        {"r0", Floats({}, {0})},
        {"r1", Floats({}, {1})},
        {"r2", Floats({2}, {static_cast<float>(extreme), 1})}};
    const std::pair<std::string, std::vector<std::string>> cases[] = {
        {"Reshape", {"x", "n2"}},
        {"Expand", {"x", "n2"}},
        {"Tile", {"x", "n2"}},
        {"Unsqueeze", {"x", "n1"}},
        {"Squeeze", {"x", "n1"}},
        {"ConstantOfShape", {"n2"}},
        {"Slice", {"x", "n1", "zeros"}},
        {"Slice", {"x", "zeros", "n1"}},
        {"Slice", {"x", "zeros", "n1", "zeros", "n1"}},
        {"Slice", {"x", "n1", "zeros", "zeros", "n1"}},
        {"Slice", {"x", "zeros", "n1", "n1"}},
        {"Split", {"x", "n1"}},
        {"Pad", {"x", "n4"}},
        {"Range", {"scalar", "zero", "one"}},
        {"Range", {"zero", "scalar", "one"}},
        {"Range", {"zero", "scalar", "scalar"}},
        {"Range", {"one", "zero", "scalar"}},
        {"Range", {"r0", "real", "r1"}},
        {"Range", {"real", "r0", "r1"}},
        {"OneHot", {"index", "scalar", "pair"}},
        {"OneHot", {"index", "real", "pair"}},
        {"ReduceSum", {"x", "n1"}},
        {"CumSum", {"x", "scalar"}},
        {"Resize", {"x", "", "r2"}},
        {"Resize", {"x", "", "", "n2"}},
    };
    for (const auto& [op, inputs] : cases) {
      SCOPED_TRACE(op);
      (void)ErrorOfOp(op, constants, inputs);
      for (const char* mode : {"edge", "reflect", "wrap"}) {
        if (op == "Pad") (void)ErrorOfOp(op, constants, inputs, With("mode", mode));
      }
    }
  }
}

}  // namespace
}  // namespace cermet
