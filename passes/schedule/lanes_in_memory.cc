// Order lanes(L) without tiles: copy i mod L is loaded, updated and stored at every iteration.
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ir/kernel/builder.h"
#include "ir/status.h"
#include "passes/schedule/kernel_walk.h"
#include "passes/schedule/lanes.h"

namespace cermet::schedule {
namespace {

using kernel::Block;
using kernel::Inst;
using kernel::Kernel;
using kernel::KernelBuilder;
using kernel::LoopKind;
using kernel::ValueId;

class LanesInMemory {
 public:
  LanesInMemory(Kernel* kernel, Inst loop, ValueId column, int64_t num_columns)
      : kernel_(kernel),
        loop_(std::move(loop)),
        lanes_(loop_.order_lanes),
        column_(column),
        num_columns_(num_columns) {}

  void Run(Block* out) {
    AddBuffers();
    KernelBuilder builder(kernel_, out);
    const ValueId zero = builder.Index(0);
    builder.For(zero, builder.Index(lanes_), 1, LoopKind::kSerial, "lane", {},
                [&](KernelBuilder& body, ValueId lane, const std::vector<ValueId>&) {
                  for (size_t i = 0; i < buffers_.size(); ++i)
                    body.Store(buffers_[i], loop_.operands[2 + i], Place(lane));
                  return std::vector<ValueId>();
                });
    builder.For(loop_.operands[0], loop_.operands[1], 1, LoopKind::kSerial, loop_.iv_name, {},
                [&](KernelBuilder& body, ValueId iv, const std::vector<ValueId>&) {
                  Step(body, iv);
                  return std::vector<ValueId>();
                });
    for (int64_t width = lanes_ / 2; width >= 1; width /= 2) {
      builder.For(zero, builder.Index(width), 1, LoopKind::kSerial, "lane", {},
                  [&](KernelBuilder& body, ValueId lane, const std::vector<ValueId>&) {
                    Combine(body, lane, width);
                    return std::vector<ValueId>();
                  });
    }
    for (size_t i = 0; i < buffers_.size(); ++i) {
      builder.Load(buffers_[i], Place(zero));
      out->insts.back().results[0] = loop_.results[i];
    }
  }

 private:
  std::vector<ValueId> Place(ValueId lane) const {
    if (column_ == kernel::kNoValue) return {lane};
    return {lane, column_};
  }

  void AddBuffers() {
    for (ValueId result : loop_.results) {
      kernel::Buffer buffer;
      buffer.name = absl::StrCat("lanes", kernel_->buffers.size());
      buffer.dtype = kernel_->type(result).dtype;
      buffer.shape = {Dim(lanes_)};
      if (column_ != kernel::kNoValue) buffer.shape.push_back(Dim(num_columns_));
      buffer.space = kernel::MemorySpace::kScratch;
      buffer.access = kernel::Access::kInOut;
      buffers_.push_back(static_cast<int32_t>(kernel_->buffers.size()));
      kernel_->buffers.push_back(std::move(buffer));
    }
  }

  void StoreAll(KernelBuilder& builder, const ValueMap& map, const Block& from, ValueId lane) {
    for (size_t i = 0; i < buffers_.size(); ++i)
      builder.Store(buffers_[i], map(from.yields[i]), Place(lane));
  }

  void Step(KernelBuilder& builder, ValueId iv) {
    const ValueId lane =
        builder.FloorMod(builder.Sub(iv, loop_.operands[0]), builder.Index(lanes_));
    const Block& body = loop_.blocks[0];
    ValueMap map;
    map.Set(body.params[0], iv);
    for (size_t i = 0; i < buffers_.size(); ++i)
      map.Set(body.params[1 + i], builder.Load(buffers_[i], Place(lane)));
    CloneInsts(kernel_, body, builder.block(), &map);
    StoreAll(builder, map, body, lane);
  }

  void Combine(KernelBuilder& builder, ValueId lane, int64_t width) {
    const Block& combiner = loop_.blocks[1];
    const ValueId other = builder.Add(lane, builder.Index(width));
    ValueMap map;
    for (size_t i = 0; i < buffers_.size(); ++i) {
      map.Set(combiner.params[i], builder.Load(buffers_[i], Place(lane)));
      map.Set(combiner.params[buffers_.size() + i], builder.Load(buffers_[i], Place(other)));
    }
    CloneInsts(kernel_, combiner, builder.block(), &map);
    StoreAll(builder, map, combiner, lane);
  }

  Kernel* kernel_;
  const Inst loop_;
  const int64_t lanes_;
  const ValueId column_;
  const int64_t num_columns_;
  std::vector<int32_t> buffers_;
};

}  // namespace

absl::Status KeepLanesInMemory(Kernel* kernel, absl::string_view name, absl::string_view columns,
                               int64_t num_columns) {
  CERMET_ASSIGN_OR_RETURN(LoopRef place, FindLoop(kernel, name));
  if (place.inst().order_lanes <= 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("kernel @", kernel->name, ": loop %", name, " has no lanes"));
  }
  ValueId column = kernel::kNoValue;
  if (!columns.empty()) {
    CERMET_ASSIGN_OR_RETURN(LoopRef around, FindLoop(kernel, columns));
    column = around.body().params[0];
  }
  Block out;
  LanesInMemory(kernel, place.inst(), column, num_columns).Run(&out);
  std::vector<Inst>& insts = place.block->insts;
  insts.erase(insts.begin() + place.index);
  insts.insert(insts.begin() + place.index, std::make_move_iterator(out.insts.begin()),
               std::make_move_iterator(out.insts.end()));
  NameLoops(kernel);
  return absl::OkStatus();
}

}  // namespace cermet::schedule
