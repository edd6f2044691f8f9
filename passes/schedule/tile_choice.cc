// Counts, for every tile that fits the registers, the cycles that one step of k takes for the whole
// output, and takes the least.
#include "passes/schedule/tile_choice.h"

#include <algorithm>
#include <bit>

#include "ir/dim_arithmetic.h"

namespace cermet::schedule {
namespace {

constexpr int64_t kLarge = 1 << 20;  // stands for a symbolic extent
constexpr double kFmaPerCycle = 2;
constexpr double kFmaLatency = 4;
constexpr double kLoadsPerCycle = 2;
constexpr double kTileOverhead = 0.02;  // prologue and epilogue, as a share of a full tile

double CyclesPerStep(int64_t rows, int64_t vectors) {
  const double fma = static_cast<double>(rows * vectors) / kFmaPerCycle;
  const double loads = static_cast<double>(rows + vectors) / kLoadsPerCycle;
  return std::max({fma, loads, kFmaLatency}) + kTileOverhead * kFmaLatency;
}

}  // namespace

int64_t NumPieces(int64_t extent, int64_t lanes) {
  return extent / lanes + std::popcount(static_cast<uint64_t>(extent % lanes));
}

TileChoice ChooseContractionTile(std::optional<int64_t> row_extent,
                                 std::optional<int64_t> column_extent, int64_t lanes,
                                 const Target& target) {
  const int64_t rows = row_extent.value_or(kLarge), columns = column_extent.value_or(kLarge);
  const int64_t most_vectors =
      std::max<int64_t>(1, std::min<int64_t>(8, CeilDivInt(columns, lanes)));
  TileChoice best;
  double best_cost = -1;
  for (int64_t v = 1; v <= most_vectors; ++v) {
    for (int64_t r = 1; r <= std::min<int64_t>(rows, 16); ++r) {
      if (r * v + v + 1 > target.vector_registers) break;
      if (v > 4 && r > 1) break;  // long rows are for matrix-vector products
      const double cost = static_cast<double>(CeilDivInt(rows, r)) *
                          static_cast<double>(CeilDivInt(columns, v * lanes)) * CyclesPerStep(r, v);
      if (best_cost < 0 || cost < best_cost * 0.999) {
        best_cost = cost;
        best = {r, v * lanes};
      }
    }
  }
  if (columns < best.columns && NumPieces(columns, lanes) <= CeilDivInt(columns, lanes) + 1)
    best.columns = columns;
  return best;
}

}  // namespace cermet::schedule
