// Structural identity of graphs, for passes that claim "no change" and for sharing kernels.
#ifndef CERMET_IR_STRUCTURAL_HASH_H_
#define CERMET_IR_STRUCTURAL_HASH_H_

#include <cstdint>

#include "ir/graph.h"

namespace cermet {

// Depends on ops, types, attributes, operands, bodies and results; not on ids, names or locations.
// Constants count by content hash.
uint64_t StructuralHash(const Graph& graph);
uint64_t StructuralHash(const Module& module);
// True if the graphs differ at most in ids, names and locations.
bool StructurallyEqual(const Graph& a, const Graph& b);

}  // namespace cermet

#endif  // CERMET_IR_STRUCTURAL_HASH_H_
