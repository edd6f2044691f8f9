// Buffers are dense and row-major, so that merging adjacent dims only changes how a place is
// written down.
#include "passes/schedule/merge_dims.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ir/kernel/builder.h"
#include "ir/status.h"
#include "passes/schedule/index_analysis.h"
#include "passes/schedule/kernel_walk.h"
#include "passes/schedule/loops.h"
#include "passes/schedule/simplify_indices.h"

namespace cermet::schedule {
namespace {

using kernel::Block;
using kernel::Buffer;
using kernel::Inst;
using kernel::InstKind;
using kernel::Kernel;
using kernel::KernelBuilder;
using kernel::ValueId;

void MergeIndices(Kernel* kernel, Block* block, int32_t buffer, int64_t dim, const Dim& extent) {
  Block result;
  for (Inst& inst : block->insts) {
    for (Block& body : inst.blocks) MergeIndices(kernel, &body, buffer, dim, extent);
    const bool is_access = inst.kind == InstKind::kLoad || inst.kind == InstKind::kStore;
    if (is_access && inst.buffer == buffer) {
      KernelBuilder builder(kernel, &result);
      const auto first = inst.operands.begin() + dim + (inst.kind == InstKind::kStore ? 1 : 0);
      *first = builder.Add(builder.Mul(*first, builder.DimValue(extent)), *(first + 1));
      inst.operands.erase(first + 1);
    }
    result.insts.push_back(std::move(inst));
  }
  block->insts = std::move(result.insts);
}

// Finds where a pair of variables indexes buffers.
class PairUses {
 public:
  PairUses(const Kernel& kernel, ValueId outer, ValueId inner, const Dim& extent)
      : kernel_(kernel), outer_(outer), inner_(inner), extent_(extent) {}

  // The dims to merge, as (buffer, dim), or nullopt where another use stands in the way.
  std::optional<std::set<std::pair<int32_t, int64_t>>> Find(const Block& body) {
    Visit(body);
    if (!possible_) return std::nullopt;
    return merges_;
  }

 private:
  bool IsOne(ValueId value) const { return value == outer_ || value == inner_; }

  void Visit(const Block& block) {
    for (const Inst& inst : block.insts) {
      if (inst.kind == InstKind::kLoad || inst.kind == InstKind::kStore) {
        VisitAccess(inst);
      } else if (std::any_of(inst.operands.begin(), inst.operands.end(),
                             [&](ValueId v) { return IsOne(v); })) {
        possible_ = false;
      }
      for (const Block& nested : inst.blocks) Visit(nested);
    }
  }

  void VisitAccess(const Inst& inst) {
    const size_t first = inst.kind == InstKind::kStore ? 1 : 0;
    const Buffer& buffer = kernel_.buffers[inst.buffer];
    if (first == 1 && IsOne(inst.operands[0])) possible_ = false;
    for (size_t i = first; i < inst.operands.size(); ++i) {
      if (!IsOne(inst.operands[i])) continue;
      const size_t dim = i - first;
      const bool pair = inst.operands[i] == outer_ && i + 1 < inst.operands.size() &&
                        inst.operands[i + 1] == inner_ && buffer.shape[dim + 1] == extent_ &&
                        !buffer.packing && buffer.space == kernel::MemorySpace::kGlobal;
      if (!pair) {
        possible_ = false;
        return;
      }
      merges_.insert({inst.buffer, static_cast<int64_t>(dim)});
      ++i;
    }
  }

  const Kernel& kernel_;
  const ValueId outer_, inner_;
  const Dim extent_;
  bool possible_ = true;
  std::set<std::pair<int32_t, int64_t>> merges_;
};

// The extent of a loop as a Dim: of a constant or a dim.
std::optional<Dim> ExtentOf(const Kernel& kernel, const Inst& loop) {
  const Inst* definition = Definition(kernel.body, loop.operands[1]);
  if (definition == nullptr) return std::nullopt;
  if (definition->kind == InstKind::kDim) return definition->dim;
  if (definition->kind == InstKind::kConstant) return Dim(static_cast<int64_t>(definition->bits));
  return std::nullopt;
}

}  // namespace

absl::Status MergeDims(Kernel* kernel, absl::string_view name, int64_t dim) {
  for (size_t i = 0; i < kernel->buffers.size(); ++i) {
    Buffer& buffer = kernel->buffers[i];
    if (buffer.name != name) continue;
    if (buffer.packing || dim < 0 || dim + 1 >= static_cast<int64_t>(buffer.shape.size())) {
      return absl::InvalidArgumentError(absl::StrCat("kernel @", kernel->name, ": dims ", dim,
                                                     " and ", dim + 1, " of %", name,
                                                     " cannot be merged"));
    }
    const Dim extent = buffer.shape[dim + 1];
    MergeIndices(kernel, &kernel->body, static_cast<int32_t>(i), dim, extent);
    buffer.shape[dim] = buffer.shape[dim] * extent;
    buffer.shape.erase(buffer.shape.begin() + dim + 1);
    return absl::OkStatus();
  }
  return absl::NotFoundError(absl::StrCat("kernel @", kernel->name, " has no buffer %", name));
}

bool CollapseAndMerge(Kernel* kernel, absl::string_view outer, absl::string_view inner) {
  absl::StatusOr<LoopRef> first = FindLoop(kernel, outer), second = FindLoop(kernel, inner);
  if (!first.ok() || !second.ok()) return false;
  std::optional<Dim> extent = ExtentOf(*kernel, second->inst());
  if (!extent) return false;
  PairUses uses(*kernel, first->body().params[0], second->body().params[0], *extent);
  auto merges = uses.Find(first->body());
  if (!merges) return false;
  if (!Collapse(kernel, outer, inner).ok()) return false;
  // Later dims first, so that earlier ones keep their numbers.
  for (auto it = merges->rbegin(); it != merges->rend(); ++it) {
    CERMET_CHECK(MergeDims(kernel, std::string(kernel->buffers[it->first].name), it->second).ok());
  }
  SimplifyIndices(kernel);
  return true;
}

}  // namespace cermet::schedule
