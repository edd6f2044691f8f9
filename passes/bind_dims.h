// Specialising a module for values of its symbolic dims.
#ifndef CERMET_PASSES_BIND_DIMS_H_
#define CERMET_PASSES_BIND_DIMS_H_

#include "absl/status/status.h"
#include "ir/dim.h"
#include "ir/graph.h"

namespace cermet {

// Puts the values of `bindings` in place of symbols, in all types and attributes, bodies included;
// the facts about them go. `dim_size` of a dim that is now constant becomes a constant under
// `simplify`. An error names a symbol that the module does not have, or values that contradict what
// is known of the symbols or a relation that a node needs; the module is then unchanged.
// FailedPrecondition: a run with these values may be sound, but the module can only serve it with
// its symbols, since a branch of an `if` is for other values.
absl::Status BindDims(Module* module, const DimBindings& bindings);

}  // namespace cermet

#endif  // CERMET_PASSES_BIND_DIMS_H_
