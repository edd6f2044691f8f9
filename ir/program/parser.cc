// Parses programs. Kernels stand after the commands that launch them, so their names are resolved
// at the end.
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ir/kernel/text.h"
#include "ir/lexer.h"
#include "ir/program/program.h"
#include "ir/status.h"

namespace cermet::program {
namespace {

class Parser {
 public:
  explicit Parser(TextReader* reader) : reader_(*reader) {}

  absl::StatusOr<Program> Run() {
    CERMET_RETURN_IF_ERROR(reader_.ExpectWord("program"));
    CERMET_ASSIGN_OR_RETURN(program_.name, reader_.TakeSymbolName());
    CERMET_RETURN_IF_ERROR(reader_.Expect("{"));
    CERMET_RETURN_IF_ERROR(ParseDeclarations());
    CERMET_RETURN_IF_ERROR(ParseCommands(&program_.commands));
    while (!reader_.AtEnd()) {
      const Token place = reader_.Peek(1);
      CERMET_ASSIGN_OR_RETURN(kernel::Kernel kernel, kernel::ParseKernel(&reader_));
      const int32_t index = static_cast<int32_t>(program_.kernels.size());
      if (!kernels_.emplace(kernel.name, index).second) {
        return reader_.ErrorAt(place, absl::StrCat("kernel @", kernel.name, " stands twice"));
      }
      program_.kernels.push_back(std::move(kernel));
    }
    CERMET_RETURN_IF_ERROR(ResolveKernels(&program_.commands));
    CERMET_RETURN_IF_ERROR(Verify(program_));
    return std::move(program_);
  }

 private:
  absl::Status ParseDeclarations() {
    while (true) {
      if (reader_.AcceptWord("dim")) {
        CERMET_RETURN_IF_ERROR(ParseSymbol());
      } else if (reader_.AcceptWord("require")) {
        CERMET_RETURN_IF_ERROR(ParseRequirement());
      } else if (reader_.AcceptWord("input")) {
        CERMET_RETURN_IF_ERROR(ParseBuffer(BufferKind::kInput));
      } else if (reader_.AcceptWord("output")) {
        CERMET_RETURN_IF_ERROR(ParseBuffer(BufferKind::kOutput));
      } else if (reader_.AcceptWord("constant")) {
        CERMET_RETURN_IF_ERROR(ParseBuffer(BufferKind::kConstant));
      } else if (reader_.AcceptWord("temp")) {
        CERMET_RETURN_IF_ERROR(ParseBuffer(BufferKind::kTemp));
      } else if (reader_.AcceptWord("workspace")) {
        CERMET_ASSIGN_OR_RETURN(program_.temp_bytes, reader_.TakeDim());
        CERMET_RETURN_IF_ERROR(reader_.ExpectWord("scratch"));
        CERMET_ASSIGN_OR_RETURN(program_.scratch_bytes, reader_.TakeDim());
      } else if (reader_.AcceptWord("check")) {
        CheckMessage check;
        CERMET_ASSIGN_OR_RETURN(check.code, reader_.TakeInt());
        CERMET_ASSIGN_OR_RETURN(check.message, reader_.TakeString());
        CERMET_RETURN_IF_ERROR(reader_.ExpectWord("in"));
        CERMET_ASSIGN_OR_RETURN(check.node, reader_.TakeString());
        program_.checks.push_back(std::move(check));
      } else {
        return absl::OkStatus();
      }
    }
  }

  // `?n in 1..64 multiple of 8`.
  absl::Status ParseSymbol() {
    CERMET_ASSIGN_OR_RETURN(std::string name, reader_.TakeDimSymbolName());
    DimFact fact;
    if (reader_.AcceptWord("in")) {
      CERMET_ASSIGN_OR_RETURN(fact.lower, reader_.TakeInt());
      CERMET_RETURN_IF_ERROR(reader_.Expect(".."));
      if (reader_.Peek().kind == TokenKind::kInteger) {
        CERMET_ASSIGN_OR_RETURN(fact.upper, reader_.TakeInt());
      }
    }
    if (reader_.AcceptWord("multiple")) {
      CERMET_RETURN_IF_ERROR(reader_.ExpectWord("of"));
      const Token place = reader_.Peek();
      CERMET_ASSIGN_OR_RETURN(fact.divisor, reader_.TakeInt());
      if (fact.divisor < 1) return reader_.ErrorAt(place, "expected a positive divisor");
    }
    program_.facts[name] = fact;
    program_.symbols.push_back(std::move(name));
    return absl::OkStatus();
  }

  // `?n <= ?m in "node"`.
  absl::Status ParseRequirement() {
    Requirement requirement;
    CERMET_ASSIGN_OR_RETURN(requirement.lhs, reader_.TakeDim());
    requirement.is_equality = !reader_.Accept("<");
    CERMET_RETURN_IF_ERROR(reader_.Expect("="));
    CERMET_ASSIGN_OR_RETURN(requirement.rhs, reader_.TakeDim());
    CERMET_RETURN_IF_ERROR(reader_.ExpectWord("in"));
    CERMET_ASSIGN_OR_RETURN(requirement.node, reader_.TakeString());
    program_.requirements.push_back(std::move(requirement));
    return absl::OkStatus();
  }

  absl::Status ParseBuffer(BufferKind kind) {
    Buffer buffer;
    buffer.kind = kind;
    const Token place = reader_.Peek();
    CERMET_ASSIGN_OR_RETURN(buffer.name, reader_.TakeValueName());
    CERMET_RETURN_IF_ERROR(reader_.Expect(":"));
    CERMET_ASSIGN_OR_RETURN(buffer.type, reader_.TakeType());
    switch (kind) {
      case BufferKind::kInput: {
        buffer.index = program_.num_inputs();
        CERMET_ASSIGN_OR_RETURN(buffer.user_name, reader_.TakeString());
        break;
      }
      case BufferKind::kOutput: {
        buffer.index = program_.num_outputs();
        CERMET_ASSIGN_OR_RETURN(buffer.user_name, reader_.TakeString());
        if (reader_.AcceptWord("updates")) {
          CERMET_ASSIGN_OR_RETURN(buffer.alias, TakeBuffer());
        }
        break;
      }
      case BufferKind::kConstant: {
        CERMET_RETURN_IF_ERROR(reader_.Expect("="));
        CERMET_ASSIGN_OR_RETURN(buffer.constant, reader_.TakeSymbolName());
        if (reader_.AcceptWord("packed")) {
          CERMET_ASSIGN_OR_RETURN(buffer.packing, kernel::ParsePacking(&reader_));
        }
        break;
      }
      case BufferKind::kTemp: {
        if (reader_.AcceptWord("in")) {
          CERMET_ASSIGN_OR_RETURN(buffer.alias, TakeBuffer());
        }
        CERMET_RETURN_IF_ERROR(reader_.ExpectWord("at"));
        CERMET_ASSIGN_OR_RETURN(buffer.offset, reader_.TakeDim());
        break;
      }
    }
    const int32_t index = static_cast<int32_t>(program_.buffers.size());
    if (!buffers_.emplace(buffer.name, index).second) {
      return reader_.ErrorAt(place, absl::StrCat("buffer %", buffer.name, " is declared twice"));
    }
    program_.buffers.push_back(std::move(buffer));
    return absl::OkStatus();
  }

  absl::StatusOr<int32_t> TakeBuffer() {
    const Token place = reader_.Peek();
    CERMET_ASSIGN_OR_RETURN(std::string name, reader_.TakeValueName());
    auto it = buffers_.find(name);
    if (it == buffers_.end()) {
      return reader_.ErrorAt(place, absl::StrCat("%", name, " is not a buffer"));
    }
    return it->second;
  }

  absl::Status TakeBufferInto(Command* command) {
    CERMET_ASSIGN_OR_RETURN(int32_t buffer, TakeBuffer());
    command->buffers.push_back(buffer);
    return absl::OkStatus();
  }

  // Up to and with the `}`.
  absl::Status ParseCommands(CommandList* commands) {
    while (!reader_.Accept("}")) {
      Command command;
      CERMET_RETURN_IF_ERROR(ParseCommand(&command));
      commands->push_back(std::move(command));
    }
    return absl::OkStatus();
  }

  absl::Status ParseCommand(Command* command) {
    if (reader_.AcceptWord("launch")) {
      command->kind = CommandKind::kLaunch;
      CERMET_RETURN_IF_ERROR(TakeKernel(command));
      CERMET_RETURN_IF_ERROR(reader_.Expect("("));
      while (!reader_.Accept(")")) {
        if (!command->buffers.empty()) CERMET_RETURN_IF_ERROR(reader_.Expect(","));
        CERMET_RETURN_IF_ERROR(TakeBufferInto(command));
      }
      if (reader_.AcceptWord("grain")) {
        CERMET_ASSIGN_OR_RETURN(command->grain, reader_.TakeInt());
      }
      return ParseNames(command);
    }
    if (reader_.NextIsWord("copy") || reader_.NextIsWord("pack")) {
      const bool pack = reader_.Take().text == "pack";
      command->kind = pack ? CommandKind::kPack : CommandKind::kCopy;
      CERMET_RETURN_IF_ERROR(TakeBufferInto(command));
      CERMET_RETURN_IF_ERROR(reader_.ExpectWord("to"));
      CERMET_RETURN_IF_ERROR(TakeBufferInto(command));
      if (pack) {
        CERMET_RETURN_IF_ERROR(reader_.ExpectWord("by"));
        CERMET_RETURN_IF_ERROR(TakeKernel(command));
      }
      return ParseNames(command);
    }
    if (!reader_.NextIsWord("if") && !reader_.NextIsWord("while")) {
      return reader_.ErrorExpected("a command");
    }
    const bool is_if = reader_.Take().text == "if";
    command->kind = is_if ? CommandKind::kIf : CommandKind::kWhile;
    CERMET_RETURN_IF_ERROR(TakeBufferInto(command));
    CERMET_RETURN_IF_ERROR(ParseNames(command));
    command->bodies.resize(2);
    CERMET_RETURN_IF_ERROR(reader_.Expect("{"));
    CERMET_RETURN_IF_ERROR(ParseCommands(&command->bodies[0]));
    CERMET_RETURN_IF_ERROR(reader_.ExpectWord(is_if ? "else" : "do"));
    CERMET_RETURN_IF_ERROR(reader_.Expect("{"));
    return ParseCommands(&command->bodies[1]);
  }

  absl::Status ParseNames(Command* command) {
    while (reader_.Peek().kind == TokenKind::kString) {
      CERMET_ASSIGN_OR_RETURN(std::string name, reader_.TakeString());
      command->location.names.push_back(std::move(name));
    }
    return absl::OkStatus();
  }

  // Until ResolveKernels, `command->kernel` is an index into references_.
  absl::Status TakeKernel(Command* command) {
    const Token place = reader_.Peek();
    CERMET_RETURN_IF_ERROR(reader_.TakeSymbolName().status());
    command->kernel = static_cast<int32_t>(references_.size());
    references_.push_back(place);
    return absl::OkStatus();
  }

  absl::Status ResolveKernels(CommandList* commands) {
    for (Command& command : *commands) {
      if (command.kind == CommandKind::kLaunch || command.kind == CommandKind::kPack) {
        const Token& place = references_[command.kernel];
        auto it = kernels_.find(std::string(place.text));
        if (it == kernels_.end()) {
          return reader_.ErrorAt(place,
                                 absl::StrCat("there is no kernel @", std::string(place.text)));
        }
        command.kernel = it->second;
      }
      for (CommandList& body : command.bodies) CERMET_RETURN_IF_ERROR(ResolveKernels(&body));
    }
    return absl::OkStatus();
  }

  TextReader& reader_;
  Program program_;
  std::map<std::string, int32_t> buffers_;
  std::map<std::string, int32_t> kernels_;
  std::vector<Token> references_;
};

}  // namespace

absl::StatusOr<Program> ParseProgram(absl::string_view text, absl::string_view file) {
  CERMET_ASSIGN_OR_RETURN(TextReader reader, TextReader::Open(text, file));
  return Parser(&reader).Run();
}

}  // namespace cermet::program
