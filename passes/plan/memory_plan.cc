// Live intervals over the flattened commands, then greedy placement. Sizes may be symbolic: that
// two buffers do not overlap is proven for all values of the symbols, so buffers whose sizes cannot
// be compared (`?batch*?seq` and `?seq*?seq`) get regions of their own.
#include "passes/plan/memory_plan.h"

#include <algorithm>
#include <string>
#include <vector>

#include "ir/status.h"
#include "passes/plan/dim_order.h"

namespace cermet::plan {
namespace {

using program::Buffer;
using program::BufferKind;
using program::Command;
using program::CommandKind;
using program::CommandList;
using program::Program;

constexpr int64_t kAlignment = 64;

struct Interval {
  int64_t first = -1;
  int64_t last = -1;
  void Include(int64_t position) {
    first = first < 0 ? position : std::min(first, position);
    last = std::max(last, position);
  }
  bool Overlaps(const Interval& other) const { return first <= other.last && other.first <= last; }
};

class Liveness {
 public:
  explicit Liveness(const Program& program)
      : program_(program), intervals_(program.buffers.size()) {
    Walk(program.commands);
    // Inner loops first: what reaches into a loop from outside lives through all of its iterations.
    for (const auto& [start, end] : loops_) {
      for (Interval& interval : intervals_) {
        if (interval.first < 0 || interval.last < start || interval.first > end) continue;
        if (interval.first < start || interval.last > end) {
          interval.Include(start);
          interval.Include(end);
        }
      }
    }
  }
  const Interval& of(int32_t buffer) const { return intervals_[buffer]; }

 private:
  void Touch(const Command& command) {
    for (int32_t buffer : command.buffers)
      intervals_[program_.StorageOf(buffer)].Include(position_);
  }
  void Walk(const CommandList& commands) {
    for (const Command& command : commands) {
      ++position_;
      Touch(command);
      if (command.bodies.empty()) continue;
      const int64_t start = position_;
      for (const CommandList& body : command.bodies) Walk(body);
      ++position_;
      Touch(command);
      if (command.kind == CommandKind::kWhile) loops_.push_back({start, position_});
    }
  }

  const Program& program_;
  std::vector<Interval> intervals_;
  std::vector<std::pair<int64_t, int64_t>> loops_;
  int64_t position_ = 0;
};

Dim AlignedBytes(const Type& type) {
  const Dim bytes = type.NumElements() * Dim(ByteSize(type.dtype));
  return Dim::CeilDiv(bytes, Dim(kAlignment)) * Dim(kAlignment);
}

// A number of bytes: the expression, and its value for typical extents.
struct Extent {
  Dim dim;
  int64_t typical = 0;
  friend Extent operator+(const Extent& a, const Extent& b) {
    return {a.dim + b.dim, a.typical + b.typical};
  }
};

struct Block {
  int32_t buffer = -1;
  Extent size;
  Extent begin;  // in its region
};

// A part of the workspace for blocks whose sizes can be compared, whatever the symbols are: which
// offsets are free is then provable. Blocks come largest first.
class Region {
 public:
  Region(const Liveness* live, const DimFacts* facts) : live_(live), facts_(facts) {}

  bool IsComparable(const Dim& size) const {
    return std::all_of(sizes_.begin(), sizes_.end(), [&](const Dim& other) {
      return ProvablyAtMost(size, other, *facts_) || ProvablyAtMost(other, size, *facts_);
    });
  }

  // At the lowest offset that is free during its life; which is lowest is judged by typical values.
  void Place(Block block) {
    std::vector<const Block*> neighbours;  // placed, and alive with this one
    for (const Block& other : blocks_) {
      if (live_->of(block.buffer).Overlaps(live_->of(other.buffer))) neighbours.push_back(&other);
    }
    std::vector<Extent> offsets = {Extent{}};
    for (const Block* other : neighbours) offsets.push_back(other->begin + other->size);
    std::stable_sort(offsets.begin(), offsets.end(),
                     [](const Extent& a, const Extent& b) { return a.typical < b.typical; });
    const auto is_free = [&](const Extent& offset) {
      return std::all_of(neighbours.begin(), neighbours.end(), [&](const Block* other) {
        return AtMost(other->begin + other->size, offset) ||
               AtMost(offset + block.size, other->begin);
      });
    };
    const auto found = std::find_if(offsets.begin(), offsets.end(), is_free);
    block.begin = found != offsets.end() ? *found : sum_;  // no end is beyond the sum of the sizes
    sum_ = sum_ + block.size;
    if (std::find(sizes_.begin(), sizes_.end(), block.size.dim) == sizes_.end())
      sizes_.push_back(block.size.dim);
    blocks_.push_back(std::move(block));
  }

  // The largest end of its blocks.
  Dim Size() const {
    std::vector<Dim> ends;  // none is known to be at most another
    for (const Block& block : blocks_) {
      const Dim end = block.begin.dim + block.size.dim;
      const auto is_covered = [&](const Dim& by) { return ProvablyAtMost(end, by, *facts_); };
      const auto is_cover = [&](const Dim& of) { return ProvablyAtMost(of, end, *facts_); };
      if (std::any_of(ends.begin(), ends.end(), is_covered)) continue;
      ends.erase(std::remove_if(ends.begin(), ends.end(), is_cover), ends.end());
      ends.push_back(end);
    }
    Dim size = ends.front();
    for (const Dim& end : ends) size = Dim::Max(size, end);
    return size;
  }

  const std::vector<Block>& blocks() const { return blocks_; }

 private:
  bool AtMost(const Extent& a, const Extent& b) const {
    return a.typical <= b.typical && ProvablyAtMost(a.dim, b.dim, *facts_);
  }

  const Liveness* live_;
  const DimFacts* facts_;
  std::vector<Block> blocks_;
  std::vector<Dim> sizes_;  // each once
  Extent sum_;
};

// For each symbol the least value of 32 or more that the facts allow.
DimBindings TypicalExtents(const Program& program) {
  constexpr int64_t kTypicalExtent = 32;
  DimBindings typical;
  for (const std::string& symbol : program.symbols) {
    const auto found = program.facts.find(symbol);
    const DimFact fact = found == program.facts.end() ? DimFact{} : found->second;
    const int64_t value = std::max<int64_t>(fact.lower, kTypicalExtent);
    const int64_t multiple = (value + fact.divisor - 1) / fact.divisor * fact.divisor;
    typical[symbol] = fact.upper ? std::min(multiple, *fact.upper) : multiple;
  }
  return typical;
}

// Offsets for all of `buffers`, region after region. Returns the end of the last.
absl::StatusOr<Dim> PlaceBuffers(const std::vector<int32_t>& buffers, const Liveness& live,
                                 Program* program) {
  const DimBindings typical = TypicalExtents(*program);
  std::vector<Block> blocks;
  for (int32_t buffer : buffers) {
    const Dim size = AlignedBytes(program->buffers[buffer].type);
    CERMET_ASSIGN_OR_RETURN(const int64_t typical_size, size.Evaluate(typical));
    blocks.push_back({buffer, {size, typical_size}, {}});
  }
  std::stable_sort(blocks.begin(), blocks.end(),
                   [](const Block& a, const Block& b) { return a.size.typical > b.size.typical; });
  std::vector<Region> regions;
  for (Block& block : blocks) {
    auto region = std::find_if(regions.begin(), regions.end(), [&](const Region& candidate) {
      return candidate.IsComparable(block.size.dim);
    });
    if (region == regions.end())
      region = regions.insert(regions.end(), Region(&live, &program->facts));
    region->Place(std::move(block));
  }
  Dim end;
  for (const Region& region : regions) {
    for (const Block& block : region.blocks())
      program->buffers[block.buffer].offset = end + block.begin.dim;
    end = end + region.Size();
  }
  return end;
}

}  // namespace

absl::Status PlanMemory(Program* program) {
  const Liveness live(*program);
  std::vector<int32_t> temps;
  for (int32_t b = 0; b < static_cast<int32_t>(program->buffers.size()); ++b) {
    const Buffer& buffer = program->buffers[b];
    if (buffer.kind == BufferKind::kTemp && buffer.alias < 0 && live.of(b).first >= 0)
      temps.push_back(b);
  }
  CERMET_ASSIGN_OR_RETURN(program->temp_bytes, PlaceBuffers(temps, live, program));
  for (Buffer& buffer : program->buffers) {
    if (buffer.kind != BufferKind::kTemp || buffer.alias < 0) continue;
    const int32_t storage = program->StorageOf(buffer.alias);
    if (program->buffers[storage].kind == BufferKind::kTemp)
      buffer.offset = program->buffers[storage].offset;
  }
  int64_t scratch = 0;
  for (const kernel::Kernel& kernel : program->kernels) {
    int64_t bytes = 0;
    for (const kernel::Buffer& buffer : kernel.buffers) {
      if (buffer.space != kernel::MemorySpace::kScratch) continue;
      bytes += AlignedBytes(Type(buffer.dtype, buffer.shape)).value();
    }
    scratch = std::max(scratch, bytes);
  }
  program->scratch_bytes = Dim(scratch);
  return absl::OkStatus();
}

}  // namespace cermet::plan
