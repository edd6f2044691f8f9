// Hashes and compares graphs by structure: values are numbered in node order, everything else goes
// in by content.
#include "ir/structural_hash.h"

#include <cstring>
#include <map>
#include <string>
#include <variant>

#include "ir/constant_store.h"
#include "ir/status.h"

namespace cermet {
namespace {

// A parameter's user name is no part of the structure.
bool IsStructural(const Node& node, absl::string_view attr) {
  return node.op() != OpCode::kParameter || attr != "name";
}

class Hasher {
 public:
  explicit Hasher(const Module* module) : module_(module) {}
  uint64_t hash() const { return hash_; }

  void Add(uint64_t value) { hash_ = HashBytes(&value, sizeof(value), hash_); }
  void Add(absl::string_view text) {
    Add(static_cast<uint64_t>(text.size()));
    hash_ = HashBytes(text.data(), static_cast<int64_t>(text.size()), hash_);
  }
  void Add(const Dim& dim) {
    Add(static_cast<uint64_t>(dim.IsConstant() ? 0 : 1));
    if (dim.IsConstant()) {
      Add(static_cast<uint64_t>(dim.value()));
    } else {
      Add(absl::string_view(dim.ToString()));
    }
  }
  void Add(const Type& type) {
    Add(static_cast<uint64_t>(type.dtype));
    AddList(type.shape);
  }
  void Add(int64_t value) { Add(static_cast<uint64_t>(value)); }
  template <typename T>
  void AddList(const std::vector<T>& items) {
    Add(static_cast<uint64_t>(items.size()));
    for (const T& item : items) Add(item);
  }

  void Add(const Attr& attr) {
    Add(static_cast<uint64_t>(attr.index()));
    std::visit([this](const auto& value) { AddValue(value); }, attr);
  }

  void Add(const Graph& graph) {
    std::map<const Node*, uint64_t> numbers;
    const auto add_value = [&](Value value) {
      Add(numbers.at(value.node));
      Add(static_cast<uint64_t>(value.index));
    };
    Add(static_cast<uint64_t>(graph.nodes().size()));
    for (const std::unique_ptr<Node>& node : graph.nodes()) {
      numbers[node.get()] = numbers.size();
      Add(static_cast<uint64_t>(node->op()));
      AddList(node->types());
      Add(static_cast<uint64_t>(node->num_operands()));
      for (const Value operand : node->operands()) add_value(operand);
      for (const auto& [name, attr] : node->attrs().items()) {
        if (!IsStructural(*node, name)) continue;
        Add(absl::string_view(name));
        Add(attr);
      }
      Add(static_cast<uint64_t>(node->bodies().size()));
      for (const std::unique_ptr<Graph>& body : node->bodies()) Add(*body);
    }
    Add(static_cast<uint64_t>(graph.results().size()));
    for (const Value result : graph.results()) add_value(result);
  }

 private:
  void AddValue(int64_t value) { Add(value); }
  void AddValue(const std::vector<int64_t>& values) { AddList(values); }
  void AddValue(const std::vector<Dim>& dims) { AddList(dims); }
  void AddValue(double value) {
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof(bits));
    Add(bits);
  }
  void AddValue(bool value) { Add(static_cast<uint64_t>(value)); }
  void AddValue(const std::string& text) { Add(absl::string_view(text)); }
  void AddValue(const Word& word) { Add(absl::string_view(word.text)); }
  void AddValue(DType dtype) { Add(static_cast<uint64_t>(dtype)); }
  void AddValue(const DimPair& pair) {
    AddList(pair.lhs);
    AddList(pair.rhs);
  }
  void AddValue(const Literal& literal) {
    Add(literal.type());
    hash_ = HashBytes(literal.data(), literal.byte_size(), hash_);
  }
  void AddValue(const SymbolRef& symbol) {
    const ConstantEntry* const entry =
        module_ == nullptr ? nullptr : module_->constants().Find(symbol.name);
    if (entry != nullptr) {
      Add(entry->content_hash);
    } else {
      Add(absl::string_view(symbol.name));
    }
  }

  const Module* module_;
  uint64_t hash_ = 0;
};

bool AttrsEqual(const Node& a, const Node& b) {
  const auto structural = [](const Node& node) {
    AttrMap attrs = node.attrs();
    if (node.op() == OpCode::kParameter) attrs.Erase("name");
    return attrs;
  };
  return a.op() == OpCode::kParameter ? structural(a) == structural(b) : a.attrs() == b.attrs();
}

bool ValuesEqual(absl::Span<const Value> a, absl::Span<const Value> b,
                 const std::map<const Node*, const Node*>& twins) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (twins.at(a[i].node) != b[i].node || a[i].index != b[i].index) return false;
  }
  return true;
}

}  // namespace

uint64_t StructuralHash(const Graph& graph) {
  Hasher hasher(nullptr);
  hasher.Add(graph);
  return hasher.hash();
}

uint64_t StructuralHash(const Module& module) {
  Hasher hasher(&module);
  for (const auto& [name, fact] : module.facts()) {
    hasher.Add(absl::string_view(name));
    hasher.Add(fact.lower);
    hasher.Add(fact.upper.value_or(-1));
    hasher.Add(fact.divisor);
  }
  for (const std::unique_ptr<Graph>& graph : module.graphs()) {
    hasher.Add(absl::string_view(graph->name()));  // calls refer to it
    hasher.Add(*graph);
  }
  return hasher.hash();
}

bool StructurallyEqual(const Graph& a, const Graph& b) {
  if (a.nodes().size() != b.nodes().size() || a.parameters().size() != b.parameters().size())
    return false;
  std::map<const Node*, const Node*> twins;
  for (size_t i = 0; i < a.nodes().size(); ++i) {
    const Node& x = *a.nodes()[i];
    const Node& y = *b.nodes()[i];
    const bool equal = x.op() == y.op() && x.types() == y.types() &&
                       x.bodies().size() == y.bodies().size() && AttrsEqual(x, y) &&
                       ValuesEqual(x.operands(), y.operands(), twins);
    if (!equal) return false;
    for (size_t k = 0; k < x.bodies().size(); ++k) {
      if (!StructurallyEqual(*x.bodies()[k], *y.bodies()[k])) return false;
    }
    twins[&x] = &y;
  }
  return ValuesEqual(a.results(), b.results(), twins);
}

}  // namespace cermet
