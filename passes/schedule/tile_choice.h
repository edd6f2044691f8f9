// The tile of a contraction, by a model of the innermost loop on one core.
#ifndef CERMET_PASSES_SCHEDULE_TILE_CHOICE_H_
#define CERMET_PASSES_SCHEDULE_TILE_CHOICE_H_

#include <cstdint>
#include <optional>

#include "ir/target.h"

namespace cermet::schedule {

struct TileChoice {
  int64_t rows = 1;
  int64_t columns = 1;  // a multiple of the vector's lanes, or the exact (smaller) extent
};

// `row_extent` rows by `column_extent` columns (nullopt: symbolic, taken as large), `lanes`
// elements per vector. Rows times vectors accumulators, one broadcast and the vectors of a row of
// the right operand stay in registers: 6x16 for 16 registers of 8 lanes, 14x32 for 32 of 16, unless
// other sizes waste less on the edges.
TileChoice ChooseContractionTile(std::optional<int64_t> row_extent,
                                 std::optional<int64_t> column_extent, int64_t lanes,
                                 const Target& target);

// The number of vectors (of decreasing powers of two) that `extent` elements take.
int64_t NumPieces(int64_t extent, int64_t lanes);

}  // namespace cermet::schedule

#endif  // CERMET_PASSES_SCHEDULE_TILE_CHOICE_H_
