// Ranges of integers, with saturating arithmetic.
#ifndef CERMET_PASSES_SCHEDULE_INTERVAL_H_
#define CERMET_PASSES_SCHEDULE_INTERVAL_H_

#include <cstdint>

namespace cermet::schedule {

// An inclusive range; kNoLimit on either side where nothing is known, or where the limit is beyond
// it.
struct Interval {
  static constexpr int64_t kNoLimit = int64_t{1} << 62;
  int64_t lower = -kNoLimit;
  int64_t upper = kNoLimit;
  // The narrowest range that holds `value`.
  static Interval Of(int64_t value);
  bool IsFinite() const { return lower > -kNoLimit && upper < kNoLimit; }
};

Interval operator+(const Interval& a, const Interval& b);
Interval operator*(const Interval& a, const Interval& b);

}  // namespace cermet::schedule

#endif  // CERMET_PASSES_SCHEDULE_INTERVAL_H_
