// Removes instructions, results of conditionals and values that nothing uses, and renumbers values
// in order of definition.
#ifndef CERMET_PASSES_SCHEDULE_REMOVE_DEAD_H_
#define CERMET_PASSES_SCHEDULE_REMOVE_DEAD_H_

#include "ir/kernel/kernel.h"

namespace cermet::schedule {

void RemoveDeadInstructions(kernel::Kernel* kernel);

}  // namespace cermet::schedule

#endif  // CERMET_PASSES_SCHEDULE_REMOVE_DEAD_H_
