// Matrix products and convolutions.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "frontend/onnx/op_context.h"
#include "frontend/onnx/op_table.h"
#include "frontend/onnx/window.h"
#include "ir/infer.h"
#include "ir/status.h"

namespace cermet {

// Numpy's matmul: vectors become matrices and lose the added dim again; leading dims broadcast.
absl::StatusOr<Value> MatMulValues(OpContext& c, Value x, Value y) {
  CERMET_RETURN_IF_ERROR(c.status());
  const int64_t x_rank = x.type().rank(), y_rank = y.type().rank();
  if (x_rank == 0 || y_rank == 0) return c.Error("one of its inputs is a scalar");
  const int64_t y_contract = y_rank == 1 ? 0 : y_rank - 2;
  CERMET_RETURN_IF_ERROR(
      c.solver().Unify(x.type().shape[x_rank - 1], y.type().shape[y_contract]).status());
  // One side without batch dims: they are all free dims of the other.
  if (y_rank <= 2) return c.b().Dot(x, y, {{x_rank - 1}, {y_contract}});
  if (x_rank == 1) {
    // [k] x [batch.., k, n]: the free dims of y come out in order.
    return c.b().Dot(x, y, {{0}, {y_contract}});
  }
  Shape x_batch(x.type().shape.begin(), x.type().shape.end() - 2),
      y_batch(y.type().shape.begin(), y.type().shape.end() - 2);
  CERMET_ASSIGN_OR_RETURN(const Shape batch, c.solver().Broadcast(x_batch, y_batch));
  const auto widen = [&](Value v) {
    Shape shape = batch;
    shape.insert(shape.end(), v.type().shape.end() - 2, v.type().shape.end());
    return c.b().BroadcastTo(v, shape);
  };
  x = widen(x);
  y = widen(y);
  const int64_t rank = static_cast<int64_t>(batch.size()) + 2;
  DimPair pair;
  for (int64_t d = 0; d + 2 < rank; ++d) {
    pair.lhs.push_back(d);
    pair.rhs.push_back(d);
  }
  return c.b().Dot(x, y, {{rank - 1}, {rank - 2}}, pair);
}

namespace {

absl::Status MatMul(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(const Value product, MatMulValues(c, c.in(0), c.in(1)));
  return c.Return(product);
}

// alpha * A B + beta * C, with A and B transposed on demand.
absl::Status Gemm(OpContext& c) {
  Builder& b = c.b();
  const bool trans_a = c.Int("transA", 0) != 0, trans_b = c.Int("transB", 0) != 0;
  const double alpha = c.Float("alpha", 1), beta = c.Float("beta", 1);
  if (c.rank(0) != 2 || c.rank(1) != 2) {
    return c.Error(absl::StrCat("inputs of shapes ", ToString(c.shape(0)), " and ",
                                ToString(c.shape(1)), " are not matrices"));
  }
  const int64_t k_a = trans_a ? 0 : 1, k_b = trans_b ? 1 : 0;
  CERMET_RETURN_IF_ERROR(c.solver().Unify(c.shape(0)[k_a], c.shape(1)[k_b]).status());
  Value product = b.Dot(c.in(0), c.in(1), {{k_a}, {k_b}});
  const Type scalar(c.dtype(0), {});
  if (alpha != 1) product = b.Mul(product, c.Splat(alpha, scalar));
  if (!c.has_input(2) || beta == 0) return c.Return(product);
  CERMET_RETURN_IF_ERROR(c.status());
  CERMET_ASSIGN_OR_RETURN(Value bias, c.BroadcastTo(c.in(2), product.type().shape));
  if (beta != 1) bias = b.Mul(bias, c.Splat(beta, scalar));
  return c.Return(b.Add(product, bias));
}

// "bf01_oi01->bf01" for two spatial dims; the filter's first two letters vary.
std::string Layout(int64_t spatial, absl::string_view filter) {
  ConvLayout layout;
  layout.filter_output = filter == "oi" ? 0 : 1;
  layout.filter_input = 1 - layout.filter_output;
  for (int64_t d = 0; d < spatial; ++d) {
    layout.input_spatial.push_back(d + 2);
    layout.filter_spatial.push_back(d + 2);
    layout.output_spatial.push_back(d + 2);
  }
  return layout.ToString();
}

// The bias, one for each feature (dim 1).
Value AddBias(OpContext& c, Value x, int input) {
  if (!c.has_input(input) || !x) return x;
  return c.b().Add(x, c.b().Broadcast(c.in(input), x.type().shape, {1}));
}

absl::Status Conv(OpContext& c) {
  const int64_t spatial = c.rank(0) - 2, groups = c.Int("group", 1);
  if (spatial < 1 || c.rank(1) != c.rank(0)) {
    return c.Error(absl::StrCat("input of shape ", ToString(c.shape(0)), " and filter of shape ",
                                ToString(c.shape(1)), " do not fit"));
  }
  const Shape& filter = c.shape(1);
  CERMET_ASSIGN_OR_RETURN(const Window window,
                          ReadWindow(c, Shape(filter.begin() + 2, filter.end())));
  const Value result = c.b().Make(OpCode::kConvolution, {c.in(0), c.in(1)},
                                  {{"layout", Layout(spatial, "oi")},
                                   {"stride", window.stride},
                                   {"low", window.low},
                                   {"high", window.high},
                                   {"lhs_dilation", std::vector<int64_t>(spatial, 1)},
                                   {"rhs_dilation", window.dilation},
                                   {"groups", groups}});
  return c.Return(AddBias(c, result, 2));
}

// Pads of a transposed convolution: given, or such that the output has the shape asked for.
absl::StatusOr<Window> TransposedWindow(OpContext& c, Window window) {
  const int64_t spatial = static_cast<int64_t>(window.kernel.size());
  std::vector<int64_t> extra = c.Ints("output_padding", std::vector<int64_t>(spatial, 0));
  const std::vector<int64_t> shape = c.Ints("output_shape");
  const std::string auto_pad = c.Str("auto_pad", "NOTSET");
  CERMET_RETURN_IF_ERROR(CheckWindowList(c, "output_padding", extra, spatial, 0));
  CERMET_RETURN_IF_ERROR(CheckWindowList(c, "output_shape", shape, shape.size(), 0));
  const bool same = auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER";
  if (shape.empty() && !same) {
    for (int64_t d = 0; d < spatial; ++d) window.high[d] -= extra[d];
    return window;
  }
  for (int64_t d = 0; d < spatial; ++d) {
    int64_t total = (window.kernel[d] - 1) * window.dilation[d] + 1 - window.stride[d] + extra[d];
    if (!shape.empty()) {
      const Dim& in = c.shape(0)[d + 2];
      const int64_t want = shape[shape.size() - spatial + d];
      if (!in.IsConstant())
        return c.NeedsDims("output_shape with a symbolic input extent is not supported");
      total = window.stride[d] * (in.value() - 1) + extra[d] +
              (window.kernel[d] - 1) * window.dilation[d] + 1 - want;
    }
    const int64_t half = total >= 0 ? total / 2 : (total - 1) / 2;  // rounded down
    window.low[d] = auto_pad == "SAME_UPPER" ? half : total - half;
    window.high[d] = total - window.low[d] - extra[d];
  }
  return window;
}

// The gradient of a convolution with respect to its input: the input is spread by the stride, and
// the filter turned around.
absl::Status ConvTranspose(OpContext& c) {
  Builder& b = c.b();
  const int64_t spatial = c.rank(0) - 2, groups = c.Int("group", 1);
  if (spatial < 1 || c.rank(1) != c.rank(0)) {
    return c.Error(absl::StrCat("input of shape ", ToString(c.shape(0)), " and filter of shape ",
                                ToString(c.shape(1)), " do not fit"));
  }
  const Shape& filter = c.shape(1);
  if (groups < 1) return c.Error(absl::StrCat("group is ", groups));
  if (c.has_attr("output_shape") && static_cast<int64_t>(c.Ints("output_shape").size()) < spatial)
    return c.Error("output_shape does not fit the rank");
  CERMET_ASSIGN_OR_RETURN(
      Window window, ReadWindow(c, Shape(filter.begin() + 2, filter.end()), /*transposed=*/true));
  CERMET_ASSIGN_OR_RETURN(window, TransposedWindow(c, window));
  Value weights = c.in(1);
  if (groups > 1) {  // [g * i, o, ...] -> [i, g * o, ...]
    if (!filter[0].IsConstant() || filter[0].value() % groups != 0)
      return c.Error(
          absl::StrCat(groups, " groups do not divide ", filter[0].ToString(), " features"));
    Shape split = filter;
    split[0] = filter[0].value() / groups;
    split.insert(split.begin(), groups);
    std::vector<int64_t> permutation = {1, 0};
    for (int64_t d = 2; d < spatial + 3; ++d) permutation.push_back(d);
    Shape joined = filter;
    joined[0] = split[1];
    joined[1] = filter[1] * Dim(groups);
    weights = c.Reshape(c.Transpose(c.Reshape(weights, split), permutation), joined);
  }
  std::vector<int64_t> reversed, low, high;
  for (int64_t d = 0; d < spatial; ++d) {
    reversed.push_back(d + 2);
    const int64_t reach = window.dilation[d] * (window.kernel[d] - 1);
    low.push_back(reach - window.low[d]);
    high.push_back(reach - window.high[d]);
  }
  weights = b.Make(OpCode::kReverse, {weights}, {{"dims", reversed}});
  const Value result = b.Make(OpCode::kConvolution, {c.in(0), weights},
                              {{"layout", Layout(spatial, "io")},
                               {"stride", std::vector<int64_t>(spatial, 1)},
                               {"low", low},
                               {"high", high},
                               {"lhs_dilation", window.stride},
                               {"rhs_dilation", window.dilation},
                               {"groups", groups}});
  return c.Return(AddBias(c, result, 2));
}

constexpr OpRow kRows[] = {
    {"Conv", 1, kNewest, 2, 3, Conv, Float16::kInF32},
    {"ConvTranspose", 1, kNewest, 2, 3, ConvTranspose, Float16::kInF32},
    {"Gemm", 7, kNewest, 2, 3, Gemm, Float16::kInF32},
    {"MatMul", 1, kNewest, 2, 2, MatMul, Float16::kInF32},
};

}  // namespace

absl::Span<const OpRow> ContractionOps() { return kRows; }

}  // namespace cermet
