// Inputs for a graph where the user gives none: values from a fixed seed, the same on every
// machine.
#ifndef CERMET_IR_SAMPLE_INPUTS_H_
#define CERMET_IR_SAMPLE_INPUTS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "ir/dim.h"
#include "ir/graph.h"
#include "ir/literal.h"

namespace cermet {

enum class SampleValues : uint8_t {
  kPlain,    // floats in [-2, 2), integers in [-4, 12) ([0, 16) if unsigned), either bool
  kExtreme,  // the same, with a third of NaNs, infinities, signed zeros, and least and greatest
             // values
};

// Values of one type. Deterministic in its arguments.
Literal SampleLiteral(DType dtype, std::vector<int64_t> shape, uint64_t seed, SampleValues values);

// `given`, and for every other symbol in the parameters' types a small value, such that the facts
// and the relations that nodes leave open (see OpenConstraints) hold; distinct symbols get distinct
// values where these allow it. An error if `given` contradicts them, or if no values were found:
// the search is bounded.
absl::StatusOr<DimBindings> SampleDims(const Graph& graph, const DimFacts& facts,
                                       const DimBindings& given);

// One literal per parameter, of the shapes under `dims`. An error names a parameter whose shape
// cannot be evaluated, or whose size does not fit into memory.
absl::StatusOr<std::vector<Literal>> SampleInputs(const Graph& graph, const DimBindings& dims,
                                                  uint64_t seed, SampleValues values);

}  // namespace cermet

#endif  // CERMET_IR_SAMPLE_INPUTS_H_
