// Text form of orders: `sequential` and `lanes(64)`.
#include "ir/order.h"

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace cermet {

std::string Order::ToString() const {
  return kind == Kind::kSequential ? "sequential" : "lanes(" + std::to_string(lanes) + ")";
}

absl::StatusOr<Order> Order::Parse(absl::string_view text) {
  if (text == "sequential") return Order();
  absl::string_view rest = text;
  Order order;
  order.kind = Kind::kLanes;
  constexpr int64_t kMaxLanes = 1024;
  if (absl::ConsumePrefix(&rest, "lanes(") && absl::ConsumeSuffix(&rest, ")") &&
      absl::SimpleAtoi(rest, &order.lanes) && order.lanes >= 2 && order.lanes <= kMaxLanes &&
      (order.lanes & (order.lanes - 1)) == 0) {
    return order;
  }
  return absl::InvalidArgumentError("bad order \"" + std::string(text) +
                                    "\": expected sequential, or lanes(N) with a power of two N"
                                    " from 2 to 1024");
}

}  // namespace cermet
