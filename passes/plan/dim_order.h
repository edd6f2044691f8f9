// Proofs of the order of two symbolic sizes.
#ifndef CERMET_PASSES_PLAN_DIM_ORDER_H_
#define CERMET_PASSES_PLAN_DIM_ORDER_H_

#include "ir/dim.h"

namespace cermet::plan {

// True if a <= b is proven for all values that `facts` allow. False says nothing.
bool ProvablyAtMost(const Dim& a, const Dim& b, const DimFacts& facts);

}  // namespace cermet::plan

#endif  // CERMET_PASSES_PLAN_DIM_ORDER_H_
