// Builds the op table from ops.def once, on first use.
#include "ir/op.h"

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "ir/status.h"

namespace cermet {
namespace {

AttrKind ParseKind(absl::string_view kind) {
  struct Row {
    absl::string_view name;
    AttrKind kind;
  };
  static constexpr Row kRows[] = {
      {"int", AttrKind::kInt},         {"ints", AttrKind::kInts},    {"dims", AttrKind::kDims},
      {"float", AttrKind::kFloat},     {"bool", AttrKind::kBool},    {"str", AttrKind::kString},
      {"word", AttrKind::kWord},       {"dtype", AttrKind::kDType},  {"pair", AttrKind::kPair},
      {"literal", AttrKind::kLiteral}, {"symbol", AttrKind::kSymbol}};
  for (const Row& row : kRows) {
    if (row.name == kind) return row.kind;
  }
  CERMET_UNREACHABLE();
}

std::vector<AttrSpec> ParseAttrs(absl::string_view text) {
  std::vector<AttrSpec> specs;
  for (absl::string_view item : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    const bool optional = absl::ConsumeSuffix(&item, "?");
    const size_t colon = item.find(':');
    specs.push_back({item.substr(0, colon), ParseKind(item.substr(colon + 1)), optional});
  }
  return specs;
}

std::vector<OpInfo> BuildTable() {
  return {
#define CERMET_OP(Enum, name, op_class, min, max, dtypes, effect, tolerance, attrs, doc) \
  OpInfo{OpCode::k##Enum,                                                                \
         name,                                                                           \
         OpClass::op_class,                                                              \
         min,                                                                            \
         max,                                                                            \
         dtypes,                                                                         \
         Effect::effect,                                                                 \
         OpTolerance::tolerance,                                                         \
         ParseAttrs(attrs),                                                              \
         doc},
#include "ir/ops.def"
#undef CERMET_OP
  };
}

}  // namespace

const std::vector<OpInfo>& AllOps() {
  static const std::vector<OpInfo>* const table = new std::vector<OpInfo>(BuildTable());
  return *table;
}

const OpInfo& Info(OpCode code) { return AllOps()[static_cast<int>(code)]; }

std::optional<OpCode> ParseOpCode(absl::string_view name) {
  for (const OpInfo& info : AllOps()) {
    if (info.name == name) return info.code;
  }
  return std::nullopt;
}

bool IsElementwise(OpCode code) {
  const OpClass op_class = Info(code).op_class;
  return op_class == OpClass::kElementwise || op_class == OpClass::kTranscendental;
}

}  // namespace cermet
