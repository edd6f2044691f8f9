// Bodies of the composite ops: what each means in primitive ops.
#ifndef CERMET_IR_COMPOSITES_H_
#define CERMET_IR_COMPOSITES_H_

#include <memory>

#include "absl/status/statusor.h"
#include "ir/graph.h"

namespace cermet {

// A graph whose parameters have the types of the operands of `node`, a composite, and whose results
// are its results, in primitive ops. The evaluator runs it; the pass `expand_composites` puts it in
// place.
absl::StatusOr<std::unique_ptr<Graph>> CompositeBody(const Node& node);

}  // namespace cermet

#endif  // CERMET_IR_COMPOSITES_H_
