// Shapes of subgraphs that recognition looks for. They are matched after `simplify`: constants
// stand on the right, divisions by constants are products, and no unit dims lie below broadcasts.
#ifndef CERMET_PASSES_RECOGNISE_PATTERNS_H_
#define CERMET_PASSES_RECOGNISE_PATTERNS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "passes/rewriter.h"

namespace cermet::recognise {

// A product of a number and values: 0.5 * x * y.
struct Product {
  double constant = 1;
  std::vector<Value> factors;

  bool HasFactor(Value value) const;
};
// `value` taken apart through multiplications, at most a few deep; `value` itself is a factor if it
// is no multiplication.
Product ProductOf(Value value, const Module& module);

// True if the numbers agree to the precision with which exporters write f32 constants.
bool IsClose(double a, double b);

// x in x + c, for a splat c close to `constant`; null otherwise.
Value AddendOf(Value value, double constant, const Module& module);

// x in clamp(lo, x, hi) or minimum(maximum(x, lo), hi); null otherwise.
Value ClampedValue(Value value, double lo, double hi, const Module& module);

// A reduction of x along `dims` whose result is broadcast back to the shape of x.
struct KeptReduction {
  Node* reduce = nullptr;
  Value x() const { return reduce->operand(0); }
  const std::vector<int64_t>& dims() const { return reduce->attrs().Ints("dims"); }
};
// The reduction by `combiner`, from its neutral element, that is broadcast to give `value`.
std::optional<KeptReduction> BroadcastReduction(Value value, OpCode combiner, const Module& module);
// x and the dims of a mean of x: the sum, times one over the number of elements. `value` has the
// reduced shape.
std::optional<KeptReduction> MeanOf(Value value, const Module& module);
// The value that is broadcast to give `value`, where dims of extent 1 and all dims that are not in
// `dims` keep their place: the opposite of a reduction along `dims`. Null otherwise.
Value BroadcastAlong(Value value, const std::vector<int64_t>& dims);

}  // namespace cermet::recognise

#endif  // CERMET_PASSES_RECOGNISE_PATTERNS_H_
