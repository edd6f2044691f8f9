// Rebuilds the body of a row inside a thread loop.
#include "passes/schedule/rows_on_blocks.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ir/kernel/builder.h"
#include "ir/kernel/fragment.h"
#include "ir/status.h"
#include "passes/schedule/kernel_walk.h"

namespace cermet::schedule {
namespace {

using kernel::Block;
using kernel::Inst;
using kernel::InstKind;
using kernel::Kernel;
using kernel::KernelBuilder;
using kernel::LoopKind;
using kernel::MemorySpace;
using kernel::ValueId;

constexpr int64_t kSharedBytes = 48 * 1024;  // what every GPU gives a block without asking

class RowRewrite {
 public:
  RowRewrite(Kernel* kernel, int64_t threads) : kernel_(kernel), threads_(threads) {}

  // The row's instructions as the body of a thread loop, which is appended to `out`.
  absl::Status Run(const Block& row, Block* out) {
    KernelBuilder builder(kernel_, out);
    absl::Status status;
    builder.For(builder.Index(0), builder.Index(threads_), 1, LoopKind::kThread, "t", {},
                [&](KernelBuilder& body, ValueId thread, const std::vector<ValueId>&) {
                  thread_ = thread;
                  first_ = body.Compare(CompareDirection::kEq, thread, body.Index(0));
                  for (const Inst& inst : row.insts) {
                    if (status.ok()) status = Visit(inst, &body);
                  }
                  return std::vector<ValueId>();
                });
    CERMET_RETURN_IF_ERROR(status);
    return MoveToShared();
  }

 private:
  absl::Status Refuse(absl::string_view why) const {
    return absl::UnimplementedError(absl::StrCat("kernel @", kernel_->name, ": ", why));
  }

  static bool HasVectorLoops(const Inst& inst) {
    bool found = false;
    for (const Block& body : inst.blocks) {
      ForEachInst(body, [&](const Inst& nested) {
        found = found || (nested.kind == InstKind::kFor &&
                          (nested.loop == LoopKind::kParallel || nested.order_lanes > 1));
      });
    }
    return found;
  }

  absl::Status Visit(const Inst& inst, KernelBuilder* out) {
    if (inst.kind == InstKind::kFor && inst.order_lanes > 1) return Lanes(inst, out);
    if (inst.kind == InstKind::kFor && inst.loop == LoopKind::kParallel) return Elements(inst, out);
    if (inst.kind == InstKind::kCheck) return Refuse("a check on a GPU");
    if (HasVectorLoops(inst))
      return Refuse("a loop over the elements of a row stands in another loop or a branch");
    if (!HasEffect(inst)) {
      out->Append(CloneInst(kernel_, inst, &map_));
      return absl::OkStatus();
    }
    if (!inst.results.empty()) return Refuse("code of a row both stores and gives a value");
    // Once per row.
    if (WritesScratch(inst)) out->Barrier();
    const Inst copy = CloneInst(kernel_, inst, &map_);
    out->If(
        first_,
        [&](KernelBuilder& body) {
          body.Append(copy);
          return std::vector<ValueId>();
        },
        [](KernelBuilder&) { return std::vector<ValueId>(); });
    if (WritesScratch(inst)) out->Barrier();
    return absl::OkStatus();
  }

  // for %j in lower + %t .. upper step threads
  Inst Strided(const Inst& loop, KernelBuilder* out) {
    Inst copy = CloneInst(kernel_, loop, &map_);
    copy.loop = LoopKind::kSerial;
    copy.step = threads_;
    copy.order_lanes = 1;
    copy.operands[0] = out->Add(copy.operands[0], thread_);
    copy.blocks.resize(1);
    return copy;
  }

  absl::Status Elements(const Inst& loop, KernelBuilder* out) {
    if (loop.step != 1 || HasVectorLoops(loop))
      return Refuse("nested loops over the elements of a row");
    if (WritesScratch(loop)) out->Barrier();  // others may still read what it overwrites
    out->Append(Strided(loop, out));
    if (WritesScratch(loop)) out->Barrier();
    return absl::OkStatus();
  }

  absl::Status Lanes(const Inst& loop, KernelBuilder* out) {
    if (loop.order_lanes != threads_ || HasVectorLoops(loop) || HasEffect(loop)) {
      return Refuse("a reduction that does not map to the threads");
    }
    Inst own = Strided(loop, out);
    std::vector<ValueId> lanes = own.results;
    out->Append(std::move(own));
    lanes = threads_ % kernel::kWarpSize == 0 ? HalveInWarps(loop, std::move(lanes), out)
                                              : HalveInShared(loop, lanes, out);
    for (size_t i = 0; i < lanes.size(); ++i) map_.Set(loop.results[i], lanes[i]);
    return absl::OkStatus();
  }

  std::vector<ValueId> Combine(const Inst& loop, const std::vector<ValueId>& left,
                               const std::vector<ValueId>& right, KernelBuilder* out) {
    const Block& combiner = loop.blocks[1];
    ValueMap map = map_;
    for (size_t i = 0; i < left.size(); ++i) {
      map.Set(combiner.params[i], left[i]);
      map.Set(combiner.params[left.size() + i], right[i]);
    }
    CloneInsts(kernel_, combiner, out->block(), &map);
    std::vector<ValueId> combined;
    for (ValueId yield : combiner.yields) combined.push_back(map(yield));
    return combined;
  }

  // The copies of the carried values in shared memory, a buffer each.
  std::vector<int32_t> ShareLanes(const std::vector<ValueId>& lanes, KernelBuilder* out) {
    std::vector<int32_t> shared;
    for (ValueId lane : lanes) {
      shared.push_back(AddShared(kernel_->type(lane).dtype));
      out->Store(shared.back(), lane, {thread_});
    }
    out->Barrier();
    return shared;
  }

  // Every warp reads all lanes, halves them until one is left per thread, and goes on within
  // itself: lane l takes the value of lane l + 16, + 8, .., + 1. Lane 0 then has the order's
  // result. Lanes past the half combine what nobody asks for.
  std::vector<ValueId> HalveInWarps(const Inst& loop, std::vector<ValueId> lanes,
                                    KernelBuilder* out) {
    constexpr int64_t kWarp = kernel::kWarpSize;
    if (threads_ > kWarp) {
      const std::vector<int32_t> shared = ShareLanes(lanes, out);
      const ValueId lane = out->FloorMod(thread_, out->Index(kWarp));
      std::vector<std::vector<ValueId>> parts;  // by part of a warp's size, then by carried value
      for (int64_t first = 0; first < threads_; first += kWarp) {
        std::vector<ValueId>& part = parts.emplace_back();
        const ValueId at = out->Add(lane, out->Index(first));
        for (int32_t buffer : shared) part.push_back(out->Load(buffer, {at}));
      }
      for (size_t half = parts.size() / 2; half > 0; half /= 2) {
        for (size_t p = 0; p < half; ++p) {
          parts[p] = Combine(loop, parts[p], parts[p + half], out);
        }
      }
      lanes = parts[0];
    }
    const auto shuffle = [&](kernel::ShuffleKind kind, int64_t count) {
      std::vector<ValueId> values;
      for (ValueId lane : lanes) values.push_back(out->Shuffle(lane, kind, count));
      return values;
    };
    for (int64_t distance = kWarp / 2; distance > 0; distance /= 2) {
      lanes = Combine(loop, lanes, shuffle(kernel::ShuffleKind::kDown, distance), out);
    }
    return shuffle(kernel::ShuffleKind::kLane, 0);
  }

  // Blocks that are no whole warps combine in shared memory.
  std::vector<ValueId> HalveInShared(const Inst& loop, const std::vector<ValueId>& lanes,
                                     KernelBuilder* out) {
    const std::vector<int32_t> shared = ShareLanes(lanes, out);
    const auto load = [&](KernelBuilder& builder, ValueId index) {
      std::vector<ValueId> values;
      for (int32_t buffer : shared) values.push_back(builder.Load(buffer, {index}));
      return values;
    };
    for (int64_t width = threads_ / 2; width >= 1; width /= 2) {
      out->If(
          out->Compare(CompareDirection::kLt, thread_, out->Index(width)),
          [&](KernelBuilder& body) {
            const ValueId other = body.Add(thread_, body.Index(width));
            const std::vector<ValueId> left = load(body, thread_), right = load(body, other);
            const std::vector<ValueId> combined = Combine(loop, left, right, &body);
            for (size_t i = 0; i < shared.size(); ++i)
              body.Store(shared[i], combined[i], {thread_});
            return std::vector<ValueId>();
          },
          [](KernelBuilder&) { return std::vector<ValueId>(); });
      out->Barrier();
    }
    return load(*out, out->Index(0));
  }

  int32_t AddShared(DType dtype) {
    kernel::Buffer buffer;
    buffer.name = absl::StrCat("lanes", kernel_->buffers.size());
    buffer.dtype = dtype;
    buffer.shape = {Dim(threads_)};
    buffer.space = MemorySpace::kShared;
    buffer.access = kernel::Access::kInOut;
    kernel_->buffers.push_back(std::move(buffer));
    return static_cast<int32_t>(kernel_->buffers.size()) - 1;
  }

  bool WritesScratch(const Inst& inst) const {
    auto writes = [&](const Inst& nested) {
      return nested.kind == InstKind::kStore &&
             kernel_->buffers[nested.buffer].space == MemorySpace::kScratch;
    };
    bool found = writes(inst);
    for (const Block& body : inst.blocks) {
      ForEachInst(body, [&](const Inst& nested) { found = found || writes(nested); });
    }
    return found;
  }

  absl::Status MoveToShared() {
    int64_t bytes = 0;
    for (kernel::Buffer& buffer : kernel_->buffers) {
      if (buffer.space == MemorySpace::kGlobal) continue;
      CERMET_ASSIGN_OR_RETURN(const int64_t elements, StaticNumElements(buffer.shape));
      bytes += elements * ByteSize(buffer.dtype);
      buffer.space = MemorySpace::kShared;
    }
    if (bytes > kSharedBytes) return Refuse("a row does not fit shared memory");
    return absl::OkStatus();
  }

  Kernel* kernel_;
  const int64_t threads_;
  ValueMap map_;
  ValueId thread_ = kernel::kNoValue;
  ValueId first_ = kernel::kNoValue;
};

}  // namespace

absl::Status RowsOnBlocks(Kernel* kernel, absl::string_view row, int64_t threads) {
  Kernel result = *kernel;
  if (row.empty()) {
    const Block body = std::move(result.body);
    result.body = Block();
    KernelBuilder builder(&result, &result.body);
    absl::Status status;
    builder.For(builder.Index(0), builder.Index(1), 1, LoopKind::kBlock, "row", {},
                [&](KernelBuilder& block, ValueId, const std::vector<ValueId>&) {
                  status = RowRewrite(&result, threads).Run(body, block.block());
                  return std::vector<ValueId>();
                });
    CERMET_RETURN_IF_ERROR(status);
  } else {
    CERMET_ASSIGN_OR_RETURN(LoopRef loop, FindLoop(&result, row));
    Block body;
    body.params = loop.body().params;
    CERMET_RETURN_IF_ERROR(RowRewrite(&result, threads).Run(loop.body(), &body));
    loop.inst().loop = LoopKind::kBlock;
    loop.inst().blocks[0] = std::move(body);
  }
  NameLoops(&result);
  *kernel = std::move(result);
  return absl::OkStatus();
}

}  // namespace cermet::schedule
