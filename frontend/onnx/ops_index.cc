// Operators that read or write at indices which are data: Gather, Scatter and their kin.
//
// GatherElements and ScatterElements index every element on its own. They become a gather or
// scatter of single elements of the flattened tensor, at the row-major number of the element, so
// that one index is read for each.
#include <numeric>

#include "absl/strings/str_cat.h"
#include "frontend/onnx/op_context.h"
#include "frontend/onnx/op_table.h"
#include "ir/status.h"

namespace cermet {
namespace {

// Counts negative indices from the back of an extent, and checks the range if asked to. `extent`
// broadcasts to the indices.
Value FromBack(OpContext& c, Value indices, Value extent, bool known_non_negative) {
  Builder& b = c.b();
  if (known_non_negative && !c.checked()) return indices;
  if (!b.ok()) return indices;
  const Value zero = c.ScalarInt(0, indices.type().dtype);
  if (c.checked()) {
    const Value inside =
        b.Binary(OpCode::kAnd, b.Compare("ge", indices, b.Unary(OpCode::kNeg, extent)),
                 b.Compare("lt", indices, extent));
    c.Check(inside, kCheckOutOfRange, "an index is out of range");
  }
  if (known_non_negative) return indices;
  return b.Select(b.Compare("lt", indices, zero), b.Add(indices, extent), indices);
}

absl::Status CheckIndexType(OpContext& c, int input) {
  if (IsInteger(c.dtype(input))) return absl::OkStatus();
  return c.Error(
      absl::StrCat("its indices have type ", c.type(input).ToString(), " instead of integers"));
}

bool KnownNonNegative(OpContext& c, int input) {
  if (IsUnsignedInteger(c.dtype(input))) return true;
  const KnownValue* known = c.known(input);
  if (known == nullptr || known->is_real()) return false;
  for (const Dim& dim : known->ints) {
    if (!c.solver().NonNegative(dim)) return false;
  }
  return true;
}

// data[..., indices, ...] along one axis.
absl::Status Gather(OpContext& c) {
  CERMET_RETURN_IF_ERROR(CheckIndexType(c, 1));
  CERMET_ASSIGN_OR_RETURN(const int64_t axis, c.Axis(0, c.rank(0)));
  const Shape& data = c.shape(0);
  const int64_t index_rank = c.rank(1), rank = c.rank(0);
  const bool non_negative = KnownNonNegative(c, 1);
  const Value extent = non_negative && !c.checked() ? Value() : c.DimValue(data[axis], c.dtype(1));
  const Value indices = FromBack(c, c.in(1), extent, non_negative);
  std::vector<int64_t> offsets;
  std::vector<Dim> sizes = data;
  sizes[axis] = 1;
  for (int64_t d = 0; d < rank; ++d) {
    if (d != axis) offsets.push_back(d < axis ? d : d - 1 + index_rank);
  }
  return c.Return(c.b().Make(OpCode::kGather, {c.in(0), indices},
                             {{"offset_dims", offsets},
                              {"collapsed_slice_dims", std::vector<int64_t>{axis}},
                              {"start_index_map", std::vector<int64_t>{axis}},
                              {"index_vector_dim", index_rank},
                              {"slice_sizes", sizes}}));
}

// The row-major number, in a tensor of shape `data`, of the element that each element of `indices`
// names along `axis`.
absl::StatusOr<Value> ElementNumbers(OpContext& c, const Shape& data, int input, int64_t axis) {
  Builder& b = c.b();
  CERMET_RETURN_IF_ERROR(CheckIndexType(c, input));
  if (c.rank(input) != static_cast<int64_t>(data.size())) {
    return c.Error(absl::StrCat("data of shape ", ToString(data), " and indices of shape ",
                                ToString(c.shape(input)), " differ in rank"));
  }
  const Type type(DType::kI64, c.shape(input));
  const Value extent = c.DimValue(data[axis]);
  Value along =
      FromBack(c, b.Convert(c.in(input), DType::kI64), extent, KnownNonNegative(c, input));
  // What is outside clamps, as in gather; it must not read a neighbouring row.
  along = b.Max(b.Min(along, b.Sub(extent, c.ScalarInt(1))), c.ScalarInt(0));
  const std::vector<Dim> strides = RowMajorStrides(data);
  Value number;
  for (int64_t d = 0; d < static_cast<int64_t>(data.size()); ++d) {
    if (d != axis && type.shape[d] == Dim(1)) continue;  // only index 0
    Value term = d == axis ? along : b.Iota(type, d);
    if (strides[d] != Dim(1)) term = b.Mul(term, c.DimValue(strides[d]));
    number = number ? b.Add(number, term) : term;
  }
  CERMET_RETURN_IF_ERROR(c.status());
  return number;
}

absl::Status GatherElements(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(const int64_t axis, c.Axis(0, c.rank(0)));
  CERMET_ASSIGN_OR_RETURN(const Value numbers, ElementNumbers(c, c.shape(0), 1, axis));
  const Value flat = c.Reshape(c.in(0), {c.type(0).NumElements()});
  return c.Return(c.b().Make(OpCode::kGather, {flat, numbers},
                             {{"offset_dims", std::vector<int64_t>{}},
                              {"collapsed_slice_dims", std::vector<int64_t>{0}},
                              {"start_index_map", std::vector<int64_t>{0}},
                              {"index_vector_dim", c.rank(1)},
                              {"slice_sizes", std::vector<Dim>{1}}}));
}

// The last dim of `indices` holds positions in data's dims from `first` on; negative ones count
// from the back.
absl::StatusOr<Value> IndexVectors(OpContext& c, const Shape& data, int input, int64_t first) {
  Builder& b = c.b();
  CERMET_RETURN_IF_ERROR(CheckIndexType(c, input));
  const Shape& shape = c.shape(input);
  if (shape.empty()) return c.Error("its indices are a scalar");
  if (!shape.back().IsConstant()) return c.NeedsDims("the length of an index vector is not known");
  const int64_t length = shape.back().value();
  if (first + length > static_cast<int64_t>(data.size())) {
    return c.Error(absl::StrCat("index vectors of ", length, " elements do not fit data of shape ",
                                ToString(data)));
  }
  KnownValue extents = KnownValue::Vector({data.begin() + first, data.begin() + first + length});
  extents.dtype = c.dtype(input);
  const bool non_negative = KnownNonNegative(c, input);
  Value limit;
  if (!non_negative || c.checked()) limit = b.BroadcastTo(EmitKnown(&b, extents), shape);
  return FromBack(c, c.in(input), limit, non_negative);
}

absl::Status GatherND(OpContext& c) {
  Builder& b = c.b();
  const int64_t batch = c.Int("batch_dims", 0);
  const Shape &data = c.shape(0), &shape = c.shape(1);
  if (batch < 0 || batch >= c.rank(1) || batch > c.rank(0))
    return c.Error(absl::StrCat("batch_dims is ", batch));
  CERMET_ASSIGN_OR_RETURN(Value indices, IndexVectors(c, data, 1, batch));
  CERMET_RETURN_IF_ERROR(c.status());
  const int64_t last = c.rank(1) - 1, length = shape.back().value() + batch;
  if (batch > 0) {  // positions in the batch dims come first
    Shape column = shape;
    column.back() = 1;
    std::vector<Value> columns;
    for (int64_t d = 0; d < batch; ++d) columns.push_back(b.Iota(Type(c.dtype(1), column), d));
    columns.push_back(indices);
    indices = b.Concat(columns, last);
  }
  std::vector<int64_t> indexed, offsets;
  std::vector<Dim> sizes = data;
  for (int64_t d = 0; d < length; ++d) {
    indexed.push_back(d);
    sizes[d] = 1;
  }
  for (int64_t d = length; d < c.rank(0); ++d) offsets.push_back(last + d - length);
  return c.Return(b.Make(OpCode::kGather, {c.in(0), indices},
                         {{"offset_dims", offsets},
                          {"collapsed_slice_dims", indexed},
                          {"start_index_map", indexed},
                          {"index_vector_dim", last},
                          {"slice_sizes", sizes}}));
}

// ---- scatter

// combine(old, update), a graph over scalars.
absl::StatusOr<std::unique_ptr<Graph>> Combiner(OpContext& c, DType dtype) {
  const std::string reduction = c.Str("reduction", "none");
  if (reduction == "add") return BinaryBody(OpCode::kAdd, dtype);
  if (reduction == "mul") return BinaryBody(OpCode::kMul, dtype);
  if (reduction == "max") return BinaryBody(OpCode::kMaximum, dtype);
  if (reduction == "min") return BinaryBody(OpCode::kMinimum, dtype);
  if (reduction != "none") return c.Error(absl::StrCat("reduction \"", reduction, "\""));
  auto body = std::make_unique<Graph>("body");
  body->AddParameter(Type(dtype, {}), "old");
  Node* update = body->AddParameter(Type(dtype, {}), "update");
  body->set_results({update->result()});
  body->set_result_names({""});
  return body;
}

absl::StatusOr<Value> Scatter(OpContext& c, Value data, Value indices, Value updates,
                              std::vector<int64_t> window, std::vector<int64_t> indexed,
                              int64_t vector_dim) {
  CERMET_RETURN_IF_ERROR(c.status());
  CERMET_ASSIGN_OR_RETURN(std::unique_ptr<Graph> body, Combiner(c, data.type().dtype));
  std::vector<std::unique_ptr<Graph>> bodies;
  bodies.push_back(std::move(body));
  Node* node = c.b().MakeNode(OpCode::kScatter, {data, indices, updates},
                              {{"update_window_dims", std::move(window)},
                               {"inserted_window_dims", indexed},
                               {"scatter_dims_to_operand_dims", indexed},
                               {"index_vector_dim", vector_dim}},
                              std::move(bodies));
  CERMET_RETURN_IF_ERROR(c.status());
  return node->result();
}

absl::Status ScatterElements(OpContext& c) {
  CERMET_ASSIGN_OR_RETURN(const int64_t axis, c.Axis(0, c.rank(0)));
  CERMET_ASSIGN_OR_RETURN(const Value numbers, ElementNumbers(c, c.shape(0), 1, axis));
  if (c.shape(1) != c.shape(2)) {
    return c.Error(absl::StrCat("indices of shape ", ToString(c.shape(1)), " and updates of shape ",
                                ToString(c.shape(2)), " differ"));
  }
  const Dim count = c.type(1).NumElements();
  CERMET_ASSIGN_OR_RETURN(
      const Value flat,
      Scatter(c, c.Reshape(c.in(0), {c.type(0).NumElements()}), c.Reshape(numbers, {count}),
              c.Reshape(c.in(2), {count}), {}, {0}, 1));
  return c.Return(c.Reshape(flat, c.shape(0)));
}

absl::Status ScatterND(OpContext& c) {
  const Shape& data = c.shape(0);
  CERMET_ASSIGN_OR_RETURN(const Value indices, IndexVectors(c, data, 1, 0));
  const int64_t length = c.shape(1).back().value(), batch = c.rank(1) - 1;
  std::vector<int64_t> indexed, window;
  for (int64_t d = 0; d < length; ++d) indexed.push_back(d);
  for (int64_t d = batch; d < c.rank(2); ++d) window.push_back(d);
  CERMET_ASSIGN_OR_RETURN(
      const Value result,
      Scatter(c, c.in(0), indices, c.in(2), std::move(window), std::move(indexed), batch));
  return c.Return(result);
}

constexpr OpRow kRows[] = {
    {"Gather", 1, kNewest, 2, 2, Gather, Float16::kMoved},
    {"GatherElements", 11, kNewest, 2, 2, GatherElements, Float16::kMoved},
    {"GatherND", 11, kNewest, 2, 2, GatherND, Float16::kMoved},
    {"Scatter", 9, 10, 3, 3, ScatterElements, Float16::kKept},
    {"ScatterElements", 11, kNewest, 3, 3, ScatterElements, Float16::kKept},
    {"ScatterND", 11, kNewest, 3, 3, ScatterND, Float16::kKept},
};

}  // namespace

absl::Span<const OpRow> IndexOps() { return kRows; }

}  // namespace cermet
