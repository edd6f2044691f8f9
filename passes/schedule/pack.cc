// The rewrite changes loads one by one; SimplifyIndices then removes the divisions where the loop
// was split by the block.
#include "passes/schedule/pack.h"

#include <functional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ir/kernel/builder.h"
#include "ir/status.h"
#include "passes/schedule/kernel_walk.h"

namespace cermet::schedule {
namespace {

using kernel::Block;
using kernel::Buffer;
using kernel::Inst;
using kernel::InstKind;
using kernel::Kernel;
using kernel::KernelBuilder;
using kernel::LoopKind;
using kernel::Packing;
using kernel::ValueId;

void PackLoads(Kernel* kernel, Block* block, int32_t buffer, int64_t dim, int64_t size) {
  Block result;
  for (Inst& inst : block->insts) {
    for (Block& body : inst.blocks) PackLoads(kernel, &body, buffer, dim, size);
    if (inst.kind == InstKind::kLoad && inst.buffer == buffer) {
      KernelBuilder builder(kernel, &result);
      const ValueId divisor = builder.Index(size);
      const ValueId index = inst.operands[dim];
      inst.operands.erase(inst.operands.begin() + dim);
      inst.operands.insert(inst.operands.begin(), builder.FloorDiv(index, divisor));
      inst.operands.push_back(builder.FloorMod(index, divisor));
    }
    result.insts.push_back(std::move(inst));
  }
  block->insts = std::move(result.insts);
}

}  // namespace

absl::Status Pack(Kernel* kernel, absl::string_view name, int64_t dim, int64_t block) {
  for (size_t i = 0; i < kernel->buffers.size(); ++i) {
    Buffer& buffer = kernel->buffers[i];
    if (buffer.name != name) continue;
    if (buffer.space != kernel::MemorySpace::kGlobal || buffer.access != kernel::Access::kIn ||
        buffer.packing || dim < 0 || dim >= static_cast<int64_t>(buffer.shape.size()) ||
        block < 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("kernel @", kernel->name, ": %", name, " cannot be packed by dim ", dim));
    }
    buffer.packing = Packing{dim, block, buffer.shape};
    buffer.shape = buffer.packing->PackedShape();
    PackLoads(kernel, &kernel->body, static_cast<int32_t>(i), dim, block);
    return absl::OkStatus();
  }
  return absl::NotFoundError(absl::StrCat("kernel @", kernel->name, " has no buffer %", name));
}

Kernel NaivePackKernel(const Packing& packing, DType dtype) {
  Kernel kernel;
  kernel.name = absl::StrCat("pack_dim", packing.dim, "_by_", packing.block);
  Buffer from, to;
  from.name = "from";
  from.dtype = dtype;
  from.shape = packing.logical;
  to.name = "to";
  to.dtype = dtype;
  to.shape = packing.PackedShape();
  to.access = kernel::Access::kOut;
  kernel.buffers = {from, to};
  // One loop per dim of the packed array; the position in the block is the last.
  std::vector<ValueId> ivs;
  std::function<void(KernelBuilder&)> nest = [&](KernelBuilder& builder) {
    const size_t depth = ivs.size();
    if (depth < to.shape.size()) {
      builder.For(builder.Index(0), builder.DimValue(to.shape[depth]), 1, LoopKind::kParallel,
                  absl::StrCat("d", depth), {},
                  [&](KernelBuilder& inner, ValueId iv, const std::vector<ValueId>&) {
                    ivs.push_back(iv);
                    nest(inner);
                    return std::vector<ValueId>();
                  });
      return;
    }
    const ValueId position =
        builder.Add(builder.Mul(ivs.front(), builder.Index(packing.block)), ivs.back());
    std::vector<ValueId> indices(ivs.begin() + 1, ivs.end() - 1);
    indices.insert(indices.begin() + packing.dim, position);
    const ValueId exists = builder.Compare(CompareDirection::kLt, position,
                                           builder.DimValue(packing.logical[packing.dim]));
    builder.Store(1, builder.Load(0, indices, exists), ivs);
  };
  KernelBuilder builder(&kernel, &kernel.body);
  nest(builder);
  return kernel;
}

}  // namespace cermet::schedule
