// dot_general and convolution: each result is one fma chain (ir/order.h), computed for a row of
// results at a time.
//
// Operands are first brought into the accumulator's type (f32 for f16, bf16 and f32; f64; u64 for
// integers, whose wrapped sums have the right low bits for every width) and into a layout in which
// the results of a row are adjacent: [batch, rows, k] x [batch, k, columns].
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "ir/evaluator/fma_row.h"
#include "ir/evaluator/indexing.h"
#include "ir/evaluator/node_evaluators.h"
#include "ir/infer.h"
#include "ir/order_attribute.h"
#include "ir/status.h"

namespace cermet::evaluator {
namespace {

template <typename Acc>
Acc LoadAs(const Literal& x, int64_t i) {
  if constexpr (std::is_same_v<Acc, uint64_t>) return static_cast<uint64_t>(x.GetInt(i));
  if constexpr (!std::is_same_v<Acc, uint64_t>) return static_cast<Acc>(x.GetFloat(i));
}

template <typename Acc>
void StoreAs(Literal* result, int64_t i, Acc value) {
  if constexpr (std::is_same_v<Acc, uint64_t>) {
    result->SetInt(i, static_cast<int64_t>(value));
  } else {
    result->SetFloat(i, value);
  }
}

// The elements of `x` in the order of `dims`, converted.
template <typename Acc>
std::vector<Acc> Permuted(const Literal& x, const std::vector<int64_t>& dims) {
  const Extents all = Strides(x.shape());
  Extents extents, strides;
  for (int64_t dim : dims) {
    extents.push_back(x.shape()[static_cast<size_t>(dim)]);
    strides.push_back(all[static_cast<size_t>(dim)]);
  }
  std::vector<Acc> result(static_cast<size_t>(x.num_elements()));
  AffineWalk walk(extents, strides, 0);
  for (Acc& value : result) {
    value = LoadAs<Acc>(x, walk.position());
    walk.Next();
  }
  return result;
}

// Calls `run` with the accumulator type for operands of `operand` and results of `result`.
template <typename Run>
auto WithAccumulator(DType operand, DType result, Run run) {
  if (!IsFloat(operand)) return run(uint64_t{});
  if (operand == DType::kF64 || result == DType::kF64) return run(double{});
  return run(float{});
}

// Fills `row` with one row of results: k steps over `columns` chains. With lanes, step k goes to
// lane k mod lanes.
template <typename Acc>
class RowAccumulator {
 public:
  RowAccumulator(const Order& order, int64_t columns)
      : lanes_(static_cast<size_t>(order.lanes)),
        columns_(static_cast<size_t>(columns)),
        acc_(lanes_ * columns_) {}

  void Start() {
    std::fill(acc_.begin(), acc_.end(), Acc{0});
    step_ = 0;
  }
  void Step(Acc x, const Acc* y) {
    FmaRow(x, y, acc_.data() + step_ % lanes_ * columns_, static_cast<int64_t>(columns_));
    ++step_;
  }
  const Acc* Finish() {
    for (size_t half = lanes_ / 2; half > 0; half /= 2) {
      for (size_t i = 0; i < half * columns_; ++i) acc_[i] += acc_[i + half * columns_];
    }
    return acc_.data();
  }

 private:
  size_t lanes_;
  size_t columns_;
  std::vector<Acc> acc_;
  size_t step_ = 0;
};

std::vector<int64_t> Others(size_t rank, const std::vector<int64_t>& a,
                            const std::vector<int64_t>& b) {
  std::vector<int64_t> others;
  for (int64_t i = 0; i < static_cast<int64_t>(rank); ++i) {
    if (std::find(a.begin(), a.end(), i) == a.end() &&
        std::find(b.begin(), b.end(), i) == b.end()) {
      others.push_back(i);
    }
  }
  return others;
}

std::vector<int64_t> Joined(const std::vector<int64_t>& a, const std::vector<int64_t>& b,
                            const std::vector<int64_t>& c) {
  std::vector<int64_t> joined = a;
  joined.insert(joined.end(), b.begin(), b.end());
  joined.insert(joined.end(), c.begin(), c.end());
  return joined;
}

int64_t ExtentOf(const Literal& x, const std::vector<int64_t>& dims) {
  int64_t product = 1;
  for (int64_t dim : dims) product *= x.shape()[static_cast<size_t>(dim)];
  return product;
}

// ---- convolution

struct ConvGeometry {
  ConvLayout layout;
  std::vector<int64_t> stride, low, lhs_dilation, rhs_dilation;
  int64_t groups = 1;
  Extents window;          // spatial extents of the filter
  Extents input_spatial;   // of the input
  Extents output_spatial;  // of the result
  int64_t batch = 0;
  int64_t group_inputs = 0;   // input features of one group
  int64_t group_outputs = 0;  // output features of one group

  // The pixel number that window element `w` of result pixel `o` reads, or -1 in padding and holes.
  int64_t InputPixel(const Extents& o, const Extents& w) const {
    int64_t pixel = 0;
    for (size_t d = 0; d < window.size(); ++d) {
      const int64_t at = o[d] * stride[d] + w[d] * rhs_dilation[d] - low[d];
      if (at < 0 || at % lhs_dilation[d] != 0 || at / lhs_dilation[d] >= input_spatial[d])
        return -1;
      pixel = pixel * input_spatial[d] + at / lhs_dilation[d];
    }
    return pixel;
  }
};

absl::StatusOr<ConvGeometry> GeometryOf(const Node& node, const Literal& input,
                                        const Literal& filter, const StaticType& type) {
  const AttrMap& attrs = node.attrs();
  ConvGeometry g;
  CERMET_ASSIGN_OR_RETURN(g.layout, ParseConvLayout(attrs.Get<std::string>("layout")));
  g.stride = attrs.Ints("stride");
  g.low = attrs.Ints("low");
  g.lhs_dilation = attrs.Ints("lhs_dilation");
  g.rhs_dilation = attrs.Ints("rhs_dilation");
  g.groups = attrs.Int("groups");
  const auto extent = [](const Extents& shape, int64_t dim) {
    return shape[static_cast<size_t>(dim)];
  };
  for (size_t d = 0; d < g.stride.size(); ++d) {
    g.window.push_back(extent(filter.shape(), g.layout.filter_spatial[d]));
    g.input_spatial.push_back(extent(input.shape(), g.layout.input_spatial[d]));
    g.output_spatial.push_back(extent(type.shape, g.layout.output_spatial[d]));
  }
  g.batch = extent(input.shape(), g.layout.input_batch);
  g.group_inputs = extent(filter.shape(), g.layout.filter_input);
  const int64_t outputs = extent(filter.shape(), g.layout.filter_output);
  if (g.groups < 1 || outputs % g.groups != 0 ||
      extent(input.shape(), g.layout.input_feature) != g.group_inputs * g.groups) {
    return NodeError(node, "its features do not split into its groups in this run");
  }
  g.group_outputs = outputs / g.groups;
  return g;
}

// One row: the output features of one group at one result pixel. Zeros of padding take part like
// any other element.
template <typename Acc>
void ConvolveRow(const ConvGeometry& g, const Acc* image, const Acc* filter, const Extents& pixel,
                 int64_t group, RowAccumulator<Acc>* row) {
  const int64_t outputs = g.group_outputs * g.groups;
  row->Start();
  if (Product(g.window) == 0) return;
  Odometer element(g.window);
  const Acc* weights = filter + group * g.group_outputs;
  do {
    const int64_t at = g.InputPixel(pixel, element.index());
    const Acc* features = at < 0 ? nullptr : image + (at * g.groups + group) * g.group_inputs;
    for (int64_t i = 0; i < g.group_inputs; ++i, weights += outputs) {
      row->Step(features == nullptr ? Acc{0} : features[i], weights);
    }
  } while (element.Next());
}

template <typename Acc>
Literal Convolve(const ConvGeometry& g, const Order& order, const Literal& input,
                 const Literal& filter, const StaticType& type) {
  const ConvLayout& layout = g.layout;
  // Input as [batch, pixels, features], filter as [window, input features, output features].
  const std::vector<Acc> x = Permuted<Acc>(
      input, Joined({layout.input_batch}, layout.input_spatial, {layout.input_feature}));
  const std::vector<Acc> w = Permuted<Acc>(
      filter, Joined(layout.filter_spatial, {layout.filter_input}, {layout.filter_output}));
  Literal result(type.dtype, type.shape);
  if (result.num_elements() == 0) return result;
  const Extents strides = Strides(type.shape);
  const int64_t image_size = Product(g.input_spatial) * g.groups * g.group_inputs;
  const int64_t feature_stride = strides[static_cast<size_t>(layout.output_feature)];
  RowAccumulator<Acc> row(order, g.group_outputs);
  for (int64_t b = 0; b < g.batch; ++b) {
    Odometer pixel(g.output_spatial);
    do {
      int64_t to = b * strides[static_cast<size_t>(layout.output_batch)];
      for (size_t d = 0; d < g.output_spatial.size(); ++d) {
        to += pixel.index()[d] * strides[static_cast<size_t>(layout.output_spatial[d])];
      }
      for (int64_t group = 0; group < g.groups; ++group) {
        ConvolveRow(g, x.data() + b * image_size, w.data(), pixel.index(), group, &row);
        const Acc* sums = row.Finish();
        for (int64_t o = 0; o < g.group_outputs; ++o) {
          StoreAs(&result, to + (group * g.group_outputs + o) * feature_stride, sums[o]);
        }
      }
    } while (pixel.Next());
  }
  return result;
}

}  // namespace

absl::StatusOr<Literal> EvaluateDotGeneral(const Node& node, const Literal& lhs, const Literal& rhs,
                                           const StaticType& type) {
  const DimPair& contract = node.attrs().Get<DimPair>("contract");
  const DimPair* batch_attr = node.attrs().Find<DimPair>("batch");
  const DimPair batch = batch_attr == nullptr ? DimPair() : *batch_attr;
  const std::vector<int64_t> lhs_free = Others(lhs.shape().size(), contract.lhs, batch.lhs);
  const std::vector<int64_t> rhs_free = Others(rhs.shape().size(), contract.rhs, batch.rhs);
  for (const auto& [x, y] :
       {std::pair(&contract.lhs, &contract.rhs), std::pair(&batch.lhs, &batch.rhs)}) {
    for (size_t i = 0; i < x->size(); ++i) {
      if (lhs.shape()[static_cast<size_t>((*x)[i])] != rhs.shape()[static_cast<size_t>((*y)[i])]) {
        return NodeError(node, absl::StrCat("dim ", (*x)[i], " of lhs and dim ", (*y)[i],
                                            " of rhs differ in this run"));
      }
    }
  }
  const int64_t batches = ExtentOf(lhs, batch.lhs);
  const int64_t rows = ExtentOf(lhs, lhs_free);
  const int64_t columns = ExtentOf(rhs, rhs_free);
  const int64_t depth = ExtentOf(lhs, contract.lhs);
  const Order order = OrderOf(node);
  return WithAccumulator(lhs.dtype(), type.dtype, [&](auto tag) {
    using Acc = decltype(tag);
    const std::vector<Acc> x = Permuted<Acc>(lhs, Joined(batch.lhs, lhs_free, contract.lhs));
    const std::vector<Acc> y = Permuted<Acc>(rhs, Joined(batch.rhs, contract.rhs, rhs_free));
    Literal result(type.dtype, type.shape);
    RowAccumulator<Acc> row(order, columns);
    int64_t at = 0;
    for (int64_t i = 0; i < batches * rows; ++i) {
      const Acc* x_row = x.data() + i * depth;
      const Acc* y_matrix = y.data() + i / rows * depth * columns;
      row.Start();
      for (int64_t k = 0; k < depth; ++k) row.Step(x_row[k], y_matrix + k * columns);
      const Acc* sums = row.Finish();
      for (int64_t j = 0; j < columns; ++j) StoreAs(&result, at++, sums[j]);
    }
    return result;
  });
}

absl::StatusOr<Literal> EvaluateConvolution(const Node& node, const Literal& input,
                                            const Literal& filter, const StaticType& type) {
  CERMET_ASSIGN_OR_RETURN(const ConvGeometry geometry, GeometryOf(node, input, filter, type));
  const Order order = OrderOf(node);
  return WithAccumulator(input.dtype(), type.dtype, [&](auto tag) {
    return Convolve<decltype(tag)>(geometry, order, input, filter, type);
  });
}

}  // namespace cermet::evaluator
