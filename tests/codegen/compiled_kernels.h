// Compiles hand-built kernels as one program and runs them over plain arrays.
#ifndef CERMET_TESTS_CODEGEN_COMPILED_KERNELS_H_
#define CERMET_TESTS_CODEGEN_COMPILED_KERNELS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "ir/dim.h"
#include "ir/kernel/kernel.h"
#include "ir/program/host_abi.h"
#include "ir/program/program.h"
#include "ir/target.h"

namespace cermet::testing {

// One argument of a kernel: elements in memory form.
struct Array {
  DType dtype = DType::kF32;
  std::vector<uint8_t> bytes;

  Array() = default;
  Array(DType dtype, int64_t elements) : dtype(dtype), bytes(elements * ByteSize(dtype)) {}
  int64_t size() const { return static_cast<int64_t>(bytes.size()) / ByteSize(dtype); }
  uint64_t Get(int64_t i) const;
  void Set(int64_t i, uint64_t bits);
};

template <typename T>
Array MakeArray(DType dtype, const std::vector<T>& values) {
  Array array;
  array.dtype = dtype;
  const auto* const begin = reinterpret_cast<const uint8_t*>(values.data());
  array.bytes.assign(begin, begin + values.size() * sizeof(T));
  return array;
}

// A program that launches `kernels` one after another. The arguments of all kernels, in order, are
// its buffers: those a kernel only reads are inputs, the others outputs.
program::Program LaunchAll(const std::vector<kernel::Kernel>& kernels, int64_t grain);

// Runs a program of LaunchAll by the JIT; `arguments` are all kernels' arguments in order, outputs
// are written in place. The host has `workers` threads and cuts parallel loops in ranges of the
// grain. Fails the test if compilation fails. Returns the entry's result.
int32_t RunCompiled(const program::Program& program, const Target& target,
                    std::vector<Array>* arguments, const DimBindings& dims, int workers = 1,
                    CermetError* error = nullptr);

// Runs `kernel` compiled for every target of TestTargets() and by the interpreter, and expects
// equal results. A NaN equals any NaN.
void ExpectSameAsInterpreter(const kernel::Kernel& kernel, const std::vector<Array>& arguments,
                             const DimBindings& dims = {}, int workers = 1);

// This machine with 64-byte vectors if it has them, and a 32-byte AVX2 target.
std::vector<Target> TestTargets();

// Makes all NaNs of a float array one NaN: which NaN an operation gives is not defined.
void CanonicalizeNans(Array* array);

}  // namespace cermet::testing

#endif  // CERMET_TESTS_CODEGEN_COMPILED_KERNELS_H_
