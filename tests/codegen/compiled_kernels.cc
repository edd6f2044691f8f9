// A host for compiled programs in the smallest form: its parallel_for gives ranges to threads in
// turn.
#include "tests/codegen/compiled_kernels.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>

#include "codegen/jit.h"
#include "codegen/target.h"
#include "ir/kernel/interpreter/interpreter.h"
#include "ir/kernel/text.h"

namespace cermet::testing {
namespace {

void ParallelFor(void* pool, int64_t n, int64_t grain, CermetBody body, void* context) {
  const int workers = *static_cast<int*>(pool);
  std::vector<std::thread> threads;
  for (int w = 0; w < workers; ++w) {
    threads.emplace_back([=] {
      for (int64_t begin = w * grain; begin < n; begin += workers * grain) {
        body(context, w, begin, std::min(begin + grain, n));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

bool IsNan(DType dtype, uint64_t bits) {
  if (dtype == DType::kF16) return (bits & 0x7fff) > 0x7c00;
  if (dtype == DType::kBF16) return (bits & 0x7fff) > 0x7f80;
  if (dtype == DType::kF32) return (bits & 0x7fffffff) > 0x7f800000;
  return (bits & 0x7fffffffffffffff) > 0x7ff0000000000000;
}

std::vector<Array> Interpreted(const kernel::Kernel& kernel, const std::vector<Array>& arguments,
                               const DimBindings& dims) {
  std::vector<Array> results = arguments;
  std::vector<void*> pointers;
  for (Array& array : results) pointers.push_back(array.bytes.data());
  EXPECT_TRUE(kernel::Interpret(kernel, pointers, dims).ok()) << kernel::Print(kernel);
  return results;
}

}  // namespace

uint64_t Array::Get(int64_t i) const {
  uint64_t bits = 0;
  std::memcpy(&bits, bytes.data() + i * ByteSize(dtype), ByteSize(dtype));
  return bits;
}

void Array::Set(int64_t i, uint64_t bits) {
  std::memcpy(bytes.data() + i * ByteSize(dtype), &bits, ByteSize(dtype));
}

void CanonicalizeNans(Array* array) {
  if (!IsFloat(array->dtype)) return;
  for (int64_t i = 0; i < array->size(); ++i) {
    if (IsNan(array->dtype, array->Get(i))) array->Set(i, ~uint64_t{0});
  }
}

program::Program LaunchAll(const std::vector<kernel::Kernel>& kernels, int64_t grain) {
  program::Program program;
  program.name = "test";
  program.kernels = kernels;
  int64_t inputs = 0;
  int64_t outputs = 0;
  for (size_t k = 0; k < kernels.size(); ++k) {
    program::Command launch;
    launch.kernel = static_cast<int32_t>(k);
    launch.grain = grain;
    int64_t scratch = 0;
    for (const kernel::Buffer& buffer : kernels[k].buffers) {
      if (buffer.space != kernel::MemorySpace::kGlobal) {
        scratch += (*StaticNumElements(buffer.shape) * ByteSize(buffer.dtype) + 63) / 64 * 64;
        continue;
      }
      program::Buffer argument;
      argument.name = std::to_string(k) + buffer.name;
      argument.type = Type(buffer.dtype, buffer.shape);
      const bool is_input = buffer.access == kernel::Access::kIn;
      argument.kind = is_input ? program::BufferKind::kInput : program::BufferKind::kOutput;
      argument.index = is_input ? inputs++ : outputs++;
      launch.buffers.push_back(static_cast<int32_t>(program.buffers.size()));
      program.buffers.push_back(std::move(argument));
    }
    if (program.scratch_bytes.value() < scratch) program.scratch_bytes = Dim(scratch);
    for (const std::string& symbol : kernels[k].Symbols()) {
      if (std::find(program.symbols.begin(), program.symbols.end(), symbol) ==
          program.symbols.end()) {
        program.symbols.push_back(symbol);
      }
    }
    program.commands.push_back(std::move(launch));
  }
  return program;
}

int32_t RunCompiled(const program::Program& program, const Target& target,
                    std::vector<Array>* arguments, const DimBindings& dims, int workers,
                    CermetError* error) {
  absl::StatusOr<std::unique_ptr<program::NativeCode>> code =
      codegen::JitCompile(program, target, codegen::JitOptions{});
  EXPECT_TRUE(code.ok()) << code.status();
  if (!code.ok()) return -1;
  std::vector<void*> buffers(arguments->size() + 1);
  for (size_t i = 0; i < arguments->size(); ++i) {
    const program::Buffer& buffer = program.buffers[i];
    const bool is_input = buffer.kind == program::BufferKind::kInput;
    buffers[is_input ? buffer.index : program.num_inputs() + buffer.index] =
        (*arguments)[i].bytes.data();
  }
  std::vector<int64_t> values;
  for (const std::string& symbol : program.symbols) values.push_back(dims.at(symbol));
  buffers.back() = values.data();
  const int64_t bytes = program.temp_bytes.value() + workers * program.scratch_bytes.value();
  std::unique_ptr<void, void (*)(void*)> workspace(std::aligned_alloc(64, bytes + 64), &std::free);
  CermetError own_error = {};
  CermetHost host = {};
  host.parallel_for = &ParallelFor;
  host.pool = &workers;
  host.max_workers = workers;
  host.error = error != nullptr ? error : &own_error;
  return (*code)->entry()(&host, buffers.data(), workspace.get());
}

std::vector<Target> TestTargets() {
  absl::StatusOr<Target> host = codegen::HostTarget();
  absl::StatusOr<Target> narrow = codegen::ParseTarget("", "x86-64-v3");
  EXPECT_TRUE(host.ok()) << host.status();
  EXPECT_TRUE(narrow.ok()) << narrow.status();
  return {*host, *narrow};
}

void ExpectSameAsInterpreter(const kernel::Kernel& kernel, const std::vector<Array>& arguments,
                             const DimBindings& dims, int workers) {
  std::vector<Array> expected = Interpreted(kernel, arguments, dims);
  for (Array& array : expected) CanonicalizeNans(&array);
  for (const Target& target : TestTargets()) {
    std::vector<Array> actual = arguments;
    EXPECT_EQ(RunCompiled(LaunchAll({kernel}, 1), target, &actual, dims, workers), 0);
    for (size_t i = 0; i < actual.size(); ++i) {
      CanonicalizeNans(&actual[i]);
      EXPECT_EQ(actual[i].bytes, expected[i].bytes)
          << "argument " << i << " on " << target.cpu << " of\n"
          << kernel::Print(kernel);
    }
  }
}

}  // namespace cermet::testing
