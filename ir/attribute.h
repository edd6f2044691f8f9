// Attributes of nodes: a small ordered map from names to typed values. The op table says which a
// node has.
#ifndef CERMET_IR_ATTRIBUTE_H_
#define CERMET_IR_ATTRIBUTE_H_

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "ir/dim.h"
#include "ir/dtype.h"
#include "ir/literal.h"
#include "ir/status.h"

namespace cermet {

// Two lists of dimensions of equal length, paired: `[1] x [0]`.
struct DimPair {
  std::vector<int64_t> lhs;
  std::vector<int64_t> rhs;
  friend bool operator==(const DimPair& a, const DimPair& b) {
    return a.lhs == b.lhs && a.rhs == b.rhs;
  }
};
// A bare identifier: `lt`, `sequential`, `lanes(64)`.
struct Word {
  std::string text;
  friend bool operator==(const Word& a, const Word& b) { return a.text == b.text; }
};
// The name of a graph or of an entry of the constant store; printed with `@`.
struct SymbolRef {
  std::string name;
  friend bool operator==(const SymbolRef& a, const SymbolRef& b) { return a.name == b.name; }
};

// In the order of AttrKind: int ints dims float bool string word dtype pair literal symbol.
using Attr = std::variant<int64_t, std::vector<int64_t>, std::vector<Dim>, double, bool,
                          std::string, Word, DType, DimPair, Literal, SymbolRef>;

class AttrMap {
 public:
  AttrMap() = default;
  AttrMap(std::initializer_list<std::pair<const std::string, Attr>> items) : items_(items) {}

  bool Has(absl::string_view name) const { return items_.find(std::string(name)) != items_.end(); }
  // Null if absent or of another type.
  template <typename T>
  const T* Find(absl::string_view name) const {
    auto it = items_.find(std::string(name));
    return it == items_.end() ? nullptr : std::get_if<T>(&it->second);
  }
  // The attribute of a verified node, whose op has it.
  template <typename T>
  const T& Get(absl::string_view name) const {
    const T* attr = Find<T>(name);
    CERMET_CHECK(attr != nullptr);
    return *attr;
  }
  const std::vector<int64_t>& Ints(absl::string_view name) const {
    return Get<std::vector<int64_t>>(name);
  }
  const std::vector<Dim>& Dims(absl::string_view name) const { return Get<std::vector<Dim>>(name); }
  int64_t Int(absl::string_view name) const { return Get<int64_t>(name); }
  const std::string& WordText(absl::string_view name) const { return Get<Word>(name).text; }

  void Set(absl::string_view name, Attr value) { items_[std::string(name)] = std::move(value); }
  void Erase(absl::string_view name) { items_.erase(std::string(name)); }
  const std::map<std::string, Attr>& items() const { return items_; }
  friend bool operator==(const AttrMap& a, const AttrMap& b) { return a.items_ == b.items_; }

 private:
  std::map<std::string, Attr> items_;
};

}  // namespace cermet

#endif  // CERMET_IR_ATTRIBUTE_H_
