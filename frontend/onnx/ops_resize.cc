// Resize and Upsample.
//
// Every mode is separable: along one axis, an output element is a weighted sum of a few input
// elements (taps), whose places and weights follow from static extents and scales. An axis becomes
// gathers at constant places, one for each tap. Enlarging by a whole factor with nearest neighbours
// is a broadcast and a reshape, which fuses, and works for symbolic extents.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "frontend/onnx/op_context.h"
#include "frontend/onnx/op_table.h"
#include "ir/status.h"

namespace cermet {
namespace {

struct ResizeSpec {
  std::string mode = "nearest", coordinates = "half_pixel", nearest = "round_prefer_floor";
  double cubic_a = -0.75, extrapolation = 0;
  bool exclude_outside = false, antialias = false;
};

// One axis to resize.
struct AxisSpec {
  int64_t axis = 0;
  double scale = 1;
  Dim out;
  double roi_start = 0, roi_end = 1;
};

// For output element o: inputs index[k][o] with weight[k][o]; `outside[o]` where the extrapolation
// value stands instead.
struct Taps {
  std::vector<std::vector<int64_t>> index;
  std::vector<std::vector<double>> weight;
  std::vector<bool> outside;
};

// The coordinate in the input of output element x.
double Coordinate(const ResizeSpec& spec, const AxisSpec& axis, double x, double in, double out) {
  const double scale = axis.scale;
  if (spec.coordinates == "asymmetric") return x / scale;
  if (spec.coordinates == "align_corners") return out == 1 ? 0 : x * (in - 1) / (out - 1);
  if (spec.coordinates == "pytorch_half_pixel") return out > 1 ? (x + 0.5) / scale - 0.5 : 0;
  if (spec.coordinates == "tf_half_pixel_for_nn") return (x + 0.5) / scale;
  if (spec.coordinates == "half_pixel_symmetric") {
    const double adjustment = out / (in * scale), centre = in / 2;
    return centre * (1 - adjustment) + (x + 0.5) / scale - 0.5;
  }
  if (spec.coordinates == "tf_crop_and_resize") {
    if (out > 1)
      return axis.roi_start * (in - 1) + x * (axis.roi_end - axis.roi_start) * (in - 1) / (out - 1);
    return 0.5 * (axis.roi_start + axis.roi_end) * (in - 1);
  }
  return (x + 0.5) / scale - 0.5;  // half_pixel
}

double NearestPlace(const std::string& rule, double x) {
  if (rule == "floor") return std::floor(x);
  if (rule == "ceil") return std::ceil(x);
  if (rule == "round_prefer_ceil") return std::floor(x + 0.5);
  return std::ceil(x - 0.5);  // round_prefer_floor
}

// The kernels, with the distance measured in input elements.
double LinearWeight(double distance) { return std::max(0.0, 1 - std::fabs(distance)); }
double CubicWeight(double distance, double a) {
  const double d = std::fabs(distance);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return 0;
}

// The taps of output element o, by place; places may lie outside the input.
std::map<int64_t, double> TapsAt(const ResizeSpec& spec, const AxisSpec& axis, double x) {
  std::map<int64_t, double> taps;
  if (spec.mode == "nearest") {
    taps[static_cast<int64_t>(NearestPlace(spec.nearest, x))] = 1;
    return taps;
  }
  // With antialias, a reduction widens the kernel by 1 / scale.
  const double stretch = spec.antialias ? std::max(1.0, 1 / axis.scale) : 1;
  const double reach = (spec.mode == "cubic" ? 2 : 1) * stretch;
  double total = 0;
  for (int64_t i = static_cast<int64_t>(std::floor(x - reach));
       i <= static_cast<int64_t>(std::ceil(x + reach)); ++i) {
    const double distance = (static_cast<double>(i) - x) / stretch;
    const double weight =
        spec.mode == "cubic" ? CubicWeight(distance, spec.cubic_a) : LinearWeight(distance);
    if (weight != 0) total += taps[i] = weight;
  }
  for (auto& [place, weight] : taps) weight /= total;
  return taps;
}

Taps MakeTaps(const ResizeSpec& spec, const AxisSpec& axis, int64_t in, int64_t out) {
  std::vector<std::map<int64_t, double>> all(out);
  Taps taps;
  taps.outside.assign(out, false);
  size_t most = 1;
  for (int64_t o = 0; o < out; ++o) {
    const double x = Coordinate(spec, axis, static_cast<double>(o), static_cast<double>(in),
                                static_cast<double>(out));
    taps.outside[o] =
        spec.coordinates == "tf_crop_and_resize" && (x < 0 || x > static_cast<double>(in - 1));
    double kept = 0;
    for (const auto& [place, weight] : TapsAt(spec, axis, x)) {
      if (spec.exclude_outside && (place < 0 || place >= in)) continue;
      all[o][std::clamp<int64_t>(place, 0, in - 1)] += weight;
      kept += weight;
    }
    if (spec.exclude_outside && kept != 0) {
      for (auto& [place, weight] : all[o]) weight /= kept;
    }
    most = std::max(most, all[o].size());
  }
  taps.index.assign(most, std::vector<int64_t>(out, 0));
  taps.weight.assign(most, std::vector<double>(out, 0));
  for (int64_t o = 0; o < out; ++o) {
    size_t k = 0;
    for (const auto& [place, weight] : all[o]) {
      taps.index[k][o] = place;
      taps.weight[k++][o] = weight;
    }
  }
  return taps;
}

Value GatherAxis(OpContext& c, Value x, int64_t axis, const std::vector<int64_t>& places) {
  if (!x) return x;
  const Shape& shape = x.type().shape;
  const Value indices =
      c.b().Constant(Literal::FromValues<int64_t>({static_cast<int64_t>(places.size())}, places));
  std::vector<int64_t> offsets;
  std::vector<Dim> sizes = shape;
  sizes[axis] = 1;
  for (int64_t d = 0; d < static_cast<int64_t>(shape.size()); ++d) {
    if (d != axis) offsets.push_back(d);
  }
  return c.b().Make(OpCode::kGather, {x, indices},
                    {{"offset_dims", offsets},
                     {"collapsed_slice_dims", std::vector<int64_t>{axis}},
                     {"start_index_map", std::vector<int64_t>{axis}},
                     {"index_vector_dim", int64_t{1}},
                     {"slice_sizes", sizes}});
}

// `values`, one for each place along the axis, as a tensor of x's shape.
Value AlongAxis(OpContext& c, const std::vector<double>& values, const Type& type, int64_t axis) {
  Literal literal(type.dtype, {static_cast<int64_t>(values.size())});
  for (size_t i = 0; i < values.size(); ++i) literal.SetFloat(static_cast<int64_t>(i), values[i]);
  return c.b().Broadcast(c.b().Constant(literal), type.shape, {axis});
}

Value ResizeAxis(OpContext& c, const ResizeSpec& spec, const AxisSpec& axis, Value x) {
  Builder& b = c.b();
  const Shape& shape = x.type().shape;
  const Taps taps = MakeTaps(spec, axis, shape[axis.axis].value(), axis.out.value());
  Value sum;
  for (size_t k = 0; k < taps.index.size(); ++k) {
    Value term = GatherAxis(c, x, axis.axis, taps.index[k]);
    const bool plain =
        std::all_of(taps.weight[k].begin(), taps.weight[k].end(), [](double w) { return w == 1; });
    if (!plain) term = b.Mul(term, AlongAxis(c, taps.weight[k], TypeOf(term), axis.axis));
    sum = sum ? b.Add(sum, term) : term;
  }
  if (std::find(taps.outside.begin(), taps.outside.end(), true) == taps.outside.end() || !sum)
    return sum;
  std::vector<double> mask(taps.outside.begin(), taps.outside.end());
  const Value outside = b.Compare("ne", AlongAxis(c, mask, sum.type(), axis.axis),
                                  c.Splat(0, Type(sum.type().dtype, {})));
  return b.Select(outside, c.Splat(spec.extrapolation, Type(sum.type().dtype, {})), sum);
}

// Repeats each element `factor` times along an axis.
Value Repeat(OpContext& c, Value x, int64_t axis, int64_t factor) {
  Shape wide = x.type().shape, joined = x.type().shape;
  wide.insert(wide.begin() + axis + 1, factor);
  joined[axis] = joined[axis] * Dim(factor);
  std::vector<int64_t> dims;
  for (int64_t d = 0; d < x.type().rank(); ++d) dims.push_back(d <= axis ? d : d + 1);
  return c.b().Reshape(c.b().Broadcast(x, wide, dims), joined);
}

// Whether output o of a whole enlargement comes from input o / factor.
bool RepeatsElements(const ResizeSpec& spec, int64_t factor) {
  if (spec.mode != "nearest") return false;
  AxisSpec axis;
  axis.scale = static_cast<double>(factor);
  const std::string& how = spec.coordinates;
  if (how != "half_pixel" && how != "asymmetric" && how != "tf_half_pixel_for_nn" &&
      how != "pytorch_half_pixel" && how != "half_pixel_symmetric")
    return false;
  // The pattern repeats with every input element, so one that is far from both ends decides.
  for (int64_t o = 0; o < factor; ++o) {
    const double x = Coordinate(spec, axis, static_cast<double>(4 * factor + o), 16,
                                16.0 * static_cast<double>(factor));
    if (NearestPlace(spec.nearest, x) != 4) return false;
  }
  return true;
}

absl::Status EmitResize(OpContext& c, const ResizeSpec& spec, const std::vector<AxisSpec>& axes) {
  Value x = c.in(0);
  CERMET_RETURN_IF_ERROR(c.status());
  const DType dtype = x.type().dtype;
  const bool real = IsFloat(dtype) || spec.mode == "nearest";
  if (!real) x = c.b().Convert(x, DType::kF32);
  for (const AxisSpec& axis : axes) {
    CERMET_RETURN_IF_ERROR(c.status());
    const Dim in = x.type().shape[axis.axis];
    if (axis.scale == 1 && axis.out == in && spec.coordinates != "tf_crop_and_resize") continue;
    const int64_t factor =
        axis.scale >= 1 && axis.scale < 1e6 ? static_cast<int64_t>(axis.scale) : 0;
    if (static_cast<double>(factor) == axis.scale && axis.out == in * Dim(factor) &&
        RepeatsElements(spec, factor)) {
      x = Repeat(c, x, axis.axis, factor);
      continue;
    }
    if (!in.IsConstant() || !axis.out.IsConstant()) {
      return c.NeedsDims(absl::StrCat("resizing axis ", axis.axis, " of extent ", in.ToString(),
                                      " by ", axis.scale, " needs fixed extents"));
    }
    if (in.value() < 1 || axis.out.value() < 0 || axis.out.value() > int64_t{1} << 24) {
      return c.Error(absl::StrCat("axis ", axis.axis, " cannot be resized from ", in.ToString(),
                                  " to ", axis.out.ToString()));
    }
    x = ResizeAxis(c, spec, axis, x);
  }
  if (!real) x = c.b().Convert(x, dtype);
  return c.Return(x);
}

Dim ScaledExtent(const Dim& in, double scale) {
  if (in.IsConstant())
    return Dim(static_cast<int64_t>(std::floor(static_cast<double>(in.value()) * scale)));
  if (scale >= 1 && scale < 1e6 && std::floor(scale) == scale)
    return in * Dim(static_cast<int64_t>(scale));
  const double divisor = 1 / scale;
  if (scale > 1e-6 && std::floor(divisor) == divisor)
    return Dim::FloorDiv(in, static_cast<int64_t>(divisor));
  return Dim(-1);  // not expressible; EmitResize asks for a fixed extent
}

// Extents and scales from `sizes`; the policies keep one scale for all axes, so that the result
// fits in (or around) the sizes.
absl::Status FromSizes(OpContext& c, const std::vector<Dim>& sizes, std::vector<AxisSpec>* axes) {
  const std::string policy = c.Str("keep_aspect_ratio_policy", "stretch");
  if (policy != "stretch" && policy != "not_larger" && policy != "not_smaller")
    return c.Error(absl::StrCat("keep_aspect_ratio_policy \"", policy, "\""));
  double common = policy == "not_larger" ? 1e300 : 0;
  for (size_t i = 0; i < axes->size(); ++i) {
    AxisSpec& axis = (*axes)[i];
    const Dim& in = c.shape(0)[axis.axis];
    axis.out = sizes[i];
    if (axis.out == in) continue;
    if (!in.IsConstant() || !axis.out.IsConstant() || in.value() < 1) {
      return c.NeedsDims(absl::StrCat("resizing axis ", axis.axis, " from ", in.ToString(), " to ",
                                      axis.out.ToString(), " needs fixed extents"));
    }
    axis.scale = static_cast<double>(axis.out.value()) / static_cast<double>(in.value());
  }
  if (policy == "stretch") return absl::OkStatus();
  for (const AxisSpec& axis : *axes)
    common = policy == "not_larger" ? std::min(common, axis.scale) : std::max(common, axis.scale);
  for (AxisSpec& axis : *axes) {
    const Dim& in = c.shape(0)[axis.axis];
    if (!in.IsConstant()) return c.NeedsDims("keep_aspect_ratio_policy needs fixed extents");
    axis.scale = common;
    axis.out =
        Dim(static_cast<int64_t>(std::floor(static_cast<double>(in.value()) * common + 0.5)));
  }
  return absl::OkStatus();
}

absl::Status FromScales(OpContext& c, const std::vector<double>& scales,
                        std::vector<AxisSpec>* axes) {
  if (scales.size() != axes->size())
    return c.Error(absl::StrCat("it has ", scales.size(), " scales for ", axes->size(), " axes"));
  for (size_t i = 0; i < axes->size(); ++i) {
    if (!(scales[i] > 0) || !std::isfinite(scales[i]))
      return c.Error(absl::StrCat("scale ", scales[i]));
    (*axes)[i].scale = scales[i];
    (*axes)[i].out = ScaledExtent(c.shape(0)[(*axes)[i].axis], scales[i]);
  }
  return absl::OkStatus();
}

absl::Status CheckMode(OpContext& c, ResizeSpec* spec) {
  if (spec->mode == "bilinear" || spec->mode == "trilinear") spec->mode = "linear";
  if (spec->mode != "nearest" && spec->mode != "linear" && spec->mode != "cubic")
    return c.Error(absl::StrCat("mode \"", spec->mode, "\""));
  static constexpr absl::string_view kCoordinates[] = {
      "half_pixel",           "asymmetric",           "align_corners",     "pytorch_half_pixel",
      "tf_half_pixel_for_nn", "half_pixel_symmetric", "tf_crop_and_resize"};
  if (std::find(std::begin(kCoordinates), std::end(kCoordinates), spec->coordinates) ==
      std::end(kCoordinates)) {
    return c.Error(absl::StrCat("coordinate_transformation_mode \"", spec->coordinates, "\""));
  }
  static constexpr absl::string_view kNearest[] = {"round_prefer_floor", "round_prefer_ceil",
                                                   "floor", "ceil"};
  if (std::find(std::begin(kNearest), std::end(kNearest), spec->nearest) == std::end(kNearest))
    return c.Error(absl::StrCat("nearest_mode \"", spec->nearest, "\""));
  return absl::OkStatus();
}

absl::Status Resize(OpContext& c) {
  ResizeSpec spec;
  spec.mode = c.Str("mode", "nearest");
  std::vector<int64_t> names(c.rank(0));
  std::iota(names.begin(), names.end(), 0);
  const bool old = c.opset() < 11;  // inputs x, scales, and one way of placing
  spec.coordinates = old ? "asymmetric" : c.Str("coordinate_transformation_mode", "half_pixel");
  spec.nearest = old ? "floor" : c.Str("nearest_mode", "round_prefer_floor");
  spec.cubic_a = c.Float("cubic_coeff_a", -0.75);
  spec.extrapolation = c.Float("extrapolation_value", 0);
  spec.exclude_outside = c.Int("exclude_outside", 0) != 0;
  spec.antialias = c.Int("antialias", 0) != 0;
  CERMET_RETURN_IF_ERROR(CheckMode(c, &spec));
  if (c.has_attr("axes")) {
    CERMET_ASSIGN_OR_RETURN(names, c.NormalizeAxes(c.Ints("axes"), c.rank(0)));
  }
  std::vector<AxisSpec> axes(names.size());
  for (size_t i = 0; i < names.size(); ++i) axes[i].axis = names[i];
  const int scales_input = old ? 1 : 2;
  if (!old && c.has_input(3)) {
    CERMET_ASSIGN_OR_RETURN(const std::vector<Dim> sizes, c.DimsInput(3, "sizes"));
    if (sizes.size() != axes.size())
      return c.Error(absl::StrCat("it has ", sizes.size(), " sizes for ", axes.size(), " axes"));
    CERMET_RETURN_IF_ERROR(FromSizes(c, sizes, &axes));
  } else if (c.has_input(scales_input)) {
    CERMET_ASSIGN_OR_RETURN(const std::vector<double> scales, c.RealsInput(scales_input, "scales"));
    CERMET_RETURN_IF_ERROR(FromScales(c, scales, &axes));
  } else {
    return c.Error("it has neither scales nor sizes");
  }
  if (spec.coordinates == "tf_crop_and_resize") {
    if (!c.has_input(1)) return c.Error("tf_crop_and_resize needs roi");
    CERMET_ASSIGN_OR_RETURN(const std::vector<double> roi, c.RealsInput(1, "roi"));
    if (roi.size() != 2 * axes.size())
      return c.Error(absl::StrCat("roi has ", roi.size(), " elements for ", axes.size(), " axes"));
    for (size_t i = 0; i < axes.size(); ++i) {
      axes[i].roi_start = roi[i];
      axes[i].roi_end = roi[axes.size() + i];
    }
  }
  return EmitResize(c, spec, axes);
}

absl::Status Upsample(OpContext& c) {
  ResizeSpec spec;
  spec.mode = c.Str("mode", "nearest");
  spec.coordinates = "asymmetric";
  spec.nearest = "floor";
  CERMET_RETURN_IF_ERROR(CheckMode(c, &spec));
  std::vector<double> scales = c.Floats("scales");
  if (c.opset() >= 9) {
    if (!c.has_input(1)) return c.Error("scales is missing");
    CERMET_ASSIGN_OR_RETURN(scales, c.RealsInput(1, "scales"));
  }
  std::vector<AxisSpec> axes(c.rank(0));
  for (size_t i = 0; i < axes.size(); ++i) axes[i].axis = static_cast<int64_t>(i);
  CERMET_RETURN_IF_ERROR(FromScales(c, scales, &axes));
  return EmitResize(c, spec, axes);
}

constexpr OpRow kRows[] = {
    {"Resize", 10, kNewest, 1, 4, Resize, {Float16::kInF32, 1}},
    {"Upsample", 7, 9, 1, 2, Upsample, {Float16::kInF32, 1}},
};

}  // namespace

absl::Span<const OpRow> ResizeOps() { return kRows; }

}  // namespace cermet
