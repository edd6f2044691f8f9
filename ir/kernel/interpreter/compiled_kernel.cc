// Translates a verified kernel to steps.
#include "ir/kernel/interpreter/compiled_kernel.h"

#include <algorithm>
#include <utility>

#include "ir/kernel/uniformity.h"
#include "ir/status.h"

namespace cermet::kernel {
namespace {

// For each element of `to` in row-major order, the element of `from` that broadcasts to it.
std::vector<int32_t> SpreadTable(const std::vector<int64_t>& from, const std::vector<int64_t>& to) {
  ValueType type{DType::kI64, to};
  std::vector<int32_t> table(type.num_elements());
  std::vector<int64_t> strides(to.size());
  int64_t stride = 1;
  for (size_t axis = to.size(); axis-- > 0;) {
    strides[axis] = from.empty() || from[axis] == 1 ? 0 : stride;
    if (!from.empty()) stride *= from[axis];
  }
  std::vector<int64_t> position(to.size());
  for (int32_t& entry : table) {
    int64_t offset = 0;
    for (size_t axis = 0; axis < to.size(); ++axis) offset += position[axis] * strides[axis];
    entry = static_cast<int32_t>(offset);
    for (size_t axis = to.size(); axis-- > 0;) {
      if (++position[axis] < to[axis]) break;
      position[axis] = 0;
    }
  }
  return table;
}

class Compiler {
 public:
  explicit Compiler(const Kernel& kernel)
      : kernel_(kernel),
        slots_(kernel.value_types.size(), -1),
        hoisted_(kernel.value_types.size()) {}

  CompiledKernel Run() {
    LayOutPrivateBuffers();
    parallel_loop_ = kernel_.ParallelLoop();
    CompileBlock(kernel_.body, &code_.body);
    return std::move(code_);
  }

 private:
  void LayOutPrivateBuffers() {
    for (const Buffer& buffer : kernel_.buffers) {
      code_.private_offsets.push_back(-1);
      code_.shared_elements.push_back(-1);
      if (buffer.space == MemorySpace::kGlobal) continue;
      int64_t elements = 1;
      for (const Dim& dim : buffer.shape) elements *= dim.value();
      const bool shared = buffer.space == MemorySpace::kShared;
      int64_t* total = shared ? &code_.shared_bytes : &code_.scratch_bytes;
      code_.private_offsets.back() = *total;
      *total += (elements * ByteSize(buffer.dtype) + 63) / 64 * 64;
      if (shared) {
        code_.shared_elements.back() = code_.num_shared_elements;
        code_.num_shared_elements += elements;
      }
    }
  }

  int32_t NewSlots(int64_t count) {
    const int32_t first = code_.num_slots;
    code_.num_slots += static_cast<int32_t>(count);
    return first;
  }
  int32_t Define(ValueId value) {
    if (slots_[value] < 0) slots_[value] = NewSlots(kernel_.type(value).num_elements());
    return slots_[value];
  }
  int32_t NumSlots(ValueId value) const {
    return static_cast<int32_t>(kernel_.type(value).num_elements());
  }

  // `value` read as a tile of `extents`, spread first if it broadcasts along some of its axes.
  SlotRef Read(ValueId value, const std::vector<int64_t>& extents, StepList* steps) {
    const ValueType& type = kernel_.type(value);
    if (type.num_elements() == 1) return {slots_[value], 0};
    if (type.extents == extents) return {slots_[value], 1};
    Step spread;
    spread.kind = StepKind::kSpread;
    spread.in[0] = {slots_[value], 1};
    spread.table = SpreadTable(type.extents, extents);
    spread.n = static_cast<int32_t>(spread.table.size());
    spread.out = NewSlots(spread.n);
    const SlotRef result{spread.out, 1};
    (hoisted_[value] ? &code_.prologue : steps)->push_back(std::move(spread));
    return result;
  }
  SlotRef ReadScalar(ValueId value) { return {slots_[value], 0}; }

  bool AreHoisted(const std::vector<ValueId>& values) const {
    return std::all_of(values.begin(), values.end(),
                       [&](ValueId value) { return hoisted_[value]; });
  }

  void CompileBlock(const Block& block, StepList* steps) {
    for (const Inst& inst : block.insts) CompileInst(inst, steps);
  }

  void CompileInst(const Inst& inst, StepList* steps) {
    switch (inst.kind) {
      case InstKind::kConstant:
      case InstKind::kDim:
        return CompileSource(inst);
      case InstKind::kIota:
        if (kernel_.type(inst.results[0]).fragment == Fragment::kNone) return CompileSource(inst);
        return CompileFragment(inst, steps);
      case InstKind::kCompute:
      case InstKind::kSlice:
      case InstKind::kExtract:
      case InstKind::kSplat: {
        const bool hoisted = AreHoisted(inst.operands);
        hoisted_[inst.results[0]] = hoisted;
        StepList* target = hoisted ? &code_.prologue : steps;
        if (inst.kind == InstKind::kCompute) return CompileCompute(inst, target);
        return CompileTileInst(inst, target);
      }
      case InstKind::kLoad:
      case InstKind::kStore:
        return CompileAccess(inst, steps);
      case InstKind::kFor:
        return CompileFor(inst, steps);
      case InstKind::kIf:
        return CompileIf(inst, steps);
      case InstKind::kBarrier:
        steps->push_back(OfKind(StepKind::kBarrier));
        return;
      case InstKind::kShuffle:
      case InstKind::kMma:
        return CompileExchange(inst, steps);
      case InstKind::kCopyAsync:
        return CompileCopy(inst, steps);
      case InstKind::kCommit:
        steps->push_back(OfKind(StepKind::kCommit));
        return;
      case InstKind::kWait:
        steps->push_back(OfKind(StepKind::kWait));
        steps->back().count = inst.count;
        return;
      case InstKind::kCheck: {
        Step step;
        step.kind = StepKind::kCheck;
        step.in[0] = ReadScalar(inst.operands[0]);
        step.in[1] = ReadScalar(inst.operands[1]);
        step.code = inst.code;
        step.message = inst.message;
        steps->push_back(std::move(step));
        return;
      }
    }
    CERMET_UNREACHABLE();
  }

  static Step OfKind(StepKind kind) {
    Step step;
    step.kind = kind;
    step.is_collective =
        kind == StepKind::kBarrier || kind == StepKind::kShuffle || kind == StepKind::kMma;
    return step;
  }

  void CompileFragment(const Inst& inst, StepList* steps) {
    Step step = OfKind(StepKind::kFragment);
    step.fragment = AxisOf(kernel_.type(inst.results[0]).fragment, inst.axis);
    step.n = NumSlots(inst.results[0]);
    step.out = Define(inst.results[0]);
    steps->push_back(std::move(step));
  }

  // What takes the values of other threads.
  void CompileExchange(const Inst& inst, StepList* steps) {
    Step step = OfKind(inst.kind == InstKind::kMma ? StepKind::kMma : StepKind::kShuffle);
    step.shuffle = inst.shuffle;
    step.count = inst.count;
    step.mma = inst.mma;
    for (size_t i = 0; i < inst.operands.size(); ++i) step.in[i] = {slots_[inst.operands[i]], 1};
    step.n = NumSlots(inst.results[0]);
    step.out = Define(inst.results[0]);
    steps->push_back(std::move(step));
  }

  void CompileCopy(const Inst& inst, StepList* steps) {
    Step step = OfKind(StepKind::kCopyAsync);
    step.buffer = inst.buffer;
    step.source = inst.source;
    step.lanes = inst.lanes;
    const size_t rank = kernel_.buffers[inst.buffer].shape.size();
    for (size_t i = 0; i < inst.operands.size(); ++i) {
      (i < rank ? step.indices : step.source_indices).push_back(ReadScalar(inst.operands[i]));
    }
    if (inst.mask != kNoValue) step.mask = ReadScalar(inst.mask);
    steps->push_back(std::move(step));
  }

  void CompileSource(const Inst& inst) {
    Step step;
    step.out = Define(inst.results[0]);
    step.n = NumSlots(inst.results[0]);
    hoisted_[inst.results[0]] = true;
    if (inst.kind == InstKind::kConstant) {
      step.kind = StepKind::kConstant;
      step.bits = inst.bits;
    } else if (inst.kind == InstKind::kDim) {
      step.kind = StepKind::kDim;
      step.dim_index = static_cast<int32_t>(code_.dims.size());
      code_.dims.push_back(inst.dim);
    } else {
      step.kind = StepKind::kIota;  // other extents are 1
    }
    code_.prologue.push_back(std::move(step));
  }

  void CompileCompute(const Inst& inst, StepList* steps) {
    const ValueType& type = kernel_.type(inst.results[0]);
    Step step;
    step.kind = StepKind::kCompute;
    step.op.op = inst.op;
    step.op.direction = inst.direction;
    step.op.operand = kernel_.type(inst.operands[inst.op == OpCode::kSelect ? 1 : 0]).dtype;
    step.op.result = type.dtype;
    step.function = FindElementFunction(step.op);
    for (size_t i = 0; i < inst.operands.size(); ++i) {
      step.in[i] = Read(inst.operands[i], type.extents, steps);
    }
    step.n = NumSlots(inst.results[0]);
    step.out = Define(inst.results[0]);
    steps->push_back(std::move(step));
  }

  void CompileTileInst(const Inst& inst, StepList* steps) {
    const ValueType& from = kernel_.type(inst.operands[0]);
    const ValueType& to = kernel_.type(inst.results[0]);
    Step step;
    step.kind = StepKind::kSpread;
    step.in[0] = {slots_[inst.operands[0]], 1};
    step.n = NumSlots(inst.results[0]);
    step.out = Define(inst.results[0]);
    if (inst.kind == InstKind::kExtract) {
      step.table = {static_cast<int32_t>(inst.start)};
    } else if (inst.kind == InstKind::kSplat) {
      step.table = SpreadTable(from.extents, to.extents);
    } else {
      int64_t inner = 1;
      for (size_t axis = inst.axis + 1; axis < from.extents.size(); ++axis)
        inner *= from.extents[axis];
      const int64_t rows = to.extents[inst.axis];
      for (int64_t i = 0; i < step.n; ++i) {
        const int64_t outer = i / (rows * inner);
        const int64_t row = i / inner % rows + inst.start;
        step.table.push_back(
            static_cast<int32_t>((outer * from.extents[inst.axis] + row) * inner + i % inner));
      }
    }
    steps->push_back(std::move(step));
  }

  void CompileAccess(const Inst& inst, StepList* steps) {
    const bool store = inst.kind == InstKind::kStore;
    std::vector<int64_t> extents;
    const size_t first = store ? 1 : 0;
    for (size_t i = first; i < inst.operands.size(); ++i) {
      extents = *BroadcastExtents(extents, kernel_.type(inst.operands[i]).extents);
    }
    if (inst.lanes > 0) extents = {inst.lanes};
    Step step;
    step.kind = store ? StepKind::kStore : StepKind::kLoad;
    step.buffer = inst.buffer;
    step.lanes = inst.lanes;
    step.n = static_cast<int32_t>(ValueType{DType::kI64, extents}.num_elements());
    for (size_t i = first; i < inst.operands.size(); ++i) {
      step.indices.push_back(Read(inst.operands[i], extents, steps));
    }
    if (inst.mask != kNoValue) step.mask = Read(inst.mask, extents, steps);
    if (store) {
      step.in[0] = Read(inst.operands[0], extents, steps);
    } else {
      step.out = Define(inst.results[0]);
    }
    steps->push_back(std::move(step));
  }

  // Copies `from` to `to`, through temporaries where a source is overwritten by an earlier copy.
  std::vector<SlotCopy> Copies(const std::vector<int32_t>& from, const std::vector<int32_t>& to,
                               const std::vector<ValueId>& values) {
    std::vector<SlotCopy> direct, first;
    for (size_t i = 0; i < from.size(); ++i) {
      int32_t source = from[i];
      const int32_t count = NumSlots(values[i]);
      if (source == to[i]) continue;
      if (std::find(to.begin(), to.end(), source) != to.end()) {
        const int32_t temporary = NewSlots(count);
        first.push_back({source, temporary, count});
        source = temporary;
      }
      direct.push_back({source, to[i], count});
    }
    first.insert(first.end(), direct.begin(), direct.end());
    return first;
  }

  std::vector<int32_t> SlotsOf(const std::vector<ValueId>& values) const {
    std::vector<int32_t> slots;
    for (ValueId value : values) slots.push_back(slots_[value]);
    return slots;
  }

  void CompileFor(const Inst& inst, StepList* steps) {
    Step step;
    step.kind = StepKind::kFor;
    step.loop = inst.loop;
    step.is_top_parallel = &inst == parallel_loop_;
    step.step = inst.step;
    step.order_lanes = inst.order_lanes;
    step.in[0] = ReadScalar(inst.operands[0]);
    step.in[1] = ReadScalar(inst.operands[1]);
    const std::vector<ValueId> inits(inst.operands.begin() + 2, inst.operands.end());
    const Block& body = inst.blocks[0];
    step.iv = Define(body.params[0]);
    const std::vector<ValueId> carried(body.params.begin() + 1, body.params.end());
    for (ValueId value : carried) Define(value);
    for (ValueId value : inst.results) Define(value);
    step.enter = Copies(SlotsOf(inits), SlotsOf(carried), carried);
    CompileBlock(body, &step.body);
    step.next = Copies(SlotsOf(body.yields), SlotsOf(carried), carried);
    step.leave = Copies(SlotsOf(carried), SlotsOf(inst.results), carried);
    step.is_collective = ContainsCollective(body);
    if (inst.order_lanes > 1) CompileLanes(inst, carried, &step);
    steps->push_back(std::move(step));
  }

  // Lane l's carried values are at lane_slots + l * carried; the combiner works on its parameters.
  void CompileLanes(const Inst& inst, const std::vector<ValueId>& carried, Step* step) {
    step->lane_slots = NewSlots(inst.order_lanes * static_cast<int64_t>(carried.size()));
    const Block& combine = inst.blocks[1];
    for (ValueId value : combine.params) Define(value);
    CompileBlock(combine, &step->else_body);
    const std::vector<ValueId> left(combine.params.begin(),
                                    combine.params.begin() + carried.size());
    step->else_next = Copies(SlotsOf(combine.yields), SlotsOf(left), left);
    // The machine moves lanes as ranges of slots: these values are scalars defined one after the
    // other.
    const std::vector<int32_t> params = SlotsOf(combine.params);
    for (size_t i = 0; i < carried.size(); ++i) {
      CERMET_CHECK(slots_[carried[i]] == slots_[carried[0]] + static_cast<int32_t>(i));
      CERMET_CHECK(params[i + carried.size()] ==
                   params[0] + static_cast<int32_t>(i + carried.size()));
    }
    step->combine_slots = params.empty() ? -1 : params[0];
  }

  void CompileIf(const Inst& inst, StepList* steps) {
    Step step;
    step.kind = StepKind::kIf;
    step.in[0] = ReadScalar(inst.operands[0]);
    for (ValueId value : inst.results) Define(value);
    CompileBlock(inst.blocks[0], &step.body);
    step.next = Copies(SlotsOf(inst.blocks[0].yields), SlotsOf(inst.results), inst.results);
    CompileBlock(inst.blocks[1], &step.else_body);
    step.else_next = Copies(SlotsOf(inst.blocks[1].yields), SlotsOf(inst.results), inst.results);
    step.is_collective = ContainsCollective(inst.blocks[0]) || ContainsCollective(inst.blocks[1]);
    steps->push_back(std::move(step));
  }

  const Kernel& kernel_;
  CompiledKernel code_;
  const Inst* parallel_loop_ = nullptr;
  std::vector<int32_t> slots_;  // by value
  std::vector<bool> hoisted_;   // by value: computed in the prologue
};

}  // namespace

CompiledKernel CompileForInterpreter(const Kernel& kernel) { return Compiler(kernel).Run(); }

}  // namespace cermet::kernel
