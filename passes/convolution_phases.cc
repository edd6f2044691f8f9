// One dim: output o = q*s + r adds x_dilated[o - low + k] * w[k] over k, and x_dilated is x[j] at
// j*s and else zero. So it reads the taps k = s*m + first(r), first(r) = (low - r) mod s, at
//   j = q + m + (r - low + first(r)) / s.
// The fraction, a whole number, and how many taps there are, are the same for runs of phases.
#include "passes/convolution_phases.h"

#include <algorithm>
#include <vector>

#include "ir/dim_arithmetic.h"

namespace cermet {
namespace {

// Neighbouring phases of one spatial dim that read the same elements.
struct Run {
  int64_t first_phase = 0;
  int64_t num_phases = 0;
  std::vector<int64_t> first_taps;  // of each phase
  int64_t num_taps = 0;             // of each phase; 0: their outputs are zeros
  int64_t low = 0;                  // padding of the undilated input
  int64_t high = 0;
};

struct SpatialDim {
  int64_t dilation = 1;
  int64_t steps = 0;   // outputs of each phase, some of the last ones past the end
  int64_t extent = 0;  // of the output
  std::vector<Run> runs;
};

SpatialDim FindRuns(int64_t input, int64_t window, int64_t output, int64_t dilation, int64_t low) {
  SpatialDim dim{dilation, CeilDivInt(output, dilation), output, {}};
  for (int64_t phase = 0; phase < dilation; ++phase) {
    const int64_t first = FloorModInt(low - phase, dilation);
    Run run;
    run.first_phase = phase;
    run.num_taps = first < window ? CeilDivInt(window - first, dilation) : 0;
    run.low = (low - phase - first) / dilation;
    run.high = dim.steps - input - run.low + std::max<int64_t>(run.num_taps, 1) - 1;
    if (dim.runs.empty() || dim.runs.back().low != run.low ||
        dim.runs.back().num_taps != run.num_taps)
      dim.runs.push_back(run);
    dim.runs.back().first_taps.push_back(first);
    ++dim.runs.back().num_phases;
  }
  return dim;
}

class Phases {
 public:
  Phases(Node& node, Builder& b) : node_(node), b_(b) {}

  // False if the rule does not match.
  bool Find() {
    const AttrMap& attrs = node_.attrs();
    const std::vector<int64_t>& dilation = attrs.Ints("lhs_dilation");
    const Shape& input = node_.operand(0).type().shape;
    const Shape& filter = node_.operand(1).type().shape;
    const Shape& output = node_.type().shape;
    bool is_dilated = false;
    for (size_t i = 0; i < dilation.size(); ++i) {
      const Dim &x = input[i + 1], &w = filter[i], &y = output[i + 1];
      if (dilation[i] == 1) {
        dims_.push_back({});  // as it is
        continue;
      }
      if (attrs.Ints("stride")[i] != 1 || attrs.Ints("rhs_dilation")[i] != 1) return false;
      if (!x.IsConstant() || !w.IsConstant() || !y.IsConstant()) return false;
      if (x.value() < 1 || w.value() < 1 || y.value() < 1) return false;
      is_dilated = true;
      dims_.push_back(FindRuns(x.value(), w.value(), y.value(), dilation[i], attrs.Ints("low")[i]));
    }
    groups_ = attrs.Int("groups");
    const Dim& features = filter.back();
    return is_dilated && features.IsConstant() && features.value() % groups_ == 0;
  }

  Value Build() {
    std::vector<const Run*> runs;
    const Value interleaved = Concatenate(&runs);
    const Shape& shape = node_.type().shape;
    Shape rounded = shape;
    for (size_t i = 0; i < dims_.size(); ++i) {
      if (dims_[i].dilation > 1) rounded[i + 1] = Dim(dims_[i].steps * dims_[i].dilation);
    }
    const Value result = b_.Reshape(interleaved, rounded);
    if (rounded == shape) return result;
    return b_.Slice(result, Shape(shape.size(), Dim(0)), shape,
                    std::vector<int64_t>(shape.size(), 1));
  }

 private:
  // The results of `runs`, one for each of the first dims, and all runs of the dims after them.
  Value Concatenate(std::vector<const Run*>* runs) {
    const size_t i = runs->size();
    if (i == dims_.size()) return Convolve(*runs);
    if (dims_[i].dilation == 1) {
      runs->push_back(nullptr);
      const Value all = Concatenate(runs);
      runs->pop_back();
      return all;
    }
    std::vector<Value> parts;
    for (const Run& run : dims_[i].runs) {
      runs->push_back(&run);
      parts.push_back(Concatenate(runs));
      runs->pop_back();
    }
    // Batch, the spatial dims before this one with their phases, its steps.
    int64_t phase_dim = 2;
    for (size_t before = 0; before < i; ++before) phase_dim += dims_[before].dilation > 1 ? 2 : 1;
    return parts.size() == 1 ? parts[0] : b_.Concat(parts, phase_dim);
  }

  // [batch, steps, phases, steps, phases, ..., features]; a dim that is not dilated has no phases.
  Value Convolve(const std::vector<const Run*>& runs) {
    const Shape& output = node_.type().shape;
    const DType dtype = node_.type().dtype;
    AttrMap attrs = node_.attrs();
    std::vector<int64_t> low = attrs.Ints("low"), high = attrs.Ints("high");
    const Dim group_width = Dim(output.back().value() / groups_);
    Shape steps = {output[0]};         // what the convolution computes, without features
    Shape split = {output[0]};         // with the features split by group and phase
    Shape interleaved = {output[0]};   // with each dim's phases behind its steps
    std::vector<int64_t> order = {0};  // from `split` to that
    Shape phases = {Dim(groups_)};
    bool is_zero = false;
    const int64_t first_phase = static_cast<int64_t>(dims_.size()) + 2;
    for (size_t i = 0; i < dims_.size(); ++i) {
      const Run* run = runs[i];
      const Dim extent = run == nullptr ? output[i + 1] : Dim(dims_[i].steps);
      steps.push_back(extent);
      split.push_back(extent);
      interleaved.push_back(extent);
      order.push_back(static_cast<int64_t>(i) + 1);
      if (run == nullptr) continue;
      is_zero |= run->num_taps == 0;
      low[i] = run->low;
      high[i] = run->high;
      order.push_back(first_phase + static_cast<int64_t>(phases.size()) - 1);
      interleaved.push_back(Dim(run->num_phases));
      phases.push_back(Dim(run->num_phases));
    }
    interleaved.push_back(output.back());
    if (is_zero) return b_.Splat(0, Type(dtype, interleaved));
    split.insert(split.end(), phases.begin(), phases.end());
    split.push_back(group_width);
    // The group stands before its phases; its features come last, behind it.
    order.push_back(first_phase - 1);
    order.push_back(static_cast<int64_t>(split.size()) - 1);
    Dim features = group_width;
    for (const Dim& phase : phases) features = features * phase;
    steps.push_back(features);
    attrs.Set("low", low);
    attrs.Set("high", high);
    attrs.Set("lhs_dilation", std::vector<int64_t>(dims_.size(), 1));
    const Value product = b_.MakeTyped(OpCode::kConvolution, {node_.operand(0), Filter(runs)},
                                       Type(dtype, steps), std::move(attrs));
    return b_.Reshape(b_.Transpose(b_.Reshape(product, split), order), interleaved);
  }

  // [taps..., input features, groups * phases * features of a group]
  Value Filter(const std::vector<const Run*>& runs) {
    const Value filter = node_.operand(1);
    Shape shape = filter.type().shape;
    const Dim group_width = Dim(shape.back().value() / groups_);
    shape.back() = Dim(groups_);
    shape.push_back(group_width);
    Value w = b_.Reshape(filter, shape);
    for (size_t i = 0; i < runs.size(); ++i) {
      if (runs[i] != nullptr) w = SplitTaps(w, static_cast<int64_t>(i), *runs[i]);
    }
    shape = w.type().shape;
    Shape joined(shape.begin(), shape.begin() + static_cast<int64_t>(dims_.size()) + 1);
    Dim features(1);
    for (size_t i = joined.size(); i < shape.size(); ++i) features = features * shape[i];
    joined.push_back(features);
    return b_.Reshape(w, joined);
  }

  // The taps of each phase of `run` in dim `dim`; the phases are a new dim before the last one.
  Value SplitTaps(Value w, int64_t dim, const Run& run) {
    std::vector<Value> parts;
    for (const int64_t first : run.first_taps) {
      Shape start(w.type().rank(), Dim(0)), limit = w.type().shape;
      std::vector<int64_t> stride(w.type().rank(), 1);
      start[dim] = Dim(first);
      stride[dim] = dims_[dim].dilation;
      const Value taps = b_.Slice(w, start, limit, stride);
      Shape shape = taps.type().shape;
      shape.insert(shape.end() - 1, Dim(1));
      parts.push_back(b_.Reshape(taps, shape));
    }
    return parts.size() == 1 ? parts[0] : b_.Concat(parts, w.type().rank() - 1);
  }

  Node& node_;
  Builder& b_;
  std::vector<SpatialDim> dims_;
  int64_t groups_ = 1;
};

}  // namespace

Replacement InputDilationToPhases(Node& node, Rewriter& rewriter) {
  Phases phases(node, rewriter.builder());
  if (!phases.Find()) return {};
  return {phases.Build()};
}

}  // namespace cermet
