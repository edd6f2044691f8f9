// Reads the text form of Dims: sums of products of integers, `?symbols` and functions of two Dims.
// No parentheses other than those of functions, so that the work is linear in the text.
#include <cctype>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "ir/dim.h"
#include "ir/status.h"

namespace cermet {
namespace {

class DimParser {
 public:
  explicit DimParser(absl::string_view text) : text_(text) {}

  absl::StatusOr<Dim> Run() {
    CERMET_ASSIGN_OR_RETURN(Dim dim, Sum());
    SkipSpace();
    if (position_ != text_.size()) return Error("unexpected text");
    return dim;
  }

 private:
  static constexpr int kMaxDepth = 32;

  absl::Status Error(absl::string_view what) const {
    return absl::InvalidArgumentError("bad dimension \"" + std::string(text_) +
                                      "\": " + std::string(what) + " at character " +
                                      std::to_string(position_ + 1));
  }

  void SkipSpace() {
    while (position_ < text_.size() && text_[position_] == ' ') ++position_;
  }

  bool Consume(char c) {
    SkipSpace();
    if (position_ >= text_.size() || text_[position_] != c) return false;
    ++position_;
    return true;
  }

  template <typename Predicate>
  absl::string_view TakeWhile(Predicate predicate) {
    const size_t begin = position_;
    while (position_ < text_.size() && predicate(text_[position_])) ++position_;
    return text_.substr(begin, position_ - begin);
  }

  absl::StatusOr<Dim> Sum() {
    Dim sum;
    bool negative = Consume('-');
    while (true) {
      CERMET_ASSIGN_OR_RETURN(Dim term, Product(negative));
      sum = sum + term;
      if (Consume('+')) {
        negative = false;
      } else if (Consume('-')) {
        negative = true;
      } else {
        return sum;
      }
    }
  }

  absl::StatusOr<Dim> Product(bool negative) {
    Dim product = 1;
    while (true) {
      CERMET_ASSIGN_OR_RETURN(Dim factor, Factor(negative));
      product = product * factor;
      negative = false;
      if (!Consume('*')) return product;
    }
  }

  // A factor with the sign already applied, so that the smallest integer can be read.
  absl::StatusOr<Dim> Factor(bool negative) {
    SkipSpace();
    const char c = position_ < text_.size() ? text_[position_] : '\0';
    if (std::isdigit(static_cast<unsigned char>(c))) {
      const absl::string_view digits =
          TakeWhile([](unsigned char d) { return std::isdigit(d) != 0; });
      int64_t value;
      if (!absl::SimpleAtoi((negative ? "-" : "") + std::string(digits), &value)) {
        return Error("an integer that does not fit 64 bits");
      }
      return Dim(value);
    }
    if (Consume('?')) {
      const absl::string_view name =
          TakeWhile([](unsigned char d) { return std::isalnum(d) || d == '_' || d == '.'; });
      if (name.empty()) return Error("expected the name of a symbol");
      return Dim(negative ? -1 : 1) * Dim::Symbol(name);
    }
    CERMET_ASSIGN_OR_RETURN(Dim function, Function());
    return Dim(negative ? -1 : 1) * function;
  }

  absl::StatusOr<Dim> Function() {
    const absl::string_view name = TakeWhile([](unsigned char d) { return std::isalpha(d) != 0; });
    if (name != "floordiv" && name != "mod" && name != "max" && name != "min") {
      return Error("expected an integer, ?symbol, floordiv, mod, max or min");
    }
    if (++depth_ > kMaxDepth) return Error("nested too deeply");
    if (!Consume('(')) return Error("expected (");
    CERMET_ASSIGN_OR_RETURN(Dim a, Sum());
    if (!Consume(',')) return Error("expected ,");
    CERMET_ASSIGN_OR_RETURN(Dim b, Sum());
    if (!Consume(')')) return Error("expected )");
    --depth_;
    if (name == "floordiv") return Dim::FloorDiv(a, b);
    if (name == "mod") return Dim::Mod(a, b);
    return name == "max" ? Dim::Max(a, b) : Dim::Min(a, b);
  }

  absl::string_view text_;
  size_t position_ = 0;
  int depth_ = 0;
};

}  // namespace

absl::StatusOr<Dim> Dim::Parse(absl::string_view text) { return DimParser(text).Run(); }

}  // namespace cermet
