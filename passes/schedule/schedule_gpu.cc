// Three mappings to blocks and threads, tried from the most particular to the one that always
// works.
#include "passes/schedule/schedule_gpu.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ir/kernel/builder.h"
#include "ir/status.h"
#include "passes/schedule/cpu_schedules.h"
#include "passes/schedule/kernel_walk.h"
#include "passes/schedule/rewrites.h"

namespace cermet::schedule {
namespace {

using kernel::Inst;
using kernel::InstKind;
using kernel::KernelBuilder;
using kernel::LoopKind;
using kernel::ValueId;

constexpr int64_t kTile = 16;
constexpr int64_t kRowThreads = 64;  // the lanes of a reduction, see ir/order.h

absl::Status Products(const Nest& nest, Rewrites* rewrites) {
  // Two inner loops stay, all outer ones become one: at most three loops over blocks.
  if (nest.loops.size() > 3) CERMET_RETURN_IF_ERROR(CollapseTop(rewrites, nest.loops.size() - 2));
  return rewrites->StageInShared(nest.loops[nest.loops.size() - 2].name, nest.loops.back().name,
                                 kTile);
}

absl::Status Rows(const Nest& nest, Rewrites* rewrites) {
  if (nest.loops.empty()) return rewrites->RowsOnBlocks("", kRowThreads);
  CERMET_RETURN_IF_ERROR(CollapseTop(rewrites, nest.loops.size()));
  const std::string row = OnlyLoop(&rewrites->kernel()->body)->inst().iv_name;
  return rewrites->RowsOnBlocks(row, kRowThreads);
}

// A loop of one iteration around a kernel without parallel loops.
void WrapInLoop(kernel::Kernel* kernel) {
  kernel::Block body = std::move(kernel->body);
  kernel->body = kernel::Block();
  KernelBuilder builder(kernel, &kernel->body);
  builder.For(builder.Index(0), builder.Index(1), 1, LoopKind::kBlock, "b", {},
              [&](KernelBuilder& block, ValueId, const std::vector<ValueId>&) {
                block.For(block.Index(0), block.Index(1), 1, LoopKind::kThread, "t", {},
                          [&](KernelBuilder& thread, ValueId, const std::vector<ValueId>&) {
                            for (Inst& inst : body.insts) thread.Append(std::move(inst));
                            return std::vector<ValueId>();
                          });
                return std::vector<ValueId>();
              });
}

// One iteration of the nest per thread; loops further in run in the thread.
absl::Status Elements(const Nest& nest, const Target& target, Rewrites* rewrites) {
  std::vector<std::string> lanes;
  ForEachInst(rewrites->kernel()->body, [&](const Inst& inst) {
    if (inst.order_lanes > 1) lanes.push_back(inst.iv_name);
  });
  for (const std::string& loop : lanes) CERMET_RETURN_IF_ERROR(rewrites->KeepLanesInMemory(loop));
  if (nest.loops.empty()) {
    WrapInLoop(rewrites->kernel());
  } else {
    CERMET_RETURN_IF_ERROR(CollapseTop(rewrites, nest.loops.size()));
    const std::string loop = OnlyLoop(&rewrites->kernel()->body)->inst().iv_name;
    CERMET_RETURN_IF_ERROR(rewrites->SplitOverThreads(loop, target.threads_per_block));
  }
  ForEachInst(rewrites->kernel()->body, [&](Inst& inst) {
    if (inst.loop == LoopKind::kParallel) inst.loop = LoopKind::kSerial;
  });
  rewrites->Simplify();
  return absl::OkStatus();
}

}  // namespace

absl::Status ScheduleGpu(kernel::Kernel* kernel, const Target& target,
                         const ScheduleOptions& options, std::vector<ScheduleStep>* log) {
  (void)options;
  bool has_checks = false;
  ForEachInst(kernel->body,
              [&](const Inst& inst) { has_checks = has_checks || inst.kind == InstKind::kCheck; });
  if (has_checks)
    return absl::UnimplementedError(absl::StrCat("kernel @", kernel->name, ": a check on a GPU"));
  NameLoops(kernel);
  Rewrites rewrites(kernel, log);
  rewrites.Simplify();
  const Nest nest = DescribeNest(kernel);
  const bool rows = nest.has_lanes || nest.has_parallel_loops;
  Rewrites::Checkpoint naive = rewrites.Save();
  if (rows || (IsContraction(nest) && nest.loops.size() >= 2)) {
    const absl::Status status = rows ? Rows(nest, &rewrites) : Products(nest, &rewrites);
    if (status.code() != absl::StatusCode::kUnimplemented) return status;
    rewrites.Restore(std::move(naive));
    rewrites.NoteScalar("", status);
  }
  return Elements(nest, target, &rewrites);
}

}  // namespace cermet::schedule
