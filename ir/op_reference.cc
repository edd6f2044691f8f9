// Written from the rows alone, so that a new op is documented by its row.
#include "ir/op_reference.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "ir/op.h"
#include "ir/status.h"

namespace cermet {
namespace {

absl::string_view Title(OpClass op_class) {
  switch (op_class) {
    case OpClass::kSource:
      return "Sources";
    case OpClass::kElementwise:
      return "Elementwise, basic: these survive into kernels";
    case OpClass::kTranscendental:
      return "Elementwise, expanded into basic ops by `expand_math`";
    case OpClass::kView:
      return "Views: index maps without arithmetic";
    case OpClass::kUpdate:
      return "Updates";
    case OpClass::kReduction:
      return "Reductions and windows";
    case OpClass::kContraction:
      return "Contractions";
    case OpClass::kControl:
      return "Control flow";
    case OpClass::kEffectful:
      return "Effects";
    case OpClass::kComposite:
      return "Composites: expanded into the ops above by `expand_composites`";
  }
  CERMET_UNREACHABLE();
}

absl::string_view KindName(AttrKind kind) {
  switch (kind) {
    case AttrKind::kInt:
      return "int";
    case AttrKind::kInts:
      return "ints";
    case AttrKind::kDims:
      return "dims";
    case AttrKind::kFloat:
      return "float";
    case AttrKind::kBool:
      return "bool";
    case AttrKind::kString:
      return "string";
    case AttrKind::kWord:
      return "word";
    case AttrKind::kDType:
      return "element type";
    case AttrKind::kPair:
      return "ints x ints";
    case AttrKind::kLiteral:
      return "literal";
    case AttrKind::kSymbol:
      return "@name";
  }
  CERMET_UNREACHABLE();
}

std::string OperandCount(const OpInfo& op) {
  if (op.max_operands < 0) return absl::StrCat(op.min_operands, " or more");
  if (op.max_operands == op.min_operands) return absl::StrCat(op.min_operands);
  return absl::StrCat(op.min_operands, " to ", op.max_operands);
}

std::string ElementTypes(const OpInfo& op) {
  if (op.max_operands == 0) return "";
  if (op.dtypes == 0) return "token";
  std::vector<absl::string_view> parts;
  if ((op.dtypes & kBoolSet) != 0) parts.push_back("bool");
  if (Contains(op.dtypes, DType::kI32)) parts.push_back("i8..i64");
  if (Contains(op.dtypes, DType::kU32)) parts.push_back("u8..u64");
  if (Contains(op.dtypes, DType::kF32)) parts.push_back("floats");
  return absl::StrJoin(parts, ", ");
}

std::string Attributes(const OpInfo& op) {
  return absl::StrJoin(op.attrs, ", ", [](std::string* out, const AttrSpec& attr) {
    absl::StrAppend(out, "`", attr.name, "`: ", KindName(attr.kind),
                    attr.optional ? " (optional)" : "");
  });
}

}  // namespace

std::string OpsMarkdown() {
  std::string text =
      "# Ops\n\n"
      "Generated from the table in ir/ops.def by `tools/bless`; a test compares the two. `cermet "
      "ops` "
      "lists them.\n\n"
      "All ops are total: no input makes one undefined. Floats are f16, bf16, f32 and f64. The "
      "element types are those of\nthe data operands; unless the meaning says otherwise, the "
      "result "
      "has the same. [ir.md](ir.md) explains attributes and `order`.\n";
  const OpInfo* previous = nullptr;
  for (const OpInfo& op : AllOps()) {
    if (previous == nullptr || previous->op_class != op.op_class) {
      absl::StrAppend(&text, "\n## ", Title(op.op_class),
                      "\n\n| op | operands | element types | attributes | meaning |\n"
                      "|---|---|---|---|---|\n");
    }
    previous = &op;
    absl::StrAppend(&text, "| `", op.name, "` | ", OperandCount(op), " | ", ElementTypes(op), " | ",
                    Attributes(op), " | ", absl::StrReplaceAll(op.doc, {{"|", "\\|"}}), " |\n");
  }
  return text;
}

}  // namespace cermet
