// Internal to legalize: expansion of instructions (legalize.cc), of values at a piece of a tile
// (legalize_pieces.cc), and of loads and stores (legalize_access.cc).
#ifndef CERMET_PASSES_SCHEDULE_LEGALIZER_H_
#define CERMET_PASSES_SCHEDULE_LEGALIZER_H_

#include <map>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "ir/kernel/builder.h"
#include "ir/kernel/kernel.h"
#include "passes/schedule/index_analysis.h"
#include "passes/schedule/kernel_walk.h"
#include "passes/schedule/tile_pieces.h"

namespace cermet::schedule {

class Legalizer {
 public:
  // `lanes`: elements per vector.
  Legalizer(kernel::Kernel* kernel, int64_t lanes);
  absl::Status Run();

 private:
  using Position = std::vector<int64_t>;
  // An index tile's element or vector: value, position, start, width (0: the scalar at `start`).
  using MemoKey = std::tuple<kernel::ValueId, Position, int64_t, int64_t>;

  const kernel::ValueType& OldType(kernel::ValueId value) const { return old_.type(value); }
  bool IsTile(kernel::ValueId value) const { return !OldType(value).IsScalar(); }
  TilePieces PiecesOf(kernel::ValueId value) const {
    return TilePieces(OldType(value).extents, lanes_);
  }
  kernel::KernelBuilder Here() { return kernel::KernelBuilder(kernel_, blocks_.back()); }

  absl::Status ExpandBlock(const kernel::Block& from, kernel::Block* to);
  absl::Status Insts(const kernel::Block& from);
  absl::Status Expand(const kernel::Inst& inst);
  absl::Status ExpandFor(const kernel::Inst& inst);
  void ExpandUnrolled(const kernel::Inst& inst, int64_t lower, int64_t upper, absl::Status* status);
  absl::Status ExpandIf(const kernel::Inst& inst);
  absl::Status ExpandSlice(const kernel::Inst& inst);
  void ExpandCompute(const kernel::Inst& inst);
  void ExpandLoad(const kernel::Inst& inst);
  void ExpandStore(const kernel::Inst& inst);
  void StoreElements(const kernel::Inst& inst, const Piece& piece);
  void CopyScalar(const kernel::Inst& inst);

  // The pieces of any value, vectors as wide as their chunks: what carried and yielded values need.
  std::vector<kernel::ValueId> AllPieces(kernel::ValueId value);
  std::vector<kernel::ValueId> NewPieces(kernel::ValueId value);
  // The value at a piece of a broadcast: a vector of the chunk's width, or a scalar when it does
  // not vary.
  kernel::ValueId At(kernel::ValueId value, const Piece& piece);
  kernel::ValueId VectorAt(kernel::ValueId value, const Piece& piece);
  kernel::ValueId ScalarAt(kernel::ValueId value, const Position& position, int64_t element);
  std::vector<kernel::ValueId> FirstElement(const std::vector<kernel::ValueId>& indices,
                                            const Piece& piece);
  kernel::ValueId MaskAt(const kernel::Inst& inst, const Piece& piece);
  bool IsLazy(const kernel::Inst& inst) const;
  enum class AccessKind { kInvariant, kContiguous, kScattered };
  AccessKind Classify(const std::vector<kernel::ValueId>& indices) const;
  bool VariesAlongLast(kernel::ValueId value) const {
    return IsTile(value) && OldType(value).extents.back() > 1;
  }

  kernel::Kernel* kernel_;
  const kernel::Kernel old_;
  IndexAnalysis analysis_;
  const int64_t lanes_;
  ValueMap map_;  // scalars
  absl::flat_hash_map<kernel::ValueId, std::vector<kernel::ValueId>>
      pieces_;                                                      // tiles that are expanded
  absl::flat_hash_map<kernel::ValueId, const kernel::Inst*> lazy_;  // index tiles, by definition
  absl::flat_hash_map<kernel::ValueId, const kernel::Inst*> iotas_;
  std::vector<kernel::Block*> blocks_;
  std::vector<std::map<MemoKey, kernel::ValueId>> memo_;  // one per open block
};

}  // namespace cermet::schedule

#endif  // CERMET_PASSES_SCHEDULE_LEGALIZER_H_
