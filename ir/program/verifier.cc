// Checks that commands agree with the kernels and buffers they use, and that temps which live at
// the same time do not share bytes.
#include "ir/kernel/verifier.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ir/lexer.h"
#include "ir/program/program.h"
#include "ir/status.h"

namespace cermet::program {
namespace {

constexpr int64_t kAlignment = 64;

class Verifier {
 public:
  explicit Verifier(const Program& program) : program_(program) {}

  absl::Status Run() {
    std::set<std::string> kernel_names;
    for (const kernel::Kernel& kernel : program_.kernels) {
      CERMET_RETURN_IF_ERROR(kernel::Verify(kernel));
      if (!kernel_names.insert(kernel.name).second) {
        return Error(absl::StrCat("kernel @", kernel.name, " stands twice"));
      }
      CERMET_RETURN_IF_ERROR(
          VerifySymbols(kernel.Symbols(), absl::StrCat("kernel @", kernel.name)));
    }
    CERMET_RETURN_IF_ERROR(VerifyBuffers());
    for (const Dim& size : {program_.temp_bytes, program_.scratch_bytes}) {
      CERMET_RETURN_IF_ERROR(VerifySymbols(SymbolsOf(size), "the workspace"));
    }
    if (KnownDivisor(program_.scratch_bytes, program_.facts) % kAlignment != 0) {
      return Error("the scratch of a worker is not a multiple of 64");
    }
    CERMET_RETURN_IF_ERROR(VerifyCommands(program_.commands));
    return VerifyTemps();
  }

 private:
  // The first and last command, in the order of the text, that touches a temp.
  struct Interval {
    int64_t first = 0;
    int64_t last = 0;
  };
  struct Bytes {
    int64_t begin = 0;
    int64_t end = 0;
  };

  absl::Status Error(absl::string_view message) const {
    return absl::InvalidArgumentError(absl::StrCat("program @", program_.name, ": ", message));
  }
  absl::Status Error(const Buffer& buffer, absl::string_view message) const {
    return Error(absl::StrCat("buffer %", buffer.name, ": ", message));
  }

  // Names the command as the text does: `launch "fc1/MatMul"`.
  absl::Status Error(const Command& command, absl::string_view message) const {
    const std::string names = command.location.NamesToString();
    return Error(absl::StrCat(Word(command.kind), names.empty() ? "" : " ", names, ": ", message));
  }

  static std::vector<std::string> SymbolsOf(const Dim& dim) {
    std::vector<std::string> names;
    dim.CollectSymbols(&names);
    return names;
  }

  absl::Status VerifySymbols(const std::vector<std::string>& used, absl::string_view where) const {
    for (const std::string& symbol : used) {
      if (std::find(program_.symbols.begin(), program_.symbols.end(), symbol) ==
          program_.symbols.end()) {
        return Error(absl::StrCat(where, " uses ?", symbol, ", which is not a dim of the program"));
      }
    }
    return absl::OkStatus();
  }

  absl::Status VerifyBuffers() const {
    std::set<std::string> names;
    std::map<BufferKind, int64_t> counts;
    BufferKind last = BufferKind::kInput;
    std::set<int32_t> updated;
    for (const Buffer& buffer : program_.buffers) {
      if (!IsValueName(buffer.name)) return Error(buffer, "the text form has no such name");
      if (!names.insert(buffer.name).second) return Error(buffer, "is declared twice");
      if (buffer.kind < last)
        return Error(buffer, "inputs, outputs, constants, temps: in this order");
      last = buffer.kind;
      const int64_t index = counts[buffer.kind]++;
      for (const Dim& dim : buffer.type.shape) {
        CERMET_RETURN_IF_ERROR(VerifySymbols(SymbolsOf(dim), absl::StrCat("%", buffer.name)));
      }
      switch (buffer.kind) {
        case BufferKind::kInput:
          if (buffer.index != index) return Error(buffer, "inputs are numbered in order");
          break;
        case BufferKind::kOutput:
          if (buffer.index != index) return Error(buffer, "outputs are numbered in order");
          if (buffer.alias >= 0) CERMET_RETURN_IF_ERROR(VerifyUpdate(buffer, &updated));
          break;
        case BufferKind::kConstant:
          if (buffer.packing && buffer.packing->PackedShape() != buffer.type.shape) {
            return Error(buffer, "the shape is not that of the packing");
          }
          break;
        case BufferKind::kTemp:
          CERMET_RETURN_IF_ERROR(VerifyTemp(buffer));
          break;
      }
    }
    return absl::OkStatus();
  }

  bool IsBuffer(int32_t index) const {
    return index >= 0 && index < static_cast<int32_t>(program_.buffers.size());
  }

  absl::Status VerifyUpdate(const Buffer& buffer, std::set<int32_t>* updated) const {
    if (!IsBuffer(buffer.alias)) return Error(buffer, "updates no buffer");
    const Buffer& input = program_.buffers[buffer.alias];
    if (input.kind != BufferKind::kInput || input.type != buffer.type) {
      return Error(buffer, "updates an input of its own type");
    }
    if (!updated->insert(buffer.alias).second) return Error(buffer, "its input is updated twice");
    return absl::OkStatus();
  }

  absl::Status VerifyTemp(const Buffer& buffer) const {
    CERMET_RETURN_IF_ERROR(VerifySymbols(SymbolsOf(buffer.offset), absl::StrCat("%", buffer.name)));
    if (KnownDivisor(buffer.offset, program_.facts) % kAlignment != 0) {
      return Error(buffer, "the offset is not a multiple of 64");
    }
    if (buffer.alias < 0) return absl::OkStatus();
    if (!IsBuffer(buffer.alias)) return Error(buffer, "stands in no buffer");
    const Buffer* storage = &program_.buffers[buffer.alias];
    if (storage->kind == BufferKind::kConstant) {
      return Error(buffer, "stands in a buffer that cannot be written");
    }
    for (size_t steps = 0; storage->alias >= 0; ++steps) {
      if (!IsBuffer(storage->alias)) break;  // an error of that buffer
      if (steps == program_.buffers.size()) return Error(buffer, "stands in itself");
      storage = &program_.buffers[storage->alias];
    }
    return absl::OkStatus();
  }

  static absl::string_view Word(CommandKind kind) {
    switch (kind) {
      case CommandKind::kLaunch:
        return "launch";
      case CommandKind::kCopy:
        return "copy";
      case CommandKind::kPack:
        return "pack";
      case CommandKind::kIf:
        return "if";
      case CommandKind::kWhile:
        return "while";
    }
    CERMET_UNREACHABLE();
  }

  absl::Status VerifyCommands(const CommandList& commands) const {
    for (const Command& command : commands) {
      for (int32_t buffer : command.buffers) {
        if (!IsBuffer(buffer)) return Error(command, "names no buffer of the program");
      }
      CERMET_RETURN_IF_ERROR(VerifyCommand(command));
      for (const CommandList& body : command.bodies) CERMET_RETURN_IF_ERROR(VerifyCommands(body));
    }
    return absl::OkStatus();
  }

  absl::Status VerifyCommand(const Command& command) const {
    const bool branches = command.kind == CommandKind::kIf || command.kind == CommandKind::kWhile;
    if (command.bodies.size() != (branches ? 2u : 0u)) {
      return Error(command, absl::StrCat("has ", command.bodies.size(), " bodies, needs ",
                                         branches ? 2 : 0));
    }
    switch (command.kind) {
      case CommandKind::kPack:
        if (command.buffers.size() != 2) return Error(command, "has two buffers");
        return VerifyLaunch(command);
      case CommandKind::kLaunch:
        return VerifyLaunch(command);
      case CommandKind::kCopy: {
        if (command.buffers.size() != 2) return Error(command, "has two buffers");
        const Buffer& from = program_.buffers[command.buffers[0]];
        const Buffer& to = program_.buffers[command.buffers[1]];
        if (from.type.dtype != to.type.dtype || from.type.NumElements() != to.type.NumElements()) {
          return Error(absl::StrCat("copy of ", from.type.ToString(), " to ", to.type.ToString()));
        }
        return VerifyWritten(to);
      }
      case CommandKind::kIf:
      case CommandKind::kWhile: {
        if (command.buffers.size() != 1) {
          return Error(command, "has one condition");
        }
        const Buffer& condition = program_.buffers[command.buffers[0]];
        if (condition.type != Type(DType::kBool, {})) {
          return Error(condition, "a condition is a bool scalar");
        }
        return absl::OkStatus();
      }
    }
    CERMET_UNREACHABLE();
  }

  absl::Status VerifyWritten(const Buffer& buffer) const {
    if (buffer.kind == BufferKind::kInput || buffer.kind == BufferKind::kConstant) {
      return Error(buffer, "is written");
    }
    return absl::OkStatus();
  }

  absl::Status VerifyLaunch(const Command& command) const {
    if (command.kernel < 0 || command.kernel >= static_cast<int32_t>(program_.kernels.size())) {
      return Error(command, "names no kernel of the program");
    }
    if (command.grain < 1) return Error(command, "has a grain below 1");
    const kernel::Kernel& kernel = program_.kernels[command.kernel];
    if (static_cast<int64_t>(command.buffers.size()) != kernel.num_arguments()) {
      return Error(absl::StrCat("launch of @", kernel.name, " with ", command.buffers.size(),
                                " buffers, not ", kernel.num_arguments()));
    }
    for (size_t i = 0; i < command.buffers.size(); ++i) {
      const Buffer& buffer = program_.buffers[command.buffers[i]];
      const kernel::Buffer& parameter = kernel.buffers[i];
      const Type expected(parameter.dtype, parameter.shape);
      // A schedule may merge dims: the kernel sees the same elements in the same order.
      if (buffer.type.dtype != expected.dtype ||
          buffer.type.NumElements() != expected.NumElements()) {
        return Error(absl::StrCat("launch of @", kernel.name, ": %", buffer.name, " is ",
                                  buffer.type.ToString(), ", %", parameter.name, " is ",
                                  expected.ToString()));
      }
      if (parameter.access != kernel::Access::kIn) CERMET_RETURN_IF_ERROR(VerifyWritten(buffer));
      if (buffer.kind == BufferKind::kConstant && buffer.packing != parameter.packing) {
        return Error(absl::StrCat("launch of @", kernel.name, ": %", buffer.name,
                                  " is not packed as the kernel wants it"));
      }
    }
    return absl::OkStatus();
  }

  // Numbers commands in text order and notes who touches which temp. What is touched inside a loop
  // and outside of it lives for all of the loop, and so does what a loop's body reads before it
  // writes it.
  void FindIntervals(const CommandList& commands) {
    for (const Command& command : commands) {
      const int64_t position = next_position_++;
      for (size_t i = 0; i < command.buffers.size(); ++i) {
        Touch(command.buffers[i], position, IsWrite(command, i));
      }
      for (const CommandList& body : command.bodies) FindIntervals(body);
      if (command.kind != CommandKind::kWhile) continue;
      // The condition is read again after the bodies ran.
      const int64_t end = next_position_++;
      Touch(command.buffers[0], end, false);
      loops_.push_back({position, end});
    }
  }

  bool IsWrite(const Command& command, size_t operand) const {
    if (command.kind == CommandKind::kLaunch || command.kind == CommandKind::kPack) {
      return program_.kernels[command.kernel].buffers[operand].access == kernel::Access::kOut;
    }
    return command.kind == CommandKind::kCopy && operand == 1;
  }

  void Touch(int32_t buffer, int64_t position, bool write) {
    buffer = program_.StorageOf(buffer);
    if (program_.buffers[buffer].kind != BufferKind::kTemp) return;
    touches_[buffer].push_back({position, write});
  }

  Interval Live(const std::vector<std::pair<int64_t, bool>>& touches) const {
    Interval live{touches.front().first, touches.back().first};
    bool changed = true;
    while (changed) {
      changed = false;
      for (const Interval& loop : loops_) {
        bool inside = false, read_first = false;
        for (const auto& [position, write] : touches) {
          if (position < loop.first || position > loop.last) continue;
          if (!inside) read_first = !write;
          inside = true;
        }
        if (!inside) continue;
        const bool outside = live.first < loop.first || live.last > loop.last;
        if (!outside && !read_first) continue;
        const Interval wider{std::min(live.first, loop.first), std::max(live.last, loop.last)};
        changed = changed || wider.first != live.first || wider.last != live.last;
        live = wider;
      }
    }
    return live;
  }

  // Symbols get a few sets of values that the facts allow; offsets and sizes are compared under
  // each.
  std::vector<DimBindings> SampleBindings() const {
    std::vector<DimBindings> samples;
    for (int64_t choice = 0; choice < 4; ++choice) {
      DimBindings& dims = samples.emplace_back();
      int64_t salt = 0;
      for (const std::string& symbol : program_.symbols) {
        auto it = program_.facts.find(symbol);
        const DimFact fact = it == program_.facts.end() ? DimFact() : it->second;
        int64_t value = fact.lower + choice * (7 + 3 * salt++);
        value = (value + fact.divisor - 1) / fact.divisor * fact.divisor;
        if (fact.upper && (value > *fact.upper || choice == 3)) {
          value = *fact.upper / fact.divisor * fact.divisor;
        }
        dims[symbol] = value;
      }
    }
    return samples;
  }

  absl::StatusOr<Bytes> BytesOf(const Buffer& buffer, const DimBindings& dims) const {
    CERMET_ASSIGN_OR_RETURN(int64_t offset, buffer.offset.Evaluate(dims));
    CERMET_ASSIGN_OR_RETURN(int64_t elements, buffer.type.NumElements().Evaluate(dims));
    CERMET_ASSIGN_OR_RETURN(int64_t total, program_.temp_bytes.Evaluate(dims));
    const Bytes bytes{offset, offset + elements * ByteSize(buffer.type.dtype)};
    if (bytes.begin < 0 || bytes.end > total) {
      return Error(buffer, absl::StrCat("bytes ", bytes.begin, "..", bytes.end,
                                        " are outside the workspace of ", total));
    }
    return bytes;
  }

  absl::Status VerifyTemps() {
    FindIntervals(program_.commands);
    std::vector<std::pair<int32_t, Interval>> live;
    for (const auto& [buffer, touches] : touches_) live.push_back({buffer, Live(touches)});
    // By start: only temps that start before another one ends are compared.
    std::stable_sort(live.begin(), live.end(),
                     [](const auto& a, const auto& b) { return a.second.first < b.second.first; });
    for (const DimBindings& dims : SampleBindings()) {
      std::vector<Bytes> bytes;
      for (const auto& [index, interval] : live) {
        CERMET_ASSIGN_OR_RETURN(Bytes place, BytesOf(program_.buffers[index], dims));
        bytes.push_back(place);
      }
      for (size_t a = 0; a < live.size(); ++a) {
        for (size_t b = a + 1; b < live.size() && live[b].second.first <= live[a].second.last;
             ++b) {
          if (bytes[a].end <= bytes[b].begin || bytes[b].end <= bytes[a].begin) continue;
          if (bytes[a].begin == bytes[a].end || bytes[b].begin == bytes[b].end) continue;
          // A kernel may write its result where an operand that ends with it lay.
          const bool in_place =
              live[b].second.first == live[a].second.last && bytes[a].begin == bytes[b].begin;
          if (in_place) continue;
          return Error(absl::StrCat("temps %", program_.buffers[live[a].first].name, " and %",
                                    program_.buffers[live[b].first].name,
                                    " live at once and share bytes"));
        }
      }
    }
    return absl::OkStatus();
  }

  const Program& program_;
  int64_t next_position_ = 0;
  std::vector<Interval> loops_;
  std::map<int32_t, std::vector<std::pair<int64_t, bool>>>
      touches_;  // by temp: position, is a write
};

}  // namespace

absl::Status Verify(const Program& program) { return Verifier(program).Run(); }

}  // namespace cermet::program
