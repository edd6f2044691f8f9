// Type inference has parsed every order of a valid module before.
#include "ir/order_attribute.h"

#include "ir/status.h"

namespace cermet {

Order OrderOf(const Node& node) {
  const Word* word = node.attrs().Find<Word>("order");
  if (word == nullptr) return Order();
  const absl::StatusOr<Order> order = Order::Parse(word->text);
  CERMET_CHECK(order.ok());
  return *order;
}

bool IsLanesReduction(const Node& node) {
  return node.op() == OpCode::kReduce && OrderOf(node).kind == Order::Kind::kLanes;
}

}  // namespace cermet
