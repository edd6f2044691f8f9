// The interpreter is the judge: the same random arguments before and after.
#include "tests/schedule/schedule_testing.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>

#include "absl/strings/str_cat.h"
#include "ir/kernel/interpreter/interpreter.h"
#include "ir/kernel/text.h"
#include "ir/kernel/verifier.h"
#include "ir/scalar_ops.h"
#include "ir/status.h"
#include "passes/schedule/pack.h"

namespace cermet::schedule {
namespace {

int64_t NumElements(const Shape& shape, const DimBindings& dims) {
  int64_t product = 1;
  for (const Dim& dim : shape) product *= *dim.Evaluate(dims);
  return product;
}

ScalarBits RandomElement(DType dtype, std::mt19937* random) {
  if (dtype == DType::kBool) return (*random)() & 1;
  if (IsFloat(dtype))
    return BitsFromFloat(dtype, std::uniform_real_distribution<double>(-2, 2)(*random));
  return BitsFromInt(dtype,
                     static_cast<int64_t>((*random)() % 17) - (IsSignedInteger(dtype) ? 8 : 0));
}

// A packed copy of an argument.
absl::StatusOr<std::vector<uint8_t>> Packed(const kernel::Buffer& buffer,
                                            const std::vector<uint8_t>& logical,
                                            const DimBindings& dims) {
  const kernel::Kernel pack = NaivePackKernel(*buffer.packing, buffer.dtype);
  std::vector<uint8_t> from = logical;
  std::vector<uint8_t> to(NumElements(buffer.shape, dims) * ByteSize(buffer.dtype));
  void* pointers[] = {from.data(), to.data()};
  CERMET_RETURN_IF_ERROR(kernel::Interpret(pack, pointers, dims));
  return to;
}

}  // namespace

kernel::Kernel ParseKernel(const std::string& text) {
  absl::StatusOr<std::vector<kernel::Kernel>> kernels = kernel::ParseKernels(text, "test");
  absl::Status status = kernels.status();
  if (status.ok()) status = kernel::Verify((*kernels)[0]);
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    std::abort();
  }
  return (*kernels)[0];
}

Arguments RandomArguments(const kernel::Kernel& kernel, const DimBindings& dims, uint32_t seed) {
  std::mt19937 random(seed);
  Arguments arguments;
  for (const kernel::Buffer& buffer : kernel.buffers) {
    if (buffer.space != kernel::MemorySpace::kGlobal) continue;
    const int64_t size = ByteSize(buffer.dtype), elements = NumElements(buffer.shape, dims);
    std::vector<uint8_t> bytes(elements * size);
    for (int64_t i = 0; i < elements; ++i) {
      const ScalarBits bits = RandomElement(buffer.dtype, &random);
      std::memcpy(bytes.data() + i * size, &bits, size);
    }
    arguments.push_back(std::move(bytes));
  }
  return arguments;
}

absl::StatusOr<Arguments> RunKernel(const kernel::Kernel& kernel, const Arguments& arguments,
                                    const DimBindings& dims) {
  CERMET_RETURN_IF_ERROR(kernel::Verify(kernel));
  Arguments memory = arguments;
  Arguments packed = arguments;
  std::vector<void*> pointers;
  for (size_t i = 0; i < memory.size(); ++i) {
    if (kernel.buffers[i].packing) {
      CERMET_ASSIGN_OR_RETURN(packed[i], Packed(kernel.buffers[i], arguments[i], dims));
      pointers.push_back(packed[i].data());
    } else {
      pointers.push_back(memory[i].data());
    }
  }
  CERMET_RETURN_IF_ERROR(kernel::Interpret(kernel, pointers, dims));
  return memory;
}

absl::Status CompareKernels(const kernel::Kernel& before, const kernel::Kernel& after,
                            const DimBindings& dims) {
  const Arguments arguments = RandomArguments(before, dims, 7);
  CERMET_ASSIGN_OR_RETURN(const Arguments a, RunKernel(before, arguments, dims));
  CERMET_ASSIGN_OR_RETURN(const Arguments b, RunKernel(after, arguments, dims));
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i])
      return absl::InternalError(absl::StrCat("%", before.buffers[i].name, " changed"));
  }
  return absl::OkStatus();
}

void ExpectSameBits(const kernel::Kernel& before, const kernel::Kernel& after,
                    const DimBindings& dims) {
  const absl::Status status = CompareKernels(before, after, dims);
  EXPECT_TRUE(status.ok()) << status << "\n" << kernel::Print(after);
}

Target Avx2() {
  Target target;
  target.vector_bytes = 32;
  target.vector_registers = 16;
  return target;
}

Target Avx512() {
  Target target;
  target.vector_bytes = 64;
  target.vector_registers = 32;
  return target;
}

}  // namespace cermet::schedule
