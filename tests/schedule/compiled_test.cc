// Scheduled kernels in machine code: the bits of the interpreter, for 64-byte and for 32-byte
// schedules. What was scheduled for 64-byte vectors also runs on machines with narrower ones.
#include <gtest/gtest.h>

#include "passes/schedule/pack.h"
#include "passes/schedule/schedule_cpu.h"
#include "tests/codegen/compiled_kernels.h"
#include "tests/schedule/naive_kernels.h"
#include "tests/schedule/schedule_testing.h"

namespace cermet::schedule {
namespace {

class CompiledScheduleTest : public ::testing::TestWithParam<NaiveKernel> {};

TEST_P(CompiledScheduleTest, HasTheInterpretersBits) {
  for (const Target& target : {Avx2(), Avx512()}) {
    kernel::Kernel kernel = ParseKernel(GetParam().text);
    ASSERT_TRUE(ScheduleCpu(&kernel, target, ScheduleOptions(), nullptr).ok());
    std::vector<cermet::testing::Array> arguments;
    for (std::vector<uint8_t>& bytes : RandomArguments(kernel, GetParam().dims, 3)) {
      arguments.emplace_back();
      arguments.back().dtype = kernel.buffers[arguments.size() - 1].dtype;
      arguments.back().bytes = std::move(bytes);
    }
    cermet::testing::ExpectSameAsInterpreter(kernel, arguments, GetParam().dims, 2);
  }
}

INSTANTIATE_TEST_SUITE_P(All, CompiledScheduleTest, ::testing::ValuesIn(NaiveKernels()),
                         [](const ::testing::TestParamInfo<NaiveKernel>& info) {
                           return info.param.name;
                         });

}  // namespace
}  // namespace cermet::schedule
