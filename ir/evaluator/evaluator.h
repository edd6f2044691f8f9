// The reference evaluator: runs any graph, slowly and plainly. It is the definition of every op and
// the oracle of every test.
//
// It works on its own arithmetic (ir/scalar_ops.h for basic elementwise ops; transcendentals in
// double precision or better, rounded once), one node at a time, and shares nothing with passes,
// kernels or code generation.
#ifndef CERMET_IR_EVALUATOR_EVALUATOR_H_
#define CERMET_IR_EVALUATOR_EVALUATOR_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "ir/graph.h"
#include "ir/literal.h"

namespace cermet {

// Runs `graph` of `module` on `inputs`, one per parameter in order. Symbolic dims are bound from
// the shapes of the inputs; shapes or element types that do not match, conflicting bindings, values
// that contradict facts or what nodes need, and failed `check`s are errors that name the parameter
// or the node. Reductions and contractions
// follow their `order` where the node has one, and are sequential otherwise. Thread safe.
absl::StatusOr<std::vector<Literal>> Evaluate(const Module& module, const Graph& graph,
                                              absl::Span<const Literal> inputs);

}  // namespace cermet

#endif  // CERMET_IR_EVALUATOR_EVALUATOR_H_
