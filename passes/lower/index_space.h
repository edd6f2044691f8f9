// Index expressions of a kernel under construction: Dims over loop variables.
//
// Fusion and lowering follow index maps of views (transpose, reshape, slice, ...) symbolically. An
// index is a Dim whose symbols are the loop variables declared here (and the program's symbolic
// dims), so equal indices compare equal and loads are shared; divisions that come from reshapes are
// removed where the ranges of the variables prove them unnecessary.
#ifndef CERMET_PASSES_LOWER_INDEX_SPACE_H_
#define CERMET_PASSES_LOWER_INDEX_SPACE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "ir/dim.h"
#include "ir/type.h"

namespace cermet::lower {

using Index = std::vector<Dim>;

class IndexSpace {
 public:
  explicit IndexSpace(DimFacts facts = {}) : facts_(std::move(facts)) {}

  // Declares a variable with values in [0, extent); `name` must be new. Returns it as a Dim. Names
  // start with `%`, so that they never meet the user's symbols.
  Dim AddVariable(absl::string_view name, const Dim& extent);
  bool IsVariable(const std::string& symbol) const { return extents_.count(symbol) != 0; }
  // Proves 0 <= index < extent; false when it cannot.
  bool InRange(const Dim& index, const Dim& extent) const;

  // Quotient and remainder of a non-negative index by a positive extent, simplified by the ranges
  // of the variables.
  Dim FloorDiv(const Dim& index, const Dim& extent) const;
  Dim Mod(const Dim& index, const Dim& extent) const;

  // The position of `index` in row-major order of `shape`, and back.
  Dim Linearize(const Index& index, const Shape& shape) const;
  Index Delinearize(const Dim& position, const Shape& shape) const;
  // The index into `from` of the element that a reshape puts at `index` of `to`. Dims that both
  // shapes share pass through.
  Index ReshapeIndex(const Index& index, const Shape& to, const Shape& from) const;

 private:
  struct Split;  // index = divisible + rest
  Split SplitBy(const Dim& index, const Dim& extent) const;
  bool SplitByFactor(const Dim& index, int64_t extent, Dim* high, Dim* low, int64_t* factor) const;

  DimFacts facts_;
  std::map<std::string, Dim> extents_;
};

}  // namespace cermet::lower

#endif  // CERMET_PASSES_LOWER_INDEX_SPACE_H_
