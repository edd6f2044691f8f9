// Conversions that do nothing, or that another one makes superfluous.
#include "passes/simplify/rules.h"

namespace cermet::simplify {
namespace {

// The bits of a type that hold its integers exactly, without the sign: 24 for f32.
int MantissaBits(DType dtype) {
  switch (dtype) {
    case DType::kF16:
      return 11;
    case DType::kBF16:
      return 8;
    case DType::kF32:
      return 24;
    case DType::kF64:
      return 53;
    case DType::kBool:
      return 1;
    case DType::kI8:
    case DType::kI16:
    case DType::kI32:
    case DType::kI64:
      return static_cast<int>(8 * ByteSize(dtype)) - 1;
    case DType::kU8:
    case DType::kU16:
    case DType::kU32:
    case DType::kU64:
      return static_cast<int>(8 * ByteSize(dtype));
    case DType::kToken:
      return 0;
  }
  return 0;
}

// True if every value of `from` is a value of `to`.
bool IsWidening(DType from, DType to) {
  if (from == to) return true;
  if (to == DType::kBool) return false;
  if (IsFloat(from)) {
    if (!IsFloat(to) || MantissaBits(to) < MantissaBits(from)) return false;
    return from != DType::kBF16 || to != DType::kF16;
  }
  if (IsSignedInteger(from) && IsUnsignedInteger(to)) return false;
  return MantissaBits(from) <= MantissaBits(to);
}

// convert(x) = x to the type that x has
Replacement ConvertNoop(Node& node, Rewriter&) {
  if (node.operand(0).type() != node.type()) return {};
  return {node.operand(0)};
}

// convert(convert(x) to T) to U = convert(x) to U, where T holds every value of x
Replacement ConvertConvert(Node& node, Rewriter& rewriter) {
  const Node& inner = *node.operand(0).node;
  if (inner.op() != OpCode::kConvert) return {};
  const Value x = inner.operand(0);
  if (!IsWidening(x.type().dtype, inner.type().dtype)) return {};
  // From a float, conversion to an integer saturates; from an integer it wraps.
  const bool wraps =
      IsInteger(x.type().dtype) && IsFloat(inner.type().dtype) && IsInteger(node.type().dtype);
  if (wraps && !IsWidening(x.type().dtype, node.type().dtype)) return {};
  rewriter.Absorb(inner);
  return {rewriter.builder().Convert(x, node.type().dtype)};
}

// bitcast(bitcast(x)) = bitcast(x), and x where the types agree
Replacement BitcastBitcast(Node& node, Rewriter& rewriter) {
  const Node& inner = *node.operand(0).node;
  if (inner.op() != OpCode::kBitcast) return {};
  const Value x = inner.operand(0);
  if (x.type() == node.type()) return {x};
  return {rewriter.builder().Bitcast(x, node.type().dtype)};
}

}  // namespace

std::vector<RewriteRule> ConversionRules() {
  using enum OpCode;
  return {
      {"convert_noop", "convert(x: T): T = x", kExact, {kConvert, kBitcast}, ConvertNoop},
      {"convert_convert",
       "convert(convert(x): wider) = convert(x)",
       kExact,
       {kConvert},
       ConvertConvert},
      {"bitcast_bitcast", "bitcast(bitcast(x)) = bitcast(x)", kExact, {kBitcast}, BitcastBitcast},
  };
}

}  // namespace cermet::simplify
