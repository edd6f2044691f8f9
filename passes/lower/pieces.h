// Results that several kernels write, each a piece of one buffer: concatenations and pads.
//
// A concatenation writes each operand at its offset. A pad writes its operand at an offset and
// fills the border around it, so that what computes the operand writes straight into the padded
// buffer and no element needs a bounds check. Both nest.
#ifndef CERMET_PASSES_LOWER_PIECES_H_
#define CERMET_PASSES_LOWER_PIECES_H_

#include <functional>
#include <vector>

#include "ir/graph.h"
#include "passes/lower/index_space.h"

namespace cermet::lower {

// Element i of `value` is element i + offset of the result.
struct Piece {
  Value value;
  Index offset;
};

struct Pieces {
  std::vector<Piece> computed;  // what the result consists of
  std::vector<Piece> borders;   // pads, each at its offset, that need their border filled
};

// Whether an op at the root of a fusion is written in pieces: every concatenation, and a pad that
// adds elements before or after its operand, in numbers known when compiling, and none between its
// elements, and leaves its innermost dim as it is: the last dim of the result whose extent is not
// 1. So the border consists of whole rows of that dim.
bool IsWrittenInPieces(const Node& node);

// The pieces of `root`, following concatenations and pads as long as `inside` holds for them (the
// nodes of the fusion). Of any other root it is the root itself.
Pieces FindPieces(Value root, const std::function<bool(const Node*)>& inside);

}  // namespace cermet::lower

#endif  // CERMET_PASSES_LOWER_PIECES_H_
