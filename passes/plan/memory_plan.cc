// Live intervals over the flattened commands, then greedy placement.
#include "passes/plan/memory_plan.h"

#include <algorithm>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ir/status.h"

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
  int32_t Storage(int32_t buffer) const {
    while (program_.buffers[buffer].alias >= 0) buffer = program_.buffers[buffer].alias;
    return buffer;
  }
  void Touch(const Command& command) {
    for (int32_t buffer : command.buffers) intervals_[Storage(buffer)].Include(position_);
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

// Largest first, each at the lowest offset that is free during its life. Returns the total.
int64_t PlaceConstantSizes(std::vector<int32_t> buffers, const Liveness& live, Program* program) {
  const auto size = [&](int32_t b) { return AlignedBytes(program->buffers[b].type).value(); };
  std::stable_sort(buffers.begin(), buffers.end(),
                   [&](int32_t a, int32_t b) { return size(a) > size(b); });
  std::vector<int32_t> placed;
  int64_t total = 0;
  for (int32_t buffer : buffers) {
    std::vector<std::pair<int64_t, int64_t>> busy;  // [begin, end)
    for (int32_t other : placed) {
      if (!live.of(buffer).Overlaps(live.of(other))) continue;
      const int64_t begin = program->buffers[other].offset.value();
      busy.push_back({begin, begin + size(other)});
    }
    std::sort(busy.begin(), busy.end());
    int64_t offset = 0;
    for (const auto& [begin, end] : busy) {
      if (offset + size(buffer) <= begin) break;
      offset = std::max(offset, end);
    }
    program->buffers[buffer].offset = Dim(offset);
    total = std::max(total, offset + size(buffer));
    placed.push_back(buffer);
  }
  return total;
}

// Buffers of one size expression share slots while they do not live at once. Returns the end of the
// last slot.
Dim PlaceSymbolicSizes(const std::vector<int32_t>& buffers, const Liveness& live, Dim end,
                       Program* program) {
  struct Slot {
    Dim size, offset;
    std::vector<int32_t> buffers;
  };
  std::vector<Slot> slots;
  for (int32_t buffer : buffers) {
    const Dim size = AlignedBytes(program->buffers[buffer].type);
    auto slot = std::find_if(slots.begin(), slots.end(), [&](const Slot& candidate) {
      return candidate.size == size &&
             std::none_of(candidate.buffers.begin(), candidate.buffers.end(),
                          [&](int32_t other) { return live.of(buffer).Overlaps(live.of(other)); });
    });
    if (slot == slots.end()) {
      slots.push_back({size, end, {}});
      end = end + size;
      slot = slots.end() - 1;
    }
    slot->buffers.push_back(buffer);
    program->buffers[buffer].offset = slot->offset;
  }
  return end;
}

}  // namespace

absl::Status PlanMemory(Program* program) {
  const Liveness live(*program);
  std::vector<int32_t> constant, symbolic;
  for (int32_t b = 0; b < static_cast<int32_t>(program->buffers.size()); ++b) {
    const Buffer& buffer = program->buffers[b];
    if (buffer.kind != BufferKind::kTemp || buffer.alias >= 0) continue;
    if (live.of(b).first < 0) continue;
    (AlignedBytes(buffer.type).IsConstant() ? constant : symbolic).push_back(b);
  }
  const int64_t total = PlaceConstantSizes(constant, live, program);
  program->temp_bytes = PlaceSymbolicSizes(symbolic, live, Dim(total), program);
  for (Buffer& buffer : program->buffers) {
    if (buffer.kind != BufferKind::kTemp || buffer.alias < 0) continue;
    int32_t storage = buffer.alias;
    while (program->buffers[storage].alias >= 0) storage = program->buffers[storage].alias;
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
