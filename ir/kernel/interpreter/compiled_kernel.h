// The flat form that the interpreter runs; internal to it.
//
// Every value has a range of 64-bit slots in a register file, one per element. Operands that
// broadcast along some of their axes are first spread over a temporary, so that every operand is
// read with stride 0 (scalars) or 1. Constants, dims and what is computed from them alone stand in
// the prologue, which runs once per run.
#ifndef CERMET_IR_KERNEL_INTERPRETER_COMPILED_KERNEL_H_
#define CERMET_IR_KERNEL_INTERPRETER_COMPILED_KERNEL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "ir/kernel/fragment.h"
#include "ir/kernel/interpreter/element_ops.h"
#include "ir/kernel/kernel.h"

namespace cermet::kernel {

// Elements of a value in the register file.
struct SlotRef {
  int32_t slot = -1;
  int32_t stride = 0;
};

enum class StepKind : uint8_t {
  kCompute,   // out[i] = op(in...), n elements
  kSpread,    // out[i] = in[0][table[i]]
  kIota,      // out[i] = i
  kFragment,  // out[i] = the row (axis 0) or column (1) of element i of a fragment, on this thread
  kDim,       // out = the value of the kernel's dim expression `dim_index`
  kConstant,  // out = bits
  kLoad,      // out[i] = buffer[indices...[i]]
  kStore,     // buffer[indices...[i]] = in[0][i]
  kFor,
  kIf,
  kCheck,
  kBarrier,
  kShuffle,    // out = in[0] of another thread of the warp
  kCopyAsync,  // buffer[indices...] = source[indices...], lanes elements, later
  kCommit,
  kWait,
  kMma,  // out = in[2] + in[0] in[1], all fragments
};

struct Step;
using StepList = std::vector<Step>;

// A copy of `count` slots, for carried and yielded values.
struct SlotCopy {
  int32_t from = 0;
  int32_t to = 0;
  int32_t count = 0;
};

struct Step {
  StepKind kind = StepKind::kCompute;
  bool is_collective = false;  // itself or in a nested list: threads run it together
  int32_t n = 1;               // elements
  int32_t out = -1;
  ElementFunction function = nullptr;
  ScalarOp op;
  SlotRef in[3];
  std::vector<int32_t> table;  // kSpread
  ScalarBits bits = 0;         // kConstant
  int32_t dim_index = 0;       // kDim
  int32_t buffer = -1;         // kLoad, kStore, kCopyAsync
  int32_t source = -1;         // kCopyAsync
  std::vector<SlotRef> indices;
  std::vector<SlotRef> source_indices;
  SlotRef mask;  // slot -1: none
  int64_t lanes = 0;
  FragmentAxis fragment;  // kFragment
  ShuffleKind shuffle = ShuffleKind::kXor;
  int64_t count = 0;  // kShuffle, kWait
  MmaMode mma = MmaMode::kF16;
  LoopKind loop = LoopKind::kSerial;  // kFor: in[0], in[1] are the bounds
  bool is_top_parallel = false;
  int64_t step = 1;
  int64_t order_lanes = 1;
  int32_t lane_slots = -1;     // order_lanes sets of the carried values
  int32_t combine_slots = -1;  // the combiner's parameters
  int32_t iv = -1;
  std::vector<SlotCopy> enter;  // inits to carried
  std::vector<SlotCopy> next;   // yields to carried (or to results, for kIf), safe in this order
  std::vector<SlotCopy> leave;  // carried to results
  StepList body;
  StepList else_body;  // kIf: otherwise; kFor: the combiner
  std::vector<SlotCopy> else_next;
  int64_t code = 0;  // kCheck: in[0] the condition, in[1] the index
  std::string message;
};

struct CompiledKernel {
  StepList prologue;
  StepList body;
  int32_t num_slots = 0;
  std::vector<Dim> dims;                 // of kDim steps
  std::vector<int64_t> private_offsets;  // by buffer: into scratch or shared memory, or -1
  int64_t scratch_bytes = 0;
  int64_t shared_bytes = 0;
  std::vector<int64_t> shared_elements;  // by buffer: its place in the race records, or -1
  int64_t num_shared_elements = 0;
};

CompiledKernel CompileForInterpreter(const Kernel& kernel);

}  // namespace cermet::kernel

#endif  // CERMET_IR_KERNEL_INTERPRETER_COMPILED_KERNEL_H_
