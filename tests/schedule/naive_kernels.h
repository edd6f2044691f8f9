// Naive kernels that every schedule is tested on.
#ifndef CERMET_TESTS_SCHEDULE_NAIVE_KERNELS_H_
#define CERMET_TESTS_SCHEDULE_NAIVE_KERNELS_H_

#include <ostream>
#include <string>
#include <vector>

#include "ir/dim.h"

namespace cermet::schedule {

struct NaiveKernel {
  std::string name;
  std::string text;
  DimBindings dims;
};
void PrintTo(const NaiveKernel& kernel, std::ostream* out);

const std::vector<NaiveKernel>& NaiveKernels();

}  // namespace cermet::schedule

#endif  // CERMET_TESTS_SCHEDULE_NAIVE_KERNELS_H_
