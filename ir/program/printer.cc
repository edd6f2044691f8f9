// Prints programs: dims, buffers, sizes, checks, commands, then the kernels.
#include "absl/strings/str_cat.h"
#include "ir/kernel/text.h"
#include "ir/lexer.h"
#include "ir/program/program.h"
#include "ir/status.h"

namespace cermet::program {
namespace {

class Printer {
 public:
  explicit Printer(const Program& program) : program_(program) {}

  std::string Run() {
    absl::StrAppend(&out_, "program @", program_.name, " {\n");
    for (const std::string& symbol : program_.symbols) PrintSymbol(symbol);
    for (const Requirement& requirement : program_.requirements) {
      absl::StrAppend(&out_, "  require ", requirement.lhs.ToString(),
                      requirement.is_equality ? " = " : " <= ", requirement.rhs.ToString(), " in ",
                      QuoteString(requirement.node), "\n");
    }
    for (const Buffer& buffer : program_.buffers) PrintBuffer(buffer);
    absl::StrAppend(&out_, "  workspace ", program_.temp_bytes.ToString(), " scratch ",
                    program_.scratch_bytes.ToString(), "\n");
    for (const CheckMessage& check : program_.checks) {
      absl::StrAppend(&out_, "  check ", check.code, " ", QuoteString(check.message), " in ",
                      QuoteString(check.node), "\n");
    }
    PrintCommands(program_.commands, 1);
    out_ += "}\n";
    for (const kernel::Kernel& kernel : program_.kernels) out_ += kernel::Print(kernel);
    return std::move(out_);
  }

 private:
  void PrintSymbol(const std::string& symbol) {
    absl::StrAppend(&out_, "  dim ?", symbol);
    auto it = program_.facts.find(symbol);
    if (it != program_.facts.end()) {
      const DimFact& fact = it->second;
      if (fact.lower != 0 || fact.upper) absl::StrAppend(&out_, " in ", fact.lower, "..");
      if (fact.upper) absl::StrAppend(&out_, *fact.upper);
      if (fact.divisor != 1) absl::StrAppend(&out_, " multiple of ", fact.divisor);
    }
    out_ += "\n";
  }

  void PrintBuffer(const Buffer& buffer) {
    const std::string declaration = absl::StrCat("%", buffer.name, ": ", buffer.type.ToString());
    switch (buffer.kind) {
      case BufferKind::kInput:
        absl::StrAppend(&out_, "  input ", declaration, " ", QuoteString(buffer.user_name));
        break;
      case BufferKind::kOutput:
        absl::StrAppend(&out_, "  output ", declaration, " ", QuoteString(buffer.user_name));
        if (buffer.alias >= 0) absl::StrAppend(&out_, " updates %", NameOf(buffer.alias));
        break;
      case BufferKind::kConstant:
        absl::StrAppend(&out_, "  constant ", declaration, " = @", buffer.constant);
        if (buffer.packing) absl::StrAppend(&out_, " ", buffer.packing->ToString());
        break;
      case BufferKind::kTemp:
        absl::StrAppend(&out_, "  temp ", declaration);
        if (buffer.alias >= 0) absl::StrAppend(&out_, " in %", NameOf(buffer.alias));
        absl::StrAppend(&out_, " at ", buffer.offset.ToString());
        break;
    }
    out_ += "\n";
  }

  std::string NameOf(int32_t buffer) const { return program_.buffers[buffer].name; }

  void PrintCommands(const CommandList& commands, int indent) {
    for (const Command& command : commands) {
      out_.append(2 * indent, ' ');
      PrintCommand(command, indent);
    }
  }

  void PrintCommand(const Command& command, int indent) {
    switch (command.kind) {
      case CommandKind::kLaunch:
        absl::StrAppend(&out_, "launch @", program_.kernels[command.kernel].name, "(");
        for (size_t i = 0; i < command.buffers.size(); ++i) {
          absl::StrAppend(&out_, i > 0 ? ", " : "", "%", NameOf(command.buffers[i]));
        }
        out_ += ")";
        if (command.grain != 1) absl::StrAppend(&out_, " grain ", command.grain);
        break;
      case CommandKind::kCopy:
        absl::StrAppend(&out_, "copy %", NameOf(command.buffers[0]), " to %",
                        NameOf(command.buffers[1]));
        break;
      case CommandKind::kPack:
        absl::StrAppend(&out_, "pack %", NameOf(command.buffers[0]), " to %",
                        NameOf(command.buffers[1]), " by @", program_.kernels[command.kernel].name);
        break;
      case CommandKind::kIf:
      case CommandKind::kWhile:
        absl::StrAppend(&out_, command.kind == CommandKind::kIf ? "if %" : "while %",
                        NameOf(command.buffers[0]));
        break;
    }
    for (const std::string& name : command.location.names) {
      absl::StrAppend(&out_, " ", QuoteString(name));
    }
    if (command.kind == CommandKind::kIf || command.kind == CommandKind::kWhile) {
      PrintBodies(command, indent);
    }
    out_ += "\n";
  }

  // `{ then } else { else }`, or `{ condition } do { body }`.
  void PrintBodies(const Command& command, int indent) {
    out_ += " {\n";
    PrintCommands(command.bodies[0], indent + 1);
    out_.append(2 * indent, ' ');
    out_ += command.kind == CommandKind::kIf ? "} else {\n" : "} do {\n";
    PrintCommands(command.bodies[1], indent + 1);
    out_.append(2 * indent, ' ');
    out_ += "}";
  }

  const Program& program_;
  std::string out_;
};

}  // namespace

std::string Print(const Program& program) { return Printer(program).Run(); }

}  // namespace cermet::program
