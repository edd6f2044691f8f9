// Parses expressions by precedence climbing. Shapes are checked here, because the builder relies on
// them; element types are left to the verifier.
#include "ir/kernel/expression_parser.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "ir/kernel/builder.h"
#include "ir/kernel/fragment.h"
#include "ir/status.h"

namespace cermet::kernel {
namespace {

// Levels of precedence: `&`, comparisons, sums, products.
constexpr int kComparisonLevel = 1;
constexpr int kNumLevels = 4;

std::optional<OpCode> InfixOp(int level, absl::string_view symbol) {
  if (level == 0 && symbol == "&") return OpCode::kAnd;
  if (level == 2 && symbol == "+") return OpCode::kAdd;
  if (level == 2 && symbol == "-") return OpCode::kSub;
  if (level == 3 && symbol == "*") return OpCode::kMul;
  if (level == 3 && symbol == "/") return OpCode::kDiv;
  return std::nullopt;
}

}  // namespace

std::optional<int32_t> ExpressionParser::FindBuffer(absl::string_view name) const {
  for (size_t i = 0; i < kernel_.buffers.size(); ++i) {
    if (kernel_.buffers[i].name == name) return static_cast<int32_t>(i);
  }
  return std::nullopt;
}

absl::Status ExpressionParser::CheckBroadcast(const Token& place,
                                              const std::vector<ValueId>& operands) const {
  ValueType type;
  for (ValueId operand : operands) {
    std::optional<ValueType> joined = BroadcastTypes(type.dtype, type, kernel_.type(operand));
    if (!joined) {
      return reader_->ErrorAt(place,
                              absl::StrCat("an operand of type ", kernel_.type(operand).ToString(),
                                           " does not broadcast with the others"));
    }
    type = *std::move(joined);
  }
  return absl::OkStatus();
}

std::optional<CompareDirection> ExpressionParser::AcceptComparison() {
  const bool then_equal =
      reader_->Peek(1).text == "=" && reader_->Peek(1).begin == reader_->Peek().end;
  if (then_equal && (reader_->NextIs("=") || reader_->NextIs("!"))) {
    const bool equal = reader_->Take().text == "=";
    reader_->Take();
    return equal ? CompareDirection::kEq : CompareDirection::kNe;
  }
  if (!reader_->NextIs("<") && !reader_->NextIs(">")) return std::nullopt;
  const bool less = reader_->Take().text == "<";
  if (then_equal) reader_->Take();
  if (less) return then_equal ? CompareDirection::kLe : CompareDirection::kLt;
  return then_equal ? CompareDirection::kGe : CompareDirection::kGt;
}

absl::StatusOr<ValueId> ExpressionParser::ParseBinary(Block* block, int level) {
  if (level == kNumLevels) return ParsePrimary(block);
  CERMET_ASSIGN_OR_RETURN(ValueId left, ParseBinary(block, level + 1));
  while (true) {
    const Token place = reader_->Peek();
    if (level == kComparisonLevel) {
      const std::optional<CompareDirection> direction = AcceptComparison();
      if (!direction) return left;
      CERMET_ASSIGN_OR_RETURN(ValueId right, ParseBinary(block, level + 1));
      CERMET_RETURN_IF_ERROR(CheckBroadcast(place, {left, right}));
      return KernelBuilder(&kernel_, block).Compare(*direction, left, right);
    }
    if (place.kind != TokenKind::kPunctuation) return left;
    const std::optional<OpCode> op = InfixOp(level, place.text);
    if (!op) return left;
    reader_->Take();
    CERMET_ASSIGN_OR_RETURN(ValueId right, ParseBinary(block, level + 1));
    CERMET_RETURN_IF_ERROR(CheckBroadcast(place, {left, right}));
    left = KernelBuilder(&kernel_, block).Compute(*op, {left, right});
  }
}

absl::StatusOr<ValueId> ExpressionParser::ParsePrimary(Block* block) {
  KernelBuilder builder(&kernel_, block);
  const Token& token = reader_->Peek();
  switch (token.kind) {
    case TokenKind::kValue: {
      if (reader_->Peek(1).text == "[" && FindBuffer(token.text)) return ParseLoad(block);
      auto it = names_.find(std::string(token.text));
      if (it == names_.end()) {
        return reader_->ErrorAt(
            token, absl::StrCat("%", std::string(token.text), " is not a value in scope"));
      }
      reader_->Take();
      return it->second;
    }
    case TokenKind::kDimSymbol: {
      CERMET_ASSIGN_OR_RETURN(std::string name, reader_->TakeDimSymbolName());
      return builder.DimValue(Dim::Symbol(name));
    }
    case TokenKind::kInteger: {
      CERMET_ASSIGN_OR_RETURN(int64_t value, reader_->TakeInt());
      return builder.Index(value);
    }
    case TokenKind::kIdentifier:
      return ParseCall(block);
    case TokenKind::kPunctuation:
      if (token.text == "-") {
        CERMET_ASSIGN_OR_RETURN(int64_t value, reader_->TakeInt());
        return builder.Index(value);
      }
      if (reader_->Accept("(")) {
        CERMET_ASSIGN_OR_RETURN(ValueId value, ParseExpression(block));
        CERMET_RETURN_IF_ERROR(reader_->Expect(")"));
        return value;
      }
      break;
    case TokenKind::kEnd:
    case TokenKind::kSymbol:
    case TokenKind::kFloat:
    case TokenKind::kString:
      break;
  }
  return reader_->ErrorExpected("an expression");
}

absl::StatusOr<ValueId> ExpressionParser::ParseCall(Block* block) {
  KernelBuilder builder(&kernel_, block);
  if (reader_->NextIsWord("true") || reader_->NextIsWord("false")) {
    return builder.Constant(DType::kBool, reader_->Take().text == "true" ? 1 : 0);
  }
  const Token place = reader_->Peek();
  if (const std::optional<DType> dtype = ParseDType(place.text); dtype && *dtype != DType::kToken) {
    reader_->Take();
    return ParseConstant(block, *dtype);
  }
  if (reader_->AcceptWord("dim")) {
    CERMET_RETURN_IF_ERROR(reader_->Expect("("));
    CERMET_ASSIGN_OR_RETURN(Dim dim, reader_->TakeDim());
    CERMET_RETURN_IF_ERROR(reader_->Expect(")"));
    return builder.DimValue(dim);
  }
  if (reader_->AcceptWord("iota")) return ParseIota(block, place);
  if (reader_->AcceptWord("splat")) return ParseSplat(block, place);
  // `slice` is also an op of graphs, and means the tile's here.
  if (reader_->AcceptWord("slice")) return ParseSlice(block, place);
  if (reader_->AcceptWord("extract")) return ParseExtract(block, place);
  if (reader_->AcceptWord("shuffle")) return ParseShuffle(block);
  if (reader_->AcceptWord("mma")) return ParseMma(block);
  const std::optional<OpCode> op = ParseOpCode(place.text);
  if (!op || Info(*op).op_class != OpClass::kElementwise || *op == OpCode::kCompare) {
    return reader_->ErrorExpected("an expression");
  }
  reader_->Take();
  return ParseOp(block, place, *op);
}

absl::StatusOr<ValueId> ExpressionParser::ParseOp(Block* block, const Token& place, OpCode op) {
  std::optional<DType> dtype;
  if (op == OpCode::kConvert || op == OpCode::kBitcast) {
    CERMET_RETURN_IF_ERROR(reader_->Expect("<"));
    CERMET_ASSIGN_OR_RETURN(dtype, ParseElementType());
    CERMET_RETURN_IF_ERROR(reader_->Expect(">"));
  }
  CERMET_ASSIGN_OR_RETURN(std::vector<ValueId> operands, ParseOperands(block));
  if (static_cast<int>(operands.size()) != Info(op).min_operands) {
    return reader_->ErrorAt(place, absl::StrCat(Name(op), " takes ", Info(op).min_operands,
                                                " operands, not ", operands.size()));
  }
  CERMET_RETURN_IF_ERROR(CheckBroadcast(place, operands));
  KernelBuilder builder(&kernel_, block);
  if (op == OpCode::kConvert) return builder.Convert(operands[0], *dtype);
  if (op == OpCode::kBitcast) return builder.Bitcast(operands[0], *dtype);
  return builder.Compute(op, std::move(operands));
}

absl::StatusOr<std::vector<ValueId>> ExpressionParser::ParseOperands(Block* block) {
  std::vector<ValueId> operands;
  CERMET_RETURN_IF_ERROR(reader_->Expect("("));
  do {
    CERMET_ASSIGN_OR_RETURN(ValueId operand, ParseExpression(block));
    operands.push_back(operand);
  } while (reader_->Accept(","));
  CERMET_RETURN_IF_ERROR(reader_->Expect(")"));
  return operands;
}

// What follows the element type: `(1.5)`, `(-3)`, `(inf)` or `(bits 0x7fc00001)`.
absl::StatusOr<ValueId> ExpressionParser::ParseConstant(Block* block, DType dtype) {
  CERMET_RETURN_IF_ERROR(reader_->Expect("("));
  const Token place = reader_->Peek();
  ScalarBits bits = 0;
  if (reader_->AcceptWord("bits")) {
    CERMET_ASSIGN_OR_RETURN(bits, reader_->TakeUint64());
    if (ByteSize(dtype) < 8 && bits >> (8 * ByteSize(dtype)) != 0) {
      return reader_->ErrorAt(place, absl::StrCat("more bits than ", Name(dtype), " has"));
    }
  } else if (IsFloat(dtype)) {
    CERMET_ASSIGN_OR_RETURN(double value, reader_->TakeDouble());
    bits = BitsFromFloat(dtype, value);
  } else if (dtype == DType::kU64) {
    CERMET_ASSIGN_OR_RETURN(bits, reader_->TakeUint64());
  } else {
    CERMET_ASSIGN_OR_RETURN(int64_t value, reader_->TakeInt());
    bits = BitsFromInt(dtype, value);
    if (IntFromBits(dtype, bits) != value) {
      return reader_->ErrorAt(place, absl::StrCat(value, " does not fit ", Name(dtype)));
    }
  }
  CERMET_RETURN_IF_ERROR(reader_->Expect(")"));
  return KernelBuilder(&kernel_, block).Constant(dtype, bits);
}

absl::Status ExpressionParser::ParseAccess(Block* block, Inst* inst) {
  const Token place = reader_->Take();
  inst->buffer = *FindBuffer(place.text);
  CERMET_RETURN_IF_ERROR(reader_->Expect("["));
  std::vector<ValueId> indices;
  while (!reader_->NextIs("]") && !reader_->NextIs(":")) {
    if (!indices.empty()) CERMET_RETURN_IF_ERROR(reader_->Expect(","));
    CERMET_ASSIGN_OR_RETURN(ValueId index, ParseExpression(block));
    indices.push_back(index);
  }
  if (reader_->Accept(":")) {
    CERMET_ASSIGN_OR_RETURN(inst->lanes, reader_->TakeInt());
    if (inst->lanes < 1 || inst->lanes > kMaxTileElements) {
      return reader_->ErrorAt(place, "expected a positive number of lanes");
    }
  }
  CERMET_RETURN_IF_ERROR(reader_->Expect("]"));
  CERMET_RETURN_IF_ERROR(CheckBroadcast(place, indices));
  inst->operands.insert(inst->operands.end(), indices.begin(), indices.end());
  return absl::OkStatus();
}

absl::StatusOr<ValueId> ExpressionParser::ParseLoad(Block* block) {
  Inst inst;
  CERMET_RETURN_IF_ERROR(ParseAccess(block, &inst));
  return KernelBuilder(&kernel_, block).Load(inst.buffer, inst.operands, kNoValue, inst.lanes);
}

// `(%t, axis 0, 3..5)`.
absl::StatusOr<ValueId> ExpressionParser::ParseSlice(Block* block, const Token& place) {
  CERMET_RETURN_IF_ERROR(reader_->Expect("("));
  CERMET_ASSIGN_OR_RETURN(ValueId tile, ParseExpression(block));
  CERMET_RETURN_IF_ERROR(reader_->Expect(","));
  CERMET_RETURN_IF_ERROR(reader_->ExpectWord("axis"));
  CERMET_ASSIGN_OR_RETURN(int64_t axis, reader_->TakeInt());
  CERMET_RETURN_IF_ERROR(reader_->Expect(","));
  CERMET_ASSIGN_OR_RETURN(int64_t start, reader_->TakeInt());
  CERMET_RETURN_IF_ERROR(reader_->Expect(".."));
  CERMET_ASSIGN_OR_RETURN(int64_t limit, reader_->TakeInt());
  CERMET_RETURN_IF_ERROR(reader_->Expect(")"));
  const std::vector<int64_t>& extents = kernel_.type(tile).extents;
  if (axis < 0 || axis >= static_cast<int64_t>(extents.size()) || start < 0 || start >= limit ||
      limit > extents[axis]) {
    return reader_->ErrorAt(place,
                            absl::StrCat("the slice is outside ", kernel_.type(tile).ToString()));
  }
  return KernelBuilder(&kernel_, block).Slice(tile, axis, start, limit - start);
}

absl::StatusOr<ValueId> ExpressionParser::ParseExtract(Block* block, const Token& place) {
  CERMET_RETURN_IF_ERROR(reader_->Expect("("));
  CERMET_ASSIGN_OR_RETURN(ValueId tile, ParseExpression(block));
  CERMET_RETURN_IF_ERROR(reader_->Expect(","));
  CERMET_ASSIGN_OR_RETURN(int64_t lane, reader_->TakeInt());
  CERMET_RETURN_IF_ERROR(reader_->Expect(")"));
  const std::vector<int64_t>& extents = kernel_.type(tile).extents;
  if (extents.size() != 1 || lane < 0 || lane >= extents[0]) {
    return reader_->ErrorAt(place,
                            absl::StrCat("no lane ", lane, " in ", kernel_.type(tile).ToString()));
  }
  return KernelBuilder(&kernel_, block).Extract(tile, lane);
}

// `<16x1>(0)`: the axis that counts.
absl::StatusOr<ValueId> ExpressionParser::ParseIota(Block* block, const Token& place) {
  CERMET_ASSIGN_OR_RETURN(ValueType type, ParseTile());
  CERMET_RETURN_IF_ERROR(reader_->Expect("("));
  CERMET_ASSIGN_OR_RETURN(int64_t axis, reader_->TakeInt());
  CERMET_RETURN_IF_ERROR(reader_->Expect(")"));
  const bool fragment = type.fragment != Fragment::kNone;
  if (axis < 0 || axis >= (fragment ? 2 : static_cast<int64_t>(type.extents.size()))) {
    return reader_->ErrorAt(place, absl::StrCat("no axis ", axis, " in the tile"));
  }
  KernelBuilder builder(&kernel_, block);
  return fragment ? builder.Iota(type.fragment, axis) : builder.Iota(std::move(type.extents), axis);
}

// `<6x16>(%1)`.
absl::StatusOr<ValueId> ExpressionParser::ParseSplat(Block* block, const Token& place) {
  CERMET_ASSIGN_OR_RETURN(ValueType type, ParseTile());
  CERMET_RETURN_IF_ERROR(reader_->Expect("("));
  CERMET_ASSIGN_OR_RETURN(ValueId value, ParseExpression(block));
  CERMET_RETURN_IF_ERROR(reader_->Expect(")"));
  if (BroadcastTypes(type.dtype, kernel_.type(value), type) != type) {
    return reader_->ErrorAt(
        place, absl::StrCat(kernel_.type(value).ToString(), " does not broadcast to the tile"));
  }
  KernelBuilder builder(&kernel_, block);
  return type.fragment != Fragment::kNone ? builder.Splat(value, type.fragment)
                                          : builder.Splat(value, std::move(type.extents));
}

// `(%a, xor 16)`.
absl::StatusOr<ValueId> ExpressionParser::ParseShuffle(Block* block) {
  CERMET_RETURN_IF_ERROR(reader_->Expect("("));
  CERMET_ASSIGN_OR_RETURN(ValueId value, ParseExpression(block));
  CERMET_RETURN_IF_ERROR(reader_->Expect(","));
  for (ShuffleKind kind : {ShuffleKind::kXor, ShuffleKind::kDown, ShuffleKind::kLane}) {
    if (!reader_->AcceptWord(Name(kind))) continue;
    CERMET_ASSIGN_OR_RETURN(int64_t count, reader_->TakeInt());
    CERMET_RETURN_IF_ERROR(reader_->Expect(")"));
    return KernelBuilder(&kernel_, block).Shuffle(value, kind, count);
  }
  return reader_->ErrorExpected("`xor`, `down` or `lane`");
}

// `<f16>(%a, %b, %c)`.
absl::StatusOr<ValueId> ExpressionParser::ParseMma(Block* block) {
  CERMET_RETURN_IF_ERROR(reader_->Expect("<"));
  for (MmaMode mode : {MmaMode::kTf32, MmaMode::kF16, MmaMode::kBf16}) {
    const Token place = reader_->Peek();
    if (!reader_->AcceptWord(Name(mode))) continue;
    CERMET_RETURN_IF_ERROR(reader_->Expect(">"));
    CERMET_ASSIGN_OR_RETURN(std::vector<ValueId> operands, ParseOperands(block));
    if (operands.size() != 3) return reader_->ErrorAt(place, "mma takes 3 operands");
    return KernelBuilder(&kernel_, block).Mma(mode, operands[0], operands[1], operands[2]);
  }
  return reader_->ErrorExpected("the mode of an mma: `tf32`, `f16` or `bf16`");
}

absl::StatusOr<ValueType> ExpressionParser::ParseTile() {
  CERMET_RETURN_IF_ERROR(reader_->Expect("<"));
  const Token place = reader_->Peek();
  ValueType type;
  CERMET_ASSIGN_OR_RETURN(type.extents.emplace_back(), reader_->TakeInt());
  if (std::optional<Fragment> fragment = ParseFragment(reader_->Peek().text)) {
    reader_->Take();
    type.fragment = *fragment;
    if (type.extents[0] != ElementsPerThread(*fragment)) {
      return reader_->ErrorAt(place, absl::StrCat("a thread has ", ElementsPerThread(*fragment),
                                                  " elements of ", Name(*fragment)));
    }
  } else if (reader_->Peek().kind == TokenKind::kIdentifier && reader_->Peek().text[0] == 'x') {
    // `6x16x4` is the integer 6 and the identifier x16x4.
    for (absl::string_view part : absl::StrSplit(reader_->Take().text.substr(1), 'x')) {
      if (!absl::SimpleAtoi(part, &type.extents.emplace_back())) type.extents.back() = 0;
    }
  }
  int64_t elements = 1;
  for (int64_t extent : type.extents) {
    if (extent < 1 || extent > kMaxTileElements / elements) {
      return reader_->ErrorAt(place, "expected the extents of a tile, such as 6x16");
    }
    elements *= extent;
  }
  CERMET_RETURN_IF_ERROR(reader_->Expect(">"));
  return type;
}

absl::StatusOr<DType> ExpressionParser::ParseElementType() {
  const std::optional<DType> dtype = ParseDType(reader_->Peek().text);
  if (!dtype || *dtype == DType::kToken) return reader_->ErrorExpected("an element type");
  reader_->Take();
  return *dtype;
}

absl::StatusOr<ValueType> ExpressionParser::ParseValueType() {
  CERMET_ASSIGN_OR_RETURN(DType dtype, ParseElementType());
  ValueType type;
  if (reader_->NextIs("<")) {
    CERMET_ASSIGN_OR_RETURN(type, ParseTile());
  }
  type.dtype = dtype;
  return type;
}

}  // namespace cermet::kernel
