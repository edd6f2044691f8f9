// The invariants of kernel IR.
//
//  1. Buffer names are distinct; kGlobal buffers come first; scratch and shared shapes are
//     constant; only kGlobal buffers are packed, and their shape is the packed shape.
//  2. Every value is defined once, before its uses, in an enclosing or the same block.
//  3. Operand counts and types are those of the instruction; tiles broadcast; carried, yielded and
//     result types agree. Loops and branches alone have bodies.
//  4. Stores go to buffers with access out or inout (or scratch, shared); loads from in, inout,
//     scratch or shared; as many indices as dims.
//  5. Loop steps are positive; unrolled and thread loops have constant bounds; parallel, block and
//     thread loops carry nothing; block loops are outermost; a block loop holds at most one nest of
//     thread loops, which stand directly in it or in one another.
//  6. Only serial loops have order lanes: a power of two, with a combiner that takes the carried
//     values twice and yields them once.
//  7. Compute ops are basic elementwise ops with operand types that their row allows.
//  8. Instructions stand where their row (insts.def) says. Barriers, shuffles and mma, which
//     threads run together, stand under control flow that is the same for all threads of the block;
//     shuffles, mma and what gives a fragment in an innermost thread loop over whole warps, from 0
//     to a multiple of 32.
//  9. A thread's elements of a fragment are as many as fragment.h says; fragments broadcast with
//     scalars and their own kind only. An mma has the operand types of its mode.
// 10. Shuffles take scalars, from lanes of the warp. Copies take 4, 8 or 16 bytes of one element
//     type from an argument to a shared buffer.
//
// After `legalize` (VerifyLegal): tiles have rank 1 and at most `max_vector_bytes` bytes; no tile
// indices except in masked or gathered loads; no unrolled loops; no order lanes.
#ifndef CERMET_IR_KERNEL_VERIFIER_H_
#define CERMET_IR_KERNEL_VERIFIER_H_

#include "absl/status/status.h"
#include "ir/kernel/kernel.h"

namespace cermet::kernel {

absl::Status Verify(const Kernel& kernel);
absl::Status VerifyLegal(const Kernel& kernel, int64_t max_vector_bytes);

}  // namespace cermet::kernel

#endif  // CERMET_IR_KERNEL_VERIFIER_H_
