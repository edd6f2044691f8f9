// The invariants of graph IR. Every pass may assume them and must keep them.
//
//  1. Names of graphs are unique; calls and constant references name what exists, with the
//     node's types; no graph calls itself, directly or through others.
//  2. Parameters come first, indexed 0..n-1, with distinct user names (where they have one).
//  3. Operands are results of earlier nodes of the same graph (so: no cycles, no captures); ids
//     are distinct.
//  4. Operand counts, element types and attributes are those of the op's row; no unknown
//     attribute.
//  5. Result types agree with the inferred ones: equal element types and ranks, and no extent
//     provably differs (a pass may leave ?n where 8 could be inferred).
//  6. Bodies: count and signatures as the op demands (reduce: 2k scalars -> k; while: equal
//     carried types, bool condition; if: equal results; fusion: the operands' types). They keep
//     these invariants themselves.
//  7. Extents are non-negative where constant, and products of constant extents fit into int64
//     bytes.
//  8. Results of a graph are values of the graph; result names, where given, are distinct.
//  9. Symbols in types and attributes of a graph's nodes occur in the types of parameters (for
//     bodies: also of the graphs around them) or in the module's facts.
// 10. Donated parameters have a result of the same type (each its own).
#ifndef CERMET_IR_VERIFIER_H_
#define CERMET_IR_VERIFIER_H_

#include "absl/status/status.h"
#include "ir/graph.h"

namespace cermet {

// OK, or an InvalidArgument error that names the first offending node.
absl::Status Verify(const Module& module);
absl::Status Verify(const Graph& graph, const Module* module = nullptr);

}  // namespace cermet

#endif  // CERMET_IR_VERIFIER_H_
