// The inside of a graph: initializers, nodes, and calls of the model's own functions, which are put
// in place.
#include "frontend/onnx/graph_importer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "frontend/onnx/graph_order.h"
#include "frontend/onnx/known_ops.h"
#include "frontend/onnx/op_context.h"
#include "frontend/onnx/op_table.h"
#include "ir/status.h"

namespace cermet {
namespace {

// Constants up to this size stand in the text; larger ones go to the store.
constexpr int64_t kMaxInlineBytes = 64;
constexpr int kMaxCallDepth = 64;

absl::Status AtNode(const onnx::NodeProto& node, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(DescribeNode(node), ": ", status.message()));
}

// Replaces the attributes that refer to the caller's by these, or takes them away.
void ResolveAttributes(const std::map<std::string, onnx::AttributeProto>& given,
                       google::protobuf::RepeatedPtrField<onnx::NodeProto>* nodes) {
  for (onnx::NodeProto& node : *nodes) {
    google::protobuf::RepeatedPtrField<onnx::AttributeProto> kept;
    for (onnx::AttributeProto& attr : *node.mutable_attribute()) {
      if (attr.has_ref_attr_name()) {
        auto it = given.find(attr.ref_attr_name());
        if (it == given.end()) continue;
        onnx::AttributeProto value = it->second;
        value.set_name(attr.name());
        *kept.Add() = std::move(value);
        continue;
      }
      if (attr.has_g()) ResolveAttributes(given, attr.mutable_g()->mutable_node());
      *kept.Add() = std::move(attr);
    }
    node.mutable_attribute()->Swap(&kept);
  }
}

// An output without a declared type has that of its value.
absl::Status CheckOutputType(const onnx::ValueInfoProto& output, DType dtype) {
  const int32_t declared = output.type().tensor_type().elem_type();
  if (declared == onnx::TensorProto::UNDEFINED) return absl::OkStatus();
  const absl::StatusOr<DType> declared_dtype = DTypeOfOnnx(declared);
  if (declared_dtype.ok() && *declared_dtype == dtype) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("output \"", output.name(), "\" is declared as ",
                                                 declared_dtype.ok()
                                                     ? std::string(Name(*declared_dtype))
                                                     : absl::StrCat("ONNX type ", declared),
                                                 " and is computed as ", Name(dtype)));
}

}  // namespace

std::string DescribeNode(const onnx::NodeProto& node) {
  std::string name = node.name();
  if (name.empty() && node.output_size() > 0) name = node.output(0);
  return absl::StrCat(
      "node \"", name, "\" (",
      node.domain().empty() || node.domain() == "ai.onnx" ? "" : node.domain() + "::",
      node.op_type(), ")");
}

// ---- values

absl::Status GraphImporter::DefineInitializers(const onnx::GraphProto& graph, Scope* scope) {
  if (graph.sparse_initializer_size() > 0) {
    return absl::UnimplementedError(absl::StrCat("sparse initializer \"",
                                                 graph.sparse_initializer(0).values().name(),
                                                 "\" is not supported; store it densely"));
  }
  for (const onnx::TensorProto& tensor : graph.initializer()) {
    ImportedValue value;
    value.name = tensor.name();
    value.initializer = &tensor;
    auto type = file_->TensorType(tensor);
    if (!type.ok()) {
      return absl::Status(type.status().code(), absl::StrCat("initializer \"", tensor.name(),
                                                             "\": ", type.status().message()));
    }
    value.type = *std::move(type);
    if (!scope->Define(std::move(value))) {
      return absl::InvalidArgumentError(
          absl::StrCat("there are two initializers \"", tensor.name(), "\""));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Literal>> GraphImporter::ConstantOf(const ImportedValue& imported) {
  if (imported.initializer == nullptr) return std::optional<Literal>();
  CERMET_ASSIGN_OR_RETURN(const ConstantEntry entry, file_->Tensor(*imported.initializer));
  return std::optional<Literal>(entry.ToLiteral());
}

absl::StatusOr<const KnownValue*> GraphImporter::KnownOf(ImportedValue* imported) {
  if (!imported->known && imported->initializer != nullptr && !imported->looked_at) {
    imported->looked_at = true;
    const Dim elements = imported->type.NumElements();
    if (elements.IsConstant() && elements.value() <= KnownValue::kMaxElements) {
      CERMET_ASSIGN_OR_RETURN(const std::optional<Literal> literal, ConstantOf(*imported));
      imported->known = KnownValue::FromLiteral(*literal);
    }
  }
  return imported->known ? &*imported->known : nullptr;
}

Value GraphImporter::EmitConstant(Builder* builder, const std::string& name,
                                  const ConstantEntry& entry) {
  if (entry.byte_size <= kMaxInlineBytes) return builder->Constant(entry.ToLiteral());
  const std::string stored = module_->constants().Add(name, entry);
  return builder->MakeTyped(OpCode::kConstant, {}, entry.type(), {{"ref", SymbolRef{stored}}});
}

absl::StatusOr<Value> GraphImporter::ValueIn(Builder* builder, ImportedValue* imported) {
  if (const Value value = FindIn(builder->graph(), imported->values)) return value;
  const Location location = builder->location();
  const absl::Cleanup restore = [&] { builder->set_location(location); };
  Value value;
  if (const Value wide = FindIn(builder->graph(), imported->wide)) {
    builder->set_location(wide.node->location());
    value = builder->Convert(wide, imported->type.dtype);
  } else if (imported->initializer != nullptr) {
    CERMET_ASSIGN_OR_RETURN(const ConstantEntry entry, file_->Tensor(*imported->initializer));
    builder->set_location(Location{{imported->name}});
    value = EmitConstant(builder, imported->name, entry);
  } else if (imported->known) {
    value = EmitKnown(builder, *imported->known);
  } else {
    return absl::InvalidArgumentError(absl::StrCat("\"", imported->name, "\" cannot be used here"));
  }
  CERMET_RETURN_IF_ERROR(builder->status());
  imported->values.emplace_back(builder->graph(), value);
  return value;
}

absl::StatusOr<Value> GraphImporter::WideValueIn(Builder* builder, ImportedValue* imported) {
  if (const Value wide = FindIn(builder->graph(), imported->wide)) return wide;
  CERMET_ASSIGN_OR_RETURN(const Value value, ValueIn(builder, imported));
  const Value wide = builder->Convert(value, DType::kF32);
  CERMET_RETURN_IF_ERROR(builder->status());
  imported->wide.emplace_back(builder->graph(), wide);
  return wide;
}

absl::Status GraphImporter::Alias(const ImportedValue& imported, const std::string& name,
                                  Scope* scope) {
  ImportedValue value = imported;
  value.name = name;
  if (scope->Define(std::move(value))) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("\"", name, "\" is defined twice"));
}

absl::StatusOr<std::vector<Value>> GraphImporter::OutputValues(const onnx::GraphProto& graph,
                                                               Scope* scope) {
  std::vector<Value> values;
  for (const onnx::ValueInfoProto& output : graph.output()) {
    ImportedValue* imported = scope->Find(output.name());
    if (imported == nullptr)
      return absl::InvalidArgumentError(
          absl::StrCat("no node writes the output \"", output.name(), "\""));
    CERMET_RETURN_IF_ERROR(CheckOutputType(output, imported->type.dtype));
    CERMET_ASSIGN_OR_RETURN(Value value, ValueIn(&scope->builder(), imported));
    values.push_back(value);
  }
  return values;
}

// ---- nodes

absl::Status GraphImporter::ImportNodes(const onnx::GraphProto& graph, Scope* scope) {
  CERMET_RETURN_IF_ERROR(DefineInitializers(graph, scope));
  CERMET_ASSIGN_OR_RETURN(const std::vector<const onnx::NodeProto*> nodes, LiveNodesInOrder(graph));
  for (const onnx::NodeProto* node : nodes)
    CERMET_RETURN_IF_ERROR(AtNode(*node, ImportNode(*node, scope)));
  return absl::OkStatus();
}

const onnx::FunctionProto* GraphImporter::FindFunction(const onnx::NodeProto& node) const {
  for (const onnx::FunctionProto& function : file_->proto().functions()) {
    if (function.name() == node.op_type() && function.domain() == node.domain() &&
        function.overload() == node.overload()) {
      return &function;
    }
  }
  return nullptr;
}

absl::Status GraphImporter::ImportNode(const onnx::NodeProto& node, Scope* scope) {
  for (const std::string& name : node.input()) {
    if (!name.empty() && scope->Find(name) == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(
          "its input \"", name, "\" is neither an input, an initializer nor the output of a node"));
    }
  }
  if (const onnx::FunctionProto* function = FindFunction(node))
    return ImportCall(node, *function, scope);
  const bool standard = node.domain().empty() || node.domain() == "ai.onnx";
  auto opset = opsets_.find("");
  const OpRow* row =
      standard && opset != opsets_.end() ? FindOnnxOp(node.op_type(), opset->second) : nullptr;
  // ImportModel reports it together with all others that have no row.
  if (row == nullptr) return absl::UnimplementedError("unsupported");
  return RunOp(node, *row, opset->second, scope);
}

absl::Status GraphImporter::RunOp(const onnx::NodeProto& node, const OpRow& row, int64_t opset,
                                  Scope* scope) {
  OpContext context(this, scope, &node, opset, row.float16);
  if (node.input_size() > row.max_inputs) {
    return absl::InvalidArgumentError(
        absl::StrCat("it has ", node.input_size(), " inputs, the operator takes ", row.max_inputs));
  }
  for (int i = 0; i < row.min_inputs; ++i) {
    if (!context.has_input(i))
      return absl::InvalidArgumentError(absl::StrCat("its input ", i, " is missing"));
  }
  std::string name = node.name().empty() ? node.output(0) : node.name();
  scope->builder().set_location(Location{{std::move(name)}});
  CERMET_ASSIGN_OR_RETURN(std::optional<KnownValue> known, EvaluateKnown(&context));
  if (!known) CERMET_RETURN_IF_ERROR(context.UseFloat16Rule());
  const absl::Status emitted =
      known ? context.ReturnKnown(0, *std::move(known)) : row.function(context);
  // An error made in passing came first, and may have led to the operator's own.
  CERMET_RETURN_IF_ERROR(scope->builder().status());
  CERMET_RETURN_IF_ERROR(emitted);
  for (const std::string& output : node.output()) {
    if (!output.empty() && scope->Find(output) == nullptr) {
      return absl::UnimplementedError(absl::StrCat("its output \"", output, "\" is not supported"));
    }
  }
  return absl::OkStatus();
}

absl::Status GraphImporter::ImportCall(const onnx::NodeProto& node,
                                       const onnx::FunctionProto& function, Scope* scope) {
  if (call_depth_ >= kMaxCallDepth)
    return absl::InvalidArgumentError(
        "functions call each other too deeply; a function may not call itself");
  if (node.input_size() > function.input_size() || node.output_size() > function.output_size()) {
    return absl::InvalidArgumentError(absl::StrCat("function ", function.name(), " has ",
                                                   function.input_size(), " inputs and ",
                                                   function.output_size(), " outputs"));
  }
  std::map<std::string, onnx::AttributeProto> given;
  for (const onnx::AttributeProto& attr : function.attribute_proto()) given[attr.name()] = attr;
  for (const onnx::AttributeProto& attr : node.attribute()) given[attr.name()] = attr;
  onnx::GraphProto body;
  *body.mutable_node() = function.node();
  ResolveAttributes(given, body.mutable_node());
  for (const std::string& output : function.output()) body.add_output()->set_name(output);
  const onnx::GraphProto& kept = file_->Keep(std::move(body));

  Scope inner(&scope->builder(), nullptr);
  for (int i = 0; i < node.input_size(); ++i) {
    if (node.input(i).empty()) continue;
    CERMET_RETURN_IF_ERROR(Alias(*scope->Find(node.input(i)), function.input(i), &inner));
  }
  Opsets opsets;
  for (const onnx::OperatorSetIdProto& opset : function.opset_import()) {
    opsets[opset.domain() == "ai.onnx" ? "" : opset.domain()] = opset.version();
  }
  std::swap(opsets, opsets_);
  ++call_depth_;
  const absl::Status status = ImportNodes(kept, &inner);
  --call_depth_;
  std::swap(opsets, opsets_);
  CERMET_RETURN_IF_ERROR(status);
  for (int i = 0; i < node.output_size(); ++i) {
    if (node.output(i).empty()) continue;
    ImportedValue* output = inner.Find(function.output(i));
    if (output == nullptr)
      return absl::InvalidArgumentError(
          absl::StrCat("no node writes the function's output \"", function.output(i), "\""));
    CERMET_RETURN_IF_ERROR(Alias(*output, node.output(i), scope));
  }
  return absl::OkStatus();
}

}  // namespace cermet
