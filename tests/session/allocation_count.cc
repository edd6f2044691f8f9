// Replaces the allocation functions of this test program by ones that count.
#include "tests/session/allocation_count.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {
std::atomic<int64_t> allocations{0};
std::atomic<int64_t> tensor_bytes{0};
}  // namespace

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
void* operator new(size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size);
}
void operator delete(void* pointer) noexcept { std::free(pointer); }
void operator delete(void* pointer, size_t) noexcept { std::free(pointer); }
extern "C" void* aligned_alloc(size_t alignment, size_t size) {
  tensor_bytes.fetch_add(static_cast<int64_t>(size), std::memory_order_relaxed);
  return memalign(alignment, size);
}
const bool cermet::kCountsAllocations = true;
#else
const bool cermet::kCountsAllocations = false;
#endif

namespace cermet {

int64_t Allocations() { return allocations.load(); }
int64_t TensorBytes() { return tensor_bytes.load(); }

}  // namespace cermet
