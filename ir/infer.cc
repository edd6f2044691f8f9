// Inference: the checks that follow from a node's row of the op table, the elementwise and source
// ops, and the dispatch to the rules of the other classes (infer_views.cc, infer_contractions.cc,
// infer_control.cc).
#include "ir/infer.h"

#include <algorithm>
#include <limits>
#include <set>

#include "absl/strings/str_join.h"
#include "ir/infer_rules.h"
#include "ir/order.h"
#include "ir/scalar_ops.h"
#include "ir/status.h"

namespace cermet {
namespace {

constexpr DTypeSet kAllSet = kAnySet | Bit(DType::kToken);

// The element types that operand `i` may have.
DTypeSet OperandDTypes(const OpInfo& info, int64_t i) {
  if (info.op_class == OpClass::kControl)
    return info.code == OpCode::kIf && i == 0 ? kBoolSet : kAllSet;
  if (info.code == OpCode::kAfterAll) return Bit(DType::kToken);
  if (info.code == OpCode::kSelect && i == 0) return kBoolSet;
  if ((info.code == OpCode::kGather || info.code == OpCode::kScatter) && i == 1) return kIntegerSet;
  if (info.code == OpCode::kDynamicSlice && i >= 1) return kIntegerSet;
  if (info.code == OpCode::kDynamicUpdateSlice && i >= 2) return kIntegerSet;
  return info.dtypes;
}

// How many bodies a node of this op has.
int64_t NumBodies(OpCode op) {
  if (op == OpCode::kIf || op == OpCode::kWhile) return 2;
  const bool one = op == OpCode::kReduce || op == OpCode::kReduceWindow || op == OpCode::kScatter ||
                   op == OpCode::kFusion;
  return one ? 1 : 0;
}

std::string ListDTypes(DTypeSet set) {
  std::vector<absl::string_view> names;
  for (int i = 0; i < kNumDTypes; ++i) {
    if (Contains(set, static_cast<DType>(i))) names.push_back(Name(static_cast<DType>(i)));
  }
  return absl::StrJoin(names, " ");
}

absl::Status CheckOperands(const Inference& in, const OpInfo& info) {
  const int64_t count = in.node().num_operands();
  if (count < info.min_operands || (info.max_operands >= 0 && count > info.max_operands)) {
    std::string expected = absl::StrCat(info.min_operands);
    if (info.max_operands < 0) expected += " or more";
    if (info.max_operands > info.min_operands)
      absl::StrAppend(&expected, " to ", info.max_operands);
    return in.Error("has ", count, " operands, needs ", expected);
  }
  for (int64_t i = 0; i < count; ++i) {
    const Value operand = in.node().operand(i);
    if (operand.node == nullptr) return in.Error("operand ", i, " is missing");
    if (operand.index < 0 || operand.index >= operand.node->num_results()) {
      return in.Error("operand ", i, " is result ", operand.index, " of ", operand.node->Describe(),
                      ", which has ", operand.node->num_results());
    }
    const DTypeSet allowed = OperandDTypes(info, i);
    if (!Contains(allowed, operand.type().dtype)) {
      return in.Error("operand ", i, " of type ", operand.type().ToString(),
                      " must have one of the element types ", ListDTypes(allowed));
    }
  }
  return absl::OkStatus();
}

absl::string_view KindName(AttrKind kind) {
  static constexpr absl::string_view kNames[] = {"int",  "ints",  "dims", "float",   "bool",  "str",
                                                 "word", "dtype", "pair", "literal", "symbol"};
  return kNames[static_cast<int>(kind)];
}

absl::Status CheckAttributes(const Inference& in, const OpInfo& info) {
  for (const auto& [name, value] : in.attrs().items()) {
    const auto spec =
        std::find_if(info.attrs.begin(), info.attrs.end(),
                     [&](const AttrSpec& candidate) { return candidate.name == name; });
    if (spec == info.attrs.end()) return in.Error("has no attribute `", name, "`");
    if (value.index() != static_cast<size_t>(spec->kind)) {
      return in.Error("attribute `", name, "` must be of kind ", KindName(spec->kind));
    }
  }
  for (const AttrSpec& spec : info.attrs) {
    if (!spec.optional && !in.attrs().Has(spec.name))
      return in.Error("lacks the attribute `", spec.name, "`");
  }
  if (const Word* order = in.attrs().Find<Word>("order"); order != nullptr) {
    if (absl::StatusOr<Order> parsed = Order::Parse(order->text); !parsed.ok())
      return in.Error(parsed.status().message());
  }
  return absl::OkStatus();
}

// As many bodies as the op has, whose results can be looked at.
absl::Status CheckBodies(const Inference& in) {
  const Node& node = in.node();
  if (static_cast<int64_t>(node.bodies().size()) != NumBodies(node.op())) {
    return in.Error("has ", node.bodies().size(), " bodies, needs ", NumBodies(node.op()));
  }
  for (const std::unique_ptr<Graph>& body : node.bodies()) {
    if (body == nullptr) return in.Error("a body is missing");
    for (const Value result : body->results()) {
      const bool sound = result.node != nullptr && result.node->graph() == body.get() &&
                         result.index >= 0 && result.index < result.node->num_results();
      if (!sound)
        return in.Error("a result of body @", body->name(), " is not a value of that graph");
    }
  }
  return absl::OkStatus();
}

// Invariant 4 of ir/verifier.h, and the bodies.
absl::Status CheckRow(const Inference& in) {
  const OpInfo& info = Info(in.node().op());
  CERMET_RETURN_IF_ERROR(CheckOperands(in, info));
  CERMET_RETURN_IF_ERROR(CheckAttributes(in, info));
  return CheckBodies(in);
}

// Invariant 7, for one result.
absl::Status CheckExtents(Inference* in, const Type& type) {
  int64_t bytes = std::max<int64_t>(ByteSize(type.dtype), 1);
  if (type.dtype == DType::kToken && type.rank() != 0) return in->Error("a token has no shape");
  bool overflow = false;
  bool empty = false;
  for (const Dim& extent : type.shape) {
    if (!in->AtMost(0, extent))
      return in->Error("the type ", type.ToString(), " has a negative extent");
    if (!extent.IsConstant()) continue;
    empty |= extent.value() == 0;
    overflow |= __builtin_mul_overflow(bytes, std::max<int64_t>(extent.value(), 1), &bytes);
  }
  if (overflow && !empty)
    return in->Error("the type ", type.ToString(), " has more than 2^63 bytes");
  if (overflow) return in->Error("the extents of the type ", type.ToString(), " are too large");
  return absl::OkStatus();
}

// ---- elementwise

absl::StatusOr<Type> InferElementwise(Inference* in) {
  const OpCode op = in->node().op();
  const int64_t count = in->node().num_operands();
  if (op == OpCode::kSelect) {
    CERMET_ASSIGN_OR_RETURN(Type type, in->SameTypes(1, 3));
    CERMET_ASSIGN_OR_RETURN(type.shape, in->SameShape(type, in->type(0)));
    return type;
  }
  CERMET_ASSIGN_OR_RETURN(Type type, in->SameTypes(0, count));
  if (op == OpCode::kCompare) {
    if (!ParseCompareDirection(in->attrs().WordText("direction")).has_value()) {
      return in->Error("unknown direction `", in->attrs().WordText("direction"),
                       "`; there are eq ne lt le gt ge");
    }
    type.dtype = DType::kBool;
  } else if (op == OpCode::kIsFinite) {
    type.dtype = DType::kBool;
  } else if (op == OpCode::kConvert || op == OpCode::kBitcast) {
    CERMET_ASSIGN_OR_RETURN(const Type stated, in->StatedType());
    if (!Contains(kAnySet, stated.dtype)) return in->Error("cannot convert to ", stated.ToString());
    CERMET_ASSIGN_OR_RETURN(type.shape, in->SameShape(type, stated));
    const bool sizes_differ = ByteSize(stated.dtype) != ByteSize(type.dtype);
    if (op == OpCode::kBitcast &&
        (sizes_differ || (stated.dtype == DType::kBool && type.dtype != DType::kBool))) {
      return in->Error("cannot reinterpret the bits of ", type.ToString(), " as ",
                       Name(stated.dtype));
    }
    type.dtype = stated.dtype;
  }
  return type;
}

// ---- sources and effects

absl::StatusOr<Type> InferConstant(Inference* in) {
  const Literal* const value = in->attrs().Find<Literal>("value");
  const SymbolRef* const ref = in->attrs().Find<SymbolRef>("ref");
  if ((value == nullptr) == (ref == nullptr)) return in->Error("needs either `value` or `ref`");
  if (ref != nullptr) return in->StatedType();
  return value->type();
}

absl::StatusOr<Type> InferIota(Inference* in) {
  CERMET_ASSIGN_OR_RETURN(Type type, in->StatedType());
  if (!Contains(kNumberSet, type.dtype)) return in->Error("cannot count in ", Name(type.dtype));
  CERMET_RETURN_IF_ERROR(in->CheckDim("dim", in->attrs().Int("dim"), type.rank()));
  return type;
}

absl::StatusOr<Type> InferDimSize(Inference* in) {
  CERMET_RETURN_IF_ERROR(
      in->CheckLength("size", static_cast<int64_t>(in->attrs().Dims("size").size()), 1));
  return Type(DType::kI64, {});
}

// A failed run returns the code: 0 is success and the negative numbers are the runtime's own.
absl::StatusOr<Type> InferCheck(Inference* in) {
  const int64_t code = in->attrs().Int("code");
  if (code < 1 || code > std::numeric_limits<int32_t>::max())
    return in->Error("code ", code, " is not a positive 32-bit number");
  return Type(DType::kToken, {});
}

// ---- the table of rules

absl::StatusOr<std::vector<Type>> One(absl::StatusOr<Type> type) {
  if (!type.ok()) return type.status();
  return std::vector<Type>{*std::move(type)};
}

// The node without the checks of its row and of its results.
absl::StatusOr<std::vector<Type>> Infer(Inference* in) {
  switch (in->node().op()) {
#define CERMET_CASES_kElementwise
#define CERMET_CASES_kTranscendental
#include "ir/op_cases.def"
    return One(InferElementwise(in));
#define CERMET_CASES_kComposite
#include "ir/op_cases.def"
    return One(InferComposite(in));
    case OpCode::kParameter:
      return One(in->StatedType());
    case OpCode::kConstant:
      return One(InferConstant(in));
    case OpCode::kIota:
      return One(InferIota(in));
    case OpCode::kDimSize:
      return One(InferDimSize(in));
    case OpCode::kBroadcastInDim:
      return One(InferBroadcastInDim(in));
    case OpCode::kReshape:
      return One(InferReshape(in));
    case OpCode::kTranspose:
      return One(InferTranspose(in));
    case OpCode::kSlice:
      return One(InferSlice(in));
    case OpCode::kPad:
      return One(InferPad(in));
    case OpCode::kConcat:
      return One(InferConcat(in));
    case OpCode::kReverse:
      return One(InferReverse(in));
    case OpCode::kGather:
      return One(InferGather(in));
    case OpCode::kDynamicSlice:
      return One(InferDynamicSlice(in));
    case OpCode::kDynamicUpdateSlice:
      return One(InferDynamicUpdateSlice(in));
    case OpCode::kScatter:
      return One(InferScatter(in));
    case OpCode::kReduce:
      return InferReduce(in);
    case OpCode::kReduceWindow:
      return InferReduceWindow(in);
    case OpCode::kDotGeneral:
      return One(InferDotGeneral(in));
    case OpCode::kConvolution:
      return One(InferConvolution(in));
    case OpCode::kCall:
      return in->node().types();  // the verifier compares them with the callee's
    case OpCode::kFusion:
      return InferFusion(in);
    case OpCode::kIf:
      return InferIf(in);
    case OpCode::kWhile:
      return InferWhile(in);
    case OpCode::kCheck:
      return One(InferCheck(in));
    case OpCode::kAfterAll:
      return std::vector<Type>{Type(DType::kToken, {})};
  }
  CERMET_UNREACHABLE();
}

}  // namespace

// ---- Inference

std::optional<Dim> Inference::Unify(const Dim& a, const Dim& b) {
  std::optional<Dim> unified = UnifyDims(a, b);
  if (unified.has_value() && a != b && constraints_ != nullptr) {
    constraints_->push_back({DimConstraint::Kind::kEqual, a, b, &node_});
  }
  return unified;
}

bool Inference::AtMost(const Dim& a, const Dim& b) {
  if (a.IsConstant() && b.IsConstant()) return a.value() <= b.value();
  const DimRange range = Range(b - a, {});
  if (range.upper.has_value() && *range.upper < 0) return false;
  const bool proven = range.lower.has_value() && *range.lower >= 0;
  if (!proven && constraints_ != nullptr)
    constraints_->push_back({DimConstraint::Kind::kAtMost, a, b, &node_});
  return true;
}

absl::StatusOr<Shape> Inference::SameShape(const Type& a, const Type& b) {
  if (a.rank() != b.rank())
    return Error("shapes ", a.ToString(), " and ", b.ToString(), " differ in rank");
  Shape shape;
  shape.reserve(a.shape.size());
  for (int64_t i = 0; i < a.rank(); ++i) {
    const std::optional<Dim> extent = Unify(a.shape[i], b.shape[i]);
    if (!extent.has_value())
      return Error("shapes ", a.ToString(), " and ", b.ToString(), " differ in dim ", i);
    shape.push_back(*extent);
  }
  return shape;
}

absl::StatusOr<Type> Inference::SameTypes(int64_t first, int64_t last) {
  Type common = type(first);
  for (int64_t i = first + 1; i < last; ++i) {
    if (type(i).dtype != common.dtype) {
      return Error("types ", common.ToString(), " and ", type(i).ToString(),
                   " differ in element type");
    }
    CERMET_ASSIGN_OR_RETURN(common.shape, SameShape(common, type(i)));
  }
  return common;
}

absl::Status Inference::CheckDim(absl::string_view name, int64_t dim, int64_t rank) const {
  if (dim >= 0 && dim < rank) return absl::OkStatus();
  return Error("`", name, "` names dim ", dim, " of a tensor of rank ", rank);
}

absl::Status Inference::CheckDims(absl::string_view name, const std::vector<int64_t>& dims,
                                  int64_t rank, bool increasing) const {
  std::set<int64_t> seen;
  for (size_t i = 0; i < dims.size(); ++i) {
    CERMET_RETURN_IF_ERROR(CheckDim(name, dims[i], rank));
    if (!seen.insert(dims[i]).second) return Error("`", name, "` names dim ", dims[i], " twice");
    if (increasing && i > 0 && dims[i] < dims[i - 1])
      return Error("the dims in `", name, "` must increase");
  }
  return absl::OkStatus();
}

absl::Status Inference::CheckLength(absl::string_view name, int64_t length, int64_t count) const {
  if (length == count) return absl::OkStatus();
  return Error("`", name, "` has ", length, " entries, needs ", count);
}

absl::Status Inference::CheckIndexScalars(int64_t first, int64_t last) const {
  for (int64_t i = first; i < last; ++i) {
    if (!type(i).IsScalar())
      return Error("operand ", i, " of type ", type(i).ToString(), " must be an integer scalar");
  }
  return absl::OkStatus();
}

absl::Status Inference::CheckBody(int64_t i, const std::vector<Type>& parameters,
                                  const std::vector<Type>* results) {
  const Graph* const body = node_.body(i);
  const auto check = [&](absl::string_view what, const std::vector<Type>& actual,
                         const std::vector<Type>& expected) -> absl::Status {
    if (actual.size() != expected.size()) {
      return Error("body @", body->name(), " has ", actual.size(), " ", what, "s, needs ",
                   expected.size());
    }
    for (size_t k = 0; k < actual.size(); ++k) {
      if (!TypesAgree(actual[k], expected[k])) {
        return Error("body @", body->name(), " has ", what, " ", k, " of type ",
                     actual[k].ToString(), ", needs ", expected[k].ToString());
      }
      for (int64_t d = 0; d < actual[k].rank(); ++d)
        Unify(expected[k].shape[d], actual[k].shape[d]);
    }
    return absl::OkStatus();
  };
  std::vector<Type> actual;
  for (const Node* parameter : body->parameters()) actual.push_back(parameter->type());
  CERMET_RETURN_IF_ERROR(check("parameter", actual, parameters));
  return results == nullptr ? absl::OkStatus()
                            : check("result", TypesOf(body->results()), *results);
}

absl::StatusOr<Type> Inference::StatedType() const {
  if (node_.num_results() != 1)
    return Error("needs one stated result type, has ", node_.num_results());
  return node_.type();
}

std::vector<Type> TypesOf(absl::Span<const Value> values) {
  std::vector<Type> types;
  types.reserve(values.size());
  for (const Value value : values) types.push_back(value.type());
  return types;
}

// ---- ir/infer.h

std::string DimConstraint::ToString() const {
  return absl::StrCat(lhs.ToString(), kind == Kind::kEqual ? " = " : " <= ", rhs.ToString());
}

std::optional<Dim> UnifyDims(const Dim& a, const Dim& b) {
  if (a == b) return a;
  if ((a - b).IsConstant()) return std::nullopt;  // and not zero
  return !a.IsConstant() && b.IsConstant() ? b : a;
}

bool TypesAgree(const Type& a, const Type& b) {
  if (a.dtype != b.dtype || a.rank() != b.rank()) return false;
  for (int64_t i = 0; i < a.rank(); ++i) {
    if (!UnifyDims(a.shape[i], b.shape[i]).has_value()) return false;
  }
  return true;
}

bool HasStatedType(OpCode op) {
  static constexpr OpCode kStated[] = {
      OpCode::kParameter,      OpCode::kConstant,     OpCode::kIota,
      OpCode::kReshape,        OpCode::kConvert,      OpCode::kBitcast,
      OpCode::kBroadcastInDim, OpCode::kDynamicSlice, OpCode::kDotGeneral,
      OpCode::kConvolution,    OpCode::kCall};
  return std::find(std::begin(kStated), std::end(kStated), op) != std::end(kStated);
}

absl::StatusOr<std::vector<Type>> InferTypes(const Node& node,
                                             std::vector<DimConstraint>* constraints) {
  Inference in(node, constraints);
  CERMET_RETURN_IF_ERROR(CheckRow(in));
  CERMET_ASSIGN_OR_RETURN(std::vector<Type> types, Infer(&in));
  for (const Type& type : types) CERMET_RETURN_IF_ERROR(CheckExtents(&in, type));
  return types;
}

absl::StatusOr<std::vector<DimConstraint>> OpenConstraints(const Graph& graph,
                                                           const DimFacts& facts) {
  std::vector<DimConstraint> all;
  for (const std::unique_ptr<Node>& node : graph.nodes()) {
    CERMET_RETURN_IF_ERROR(InferTypes(*node, &all).status());
    if (node->op() == OpCode::kIf) continue;
    for (const std::unique_ptr<Graph>& body : node->bodies()) {
      CERMET_ASSIGN_OR_RETURN(const std::vector<DimConstraint> inner,
                              OpenConstraints(*body, facts));
      all.insert(all.end(), inner.begin(), inner.end());
    }
  }
  std::vector<DimConstraint> open;
  std::set<std::string> seen;
  for (DimConstraint& constraint : all) {
    const DimRange range = Range(constraint.rhs - constraint.lhs, facts);
    const bool at_least_0 = range.lower.has_value() && *range.lower >= 0;
    const bool at_most_0 = range.upper.has_value() && *range.upper <= 0;
    const bool proven =
        at_least_0 && (constraint.kind == DimConstraint::Kind::kAtMost || at_most_0);
    if (!proven && seen.insert(constraint.ToString()).second) open.push_back(std::move(constraint));
  }
  return open;
}

}  // namespace cermet
