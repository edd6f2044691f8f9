// Runs kernels before and after rewrites on the same random data.
#ifndef CERMET_TESTS_SCHEDULE_SCHEDULE_TESTING_H_
#define CERMET_TESTS_SCHEDULE_SCHEDULE_TESTING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ir/dim.h"
#include "ir/kernel/kernel.h"
#include "ir/target.h"

namespace cermet::schedule {

// The only kernel of a text; aborts the test binary with the error if it does not parse or verify.
kernel::Kernel ParseKernel(const std::string& text);

// Arguments of `kernel` under `dims`: seeded random contents, also for outputs.
using Arguments = std::vector<std::vector<uint8_t>>;
Arguments RandomArguments(const kernel::Kernel& kernel, const DimBindings& dims, uint32_t seed);

// Runs the kernel with the interpreter on a copy of the arguments, packing those that it wants
// packed. Returns the arguments afterwards, those that were packed as they came.
absl::StatusOr<Arguments> RunKernel(const kernel::Kernel& kernel, const Arguments& arguments,
                                    const DimBindings& dims);

// An error unless both kernels give the same bits for every output.
absl::Status CompareKernels(const kernel::Kernel& before, const kernel::Kernel& after,
                            const DimBindings& dims);
// CompareKernels as a test's expectation.
void ExpectSameBits(const kernel::Kernel& before, const kernel::Kernel& after,
                    const DimBindings& dims);

// CPUs with 16 registers of 32 bytes and 32 of 64.
Target Avx2();
Target Avx512();

}  // namespace cermet::schedule

#endif  // CERMET_TESTS_SCHEDULE_SCHEDULE_TESTING_H_
