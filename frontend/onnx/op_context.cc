// Access to a node's inputs and attributes, with errors that name what is wrong.
#include "frontend/onnx/op_context.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ir/status.h"

namespace cermet {

const Type& TypeOf(Value value) {
  static const Type* const kNone = new Type();
  return value ? value.type() : *kNone;
}

absl::Status OpContext::Error(absl::string_view message) const {
  return absl::InvalidArgumentError(message);
}
absl::Status OpContext::Unsupported(absl::string_view message) const {
  return absl::UnimplementedError(absl::StrCat(message, " is not supported"));
}
absl::Status OpContext::NeedsDims(absl::string_view message) const {
  const std::string flags = importer_->DimFlags();
  if (flags.empty())
    return absl::FailedPreconditionError(absl::StrCat(message, "; it is computed from data"));
  return absl::FailedPreconditionError(
      absl::StrCat(message, "; it may be with fixed dims: ", flags));
}

// ---- inputs

absl::StatusOr<std::optional<int>> OpContext::FirstFloat() {
  std::optional<int> first;
  for (int i = 0; i < num_inputs(); ++i) {
    if (!has_input(i) || !IsFloat(dtype(i)) || float16_.HasOwnType(i)) continue;
    if (!first.has_value()) first = i;
    if (dtype(i) == dtype(*first)) continue;
    return Error(absl::StrCat("its inputs ", *first, " and ", i, " have types ",
                              type(*first).ToString(), " and ", type(i).ToString(),
                              ", and must be of one element type"));
  }
  return first;
}

bool OpContext::HasWideInput() {
  for (int i = 0; i < num_inputs(); ++i) {
    if (!has_input(i) || float16_.HasOwnType(i)) continue;
    if (FindIn(b().graph(), scope_->Find(node_->input(i))->wide) != Value()) return true;
  }
  return false;
}

absl::Status OpContext::UseFloat16Rule() {
  if (float16_.kind() == Float16::kKept) return absl::OkStatus();
  CERMET_ASSIGN_OR_RETURN(const std::optional<int> first, FirstFloat());
  if (!first.has_value() || !IsFloat16(dtype(*first))) return absl::OkStatus();
  if (float16_.kind() == Float16::kMoved && !HasWideInput()) return absl::OkStatus();
  narrow_dtype_ = dtype(*first);
  for (int i = 0; i < num_inputs(); ++i) {
    wide_types_.push_back(has_input(i) ? type(i) : Type());
    if (IsFloat16(wide_types_.back().dtype)) wide_types_.back().dtype = DType::kF32;
  }
  is_wide_ = true;
  return absl::OkStatus();
}

const Type& OpContext::type(int i) {
  return is_wide_ ? wide_types_[i] : scope_->Find(node_->input(i))->type;
}

Value OpContext::in(int i) {
  ImportedValue* const imported = scope_->Find(node_->input(i));
  const bool widens = is_wide_ && IsFloat16(imported->type.dtype);
  absl::StatusOr<Value> value =
      widens ? importer_->WideValueIn(&b(), imported) : importer_->ValueIn(&b(), imported);
  if (value.ok()) return *value;
  b().Fail(value.status());
  return Value();
}

const KnownValue* OpContext::known(int i) {
  if (!has_input(i)) return nullptr;
  absl::StatusOr<const KnownValue*> known = importer_->KnownOf(scope_->Find(node_->input(i)));
  if (known.ok()) return *known;
  b().Fail(known.status());
  return nullptr;
}

absl::StatusOr<std::vector<Dim>> OpContext::DimsInput(int i, absl::string_view what) {
  const KnownValue* value = known(i);
  CERMET_RETURN_IF_ERROR(status());
  if (value == nullptr)
    return NeedsDims(absl::StrCat("the elements of input ", i, " (", what, ") are not known"));
  if (value->is_real())
    return Error(absl::StrCat("input ", i, " (", what, ") is not of an integer type"));
  return value->ints;
}

absl::StatusOr<std::vector<int64_t>> OpContext::IntsInput(int i, absl::string_view what) {
  CERMET_ASSIGN_OR_RETURN(const std::vector<Dim> dims, DimsInput(i, what));
  std::vector<int64_t> ints;
  for (const Dim& dim : dims) {
    if (!dim.IsConstant())
      return NeedsDims(
          absl::StrCat("input ", i, " (", what, ") must be constant and holds ", dim.ToString()));
    ints.push_back(dim.value());
  }
  return ints;
}

absl::StatusOr<std::vector<double>> OpContext::RealsInput(int i, absl::string_view what) {
  const KnownValue* value = known(i);
  CERMET_RETURN_IF_ERROR(status());
  if (value == nullptr)
    return NeedsDims(absl::StrCat("the elements of input ", i, " (", what, ") are not known"));
  if (!value->is_real())
    return Error(absl::StrCat("input ", i, " (", what, ") is not of a float type"));
  return value->reals;
}

// ---- attributes

const onnx::AttributeProto* OpContext::FindAttr(absl::string_view name) const {
  for (const onnx::AttributeProto& attr : node_->attribute()) {
    if (attr.name() == name) return &attr;
  }
  return nullptr;
}

int64_t OpContext::Int(absl::string_view name, int64_t otherwise) {
  const onnx::AttributeProto* attr = FindAttr(name);
  if (attr == nullptr) return otherwise;
  if (!attr->has_i() && attr->type() != onnx::AttributeProto::INT)
    b().Fail(Error(absl::StrCat("attribute ", name, " is not an integer")));
  return attr->i();
}

double OpContext::Float(absl::string_view name, double otherwise) {
  const onnx::AttributeProto* attr = FindAttr(name);
  if (attr == nullptr) return otherwise;
  if (!attr->has_f() && attr->type() != onnx::AttributeProto::FLOAT)
    b().Fail(Error(absl::StrCat("attribute ", name, " is not a float")));
  return attr->f();
}

std::string OpContext::Str(absl::string_view name, absl::string_view otherwise) {
  const onnx::AttributeProto* attr = FindAttr(name);
  if (attr == nullptr) return std::string(otherwise);
  if (!attr->has_s() && attr->type() != onnx::AttributeProto::STRING)
    b().Fail(Error(absl::StrCat("attribute ", name, " is not a string")));
  return attr->s();
}

std::vector<int64_t> OpContext::Ints(absl::string_view name, std::vector<int64_t> otherwise) {
  const onnx::AttributeProto* attr = FindAttr(name);
  if (attr == nullptr) return otherwise;
  if (attr->ints().empty() && attr->has_type() && attr->type() != onnx::AttributeProto::INTS)
    b().Fail(Error(absl::StrCat("attribute ", name, " is not a list of integers")));
  return {attr->ints().begin(), attr->ints().end()};
}

std::vector<double> OpContext::Floats(absl::string_view name) {
  const onnx::AttributeProto* attr = FindAttr(name);
  if (attr == nullptr) return {};
  if (attr->floats().empty() && attr->has_type() && attr->type() != onnx::AttributeProto::FLOATS)
    b().Fail(Error(absl::StrCat("attribute ", name, " is not a list of floats")));
  return {attr->floats().begin(), attr->floats().end()};
}

std::vector<std::string> OpContext::Strings(absl::string_view name) {
  const onnx::AttributeProto* attr = FindAttr(name);
  if (attr == nullptr) return {};
  if (attr->strings().empty() && attr->has_type() && attr->type() != onnx::AttributeProto::STRINGS)
    b().Fail(Error(absl::StrCat("attribute ", name, " is not a list of strings")));
  return {attr->strings().begin(), attr->strings().end()};
}

absl::StatusOr<const onnx::GraphProto*> OpContext::GraphAttr(absl::string_view name) {
  const onnx::AttributeProto* attr = FindAttr(name);
  if (attr == nullptr || !attr->has_g())
    return Error(absl::StrCat("attribute ", name, " is missing"));
  return &attr->g();
}

absl::StatusOr<std::vector<int64_t>> OpContext::NormalizeAxes(std::vector<int64_t> axes,
                                                              int64_t rank) {
  std::set<int64_t> seen;
  for (int64_t& axis : axes) {
    if (axis < -rank || axis >= rank)
      return Error(absl::StrCat("axis ", axis, " is outside rank ", rank));
    if (axis < 0) axis += rank;
    if (!seen.insert(axis).second) return Error(absl::StrCat("axis ", axis, " is given twice"));
  }
  return axes;
}

absl::StatusOr<int64_t> OpContext::Axis(int64_t otherwise, int64_t rank) {
  CERMET_ASSIGN_OR_RETURN(const std::vector<int64_t> axes,
                          NormalizeAxes({Int("axis", otherwise)}, rank));
  return axes[0];
}

absl::StatusOr<std::optional<std::vector<int64_t>>> OpContext::AxesArgument(int64_t input_since) {
  if (opset_ < input_since) {
    if (!has_attr("axes")) return std::optional<std::vector<int64_t>>();
    return std::optional<std::vector<int64_t>>(Ints("axes"));
  }
  if (!has_input(1)) return std::optional<std::vector<int64_t>>();
  CERMET_ASSIGN_OR_RETURN(std::vector<int64_t> axes, IntsInput(1, "axes"));
  return std::optional<std::vector<int64_t>>(std::move(axes));
}

// ---- building

absl::StatusOr<Value> OpContext::BroadcastTo(Value x, const Shape& shape) {
  CERMET_RETURN_IF_ERROR(status());
  CERMET_ASSIGN_OR_RETURN(const Shape common, solver().Broadcast(x.type().shape, shape));
  if (common != shape) {
    return Error(absl::StrCat("shape ", ToString(x.type().shape), " does not broadcast to ",
                              ToString(shape)));
  }
  return b().BroadcastTo(x, shape);
}

absl::StatusOr<std::vector<Value>> OpContext::BroadcastInputs() {
  Shape common;
  for (int i = 0; i < num_inputs(); ++i) {
    if (!has_input(i)) return Error(absl::StrCat("its input ", i, " is missing"));
    CERMET_ASSIGN_OR_RETURN(common, solver().Broadcast(common, shape(i)));
  }
  std::vector<Value> values;
  for (int i = 0; i < num_inputs(); ++i) values.push_back(b().BroadcastTo(in(i), common));
  CERMET_RETURN_IF_ERROR(status());
  return values;
}

void OpContext::Check(Value pred, int64_t code, absl::string_view what) {
  if (!checked()) return;
  const std::string name = node_->name().empty() ? node_->output(0) : node_->name();
  b().Make(
      OpCode::kCheck, {pred},
      {{"code", code}, {"message", absl::StrCat(node_->op_type(), " \"", name, "\": ", what)}});
}

Value OpContext::Reshape(Value x, const Shape& shape) {
  return TypeOf(x).shape == shape ? x : b().Reshape(x, shape);
}

Value OpContext::Transpose(Value x, std::vector<int64_t> permutation) {
  return std::is_sorted(permutation.begin(), permutation.end())
             ? x
             : b().Transpose(x, std::move(permutation));
}

Value OpContext::ScalarInt(int64_t value, DType dtype) {
  return b().Constant(Literal::SplatInt(dtype, {}, value));
}

Value OpContext::DimValue(const Dim& dim, DType dtype) {
  return dim.IsConstant() ? ScalarInt(dim.value(), dtype) : b().Convert(b().DimSize(dim), dtype);
}

// ---- outputs

absl::Status OpContext::Return(int i, Value value) {
  CERMET_RETURN_IF_ERROR(status());
  if (!wants(i)) return absl::OkStatus();
  ImportedValue imported;
  imported.name = node_->output(i);
  imported.type = value.type();
  const bool is_wide = is_wide_ && value.type().dtype == DType::kF32 &&
                       (i == 0 || float16_.kind() != Float16::kFirstInF32);
  if (is_wide) imported.type.dtype = narrow_dtype_;
  (is_wide ? imported.wide : imported.values).emplace_back(b().graph(), value);
  if (scope_->Define(std::move(imported))) return absl::OkStatus();
  return Error(absl::StrCat("its output \"", node_->output(i), "\" is defined already"));
}

absl::Status OpContext::ReturnTensor(int i, const onnx::TensorProto& tensor) {
  CERMET_RETURN_IF_ERROR(status());
  if (!wants(i)) return absl::OkStatus();
  ImportedValue imported;
  imported.name = node_->output(i);
  imported.initializer = &tensor;
  CERMET_ASSIGN_OR_RETURN(imported.type, importer_->file().TensorType(tensor));
  if (scope_->Define(std::move(imported))) return absl::OkStatus();
  return Error(absl::StrCat("its output \"", node_->output(i), "\" is defined already"));
}

absl::Status OpContext::ReturnKnown(int i, KnownValue known) {
  CERMET_RETURN_IF_ERROR(status());
  if (!wants(i)) return absl::OkStatus();
  ImportedValue imported;
  imported.name = node_->output(i);
  imported.type = known.type();
  imported.known = std::move(known);
  if (scope_->Define(std::move(imported))) return absl::OkStatus();
  return Error(absl::StrCat("its output \"", node_->output(i), "\" is defined already"));
}

}  // namespace cermet
