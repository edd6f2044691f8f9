// A recursive descent parser of graph IR over ir/lexer.h. It builds nodes as they are stated; the
// verifier then checks them.
#include "ir/parser.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <system_error>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "ir/builder.h"
#include "ir/lexer.h"
#include "ir/literal_text.h"
#include "ir/status.h"
#include "ir/verifier.h"

namespace cermet {
namespace {

class Parser {
 public:
  Parser(TextReader reader, const ConstantStore* constants)
      : reader_(std::move(reader)), constants_(constants), module_(std::make_unique<Module>()) {}

  absl::StatusOr<std::unique_ptr<Module>> ParseModule() {
    while (!reader_.AtEnd()) {
      if (reader_.AcceptWord("dim")) {
        CERMET_RETURN_IF_ERROR(ParseFact());
      } else if (reader_.AcceptWord("constant")) {
        CERMET_RETURN_IF_ERROR(ParseConstantDeclaration());
      } else if (reader_.AcceptWord("graph")) {
        const Token name = reader_.Peek();
        CERMET_ASSIGN_OR_RETURN(std::unique_ptr<Graph> graph, ParseGraph());
        if (module_->FindGraph(graph->name()) != nullptr) {
          return reader_.ErrorAt(name, absl::StrCat("there are two graphs @", graph->name()));
        }
        module_->AddGraph(std::move(graph));
      } else {
        return reader_.ErrorExpected("`dim`, `constant` or `graph`");
      }
    }
    return std::move(module_);
  }

 private:
  using Scope = std::map<std::string, Node*>;

  // dim ?n in 1..64 multiple of 8
  absl::Status ParseFact() {
    const Token token = reader_.Peek();
    CERMET_ASSIGN_OR_RETURN(const std::string name, reader_.TakeDimSymbolName());
    DimFact fact;
    if (reader_.AcceptWord("in")) {
      CERMET_ASSIGN_OR_RETURN(fact.lower, reader_.TakeInt());
      CERMET_RETURN_IF_ERROR(reader_.Expect(".."));
      if (reader_.Peek().kind == TokenKind::kInteger || reader_.NextIs("-")) {
        CERMET_ASSIGN_OR_RETURN(fact.upper, reader_.TakeInt());
      }
    }
    if (reader_.AcceptWord("multiple")) {
      CERMET_RETURN_IF_ERROR(reader_.ExpectWord("of"));
      CERMET_ASSIGN_OR_RETURN(fact.divisor, reader_.TakeInt());
    }
    const bool sound = fact.lower >= 0 && fact.divisor >= 1 &&
                       (!fact.upper.has_value() || *fact.upper >= fact.lower);
    if (!sound) return reader_.ErrorAt(token, absl::StrCat("no extent ?", name, " satisfies this"));
    if (!module_->facts().insert({name, fact}).second) {
      return reader_.ErrorAt(token, absl::StrCat("there are two facts about ?", name));
    }
    return absl::OkStatus();
  }

  // constant @fc1.w : f32[784,512] hash 0x0123456789abcdef
  absl::Status ParseConstantDeclaration() {
    const Token token = reader_.Peek();
    CERMET_ASSIGN_OR_RETURN(const std::string name, reader_.TakeSymbolName());
    CERMET_RETURN_IF_ERROR(reader_.Expect(":"));
    CERMET_ASSIGN_OR_RETURN(const Type type, reader_.TakeType());
    CERMET_RETURN_IF_ERROR(reader_.ExpectWord("hash"));
    CERMET_ASSIGN_OR_RETURN(const uint64_t hash, reader_.TakeUint64());
    const absl::StatusOr<int64_t> count = StaticNumElements(type.shape);
    ConstantEntry entry;
    if (!count.ok() || __builtin_mul_overflow(*count, ByteSize(type.dtype), &entry.byte_size)) {
      return reader_.ErrorAt(token,
                             absl::StrCat("a constant cannot have the type ", type.ToString()));
    }
    entry.dtype = type.dtype;
    for (const Dim& extent : type.shape) entry.shape.push_back(extent.value());
    entry.content_hash = hash;
    if (constants_ != nullptr) {
      const ConstantEntry* const found = constants_->Find(name);
      const std::string side_file = absl::StrCat("the side file ", reader_.file(), ".bin");
      if (found == nullptr)
        return reader_.ErrorAt(token, absl::StrCat(side_file, " has no constant @", name));
      if (found->type() != type || found->content_hash != hash) {
        return reader_.ErrorAt(token, absl::StrCat("constant @", name, " has another type or ",
                                                   "content in ", side_file));
      }
      entry = *found;
    }
    if (!module_->constants().Declare(name, std::move(entry))) {
      return reader_.ErrorAt(token, absl::StrCat("there are two constants @", name));
    }
    return absl::OkStatus();
  }

  // @name(%x: f32[4], ...) { nodes, return }
  absl::StatusOr<std::unique_ptr<Graph>> ParseGraph() {
    CERMET_ASSIGN_OR_RETURN(std::string name, reader_.TakeSymbolName());
    auto graph = std::make_unique<Graph>(std::move(name));
    Scope scope;
    CERMET_RETURN_IF_ERROR(reader_.Expect("("));
    for (bool first = true; !reader_.Accept(")"); first = false) {
      if (!first) CERMET_RETURN_IF_ERROR(reader_.Expect(","));
      CERMET_RETURN_IF_ERROR(ParseParameter(graph.get(), &scope));
    }
    CERMET_RETURN_IF_ERROR(reader_.Expect("{"));
    while (!reader_.AcceptWord("return")) CERMET_RETURN_IF_ERROR(ParseNode(graph.get(), &scope));
    CERMET_RETURN_IF_ERROR(ParseResults(graph.get(), scope));
    CERMET_RETURN_IF_ERROR(reader_.Expect("}"));
    return graph;
  }

  // %x: f32[4] "user name" donated
  absl::Status ParseParameter(Graph* graph, Scope* scope) {
    const Token token = reader_.Peek();
    CERMET_ASSIGN_OR_RETURN(const std::string name, reader_.TakeValueName());
    CERMET_RETURN_IF_ERROR(reader_.Expect(":"));
    CERMET_ASSIGN_OR_RETURN(Type type, reader_.TakeType());
    std::string user_name = absl::ascii_isdigit(static_cast<unsigned char>(name[0])) ? "" : name;
    if (reader_.Peek().kind == TokenKind::kString) {
      CERMET_ASSIGN_OR_RETURN(user_name, reader_.TakeString());
    }
    Node* const node = graph->AddParameter(std::move(type), std::move(user_name));
    Location location = node->location();
    location.file = reader_.file();
    location.line = token.line;
    node->set_location(std::move(location));
    if (reader_.AcceptWord("donated")) node->mutable_attrs().Set("donated", true);
    return Define(token, name, node, scope);
  }

  absl::Status Define(const Token& token, const std::string& name, Node* node, Scope* scope) {
    if (scope->insert({name, node}).second) return absl::OkStatus();
    return reader_.ErrorAt(token, absl::StrCat("%", name, " is defined twice"));
  }

  // %3:2 = op @lead(%1, %2) {attrs} : (types) with add "names" { bodies }
  absl::Status ParseNode(Graph* graph, Scope* scope) {
    const Token token = reader_.Peek();
    std::string name;
    int64_t num_results = 0;
    if (token.kind == TokenKind::kValue) {
      CERMET_ASSIGN_OR_RETURN(name, reader_.TakeValueName());
      num_results = 1;
      if (reader_.Accept(":")) {
        CERMET_ASSIGN_OR_RETURN(num_results, reader_.TakeInt());
      }
      CERMET_RETURN_IF_ERROR(reader_.Expect("="));
    }
    const Token op_token = reader_.Peek();
    CERMET_ASSIGN_OR_RETURN(const std::string op_name, reader_.TakeIdentifier("an op or `return`"));
    const std::optional<OpCode> op = ParseOpCode(op_name);
    if (!op.has_value() || *op == OpCode::kParameter) {
      return reader_.ErrorAt(op_token, absl::StrCat("there is no op `", op_name, "`"));
    }
    Stated stated;
    CERMET_RETURN_IF_ERROR(ParseOperandsAndTypes(*op, *scope, &stated));
    if (static_cast<int64_t>(stated.types.size()) != num_results) {
      return reader_.ErrorAt(token, absl::StrCat(num_results, " results are named, but ",
                                                 stated.types.size(), " typed"));
    }
    CERMET_RETURN_IF_ERROR(ParseCombiner(&stated));
    Location location;
    location.file = reader_.file();
    location.line = token.line;
    while (reader_.Peek().kind == TokenKind::kString) {
      CERMET_ASSIGN_OR_RETURN(std::string user_name, reader_.TakeString());
      location.names.push_back(std::move(user_name));
    }
    CERMET_RETURN_IF_ERROR(ParseBodies(&stated));
    Node* const node =
        graph->AddNode(*op, std::move(stated.operands), std::move(stated.types),
                       std::move(stated.attrs), std::move(stated.bodies), std::move(location));
    return num_results == 0 ? absl::OkStatus() : Define(token, name, node, scope);
  }

  // What the text says of one node.
  struct Stated {
    std::vector<Value> operands;
    AttrMap attrs;
    std::vector<Type> types;
    std::vector<std::unique_ptr<Graph>> bodies;
  };

  absl::Status ParseOperandsAndTypes(OpCode op, const Scope& scope, Stated* stated) {
    if (op == OpCode::kConstant && reader_.Peek().kind != TokenKind::kSymbol) {
      CERMET_ASSIGN_OR_RETURN(Literal value, TakeTypedLiteral(&reader_));
      stated->types.push_back(value.type());
      stated->attrs.Set("value", std::move(value));
      return absl::OkStatus();
    }
    if (op == OpCode::kConstant || op == OpCode::kCall) {
      CERMET_ASSIGN_OR_RETURN(std::string symbol, reader_.TakeSymbolName());
      stated->attrs.Set(op == OpCode::kCall ? "callee" : "ref", SymbolRef{std::move(symbol)});
    }
    if (op != OpCode::kConstant) {
      CERMET_RETURN_IF_ERROR(reader_.Expect("("));
      while (!reader_.Accept(")")) {
        if (!stated->operands.empty()) CERMET_RETURN_IF_ERROR(reader_.Expect(","));
        CERMET_ASSIGN_OR_RETURN(const Value operand, ParseValue(scope));
        stated->operands.push_back(operand);
      }
    }
    if (reader_.Accept("{")) CERMET_RETURN_IF_ERROR(ParseAttributes(Info(op), &stated->attrs));
    CERMET_RETURN_IF_ERROR(reader_.Expect(":"));
    if (!reader_.Accept("(")) {
      CERMET_ASSIGN_OR_RETURN(Type type, reader_.TakeType());
      stated->types.push_back(std::move(type));
      return absl::OkStatus();
    }
    while (!reader_.Accept(")")) {
      if (!stated->types.empty()) CERMET_RETURN_IF_ERROR(reader_.Expect(","));
      CERMET_ASSIGN_OR_RETURN(Type type, reader_.TakeType());
      stated->types.push_back(std::move(type));
    }
    return absl::OkStatus();
  }

  // %3 or %3#1
  absl::StatusOr<Value> ParseValue(const Scope& scope) {
    const Token token = reader_.Peek();
    CERMET_ASSIGN_OR_RETURN(const std::string name, reader_.TakeValueName());
    const auto it = scope.find(name);
    if (it == scope.end())
      return reader_.ErrorAt(token, absl::StrCat("%", name, " is not defined above"));
    int64_t index = 0;
    if (reader_.Accept("#")) {
      CERMET_ASSIGN_OR_RETURN(index, reader_.TakeInt());
    } else if (it->second->num_results() > 1) {
      return reader_.ErrorAt(token,
                             absl::StrCat("%", name, " has several results: write %", name, "#0"));
    }
    if (index < 0 || index >= it->second->num_results()) {
      return reader_.ErrorAt(token, absl::StrCat("%", name, " has no result ", index));
    }
    return it->second->result(static_cast<int>(index));
  }

  // name = value, ... }
  absl::Status ParseAttributes(const OpInfo& info, AttrMap* attrs) {
    for (bool first = true; !reader_.Accept("}"); first = false) {
      if (!first) CERMET_RETURN_IF_ERROR(reader_.Expect(","));
      const Token token = reader_.Peek();
      CERMET_ASSIGN_OR_RETURN(const std::string name, reader_.TakeIdentifier("an attribute"));
      const AttrSpec* spec = nullptr;
      for (const AttrSpec& candidate : info.attrs) {
        if (candidate.name == name) spec = &candidate;
      }
      if (spec == nullptr)
        return reader_.ErrorAt(token, absl::StrCat(info.name, " has no attribute `", name, "`"));
      if (attrs->Has(name))
        return reader_.ErrorAt(token, absl::StrCat("attribute `", name, "` is given twice"));
      CERMET_RETURN_IF_ERROR(reader_.Expect("="));
      CERMET_ASSIGN_OR_RETURN(Attr value, ParseAttribute(spec->kind));
      attrs->Set(name, std::move(value));
    }
    return absl::OkStatus();
  }

  template <typename T>
  static absl::StatusOr<Attr> Wrap(absl::StatusOr<T> value) {
    if (!value.ok()) return value.status();
    return Attr(*std::move(value));
  }

  absl::StatusOr<Attr> ParseAttribute(AttrKind kind) {
    switch (kind) {
      case AttrKind::kInt:
        return Wrap(reader_.TakeInt());
      case AttrKind::kInts:
        return Wrap(reader_.TakeInts());
      case AttrKind::kDims:
        return Wrap(reader_.TakeDims());
      case AttrKind::kFloat:
        return Wrap(reader_.TakeDouble());
      case AttrKind::kBool:
        if (reader_.AcceptWord("true")) return Attr(true);
        if (reader_.AcceptWord("false")) return Attr(false);
        return reader_.ErrorExpected("`true` or `false`");
      case AttrKind::kString:
        return Wrap(reader_.TakeString());
      case AttrKind::kWord: {
        CERMET_ASSIGN_OR_RETURN(std::string word, reader_.TakeWord());
        return Attr(Word{std::move(word)});
      }
      case AttrKind::kDType: {
        CERMET_ASSIGN_OR_RETURN(const Type type, reader_.TakeType());
        return Attr(type.dtype);
      }
      case AttrKind::kPair: {
        DimPair pair;
        CERMET_ASSIGN_OR_RETURN(pair.lhs, reader_.TakeInts());
        CERMET_RETURN_IF_ERROR(reader_.ExpectWord("x"));
        CERMET_ASSIGN_OR_RETURN(pair.rhs, reader_.TakeInts());
        return Attr(std::move(pair));
      }
      case AttrKind::kLiteral:
        return Wrap(TakeTypedLiteral(&reader_));
      case AttrKind::kSymbol: {
        CERMET_ASSIGN_OR_RETURN(std::string symbol, reader_.TakeSymbolName());
        return Attr(SymbolRef{std::move(symbol)});
      }
    }
    CERMET_UNREACHABLE();
  }

  // with add
  absl::Status ParseCombiner(Stated* stated) {
    if (!reader_.AcceptWord("with")) return absl::OkStatus();
    const Token token = reader_.Peek();
    CERMET_ASSIGN_OR_RETURN(const std::string name, reader_.TakeIdentifier("an op"));
    const std::optional<OpCode> op = ParseOpCode(name);
    if (!op.has_value() || !IsElementwise(*op) || stated->operands.empty()) {
      return reader_.ErrorAt(token, absl::StrCat("`", name, "` does not combine two elements"));
    }
    stated->bodies.push_back(BinaryBody(*op, stated->operands[0].type().dtype));
    return absl::OkStatus();
  }

  // { @body(%x: f32) { ... } ... }
  absl::Status ParseBodies(Stated* stated) {
    if (!reader_.Accept("{")) return absl::OkStatus();
    while (!reader_.Accept("}")) {
      CERMET_ASSIGN_OR_RETURN(std::unique_ptr<Graph> body, ParseGraph());
      stated->bodies.push_back(std::move(body));
    }
    return absl::OkStatus();
  }

  absl::Status ParseResults(Graph* graph, const Scope& scope) {
    std::vector<Value> results;
    std::vector<std::string> names;
    while (!reader_.NextIs("}")) {
      if (!results.empty()) CERMET_RETURN_IF_ERROR(reader_.Expect(","));
      CERMET_ASSIGN_OR_RETURN(const Value value, ParseValue(scope));
      results.push_back(value);
      names.emplace_back();
      if (reader_.Peek().kind == TokenKind::kString) {
        CERMET_ASSIGN_OR_RETURN(names.back(), reader_.TakeString());
      }
    }
    graph->set_results(std::move(results));
    graph->set_result_names(std::move(names));
    return absl::OkStatus();
  }

  TextReader reader_;
  const ConstantStore* constants_;
  std::unique_ptr<Module> module_;
};

}  // namespace

absl::StatusOr<std::string> ReadText(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": cannot read: it is a folder"));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return absl::NotFoundError(absl::StrCat(path, ": cannot read: ", std::strerror(errno)));
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return absl::UnavailableError(absl::StrCat(path, ": reading failed"));
  return text.str();
}

absl::StatusOr<std::unique_ptr<Module>> ParseModule(absl::string_view text, absl::string_view file,
                                                    const ConstantStore* constants) {
  CERMET_ASSIGN_OR_RETURN(TextReader reader, TextReader::Open(text, file));
  CERMET_ASSIGN_OR_RETURN(std::unique_ptr<Module> module,
                          Parser(std::move(reader), constants).ParseModule());
  CERMET_RETURN_IF_ERROR(Verify(*module));
  return module;
}

absl::StatusOr<std::unique_ptr<Module>> ReadModule(const std::string& path) {
  CERMET_ASSIGN_OR_RETURN(const std::string text, ReadText(path));
  const std::string side_path = path + ".bin";
  std::error_code error;
  if (!std::filesystem::exists(side_path, error)) return ParseModule(text, path);
  CERMET_ASSIGN_OR_RETURN(const ConstantStore constants, ConstantStore::ReadFrom(side_path));
  return ParseModule(text, path, &constants);
}

}  // namespace cermet
