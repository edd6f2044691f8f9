// Sums and products of ranges: what leaves +-2^62 has no limit.
#include "passes/schedule/interval.h"

#include <algorithm>

namespace cermet::schedule {
namespace {

constexpr int64_t kNoLimit = Interval::kNoLimit;

int64_t Saturate(__int128 value) {
  if (value >= kNoLimit) return kNoLimit;
  if (value <= -kNoLimit) return -kNoLimit;
  return static_cast<int64_t>(value);
}
// Products where no limit times zero is zero.
int64_t SaturatingMul(int64_t a, int64_t b) { return Saturate(static_cast<__int128>(a) * b); }

}  // namespace

Interval Interval::Of(int64_t value) { return {Saturate(value), Saturate(value)}; }

Interval operator+(const Interval& a, const Interval& b) {
  Interval sum{Saturate(static_cast<__int128>(a.lower) + b.lower),
               Saturate(static_cast<__int128>(a.upper) + b.upper)};
  if (a.lower == -kNoLimit || b.lower == -kNoLimit) sum.lower = -kNoLimit;
  if (a.upper == kNoLimit || b.upper == kNoLimit) sum.upper = kNoLimit;
  return sum;
}

Interval operator*(const Interval& a, const Interval& b) {
  const int64_t products[] = {SaturatingMul(a.lower, b.lower), SaturatingMul(a.lower, b.upper),
                              SaturatingMul(a.upper, b.lower), SaturatingMul(a.upper, b.upper)};
  return {*std::min_element(products, products + 4), *std::max_element(products, products + 4)};
}

}  // namespace cermet::schedule
