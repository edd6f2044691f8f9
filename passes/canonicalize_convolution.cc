// Brings convolutions of any layout into the one that kernels compute: features last, filters as
// [window, input feature, output feature], no padding, no dilated input.
//
//   %2 = convolution(%x, %w) {layout = "bf01_oi01->bf01", low = [1, 1], high = [1, 1], ...}
//   =>
//   %2 = transpose(%x) {permutation = [0, 2, 3, 1]}
//   %3 = transpose(%w) {permutation = [2, 3, 1, 0]}
//   %4 = pad(%2, 0) {low = [0, 1, 1, 0], high = [0, 1, 1, 0], ...}
//   %5 = convolution(%4, %3) {layout = "b01f_01io->b01f", low = [0, 0], high = [0, 0], ...}
//   %6 = transpose(%5) {permutation = [0, 3, 1, 2]}
//
// Transposes of filters fold; `layout` lets those of activations cancel. The chain in which a
// convolution adds up runs over the window and then the input features, whatever the labels, so the
// bits stay. See docs/decisions/layout.md.
#include <algorithm>

#include "ir/infer.h"
#include "passes/convolution_phases.h"
#include "passes/graph_passes.h"
#include "passes/permutation.h"
#include "passes/rewriter.h"

namespace cermet {
namespace {

// Labels "b01f_01io->b01f" for any number of spatial dims.
ConvLayout FeaturesLast(int64_t spatial_rank) {
  ConvLayout layout;
  layout.input_batch = layout.output_batch = 0;
  layout.input_feature = layout.output_feature = spatial_rank + 1;
  layout.filter_input = spatial_rank;
  layout.filter_output = spatial_rank + 1;
  for (int64_t i = 0; i < spatial_rank; ++i) {
    layout.input_spatial.push_back(i + 1);
    layout.output_spatial.push_back(i + 1);
    layout.filter_spatial.push_back(i);
  }
  return layout;
}

Permutation InputPermutation(const ConvLayout& layout) {
  Permutation permutation = {layout.input_batch};
  permutation.insert(permutation.end(), layout.input_spatial.begin(), layout.input_spatial.end());
  permutation.push_back(layout.input_feature);
  return permutation;
}

Permutation FilterPermutation(const ConvLayout& layout) {
  Permutation permutation = layout.filter_spatial;
  permutation.push_back(layout.filter_input);
  permutation.push_back(layout.filter_output);
  return permutation;
}

// From the output with features last to the labels of `layout`.
Permutation OutputPermutation(const ConvLayout& layout) {
  const int64_t spatial_rank = static_cast<int64_t>(layout.output_spatial.size());
  Permutation permutation(spatial_rank + 2);
  permutation[layout.output_batch] = 0;
  permutation[layout.output_feature] = spatial_rank + 1;
  for (int64_t i = 0; i < spatial_rank; ++i) permutation[layout.output_spatial[i]] = i + 1;
  return permutation;
}

bool AllEqual(const std::vector<int64_t>& list, int64_t value) {
  return std::all_of(list.begin(), list.end(), [&](int64_t v) { return v == value; });
}

Value TransposeUnlessIdentity(Builder& b, Value x, const Permutation& permutation) {
  return IsIdentity(permutation) ? x : b.Transpose(x, permutation);
}

// convolution(x, w) = transpose(convolution(transpose(x), transpose(w))) with features last
Replacement FeaturesToTheEnd(Node& node, Rewriter& rewriter) {
  const absl::StatusOr<ConvLayout> layout =
      ParseConvLayout(node.attrs().Get<std::string>("layout"));
  if (!layout.ok()) return {};
  const int64_t spatial_rank = static_cast<int64_t>(layout->input_spatial.size());
  const std::string last = FeaturesLast(spatial_rank).ToString();
  if (layout->ToString() == last) return {};
  Builder& b = rewriter.builder();
  const Value input = TransposeUnlessIdentity(b, node.operand(0), InputPermutation(*layout));
  const Value filter = TransposeUnlessIdentity(b, node.operand(1), FilterPermutation(*layout));
  AttrMap attrs = node.attrs();
  attrs.Set("layout", last);
  const Permutation output = OutputPermutation(*layout);
  const Type type(node.type().dtype, Permute(node.type().shape, Invert(output)));
  const Value result = b.MakeTyped(OpCode::kConvolution, {input, filter}, type, attrs);
  return {TransposeUnlessIdentity(b, result, output)};
}

bool HasFeaturesLast(const Node& node) {
  const size_t spatial_rank = node.attrs().Ints("stride").size();
  return node.attrs().Get<std::string>("layout") ==
         FeaturesLast(static_cast<int64_t>(spatial_rank)).ToString();
}

Replacement InputPhases(Node& node, Rewriter& rewriter) {
  return HasFeaturesLast(node) ? InputDilationToPhases(node, rewriter) : Replacement();
}

// The edges and interior zeros that a convolution with features last adds to its input: those of
// the batch, the spatial dims, the features.
std::vector<int64_t> Spatial(const std::vector<int64_t>& spatial) {
  std::vector<int64_t> all = {0};
  all.insert(all.end(), spatial.begin(), spatial.end());
  all.push_back(0);
  return all;
}

// convolution(x, w) with padding = convolution(pad(x, 0), w) without
Replacement PaddingToPad(Node& node, Rewriter& rewriter) {
  const AttrMap& old = node.attrs();
  const std::vector<int64_t>& low = old.Ints("low");
  const std::vector<int64_t>& high = old.Ints("high");
  std::vector<int64_t> dilation = old.Ints("lhs_dilation");
  const size_t spatial_rank = dilation.size();
  if (!HasFeaturesLast(node)) return {};
  if (AllEqual(low, 0) && AllEqual(high, 0) && AllEqual(dilation, 1)) return {};
  const Value x = node.operand(0);
  for (size_t i = 0; i < spatial_rank; ++i) {
    // Zeros between elements change the form of a symbolic extent.
    const Dim& extent = x.type().shape[i + 1];
    if (dilation[i] > 1 && (!extent.IsConstant() || extent.value() < 1)) return {};
    dilation[i] -= 1;
  }
  AttrMap attrs = old;
  attrs.Set("low", std::vector<int64_t>(spatial_rank, 0));
  attrs.Set("high", std::vector<int64_t>(spatial_rank, 0));
  attrs.Set("lhs_dilation", std::vector<int64_t>(spatial_rank, 1));
  Builder& b = rewriter.builder();
  const std::vector<int64_t> lows = Spatial(low);
  const std::vector<int64_t> highs = Spatial(high);
  const Value zero = b.Splat(0, Type(x.type().dtype, {}));
  const Value padded = b.Pad(x, zero, std::vector<Dim>(lows.begin(), lows.end()),
                             std::vector<Dim>(highs.begin(), highs.end()), Spatial(dilation));
  return {b.MakeTyped(OpCode::kConvolution, {padded, node.operand(1)}, node.type(), attrs)};
}

}  // namespace

const std::vector<RewriteRule>& CanonicalizeConvolutionRules() {
  static const std::vector<RewriteRule>* const rules = new std::vector<RewriteRule>{
      {"features_last",
       "convolution(x, w) = transpose(convolution(transpose(x), transpose(w)))",
       kExact,
       {OpCode::kConvolution},
       FeaturesToTheEnd},
      {"input_phases",
       "convolution(x, w, dilated input) = interleave(convolution(x, taps of w), ...)",
       Approximate("0 * w of a w that is not finite"),
       {OpCode::kConvolution},
       InputPhases},
      {"padding_to_pad",
       "convolution(x, w, padding) = convolution(pad(x, 0), w)",
       kExact,
       {OpCode::kConvolution},
       PaddingToPad}};
  return *rules;
}

absl::StatusOr<bool> CanonicalizeConvolution(Module& module, const PassContext& context) {
  return ApplyRules(module, context, "canonicalize_convolution", CanonicalizeConvolutionRules(),
                    ForEachControlOrFusionGraph);
}

}  // namespace cermet
