// Parses kernels: their buffers, loops and statements. Expressions are read by
// ir/kernel/expression_parser.h.
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ir/kernel/builder.h"
#include "ir/kernel/expression_parser.h"
#include "ir/kernel/text.h"
#include "ir/kernel/verifier.h"
#include "ir/lexer.h"
#include "ir/status.h"

namespace cermet::kernel {
namespace {

std::optional<LoopKind> ParseLoopWord(absl::string_view word) {
  if (word == "for") return LoopKind::kSerial;
  if (word == "parallel") return LoopKind::kParallel;
  if (word == "unrolled") return LoopKind::kUnrolled;
  if (word == "block") return LoopKind::kBlock;
  if (word == "thread") return LoopKind::kThread;
  return std::nullopt;
}

class KernelParser : public ExpressionParser {
 public:
  using ExpressionParser::ExpressionParser;

  absl::StatusOr<Kernel> Run() {
    kernel_ = Kernel();
    names_.clear();
    CERMET_RETURN_IF_ERROR(ParseKernel());
    CERMET_RETURN_IF_ERROR(Verify(kernel_));
    return std::move(kernel_);
  }

 private:
  absl::Status ParseKernel() {
    CERMET_RETURN_IF_ERROR(reader_->ExpectWord("kernel"));
    CERMET_ASSIGN_OR_RETURN(kernel_.name, reader_->TakeSymbolName());
    CERMET_RETURN_IF_ERROR(reader_->Expect("("));
    while (!reader_->Accept(")")) {
      if (!kernel_.buffers.empty()) CERMET_RETURN_IF_ERROR(reader_->Expect(","));
      CERMET_RETURN_IF_ERROR(ParseBuffer(MemorySpace::kGlobal));
    }
    while (reader_->Peek().kind == TokenKind::kString) {
      CERMET_ASSIGN_OR_RETURN(std::string name, reader_->TakeString());
      kernel_.location.names.push_back(std::move(name));
    }
    CERMET_RETURN_IF_ERROR(reader_->Expect("{"));
    while (reader_->NextIsWord("scratch") || reader_->NextIsWord("shared")) {
      const bool scratch = reader_->Take().text == "scratch";
      CERMET_RETURN_IF_ERROR(ParseBuffer(scratch ? MemorySpace::kScratch : MemorySpace::kShared));
    }
    return ParseBody(&kernel_.body);
  }

  absl::Status ParseBuffer(MemorySpace space) {
    Buffer buffer;
    buffer.space = space;
    const Token token = reader_->Peek();
    CERMET_ASSIGN_OR_RETURN(buffer.name, reader_->TakeValueName());
    if (FindBuffer(buffer.name)) {
      return reader_->ErrorAt(token, absl::StrCat("buffer %", buffer.name, " is declared twice"));
    }
    CERMET_RETURN_IF_ERROR(reader_->Expect(":"));
    CERMET_ASSIGN_OR_RETURN(Type type, reader_->TakeType());
    buffer.dtype = type.dtype;
    buffer.shape = std::move(type.shape);
    if (reader_->AcceptWord("packed")) {
      CERMET_ASSIGN_OR_RETURN(buffer.packing, ParsePacking(reader_));
    }
    if (space != MemorySpace::kGlobal) buffer.access = Access::kInOut;
    if (reader_->AcceptWord("out")) {
      buffer.access = Access::kOut;
    } else if (reader_->AcceptWord("inout")) {
      buffer.access = Access::kInOut;
    }
    kernel_.buffers.push_back(std::move(buffer));
    return absl::OkStatus();
  }

  // What follows `{`, up to and with the `}`.
  absl::Status ParseBody(Block* block) {
    const std::map<std::string, ValueId> outer = names_;
    while (!reader_->Accept("}")) {
      if (reader_->AcceptWord("yield")) {
        do {
          CERMET_ASSIGN_OR_RETURN(ValueId value, ParseExpression(block));
          block->yields.push_back(value);
        } while (reader_->Accept(","));
        CERMET_RETURN_IF_ERROR(reader_->Expect("}"));
        break;
      }
      CERMET_RETURN_IF_ERROR(ParseStatement(block));
    }
    names_ = outer;
    return absl::OkStatus();
  }

  absl::Status ParseStatement(Block* block) {
    if (reader_->Peek().kind == TokenKind::kValue) {
      if (reader_->Peek(1).text == "[" && FindBuffer(reader_->Peek().text))
        return ParseStore(block);
      return ParseDefinition(block);
    }
    if (reader_->AcceptWord("barrier")) {
      KernelBuilder(&kernel_, block).Barrier();
      return absl::OkStatus();
    }
    if (reader_->AcceptWord("commit")) {
      KernelBuilder(&kernel_, block).Commit();
      return absl::OkStatus();
    }
    if (reader_->AcceptWord("wait")) {
      CERMET_ASSIGN_OR_RETURN(int64_t groups, reader_->TakeInt());
      KernelBuilder(&kernel_, block).Wait(groups);
      return absl::OkStatus();
    }
    if (reader_->AcceptWord("copy_async")) return ParseCopy(block);
    if (reader_->AcceptWord("check")) return ParseCheck(block);
    if (reader_->NextIsWord("if")) return ParseIf(block, {});
    if (ParseLoopWord(reader_->Peek().text)) return ParseFor(block, {});
    return reader_->ErrorExpected("an instruction, `yield` or `}`");
  }

  absl::Status ParseStore(Block* block) {
    Inst inst;
    inst.kind = InstKind::kStore;
    CERMET_RETURN_IF_ERROR(ParseAccess(block, &inst));
    CERMET_RETURN_IF_ERROR(reader_->Expect("="));
    CERMET_ASSIGN_OR_RETURN(ValueId value, ParseExpression(block));
    inst.operands.insert(inst.operands.begin(), value);
    if (reader_->AcceptWord("mask")) {
      CERMET_ASSIGN_OR_RETURN(inst.mask, ParseExpression(block));
    }
    block->insts.push_back(std::move(inst));
    return absl::OkStatus();
  }

  absl::Status ParseCopy(Block* block) {
    Inst inst, from;
    inst.kind = InstKind::kCopyAsync;
    CERMET_RETURN_IF_ERROR(ExpectBuffer());
    CERMET_RETURN_IF_ERROR(ParseAccess(block, &inst));
    CERMET_RETURN_IF_ERROR(reader_->Expect("="));
    const Token place = reader_->Peek();
    CERMET_RETURN_IF_ERROR(ExpectBuffer());
    CERMET_RETURN_IF_ERROR(ParseAccess(block, &from));
    if (from.lanes != inst.lanes) return reader_->ErrorAt(place, "the lanes of a copy differ");
    inst.source = from.buffer;
    inst.operands.insert(inst.operands.end(), from.operands.begin(), from.operands.end());
    if (reader_->AcceptWord("mask")) {
      CERMET_ASSIGN_OR_RETURN(inst.mask, ParseExpression(block));
    }
    block->insts.push_back(std::move(inst));
    return absl::OkStatus();
  }

  absl::Status ExpectBuffer() {
    const Token& token = reader_->Peek();
    if (token.kind == TokenKind::kValue && FindBuffer(token.text)) return absl::OkStatus();
    return reader_->ErrorExpected("a buffer");
  }

  absl::Status ParseCheck(Block* block) {
    CERMET_ASSIGN_OR_RETURN(ValueId condition, ParseExpression(block));
    CERMET_RETURN_IF_ERROR(reader_->ExpectWord("at"));
    CERMET_ASSIGN_OR_RETURN(ValueId index, ParseExpression(block));
    CERMET_RETURN_IF_ERROR(reader_->ExpectWord("code"));
    CERMET_ASSIGN_OR_RETURN(int64_t code, reader_->TakeInt());
    CERMET_ASSIGN_OR_RETURN(std::string message, reader_->TakeString());
    KernelBuilder(&kernel_, block).Check(condition, index, code, std::move(message));
    return absl::OkStatus();
  }

  // `%0, %1 = ...`.
  absl::Status ParseDefinition(Block* block) {
    std::vector<Token> results;
    do {
      if (reader_->Peek().kind != TokenKind::kValue) return reader_->ErrorExpected("a value name");
      results.push_back(reader_->Take());
    } while (reader_->Accept(","));
    CERMET_RETURN_IF_ERROR(reader_->Expect("="));
    if (reader_->NextIsWord("if")) return ParseIf(block, results);
    if (ParseLoopWord(reader_->Peek().text)) return ParseFor(block, results);
    if (results.size() != 1) return reader_->ErrorExpected("a loop or an `if`");
    CERMET_ASSIGN_OR_RETURN(ValueId value, ParseExpression(block));
    if (reader_->NextIsWord("mask")) CERMET_RETURN_IF_ERROR(ParseLoadMask(block, value));
    if (reader_->Accept(":")) {
      const Token token = reader_->Peek();
      CERMET_ASSIGN_OR_RETURN(ValueType type, ParseValueType());
      if (type != kernel_.type(value)) {
        return reader_->ErrorAt(
            token, absl::StrCat("the value has type ", kernel_.type(value).ToString(), ", not ",
                                type.ToString()));
      }
    }
    return Define(results[0], value);
  }

  // The mask's own instructions stand before the load, which was appended already.
  absl::Status ParseLoadMask(Block* block, ValueId value) {
    if (block->insts.empty() || block->insts.back().kind != InstKind::kLoad ||
        block->insts.back().results[0] != value) {
      return reader_->ErrorAt(reader_->Peek(), "only a load or a store takes a mask");
    }
    reader_->Take();
    Inst load = std::move(block->insts.back());
    block->insts.pop_back();
    CERMET_ASSIGN_OR_RETURN(load.mask, ParseExpression(block));
    block->insts.push_back(std::move(load));
    return absl::OkStatus();
  }

  absl::Status Define(const Token& token, ValueId value) {
    const std::string name(token.text);
    if (FindBuffer(name) || !names_.emplace(name, value).second) {
      return reader_->ErrorAt(token, absl::StrCat("%", name, " is defined twice"));
    }
    return absl::OkStatus();
  }

  absl::Status DefineResults(const std::vector<Token>& names, const std::vector<ValueId>& results,
                             const Token& place) {
    if (names.size() != results.size()) {
      return reader_->ErrorAt(
          place, absl::StrCat(results.size(), " results are named ", names.size(), " times"));
    }
    for (size_t i = 0; i < names.size(); ++i) CERMET_RETURN_IF_ERROR(Define(names[i], results[i]));
    return absl::OkStatus();
  }

  absl::Status ParseFor(Block* block, const std::vector<Token>& results) {
    const Token place = reader_->Take();
    Inst inst;
    inst.kind = InstKind::kFor;
    inst.loop = *ParseLoopWord(place.text);
    const Token iv = reader_->Peek();
    CERMET_RETURN_IF_ERROR(reader_->TakeValueName().status());
    if (!iv.text.empty() && IsIdentifier(iv.text)) inst.iv_name = std::string(iv.text);
    CERMET_RETURN_IF_ERROR(reader_->ExpectWord("in"));
    CERMET_ASSIGN_OR_RETURN(ValueId lower, ParseExpression(block));
    CERMET_RETURN_IF_ERROR(reader_->Expect(".."));
    CERMET_ASSIGN_OR_RETURN(ValueId upper, ParseExpression(block));
    inst.operands = {lower, upper};
    if (reader_->AcceptWord("step")) {
      CERMET_ASSIGN_OR_RETURN(inst.step, reader_->TakeInt());
    }
    if (reader_->AcceptWord("order")) {
      CERMET_RETURN_IF_ERROR(reader_->ExpectWord("lanes"));
      CERMET_RETURN_IF_ERROR(reader_->Expect("("));
      CERMET_ASSIGN_OR_RETURN(inst.order_lanes, reader_->TakeInt());
      CERMET_RETURN_IF_ERROR(reader_->Expect(")"));
    }
    std::vector<Token> carried;
    if (reader_->AcceptWord("carry")) {
      CERMET_RETURN_IF_ERROR(reader_->Expect("("));
      do {
        carried.push_back(reader_->Peek());
        CERMET_RETURN_IF_ERROR(reader_->TakeValueName().status());
        CERMET_RETURN_IF_ERROR(reader_->Expect("="));
        CERMET_ASSIGN_OR_RETURN(ValueId init, ParseExpression(block));
        inst.operands.push_back(init);
      } while (reader_->Accept(","));
      CERMET_RETURN_IF_ERROR(reader_->Expect(")"));
    }
    CERMET_RETURN_IF_ERROR(reader_->Expect("{"));
    CERMET_RETURN_IF_ERROR(ParseLoopBody(iv, carried, &inst));
    if (inst.order_lanes > 1) CERMET_RETURN_IF_ERROR(ParseCombine(&inst));
    for (size_t i = 2; i < inst.operands.size(); ++i) {
      inst.results.push_back(kernel_.NewValue(ValueType(kernel_.type(inst.operands[i]))));
    }
    const std::vector<ValueId> values = inst.results;
    block->insts.push_back(std::move(inst));
    return DefineResults(results, values, place);
  }

  absl::Status ParseLoopBody(const Token& iv, const std::vector<Token>& carried, Inst* inst) {
    const std::map<std::string, ValueId> outer = names_;
    Block body;
    body.params.push_back(kernel_.NewValue({DType::kI64, {}}));
    CERMET_RETURN_IF_ERROR(Define(iv, body.params[0]));
    for (size_t i = 0; i < carried.size(); ++i) {
      body.params.push_back(kernel_.NewValue(ValueType(kernel_.type(inst->operands[i + 2]))));
      CERMET_RETURN_IF_ERROR(Define(carried[i], body.params.back()));
    }
    CERMET_RETURN_IF_ERROR(ParseBody(&body));
    names_ = outer;
    inst->blocks.push_back(std::move(body));
    return absl::OkStatus();
  }

  // `combine(%l, %r) { ... }`: the left values, then the right ones.
  absl::Status ParseCombine(Inst* inst) {
    const std::map<std::string, ValueId> outer = names_;
    CERMET_RETURN_IF_ERROR(reader_->ExpectWord("combine"));
    CERMET_RETURN_IF_ERROR(reader_->Expect("("));
    Block block;
    const size_t carried = inst->operands.size() - 2;
    for (size_t i = 0; i < 2 * carried; ++i) {
      if (i > 0) CERMET_RETURN_IF_ERROR(reader_->Expect(","));
      const Token token = reader_->Peek();
      CERMET_RETURN_IF_ERROR(reader_->TakeValueName().status());
      block.params.push_back(
          kernel_.NewValue(ValueType(kernel_.type(inst->operands[i % carried + 2]))));
      CERMET_RETURN_IF_ERROR(Define(token, block.params.back()));
    }
    CERMET_RETURN_IF_ERROR(reader_->Expect(")"));
    CERMET_RETURN_IF_ERROR(reader_->Expect("{"));
    CERMET_RETURN_IF_ERROR(ParseBody(&block));
    names_ = outer;
    inst->blocks.push_back(std::move(block));
    return absl::OkStatus();
  }

  absl::Status ParseIf(Block* block, const std::vector<Token>& results) {
    const Token place = reader_->Take();
    Inst inst;
    inst.kind = InstKind::kIf;
    CERMET_ASSIGN_OR_RETURN(ValueId condition, ParseExpression(block));
    inst.operands = {condition};
    inst.blocks.resize(2);
    CERMET_RETURN_IF_ERROR(reader_->Expect("{"));
    CERMET_RETURN_IF_ERROR(ParseBody(&inst.blocks[0]));
    if (reader_->AcceptWord("else")) {
      CERMET_RETURN_IF_ERROR(reader_->Expect("{"));
      CERMET_RETURN_IF_ERROR(ParseBody(&inst.blocks[1]));
    }
    for (ValueId yielded : inst.blocks[0].yields) {
      inst.results.push_back(kernel_.NewValue(ValueType(kernel_.type(yielded))));
    }
    const std::vector<ValueId> values = inst.results;
    block->insts.push_back(std::move(inst));
    return DefineResults(results, values, place);
  }
};

}  // namespace

absl::StatusOr<std::vector<Kernel>> ParseKernels(absl::string_view text, absl::string_view file) {
  CERMET_ASSIGN_OR_RETURN(TextReader reader, TextReader::Open(text, file));
  KernelParser parser(&reader);
  std::vector<Kernel> kernels;
  while (!reader.AtEnd()) {
    CERMET_ASSIGN_OR_RETURN(Kernel kernel, parser.Run());
    kernels.push_back(std::move(kernel));
  }
  return kernels;
}

// What follows `packed`: `(dim 1 by 16 of [K,N])`.
absl::StatusOr<Packing> ParsePacking(TextReader* reader) {
  Packing packing;
  CERMET_RETURN_IF_ERROR(reader->Expect("("));
  CERMET_RETURN_IF_ERROR(reader->ExpectWord("dim"));
  const Token token = reader->Peek();
  CERMET_ASSIGN_OR_RETURN(packing.dim, reader->TakeInt());
  CERMET_RETURN_IF_ERROR(reader->ExpectWord("by"));
  CERMET_ASSIGN_OR_RETURN(packing.block, reader->TakeInt());
  CERMET_RETURN_IF_ERROR(reader->ExpectWord("of"));
  CERMET_ASSIGN_OR_RETURN(packing.logical, reader->TakeDims());
  if (packing.dim < 0 || packing.dim >= static_cast<int64_t>(packing.logical.size()) ||
      packing.block < 1) {
    return reader->ErrorAt(token, "expected a dim of the logical shape and a positive block");
  }
  CERMET_RETURN_IF_ERROR(reader->Expect(")"));
  return packing;
}

absl::StatusOr<Kernel> ParseKernel(TextReader* reader) { return KernelParser(reader).Run(); }

}  // namespace cermet::kernel
