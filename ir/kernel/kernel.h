// Kernel IR: structured SSA loops over buffers; what fusions are lowered to, scheduled in, and compiled from.
//
// A kernel has buffers (its operands, results and scratch), symbolic dims as run-time parameters, and a body of instructions. Values
// are scalars or tiles. A tile f32<6x16> holds one element per point of its axes. Operands of an instruction broadcast against each
// other: a scalar against anything, and extent 1 against any extent of the same axis (so f32<6x1> op f32<1x16> is f32<6x16>); ranks are
// equal otherwise. A schedule is a list of rewrites of this form (passes/schedule): naive kernels have scalars only; `tile` lifts a
// loop nest to tiles; `legalize` turns tiles into vectors (rank-1 tiles no wider than the target's registers), which is what emitters take.
//
// Everything is a plain value: copying a Kernel or a Block copies it deeply. Not thread safe to change.
#ifndef CERMET_IR_KERNEL_KERNEL_H_
#define CERMET_IR_KERNEL_KERNEL_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "ir/dim.h"
#include "ir/dtype.h"
#include "ir/graph.h"
#include "ir/op.h"
#include "ir/scalar_ops.h"
#include "ir/type.h"

namespace cermet::kernel {

using ValueId = int32_t;
inline constexpr ValueId kNoValue = -1;
// No tile has more elements.
inline constexpr int64_t kMaxTileElements = 1 << 16;

// A scalar (no extents) or a tile. Indices and extents are i64 scalars or tiles; conditions and masks are bool.
struct ValueType {
  DType dtype = DType::kI64;
  std::vector<int64_t> extents;  // positive; empty for a scalar

  bool IsScalar() const { return extents.empty(); }
  int64_t num_elements() const;
  std::string ToString() const;  // "f32", "f32<6x16>"
  friend bool operator==(const ValueType& a, const ValueType& b) { return a.dtype == b.dtype && a.extents == b.extents; }
  friend bool operator!=(const ValueType& a, const ValueType& b) { return !(a == b); }
};
// The extents of the broadcast of two types, or nullopt.
std::optional<std::vector<int64_t>> BroadcastExtents(const std::vector<int64_t>& a, const std::vector<int64_t>& b);

enum class MemorySpace : uint8_t {
  kGlobal,   // an argument of the kernel
  kScratch,  // CPU: one per worker, in the workspace; GPU: private to a thread
  kShared,   // GPU: one per block
};
enum class Access : uint8_t { kIn, kOut, kInOut };

// How a buffer was packed: dim `dim` of the logical shape is cut into blocks of `block`, the block number becomes the first dim and the
// position in the block the last; positions past the extent hold zeros. logical [K,N], dim 1, block 16 -> [ceil(N/16),K,16].
struct Packing {
  int64_t dim = 0;
  int64_t block = 1;
  Shape logical;  // the shape before packing
  Shape PackedShape() const;
  std::string ToString() const;  // "packed(dim 1 by 16 of [K,N])"
  friend bool operator==(const Packing& a, const Packing& b) {
    return a.dim == b.dim && a.block == b.block && a.logical == b.logical;
  }
};

// A dense row-major array. kGlobal buffers are the kernel's arguments in order; others come after them.
struct Buffer {
  std::string name;  // printed as %name; unique in the kernel
  DType dtype = DType::kF32;
  Shape shape;       // the physical shape, in the kernel's symbols
  MemorySpace space = MemorySpace::kGlobal;
  Access access = Access::kIn;
  std::optional<Packing> packing;  // kIn only: the argument must be packed so
};

enum class LoopKind : uint8_t {
  kSerial,
  kParallel,  // iterations are independent; the outermost one is cut over threads
  kUnrolled,  // serial, unrolled by `legalize`; constant bounds
  kBlock,     // GPU: over the grid; the outermost loop
  kThread,    // GPU: over the threads of a block; constant bounds
};

enum class InstKind : uint8_t {
  // results                    operands                                   other fields
  kConstant,    // 1            -                                          bits
  kDim,         // 1 (i64)      -                                          dim: a Dim over the kernel's symbols
  kIota,        // 1 (i64 tile) -                                          axis: 0,1,.. along it; other extents are 1
  kCompute,     // 1            1..3, as the op                            op (basic elementwise), direction; broadcasts
  kLoad,        // 1            an i64 index per buffer dim                buffer, mask?, lanes
  kStore,       // 0            value, then an index per buffer dim        buffer, mask?, lanes
  kSlice,       // 1 (tile)     tile                                       axis, start: elements start.. of `axis`
  kExtract,     // 1 (scalar)   rank-1 tile                                start: the element
  kSplat,       // 1 (tile)     scalar (or a tile that broadcasts to it)   -
  kFor,         // carried      lower, upper (i64), carried inits          loop, step, blocks[0](iv, carried) yields carried; order_lanes
  kIf,          // any          condition (bool scalar)                    blocks[0], blocks[1] yield the results
  kBarrier,     // 0            -                                          GPU: all threads of the block meet
  kCheck,       // 0            condition (bool scalar), index (i64)       code, message: fails the run if false
};

struct Inst;
struct Block {
  std::vector<ValueId> params;  // kFor: the induction variable, then the carried values
  std::vector<Inst> insts;
  std::vector<ValueId> yields;
};

// Loads and stores: with `lanes` == 0, indices are scalars or tiles that broadcast, element by element; the type of a loaded value is their
// broadcast. With `lanes` = n > 0, indices are scalars and the access is to n consecutive elements of the last dim: a rank-1 tile.
// Where a mask (bool, broadcasting to the access) is false, a load gives zero and touches no memory, and a store does nothing.
// Every unmasked index is inside the buffer: the interpreter checks it, compiled code relies on it.
//
// A kFor with order_lanes = L > 1 (serial, scalar carried values) is a reduction in the order `lanes(L)` of ir/order.h: it keeps L copies
// of the carried values, each starting from the inits; iteration number i works on copy i mod L; at the end the copies are combined by
// halving (copy l with copy l + L/2, then L/4, ...) with blocks[1], whose params are the left and then the right values.
// The schedule rewrites it to tiles of L lanes.
struct Inst {
  InstKind kind = InstKind::kConstant;
  std::vector<ValueId> results;
  std::vector<ValueId> operands;
  ValueId mask = kNoValue;

  OpCode op = OpCode::kAdd;
  CompareDirection direction = CompareDirection::kEq;
  ScalarBits bits = 0;
  Dim dim;
  int32_t buffer = -1;  // index into Kernel::buffers
  int64_t lanes = 0;
  int64_t axis = 0;
  int64_t start = 0;
  LoopKind loop = LoopKind::kSerial;
  int64_t step = 1;       // positive
  int64_t order_lanes = 1;  // kFor: > 1 makes a lanes loop, see below
  std::string iv_name;    // a hint for printing the induction variable
  int64_t code = 0;
  std::string message;
  std::vector<Block> blocks;
};

struct Kernel {
  std::string name;  // from the user's node names; a C identifier
  Location location;
  std::vector<Buffer> buffers;
  std::vector<ValueType> value_types;  // by ValueId
  Block body;

  ValueId NewValue(ValueType type);
  const ValueType& type(ValueId value) const { return value_types[value]; }
  // The symbols of all shapes and kDim instructions, in order of first occurrence: the run-time dims of the kernel.
  std::vector<std::string> Symbols() const;
  int64_t num_arguments() const;  // kGlobal buffers
  // The top-level parallel (or block) loop: the body is one such loop, possibly after scalar instructions that it uses.
  const Inst* ParallelLoop() const;
};

// Appends instructions to a block of a kernel. Types of results are computed here. Not thread safe.
class KernelBuilder {
 public:
  KernelBuilder(Kernel* kernel, Block* block) : kernel_(kernel), block_(block) {}
  Kernel* kernel() const { return kernel_; }
  Block* block() const { return block_; }

  ValueId Constant(DType dtype, ScalarBits bits);
  ValueId Index(int64_t value);           // an i64 constant
  ValueId DimValue(const Dim& dim);       // a constant if the Dim is
  ValueId Iota(std::vector<int64_t> extents, int64_t axis);
  ValueId Compute(OpCode op, std::vector<ValueId> operands);           // result type by the usual rule
  ValueId Compare(CompareDirection direction, ValueId a, ValueId b);
  ValueId Convert(ValueId value, DType dtype);
  ValueId Bitcast(ValueId value, DType dtype);
  ValueId Add(ValueId a, ValueId b) { return Compute(OpCode::kAdd, {a, b}); }
  ValueId Sub(ValueId a, ValueId b) { return Compute(OpCode::kSub, {a, b}); }
  ValueId Mul(ValueId a, ValueId b) { return Compute(OpCode::kMul, {a, b}); }
  // Quotient and remainder of a non-negative index by a positive value: a kDiv or kRem. Schedules keep indices non-negative (a clamp
  // or mask comes first), where rounding towards zero is rounding down.
  ValueId FloorDiv(ValueId a, ValueId b);
  ValueId FloorMod(ValueId a, ValueId b);
  ValueId Load(int32_t buffer, std::vector<ValueId> indices, ValueId mask = kNoValue, int64_t lanes = 0);
  void Store(int32_t buffer, ValueId value, std::vector<ValueId> indices, ValueId mask = kNoValue, int64_t lanes = 0);
  ValueId Slice(ValueId tile, int64_t axis, int64_t start, int64_t size);
  ValueId Extract(ValueId tile, int64_t lane);
  ValueId Splat(ValueId value, std::vector<int64_t> extents);
  void Barrier();
  void Check(ValueId condition, ValueId index, int64_t code, std::string message);

  // Appends a loop; `body` gets a builder for the loop's block, the induction variable and the carried values, and returns the
  // values to yield. Returns the loop's results.
  std::vector<ValueId> For(ValueId lower, ValueId upper, int64_t step, LoopKind loop, absl::string_view iv_name,
                           const std::vector<ValueId>& inits,
                           const std::function<std::vector<ValueId>(KernelBuilder&, ValueId, const std::vector<ValueId>&)>& body);
  // A lanes loop over [lower, upper) with step 1; `combine` gets the left and the right values.
  std::vector<ValueId> ForLanes(
      ValueId lower, ValueId upper, int64_t order_lanes, absl::string_view iv_name, const std::vector<ValueId>& inits,
      const std::function<std::vector<ValueId>(KernelBuilder&, ValueId, const std::vector<ValueId>&)>& body,
      const std::function<std::vector<ValueId>(KernelBuilder&, const std::vector<ValueId>&, const std::vector<ValueId>&)>& combine);
  std::vector<ValueId> If(ValueId condition, const std::function<std::vector<ValueId>(KernelBuilder&)>& then_body,
                          const std::function<std::vector<ValueId>(KernelBuilder&)>& else_body);
  // Appends a copy of `inst` whose results have been allotted already.
  void Append(Inst inst) { block_->insts.push_back(std::move(inst)); }

 private:
  Kernel* kernel_;
  Block* block_;
};

}  // namespace cermet::kernel

#endif  // CERMET_IR_KERNEL_KERNEL_H_
