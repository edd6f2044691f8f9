// Random graphs of primitive ops, for comparing the forms of a program with each other.
#ifndef CERMET_TESTS_SUPPORT_RANDOM_GRAPH_H_
#define CERMET_TESTS_SUPPORT_RANDOM_GRAPH_H_

#include <cstdint>
#include <memory>

#include "ir/graph.h"

namespace cermet::testing {

// A verified module with a graph @main of up to `max_nodes` nodes over small tensors of rank 0 to 4
// (some empty, some with extents of 1), f32, f64, i32, i64, u8 and bool. The same seed gives the
// same graph on every machine. Basic ops, integers that wrap, views, reductions, windows, products,
// gathers and updates; no transcendentals, so every form must give the same bits.
std::unique_ptr<Module> RandomGraph(uint64_t seed, int max_nodes);

}  // namespace cermet::testing

#endif  // CERMET_TESTS_SUPPORT_RANDOM_GRAPH_H_
