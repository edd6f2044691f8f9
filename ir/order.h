// How a reduction or contraction is rounded: part of the program, never of its schedule.
//
// `order = sequential`   one chain over the reduced elements in row-major order of the reduced
//                        dims. Contractions: acc = fma(x, y, acc) from 0 in that order
//                        (dot_general: contract dims in attribute order, the last fastest;
//                        convolution: spatial dims of the window, the last fastest, then input
//                        features fastest of all).
// `order = lanes(64)`    64 accumulators. The reduced dims are split into the innermost run of
//                        reduced dims that are adjacent in memory (its element number is j) and the
//                        outer reduced dims; element j goes to lane j mod 64; each lane is a
//                        sequential chain over the outer dims and then j, starting from the
//                        combiner's identity; lanes are then combined by halving: lane l with lane
//                        l+32, then 16, 8, 4, 2, 1; the result is combined as combine(init, total).
//                        A body that is not one simple combiner (BinaryBody) has no known identity:
//                        its lanes start from the inits.
// Integers and min/max round nothing, so every order gives one result; they carry an order for the
// printed schedule all the same.
#ifndef CERMET_IR_ORDER_H_
#define CERMET_IR_ORDER_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cermet {

struct Order {
  enum class Kind : uint8_t { kSequential, kLanes };
  Kind kind = Kind::kSequential;
  int64_t lanes = 1;  // a power of two; 1 for kSequential

  std::string ToString() const;
  static absl::StatusOr<Order> Parse(absl::string_view text);
  friend bool operator==(const Order& a, const Order& b) {
    return a.kind == b.kind && a.lanes == b.lanes;
  }
};

}  // namespace cermet

#endif  // CERMET_IR_ORDER_H_
