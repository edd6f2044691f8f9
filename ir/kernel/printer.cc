// Prints kernels. What stands inside an expression and what gets a line of its own depends only on
// the structure of the kernel that the parser rebuilds, so printing what was parsed gives the same
// bytes.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "ir/kernel/text.h"
#include "ir/lexer.h"
#include "ir/status.h"

namespace cermet::kernel {
namespace {

// Deeper expressions are cut by naming a value.
constexpr int kMaxInlineDepth = 5;

// Binding strength of the infix operators; what is inside must bind at least as tightly.
enum Precedence { kLowest = 0, kAnd, kComparison, kSum, kProduct, kPrimary };

struct Infix {
  absl::string_view symbol;
  Precedence precedence;
};

std::optional<Infix> InfixOf(const Inst& inst) {
  if (inst.op == OpCode::kCompare) {
    switch (inst.direction) {
      case CompareDirection::kEq:
        return Infix{"==", kComparison};
      case CompareDirection::kNe:
        return Infix{"!=", kComparison};
      case CompareDirection::kLt:
        return Infix{"<", kComparison};
      case CompareDirection::kLe:
        return Infix{"<=", kComparison};
      case CompareDirection::kGt:
        return Infix{">", kComparison};
      case CompareDirection::kGe:
        return Infix{">=", kComparison};
    }
  }
  if (inst.op == OpCode::kAdd) return Infix{"+", kSum};
  if (inst.op == OpCode::kSub) return Infix{"-", kSum};
  if (inst.op == OpCode::kMul) return Infix{"*", kProduct};
  if (inst.op == OpCode::kDiv) return Infix{"/", kProduct};
  if (inst.op == OpCode::kAnd) return Infix{"&", kAnd};
  return std::nullopt;
}

std::string FormatConstant(DType dtype, ScalarBits bits) {
  if (dtype == DType::kBool) return bits != 0 ? "true" : "false";
  if (dtype == DType::kI64) return absl::StrCat(static_cast<int64_t>(bits));
  if (IsSignedInteger(dtype)) return absl::StrCat(Name(dtype), "(", IntFromBits(dtype, bits), ")");
  if (IsUnsignedInteger(dtype)) return absl::StrCat(Name(dtype), "(", bits, ")");
  const double value = FloatFromBits(dtype, bits);
  const std::string text =
      dtype == DType::kF64 ? FormatDouble(value) : FormatFloat(static_cast<float>(value));
  double read = 0;
  const bool exact =
      value == value && absl::SimpleAtod(text, &read) && BitsFromFloat(dtype, read) == bits;
  if (!exact) return absl::StrFormat("%s(bits 0x%x)", std::string(Name(dtype)), bits);
  return absl::StrCat(Name(dtype), "(", text, ")");
}

absl::string_view LoopWord(LoopKind loop) {
  switch (loop) {
    case LoopKind::kSerial:
      return "for";
    case LoopKind::kParallel:
      return "parallel";
    case LoopKind::kUnrolled:
      return "unrolled";
    case LoopKind::kBlock:
      return "block";
    case LoopKind::kThread:
      return "thread";
  }
  CERMET_UNREACHABLE();
}

bool IsArithmetic(OpCode op) {
  return op == OpCode::kAdd || op == OpCode::kSub || op == OpCode::kMul || op == OpCode::kDiv ||
         op == OpCode::kRem || op == OpCode::kMinimum || op == OpCode::kMaximum ||
         op == OpCode::kCompare || op == OpCode::kAnd;
}

class Printer {
 public:
  Printer(const Kernel& kernel, bool canonical)
      : kernel_(kernel),
        canonical_(canonical),
        uses_(kernel.value_types.size()),
        inlined_(kernel.value_types.size()),
        depth_(kernel.value_types.size()),
        names_(kernel.value_types.size()) {}

  std::string Run() {
    CountUses(kernel_.body);
    FindInlined(kernel_.body);
    PrintHeader();
    PrintBlock(kernel_.body, 1);
    out_ += "}\n";
    return std::move(out_);
  }

 private:
  using Candidates = std::map<ValueId, const Inst*>;

  void CountUses(const Block& block) {
    for (const Inst& inst : block.insts) {
      for (ValueId operand : inst.operands) ++uses_[operand];
      if (inst.mask != kNoValue) ++uses_[inst.mask];
      for (const Block& body : inst.blocks) CountUses(body);
    }
    for (ValueId yielded : block.yields) ++uses_[yielded];
  }

  // Marks the values that are printed where they are used.
  void FindInlined(const Block& block) {
    Candidates loads;       // unmasked, with no effect since
    Candidates candidates;  // pure and of this block
    for (const Inst& inst : block.insts) {
      InlineOperands(inst, &candidates, &loads);
      switch (inst.kind) {
        case InstKind::kConstant:
        case InstKind::kDim:
          inlined_[inst.results[0]] = &inst;
          break;
        case InstKind::kIota:
        case InstKind::kSplat:
          candidates[inst.results[0]] = &inst;
          break;
        case InstKind::kCompute:
          candidates[inst.results[0]] = &inst;
          break;
        case InstKind::kLoad:
          if (inst.mask == kNoValue) loads[inst.results[0]] = &inst;
          break;
        case InstKind::kSlice:
        case InstKind::kExtract:
        case InstKind::kShuffle:
        case InstKind::kMma:
          break;
        case InstKind::kStore:
        case InstKind::kFor:
        case InstKind::kIf:
        case InstKind::kCheck:
        case InstKind::kBarrier:
        case InstKind::kCopyAsync:
        case InstKind::kCommit:
        case InstKind::kWait:
          loads.clear();
          break;
      }
      for (const Block& body : inst.blocks) FindInlined(body);
    }
    for (ValueId yielded : block.yields) InlinePure(yielded, candidates);
  }

  void InlineOperands(const Inst& inst, Candidates* candidates, Candidates* loads) {
    for (size_t i = 0; i < inst.operands.size(); ++i) {
      const ValueId operand = inst.operands[i];
      const bool stored = inst.kind == InstKind::kStore && i == 0;
      auto it = candidates->find(operand);
      if (it != candidates->end() && stored && it->second->kind == InstKind::kCompute &&
          uses_[operand] == 1) {
        // Only if it holds no load: the store's own line is where effects are ordered.
        if (!HoldsLoad(*it->second)) Inline(operand, it->second);
      } else {
        InlinePure(operand, *candidates);
      }
      if (inst.kind == InstKind::kCompute && !IsIndexArithmetic(inst)) InlineLoad(operand, *loads);
      if (stored) InlineLoad(operand, *loads);
    }
    if (inst.mask != kNoValue) InlinePure(inst.mask, *candidates);
  }

  void InlinePure(ValueId value, const Candidates& candidates) {
    auto it = candidates.find(value);
    if (it == candidates.end() || uses_[value] != 1) return;
    if (it->second->kind == InstKind::kCompute && !IsIndexArithmetic(*it->second)) return;
    Inline(value, it->second);
  }

  void InlineLoad(ValueId value, const Candidates& loads) {
    auto it = loads.find(value);
    if (it != loads.end() && uses_[value] == 1) Inline(value, it->second);
  }

  void Inline(ValueId value, const Inst* inst) {
    int depth = 1;
    for (ValueId operand : inst->operands) {
      if (inlined_[operand] != nullptr) depth = std::max(depth, depth_[operand] + 1);
    }
    if (depth > kMaxInlineDepth) return;
    inlined_[value] = inst;
    depth_[value] = depth;
  }

  bool HoldsLoad(const Inst& inst) const {
    return std::any_of(inst.operands.begin(), inst.operands.end(), [&](ValueId operand) {
      return inlined_[operand] != nullptr && inlined_[operand]->kind == InstKind::kLoad;
    });
  }

  bool IsIndexArithmetic(const Inst& inst) const {
    if (inst.kind != InstKind::kCompute || !IsArithmetic(inst.op)) return false;
    const DType dtype = kernel_.type(inst.operands[0]).dtype;
    return inst.op == OpCode::kCompare || dtype == DType::kI64 ||
           (dtype == DType::kBool && inst.op == OpCode::kAnd);
  }

  void PrintHeader() {
    absl::StrAppend(&out_, "kernel @", canonical_ ? "k" : kernel_.name, "(");
    for (size_t i = 0; i < kernel_.buffers.size(); ++i) {
      const Buffer& buffer = kernel_.buffers[i];
      names_in_scope_.insert(BufferName(i));
      if (buffer.space != MemorySpace::kGlobal) continue;
      absl::StrAppend(&out_, i > 0 ? ", " : "", "%", BufferName(i), ": ",
                      Type(buffer.dtype, buffer.shape).ToString());
      if (buffer.packing) absl::StrAppend(&out_, " ", buffer.packing->ToString());
      if (buffer.access == Access::kOut) out_ += " out";
      if (buffer.access == Access::kInOut) out_ += " inout";
    }
    out_ += ")";
    if (!canonical_) {
      for (const std::string& name : kernel_.location.names) {
        absl::StrAppend(&out_, " ", QuoteString(name));
      }
    }
    out_ += " {\n";
    for (size_t i = 0; i < kernel_.buffers.size(); ++i) {
      const Buffer& buffer = kernel_.buffers[i];
      if (buffer.space == MemorySpace::kGlobal) continue;
      absl::StrAppend(&out_, "  ", buffer.space == MemorySpace::kScratch ? "scratch" : "shared",
                      " %", BufferName(i), ": ", Type(buffer.dtype, buffer.shape).ToString(), "\n");
    }
  }

  std::string BufferName(int64_t index) const {
    return canonical_ ? absl::StrCat("b", index) : kernel_.buffers[index].name;
  }

  void PrintBlock(const Block& block, int indent) {
    for (const Inst& inst : block.insts) {
      if (!inst.results.empty() && inlined_[inst.results[0]] != nullptr) continue;
      out_.append(2 * indent, ' ');
      PrintInst(inst, indent);
    }
    if (!block.yields.empty()) {
      out_.append(2 * indent, ' ');
      absl::StrAppend(&out_, "yield ", List(block.yields), "\n");
    }
  }

  void PrintInst(const Inst& inst, int indent) {
    switch (inst.kind) {
      case InstKind::kConstant:
      case InstKind::kDim:
        CERMET_UNREACHABLE();
      case InstKind::kIota:
      case InstKind::kCompute:
      case InstKind::kLoad:
      case InstKind::kSlice:
      case InstKind::kExtract:
      case InstKind::kSplat:
      case InstKind::kShuffle:
      case InstKind::kMma: {
        const std::string text = Expression(inst, kLowest);
        absl::StrAppend(&out_, NameResult(inst.results[0]), " = ", text);
        if (inst.mask != kNoValue) absl::StrAppend(&out_, " mask ", Operand(inst.mask));
        const ValueType& type = kernel_.type(inst.results[0]);
        if (!type.IsScalar()) absl::StrAppend(&out_, " : ", type.ToString());
        out_ += "\n";
        return;
      }
      case InstKind::kStore:
        absl::StrAppend(&out_, Access(inst, inst.buffer, 1, inst.operands.size()), " = ",
                        Operand(inst.operands[0]));
        if (inst.mask != kNoValue) absl::StrAppend(&out_, " mask ", Operand(inst.mask));
        out_ += "\n";
        return;
      case InstKind::kFor:
        PrintFor(inst, indent);
        return;
      case InstKind::kIf:
        PrintIf(inst, indent);
        return;
      case InstKind::kBarrier:
      case InstKind::kCommit:
        absl::StrAppend(&out_, Name(inst.kind), "\n");
        return;
      case InstKind::kWait:
        absl::StrAppend(&out_, "wait ", inst.count, "\n");
        return;
      case InstKind::kCopyAsync:
        PrintCopy(inst);
        return;
      case InstKind::kCheck:
        absl::StrAppend(&out_, "check ", Operand(inst.operands[0]), " at ",
                        Operand(inst.operands[1]), " code ", inst.code, " ",
                        QuoteString(inst.message), "\n");
        return;
    }
    CERMET_UNREACHABLE();
  }

  void PrintCopy(const Inst& inst) {
    const size_t rank = kernel_.buffers[inst.buffer].shape.size();
    absl::StrAppend(&out_, "copy_async ", Access(inst, inst.buffer, 0, rank), " = ",
                    Access(inst, inst.source, rank, inst.operands.size()));
    if (inst.mask != kNoValue) absl::StrAppend(&out_, " mask ", Operand(inst.mask));
    out_ += "\n";
  }

  void PrintFor(const Inst& inst, int indent) {
    // Bounds and inits are outside the loop's scope.
    const std::string lower = Operand(inst.operands[0]);
    const std::string upper = Operand(inst.operands[1]);
    std::vector<std::string> inits;
    for (size_t i = 2; i < inst.operands.size(); ++i) inits.push_back(Operand(inst.operands[i]));
    PrintResults(inst);
    const Block& body = inst.blocks[0];
    const std::string iv = NameInduction(body.params[0], inst.iv_name);
    // `%a..` would be one name, so only a number stands right before the dots.
    int64_t number = 0;
    const absl::string_view dots = absl::SimpleAtoi(lower, &number) ? ".." : " .. ";
    absl::StrAppend(&out_, LoopWord(inst.loop), " %", iv, " in ", lower, dots, upper);
    if (inst.step != 1) absl::StrAppend(&out_, " step ", inst.step);
    if (inst.order_lanes > 1) absl::StrAppend(&out_, " order lanes(", inst.order_lanes, ")");
    if (!inits.empty()) {
      out_ += " carry(";
      for (size_t i = 0; i < inits.size(); ++i) {
        absl::StrAppend(&out_, i > 0 ? ", " : "", NameResult(body.params[i + 1]), " = ", inits[i]);
      }
      out_ += ")";
    }
    out_ += " {\n";
    PrintBlock(body, indent + 1);
    out_.append(2 * indent, ' ');
    out_ += "}";
    if (inst.blocks.size() > 1) {
      out_ += " combine(";
      for (size_t i = 0; i < inst.blocks[1].params.size(); ++i) {
        absl::StrAppend(&out_, i > 0 ? ", " : "", NameResult(inst.blocks[1].params[i]));
      }
      out_ += ") {\n";
      PrintBlock(inst.blocks[1], indent + 1);
      out_.append(2 * indent, ' ');
      out_ += "}";
    }
    out_ += "\n";
    if (!iv.empty()) names_in_scope_.erase(iv);
  }

  void PrintIf(const Inst& inst, int indent) {
    const std::string condition = Operand(inst.operands[0]);
    PrintResults(inst);
    absl::StrAppend(&out_, "if ", condition, " {\n");
    PrintBlock(inst.blocks[0], indent + 1);
    out_.append(2 * indent, ' ');
    out_ += "}";
    if (!inst.blocks[1].insts.empty() || !inst.blocks[1].yields.empty()) {
      out_ += " else {\n";
      PrintBlock(inst.blocks[1], indent + 1);
      out_.append(2 * indent, ' ');
      out_ += "}";
    }
    out_ += "\n";
  }

  void PrintResults(const Inst& inst) {
    for (size_t i = 0; i < inst.results.size(); ++i) {
      absl::StrAppend(&out_, i > 0 ? ", " : "", NameResult(inst.results[i]));
    }
    if (!inst.results.empty()) out_ += " = ";
  }

  std::string NameResult(ValueId value) {
    names_[value] = absl::StrCat(next_number_++);
    return absl::StrCat("%", names_[value]);
  }

  // Names an induction variable by its hint, made unique among the names in scope.
  std::string NameInduction(ValueId value, const std::string& hint) {
    if (canonical_ || !IsIdentifier(hint)) {
      names_[value] = absl::StrCat(next_number_++);
      return names_[value];
    }
    std::string name = hint;
    for (int suffix = 1; !names_in_scope_.insert(name).second; ++suffix) {
      name = absl::StrCat(hint, "_", suffix);
    }
    names_[value] = name;
    return name;
  }

  std::string List(const std::vector<ValueId>& values) {
    return absl::StrJoin(values, ", ", [this](std::string* out, ValueId value) {
      absl::StrAppend(out, Operand(value));
    });
  }

  std::string Operand(ValueId value, Precedence precedence = kLowest) {
    if (inlined_[value] != nullptr) return Expression(*inlined_[value], precedence);
    return absl::StrCat("%", names_[value]);
  }

  // `%x[%i, %k : 8]`; the indices are operands [first, end).
  std::string Access(const Inst& inst, int32_t buffer, size_t first, size_t end) {
    std::string text = absl::StrCat("%", BufferName(buffer), "[");
    for (size_t i = first; i < end; ++i) {
      absl::StrAppend(&text, i > first ? ", " : "", Operand(inst.operands[i]));
    }
    if (inst.lanes > 0) absl::StrAppend(&text, " : ", inst.lanes);
    return text + "]";
  }

  std::string Expression(const Inst& inst, Precedence precedence) {
    const ValueType& type = kernel_.type(inst.results[0]);
    switch (inst.kind) {
      case InstKind::kConstant:
        return FormatConstant(type.dtype, inst.bits);
      case InstKind::kDim: {
        const std::string text = inst.dim.ToString();
        return inst.dim.IsSymbol() ? text : absl::StrCat("dim(", text, ")");
      }
      case InstKind::kIota:
        return absl::StrCat("iota", type.TileString(), "(", inst.axis, ")");
      case InstKind::kCompute:
        return Compute(inst, precedence);
      case InstKind::kLoad:
        return Access(inst, inst.buffer, 0, inst.operands.size());
      case InstKind::kSlice:
        return absl::StrCat("slice(", Operand(inst.operands[0]), ", axis ", inst.axis, ", ",
                            inst.start, "..", inst.start + type.extents[inst.axis], ")");
      case InstKind::kExtract:
        return absl::StrCat("extract(", Operand(inst.operands[0]), ", ", inst.start, ")");
      case InstKind::kSplat:
        return absl::StrCat("splat", type.TileString(), "(", Operand(inst.operands[0]), ")");
      case InstKind::kShuffle:
        return absl::StrCat("shuffle(", Operand(inst.operands[0]), ", ", Name(inst.shuffle), " ",
                            inst.count, ")");
      case InstKind::kMma:
        return absl::StrCat("mma<", Name(inst.mma), ">(", List(inst.operands), ")");
      case InstKind::kStore:
      case InstKind::kFor:
      case InstKind::kIf:
      case InstKind::kCheck:
      case InstKind::kBarrier:
      case InstKind::kCopyAsync:
      case InstKind::kCommit:
      case InstKind::kWait:
        break;
    }
    CERMET_UNREACHABLE();
  }

  std::string Compute(const Inst& inst, Precedence precedence) {
    if (std::optional<Infix> infix = InfixOf(inst)) {
      // Operators group to the left; a comparison takes no other comparison without parentheses.
      const Precedence inner = infix->precedence;
      const Precedence tighter = static_cast<Precedence>(inner + 1);
      const std::string left = Operand(inst.operands[0], inner == kComparison ? tighter : inner);
      const std::string right = Operand(inst.operands[1], tighter);
      const std::string text = absl::StrCat(left, " ", infix->symbol, " ", right);
      return inner < precedence ? absl::StrCat("(", text, ")") : text;
    }
    std::string name(Name(inst.op));
    if (inst.op == OpCode::kConvert || inst.op == OpCode::kBitcast) {
      absl::StrAppend(&name, "<", Name(kernel_.type(inst.results[0]).dtype), ">");
    }
    return absl::StrCat(name, "(", List(inst.operands), ")");
  }

  const Kernel& kernel_;
  const bool canonical_;
  std::vector<int> uses_;             // by value
  std::vector<const Inst*> inlined_;  // by value: its instruction, if it is printed inside its user
  std::vector<int> depth_;            // by value: the depth of the inlined expression
  std::vector<std::string> names_;    // by value, without the `%`
  std::set<std::string> names_in_scope_;
  int64_t next_number_ = 0;
  std::string out_;
};

}  // namespace

std::string Print(const Kernel& kernel) { return Printer(kernel, /*canonical=*/false).Run(); }
std::string CanonicalKey(const Kernel& kernel) { return Printer(kernel, /*canonical=*/true).Run(); }

}  // namespace cermet::kernel
