// The operators that work in f32 on f16 and bf16 tensors: all that round, and those that would
// force a rounding between two that do. ONNX Runtime's CPU provider does the same: it has hardly
// any kernels for f16, puts casts around nodes, and drops the pairs that meet.
#include "frontend/onnx/half_floats.h"

#include <algorithm>
#include <iterator>

namespace cermet {
namespace {

constexpr absl::string_view kInF32[] = {
    "Abs",
    "Acos",
    "Acosh",
    "Add",
    "ArgMax",
    "ArgMin",
    "Asin",
    "Asinh",
    "Atan",
    "Atanh",
    "AveragePool",
    "BatchNormalization",
    "Ceil",
    "Celu",
    "Clip",
    "Conv",
    "ConvTranspose",
    "Cos",
    "Cosh",
    "CumSum",
    "Div",
    "Einsum",
    "Elu",
    "Equal",
    "Erf",
    "Exp",
    "Floor",
    "GRU",
    "Gelu",
    "Gemm",
    "GlobalAveragePool",
    "GlobalLpPool",
    "GlobalMaxPool",
    "Greater",
    "GreaterOrEqual",
    "GroupNormalization",
    "HardSigmoid",
    "HardSwish",
    "Hardmax",
    "InstanceNormalization",
    "LRN",
    "LSTM",
    "LeakyRelu",
    "Less",
    "LessOrEqual",
    "Log",
    "LogSoftmax",
    "LpNormalization",
    "LpPool",
    "MatMul",
    "Max",
    "MaxPool",
    "Mean",
    "MeanVarianceNormalization",
    "Min",
    "Mish",
    "Mod",
    "Mul",
    "Neg",
    "PRelu",
    "Pow",
    "RMSNormalization",
    "RNN",
    "Reciprocal",
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceLogSumExp",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProd",
    "ReduceSum",
    "ReduceSumSquare",
    "Relu",
    "Resize",
    "Round",
    "Selu",
    "Shrink",
    "Sigmoid",
    "Sign",
    "Sin",
    "Sinh",
    "Softmax",
    "Softplus",
    "Softsign",
    "Sqrt",
    "Sub",
    "Sum",
    "Swish",
    "Tan",
    "Tanh",
    "ThresholdedRelu",
    "Upsample",
};
// Its statistics are f32 whatever the tensors are.
constexpr absl::string_view kFirstInF32[] = {"LayerNormalization"};
constexpr absl::string_view kMoved[] = {
    "Concat",  "DepthToSpace",   "Dropout",      "Expand",    "Flatten",
    "Gather",  "GatherElements", "GatherND",     "Identity",  "Pad",
    "Reshape", "Slice",          "SpaceToDepth", "Split",     "Squeeze",
    "Tile",    "Transpose",      "Trilu",        "Unsqueeze", "Where",
};

// Inputs from `first` on have types of their own in ONNX's type constraints: exponents, statistics,
// ratios and scales. That of a LayerNormalization has one in ONNX Runtime only.
struct OwnFloatTypes {
  absl::string_view op;
  int first;
};
constexpr OwnFloatTypes kOwnFloatTypes[] = {
    {"BatchNormalization", 1}, {"Dropout", 1}, {"LayerNormalization", 1}, {"Pow", 1},
    {"RMSNormalization", 1},   {"Resize", 1},  {"Upsample", 1},
};

template <size_t kCount>
bool Contains(const absl::string_view (&names)[kCount], absl::string_view op) {
  return std::find(std::begin(names), std::end(names), op) != std::end(names);
}

}  // namespace

HalfFloats HalfFloatsOf(absl::string_view op) {
  if (Contains(kInF32, op)) return HalfFloats::kInF32;
  if (Contains(kFirstInF32, op)) return HalfFloats::kFirstInF32;
  return Contains(kMoved, op) ? HalfFloats::kMoved : HalfFloats::kKept;
}

bool HasOwnFloatType(absl::string_view op, int i) {
  return std::any_of(
      std::begin(kOwnFloatTypes), std::end(kOwnFloatTypes),
      [&](const OwnFloatTypes& types) { return types.op == op && i >= types.first; });
}

int64_t NumHalfFloatOperators() {
  return std::size(kInF32) + std::size(kFirstInF32) + std::size(kMoved);
}

}  // namespace cermet
