// One table: name, parameters, doc, and how to call the rewrite.
#include "passes/schedule/rewrite_script.h"

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "ir/status.h"
#include "passes/schedule/kernel_walk.h"
#include "passes/schedule/lanes.h"
#include "passes/schedule/legalize.h"
#include "passes/schedule/loops.h"
#include "passes/schedule/merge_dims.h"
#include "passes/schedule/pack.h"
#include "passes/schedule/rows_on_blocks.h"
#include "passes/schedule/schedule.h"
#include "passes/schedule/simplify_indices.h"
#include "passes/schedule/stage_in_shared.h"
#include "passes/schedule/tile.h"

namespace cermet::schedule {
namespace {

using kernel::Kernel;
using Parameters = std::vector<std::string>;

struct Rewrite {
  RewriteInfo info;
  size_t num_parameters;  // at least
  absl::Status (*apply)(Kernel* kernel, const Parameters& parameters);
};

absl::Status Number(const std::string& text, int64_t* value) {
  if (absl::SimpleAtoi(text, value) && *value > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("`", text, "` is not a positive number"));
}

absl::StatusOr<Tail> TailByName(const std::string& name) {
  if (name == "clamp") return Tail::kClamp;
  if (name == "shorten") return Tail::kShorten;
  if (name == "guard") return Tail::kGuard;
  if (name == "branch") return Tail::kBranch;
  return absl::InvalidArgumentError(
      absl::StrCat("`", name, "` is none of clamp, shorten, guard, branch"));
}

absl::StatusOr<kernel::LoopKind> KindByName(const std::string& name) {
  if (name == "serial") return kernel::LoopKind::kSerial;
  if (name == "parallel") return kernel::LoopKind::kParallel;
  if (name == "unrolled") return kernel::LoopKind::kUnrolled;
  if (name == "block") return kernel::LoopKind::kBlock;
  if (name == "thread") return kernel::LoopKind::kThread;
  return absl::InvalidArgumentError(absl::StrCat("`", name, "` is no kind of loop"));
}

absl::Status SplitByName(Kernel* kernel, const Parameters& p) {
  int64_t factor = 0;
  CERMET_RETURN_IF_ERROR(Number(p[1], &factor));
  CERMET_ASSIGN_OR_RETURN(const Tail tail, TailByName(p[2]));
  return Split(kernel, p[0], factor, tail).status();
}

absl::Status PeelByName(Kernel* kernel, const Parameters& p) {
  int64_t factor = 0;
  CERMET_RETURN_IF_ERROR(Number(p[1], &factor));
  return Peel(kernel, p[0], factor).status();
}

absl::Status CollapseAndMergeByName(Kernel* kernel, const Parameters& p) {
  if (CollapseAndMerge(kernel, p[0], p[1])) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the dims that %", p[0], " and %", p[1], " index do not merge"));
}

absl::Status MarkByName(Kernel* kernel, const Parameters& p) {
  CERMET_ASSIGN_OR_RETURN(const kernel::LoopKind kind, KindByName(p[1]));
  return SetLoopKind(kernel, p[0], kind);
}

absl::Status MergeDimsByName(Kernel* kernel, const Parameters& p) {
  int64_t dim = 0;
  if (!absl::SimpleAtoi(p[1], &dim))
    return absl::InvalidArgumentError(absl::StrCat("`", p[1], "` is no dim"));
  return MergeDims(kernel, p[0], dim);
}

absl::Status PackByName(Kernel* kernel, const Parameters& p) {
  int64_t dim = 0, block = 0;
  if (!absl::SimpleAtoi(p[1], &dim))
    return absl::InvalidArgumentError(absl::StrCat("`", p[1], "` is no dim"));
  CERMET_RETURN_IF_ERROR(Number(p[2], &block));
  return Pack(kernel, p[0], dim, block);
}

absl::Status LanesInMemoryByName(Kernel* kernel, const Parameters& p) {
  if (p.size() < 3) return KeepLanesInMemory(kernel, p[0]);
  int64_t columns = 0;
  CERMET_RETURN_IF_ERROR(Number(p[2], &columns));
  return KeepLanesInMemory(kernel, p[0], p[1], columns);
}

absl::Status LegalizeByName(Kernel* kernel, const Parameters& p) {
  int64_t bytes = 0;
  CERMET_RETURN_IF_ERROR(Number(p[0], &bytes));
  return Legalize(kernel, bytes);
}

absl::Status RowsOnBlocksByName(Kernel* kernel, const Parameters& p) {
  int64_t threads = 0;
  CERMET_RETURN_IF_ERROR(Number(p[1], &threads));
  return RowsOnBlocks(kernel, p[0], threads);
}

absl::Status StageInSharedByName(Kernel* kernel, const Parameters& p) {
  int64_t tile = 0;
  CERMET_RETURN_IF_ERROR(Number(p[2], &tile));
  return StageInShared(kernel, p[0], p[1], tile);
}

// The whole schedule: cpu with 16, 32 or 64 bytes per vector, or gpu.
absl::Status ScheduleByName(Kernel* kernel, const Parameters& p) {
  Target target;
  if (p[0] == "gpu") {
    target.kind = TargetKind::kCuda;
  } else if (p[0] != "cpu" || p.size() < 2) {
    return absl::InvalidArgumentError("expected schedule(gpu) or schedule(cpu,bytes)");
  } else {
    CERMET_RETURN_IF_ERROR(Number(p[1], &target.vector_bytes));
    if (target.vector_bytes == 64) target.vector_registers = 32;
  }
  return Schedule(kernel, target, ScheduleOptions(), nullptr);
}

const std::vector<Rewrite>& Table() {
  static const auto& table = *new std::vector<Rewrite>{
      {{"simplify_indices", "",
        "Folds index arithmetic by ranges, shares and hoists pure values, removes dead code."},
       0,
       [](Kernel*, const Parameters&) { return absl::OkStatus(); }},
      {{"split", "loop, factor, clamp|shorten|guard|branch",
        "Cuts a parallel loop in blocks of `factor`."},
       3,
       SplitByName},
      {{"peel", "loop, factor", "Runs the last extent % factor iterations in a loop of their own."},
       2,
       PeelByName},
      {{"interchange", "outer, inner", "Swaps two nested parallel loops."},
       2,
       [](Kernel* kernel, const Parameters& p) { return Interchange(kernel, p[0], p[1]); }},
      {{"collapse", "outer, inner", "Makes one loop of two nested parallel loops."},
       2,
       [](Kernel* kernel, const Parameters& p) { return Collapse(kernel, p[0], p[1]); }},
      {{"collapse_and_merge", "outer, inner",
        "Collapses, and merges the dims that the two loops index."},
       2,
       CollapseAndMergeByName},
      {{"mark", "loop, serial|parallel|unrolled|block|thread", "Changes the kind of a loop."},
       2,
       MarkByName},
      {{"merge_dims", "buffer, dim", "Makes one dim of `dim` and `dim` + 1."}, 2, MergeDimsByName},
      {{"pack", "buffer, dim, block", "Reads an argument in a packed layout."}, 3, PackByName},
      {{"tile", "loop...", "Lifts a nest of parallel loops to tiles."},
       1,
       [](Kernel* kernel, const Parameters& p) { return Tile(kernel, p); }},
      {{"lanes", "loop", "Makes the lanes of a reduction's order explicit, as tiles."},
       1,
       [](Kernel* kernel, const Parameters& p) { return MakeLanesExplicit(kernel, p[0]); }},
      {{"lanes_in_memory", "loop, columns?, number?", "Makes them explicit in scratch buffers."},
       1,
       LanesInMemoryByName},
      {{"legalize", "bytes", "Cuts tiles in vectors of at most so many bytes."}, 1, LegalizeByName},
      {{"rows_on_blocks", "loop, threads", "GPU: a row per block, a lane per thread."},
       2,
       RowsOnBlocksByName},
      {{"stage_in_shared", "row, column, tile",
        "GPU: a product whose operands pass through shared memory."},
       3,
       StageInSharedByName},
      {{"schedule", "cpu, bytes | gpu", "The whole schedule for a target."}, 1, ScheduleByName},
  };
  return table;
}

absl::Status ApplyOne(Kernel* kernel, absl::string_view text) {
  const size_t open = text.find('(');
  const absl::string_view name = text.substr(0, open);
  Parameters parameters;
  if (open != absl::string_view::npos) {
    absl::string_view inside = text.substr(open + 1);
    if (!absl::ConsumeSuffix(&inside, ")"))
      return absl::InvalidArgumentError(absl::StrCat("`", text, "`: no `)`"));
    parameters = absl::StrSplit(inside, ',');
  }
  for (const Rewrite& rewrite : Table()) {
    if (rewrite.info.name != name) continue;
    if (parameters.size() < rewrite.num_parameters) {
      return absl::InvalidArgumentError(
          absl::StrCat("expected ", name, "(", rewrite.info.parameters, ")"));
    }
    CERMET_RETURN_IF_ERROR(rewrite.apply(kernel, parameters));
    SimplifyIndices(kernel);
    return absl::OkStatus();
  }
  return absl::NotFoundError(absl::StrCat("there is no rewrite `", name, "`"));
}

}  // namespace

std::vector<RewriteInfo> AllRewrites() {
  std::vector<RewriteInfo> infos;
  for (const Rewrite& rewrite : Table()) infos.push_back(rewrite.info);
  return infos;
}

absl::Status ApplyRewrites(Kernel* kernel, absl::string_view script) {
  NameLoops(kernel);
  SimplifyIndices(kernel);
  for (absl::string_view one : absl::StrSplit(script, ';', absl::SkipEmpty())) {
    CERMET_RETURN_IF_ERROR(ApplyOne(kernel, one));
  }
  return absl::OkStatus();
}

}  // namespace cermet::schedule
