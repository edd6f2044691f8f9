// Reading and making constants in graphs. Large ones stay in the store, and splats stay scalars
// under a broadcast, so that neither text nor memory grows with their extent.
#include "passes/constants.h"

#include <cmath>
#include <cstring>

namespace cermet {
namespace {

const ConstantEntry* EntryOf(const Node& node, const Module& module) {
  const SymbolRef* ref = node.attrs().Find<SymbolRef>("ref");
  if (ref == nullptr) return nullptr;
  const ConstantEntry* entry = module.constants().Find(ref->name);
  if (entry == nullptr || (entry->data == nullptr && entry->byte_size > 0)) return nullptr;
  return entry;
}

// The element that all of the `size` bytes at `data` repeat, if they do.
std::optional<Literal> UniformElement(DType dtype, const void* data, int64_t size) {
  const int64_t width = ByteSize(dtype);
  if (size < width || width == 0) return std::nullopt;
  const char* bytes = static_cast<const char*>(data);
  // Every element equals the one before it.
  if (std::memcmp(bytes, bytes + width, size - width) != 0) return std::nullopt;
  Literal scalar(dtype, {});
  std::memcpy(scalar.data(), bytes, width);
  return scalar;
}

}  // namespace

std::optional<LiteralView> ViewOf(Value value, const Module& module) {
  if (!IsConstant(value)) return std::nullopt;
  if (const Literal* literal = value.node->attrs().Find<Literal>("value")) return *literal;
  const ConstantEntry* entry = EntryOf(*value.node, module);
  if (entry == nullptr) return std::nullopt;
  return *entry;
}

std::optional<Literal> LiteralOf(Value value, const Module& module) {
  const std::optional<LiteralView> view = ViewOf(value, module);
  if (!view) return std::nullopt;
  return ReshapeLiteral(*view, std::vector<int64_t>(view->shape.begin(), view->shape.end()));
}

std::optional<Literal> SplatOf(Value value, const Module& module) {
  const Node* node = value.node;
  const OpCode op = node->op();
  if (op == OpCode::kBroadcastInDim || op == OpCode::kReshape || op == OpCode::kTranspose ||
      op == OpCode::kReverse) {
    return SplatOf(node->operand(0), module);
  }
  if (node->op() != OpCode::kConstant) return std::nullopt;
  const Literal* literal = node->attrs().Find<Literal>("value");
  const ConstantEntry* entry = literal == nullptr ? EntryOf(*node, module) : nullptr;
  if (literal == nullptr && entry == nullptr) return std::nullopt;
  return UniformElement(value.type().dtype, literal != nullptr ? literal->data() : entry->data,
                        literal != nullptr ? literal->byte_size() : entry->byte_size);
}

std::optional<double> SplatFloat(Value value, const Module& module) {
  if (!IsFloat(value.type().dtype)) return std::nullopt;
  std::optional<Literal> splat = SplatOf(value, module);
  if (!splat) return std::nullopt;
  return splat->GetFloat(0);
}

std::optional<int64_t> SplatInt(Value value, const Module& module) {
  const DType dtype = value.type().dtype;
  if (!IsInteger(dtype) && dtype != DType::kBool) return std::nullopt;
  std::optional<Literal> splat = SplatOf(value, module);
  if (!splat) return std::nullopt;
  return splat->GetInt(0);
}

bool IsSplatOf(Value value, double number, const Module& module) {
  if (std::optional<double> splat = SplatFloat(value, module)) {
    return *splat == number && std::signbit(*splat) == std::signbit(number);
  }
  if (std::optional<int64_t> splat = SplatInt(value, module)) {
    return static_cast<double>(*splat) == number;
  }
  return false;
}

bool IsConstantLike(Value value) {
  const Node* node = value.node;
  while (node->op() == OpCode::kBroadcastInDim || node->op() == OpCode::kReshape ||
         node->op() == OpCode::kTranspose) {
    node = node->operand(0).node;
  }
  return node->op() == OpCode::kConstant;
}

Value MakeConstant(Module& module, Builder& builder, Literal value, absl::string_view hint) {
  if (value.num_elements() > 1) {
    std::optional<Literal> splat = UniformElement(value.dtype(), value.data(), value.byte_size());
    const Shape shape(value.shape().begin(), value.shape().end());
    if (splat) return builder.Broadcast(builder.Constant(*std::move(splat)), shape, {});
  }
  if (value.num_elements() <= kMaxInlineElements) return builder.Constant(std::move(value));
  const Type type = value.type();
  const std::string name = module.constants().Add(hint, std::move(value));
  return builder.MakeTyped(OpCode::kConstant, {}, type, {{"ref", SymbolRef{name}}});
}

std::string ConstantHint(const Node& node) {
  for (Value operand : node.operands()) {
    if (const SymbolRef* ref = operand.node->attrs().Find<SymbolRef>("ref")) return ref->name;
  }
  if (!node.location().names.empty()) return node.location().names.front();
  return std::string(Name(node.op()));
}

}  // namespace cermet
