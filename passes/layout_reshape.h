// The rule of the pass `layout` that moves transposes below reshapes.
#ifndef CERMET_PASSES_LAYOUT_RESHAPE_H_
#define CERMET_PASSES_LAYOUT_RESHAPE_H_

#include "passes/rewriter.h"

namespace cermet {

// reshape(transpose(x)) = transpose(reshape(x)), and reshape(broadcast(transpose(x))) likewise,
// where each group of dims that the reshape merges or splits stays together and in order.
Replacement SinkBelowReshape(Node& node, Rewriter& rewriter);

}  // namespace cermet

#endif  // CERMET_PASSES_LAYOUT_RESHAPE_H_
