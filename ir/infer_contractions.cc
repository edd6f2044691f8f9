// Inference of reductions, windows, matrix products and convolutions.
#include <algorithm>
#include <set>

#include "absl/strings/string_view.h"
#include "ir/infer_rules.h"
#include "ir/status.h"

namespace cermet {
namespace {

bool Has(const std::vector<int64_t>& dims, int64_t dim) {
  return std::find(dims.begin(), dims.end(), dim) != dims.end();
}

// The k data operands of a reduction have one shape, the k initial values are scalars of their
// element types, and the body combines two sets of k scalars into one. Returns the shape.
absl::StatusOr<Shape> CheckReductionOperands(Inference* in) {
  const int64_t count = in->node().num_operands();
  if (count % 2 != 0)
    return in->Error("has ", count, " operands, needs as many initial values as tensors");
  Shape shape = in->type(0).shape;
  std::vector<Type> scalars;
  for (int64_t i = 0; i < count / 2; ++i) {
    CERMET_ASSIGN_OR_RETURN(shape, in->SameShape(Type(in->type(0).dtype, shape), in->type(i)));
    const Type scalar(in->type(i).dtype, {});
    if (in->type(count / 2 + i) != scalar) {
      return in->Error("the initial value of type ", in->type(count / 2 + i).ToString(),
                       " must be a scalar of type ", scalar.ToString());
    }
    scalars.push_back(scalar);
  }
  std::vector<Type> parameters = scalars;
  parameters.insert(parameters.end(), scalars.begin(), scalars.end());
  CERMET_RETURN_IF_ERROR(in->CheckBody(0, parameters, &scalars));
  return shape;
}

// The number of positions of a window of `size` elements, `dilation` apart, over `extent` elements
// and padding.
Dim WindowPositions(const Dim& extent, const Dim& size, int64_t stride, int64_t low, int64_t high,
                    int64_t dilation) {
  const Dim covered = (size - 1) * dilation + 1;
  const Dim positions = Dim::FloorDiv(extent + low + high - covered, stride) + 1;
  return positions.IsConstant() ? Dim(std::max<int64_t>(positions.value(), 0)) : positions;
}

absl::Status CheckPositive(const Inference& in, absl::string_view name) {
  for (const int64_t value : in.attrs().Ints(name)) {
    if (value < 1) return in.Error("`", name, "` has the entry ", value, ", which is not positive");
  }
  return absl::OkStatus();
}

// The element type of a contraction: that of the operands, or a wider one of the same kind if the
// node states it.
absl::StatusOr<DType> ContractionDType(const Inference& in) {
  const DType operand = in.type(0).dtype;
  if (in.type(1).dtype != operand) {
    return in.Error("types ", in.type(0).ToString(), " and ", in.type(1).ToString(),
                    " differ in element type");
  }
  if (in.node().num_results() == 0) return operand;
  const DType stated = in.node().type().dtype;
  const bool same_kind =
      IsFloat(operand) == IsFloat(stated) && IsInteger(operand) == IsInteger(stated);
  const bool wider = ByteSize(stated) > ByteSize(operand);
  if (stated != operand && !(same_kind && wider)) {
    return in.Error("the element type ", Name(stated), " of the result is not wider than ",
                    Name(operand));
  }
  return stated;
}

absl::Status CheckDimPairs(Inference* in, absl::string_view name, const DimPair& pair) {
  const Type& lhs = in->type(0);
  const Type& rhs = in->type(1);
  if (pair.lhs.size() != pair.rhs.size()) {
    return in->Error("`", name, "` pairs ", pair.lhs.size(), " dims with ", pair.rhs.size());
  }
  for (size_t i = 0; i < pair.lhs.size(); ++i) {
    CERMET_RETURN_IF_ERROR(in->CheckDim(name, pair.lhs[i], lhs.rank()));
    CERMET_RETURN_IF_ERROR(in->CheckDim(name, pair.rhs[i], rhs.rank()));
    if (in->Unify(lhs.shape[pair.lhs[i]], rhs.shape[pair.rhs[i]]).has_value()) continue;
    return in->Error("`", name, "` pairs dim ", pair.lhs[i], " of ", lhs.ToString(), " with dim ",
                     pair.rhs[i], " of ", rhs.ToString());
  }
  return absl::OkStatus();
}

// Divisibility by a constant, refuted only where the extent is constant.
bool MayDivide(const Dim& extent, int64_t divisor) {
  return !extent.IsConstant() || extent.value() % divisor == 0;
}

absl::Status CheckConvolutionAttributes(const Inference& in, const ConvLayout& layout) {
  const int64_t spatial = static_cast<int64_t>(layout.input_spatial.size());
  for (int64_t i = 0; i < 2; ++i) {
    if (in.type(i).rank() == spatial + 2) continue;
    return in.Error("layout ", layout.ToString(), " does not fit operand ", i, " of type ",
                    in.type(i).ToString());
  }
  for (const absl::string_view name : {"stride", "low", "high", "lhs_dilation", "rhs_dilation"}) {
    CERMET_RETURN_IF_ERROR(
        in.CheckLength(name, static_cast<int64_t>(in.attrs().Ints(name).size()), spatial));
  }
  for (const absl::string_view name : {"stride", "lhs_dilation", "rhs_dilation"}) {
    CERMET_RETURN_IF_ERROR(CheckPositive(in, name));
  }
  if (in.attrs().Int("groups") < 1)
    return in.Error("groups = ", in.attrs().Int("groups"), " is not positive");
  return absl::OkStatus();
}

// The types of the k results of a reduction to `shape`.
std::vector<Type> ReductionTypes(const Inference& in, const Shape& shape) {
  std::vector<Type> types;
  for (int64_t i = 0; i < in.node().num_operands() / 2; ++i)
    types.push_back(Type(in.type(i).dtype, shape));
  return types;
}

}  // namespace

absl::StatusOr<std::vector<Type>> InferReduce(Inference* in) {
  CERMET_ASSIGN_OR_RETURN(const Shape shape, CheckReductionOperands(in));
  const std::vector<int64_t>& dims = in->attrs().Ints("dims");
  const int64_t rank = static_cast<int64_t>(shape.size());
  CERMET_RETURN_IF_ERROR(in->CheckDims("dims", dims, rank, /*increasing=*/true));
  Shape reduced;
  for (int64_t i = 0; i < rank; ++i) {
    if (!Has(dims, i)) reduced.push_back(shape[i]);
  }
  return ReductionTypes(*in, reduced);
}

absl::StatusOr<std::vector<Type>> InferReduceWindow(Inference* in) {
  CERMET_ASSIGN_OR_RETURN(const Shape shape, CheckReductionOperands(in));
  const AttrMap& attrs = in->attrs();
  for (const absl::string_view name : {"window", "stride", "low", "high", "dilation"}) {
    CERMET_RETURN_IF_ERROR(in->CheckLength(name, static_cast<int64_t>(attrs.Ints(name).size()),
                                           static_cast<int64_t>(shape.size())));
  }
  for (const absl::string_view name : {"window", "stride", "dilation"})
    CERMET_RETURN_IF_ERROR(CheckPositive(*in, name));
  Shape result;
  for (size_t i = 0; i < shape.size(); ++i) {
    result.push_back(WindowPositions(shape[i], attrs.Ints("window")[i], attrs.Ints("stride")[i],
                                     attrs.Ints("low")[i], attrs.Ints("high")[i],
                                     attrs.Ints("dilation")[i]));
  }
  return ReductionTypes(*in, result);
}

absl::StatusOr<Type> InferDotGeneral(Inference* in) {
  const Type& lhs = in->type(0);
  const Type& rhs = in->type(1);
  const DimPair& contract = in->attrs().Get<DimPair>("contract");
  const DimPair* const stated_batch = in->attrs().Find<DimPair>("batch");
  const DimPair batch = stated_batch == nullptr ? DimPair() : *stated_batch;
  CERMET_RETURN_IF_ERROR(CheckDimPairs(in, "contract", contract));
  CERMET_RETURN_IF_ERROR(CheckDimPairs(in, "batch", batch));
  std::vector<int64_t> lhs_bound = batch.lhs;
  std::vector<int64_t> rhs_bound = batch.rhs;
  lhs_bound.insert(lhs_bound.end(), contract.lhs.begin(), contract.lhs.end());
  rhs_bound.insert(rhs_bound.end(), contract.rhs.begin(), contract.rhs.end());
  CERMET_RETURN_IF_ERROR(
      in->CheckDims("contract and batch", lhs_bound, lhs.rank(), /*increasing=*/false));
  CERMET_RETURN_IF_ERROR(
      in->CheckDims("contract and batch", rhs_bound, rhs.rank(), /*increasing=*/false));
  Type result;
  CERMET_ASSIGN_OR_RETURN(result.dtype, ContractionDType(*in));
  for (size_t i = 0; i < batch.lhs.size(); ++i) {
    result.shape.push_back(*UnifyDims(lhs.shape[batch.lhs[i]], rhs.shape[batch.rhs[i]]));
  }
  for (int64_t i = 0; i < lhs.rank(); ++i) {
    if (!Has(lhs_bound, i)) result.shape.push_back(lhs.shape[i]);
  }
  for (int64_t i = 0; i < rhs.rank(); ++i) {
    if (!Has(rhs_bound, i)) result.shape.push_back(rhs.shape[i]);
  }
  return result;
}

absl::StatusOr<Type> InferConvolution(Inference* in) {
  const absl::StatusOr<ConvLayout> layout = ParseConvLayout(in->attrs().Get<std::string>("layout"));
  if (!layout.ok()) return in->Error(layout.status().message());
  CERMET_RETURN_IF_ERROR(CheckConvolutionAttributes(*in, *layout));
  const Shape& input = in->type(0).shape;
  const Shape& filter = in->type(1).shape;
  const int64_t groups = in->attrs().Int("groups");
  const Dim& in_features = input[layout->input_feature];
  const Dim& out_features = filter[layout->filter_output];
  if (!in->Unify(in_features, filter[layout->filter_input] * groups).has_value() ||
      !MayDivide(out_features, groups)) {
    return in->Error("features of input ", in->type(0).ToString(), " and filter ",
                     in->type(1).ToString(), " do not fit with groups = ", groups, " and layout ",
                     layout->ToString());
  }
  Type result;
  CERMET_ASSIGN_OR_RETURN(result.dtype, ContractionDType(*in));
  result.shape.resize(input.size());
  result.shape[layout->output_batch] = input[layout->input_batch];
  result.shape[layout->output_feature] = out_features;
  const AttrMap& attrs = in->attrs();
  for (size_t i = 0; i < layout->input_spatial.size(); ++i) {
    Dim extent = input[layout->input_spatial[i]];
    const int64_t dilation = attrs.Ints("lhs_dilation")[i];
    if (dilation > 1) extent = Dim::Max((extent - 1) * dilation + 1, 0);
    result.shape[layout->output_spatial[i]] =
        WindowPositions(extent, filter[layout->filter_spatial[i]], attrs.Ints("stride")[i],
                        attrs.Ints("low")[i], attrs.Ints("high")[i], attrs.Ints("rhs_dilation")[i]);
  }
  return result;
}

// ---- layout strings

namespace {

// Positions of the two letters and of the digits of one array's labels.
absl::Status ParseLabels(absl::string_view labels, char first, char second, int64_t* first_dim,
                         int64_t* second_dim, std::vector<int64_t>* spatial) {
  spatial->assign(std::max<int64_t>(static_cast<int64_t>(labels.size()) - 2, 0), -1);
  *first_dim = *second_dim = -1;
  for (size_t i = 0; i < labels.size(); ++i) {
    const char c = labels[i];
    const size_t digit = static_cast<size_t>(c - '0');
    int64_t* const slot = c == first                ? first_dim
                          : c == second             ? second_dim
                          : digit < spatial->size() ? &(*spatial)[digit]
                                                    : nullptr;
    if (slot == nullptr || *slot != -1) return absl::InvalidArgumentError("");
    *slot = static_cast<int64_t>(i);
  }
  // labels.size() slots, each filled at most once: all are filled if there are at least two.
  return labels.size() < 2 ? absl::InvalidArgumentError("") : absl::OkStatus();
}

std::string Labels(char first, int64_t first_dim, char second, int64_t second_dim,
                   const std::vector<int64_t>& spatial) {
  std::string labels(spatial.size() + 2, ' ');
  labels[first_dim] = first;
  labels[second_dim] = second;
  for (size_t i = 0; i < spatial.size(); ++i) labels[spatial[i]] = static_cast<char>('0' + i);
  return labels;
}

}  // namespace

std::string ConvLayout::ToString() const {
  return absl::StrCat(Labels('b', input_batch, 'f', input_feature, input_spatial), "_",
                      Labels('o', filter_output, 'i', filter_input, filter_spatial), "->",
                      Labels('b', output_batch, 'f', output_feature, output_spatial));
}

absl::StatusOr<ConvLayout> ParseConvLayout(absl::string_view text) {
  const absl::Status error = absl::InvalidArgumentError(
      absl::StrCat("layout \"", text, "\" is not of the form \"bf01_oi01->bf01\""));
  const size_t underscore = text.find('_');
  const size_t arrow = text.find("->");
  if (underscore == absl::string_view::npos || arrow == absl::string_view::npos ||
      arrow < underscore)
    return error;
  const absl::string_view input = text.substr(0, underscore);
  const absl::string_view filter = text.substr(underscore + 1, arrow - underscore - 1);
  const absl::string_view output = text.substr(arrow + 2);
  ConvLayout layout;
  const bool ok = input.size() == filter.size() && input.size() == output.size() &&
                  input.size() <= 12 &&
                  ParseLabels(input, 'b', 'f', &layout.input_batch, &layout.input_feature,
                              &layout.input_spatial)
                      .ok() &&
                  ParseLabels(filter, 'o', 'i', &layout.filter_output, &layout.filter_input,
                              &layout.filter_spatial)
                      .ok() &&
                  ParseLabels(output, 'b', 'f', &layout.output_batch, &layout.output_feature,
                              &layout.output_spatial)
                      .ok();
  if (!ok) return error;
  return layout;
}

}  // namespace cermet
