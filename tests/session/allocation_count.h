// How much the test program has allocated so far.
#ifndef CERMET_TESTS_SESSION_ALLOCATION_COUNT_H_
#define CERMET_TESTS_SESSION_ALLOCATION_COUNT_H_

#include <cstdint>

namespace cermet {

// False under sanitizers, which have allocators of their own: tests that count are skipped.
extern const bool kCountsAllocations;

int64_t Allocations();  // calls of operator new
int64_t TensorBytes();  // allocated for values of tensors (aligned_alloc)

}  // namespace cermet

#endif  // CERMET_TESTS_SESSION_ALLOCATION_COUNT_H_
