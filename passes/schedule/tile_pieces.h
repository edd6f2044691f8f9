// How a tile is cut into pieces: a vector of the last axis for every position along the other axes.
#ifndef CERMET_PASSES_SCHEDULE_TILE_PIECES_H_
#define CERMET_PASSES_SCHEDULE_TILE_PIECES_H_

#include <cstdint>
#include <vector>

namespace cermet::schedule {

// Elements start .. start + width of the last axis; width is a power of two.
struct Chunk {
  int64_t start = 0;
  int64_t width = 1;
};

// One piece: indices along all axes but the last, and a chunk.
struct Piece {
  std::vector<int64_t> position;
  Chunk chunk;
};

class TilePieces {
 public:
  TilePieces(std::vector<int64_t> extents, int64_t lanes);
  const std::vector<Piece>& pieces() const& { return pieces_; }
  const std::vector<Chunk>& chunks() const& { return chunks_; }
  // The number of the piece of a tile of these extents that a broadcast reads at `position`
  // (indices along axes of extent 1 are ignored) and chunk number `chunk`.
  int64_t PieceAt(const std::vector<int64_t>& position, int64_t chunk) const;
  // The chunk that holds element `element` of the last axis.
  int64_t ChunkOf(int64_t element) const;

 private:
  std::vector<int64_t> extents_;
  std::vector<Chunk> chunks_;
  std::vector<Piece> pieces_;
};

}  // namespace cermet::schedule

#endif  // CERMET_PASSES_SCHEDULE_TILE_PIECES_H_
