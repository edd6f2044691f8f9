// The attribute `order` of a node.
#ifndef CERMET_IR_ORDER_ATTRIBUTE_H_
#define CERMET_IR_ORDER_ATTRIBUTE_H_

#include "ir/graph.h"
#include "ir/order.h"

namespace cermet {

// Sequential where a reduction or contraction has no order yet. The module must be valid.
Order OrderOf(const Node& node);
// A `reduce` in lanes: along rows, which several of them can share.
bool IsLanesReduction(const Node& node);

}  // namespace cermet

#endif  // CERMET_IR_ORDER_ATTRIBUTE_H_
