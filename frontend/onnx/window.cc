// The arithmetic of pads. SAME gives ceil(n / stride) outputs; ceil_mode gives a last, partly
// outside window.
#include "frontend/onnx/window.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ir/status.h"

namespace cermet {

constexpr int64_t kMaxWindow = 1 << 24;  // of any attribute: products stay far from overflow

absl::Status CheckWindowList(OpContext& c, absl::string_view name, const std::vector<int64_t>& list,
                             size_t size, int64_t least) {
  if (list.size() != size)
    return c.Error(
        absl::StrCat("attribute ", name, " has ", list.size(), " elements instead of ", size));
  for (const int64_t x : list) {
    if (x < least || x > kMaxWindow)
      return c.Error(absl::StrCat("attribute ", name, " has the element ", x));
  }
  return absl::OkStatus();
}

namespace {

// Low and high pads of one dim for auto_pad = SAME_UPPER or SAME_LOWER.
absl::Status SamePads(OpContext& c, size_t d, bool upper, Window* w) {
  const int64_t reach = (w->kernel[d] - 1) * w->dilation[d] + 1;
  const Dim& extent = c.shape(0)[d + 2];
  int64_t total = reach - 1;  // for stride 1, whatever the extent
  if (w->stride[d] != 1) {
    if (!extent.IsConstant())
      return c.NeedsDims(absl::StrCat("auto_pad SAME with stride ", w->stride[d],
                                      " needs the extent ", extent.ToString()));
    const int64_t outputs = (extent.value() + w->stride[d] - 1) / w->stride[d];
    total = std::max<int64_t>(0, (outputs - 1) * w->stride[d] + reach - extent.value());
  }
  w->low[d] = upper ? total / 2 : total - total / 2;
  w->high[d] = total - w->low[d];
  return absl::OkStatus();
}

absl::Status CeilPads(OpContext& c, size_t d, Window* w) {
  if (w->stride[d] == 1) return absl::OkStatus();
  const Dim& extent = c.shape(0)[d + 2];
  if (!extent.IsConstant())
    return c.NeedsDims(absl::StrCat("ceil_mode with stride ", w->stride[d], " needs the extent ",
                                    extent.ToString()));
  const int64_t reach = (w->kernel[d] - 1) * w->dilation[d] + 1,
                padded = extent.value() + w->low[d] + w->high[d];
  if (padded < reach) return absl::OkStatus();
  int64_t outputs = (padded - reach + w->stride[d] - 1) / w->stride[d] + 1;
  // A window that would start in the high padding is left out.
  if ((outputs - 1) * w->stride[d] >= extent.value() + w->low[d]) --outputs;
  w->high[d] += std::max<int64_t>(0, (outputs - 1) * w->stride[d] + reach - padded);
  return absl::OkStatus();
}

// The input with its pads holds at least one window.
absl::Status CheckFits(OpContext& c, size_t d, const Window& w) {
  const Dim& extent = c.shape(0)[d + 2];
  const int64_t reach = (w.kernel[d] - 1) * w.dilation[d] + 1;
  if (!extent.IsConstant() || extent.value() + w.low[d] + w.high[d] >= reach)
    return absl::OkStatus();
  return c.Error(absl::StrCat("a window of ", reach, " does not fit the extent ", extent.value(),
                              " with pads of ", w.low[d], " and ", w.high[d]));
}

}  // namespace

absl::StatusOr<Window> ReadWindow(OpContext& c, const Shape& filter, bool transposed) {
  const int64_t rank = c.rank(0) - 2;
  if (rank < 1)
    return c.Error(
        absl::StrCat("its input of shape ", ToString(c.shape(0)), " has no spatial dims"));
  const size_t spatial = rank;
  Window w;
  w.kernel = c.Ints("kernel_shape");
  if (!filter.empty()) {
    std::vector<int64_t> extents;
    for (const Dim& dim : filter) {
      if (!dim.IsConstant())
        return c.NeedsDims(absl::StrCat("the filter's extent ", dim.ToString(), " is not known"));
      extents.push_back(dim.value());
    }
    if (!w.kernel.empty() && w.kernel != extents)
      return c.Error(absl::StrCat("kernel_shape [", absl::StrJoin(w.kernel, ","),
                                  "] is not that of the filter, [", absl::StrJoin(extents, ","),
                                  "]"));
    w.kernel = extents;
  }
  w.stride = c.Ints("strides", std::vector<int64_t>(spatial, 1));
  w.dilation = c.Ints("dilations", std::vector<int64_t>(spatial, 1));
  const std::vector<int64_t> pads = c.Ints("pads", std::vector<int64_t>(2 * spatial, 0));
  CERMET_RETURN_IF_ERROR(CheckWindowList(c, "kernel_shape", w.kernel, spatial, 1));
  CERMET_RETURN_IF_ERROR(CheckWindowList(c, "strides", w.stride, spatial, 1));
  CERMET_RETURN_IF_ERROR(CheckWindowList(c, "dilations", w.dilation, spatial, 1));
  const std::string auto_pad = c.Str("auto_pad", "NOTSET");
  const bool same = auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER";
  if (!same && auto_pad != "NOTSET" && auto_pad != "VALID" && !auto_pad.empty())
    return c.Error(absl::StrCat("auto_pad \"", auto_pad, "\""));
  if (same || auto_pad == "VALID") {
    w.low.assign(spatial, 0);
    w.high.assign(spatial, 0);
  } else {
    CERMET_RETURN_IF_ERROR(CheckWindowList(c, "pads", pads, 2 * spatial, -kMaxWindow));
    w.low.assign(pads.begin(), pads.begin() + spatial);
    w.high.assign(pads.begin() + spatial, pads.end());
  }
  for (size_t d = 0; d < spatial; ++d) {
    if (same && !transposed) CERMET_RETURN_IF_ERROR(SamePads(c, d, auto_pad == "SAME_UPPER", &w));
    if (c.Int("ceil_mode", 0) != 0) CERMET_RETURN_IF_ERROR(CeilPads(c, d, &w));
    if (!transposed) CERMET_RETURN_IF_ERROR(CheckFits(c, d, w));
  }
  return w;
}

}  // namespace cermet
