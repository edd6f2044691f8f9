// Walks the steps. One context runs straight through; where a collective step is nested, all
// contexts of a block go step by step together.
#include "ir/kernel/interpreter/machine.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ir/status.h"

namespace cermet::kernel {
namespace {

constexpr int32_t kMany = -2;
constexpr char kGarbage = static_cast<char>(0xcd);

bool IsLockstepThread(const Step& step) {
  return step.kind == StepKind::kFor && step.loop == LoopKind::kThread && step.is_collective;
}

}  // namespace

absl::Status Machine::Prepare(absl::Span<void* const> arguments, const DimBindings& dims) {
  shared_.assign(code_.shared_bytes, kGarbage);
  touches_.assign(code_.num_shared_elements, Touch());
  size_t next_argument = 0;
  for (size_t i = 0; i < kernel_.buffers.size(); ++i) {
    const Buffer& buffer = kernel_.buffers[i];
    Place place;
    place.byte_size = ByteSize(buffer.dtype);
    for (const Dim& dim : buffer.shape) {
      CERMET_ASSIGN_OR_RETURN(int64_t extent, dim.Evaluate(dims));
      place.extents.push_back(extent);
    }
    place.strides.resize(place.extents.size(), 1);
    for (size_t d = place.extents.size(); d-- > 1;) {
      place.strides[d - 1] = place.strides[d] * place.extents[d];
    }
    if (buffer.space == MemorySpace::kGlobal) {
      if (next_argument == arguments.size()) {
        return absl::InvalidArgumentError(absl::StrCat("kernel @", kernel_.name, " has more than ",
                                                       arguments.size(), " arguments"));
      }
      place.data = static_cast<char*>(arguments[next_argument++]);
    } else if (buffer.space == MemorySpace::kShared) {
      place.data = shared_.data() + code_.private_offsets[i];
    }
    places_.push_back(std::move(place));
  }
  for (const Dim& dim : code_.dims) {
    CERMET_ASSIGN_OR_RETURN(int64_t value, dim.Evaluate(dims));
    dims_.push_back(value);
  }
  main_.registers.assign(code_.num_slots, 0);
  main_.scratch.assign(code_.scratch_bytes, kGarbage);
  RunSteps(code_.prologue, &main_);
  return status_;
}

absl::StatusOr<int64_t> Machine::TopIterations() {
  for (const Step& step : code_.body) {
    if (!step.is_top_parallel) {
      RunStep(step, &main_);
      continue;
    }
    CERMET_RETURN_IF_ERROR(status_);
    const int64_t lower = Scalar(step.in[0], main_), upper = Scalar(step.in[1], main_);
    return upper <= lower ? 0 : (upper - lower - 1) / step.step + 1;
  }
  return 1;
}

absl::Status Machine::Run(int64_t begin, int64_t end) {
  top_begin_ = begin;
  top_end_ = end;
  RunSteps(code_.body, &main_);
  return status_;
}

bool Machine::RunSteps(const StepList& steps, Context* context) {
  for (const Step& step : steps) {
    if (!RunStep(step, context)) return false;
  }
  return true;
}

bool Machine::RunStep(const Step& step, Context* context) {
  ScalarBits* const registers = context->registers.data();
  switch (step.kind) {
    case StepKind::kCompute: {
      ElementOperand operands[3];
      for (int i = 0; i < 3 && step.in[i].slot >= 0; ++i) {
        operands[i] = {registers + step.in[i].slot, step.in[i].stride};
      }
      step.function(step.op, operands, step.n, registers + step.out);
      return true;
    }
    case StepKind::kSpread:
      for (int32_t i = 0; i < step.n; ++i) {
        registers[step.out + i] = registers[step.in[0].slot + step.table[i]];
      }
      return true;
    case StepKind::kIota:
      for (int32_t i = 0; i < step.n; ++i) registers[step.out + i] = i;
      return true;
    case StepKind::kDim:
      registers[step.out] = static_cast<ScalarBits>(dims_[step.dim_index]);
      return true;
    case StepKind::kConstant:
      registers[step.out] = step.bits;
      return true;
    case StepKind::kLoad:
    case StepKind::kStore:
      return RunAccess(step, context);
    case StepKind::kFor:
      return RunFor(step, context);
    case StepKind::kIf: {
      const bool taken = (registers[step.in[0].slot] & 1) != 0;
      if (!RunSteps(taken ? step.body : step.else_body, context)) return false;
      Copy(taken ? step.next : step.else_next, context);
      return true;
    }
    case StepKind::kCheck:
      RunCheck(step, *context);
      return true;
    case StepKind::kFragment:
      for (int32_t i = 0; i < step.n; ++i) {
        registers[step.out + i] =
            static_cast<ScalarBits>(step.fragment.At(context->thread % kWarpSize, i));
      }
      return true;
    case StepKind::kCopyAsync:
      return RunCopy(step, context);
    case StepKind::kCommit:
      context->groups.emplace_back();
      return true;
    case StepKind::kWait:
      return RunWait(step.count, context);
    case StepKind::kBarrier:  // run by all contexts together
    case StepKind::kShuffle:
    case StepKind::kMma:
      break;
  }
  CERMET_UNREACHABLE();
}

void Machine::Copy(const std::vector<SlotCopy>& copies, Context* context) {
  for (const SlotCopy& copy : copies) {
    std::copy_n(context->registers.begin() + copy.from, copy.count,
                context->registers.begin() + copy.to);
  }
}

void Machine::BeginBlock(Context* context) {
  std::fill(shared_.begin(), shared_.end(), kGarbage);
  std::fill(context->scratch.begin(), context->scratch.end(), kGarbage);
  ++epoch_;
}

bool Machine::RunFor(const Step& step, Context* context) {
  int64_t lower = Scalar(step.in[0], *context);
  int64_t upper = Scalar(step.in[1], *context);
  if (step.is_top_parallel) {
    const int64_t iterations = upper <= lower ? 0 : (upper - lower - 1) / step.step + 1;
    if (top_end_ < iterations) upper = lower + top_end_ * step.step;
    lower += std::min(top_begin_, iterations) * step.step;
  }
  if (IsLockstepThread(step)) {
    std::vector<Context> contexts(1);
    std::swap(contexts[0], *context);
    const bool ok = RunThreads(step, &contexts);
    std::swap(contexts[0], *context);
    return ok;
  }
  Copy(step.enter, context);
  if (step.order_lanes > 1) return RunLanes(step, context, lower, upper);
  const int32_t outer_thread = context->thread;
  for (int64_t iv = lower; iv < upper; iv += step.step) {
    if (step.loop == LoopKind::kBlock) BeginBlock(context);
    if (step.loop == LoopKind::kThread) {
      context->thread = outer_thread * static_cast<int32_t>(upper) + static_cast<int32_t>(iv);
    }
    context->registers[step.iv] = static_cast<ScalarBits>(iv);
    if (!RunSteps(step.body, context)) return false;
    if (step.loop == LoopKind::kThread && !ExpectNoCopies(*context)) return false;
    Copy(step.next, context);
  }
  context->thread = outer_thread;
  Copy(step.leave, context);
  return true;
}

bool Machine::RunLanes(const Step& step, Context* context, int64_t lower, int64_t upper) {
  std::vector<ScalarBits>& registers = context->registers;
  const int32_t count = static_cast<int32_t>(step.leave.size());
  if (count == 0) return true;
  const int32_t carried = step.leave[0].from;
  const auto lane = [&](int64_t l) {
    return registers.begin() + step.lane_slots + static_cast<int32_t>(l) * count;
  };
  for (int64_t l = 0; l < step.order_lanes; ++l) {
    std::copy_n(registers.begin() + carried, count, lane(l));
  }
  for (int64_t iv = lower; iv < upper; ++iv) {
    const int64_t l = (iv - lower) % step.order_lanes;
    std::copy_n(lane(l), count, registers.begin() + carried);
    registers[step.iv] = static_cast<ScalarBits>(iv);
    if (!RunSteps(step.body, context)) return false;
    Copy(step.next, context);
    std::copy_n(registers.begin() + carried, count, lane(l));
  }
  for (int64_t half = step.order_lanes / 2; half > 0; half /= 2) {
    for (int64_t l = 0; l < half; ++l) {
      std::copy_n(lane(l), count, registers.begin() + step.combine_slots);
      std::copy_n(lane(l + half), count, registers.begin() + step.combine_slots + count);
      if (!RunSteps(step.else_body, context)) return false;
      Copy(step.else_next, context);
      std::copy_n(registers.begin() + step.combine_slots, count, lane(l));
    }
  }
  std::copy_n(lane(0), count, registers.begin() + carried);
  Copy(step.leave, context);
  return true;
}

void Machine::RunCheck(const Step& step, const Context& context) {
  if ((context.registers[step.in[0].slot] & 1) != 0) return;
  const int64_t index = Scalar(step.in[1], context);
  if (failure_ && std::pair(failure_->index, failure_->code) <= std::pair(index, step.code)) return;
  failure_ = CheckFailure{step.code, index, step.message};
}

// Makes a context of each iteration of the thread loop for each of the given ones, and runs them
// together.
bool Machine::RunThreads(const Step& step, std::vector<Context>* contexts) {
  std::vector<Context> threads;
  const int64_t lower = Scalar(step.in[0], (*contexts)[0]);
  const int64_t upper = Scalar(step.in[1], (*contexts)[0]);
  for (const Context& context : *contexts) {
    for (int64_t iv = lower; iv < upper; iv += step.step) {
      Context& thread = threads.emplace_back(context);
      thread.thread = context.thread * static_cast<int32_t>(upper) + static_cast<int32_t>(iv);
      thread.registers[step.iv] = static_cast<ScalarBits>(iv);
    }
  }
  if (threads.empty()) return true;
  if (!RunLockstep(step.body, &threads)) return false;
  for (const Context& thread : threads) {
    if (!ExpectNoCopies(thread)) return false;
  }
  return true;
}

bool Machine::RunLockstep(const StepList& steps, std::vector<Context>* contexts) {
  for (const Step& step : steps) {
    if (!step.is_collective) {
      for (Context& context : *contexts) {
        if (!RunStep(step, &context)) return false;
      }
    } else if (step.kind != StepKind::kFor && step.kind != StepKind::kIf) {
      RunCollective(step, contexts);
    } else if (IsLockstepThread(step)) {
      if (!RunThreads(step, contexts)) return false;
    } else if (step.kind == StepKind::kFor) {
      if (!RunLockstepFor(step, contexts)) return false;
    } else {
      // The verifier has shown that the condition is the same for all threads.
      const bool taken = (Scalar(step.in[0], (*contexts)[0]) & 1) != 0;
      if (!RunLockstep(taken ? step.body : step.else_body, contexts)) return false;
      for (Context& context : *contexts) Copy(taken ? step.next : step.else_next, &context);
    }
  }
  return true;
}

bool Machine::RunLockstepFor(const Step& step, std::vector<Context>* contexts) {
  const int64_t lower = Scalar(step.in[0], (*contexts)[0]);
  const int64_t upper = Scalar(step.in[1], (*contexts)[0]);
  for (Context& context : *contexts) Copy(step.enter, &context);
  for (int64_t iv = lower; iv < upper; iv += step.step) {
    for (Context& context : *contexts) context.registers[step.iv] = static_cast<ScalarBits>(iv);
    if (!RunLockstep(step.body, contexts)) return false;
    for (Context& context : *contexts) Copy(step.next, &context);
  }
  for (Context& context : *contexts) Copy(step.leave, &context);
  return true;
}

bool Machine::OutOfBounds(const Step& step, int32_t buffer, const std::vector<SlotRef>& indices,
                          const Context& context, int64_t element) {
  std::vector<int64_t> position;
  for (const SlotRef& ref : indices) {
    position.push_back(static_cast<int64_t>(context.registers[ref.slot + element * ref.stride]));
  }
  if (step.lanes > 0) position.back() += element;
  absl::string_view what = step.kind == StepKind::kLoad ? "load from" : "store to";
  if (step.kind == StepKind::kCopyAsync) {
    what = buffer == step.buffer ? "copy_async to" : "copy_async from";
  }
  return Fail(absl::OutOfRangeError(
      absl::StrCat("kernel @", kernel_.name, ": ", what, " %", kernel_.buffers[buffer].name, "[",
                   absl::StrJoin(position, ","), "] is outside its shape [",
                   absl::StrJoin(places_[buffer].extents, ","), "]")));
}

bool Machine::OffsetOf(const Step& step, int32_t buffer, const std::vector<SlotRef>& indices,
                       const Context& context, int64_t element, int64_t* offset) {
  const Place& place = places_[buffer];
  int64_t sum = 0;
  for (size_t d = 0; d < indices.size(); ++d) {
    const SlotRef ref = indices[d];
    int64_t index = static_cast<int64_t>(context.registers[ref.slot + element * ref.stride]);
    if (step.lanes > 0 && d + 1 == indices.size()) index += element;
    if (static_cast<uint64_t>(index) >= static_cast<uint64_t>(place.extents[d])) {
      return OutOfBounds(step, buffer, indices, context, element);
    }
    sum += index * place.strides[d];
  }
  *offset = sum;
  return true;
}

bool Machine::CheckRace(int32_t buffer, int64_t element, const Context& context, bool write) {
  Touch& touch = touches_[code_.shared_elements[buffer] + element];
  const int32_t thread = context.thread;
  if (touch.in_flight) {
    return Fail(absl::AbortedError(
        absl::StrCat("kernel @", kernel_.name, ": thread ", thread, " touches element ", element,
                     " of %", kernel_.buffers[buffer].name, " before a wait for the copy to it")));
  }
  const bool written = touch.write_epoch == epoch_ && touch.writer != thread;
  const bool read = touch.read_epoch == epoch_ && touch.reader != thread;
  if (written || (write && read)) {
    return Fail(absl::AbortedError(absl::StrCat(
        "kernel @", kernel_.name, ": threads ", written ? touch.writer : touch.reader, " and ",
        thread, " race for element ", element, " of %", kernel_.buffers[buffer].name,
        ": no barrier between ", written && write ? "two writes" : "a read and a write")));
  }
  if (write) {
    touch.write_epoch = epoch_;
    touch.writer = thread;
  } else {
    touch.reader = read ? kMany : thread;
    touch.read_epoch = epoch_;
  }
  return true;
}

template <typename T>
bool Machine::AccessElements(const Step& step, const Place& place, Context* context) {
  ScalarBits* const registers = context->registers.data();
  char* data = place.data;
  const bool store = step.kind == StepKind::kStore;
  const bool shared = code_.shared_elements[step.buffer] >= 0;
  if (kernel_.buffers[step.buffer].space == MemorySpace::kScratch) {
    data = context->scratch.data() + code_.private_offsets[step.buffer];
  }
  for (int64_t i = 0; i < step.n; ++i) {
    if (step.mask.slot >= 0 && (registers[step.mask.slot + i * step.mask.stride] & 1) == 0) {
      if (!store) registers[step.out + i] = 0;
      continue;
    }
    int64_t offset = 0;
    if (!OffsetOf(step, step.buffer, step.indices, *context, i, &offset)) return false;
    if (shared && !CheckRace(step.buffer, offset, *context, store)) return false;
    T value;
    if (store) {
      value = static_cast<T>(registers[step.in[0].slot + i * step.in[0].stride]);
      std::memcpy(data + offset * sizeof(T), &value, sizeof(T));
    } else {
      std::memcpy(&value, data + offset * sizeof(T), sizeof(T));
      registers[step.out + i] = value;
    }
  }
  return true;
}

bool Machine::RunAccess(const Step& step, Context* context) {
  const Place& place = places_[step.buffer];
  switch (place.byte_size) {
    case 1:
      return AccessElements<uint8_t>(step, place, context);
    case 2:
      return AccessElements<uint16_t>(step, place, context);
    case 4:
      return AccessElements<uint32_t>(step, place, context);
    case 8:
      return AccessElements<uint64_t>(step, place, context);
  }
  CERMET_UNREACHABLE();
}

}  // namespace cermet::kernel
