// Values for the symbolic dims of one run: what the shapes of its inputs give them, and whether
// facts and the relations that nodes need allow these values.
#ifndef CERMET_IR_DIM_BINDING_H_
#define CERMET_IR_DIM_BINDING_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ir/dim.h"
#include "ir/graph.h"
#include "ir/infer.h"
#include "ir/type.h"

namespace cermet {

// A tensor of the caller, whose shape gives values to symbols.
struct DimSource {
  std::string name;  // as errors name it: `input "x"`
  Type type;
};
// The parameters of `graph`, in order.
std::vector<DimSource> DimSourcesOf(const Graph& graph);

// The values that `shapes`, one for each source, give to symbols: where one stands alone, else
// where it is the only unknown of a linear extent such as 2*?n+1. An extent of other unknowns binds
// nothing. Errors name the sources: another rank, a negative extent, an extent that is not what the
// other shapes make it.
absl::StatusOr<DimBindings> BindShapes(absl::Span<const DimSource> sources,
                                       absl::Span<const std::vector<int64_t>> shapes);

// Checks values of symbols. Symbols without a value may have any that the facts allow: an error is
// what no such value would repair. Errors name the symbols, their values, and the first source that
// each occurs in. The arguments must outlive the check.
class DimCheck {
 public:
  DimCheck(const DimFacts& facts, absl::Span<const DimSource> sources, const DimBindings& dims)
      : facts_(facts), sources_(sources), dims_(dims) {}

  // That every value is within the bounds of its symbol, and a multiple of its divisor.
  absl::Status Facts() const;
  // lhs = rhs or lhs <= rhs, which `node` (as errors name nodes) needs.
  absl::Status Relation(DimConstraint::Kind kind, const Dim& lhs, const Dim& rhs,
                        absl::string_view node) const;

 private:
  std::string Explain(const std::string& symbol) const;
  std::string ExplainAll(const Dim& lhs, const Dim& rhs) const;

  const DimFacts& facts_;
  const absl::Span<const DimSource> sources_;
  const DimBindings& dims_;
};

// The facts, and the relations that the nodes of `graph` leave open (see OpenConstraints).
absl::Status CheckDims(const Graph& graph, const DimFacts& facts,
                       absl::Span<const DimSource> sources, const DimBindings& dims);

}  // namespace cermet

#endif  // CERMET_IR_DIM_BINDING_H_
