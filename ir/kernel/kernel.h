// Kernel IR: structured SSA loops over buffers; what fusions are lowered to, scheduled in, and
// compiled from.
//
// A kernel has buffers (its operands, results and scratch), symbolic dims as run-time parameters,
// and a body of instructions. Values are scalars or tiles. A tile f32<6x16> holds one element per
// point of its axes. Operands of an instruction broadcast against each other: a scalar against
// anything, and extent 1 against any extent of the same axis (so f32<6x1> op f32<1x16> is
// f32<6x16>); ranks are equal otherwise. A schedule is a list of rewrites of this form
// (passes/schedule): naive kernels have scalars only; `tile` lifts a loop nest to tiles; `legalize`
// turns tiles into vectors (rank-1 tiles no wider than the target's registers), which is what
// emitters take. On GPUs a tile may be a fragment, a thread's part of a matrix that its warp holds
// (fragment.h).
//
// Everything is a plain value: copying a Kernel or a Block copies it deeply. Not thread safe to
// change. builder.h appends instructions.
#ifndef CERMET_IR_KERNEL_KERNEL_H_
#define CERMET_IR_KERNEL_KERNEL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
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

// How the threads of a warp hold a matrix between them (fragment.h); the rows and columns are in
// the name. a, b and c are the places of an operand of mma.
enum class Fragment : uint8_t { kNone, kA16x8, kB8x8, kA16x16, kB16x8, kC16x8 };

// A scalar (no extents) or a tile. Indices and extents are i64 scalars or tiles; conditions and
// masks are bool.
struct ValueType {
  DType dtype = DType::kI64;
  std::vector<int64_t> extents;  // positive; empty for a scalar. Of a fragment: a thread's elements
  Fragment fragment = Fragment::kNone;

  bool IsScalar() const { return extents.empty(); }
  int64_t num_elements() const;
  std::string ToString() const;    // "f32", "f32<6x16>", "f32<4 c16x8>"
  std::string TileString() const;  // "", "<6x16>", "<4 c16x8>"
  friend bool operator==(const ValueType& a, const ValueType& b) {
    return a.dtype == b.dtype && a.extents == b.extents && a.fragment == b.fragment;
  }
  friend bool operator!=(const ValueType& a, const ValueType& b) { return !(a == b); }
};
// The extents of the broadcast of two types, or nullopt.
std::optional<std::vector<int64_t>> BroadcastExtents(const std::vector<int64_t>& a,
                                                     const std::vector<int64_t>& b);
// The type of elements `dtype` that two types broadcast to, or nullopt. A fragment goes with
// scalars and fragments of its own kind.
std::optional<ValueType> BroadcastTypes(DType dtype, const ValueType& a, const ValueType& b);

enum class MemorySpace : uint8_t {
  kGlobal,   // an argument of the kernel
  kScratch,  // CPU: one per worker, in the workspace; GPU: private to a thread
  kShared,   // GPU: one per block
};
enum class Access : uint8_t { kIn, kOut, kInOut };

// How a buffer was packed: dim `dim` of the logical shape is cut into blocks of `block`, the block
// number becomes the first dim and the position in the block the last; positions past the extent
// hold zeros. logical [K,N], dim 1, block 16 -> [ceil(N/16),K,16].
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

// A dense row-major array. kGlobal buffers are the kernel's arguments in order; others come after.
struct Buffer {
  std::string name;  // printed as %name; unique in the kernel
  DType dtype = DType::kF32;
  Shape shape;  // the physical shape, in the kernel's symbols
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
#define CERMET_KERNEL_INST(Enum, ...) k##Enum,
#include "ir/kernel/insts.def"
#undef CERMET_KERNEL_INST
};
enum class InstEffect : uint8_t { kPure, kReads, kActs, kNested };
enum class InstPlace : uint8_t { kAnywhere, kThread, kWarp, kBlock };

// A row of insts.def, which explains the fields.
struct InstInfo {
  InstKind kind;
  absl::string_view name;
  int results;   // -1: varies
  int operands;  // -1: varies
  InstEffect effect;
  InstPlace place;
  absl::string_view text;
  absl::string_view meaning;
};
// All rows, in table order.
absl::Span<const InstInfo> AllInsts();
const InstInfo& Info(InstKind kind);
inline absl::string_view Name(InstKind kind) { return Info(kind).name; }

// Whose value a shuffle gives to lane l of a warp: that of l ^ n, of l + n (its own where there is
// no such lane), or of n.
enum class ShuffleKind : uint8_t { kXor, kDown, kLane };
// The mode of an mma: what the elements of `a` and `b` are rounded to (f32 to tf32), or are.
enum class MmaMode : uint8_t { kTf32, kF16, kBf16 };
absl::string_view Name(ShuffleKind kind);
absl::string_view Name(MmaMode mode);

struct Inst;
struct Block {
  std::vector<ValueId> params;  // kFor: the induction variable, then the carried values
  std::vector<Inst> insts;
  std::vector<ValueId> yields;
};

// Loads and stores: with `lanes` == 0, indices are scalars or tiles that broadcast, element by
// element; the type of a loaded value is their broadcast. With `lanes` = n > 0, indices are scalars
// and the access is to n consecutive elements of the last dim: a rank-1 tile. Where a mask (bool,
// broadcasting to the access) is false, a load gives zero and touches no memory, and a store does
// nothing. Every unmasked index is inside the buffer: the interpreter checks it, compiled code
// relies on it.
//
// A kFor with order_lanes = L > 1 (serial, scalar carried values) is a reduction in the order
// `lanes(L)` of ir/order.h: it keeps L copies of the carried values, each starting from the inits;
// iteration number i works on copy i mod L; at the end the copies are combined by halving (copy l
// with copy l + L/2, then L/4, ...) with blocks[1], whose params are the left and then the right
// values. The schedule rewrites it to tiles of L lanes.
//
// A kCopyAsync copies max(lanes, 1) elements from `source` to `buffer`, both addressed by scalars;
// the copy's 4, 8 or 16 bytes are aligned to their number in both buffers. It belongs to the group
// that the thread's next kCommit closes, and is done once the thread has waited for that group;
// other threads see it after a barrier. Until then its elements may not be touched, and the
// interpreter sees to that. No copy is under way when a thread ends.
struct Inst {
  InstKind kind = InstKind::kConstant;
  std::vector<ValueId> results;
  // kCompute: as the op. kLoad: an i64 index per dim of the buffer. kStore: the value, then the
  // indices. kFor: lower and upper bound (i64), then the carried inits. kIf: the condition (bool).
  // kCheck: condition (bool), index (i64). kCopyAsync: the indices of `buffer`, then of `source`.
  // kMma: a, b, c.
  std::vector<ValueId> operands;
  ValueId mask = kNoValue;  // kLoad, kStore, kCopyAsync

  OpCode op = OpCode::kAdd;  // kCompute: a basic elementwise op
  CompareDirection direction = CompareDirection::kEq;
  ScalarBits bits = 0;                      // kConstant
  Dim dim;                                  // kDim: over the kernel's symbols
  int32_t buffer = -1;                      // kLoad, kStore, kCopyAsync: into Kernel::buffers
  int32_t source = -1;                      // kCopyAsync: likewise
  int64_t lanes = 0;                        // kLoad, kStore, kCopyAsync
  int64_t axis = 0;                         // kIota, kSlice
  int64_t start = 0;                        // kSlice: elements start.. of `axis`; kExtract
  ShuffleKind shuffle = ShuffleKind::kXor;  // kShuffle
  int64_t count = 0;                        // kShuffle: the n; kWait: groups left under way
  MmaMode mma = MmaMode::kF16;              // kMma
  LoopKind loop = LoopKind::kSerial;        // kFor
  int64_t step = 1;                         // kFor: positive
  int64_t order_lanes = 1;                  // kFor: > 1 makes a lanes loop
  std::string iv_name;                      // kFor: a hint for printing the induction variable
  int64_t code = 0;                         // kCheck
  std::string message;                      // kCheck
  // kFor: blocks[0](iv, carried) yields carried; with order_lanes: blocks[1] combines. kIf: then
  // and else, which yield the results.
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
  // The symbols of all shapes and kDim instructions, in order of first occurrence: the run-time
  // dims of the kernel.
  std::vector<std::string> Symbols() const;
  int64_t num_arguments() const;  // kGlobal buffers
  // The top-level parallel (or block) loop: the body is one such loop, possibly after scalar
  // instructions that it uses.
  const Inst* ParallelLoop() const;
};

}  // namespace cermet::kernel

#endif  // CERMET_IR_KERNEL_KERNEL_H_
