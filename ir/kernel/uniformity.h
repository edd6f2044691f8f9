// Which control flow is the same for all threads of a block.
#ifndef CERMET_IR_KERNEL_UNIFORMITY_H_
#define CERMET_IR_KERNEL_UNIFORMITY_H_

#include "ir/kernel/kernel.h"

namespace cermet::kernel {

// Instructions that the threads of a block, or of a warp, run together: barriers, shuffles, mma.
bool IsCollective(InstKind kind);
// True if the block, or one nested in it, holds one.
bool ContainsCollective(const Block& block);
// One that stands in a loop or branch, inside the thread loops, whose bounds or condition may
// differ between threads of the block; null if there is none.
const Inst* FindDivergent(const Kernel& kernel);

}  // namespace cermet::kernel

#endif  // CERMET_IR_KERNEL_UNIFORMITY_H_
