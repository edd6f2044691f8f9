// Pooling over windows and over all spatial dims.
#include "absl/strings/str_cat.h"
#include "frontend/onnx/op_context.h"
#include "frontend/onnx/op_table.h"
#include "frontend/onnx/window.h"
#include "ir/status.h"

namespace cermet {
namespace {

// A window over the spatial dims only.
absl::StatusOr<Value> ReduceWindow(OpContext& c, OpCode op, Value x, const Window& w) {
  CERMET_RETURN_IF_ERROR(c.status());
  const auto with_outer = [](const std::vector<int64_t>& spatial, int64_t outer) {
    std::vector<int64_t> all = {outer, outer};
    all.insert(all.end(), spatial.begin(), spatial.end());
    return all;
  };
  const DType dtype = x.type().dtype;
  std::vector<std::unique_ptr<Graph>> bodies;
  bodies.push_back(BinaryBody(op, dtype));
  Node* node = c.b().MakeNode(OpCode::kReduceWindow, {x, c.b().Identity(op, dtype)},
                              {{"window", with_outer(w.kernel, 1)},
                               {"stride", with_outer(w.stride, 1)},
                               {"low", with_outer(w.low, 0)},
                               {"high", with_outer(w.high, 0)},
                               {"dilation", with_outer(w.dilation, 1)}},
                              std::move(bodies));
  CERMET_RETURN_IF_ERROR(c.status());
  return node->result();
}

absl::Status MaxPool(OpContext& c) {
  if (c.wants(1)) return c.Unsupported("the output of indices");
  CERMET_ASSIGN_OR_RETURN(const Window window, ReadWindow(c, {}));
  CERMET_ASSIGN_OR_RETURN(const Value result, ReduceWindow(c, OpCode::kMaximum, c.in(0), window));
  return c.Return(result);
}

// How many elements each window holds: those of x, and with count_include_pad those of the pads
// too, but never what ceil_mode adds.
absl::StatusOr<Value> WindowCounts(OpContext& c, const Window& window) {
  const Type& type = c.type(0);
  Shape shape(type.shape.begin() + 2, type.shape.end());
  shape.insert(shape.begin(), {Dim(1), Dim(1)});
  Value ones = c.Splat(1, Type(type.dtype, shape));
  Window counted = window;
  if (c.Int("count_include_pad", 0) != 0) {
    const std::vector<int64_t> pads =
        c.Ints("pads", std::vector<int64_t>(2 * window.kernel.size(), 0));
    const size_t spatial = window.kernel.size();
    std::vector<Dim> low(2, 0), high(2, 0);
    for (size_t d = 0; d < spatial; ++d) {
      const bool given = c.Str("auto_pad", "NOTSET") == "NOTSET" && pads.size() == 2 * spatial;
      const int64_t high_pad = given ? pads[spatial + d] : window.high[d];
      low.push_back(window.low[d]);
      high.push_back(high_pad);
      counted.low[d] = 0;
      counted.high[d] -= high_pad;
    }
    ones = c.b().Pad(ones, c.Splat(1, Type(type.dtype, {})), low, high,
                     std::vector<int64_t>(spatial + 2, 0));
  }
  return ReduceWindow(c, OpCode::kAdd, ones, counted);
}

absl::Status AveragePool(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(const Window window, ReadWindow(c, {}));
  const Value x = c.in(0);
  CERMET_ASSIGN_OR_RETURN(const Value sum, ReduceWindow(c, OpCode::kAdd, x, window));
  bool padded = false;
  double count = 1;
  for (size_t d = 0; d < window.kernel.size(); ++d) {
    padded = padded || window.low[d] != 0 || window.high[d] != 0;
    count *= static_cast<double>(window.kernel[d]);
  }
  if (!padded) return c.Return(c.b().Div(sum, c.Splat(count, Type(x.type().dtype, {}))));
  CERMET_ASSIGN_OR_RETURN(const Value counts, WindowCounts(c, window));
  CERMET_ASSIGN_OR_RETURN(const Value divisor, c.BroadcastTo(counts, sum.type().shape));
  return c.Return(c.b().Div(sum, divisor));
}

// (sum |x|^p)^(1/p)
absl::StatusOr<Value> PowerSum(OpContext& c, Value x, const Window* window,
                               const std::vector<int64_t>& dims) {
  CERMET_RETURN_IF_ERROR(c.status());
  Builder& b = c.b();
  const double p = static_cast<double>(c.Int("p", 2));
  const Type scalar(x.type().dtype, {});
  const Value powers = b.Binary(OpCode::kPow, b.Unary(OpCode::kAbs, x), c.Splat(p, scalar));
  Value sum;
  if (window != nullptr) {
    CERMET_ASSIGN_OR_RETURN(sum, ReduceWindow(c, OpCode::kAdd, powers, *window));
  } else {
    sum = b.Reduce(OpCode::kAdd, powers, b.Identity(OpCode::kAdd, scalar.dtype), dims);
  }
  return b.Binary(OpCode::kPow, sum, c.Splat(1 / p, scalar));
}

absl::Status LpPool(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(const Window window, ReadWindow(c, {}));
  CERMET_ASSIGN_OR_RETURN(const Value result, PowerSum(c, c.in(0), &window, {}));
  return c.Return(result);
}

// All spatial dims become 1.
enum class Global { kAverage, kMax, kPower };

template <Global kind>
absl::Status GlobalPool(OpContext& c) {
  if (c.rank(0) < 2)
    return c.Error(absl::StrCat("its input of shape ", ToString(c.shape(0)), " has no features"));
  Builder& b = c.b();
  const Value x = c.in(0);
  CERMET_RETURN_IF_ERROR(c.status());
  Shape kept = c.shape(0);
  std::vector<int64_t> dims;
  Dim count = 1;
  for (int64_t d = 2; d < c.rank(0); ++d) {
    dims.push_back(d);
    count = count * kept[d];
    kept[d] = 1;
  }
  Value result;
  switch (kind) {
    case Global::kAverage:
      result = b.Reduce(OpCode::kAdd, x, b.Identity(OpCode::kAdd, x.type().dtype), dims);
      result = b.Div(result, c.DimValue(count, x.type().dtype));
      break;
    case Global::kMax:
      result = b.Reduce(OpCode::kMaximum, x, b.Identity(OpCode::kMaximum, x.type().dtype), dims);
      break;
    case Global::kPower: {
      CERMET_ASSIGN_OR_RETURN(result, PowerSum(c, x, nullptr, dims));
      break;
    }
  }
  return c.Return(c.Reshape(result, kept));
}

constexpr OpRow kRows[] = {
    {"AveragePool", 7, kNewest, 1, 1, AveragePool, Float16::kInF32},
    {"GlobalAveragePool", 1, kNewest, 1, 1, GlobalPool<Global::kAverage>, Float16::kInF32},
    {"GlobalLpPool", 2, kNewest, 1, 1, GlobalPool<Global::kPower>, Float16::kInF32},
    {"GlobalMaxPool", 1, kNewest, 1, 1, GlobalPool<Global::kMax>, Float16::kInF32},
    {"LpPool", 2, kNewest, 1, 1, LpPool, Float16::kInF32},
    {"MaxPool", 1, kNewest, 1, 1, MaxPool, Float16::kInF32},
};

}  // namespace

absl::Span<const OpRow> PoolOps() { return kRows; }

}  // namespace cermet
