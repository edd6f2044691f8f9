// Which control flow is the same for all threads of a block.
#ifndef CERMET_IR_KERNEL_UNIFORMITY_H_
#define CERMET_IR_KERNEL_UNIFORMITY_H_

#include "ir/kernel/kernel.h"

namespace cermet::kernel {

// True if the block, or one nested in it, holds a barrier.
bool ContainsBarrier(const Block& block);
// True if a barrier stands in a loop or branch, inside the thread loops, whose bounds or condition
// may differ between threads.
bool HasDivergentBarrier(const Kernel& kernel);

}  // namespace cermet::kernel

#endif  // CERMET_IR_KERNEL_UNIFORMITY_H_
