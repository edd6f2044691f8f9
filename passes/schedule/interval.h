// Ranges of integers, with saturating arithmetic.
#ifndef CERMET_PASSES_SCHEDULE_INTERVAL_H_
#define CERMET_PASSES_SCHEDULE_INTERVAL_H_

#include <cstdint>

namespace cermet::schedule {

// An inclusive range; kNoLimit on either side where nothing is known.
struct Interval {
  static constexpr int64_t kNoLimit = int64_t{1} << 62;
  int64_t lower = -kNoLimit;
  int64_t upper = kNoLimit;
  bool IsFinite() const { return lower > -kNoLimit && upper < kNoLimit; }
};

Interval operator+(const Interval& a, const Interval& b);
Interval operator*(const Interval& a, const Interval& b);

}  // namespace cermet::schedule

#endif  // CERMET_PASSES_SCHEDULE_INTERVAL_H_
