// Looks at the naive kernel, picks its kind, and hands the result to `legalize`.
#include "passes/schedule/schedule_cpu.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ir/status.h"
#include "passes/schedule/cpu_schedules.h"
#include "passes/schedule/kernel_walk.h"

namespace cermet::schedule {
namespace {

// The bytes of the widest element that the kernel reads or writes.
int64_t WidestElement(const kernel::Kernel& kernel) {
  int64_t widest = 4;
  for (const kernel::Buffer& buffer : kernel.buffers)
    widest = std::max(widest, ByteSize(buffer.dtype));
  return widest;
}

// Trailing dims of extent 1 hide that the dim before them is contiguous.
absl::Status MergeTrailingUnitDims(Rewrites* rewrites) {
  for (size_t i = 0; i < rewrites->kernel()->buffers.size(); ++i) {
    const kernel::Buffer& buffer = rewrites->kernel()->buffers[i];
    while (buffer.shape.size() > 1 && buffer.shape.back() == Dim(1)) {
      const std::string name = buffer.name;
      CERMET_RETURN_IF_ERROR(
          rewrites->MergeDims(name, static_cast<int64_t>(buffer.shape.size()) - 2));
    }
  }
  return absl::OkStatus();
}

// Of a grouped convolution: `parallel c in 0..G*W` becomes groups of W channels, which read the
// same elements of the input. That makes each group a contraction, with W columns.
constexpr int64_t kFewestColumns = 4;  // fewer are not worth a vector of their own
absl::StatusOr<Nest> SplitGroups(Rewrites* rewrites) {
  Nest nest = DescribeNest(rewrites->kernel());
  if (nest.loops.empty() || !nest.has_serial_loops || IsContraction(nest)) return nest;
  const NestLoop channels = nest.loops.back();
  if (channels.divisor < kFewestColumns || channels.extent.value_or(1) % channels.divisor != 0)
    return nest;
  Rewrites::Checkpoint whole = rewrites->Save();
  CERMET_RETURN_IF_ERROR(rewrites->Split(channels.name, channels.divisor, Tail::kShorten).status());
  Nest groups = DescribeNest(rewrites->kernel());
  if (IsContraction(groups)) return groups;
  rewrites->Restore(std::move(whole));
  return nest;
}

absl::Status Choose(const CpuScheduleContext& context, Rewrites* rewrites) {
  CERMET_ASSIGN_OR_RETURN(const Nest nest, SplitGroups(rewrites));
  if (ReducesAcrossRows(nest)) return ScheduleAcrossRows(context, nest, rewrites);
  if (nest.has_lanes || nest.has_parallel_loops) return ScheduleRows(context, nest, rewrites);
  if (nest.loops.empty()) {
    bool loops = false;
    ForEachInst(rewrites->kernel()->body,
                [&](const kernel::Inst& inst) { loops |= inst.kind == kernel::InstKind::kFor; });
    if (!loops) return absl::OkStatus();
    return absl::UnimplementedError(
        absl::StrCat("kernel @", rewrites->kernel()->name, ": its loops run in order"));
  }
  if (IsContraction(nest)) return ScheduleContraction(context, nest, rewrites);
  return ScheduleVectors(context, nest, rewrites);
}

}  // namespace

absl::Status ScheduleCpu(kernel::Kernel* kernel, const Target& target,
                         const ScheduleOptions& options, std::vector<ScheduleStep>* log) {
  CpuScheduleContext context;
  context.target = &target;
  context.options = &options;
  context.vector_bytes = options.vector_bytes > 0 ? options.vector_bytes : target.vector_bytes;
  context.lanes = context.vector_bytes / WidestElement(*kernel);
  NameLoops(kernel);
  Rewrites rewrites(kernel, log);
  rewrites.Simplify();
  CERMET_RETURN_IF_ERROR(MergeTrailingUnitDims(&rewrites));
  Rewrites::Checkpoint naive = rewrites.Save();
  const absl::Status status = Choose(context, &rewrites);
  if (status.code() == absl::StatusCode::kUnimplemented) {
    // Code that has no tile form (checks, loops whose length depends on the element) stays scalar,
    // one element at a time.
    rewrites.Restore(std::move(naive));
    rewrites.NoteScalar("", status);
    CERMET_RETURN_IF_ERROR(CollapseTop(&rewrites, 64));
  } else {
    CERMET_RETURN_IF_ERROR(status);
  }
  return rewrites.Legalize(context.vector_bytes);
}

}  // namespace cermet::schedule
