// Row-major enumeration of the pieces of a tile.
#include "passes/schedule/tile_pieces.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "ir/status.h"

namespace cermet::schedule {

TilePieces::TilePieces(std::vector<int64_t> extents, int64_t lanes) : extents_(std::move(extents)) {
  const int64_t last = extents_.back();
  for (int64_t start = 0; start < last;) {
    const int64_t width =
        std::min(lanes, static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(last - start))));
    chunks_.push_back({start, width});
    start += width;
  }
  std::vector<int64_t> position(extents_.size() - 1, 0);
  while (true) {
    for (const Chunk& chunk : chunks_) pieces_.push_back({position, chunk});
    size_t axis = position.size();
    while (axis > 0 && ++position[axis - 1] == extents_[axis - 1]) position[--axis] = 0;
    if (axis == 0) break;
  }
}

int64_t TilePieces::PieceAt(const std::vector<int64_t>& position, int64_t chunk) const {
  int64_t row = 0;
  for (size_t axis = 0; axis + 1 < extents_.size(); ++axis) {
    row = row * extents_[axis] + (extents_[axis] == 1 ? 0 : position[axis]);
  }
  return row * static_cast<int64_t>(chunks_.size()) + (chunks_.size() == 1 ? 0 : chunk);
}

int64_t TilePieces::ChunkOf(int64_t element) const {
  for (size_t c = 0; c < chunks_.size(); ++c) {
    if (element < chunks_[c].start + chunks_[c].width) return static_cast<int64_t>(c);
  }
  CERMET_UNREACHABLE();
}

}  // namespace cermet::schedule
