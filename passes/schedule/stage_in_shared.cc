// Rebuilds the two inner loops and their body; edges read clamped indices and store under a
// condition.
#include "passes/schedule/stage_in_shared.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "ir/kernel/builder.h"
#include "ir/status.h"
#include "passes/schedule/kernel_walk.h"
#include "passes/schedule/loops.h"

namespace cermet::schedule {
namespace {

using kernel::Block;
using kernel::Inst;
using kernel::InstKind;
using kernel::Kernel;
using kernel::KernelBuilder;
using kernel::LoopKind;
using kernel::ValueId;
using Values = std::vector<ValueId>;

class Stage {
 public:
  Stage(Kernel* kernel, int64_t tile) : kernel_(kernel), tile_(tile) {}

  // The loops over blocks and threads in place of `row`, which holds only `column`; appended to
  // `out`.
  absl::Status Run(const Inst& row, const Inst& column, Block* out) {
    row_iv_ = row.blocks[0].params[0];
    column_iv_ = column.blocks[0].params[0];
    CERMET_RETURN_IF_ERROR(Recognise(column.blocks[0]));
    AddBuffers();
    KernelBuilder builder(kernel_, out);
    const ValueId rows = row.operands[1], columns = column.operands[1];
    auto blocks = [&](ValueId extent) {
      return builder.FloorDiv(builder.Add(extent, builder.Index(tile_ - 1)), builder.Index(tile_));
    };
    const ValueId zero = builder.Index(0), size = builder.Index(tile_);
    const ValueId row_blocks = blocks(rows), column_blocks = blocks(columns);
    Nest(builder, zero, row_blocks, LoopKind::kBlock, row.iv_name + "b",
         [&](KernelBuilder& b1, ValueId ib) {
           Nest(b1, zero, column_blocks, LoopKind::kBlock, column.iv_name + "b",
                [&](KernelBuilder& b2, ValueId jb) {
                  Nest(b2, zero, size, LoopKind::kThread, "ti", [&](KernelBuilder& t1, ValueId ti) {
                    Nest(t1, zero, size, LoopKind::kThread, "tj",
                         [&](KernelBuilder& t2, ValueId tj) {
                           ti_ = ti;
                           tj_ = tj;
                           Body(t2, column.blocks[0], ib, jb, rows, columns);
                         });
                  });
                });
         });
    return absl::OkStatus();
  }

 private:
  absl::Status Refuse(absl::string_view why) const {
    return absl::UnimplementedError(absl::StrCat("kernel @", kernel_->name, ": ", why));
  }

  template <typename Body>
  static void Nest(KernelBuilder& builder, ValueId lower, ValueId upper, LoopKind kind,
                   absl::string_view name, Body body) {
    builder.For(lower, upper, 1, kind, name, {},
                [&](KernelBuilder& inner, ValueId iv, const Values&) {
                  body(inner, iv);
                  return Values();
                });
  }

  // Finds the loop over k and its two loads.
  absl::Status Recognise(const Block& body) {
    enum : int { kRow = 1, kColumn = 2, kCarried = 4 };
    absl::flat_hash_map<ValueId, int> depends = {{row_iv_, kRow}, {column_iv_, kColumn}};
    auto of = [&](const Inst& inst) {
      int set = 0;
      for (ValueId operand : inst.operands) {
        auto it = depends.find(operand);
        if (it != depends.end()) set |= it->second;
      }
      return set;
    };
    for (const Inst& inst : body.insts) {
      if (inst.kind == InstKind::kFor) {
        if (loop_ != nullptr || inst.loop != LoopKind::kSerial || inst.order_lanes > 1 ||
            inst.step != 1) {
          return Refuse("not one serial loop over k");
        }
        loop_ = &inst;
      } else if (inst.kind == InstKind::kIf || inst.kind == InstKind::kCheck) {
        return Refuse("control flow beside the loop over k");
      }
      for (ValueId result : inst.results) depends[result] = of(inst);
    }
    if (loop_ == nullptr ||
        ConstantValue(*kernel_, loop_->operands[0]) != std::optional<int64_t>(0)) {
      return Refuse("no loop over k from 0");
    }
    const std::vector<ValueId>& params = loop_->blocks[0].params;
    for (size_t i = 1; i < params.size(); ++i) depends[params[i]] = kCarried;
    for (const Inst& inst : loop_->blocks[0].insts) {
      const int set = of(inst);
      for (ValueId result : inst.results) depends[result] = set;
      if (inst.kind == InstKind::kLoad && inst.mask == kernel::kNoValue && set == kRow &&
          left_ == nullptr) {
        left_ = &inst;
      } else if (inst.kind == InstKind::kLoad && inst.mask == kernel::kNoValue && set == kColumn &&
                 right_ == nullptr) {
        right_ = &inst;
      } else if (!IsPure(inst.kind)) {
        return Refuse("more in the loop over k than a product");
      }
    }
    if (left_ == nullptr || right_ == nullptr) return Refuse("not a product of rows and columns");
    copies_ = CanCopy(left_) && CanCopy(right_);
    return absl::OkStatus();
  }

  // One element of an argument that is as large as a copy in the background can be.
  bool CanCopy(const Inst* load) const {
    const kernel::Buffer& buffer = kernel_->buffers[load->buffer];
    const int64_t bytes = ByteSize(buffer.dtype);
    return buffer.space == kernel::MemorySpace::kGlobal && buffer.access == kernel::Access::kIn &&
           load->lanes == 0 && (bytes == 4 || bytes == 8);
  }

  void AddBuffers() {
    for (auto [load, name] : {std::pair(left_, "left"), std::pair(right_, "right")}) {
      kernel::Buffer buffer;
      buffer.name = absl::StrCat(name, "_tile", kernel_->buffers.size());
      buffer.dtype = kernel_->buffers[load->buffer].dtype;
      buffer.shape = {Dim(tile_), Dim(tile_)};
      if (copies_) buffer.shape.insert(buffer.shape.begin(), Dim(2));
      buffer.space = kernel::MemorySpace::kShared;
      buffer.access = kernel::Access::kInOut;
      (load == left_ ? left_tile_ : right_tile_) = static_cast<int32_t>(kernel_->buffers.size());
      kernel_->buffers.push_back(std::move(buffer));
    }
  }

  void Body(KernelBuilder& builder, const Block& body, ValueId ib, ValueId jb, ValueId rows,
            ValueId columns) {
    const ValueId size = builder.Index(tile_), one = builder.Index(1);
    const ValueId i = builder.Add(builder.Mul(ib, size), ti_),
                  j = builder.Add(builder.Mul(jb, size), tj_);
    const ValueId inside =
        builder.Compute(OpCode::kAnd, {builder.Compare(CompareDirection::kLt, i, rows),
                                       builder.Compare(CompareDirection::kLt, j, columns)});
    map_.Set(row_iv_, builder.Compute(OpCode::kMinimum, {i, builder.Sub(rows, one)}));
    map_.Set(column_iv_, builder.Compute(OpCode::kMinimum, {j, builder.Sub(columns, one)}));
    Block epilogue;
    bool after = false;
    for (const Inst& inst : body.insts) {
      if (&inst == loop_) {
        copies_ ? LoopWithCopies(builder) : LoopWithStores(builder);
        after = true;
      } else if (after) {
        epilogue.insts.push_back(inst);
      } else {
        builder.Append(CloneInst(kernel_, inst, &map_));
      }
    }
    builder.If(
        inside,
        [&](KernelBuilder& inner) {
          CloneInsts(kernel_, epilogue, inner.block(), &map_);
          return Values();
        },
        [](KernelBuilder&) { return Values(); });
  }

  // The indices of the operand's load for this k, with what they are computed from.
  Values IndicesAt(KernelBuilder& builder, const Inst* load, ValueId k) {
    ValueMap map = map_;
    map.Set(loop_->blocks[0].params[0], k);
    const std::vector<Inst>& insts = loop_->blocks[0].insts;
    const size_t end = load - insts.data();
    absl::flat_hash_set<ValueId> needed(load->operands.begin(), load->operands.end());
    for (size_t i = end; i-- > 0;) {
      if (needed.contains(insts[i].results[0]))
        needed.insert(insts[i].operands.begin(), insts[i].operands.end());
    }
    for (size_t i = 0; i < end; ++i) {
      if (needed.contains(insts[i].results[0])) CloneAppend(builder, insts[i], &map);
    }
    Values indices;
    for (ValueId operand : load->operands) indices.push_back(map(operand));
    return indices;
  }

  void CloneAppend(KernelBuilder& builder, const Inst& inst, ValueMap* map) {
    builder.Append(CloneInst(kernel_, inst, map));
  }

  // The loop over blocks of k; `stage` is run first in each, with the induction variable and the
  // block's first k, and gives the number of the pair of tiles that the block is in.
  template <typename StageBlock>
  void LoopOverBlocks(KernelBuilder& builder, StageBlock stage, bool barrier_after) {
    const ValueId size = builder.Index(tile_), zero = builder.Index(0);
    const ValueId extent = map_(loop_->operands[1]);
    Values inits;
    for (size_t i = 2; i < loop_->operands.size(); ++i) inits.push_back(map_(loop_->operands[i]));
    const Values results = builder.For(
        zero, Blocks(builder), 1, LoopKind::kSerial, loop_->iv_name + "b", inits,
        [&](KernelBuilder& outer, ValueId kb, const Values& carried) {
          const ValueId base = outer.Mul(kb, size);
          const ValueId pair = stage(outer, kb, base);
          const ValueId left = outer.Compute(OpCode::kMinimum, {size, outer.Sub(extent, base)});
          const Values sums = outer.For(zero, left, 1, LoopKind::kSerial, loop_->iv_name, carried,
                                        [&](KernelBuilder& inner, ValueId kk, const Values& acc) {
                                          return Step(inner, base, kk, pair, acc);
                                        });
          if (barrier_after) outer.Barrier();
          return sums;
        });
    for (size_t i = 0; i < results.size(); ++i) map_.Set(loop_->results[i], results[i]);
  }

  ValueId Blocks(KernelBuilder& builder) {
    const ValueId extent = map_(loop_->operands[1]);
    return builder.FloorDiv(builder.Add(extent, builder.Index(tile_ - 1)), builder.Index(tile_));
  }

  // This thread's element of each operand's block from `base` on; past the end, the last one.
  struct Elements {
    Values left, right;  // indices
  };
  Elements ElementsAt(KernelBuilder& builder, ValueId base) {
    const ValueId last = builder.Sub(map_(loop_->operands[1]), builder.Index(1));
    const ValueId left_k = builder.Compute(OpCode::kMinimum, {builder.Add(base, tj_), last});
    const ValueId right_k = builder.Compute(OpCode::kMinimum, {builder.Add(base, ti_), last});
    return {IndicesAt(builder, left_, left_k), IndicesAt(builder, right_, right_k)};
  }

  void LoopWithStores(KernelBuilder& builder) {
    LoopOverBlocks(
        builder,
        [&](KernelBuilder& outer, ValueId, ValueId base) {
          const Elements from = ElementsAt(outer, base);
          outer.Store(left_tile_, outer.Load(left_->buffer, from.left), {ti_, tj_});
          outer.Store(right_tile_, outer.Load(right_->buffer, from.right), {ti_, tj_});
          outer.Barrier();
          return kernel::kNoValue;
        },
        /*barrier_after=*/true);
  }

  // Two pairs of tiles: while one is worked on, the next block is copied to the other. The barrier
  // is both the one after a block's copies and the one before they are overwritten.
  void LoopWithCopies(KernelBuilder& builder) {
    const ValueId zero = builder.Index(0), blocks = Blocks(builder);
    const auto copy = [&](KernelBuilder& out, ValueId base, ValueId pair) {
      const Elements from = ElementsAt(out, base);
      out.CopyAsync(left_tile_, {pair, ti_, tj_}, left_->buffer, from.left);
      out.CopyAsync(right_tile_, {pair, ti_, tj_}, right_->buffer, from.right);
      return Values();
    };
    const auto nothing = [](KernelBuilder&) { return Values(); };
    builder.If(
        builder.Compare(CompareDirection::kLt, zero, blocks),
        [&](KernelBuilder& first) { return copy(first, zero, zero); }, nothing);
    builder.Commit();
    LoopOverBlocks(
        builder,
        [&](KernelBuilder& outer, ValueId kb, ValueId) {
          outer.Wait(0);
          outer.Barrier();
          const ValueId next = outer.Add(kb, outer.Index(1)), two = outer.Index(2);
          outer.If(
              outer.Compare(CompareDirection::kLt, next, blocks),
              [&](KernelBuilder& more) {
                return copy(more, more.Mul(next, more.Index(tile_)), more.FloorMod(next, two));
              },
              nothing);
          outer.Commit();
          return outer.FloorMod(kb, two);
        },
        /*barrier_after=*/false);
  }

  Values Step(KernelBuilder& inner, ValueId base, ValueId kk, ValueId pair, const Values& acc) {
    const auto load = [&](int32_t tile, Values indices) {
      if (copies_) indices.insert(indices.begin(), pair);
      return inner.Load(tile, std::move(indices));
    };
    const Block& body = loop_->blocks[0];
    ValueMap map = map_;
    map.Set(body.params[0], inner.Add(base, kk));
    for (size_t i = 0; i < acc.size(); ++i) map.Set(body.params[1 + i], acc[i]);
    for (const Inst& inst : body.insts) {
      if (&inst == left_) {
        map.Set(inst.results[0], load(left_tile_, {ti_, kk}));
      } else if (&inst == right_) {
        map.Set(inst.results[0], load(right_tile_, {kk, tj_}));
      } else {
        CloneAppend(inner, inst, &map);
      }
    }
    Values yields;
    for (ValueId yield : body.yields) yields.push_back(map(yield));
    return yields;
  }

  Kernel* kernel_;
  const int64_t tile_;
  ValueMap map_;
  ValueId row_iv_ = kernel::kNoValue, column_iv_ = kernel::kNoValue;
  ValueId ti_ = kernel::kNoValue, tj_ = kernel::kNoValue;
  const Inst* loop_ = nullptr;
  const Inst* left_ = nullptr;
  const Inst* right_ = nullptr;
  int32_t left_tile_ = -1, right_tile_ = -1;
  bool copies_ = false;  // the operands come by copies in the background
};

}  // namespace

absl::Status StageInShared(Kernel* kernel, absl::string_view row, absl::string_view column,
                           int64_t tile) {
  Kernel result = *kernel;
  if (!MakePerfect(&result, row)) {
    return absl::UnimplementedError(
        absl::StrCat("kernel @", kernel->name, ": %", row, " is not the last loop but one"));
  }
  CERMET_ASSIGN_OR_RETURN(LoopRef outer, FindLoop(&result, row));
  const Inst rows = outer.inst();
  const Inst& columns = rows.blocks[0].insts[0];
  if (columns.iv_name != column || rows.loop != LoopKind::kParallel ||
      columns.loop != LoopKind::kParallel) {
    return absl::UnimplementedError(
        absl::StrCat("kernel @", kernel->name, ": %", row, " and %", column, " are no nest"));
  }
  Block out;
  CERMET_RETURN_IF_ERROR(Stage(&result, tile).Run(rows, columns, &out));
  std::vector<Inst>& insts = outer.block->insts;
  insts.erase(insts.begin() + outer.index);
  insts.insert(insts.begin() + outer.index, std::make_move_iterator(out.insts.begin()),
               std::make_move_iterator(out.insts.end()));
  ForEachInst(result.body, [](Inst& inst) {
    if (inst.kind == InstKind::kFor && inst.loop == LoopKind::kParallel)
      inst.loop = LoopKind::kBlock;
  });
  NameLoops(&result);
  *kernel = std::move(result);
  return absl::OkStatus();
}

}  // namespace cermet::schedule
